"""The storage actor: one writer, durable before told, whole or not at all (DESIGN §5)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from gptbot.domain.outgoing import Text, message
from gptbot.domain.records import Account
from gptbot.domain.rows import JournalRow, OutboxRow
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import Place
from gptbot.ports import InboxUpdate, StorageConflict, StorageUnavailable
from tests.actors.making_storage import Made, storage_in
from tests.edges.manual_clock import settle


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Made]:
    async with storage_in(tmp_path) as made:
        yield made


def add(user: int, balance: int = 100) -> Callable[[Transaction], Any]:
    def rule(tx: Transaction) -> int:
        tx.register(user, Account(balance=balance))
        return user

    return rule


def charge(user: int, amount: int, key: str) -> Callable[[Transaction], Any]:
    def rule(tx: Transaction) -> None:
        tx.book_purse(user, "balance", -amount, reason="answer", key=key)

    return rule


def saying(word: str) -> Callable[[Transaction], Any]:
    return lambda tx: tx.send(message(Place(1), Text(word)))


async def test_saved_is_said_only_after_the_commit(made: Made) -> None:
    made.database.gate.clear()
    saved = asyncio.ensure_future(made.storage.commit(add(1)))
    await settle()
    assert not saved.done()
    made.database.gate.set()
    assert await saved == 1


async def test_letters_that_wait_share_one_commit(made: Made) -> None:
    made.database.gate.clear()
    first = asyncio.ensure_future(made.storage.commit(add(1)))
    await settle()
    others = [asyncio.ensure_future(made.storage.commit(add(user))) for user in range(2, 102)]
    await settle()
    made.database.gate.set()
    await asyncio.gather(first, *others)
    assert len(made.database.commits) == 2


async def test_a_rule_that_raises_leaves_no_trace_and_harms_nobody(made: Made) -> None:
    await made.storage.commit(add(1))

    def broken(tx: Transaction) -> None:
        tx.set(1, name="half")
        tx.book_purse(1, "balance", -50, reason="answer", key="k")
        raise ValueError("broken rule")

    with pytest.raises(ValueError, match="broken rule"):
        await made.storage.commit(broken)
    assert made.book.accounts[1] == Account(balance=100)
    await made.storage.commit(charge(1, 10, "k"))
    assert made.book.accounts[1].balance == 90


async def test_the_same_charge_twice_is_refused_alone(made: Made) -> None:
    await made.storage.commit(add(1))
    await made.storage.commit(charge(1, 10, "once"))
    made.database.gate.clear()
    blocker = asyncio.ensure_future(made.storage.commit(lambda tx: None))
    await settle()
    again = asyncio.ensure_future(made.storage.commit(charge(1, 10, "once")))
    other = asyncio.ensure_future(made.storage.commit(charge(1, 5, "other")))
    await settle()
    made.database.gate.set()
    await blocker
    with pytest.raises(StorageConflict):
        await again
    await other
    assert made.book.accounts[1].balance == 85
    assert made.real.ledger_sums() == {1: {"balance": -15}}


async def test_a_full_disk_holds_everybody_until_it_has_room(made: Made) -> None:
    made.database.refuse = 3
    saved = asyncio.ensure_future(made.storage.commit(add(1)))
    await made.clock.advance(0.05)
    assert (saved.done(), made.storage.in_trouble) == (False, True)
    await made.clock.finish(saved)
    assert (made.database.refuse, made.storage.in_trouble) == (0, False)


async def test_updates_are_new_only_once(made: Made) -> None:
    updates = [InboxUpdate(7, 1, b"{}"), InboxUpdate(8, 1, b"{}")]
    assert await made.storage.record(updates) == {7, 8}
    assert await made.storage.record([*updates, InboxUpdate(9, 1, b"{}")]) == {9}
    await made.storage.commit(lambda tx: tx.done(7))
    assert await made.storage.record(updates) == set()
    assert [pending.update_id for _, pending in await made.real.pending_updates(0, 10)] == [8, 9]


async def test_subscribers_get_rows_in_order_and_only_when_durable(made: Made) -> None:
    seen: list[str] = []
    made.storage.subscribe(OutboxRow, lambda row: seen.append(orjson.loads(row.params)["text"]))
    made.database.gate.clear()
    sent = [asyncio.ensure_future(made.storage.commit(saying(word))) for word in ("one", "two")]
    await settle()
    assert seen == []
    made.database.gate.set()
    await asyncio.gather(*sent)
    assert seen == ["one", "two"]


async def test_a_snapshot_holds_exactly_what_the_journal_says(made: Made) -> None:
    rows: list[JournalRow] = []
    made.storage.subscribe(JournalRow, rows.append)
    await made.storage.commit(add(1))
    await made.storage.commit(charge(1, 10, "a"))
    pieces, seq = await made.storage.snapshot()
    document = orjson.loads(b"{" + b",".join(pieces) + b"}")
    assert seq == rows[-1].seq == document["global"]["seq"]
    assert document["1"]["balance"] == 90


async def test_stop_writes_what_was_handed_in(made: Made) -> None:
    made.database.gate.clear()
    saved = [asyncio.ensure_future(made.storage.commit(add(user))) for user in (1, 2, 3)]
    await settle()
    stopping = asyncio.ensure_future(made.storage.stop())
    await settle()
    assert not stopping.done()
    made.database.gate.set()
    await stopping
    assert [await one for one in saved] == [1, 2, 3]


async def test_an_actor_that_breaks_leaves_nobody_waiting_and_no_trace(made: Made) -> None:
    await made.storage.commit(add(1))
    made.database.breaks_with = RuntimeError("a bug")
    with pytest.raises(StorageUnavailable):
        await made.storage.commit(charge(1, 10, "lost"))
    assert made.book.accounts[1].balance == 100
    again = asyncio.ensure_future(made.storage.commit(charge(1, 10, "kept")))
    await made.clock.finish(again)
    assert made.book.accounts[1].balance == 90
    assert made.failures == []


async def test_a_value_that_no_file_takes_fails_its_own_letter_only(made: Made) -> None:
    await made.storage.commit(add(1))

    def broken(tx: Transaction) -> None:
        tx.book_purse(1, "balance", -50, reason="answer", key="k")
        tx.set(1, name="half a character: \ud83d")

    work = [made.storage.commit(rule) for rule in (charge(1, 1, "a"), charge(1, 2, "b"), broken)]
    first, second, third = await asyncio.gather(*work, return_exceptions=True)
    assert (first, second, type(third)) == (None, None, TypeError)
    assert made.book.accounts[1] == Account(balance=97)
    _, seq = await made.storage.snapshot()
    assert seq == made.real.start_state().counters.seq, "data.json must not be ahead of data.db"
    assert made.failures == []
