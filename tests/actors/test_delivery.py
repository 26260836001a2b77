"""The delivery actor: in order per chat, noted before the next, charged once and only when delivered (SPEC §4, §8)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from gptbot.actors.delivery import Delivery
from gptbot.domain.outgoing import Outgoing, Text, message
from gptbot.domain.records import Account
from gptbot.domain.rules import ModelSpec, Rules
from gptbot.domain.settling import After, Charge
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import Place
from gptbot.ports import InboxUpdate, Outcome, RefusalKind, Refused, Sent, Unknown
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
        user=1, purse="balance", amount=amount, counted={"requests": 1, "tokens": amount}, reason="answer", report=None
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
