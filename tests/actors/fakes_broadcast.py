"""A world for the broadcast actor: storage on a database in memory, a Telegram that remembers, a plug to pull.

Each step of the outside world (a commit, a call) burns a bit of the `Fuse`; when it is through, nothing returns any
more, as after kill -9. `Stage.restart` then begins anew with what was committed.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import orjson

from fsm.announcement import Announcement
from fsm.announcement_parts import Audience, Content, Links
from gptbot.actors.broadcast import BroadcastActor
from gptbot.actors.storage import Storage
from gptbot.actors.supervisor import Supervisor
from gptbot.commands import announcement_sending
from gptbot.commands.announcement_sending import UnderWay, announcement_button
from gptbot.commands.dialog_scene import Scene
from gptbot.commands.visit import Visit
from gptbot.domain import rows
from gptbot.domain.book import Book, Dialog, DialogKey
from gptbot.domain.document import Document
from gptbot.domain.outgoing import Outgoing
from gptbot.domain.records import Account, Totals
from gptbot.domain.rules import ModelSpec, Rules
from gptbot.domain.transaction import Counters, Transaction
from gptbot.domain.updates import ButtonPressed, Me, Person, Place
from gptbot.ports import (
    InboxUpdate,
    Outcome,
    PendingUpdate,
    Sent,
    StorageUnavailable,
    StoredAnnouncement,
    StoredMessage,
    StoredPerson,
    StoredTurn,
    Urgency,
    Waiting,
)
from gptbot.texts import Words
from tests.edges.manual_clock import ManualClock, settle

ADMIN = 1
MODEL = ModelSpec("m", 1000, 1, 1, 1)
RULES = Rules(
    admins=(ADMIN,), basic=MODEL, premium=MODEL, image_model="i", image_price=0.01, announce_per_s=4, stop_grace_s=20
)
CONTENT = Content(ADMIN, 77, "text")


class Fuse:
    """Burns once a step; `left` None burns for ever."""

    def __init__(self, left: int | None = None) -> None:
        self.left = left

    @property
    def through(self) -> bool:
        return self.left == 0

    async def burn(self) -> None:
        if self.left is not None:
            self.left = max(0, self.left - 1)
        if self.through:
            await asyncio.get_running_loop().create_future()


class FakeDatabase:
    """The Database port in memory, as far as announcements and dialogs go.

    `refuse_reads` makes that many fail; `after_finding` runs between finding recipients and returning them.
    """

    def __init__(self) -> None:
        self.fuse = Fuse()
        self.refuse_reads = 0
        self.after_finding: Callable[[], Awaitable[object]] = settle
        self.commits: list[list[rows.Row]] = []
        self.stored: dict[int, StoredAnnouncement] = {}
        self.states: dict[int, dict[int, str]] = {}
        self.dialogs: dict[DialogKey, Dialog] = {}
        self.sent: list[rows.OutboxRow] = []

    async def write(self, batch: Sequence[rows.Row], updates: Sequence[InboxUpdate], at: int) -> set[int]:
        await self.fuse.burn()
        await asyncio.sleep(0)
        for row in batch:
            self._apply(row)
        self.commits.append(list(batch))
        await self.fuse.burn()
        return set()

    def _apply(self, row: rows.Row) -> None:
        match row:
            case rows.AnnouncementRow():
                self.stored[row.id] = StoredAnnouncement(*row)
            case rows.AnnouncementState(state, number):
                self.stored[number] = self.stored[number]._replace(state=state)
            case rows.AnnouncementProgressMessage(message, number):
                self.stored[number] = self.stored[number]._replace(progress_message=message)
            case rows.RecipientsAdded(number, users):
                self.states[number] = dict.fromkeys(users, "pending")
            case rows.RecipientState(state, number, user):
                self.states[number][user] = state
            case rows.DialogRow(user, chat_id, thread_id, token, snapshot, at):
                self.dialogs[DialogKey(user, chat_id, thread_id)] = Dialog(token, orjson.loads(snapshot), at)
            case rows.DialogGone():
                self.dialogs.pop(DialogKey(*row), None)
            case rows.OutboxRow():
                self.sent.append(row)
            case _:
                pass

    async def announcements(self, states: Sequence[str]) -> list[StoredAnnouncement]:
        await self._read()
        return [stored for stored in self.stored.values() if stored.state in states]

    async def recipients(self, announcement: int, state: str, limit: int) -> list[int]:
        await self._read()
        found = self._found(announcement, state, limit)
        await self.after_finding()
        return found

    def _found(self, announcement: int, state: str, limit: int) -> list[int]:
        return [user for user, its in self.states[announcement].items() if its == state][:limit]

    async def recipient_counts(self, announcement: int) -> dict[str, int]:
        await self._read()
        return dict(Counter(self.states[announcement].values()))

    async def _read(self) -> None:
        await asyncio.sleep(0)
        if self.refuse_reads:
            self.refuse_reads -= 1
            raise StorageUnavailable("locked")

    # --- what announcements don't need

    async def note_data_file(self, seq: int, digest: str) -> None: ...

    async def forget_before(self, finished_at: int, turns_at: int) -> None: ...

    async def message(self, chat_id: int, message_id: int) -> StoredMessage | None:
        return None

    async def chain(self, turn: int, limit: int) -> list[StoredTurn]:
        return []

    async def memory(
        self, chat_id: int, thread_id: int | None, *, before: int | None, tokens: int, limit: int
    ) -> list[StoredTurn]:
        return []

    async def turn(self, turn: int) -> rows.TurnRow | None:
        raise NotImplementedError

    async def followed(self, turn: int) -> bool:
        return False

    async def pending_updates(self, after: int, limit: int) -> list[tuple[int, PendingUpdate]]:
        return []

    async def outbox(self, after: int, limit: int) -> list[rows.OutboxRow]:
        return []

    async def reports(self, limit: int) -> list[rows.ReportRow]:
        return []

    async def person(self, user: int) -> StoredPerson:
        raise NotImplementedError

    async def turns_of(self, user: int, before: int | None, limit: int) -> list[rows.TurnRow]:
        return []

    async def booking(self, key: str) -> rows.LedgerRow | None:
        return None

    async def waiting(self) -> Waiting:
        return Waiting(0, 0)


class FakeTelegram:
    """The Messenger port: each call takes `latency_s`; `outcomes` decides it per recipient, else it succeeds."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.fuse = Fuse()
        self.trouble = ""
        self.latency_s = 0.5
        self.outcomes: dict[int, Outcome | BaseException] = {}
        self.got: list[int] = []
        self.urgencies: set[Urgency] = set()
        self.begun: list[int] = []
        self.edits: list[tuple[float, str, bool]] = []
        self.copies: list[tuple[str, dict[str, Any]]] = []

    async def deliver(self, outgoing: Outgoing, urgency: Urgency = Urgency.ANSWER) -> Outcome:
        """Notes who `got` a copy (also where nobody learns of it), and when the progress message was edited."""
        if outgoing.method == "editMessageText":
            params = outgoing.params
            self.edits.append((self.clock.monotonic(), params["text"], "reply_markup" in params))
            return Sent()
        self.copies.append((outgoing.method, {**outgoing.params, "chat_id": 0}))
        self.urgencies.add(urgency)
        await self.fuse.burn()
        self.begun.append(outgoing.chat_id)
        await self.clock.sleep(self.latency_s)
        outcome = self.outcomes.get(outgoing.chat_id, Sent(1000 + len(self.got)))
        if isinstance(outcome, BaseException):
            raise outcome
        if isinstance(outcome, Sent):
            self.got.append(outgoing.chat_id)
        await self.fuse.burn()
        return outcome

    async def hint(self, outgoing: Outgoing) -> None: ...

    def frame_may_leave(self, chat_id: int, *, draft: bool) -> bool:
        return False

    async def frame(self, outgoing: Outgoing) -> Outcome | None: ...

    async def reachable(self) -> None: ...


class Stage:
    """The actor between them; `people` are its recipients unless told otherwise."""

    def __init__(self, people: int = 10, rules: Rules = RULES) -> None:
        self.rules = rules
        self.clock = ManualClock()
        self.database = FakeDatabase()
        self.telegram = FakeTelegram(self.clock)
        self.accounts = {ADMIN: Account()} | {user: Account() for user in range(100, 100 + people)}
        self.people = tuple(range(100, 100 + people))
        self.fatal: list[BaseException] = []
        self._set_up()

    def _set_up(self) -> None:
        book = Book.of(self.accounts, Totals())
        book.dialogs.update(self.database.dialogs)
        self.supervisor = Supervisor(self.clock, self.fatal.append)
        counters = Counters(announcement=max(self.database.stored, default=0))
        document = Document(book, {}, "journal")
        self.storage = Storage(book, document, counters, self.database, self.clock, self.supervisor)
        self.actor = BroadcastActor(self.storage, self.database, self.telegram, self.clock, self.supervisor, self.rules)

    async def start(self) -> None:
        self.storage.start()
        await self.actor.start()

    async def crash(self) -> None:
        """Nothing that was under way returns."""
        self.database.fuse.left = self.telegram.fuse.left = 0
        await self.supervisor.stop()

    async def restart(self) -> None:
        """Another process on the same data."""
        self.database.fuse = self.telegram.fuse = Fuse()
        self._set_up()
        await self.start()

    async def begin(
        self,
        users: Sequence[int] | None = None,
        progress_message: int = 500,
        content: Content = CONTENT,
        links: Links = (),
    ) -> int:
        """The commit of the confirm button, and the arrival of the progress message."""
        users = self.people if users is None else users
        audience = Audience("all", len(users), 0, 1)
        flow = Announcement(state="sending", audience=audience, content=content, links=links)

        def confirmed(tx: Transaction) -> None:
            scene = Scene(tx, self.rules, DialogKey(ADMIN, ADMIN, 0), "t", Words("en"), None)
            announcement_sending.start(scene, flow, users)

        await self.storage.commit(confirmed)
        number = max(self.database.stored)
        if progress_message:
            row = rows.AnnouncementProgressMessage(progress_message, number)
            await self.storage.commit(lambda tx: tx.write(row))
        return number

    async def press(self, action: str, number: int = 1) -> str:
        update = ButtonPressed(
            update_id=9, person=Person(ADMIN, "Admin"), place=Place(ADMIN), callback_id="c", data="", message_id=500
        )
        visit = Visit.of(update, self.rules, Me(7, "TheBot"), self.storage.book)
        return await self.storage.commit(lambda tx: announcement_button(tx, visit, [str(number), action]))

    def under_way(self, number: int = 1) -> UnderWay:
        return UnderWay(number, ADMIN, ADMIN)

    @property
    def reports(self) -> list[str]:
        """What the admin was told at the end of each announcement."""
        texts = [str(orjson.loads(row.params).get("text", "")) for row in self.database.sent if row.after is None]
        return [text for text in texts if "was sent" in text or "was stopped" in text or "could not be" in text]

    def counts(self, number: int = 1) -> dict[str, int]:
        return dict(Counter(self.database.states[number].values()))

    async def runs_until(self, condition: Callable[[], object], at_most_s: float = 600.0) -> float:
        """Lets time pass, from one thing that waits to the next, until it holds; the seconds that took."""
        started = self.clock.monotonic()
        for _ in range(20_000):
            await settle()
            if condition():
                return self.clock.monotonic() - started
            assert self.clock.monotonic() - started < at_most_s, "it takes longer than the test allows"
            await self.clock.advance(0.05)
        raise AssertionError("it never happened")

    async def ends(self, reports: int = 1) -> float:
        return await self.runs_until(lambda: len(self.reports) >= reports)
