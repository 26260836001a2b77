"""The delivery actor: drains the outbox through the Messenger, one chat's messages in order, chats in parallel.

Each message's arrival is committed before the next of that chat is sent, so that after a crash at most the one that was
in flight is sent again (SPEC §8).
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import orjson
import structlog

from gptbot.actors.answer_messages import FILE_NAME
from gptbot.actors.storage import Storage
from gptbot.actors.supervisor import Supervisor
from gptbot.commands import access, dialogs, favors
from gptbot.commands.visit import tell, words_for
from gptbot.domain import settling
from gptbot.domain.outgoing import Attachment, Outgoing, Params, message, spelled_out
from gptbot.domain.rows import JournalRow, OutboxRow, PersonForgotten
from gptbot.domain.rules import Rules
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import Place
from gptbot.limits import RECOVERY_PAGE
from gptbot.ports import Database, Messenger, Outcome, RefusalKind, Refused, Sent, StorageConflict, Unknown

log = structlog.get_logger()

SAYABLE = (RefusalKind.FORMAT, RefusalKind.OTHER, RefusalKind.UNSUPPORTED)
"""Refusals of an answer after which the chat may still take plain words about it."""
PERSON_IS_OUT: Final = (RefusalKind.BLOCKED, RefusalKind.WITHHELD)
"""Refusals that no other form of the message will change."""
RICH: Final = "rich_message"
"""The parameter that holds a rich message (Bot API sendRichMessage, editMessageText)."""


class Delivery:
    """One lane per chat; a lane's task lives as long as something waits in it."""

    def __init__(
        self, storage: Storage, database: Database, messenger: Messenger, supervisor: Supervisor, rules: Rules
    ) -> None:
        self._storage = storage
        self._database = database
        self._messenger = messenger
        self._supervisor = supervisor
        self._rules = rules
        self._lanes: dict[int, deque[OutboxRow]] = {}
        self._watchers: dict[int, asyncio.Future[Outcome]] = {}
        self._on_their_way: dict[int, tuple[OutboxRow, asyncio.Timeout]] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self._rich = True
        self._unwanted: set[int] = set()
        """Rows for people who had everything deleted since."""
        self.waiting = 0
        """Messages that have not been sent yet."""

    async def start(self) -> None:
        """Takes up what an earlier run left, before anything new."""
        after = 0
        while rows := await self._database.outbox(after, RECOVERY_PAGE):
            for row in rows:
                self.accept(row)
            after = rows[-1].id
        if after:
            log.info("delivery.resumed", messages=self.waiting)
        self._storage.subscribe(OutboxRow, self.accept)
        self._storage.subscribe(JournalRow, self._account_changed)
        self._storage.subscribe(PersonForgotten, self._forgotten)

    def accept(self, row: OutboxRow) -> None:
        """A message that was committed to the outbox."""
        self.waiting += 1
        self._idle.clear()
        lane = self._lanes.get(row.chat_id)
        if lane is not None:
            lane.append(row)
            return
        lane = self._lanes[row.chat_id] = deque([row])
        self._supervisor.keep(f"delivery {row.chat_id}", lambda: self._drain(row.chat_id, lane))

    def backlog(self, chat_id: int) -> int:
        """Messages that wait to be sent to this chat."""
        return len(self._lanes.get(chat_id, ()))

    def watch(self, update_id: int) -> "asyncio.Future[Outcome]":
        """Resolves when the message that settles this update has arrived or was refused for good."""
        watcher: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._watchers[update_id] = watcher
        watcher.add_done_callback(lambda _: self._watchers.pop(update_id, None))
        return watcher

    async def idle(self) -> None:
        """Returns once nothing waits (which may be long, if Telegram is not there)."""
        await self._idle.wait()

    async def _drain(self, chat_id: int, lane: deque[OutboxRow]) -> None:
        while lane:
            row = lane[0]
            outcome = await self._send_unless_blocked(row)
            finished = [row]
            if isinstance(outcome, Refused) and settling.has_simpler(row) and outcome.kind not in PERSON_IS_OUT:
                lane[0] = await self._simplified(row, outcome)
                continue
            if isinstance(outcome, Refused) and settling.is_extra(row):
                outcome = Sent()
            if isinstance(outcome, Refused):
                finished = [other for other in lane if other.group == row.group]
                await self._drop(finished, outcome)
            elif (further := await self._arrived(row, outcome)) is not None:
                lane[0] = further._replace(chat_id=chat_id)  # a group that has moved keeps its lane
                continue
            for other in finished:
                lane.remove(other)
                self._unwanted.discard(other.id)
                self._tell_watcher(other, outcome)
            self.waiting -= len(finished)
        del self._lanes[chat_id]
        if not self._lanes:
            self._idle.set()

    async def _send_unless_blocked(self, row: OutboxRow) -> Outcome:
        """However long Telegram makes it wait: a block ends the waiting."""
        blocked = Refused(RefusalKind.WITHHELD, "the person is blocked")
        if self._withheld(row):
            return blocked
        try:
            async with asyncio.timeout(None) as waiting:
                self._on_their_way[row.chat_id] = row, waiting
                return await self._send(row)
        except TimeoutError:
            return blocked
        finally:
            del self._on_their_way[row.chat_id]

    def _account_changed(self, change: JournalRow) -> None:
        account = self._storage.book.get(change.user)
        if account is None or not account.blocked:
            return
        self._break_off()

    def _forgotten(self, person: PersonForgotten) -> None:
        """What was on its way to them is not in the outbox any more."""
        waiting = [row for lane in self._lanes.values() for row in lane]
        self._unwanted |= {row.id for row in waiting if person.user in (row.chat_id, settling.asker(row))}
        self._break_off()

    def _break_off(self) -> None:
        for row, waiting in self._on_their_way.values():
            if self._withheld(row) and not waiting.expired():
                waiting.reschedule(asyncio.get_running_loop().time())

    async def _send(self, row: OutboxRow) -> Outcome:
        """As it is, else as plain text, else as a file: what the model said is never lost to a refusal (DESIGN §7).

        The rung above, from a rich message to texts with entities, makes other rows and is `_simplified`.
        """
        first = _outgoing(row)
        if RICH in first.params and not self._rich:
            return Refused(RefusalKind.UNSUPPORTED, "rich messages are off for this run")
        outcome = await self._deliver(first)
        if settling.asker(row) is not None and first.method == "editMessageText" and _message_gone(outcome):
            first = _anew(first, settling.anew(row))
            outcome = await self._deliver(first)
        for simpler in _simpler(first):
            if not (isinstance(outcome, Refused) and outcome.kind is RefusalKind.FORMAT):
                break
            log.warning("delivery.simplified", method=row.method, problem=outcome.description)
            outcome = await self._deliver(simpler)
        return outcome

    async def _deliver(self, outgoing: Outgoing) -> Outcome:
        outcome = await self._messenger.deliver(outgoing)
        if isinstance(outcome, Unknown):
            # Telegram can't be asked; a second copy is better than none (SPEC §8). Not before it answers at all.
            log.warning("delivery.repeated", method=outgoing.method, problem=outcome.description)
            await self._messenger.reachable()
            outcome = await self._messenger.deliver(outgoing)
        if isinstance(outcome, Refused) and outcome.kind is RefusalKind.NOT_MODIFIED:
            return Sent(int(outgoing.params.get("message_id", 0)))
        return outcome

    async def _simplified(self, row: OutboxRow, outcome: Refused) -> OutboxRow:
        """A server that doesn't know rich messages gets none any more until the next start."""
        if outcome.kind is RefusalKind.UNSUPPORTED:
            if self._rich:
                log.warning("delivery.rich_off", problem=outcome.description)
            self._rich = False
        else:
            log.warning("delivery.simplified", method=row.method, problem=outcome.description)
        return await self._storage.commit(lambda tx: settling.simplified(tx, row))

    async def _arrived(self, row: OutboxRow, outcome: Outcome) -> OutboxRow | None:
        """What the row is now, if a further message has taken its place."""
        message_id = outcome.message_id if isinstance(outcome, Sent) else 0
        if isinstance(outcome, Sent) and outcome.moved_to is not None:
            row = await self._moved(row, outcome.moved_to)
        try:
            return await self._storage.commit(lambda tx: settling.arrived(tx, row, message_id))
        except StorageConflict:
            # The ledger has a charge for an update of this number (Telegram may begin its numbers anew). The message
            # has left: it must not be sent for ever, nor be charged twice.
            return await self._storage.commit(lambda tx: settling.arrived(tx, _uncharged(row), message_id))

    async def _moved(self, row: OutboxRow, chat_id: int) -> OutboxRow:
        """The group is a supergroup now, and Telegram's own notice of it may come late or never."""
        log.info("group.migrated", old=row.chat_id, new=chat_id)
        await self._storage.commit(lambda tx: tx.move_chat(row.chat_id, chat_id))
        return row._replace(chat_id=chat_id)

    async def _drop(self, group: Sequence[OutboxRow], outcome: Refused) -> None:
        """Telegram won't take this message: what belongs to it goes too, and its update is finished, free of charge."""

        def drop(tx: Transaction) -> None:
            for after in settling.refused(tx, group, unreachable=outcome.kind is RefusalKind.BLOCKED):
                if notice := after.get("refill_notice"):
                    tell(tx, self._rules, notice["admin"], "refill.unreachable", user=notice["user"])
                if preview := after.get("preview"):
                    gone = outcome.kind is RefusalKind.MESSAGE_GONE
                    dialogs.preview_refused(tx, self._rules, preview, gone=gone)
                if request := after.get("favor"):
                    favors.admin_unreachable(tx, self._rules, request)
                if knock := after.get("access"):
                    access.admin_unreachable(tx, self._rules, knock)
                if charge := after.get("charge"):
                    self._say_undelivered(tx, group[0], charge, outcome.kind)

        await self._storage.commit(drop)

    def _say_undelivered(self, tx: Transaction, row: OutboxRow, charge: settling.Charge, kind: RefusalKind) -> None:
        """A spoken copy is no loss, for the answer has arrived; but where none can arrive, none is made again."""
        words, key = words_for(self._rules, tx.book.get(charge["user"])), "turn.failed.delivery"
        if charge["reason"] == "speech":
            if kind is not RefusalKind.NO_VOICE or tx.book.get(charge["user"]) is None:
                return
            tx.set(charge["user"], voice=False)
            key = "speech.forbidden"
        elif kind not in SAYABLE:
            return
        place = Place(row.chat_id, thread_id=_outgoing(row).params.get("message_thread_id"))
        tx.send(message(place, words(key)))

    def _withheld(self, row: OutboxRow) -> bool:
        """A blocked user gets nothing, not even what was written for them before (SPEC §5)."""
        book, asker = self._storage.book, settling.asker(row)
        if row.id in self._unwanted or book.is_blocked(row.chat_id):
            return True
        return asker is not None and book.get(row.chat_id) is None and book.is_blocked(asker)

    def _tell_watcher(self, row: OutboxRow, outcome: Outcome) -> None:
        if row.settles is not None and (watcher := self._watchers.get(row.settles)) and not watcher.done():
            watcher.set_result(outcome)


def _uncharged(row: OutboxRow) -> OutboxRow:
    after = orjson.loads(row.after) if row.after else {}
    return row._replace(after=orjson.dumps({key: value for key, value in after.items() if key != "charge"}))


def _outgoing(row: OutboxRow) -> Outgoing:
    attachment = None
    if row.attachment is not None:
        attachment = Attachment(row.attachment_field or "document", row.attachment_name or "file", row.attachment)
    return Outgoing(row.method, orjson.loads(row.params), attachment)


def _message_gone(outcome: Outcome) -> bool:
    return isinstance(outcome, Refused) and outcome.kind is RefusalKind.MESSAGE_GONE


def _anew(outgoing: Outgoing, where: Params) -> Outgoing:
    """A new message in the place of an edit whose message was deleted; `where`: its topic, what it answers."""
    method = "sendRichMessage" if RICH in outgoing.params else "sendMessage"
    params = {key: value for key, value in outgoing.params.items() if key != "message_id"}
    return replace(outgoing, method=method, params=params | dict(where))


def _simpler(outgoing: Outgoing) -> list[Outgoing]:
    """The rungs below: without entities, then as a file (DESIGN §7); a photo as a file, which may be larger."""
    if outgoing.method == "sendPhoto" and outgoing.attachment is not None:
        return [replace(outgoing, method="sendDocument", attachment=outgoing.attachment._replace(field="document"))]
    if "text" not in outgoing.params:
        return []
    params: dict[str, Any] = {key: value for key, value in outgoing.params.items() if key != "entities"}
    params["text"] = spelled_out(params["text"], outgoing.params.get("entities", ()))
    plain = replace(outgoing, params=params)
    not_of_files = ("text", "link_preview_options", "message_id")
    file_params = {key: value for key, value in params.items() if key not in not_of_files}
    content = params["text"].encode("utf-8", "replace")
    return [plain, Outgoing("sendDocument", file_params, Attachment("document", FILE_NAME, content))]
