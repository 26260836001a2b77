"""What data.db tells of one person, and that forgetting them is wholly done or not at all (SPEC §4, §8)."""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest

from gptbot.domain.pseudonyms import pseudonym
from gptbot.domain.rows import (
    AnnouncementRow,
    DialogRow,
    Forgotten,
    InboxAsked,
    JournalRow,
    LedgerRow,
    MessageRow,
    OutboxRow,
    PersonBack,
    PersonForgotten,
    RecipientsAdded,
    RecipientState,
    ReportRow,
    Row,
    TurnRow,
)
from gptbot.edges.database import SqliteDatabase, open_database
from gptbot.edges.database_schema import FORGETS
from gptbot.ports import InboxUpdate, StorageUnavailable

ANN, BOB, GROUP = 101, 102, -1001
HIDDEN = pseudonym(b"k" * 32, ANN)
FORGET = PersonForgotten(ANN, "Ann_A", HIDDEN, 11, 50)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    opened = open_database(tmp_path / "data.db", 7)
    await opened.write(rows_of_two(), updates(), 1)
    yield opened
    opened.close()


def updates() -> list[InboxUpdate]:
    return [
        InboxUpdate(10, ANN, b'{"text": "Ann has"}'),
        InboxUpdate(11, ANN, b"{}"),
        InboxUpdate(12, ANN, b'{"text": "new"}'),
        InboxUpdate(13, BOB, b'{"text": "Bob has"}'),
    ]


def turn(number: int, user: int, chat: int, parent: int | None = None) -> TurnRow:
    who = "Ann has" if user == ANN else "Bob has"
    return TurnRow(number, user, chat, None, parent, f"{who} question", f"{who} answer", "m", 5, 1, number, None)


def message(number: int, chat: int, after: dict[str, Any] | None = None) -> OutboxRow:
    stored = orjson.dumps(after) if after else None
    return OutboxRow(number, chat, number, "sendMessage", b'{"chat_id": 1}', None, None, None, stored, None, 1)


def rows_of_two() -> list[Row]:
    return [
        turn(1, ANN, ANN), turn(2, BOB, BOB), turn(3, ANN, GROUP), turn(4, BOB, GROUP, 3),
        MessageRow(ANN, 1, 1, "user", 1), MessageRow(GROUP, 3, 3, "assistant", 1), MessageRow(GROUP, 4, 4, "user", 1),
        Forgotten(ANN, 0, 1, 1), DialogRow(BOB, BOB, 0, "t", b"{}", 1),
        LedgerRow("1:start", ANN, "balance", 30, "start", 1), LedgerRow("2:start", BOB, "balance", 30, "start", 1),
        LedgerRow(f"manual:3:1:{ANN}:balance", ANN, "balance", 4, "manual", 1),
        message(1, ANN), message(2, GROUP, {"asker": ANN}), message(3, GROUP, {"asker": BOB}), message(4, BOB),
        message(5, 1, {"favor": {"user": ANN, "number": 1, "admin": 1}}),
        ReportRow(1, b'{"user": 101, "name": "Ann"}'), ReportRow(2, b'{"user": 102, "name": "Bob"}'),
        JournalRow(1, ANN, b'{"=": {"name": "Ann"}}'),
        AnnouncementRow(1, 1, 1, "@ann_a", b"{}", "done", 0, 1),
        AnnouncementRow(2, 1, 1, "all", b"{}", "sending", 0, 1),
        RecipientsAdded(1, (ANN,)), RecipientsAdded(2, (ANN, BOB)), RecipientState("delivered", 1, ANN),
    ]  # fmt: skip


def select(path: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(sql).fetchall()


def dump(path: Path) -> dict[str, list[Any]]:
    tables = [name for (name,) in select(path, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {table: select(path, f"SELECT * FROM {table}") for table in tables}


async def test_a_person_is_told_with_all_that_is_stored(database: SqliteDatabase) -> None:
    ann = await database.person(ANN)
    assert ann.ledger == [(1, "balance", 30, "start"), (1, "balance", 4, "manual")]
    assert [row.id for row in ann.outbox] == [1, 2, 5]
    assert len(ann.inbox) == 3
    assert ann.announcements == [(1, "delivered"), (2, "pending")]
    assert ann.turns == 2


async def test_turns_come_newest_first_a_page_at_a_time(database: SqliteDatabase) -> None:
    assert [row.id for row in await database.turns_of(ANN, None, 10)] == [3, 1]
    assert [row.id for row in await database.turns_of(ANN, None, 1)] == [3]
    assert [row.id for row in await database.turns_of(ANN, 3, 10)] == [1]
    assert await database.turns_of(ANN, 1, 10) == []


async def test_nothing_of_a_question_that_was_under_way_is_kept_afterwards(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    await database.write([FORGET], [], 1)
    await database.write([InboxAsked(b'{"prompt": "Ann has"}', 10)], [], 1)
    assert "Ann has" not in str(select(tmp_path / "data.db", "SELECT asked FROM inbox"))


async def test_forgetting_leaves_a_ledger_without_the_person(database: SqliteDatabase, tmp_path: Path) -> None:
    await database.write([FORGET], [], 1)
    path = tmp_path / "data.db"
    assert select(path, "SELECT user, SUM(amount) FROM ledger GROUP BY user ORDER BY user") == [(HIDDEN, 34), (BOB, 30)]
    assert select(path, "SELECT id FROM turns") == [(2,), (4,)]
    assert select(path, "SELECT turn FROM messages") == [(4,)]
    assert select(path, "SELECT id FROM outbox") == [(3,), (4,)]
    assert select(path, "SELECT id FROM reports") == [(2,)]
    assert select(path, "SELECT user, state FROM recipients ORDER BY announcement, place") == [
        (HIDDEN, "delivered"), (HIDDEN, "gone"), (BOB, "pending"),
    ]  # fmt: skip
    assert database.start_state().forgotten == {HIDDEN}
    everything = repr(dump(path))
    assert "Ann" not in everything
    assert "ann_a" not in everything


async def test_what_was_kept_while_the_bot_was_another_one_is_told_and_goes_too(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    """The owner has taken the token of another bot."""
    other = open_database(tmp_path / "data.db", 8)
    assert await other.person(ANN) == await database.person(ANN)
    assert await other.turns_of(ANN, None, 10) == await database.turns_of(ANN, None, 10)
    await other.write([FORGET], [InboxUpdate(11, ANN, b"{}")], 1)
    everything = repr(dump(tmp_path / "data.db"))
    assert "Ann" not in everything
    assert "ann_a" not in everything
    assert "Bob has question" in everything
    other.close()


async def test_what_came_before_is_finished_and_what_came_after_is_not(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    await database.write([FORGET], [], 1)
    assert [pending.update_id for _, pending in await database.pending_updates(0, 10)] == [12, 13]
    assert select(tmp_path / "data.db", "SELECT user, raw FROM inbox WHERE update_id <= 11") == [(0, None), (0, None)]
    assert await database.write([], updates(), 2) == set(), "repeats are refused still"


@pytest.mark.parametrize("position", range(len(FORGETS) + 1))
async def test_forgetting_is_wholly_done_or_not_at_all(
    database: SqliteDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, position: int
) -> None:
    before = dump(tmp_path / "data.db")
    broken: Sequence[str] = (*FORGETS[:position], "DELETE FROM nowhere")
    monkeypatch.setattr("gptbot.edges.database.FORGETS", broken)
    with pytest.raises(StorageUnavailable):
        await database.write([FORGET], [], 1)
    assert dump(tmp_path / "data.db") == before


async def test_who_comes_back_is_not_forgotten_any_more(database: SqliteDatabase) -> None:
    await database.write([FORGET], [], 1)
    await database.write([PersonBack(HIDDEN)], [], 1)
    assert database.start_state().forgotten == set()


async def test_what_is_deleted_is_overwritten(database: SqliteDatabase, tmp_path: Path) -> None:
    await database.write([FORGET], [], 1)
    database.close()
    assert b"Ann has" not in (tmp_path / "data.db").read_bytes()
