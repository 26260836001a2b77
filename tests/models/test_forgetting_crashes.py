"""A crash at any moment of /forget, or of coming back, leaves it wholly done or wholly undone (SPEC §4, §8)."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import get_args

import pytest

from gptbot.domain.accounts import register
from gptbot.domain.records import Account
from gptbot.domain.rows import TurnRow
from gptbot.domain.rules import ModelSpec, Rules
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import Person
from tests.models.life import ADMIN, Life, Moment

ANN = 101
SPEC = ModelSpec("m", 1000, 1, 1, 1)
RULES = Rules(admins=(ADMIN,), basic=SPEC, premium=SPEC, image_model="i", image_price=0)
QUESTION = "where is my treasure?"


def joins(tx: Transaction) -> None:
    register(tx, Person(ANN, "Ann Treasure", "ann"), RULES, referrer=None, key="1")
    tx.book_purse(ANN, "balance", -77, reason="answer", key="2:answer")
    tx.write(TurnRow(tx.new_turn(), ANN, ANN, None, None, QUESTION, "there", "m", 9, tx.now))


def forget(tx: Transaction) -> None:
    tx.forget(ANN, 3)


def comes_back(tx: Transaction) -> None:
    register(tx, Person(ANN, "Ann Treasure", "ann"), RULES, referrer=None, key="4")


def stored(folder: Path) -> tuple[dict[int, int], str]:
    """The ledger's sums of balances, and all that is written about anybody."""
    with closing(sqlite3.connect(folder / "data.db")) as db:
        sums = dict(db.execute("SELECT user, SUM(amount) FROM ledger WHERE purse = 'balance' GROUP BY user"))
        texts = db.execute("SELECT question FROM turns").fetchall(), db.execute("SELECT patch FROM journal").fetchall()
    return sums, repr(texts) + (folder / "data.json").read_text()


def sums_up(life: Life, folder: Path) -> None:
    sums, _ = stored(folder)
    for user, account in (life.storage.book.accounts | life.storage.book.kept).items():
        assert sums.pop(user, 0) == account.balance
    assert not any(sums.values())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "0"
    made.mkdir()
    return made


@pytest.mark.parametrize("moment", get_args(Moment))
@pytest.mark.parametrize("written", [True, False], ids=["data.json knew her", "only the journal knew her"])
async def test_forgetting(folder: Path, moment: Moment, *, written: bool) -> None:
    life = Life(folder)
    await life.storage.commit(joins)
    if written:
        await life.writer.write()

    async def work() -> None:
        await life.storage.commit(forget)
        await life.writer.write()

    left = await life.dies_at(moment, work())
    again = Life(left)
    book = again.storage.book
    sums_up(again, left)
    _, texts = stored(left)
    if moment == "before commit":
        assert book.accounts[ANN].balance == 30_000 - 77
        assert not book.kept
        assert QUESTION in texts
    else:
        assert ANN not in book.accounts
        assert list(book.kept.values()) == [Account(balance=30_000 - 77)]
        assert QUESTION not in texts
        assert "Treasure" not in texts
    await again.stop()


@pytest.mark.parametrize("moment", get_args(Moment))
async def test_coming_back(folder: Path, moment: Moment) -> None:
    life = Life(folder)
    await life.storage.commit(joins)
    await life.storage.commit(forget)
    await life.writer.write()

    async def work() -> None:
        await life.storage.commit(comes_back)
        await life.writer.write()

    left = await life.dies_at(moment, work())
    again = Life(left)
    sums_up(again, left)
    book = again.storage.book
    if moment == "before commit":
        await again.storage.commit(comes_back)
    assert book.accounts[ANN].balance == 30_000 - 77
    assert not book.kept
    await again.stop()
