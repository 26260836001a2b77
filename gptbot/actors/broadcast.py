"""The broadcast actor: sends announcements, one at a time, below answers in priority (SPEC §7, DESIGN §4).

Every recipient has a row. It becomes "sending" in a commit before the message leaves, and the result is noted in a
later one; so nobody gets it twice: those who are still "sending" after a crash count as unknown. What the admin's
buttons decide is in storage (`announcement_sending`) and read there before every portion.
"""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import structlog

from fsm.announcement import Announcement
from gptbot.actors.storage import Storage
from gptbot.actors.supervisor import Supervisor
from gptbot.commands import announcement_sending
from gptbot.commands.announcement_sending import UnderWay
from gptbot.commands.visit import words_for
from gptbot.domain import outgoing
from gptbot.domain.rows import AnnouncementProgressMessage, AnnouncementRow, AnnouncementState, RecipientState
from gptbot.domain.rules import Rules
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import Place
from gptbot.limits import RECOVERY_PAGE
from gptbot.ports import Clock, Database, Messenger, RefusalKind, Refused, Sent, StorageUnavailable, Urgency

log = structlog.get_logger()

EDIT_EVERY_S = 3.0
"""The progress message is edited at most this often (PLATFORM: edits share the chat's send budget)."""
RETRY_S = 5.0
"""Pause after the disk refused to be read."""

_UNREACHABLE = {RefusalKind.BLOCKED: "blocked", RefusalKind.GONE: "gone"}
"""Refusals that mean this person can't be written to any more, as states of a recipient."""


@dataclass(slots=True, eq=False)
class _Live:
    """An announcement under way. `in_flight`: recipients claimed whose result is not in storage yet."""

    under_way: UnderWay
    progress_message: int
    edited_at: float
    in_flight: int = 0
    over: bool = False
    dirty: bool = False  # the progress message says less than is known
    editing: asyncio.Task[None] | None = None


class _Landed(NamedTuple):
    """How it went with one recipient; `refusal` is Telegram's reason, None without one."""

    live: _Live
    user: int
    state: str
    refusal: RefusalKind | None


class BroadcastActor:
    """`start` it before the first update is handled, `stop` it before the storage and the messenger."""

    def __init__(
        self,
        storage: Storage,
        database: Database,
        messenger: Messenger,
        clock: Clock,
        supervisor: Supervisor,
        rules: Rules,
    ) -> None:
        self._storage = storage
        self._database = database
        self._messenger = messenger
        self._clock = clock
        self._supervisor = supervisor
        self._rules = rules
        # A second's worth: enough to keep the pace, few enough to stop at once and to leave few unknowns at a crash.
        self._window = max(1, math.ceil(rules.announce_per_s))
        self._live: dict[int, _Live] = {}
        self._landed: list[_Landed] = []
        self._sending: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()
        self._changed = True
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Takes up what an earlier run left; those who were in flight then are unknown."""
        self._storage.subscribe(AnnouncementRow, self._began)
        self._storage.subscribe(AnnouncementState, self._moved)
        self._storage.subscribe(AnnouncementProgressMessage, self._shown)
        for stored in await self._database.announcements(("sending", "paused", "cancelled")):
            under_way = UnderWay(stored.id, stored.admin, stored.chat_id)
            if stored.state == "cancelled" and under_way.key not in self._storage.book.dialogs:
                continue  # its report was sent
            if not self._rules.is_admin(stored.admin):  # any more: nobody could pause or cancel it
                await self._storage.commit(partial(announcement_sending.stop, under_way=under_way))
            unknown = await self._give_up_in_flight(under_way)
            log.info("announcement.resumed", announcement=stored.id, state=stored.state, unknown=unknown)
            self._live[stored.id] = live = _Live(under_way, stored.progress_message, self._clock.monotonic())
            self._refresh(live)
        self._task = self._supervisor.keep("broadcast", self._run)

    def wind_down(self) -> None:
        """Begins nothing new; what is in flight lands."""
        self._stopping = True
        self._wake()

    async def stop(self) -> None:
        """Winds down, and waits for what is in flight, for `rules.stop_grace_s` at most."""
        self.wind_down()
        if self._task is None:
            return
        grace = self._supervisor.spawn("broadcast grace", self._clock.sleep(self._rules.stop_grace_s))
        await asyncio.wait([self._task, grace], return_when=asyncio.FIRST_COMPLETED)
        edits = [live.editing for live in self._live.values() if live.editing is not None]
        ending = [self._task, grace, *self._sending, *edits]
        for task in ending:
            task.cancel()
        await asyncio.wait(ending)

    # --- what storage tells ------------------------------------------------------------------------------------------

    def _began(self, row: AnnouncementRow) -> None:
        log.info("announcement.started", announcement=row.id, audience=row.spec)
        self._live[row.id] = _Live(UnderWay(row.id, row.admin, row.chat_id), 0, self._clock.monotonic())
        self._wake()

    def _moved(self, row: AnnouncementState) -> None:
        log.info("announcement.moved", announcement=row.id, state=row.state)
        if live := self._live.get(row.id):
            self._refresh(live)
            self._wake()

    def _shown(self, row: AnnouncementProgressMessage) -> None:
        if live := self._live.get(row.id):
            live.progress_message = row.message_id
            if live.dirty:
                self._refresh(live)

    # --- the loop ----------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        while not (self._stopping and not self._changed and not self._sending and not self._landed):
            if not self._due():
                self._woken.clear()
                await self._woken.wait()
                continue
            self._changed = False
            try:
                await self._step()
            except StorageUnavailable as error:
                log.warning("announcement.storage_unavailable", problem=str(error))
                self._changed = True
                await self._clock.sleep(RETRY_S)

    def _due(self) -> bool:
        """Results are noted together: half a window at a time, or when nothing else is on its way."""
        landed, in_flight = len(self._landed), sum(live.in_flight for live in self._live.values())
        return self._changed or 2 * landed >= self._window or 0 < landed >= in_flight

    def _wake(self) -> None:
        """Something was decided: look at all announcements anew."""
        self._changed = True
        self._woken.set()

    async def _step(self) -> None:
        """Notes what has landed and claims the next portion, in one commit; ends what is finished."""
        live = None if self._stopping else self._oldest_sending()
        free = self._window - sum(other.in_flight for other in self._live.values()) + len(self._landed)
        users: list[int] = []
        if live is not None and free > 0:
            users = await self._database.recipients(live.under_way.id, "pending", free)
        landed = self._landed[:]  # with what has landed while reading
        if landed or users:
            claimed = await self._storage.commit(lambda tx: _note_and_claim(tx, landed, live, users))
            del self._landed[: len(landed)]
            for result in landed:
                result.live.in_flight -= 1
                self._refresh(result.live)
            if live is not None and claimed is not None:
                self._send_to(live, users, claimed)
        for other in list(self._live.values()):
            exhausted = other is live and free > 0 and not users
            if not other.over and not other.in_flight and (exhausted or self._stopped(other)):
                await self._finish(other)

    def _oldest_sending(self) -> _Live | None:
        book = self._storage.book
        return next(
            (live for live in self._live.values() if announcement_sending.is_sending(book, live.under_way)), None
        )

    def _stopped(self, live: _Live) -> bool:
        flow = announcement_sending.find(self._storage.book, live.under_way)
        return flow is None or flow.state == "stopping"

    async def _finish(self, live: _Live) -> None:
        number = live.under_way.id
        counts = await self._database.recipient_counts(number)
        await self._storage.commit(lambda tx: announcement_sending.finish(tx, self._rules, live.under_way, counts))
        log.info("announcement.finished", announcement=number, **counts)
        live.over = True
        self._refresh(live)
        self._wake()

    async def _give_up_in_flight(self, under_way: UnderWay) -> int:
        """Whether they got it can't be known, so they are not written to again; how many they are."""
        unknown = 0
        while users := await self._database.recipients(under_way.id, "sending", RECOVERY_PAGE):
            await self._storage.commit(partial(_note_states, under_way=under_way, users=users, state="unknown"))
            unknown += len(users)
        return unknown

    # --- one recipient -----------------------------------------------------------------------------------------------

    def _send_to(self, live: _Live, users: list[int], flow: Announcement) -> None:
        live.in_flight += len(users)
        for user in users:
            name = f"announcement {live.under_way.id} to {user}"
            task = self._supervisor.spawn(name, self._send(live, user, flow))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _send(self, live: _Live, user: int, flow: Announcement) -> None:
        """However it ends, its end is told: what broke on the way is unknown."""
        state, refusal = "unknown", None
        try:
            state, refusal = await self._copy_to(user, flow)
        finally:
            self._landed.append(_Landed(live, user, state, refusal))
            self._woken.set()

    async def _copy_to(self, user: int, flow: Announcement) -> tuple[str, RefusalKind | None]:
        account = self._storage.book.get(user)
        if account is not None and account.blocked:  # since the announcement was begun
            return "blocked", None
        if self._storage.book.left_of(user) is not None:  # had everything deleted since
            return "gone", None
        call = announcement_sending.copied(flow.chosen_content, flow.links, Place(user))
        match await self._messenger.deliver(call, Urgency.ANNOUNCEMENT):
            case Sent():
                return "delivered", None
            case Refused(kind, description):
                log.info("announcement.refused", user=user, kind=kind, problem=description)
                return _UNREACHABLE.get(kind, "failed"), kind
            case unknown:
                log.warning("announcement.unknown", user=user, problem=unknown.description)
                return "unknown", None

    # --- the progress message ----------------------------------------------------------------------------------------

    def _refresh(self, live: _Live) -> None:
        """Brings the progress message up to date, at its pace."""
        live.dirty = True
        if live.progress_message and (live.editing is None or live.editing.done()):
            name = f"announcement {live.under_way.id} progress"
            live.editing = self._supervisor.spawn(name, self._edit(live))

    async def _edit(self, live: _Live) -> None:
        while live.dirty:
            pause = live.edited_at + EDIT_EVERY_S - self._clock.monotonic()
            if pause > 0:
                await self._clock.sleep(pause)
            live.dirty = False
            live.edited_at = self._clock.monotonic()
            await self._show(live)
        if live.over:
            self._live.pop(live.under_way.id, None)

    async def _show(self, live: _Live) -> None:
        under_way, book = live.under_way, self._storage.book
        counts = await self._database.recipient_counts(under_way.id)
        flow = None if live.over else announcement_sending.find(book, under_way)
        words = words_for(self._rules, book.get(under_way.admin))
        shown = announcement_sending.progress(words, under_way.id, flow, counts)
        if shown is not None:
            text, keyboard = shown
            edit = outgoing.edit(under_way.chat_id, live.progress_message, text, keyboard=keyboard)
            await self._messenger.deliver(edit)


def _note_and_claim(
    tx: Transaction, landed: list[_Landed], live: _Live | None, users: list[int]
) -> Announcement | None:
    """What is to be sent to `users`, now claimed; None if they may not be written to any more."""
    for result in landed:
        under_way = result.live.under_way
        who = tx.book.left_of(result.user) or result.user  # had everything deleted while it was on its way
        tx.write(RecipientState(result.state, under_way.id, who))
        if result.refusal in _UNREACHABLE and tx.book.get(result.user) is not None:
            tx.set(result.user, unreachable=True)
        if result.refusal is RefusalKind.MESSAGE_GONE:  # what is to be copied was deleted: nobody else can get it
            announcement_sending.stop(tx, under_way)
    flow = announcement_sending.find(tx.book, live.under_way) if live and users else None
    if live is None or flow is None or flow.state != "sending":
        return None
    _note_states(tx, live.under_way, users, "sending")
    return flow


def _note_states(tx: Transaction, under_way: UnderWay, users: Sequence[int], state: str) -> None:
    for user in users:
        tx.write(RecipientState(state, under_way.id, user))
