"""Whatever Telegram answers and whenever the bot dies: each chat sees each part once and in order, and pays once."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, cast

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from gptbot.actors.answer_messages import Rendered, answer_parts
from gptbot.actors.delivery import Delivery
from gptbot.domain.outgoing import Attachment, Text
from gptbot.domain.records import Account
from gptbot.domain.rules import ModelSpec, Rules
from gptbot.domain.settling import After, Charge
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import Place
from gptbot.edges.pacing import Backoff
from gptbot.edges.telegram_api import TelegramApi, TelegramRefusal, TelegramUnknown, TelegramUnreachable
from gptbot.edges.telegram_out import TelegramMessenger
from gptbot.ports import InboxUpdate, RefusalKind
from tests.edges.manual_clock import settle
from tests.models.effort import effort, time_limit
from tests.models.life import ADMIN, AsyncMachine, Life, Moment

pytestmark = time_limit

SPEC: Final = ModelSpec("m", 1000, 1.0, 1.0, 1.0)
RULES: Final = Rules(admins=(ADMIN,), basic=SPEC, premium=SPEC, image_model="i", image_price=0.0)
PEOPLE: Final = (1, 2)
GROUP: Final = -7
BALANCE: Final = 100_000
PRICE: Final = 10
NOTICE: Final = "a word about the answer"

REFUSALS: Final[dict[RefusalKind, TelegramRefusal]] = {
    RefusalKind.FORMAT: TelegramRefusal(400, "Bad Request: can't parse entities"),
    RefusalKind.BLOCKED: TelegramRefusal(403, "Forbidden: bot was blocked by the user"),
    RefusalKind.GONE: TelegramRefusal(400, "Bad Request: chat not found"),
    RefusalKind.MESSAGE_GONE: TelegramRefusal(400, "Bad Request: message to edit not found"),
    RefusalKind.UNSUPPORTED: TelegramRefusal(404, "Not Found: method not found"),
    RefusalKind.OTHER: TelegramRefusal(400, "Bad Request: strange"),
}
SAYABLE: Final = (RefusalKind.FORMAT, RefusalKind.OTHER, RefusalKind.UNSUPPORTED)
PASSING: Final = (
    TelegramRefusal(429, "Too Many Requests", retry_after_s=1),
    TelegramRefusal(429, "Too Many Requests", retry_after_s=300),
    TelegramRefusal(502, "Bad Gateway"),
    TelegramUnreachable("no connection"),
)


# --- Telegram --------------------------------------------------------------------------------------------------------


class Call(NamedTuple):
    """One that waits for the machine's answer. `words`: what the chat sees if it is carried out."""

    words: str
    answer: "asyncio.Future[dict[str, int]]"


class Telegram:
    """In the place of the HTTP client: what the messenger above it makes of refusals and breaks is the real thing."""

    def __init__(self) -> None:
        self.calls: dict[int, Call] = {}

    async def call(
        self, method: str, params: Mapping[str, Any], attachment: Attachment | None, *, timeout_s: float
    ) -> object:
        if method == "getMe":
            return {}
        chat = params["chat_id"]
        assert chat not in self.calls, "two messages at once in one chat"
        answer: asyncio.Future[dict[str, int]] = asyncio.get_running_loop().create_future()
        self.calls[chat] = Call(_words(params, attachment), answer)
        try:
            return await answer
        finally:
            del self.calls[chat]


def _words(params: Mapping[str, Any], attachment: Attachment | None) -> str:
    if "rich_message" in params:
        return f"rich {params['rich_message']['markdown']}"
    words = str(params["text"]) if attachment is None else attachment.content.decode()
    return words if words.startswith(("part", "whole")) else NOTICE


# --- the model -------------------------------------------------------------------------------------------------------


@dataclass
class Expected:
    """The next message of a chat, and how far Telegram has brought it down. `asker` None: a notice."""

    words: str
    kind: Literal["text", "rich", "file", "notice"]
    update_id: int = 0
    asker: int | None = None
    last: bool = False  # with it the answer is delivered and charged
    texts: tuple["Expected", ...] = ()  # what stands in for a rich message
    edits: bool = False
    # of this life only
    rung: int = 0  # 0 with entities, 1 without, 2 as a file
    anew: bool = False  # not as an edit
    doubted: bool = False  # the try before may have arrived
    begun: bool = False  # is being sent: a rich one stays so, though another chat has shown that the server has none


@dataclass
class Chat:
    """What is still to come, in order."""

    id: int
    queue: list[Expected]

    def drop_answer(self) -> None:
        first = self.queue[0]
        self.queue = [it for it in self.queue if it.kind == "notice" or it.update_id != first.update_id]
        if first.kind == "notice":
            self.queue.remove(first)


# --- the machine -----------------------------------------------------------------------------------------------------


class DeliveryMachine(AsyncMachine):
    """Answers one call at a time; between two steps every chat's next message waits at Telegram."""

    def __init__(self) -> None:
        super().__init__()
        self.chats = {chat: Chat(chat, []) for chat in (*PEOPLE, GROUP)}
        self.charged: dict[int, int] = {}  # update → asker
        self.blocked: set[int] = set()
        self.rich = True
        self.updates = 0

    @initialize()
    def begin(self) -> None:
        self.do(self._begin())

    async def _begin(self) -> None:
        await self._start()
        for person in PEOPLE:
            await self.life.storage.commit(
                lambda tx, person=person: tx.register(person, Account(balance=BALANCE))  # type: ignore[misc]  # a default in a lambda
            )

    async def _start(self) -> None:
        self.life = Life(self.folder)
        self.telegram = Telegram()
        messenger = TelegramMessenger(
            cast("TelegramApi", self.telegram), self.life.clock, backoff=lambda: Backoff(chance=lambda: 0.0)
        )
        self.delivery = Delivery(self.life.storage, self.life.database, messenger, self.life.supervisor, RULES)
        await self.delivery.start()

    def teardown(self) -> None:
        try:
            self.do(self.life.crash())
        finally:
            super().teardown()

    # --- what is to be sent ------------------------------------------------------------------------------------------

    @rule(
        asker=st.sampled_from(PEOPLE),
        in_group=st.booleans(),
        count=st.integers(1, 3),
        rich=st.booleans(),
        edits=st.booleans(),
        file=st.booleans(),
    )
    def an_answer_is_committed(
        self, asker: int, *, in_group: bool, count: int, rich: bool, edits: bool, file: bool
    ) -> None:
        self.updates += 1
        number, chat = self.updates, self.chats[GROUP if in_group else asker]
        words = [f"part {part} of {number}" for part in range(1, count + 1)]
        texts = [Text(text, [{"type": "bold", "offset": 0, "length": 4}]) for text in words]
        markdown = f"whole {number}"
        parts = answer_parts(
            Place(GROUP, "supergroup") if in_group else Place(asker),
            Rendered(markdown, texts, {"markdown": markdown} if rich else None),
            edits=7 if edits else None,
            file_units=1 if file else 0,
        )

        def commit(tx: Transaction) -> None:
            group = None
            for part in parts:
                last = part is parts[-1]
                after = After(**part.after, turn=number, asker=asker)
                if last:
                    after["charge"] = _charge(asker, number)
                row = tx.send(part.outgoing, after=after, group=group, settles=number if last else None)
                group = group or row

        expected = [Expected(text, "text", number, asker, edits=edits and text == words[0]) for text in words]
        if rich:
            expected = [Expected(f"rich {markdown}", "rich", number, asker, texts=tuple(expected), edits=edits)]
        if file:
            expected.append(Expected(markdown, "file", number, asker))
        expected[-1].last = True
        self.do(self._commit(number, asker, commit))
        chat.queue += expected
        self._settled()

    async def _commit(self, number: int, asker: int, commit: Any) -> None:
        await self.life.storage.record([InboxUpdate(number, asker, b"{}")])
        await self.life.storage.commit(commit)

    # --- what becomes of it ------------------------------------------------------------------------------------------

    @precondition(lambda self: self.telegram.calls)
    @rule(data=st.data())
    def telegram_takes_it(self, data: st.DataObject) -> None:
        self._take(self._drawn(data))

    @precondition(lambda self: self.telegram.calls)
    @rule(data=st.data(), kind=st.sampled_from([*REFUSALS, RefusalKind.FORMAT, RefusalKind.FORMAT]))
    def telegram_refuses_it(self, data: st.DataObject, kind: RefusalKind) -> None:
        chat = self._drawn(data)
        self.telegram.calls[chat.id].answer.set_exception(_again(REFUSALS[kind]))
        self._refused(chat, kind)
        self._settled()

    @precondition(lambda self: self.telegram.calls)
    @rule(data=st.data(), times=st.integers(1, 2))
    def the_connection_breaks(self, data: st.DataObject, times: int) -> None:
        """After the call was written: it is sent once more, and no more than that."""
        chat = self._drawn(data)
        for _ in range(times):
            self.telegram.calls[chat.id].answer.set_exception(TelegramUnknown("reset"))
            if chat.queue[0].doubted:
                self._arrived(chat)
                self._settled()
                return
            chat.queue[0].doubted = True
            self._settled()

    @precondition(lambda self: self.telegram.calls)
    @rule(data=st.data(), trouble=st.sampled_from(PASSING))
    def it_has_to_wait(self, data: st.DataObject, trouble: TelegramRefusal | TelegramUnreachable) -> None:
        self.telegram.calls[self._drawn(data).id].answer.set_exception(_again(trouble))
        self._settled()

    @rule(person=st.sampled_from(PEOPLE))
    def a_person_is_blocked_or_unblocked(self, person: int) -> None:
        blocked = person not in self.blocked
        self.do(self.life.storage.commit(lambda tx: tx.set(person, blocked=blocked)))
        self.blocked ^= {person}
        self._settled()

    @rule()
    def everything_arrives(self) -> None:
        while self.telegram.calls:
            self._take(self.chats[min(self.telegram.calls)])
        assert not any(chat.queue for chat in self.chats.values())

    def _take(self, chat: Chat) -> None:
        self.telegram.calls[chat.id].answer.set_result({"message_id": 100 + self.updates})
        self._arrived(chat)
        self._settled()

    # --- crashes -----------------------------------------------------------------------------------------------------

    @rule()
    def the_bot_dies(self) -> None:
        """Whatever was in flight may have arrived; it is sent again."""
        self._begins_anew(self.do(self.life.crash()))

    @precondition(lambda self: self.telegram.calls)
    @rule(
        data=st.data(),
        kind=st.sampled_from([None, None, RefusalKind.GONE]),
        moment=st.sampled_from(["before commit", "after commit"]),
    )
    def the_bot_dies_when_it_has_the_answer(
        self, data: st.DataObject, kind: RefusalKind | None, moment: Moment
    ) -> None:
        chat = self._drawn(data)
        self._begins_anew(self.do(self.life.dies_at(moment, self._answered(chat, kind))), noted=False)
        if moment == "after commit":
            self._arrived(chat) if kind is None else self._refused(chat, kind)
        self.do(self._start())
        self._settled()

    async def _answered(self, chat: Chat, kind: RefusalKind | None) -> None:
        answer = self.telegram.calls[chat.id].answer
        answer.set_result({"message_id": 5}) if kind is None else answer.set_exception(_again(REFUSALS[kind]))
        await asyncio.Event().wait()

    def _begins_anew(self, left: Any, *, noted: bool = True) -> None:
        self.folder, self.rich = left, True
        for chat in self.chats.values():
            for expected in chat.queue:
                expected.rung, expected.anew, expected.doubted, expected.begun = 0, False, False, False
        if noted:
            self.do(self._start())
            self._settled()

    # --- the model's side --------------------------------------------------------------------------------------------

    def _drawn(self, data: st.DataObject) -> Chat:
        return self.chats[data.draw(st.sampled_from(sorted(self.telegram.calls)))]

    def _arrived(self, chat: Chat) -> None:
        first = chat.queue.pop(0)
        if first.last:
            assert first.asker is not None
            assert first.update_id not in self.charged
            self.charged[first.update_id] = first.asker

    def _refused(self, chat: Chat, kind: RefusalKind) -> None:
        first = chat.queue[0]
        first.doubted = False
        if kind is RefusalKind.MESSAGE_GONE and first.edits and not first.anew and first.rung == 0:
            first.anew = True
        elif first.kind == "rich" and kind is not RefusalKind.BLOCKED:
            self.rich = self.rich and kind is not RefusalKind.UNSUPPORTED
            self._as_texts(chat)
        elif first.kind == "file":
            self._arrived(chat)  # the answer is whole without it
        elif kind is RefusalKind.FORMAT and first.kind != "rich" and first.rung < 2:
            first.rung += 1
        else:
            chat.drop_answer()
            if kind in SAYABLE and first.kind != "notice":
                chat.queue.append(Expected(NOTICE, "notice"))

    def _as_texts(self, chat: Chat) -> None:
        rich = chat.queue.pop(0)
        chat.queue[:0] = rich.texts
        chat.queue[len(rich.texts) - 1].last = rich.last

    def _withheld(self, chat: Chat) -> bool:
        return chat.id in self.blocked or (chat.id == GROUP and chat.queue[0].asker in self.blocked)

    def _settled(self) -> None:
        """Lets everything happen that needs no answer of Telegram's: then the next messages wait there, those only."""
        for chat in self.chats.values():
            while chat.queue:
                if self._withheld(chat):
                    self._arrived(chat) if chat.queue[0].kind == "file" else chat.drop_answer()
                elif chat.queue[0].kind == "rich" and not self.rich and not chat.queue[0].begun:
                    self._as_texts(chat)
                else:
                    chat.queue[0].begun = True
                    break
        self.do(self._settle())
        waiting = {chat: call.words for chat, call in self.telegram.calls.items()}
        assert waiting == {chat.id: chat.queue[0].words for chat in self.chats.values() if chat.queue}

    async def _settle(self) -> None:
        while True:
            await settle()
            if self.delivery._lanes.keys() == self.telegram.calls.keys():
                return
            await self.life.clock.advance(60)

    @invariant()
    def exactly_what_was_delivered_is_charged(self) -> None:
        if not self.updates:
            return
        database = self.life.opened.database
        for person in PEOPLE:
            paid = PRICE * sum(asker == person for asker in self.charged.values())
            assert self.life.storage.book.accounts[person].balance == BALANCE - paid
            assert self.life.storage.book.accounts[person].tokens == paid
        ledger = database._reader.execute("SELECT key, user, amount FROM ledger WHERE reason = 'answer'").fetchall()
        assert sorted(ledger) == sorted(
            (f"4242:{number}:answer", asker, -PRICE) for number, asker in self.charged.items()
        )
        unfinished = database._reader.execute("SELECT update_id FROM inbox WHERE done_at IS NULL").fetchall()
        to_come = {expected.update_id for chat in self.chats.values() for expected in chat.queue}
        assert {row[0] for row in unfinished} == to_come - {0}
        assert self.do(database.pending_updates(0, 1000)) == []
        assert self.life.fatal == []


def _charge(user: int, update_id: int) -> Charge:
    return Charge(
        user=user,
        update_id=update_id,
        purse="balance",
        amount=PRICE,
        counted={"requests": 1, "tokens": PRICE},
        reason="answer",
        report=None,
    )


def _again(error: Exception) -> Exception:
    """A fresh one: an exception that was raised holds on to where that was."""
    if isinstance(error, TelegramRefusal):
        return TelegramRefusal(error.status, error.description, error.retry_after_s)
    return type(error)(*error.args)


TestDelivery = DeliveryMachine.TestCase
TestDelivery.settings = effort(60, 30)
