"""The delivery actor: in order per chat, noted before the next, charged once and only when delivered (SPEC §4, §8)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from gptbot.actors.answer_messages import Rendered, answer_parts
from gptbot.actors.delivery import Delivery
from gptbot.domain.book import DialogKey
from gptbot.domain.outgoing import Outgoing, Text, message
from gptbot.domain.records import Account
from gptbot.domain.rules import ModelSpec, Rules
from gptbot.domain.settling import After, Charge
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import Place
from gptbot.ports import InboxUpdate, Outcome, RefusalKind, Refused, Sent, Unknown, Urgency
from tests.actors.fake_messenger import FakeMessenger
from tests.actors.making_storage import Made, storage_in

SPEC = ModelSpec("m", 1000, 1.0, 1.0, 1.0)
PRIVATE = Place(1)
RULES = Rules(admins=(9,), basic=SPEC, premium=SPEC, image_model="i", image_price=0.0)
FORMAT = Refused(RefusalKind.FORMAT, "Bad Request: can't parse entities")


@dataclass
class House:
    made: Made
    messenger: FakeMessenger
    delivery: Delivery


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with storage_in(tmp_path) as made:
        messenger = FakeMessenger()
        delivery = Delivery(made.storage, made.real, messenger, made.supervisor, RULES)
        await delivery.start()
        await made.storage.commit(lambda tx: tx.register(1, Account(balance=100)))
        await made.storage.record([InboxUpdate(50, 1, b"{}")])
        yield House(made, messenger, delivery)


def charge(amount: int = 30) -> Charge:
    return Charge(
        user=1,
        update_id=50,
        purse="balance",
        amount=amount,
        counted={"requests": 1, "tokens": amount},
        reason="answer",
        report=None,
    )


def answer(*parts: str, place: Place = PRIVATE, update_id: int = 50) -> Callable[[Transaction], None]:
    """A rule that commits an answer of several parts."""

    def rule(tx: Transaction) -> None:
        group = None
        for number, part in enumerate(parts, start=1):
            last = number == len(parts)
            after = After(turn=1, charge=charge()) if last else After(turn=1)
            entities = [{"type": "bold", "offset": 0, "length": 1}]
            row = tx.send(
                message(place, Text(part, entities)), after=after, group=group, settles=update_id if last else None
            )
            group = group or row

    return rule


async def deliver(house: House, rule: Callable[[Transaction], None], update_id: int = 50) -> Outcome:
    watcher = house.delivery.watch(update_id)
    await house.made.storage.commit(rule)
    return await asyncio.wait_for(watcher, 5)


async def pending(house: House) -> list[int]:
    return [update.update_id for _, update in await house.made.real.pending_updates(0, 10)]


async def test_parts_arrive_in_order_then_it_is_charged_once_and_finished(house: House) -> None:
    await deliver(house, answer("one", "two", "three"))
    assert house.messenger.texts() == ["one", "two", "three"]
    account = house.made.book.accounts[1]
    assert (account.balance, account.tokens, account.requests) == (70, 30, 1)
    assert await pending(house) == []
    assert await house.made.real.outbox(0, 10) == []
    assert house.made.real.ledger_sums()[1]["balance"] == -30


async def test_each_arrival_is_durable_before_the_next_part_leaves(house: House) -> None:
    left: list[int] = []

    def count(_: Outgoing) -> None:
        left.append(house.made.real._reader.execute("SELECT COUNT(*) FROM outbox").fetchone()[0])

    house.messenger.before = count
    await deliver(house, answer("one", "two", "three"))
    assert left == [3, 2, 1]


async def test_nothing_is_charged_before_the_last_part_arrived(house: House) -> None:
    balances: list[int] = []
    house.messenger.before = lambda _: balances.append(house.made.book.accounts[1].balance)
    await deliver(house, answer("one", "two"))
    assert balances == [100, 100]


async def test_refused_formatting_goes_plain_then_as_a_file(house: House) -> None:
    house.messenger.plan(1, FORMAT, FORMAT)
    await deliver(house, answer("*text*"))
    calls = [outgoing for outgoing, _ in house.messenger.delivered]
    assert [call.method for call in calls] == ["sendMessage", "sendMessage", "sendDocument"]
    assert "entities" in calls[0].params
    assert "entities" not in calls[1].params
    assert calls[2].attachment is not None
    assert calls[2].attachment.content == b"*text*"
    assert house.made.book.accounts[1].balance == 70


LINES = ("one", "two", "three")


def rich_answer(*, file: bool = False, edits: int | None = None) -> Callable[[Transaction], None]:
    """An answer as one rich message (which three texts stand in for), perhaps with a file behind it."""
    shown = Rendered("*whole*", [Text(line) for line in LINES], {"markdown": "*whole*"})

    def rule(tx: Transaction) -> None:
        group = None
        parts = answer_parts(PRIVATE, shown, edits=edits, file_units=1 if file else 0)
        for part in parts:
            last = part is parts[-1]
            after = After(**part.after, turn=1, asker=1)
            if last:
                after["charge"] = charge()
            group = tx.send(part.outgoing, after=after, group=group, settles=50 if last else None) or group

    return rule


def calls(house: House) -> list[tuple[str, str]]:
    return [
        (outgoing.method, str(outgoing.params.get("text", outgoing.params.get("rich_message", {}).get("markdown", ""))))
        for outgoing, _ in house.messenger.delivered
    ]


async def linked(house: House) -> list[int]:
    """Which messages a reply to would continue the turn."""
    found = house.made.real._reader.execute("SELECT message FROM messages WHERE turn = 1 ORDER BY message")
    return [row[0] for row in found]


AS_TEXTS = [("sendMessage", line) for line in LINES]


async def test_a_rich_message_is_one_message(house: House) -> None:
    house.messenger.plan(1, Sent(5))
    await deliver(house, rich_answer())
    assert calls(house) == [("sendRichMessage", "*whole*")]
    assert await linked(house) == [5]
    assert house.made.book.accounts[1].balance == 70


@pytest.mark.parametrize("kind", [kind for kind in RefusalKind if kind not in ("blocked", "withheld", "not_modified")])
async def test_a_refused_rich_message_comes_as_its_texts_charged_once(house: House, kind: RefusalKind) -> None:
    house.messenger.plan(1, Refused(kind, "Bad Request: RICH_MESSAGE_INVALID"), Sent(5), Sent(6), Sent(7), Sent(8))
    await deliver(house, rich_answer(file=True))
    assert calls(house) == [("sendRichMessage", "*whole*"), *AS_TEXTS, ("sendDocument", "")]
    assert await linked(house) == [5, 6, 7, 8]
    assert house.made.book.accounts[1].balance == 70
    assert await house.made.real.outbox(0, 10) == []
    assert await pending(house) == []


async def test_every_rung_of_the_ladder_can_be_refused(house: House) -> None:
    house.messenger.plan(1, FORMAT, FORMAT, FORMAT, Sent(5))
    await deliver(house, rich_answer())
    assert [method for method, _ in calls(house)] == [
        "sendRichMessage", "sendMessage", "sendMessage", "sendDocument", "sendMessage", "sendMessage",
    ]  # fmt: skip
    assert house.made.book.accounts[1].balance == 70


async def test_a_server_without_rich_messages_is_asked_once(house: House) -> None:
    house.messenger.plan(1, Refused(RefusalKind.UNSUPPORTED, "Not Found: method not found"))
    await deliver(house, rich_answer())
    await house.made.storage.record([InboxUpdate(51, 1, b"{}")])
    watcher = house.delivery.watch(51)

    def again(tx: Transaction) -> None:
        parts = answer_parts(PRIVATE, Rendered("a", [Text("a")], {"markdown": "a"}))
        tx.send(parts[0].outgoing, after=After(**parts[0].after, turn=2), settles=51)

    await house.made.storage.commit(again)
    await asyncio.wait_for(watcher, 5)
    assert calls(house) == [("sendRichMessage", "*whole*"), *AS_TEXTS, ("sendMessage", "a")]


async def test_a_person_who_blocked_the_bot_gets_no_simpler_form(house: House) -> None:
    house.messenger.plan(1, Refused(RefusalKind.BLOCKED, "Forbidden: bot was blocked by the user"))
    assert isinstance(await deliver(house, rich_answer(file=True)), Refused)
    assert len(house.messenger.delivered) == 1
    assert house.made.book.accounts[1].balance == 100
    assert await house.made.real.outbox(0, 10) == []


async def test_an_edit_falls_the_same_way_and_a_deleted_message_is_sent_anew(house: House) -> None:
    house.messenger.plan(1, FORMAT, Refused(RefusalKind.MESSAGE_GONE, "Bad Request: message to edit not found"))
    await deliver(house, rich_answer(edits=77))
    assert calls(house) == [("editMessageText", "*whole*"), ("editMessageText", "one"), *AS_TEXTS]
    assert "message_id" not in house.messenger.delivered[2][0].params


async def test_an_answer_is_charged_when_only_its_file_is_refused(house: House) -> None:
    house.messenger.plan(1, Sent(5), Refused(RefusalKind.GONE, "Bad Request: not enough rights to send documents"))
    assert isinstance(await deliver(house, rich_answer(file=True)), Sent)
    assert await linked(house) == [5]
    assert house.made.book.accounts[1].balance == 70
    assert await pending(house) == []


class HangingMessenger(FakeMessenger):
    """Carries out so many calls; the next one never returns."""

    def __init__(self, calls: int) -> None:
        super().__init__()
        self._calls = calls
        self.hangs = asyncio.Event()

    async def deliver(self, outgoing: Outgoing, urgency: Urgency = Urgency.ANSWER) -> Outcome:
        if len(self.delivered) == self._calls:
            self.hangs.set()
            await asyncio.Event().wait()
        return await super().deliver(outgoing, urgency)


@pytest.mark.parametrize("arrived", range(4))
async def test_a_crash_between_the_rungs_goes_on_where_it_was(tmp_path: Path, arrived: int) -> None:
    async with storage_in(tmp_path) as made:
        await made.storage.commit(lambda tx: tx.register(1, Account(balance=100)))
        await made.storage.record([InboxUpdate(50, 1, b"{}")])
        hanging = HangingMessenger(calls=arrived + 1)
        hanging.plan(1, FORMAT)
        delivery = Delivery(made.storage, made.real, hanging, made.supervisor, RULES)
        await delivery.start()
        await made.storage.commit(rich_answer(file=True))
        await asyncio.wait_for(hanging.hangs.wait(), 5)
        await made.supervisor.stop()
        await made.storage.stop()
        shown = [text for text in hanging.texts() if text in LINES]
        book = made.book
    async with storage_in(tmp_path) as made:
        made.book.accounts.update(book.accounts)
        messenger = FakeMessenger()
        delivery = Delivery(made.storage, made.real, messenger, made.supervisor, RULES)
        await delivery.start()
        await delivery.idle()
        assert shown + [text for text in messenger.texts() if text in LINES] == list(LINES)
        assert [outgoing.method for outgoing, _ in messenger.delivered][-1] == "sendDocument"
        assert made.book.accounts[1].balance == 70


async def test_an_unknown_outcome_is_sent_once_more_when_telegram_answers_again(house: House) -> None:
    house.messenger.plan(1, Unknown("reset"), Unknown("reset"))
    await deliver(house, answer("one"))
    assert len(house.messenger.delivered) == 2
    assert house.messenger.asked_whether_reachable == 1
    assert house.made.book.accounts[1].balance == 70


async def test_an_answer_nobody_can_get_costs_nothing_and_is_finished(house: House) -> None:
    house.messenger.plan(1, Sent(5), Refused(RefusalKind.BLOCKED, "Forbidden: bot was blocked by the user"))
    outcome = await deliver(house, answer("one", "two", "three"))
    assert isinstance(outcome, Refused)
    assert len(house.messenger.delivered) == 2
    account = house.made.book.accounts[1]
    assert (account.balance, account.requests, account.unreachable) == (100, 0, True)
    assert await pending(house) == []
    assert await house.made.real.outbox(0, 10) == []


async def test_an_answer_the_chat_refuses_is_said_in_plain_words(house: House) -> None:
    house.messenger.plan(-7, Refused(RefusalKind.OTHER, "Bad Request: strange"))
    await deliver(house, answer("one", "two", place=Place(-7, "supergroup", thread_id=3)))
    await house.delivery.idle()
    said, _ = house.messenger.delivered[-1]
    assert "could not be shown" in said.params["text"]
    assert (said.chat_id, said.params["message_thread_id"]) == (-7, 3)
    assert house.made.book.accounts[1].balance == 100


async def test_a_blocked_person_gets_nothing_of_what_was_written_before(house: House) -> None:
    await house.made.storage.commit(lambda tx: tx.set(1, blocked=True))
    outcome = await deliver(house, answer("one", "two"))
    assert isinstance(outcome, Refused)
    assert house.messenger.delivered == []
    assert await pending(house) == []
    assert house.made.book.accounts[1].balance == 100


async def test_chats_do_not_wait_for_each_other(house: House) -> None:
    gate = house.messenger.gate
    gate.clear()
    await house.made.storage.commit(lambda tx: tx.send(message(Place(1), Text("a"))))
    await house.made.storage.commit(lambda tx: tx.send(message(Place(2), Text("b"))))
    assert house.delivery.waiting == 2
    gate.set()
    await house.delivery.idle()
    assert sorted(house.messenger.texts()) == ["a", "b"]
    assert house.delivery.waiting == 0


async def test_a_restart_delivers_what_was_left_and_charges_it(tmp_path: Path) -> None:
    async with storage_in(tmp_path) as made:
        await made.storage.commit(lambda tx: tx.register(1, Account(balance=100)))
        await made.storage.record([InboxUpdate(50, 1, b"{}")])
        await made.storage.commit(answer("one", "two"))
        await made.storage.stop()
        book = made.book
    async with storage_in(tmp_path) as made:
        made.book.accounts.update(book.accounts)
        assert [pending.update_id for _, pending in await made.real.pending_updates(0, 10)] == []
        messenger = FakeMessenger()
        delivery = Delivery(made.storage, made.real, messenger, made.supervisor, RULES)
        await delivery.start()
        await delivery.idle()
        assert messenger.texts() == ["one", "two"]
        assert made.book.accounts[1].balance == 70


async def test_the_admin_learns_when_a_refilled_person_cannot_be_told(house: House) -> None:
    house.messenger.plan(1, Refused(RefusalKind.BLOCKED, "Forbidden: bot was blocked by the user"))
    after = {"refill_notice": {"admin": 9, "user": 1}}
    await house.made.storage.commit(lambda tx: tx.send(message(Place(1), Text("refilled")), after=after))
    await house.delivery.idle()
    assert len(house.messenger.texts(9)) == 1


async def test_an_answer_that_arrives_in_the_supergroup_is_known_there_and_takes_all_along(house: House) -> None:
    """The group moved while the answer was under way; Telegram tells it by refusing the old id."""
    group, key = Place(-5, "group"), DialogKey(1, -5, 0)
    await house.made.storage.commit(lambda tx: tx.save_dialog(key, "t", {}))
    house.messenger.plan(-5, Sent(71, -100), Sent(72, -100))
    await house.made.storage.commit(answer("one", "two", place=group))
    await house.delivery.idle()
    for message_id in (71, 72):
        assert await house.made.real.message(-5, message_id) is None
        assert await house.made.real.message(-100, message_id) is not None
    assert list(house.made.book.dialogs) == [key._replace(chat_id=-100)]
    assert house.made.book.accounts[1].balance == 70
    assert house.delivery.waiting == 0
