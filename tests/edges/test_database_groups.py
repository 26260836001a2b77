"""data.db: permits, and a group that becomes a supergroup takes everything along in one commit (SPEC §5)."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from gptbot.domain import rows
from gptbot.edges.database import SqliteDatabase, open_database

BOT, NOW = 77, 1_800_000_000
OLD, NEW = -5, -100


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data.db"


@pytest.fixture
def database(path: Path) -> Iterator[SqliteDatabase]:
    made = open_database(path, BOT)
    yield made
    made.close()


async def write(database: SqliteDatabase, *batch: rows.Row) -> None:
    await database.write(batch, (), NOW)


def turn(number: int, message_id: int, chat: int = OLD) -> rows.TurnRow:
    return rows.TurnRow(number, 7, chat, None, None, f"q{number}", f"a{number}", "m", 1, NOW, message_id)


async def remembered(database: SqliteDatabase, chat: int = NEW) -> list[str]:
    return [turn.question for turn in await database.memory(chat, None, before=None, tokens=1000, limit=100)]


async def test_permits_come_back_at_the_next_start(database: SqliteDatabase) -> None:
    waiting = rows.PermitRow(7, "waiting", b'{"request": 1}', NOW)
    await write(database, waiting, rows.PermitRow(-5, "waiting", b"{}", NOW), rows.PermitRow(8, "told", b"{}", NOW))
    await write(database, rows.PermitRow(-5, "approved", b"{}", NOW + 1), rows.PermitGone(8))
    assert database.start_state().permits == [rows.PermitRow(-5, "approved", b"{}", NOW + 1), waiting]


async def test_who_was_turned_away_long_ago_is_forgotten(database: SqliteDatabase) -> None:
    decided = rows.PermitRow(7, "declined", b"{}", NOW)
    await write(database, decided, rows.PermitRow(8, "told", b"{}", NOW), rows.PermitRow(9, "told", b"{}", NOW + 2))
    await database.forget_before(NOW + 1, 0)
    assert [permit.id for permit in database.start_state().permits] == [7, 9]


async def test_permits_are_each_bots_own(path: Path, database: SqliteDatabase) -> None:
    await write(database, rows.PermitRow(7, "declined", b"{}", NOW))
    with closing(open_database(path, 78)) as other:
        assert other.start_state().permits == []


async def test_a_migrated_group_takes_its_messages_dialogs_and_permit_along(database: SqliteDatabase) -> None:
    await write(
        database,
        turn(1, 50),
        rows.MessageRow(OLD, 50, 1, "user", NOW),
        rows.MessageRow(OLD, 51, 1, "assistant", NOW),
        rows.DialogRow(7, OLD, 0, "t", b"{}", NOW),
        rows.PermitRow(OLD, "approved", b"{}", NOW),
        rows.MessageRow(6, 50, 9, "user", NOW),
    )
    for _ in range(2):
        await write(database, rows.ChatMoved(OLD, NEW))
        assert await database.message(OLD, 51) is None
        found = await database.message(NEW, 51)
        assert found is not None
        assert (found.turn, found.role) == (1, "assistant")
        state = database.start_state()
        assert [dialog.chat_id for dialog in state.dialogs] == [NEW]
        assert [permit.id for permit in state.permits] == [NEW]
        assert await database.message(6, 50) is not None


async def test_what_the_supergroup_has_already_is_not_overwritten(database: SqliteDatabase) -> None:
    await write(
        database,
        rows.MessageRow(OLD, 5, 1, "user", NOW),
        rows.MessageRow(NEW, 5, 2, "user", NOW),
        rows.PermitRow(OLD, "waiting", b"{}", NOW),
        rows.PermitRow(NEW, "approved", b"{}", NOW),
        rows.ChatMoved(OLD, NEW),
    )
    found = await database.message(NEW, 5)
    assert found is not None
    assert found.turn == 2
    assert [(permit.id, permit.state) for permit in database.start_state().permits] == [(NEW, "approved")]


async def test_waiting_messages_go_to_the_supergroup(database: SqliteDatabase) -> None:
    params = orjson.dumps({"chat_id": OLD, "text": "ümläut 😀", "entities": [{"type": "bold"}]})
    row = rows.OutboxRow(1, OLD, 1, "sendMessage", params, None, None, None, None, None, NOW)
    await write(database, row, rows.ChatMoved(OLD, NEW))
    moved = (await database.outbox(0, 10))[0]
    assert moved.chat_id == NEW
    assert orjson.loads(moved.params) == orjson.loads(params) | {"chat_id": NEW}
    assert isinstance(moved.params, bytes)


async def test_dialog_mode_remembers_and_forgets_across_a_migration(database: SqliteDatabase) -> None:
    """Message ids begin anew in the supergroup: the old mark must neither hide new turns nor show forgotten ones."""
    await write(database, turn(1, 50), turn(2, 90), rows.Forgotten(OLD, 0, 60, NOW))
    assert await remembered(database, OLD) == ["q2"]
    await write(database, rows.ChatMoved(OLD, NEW), turn(3, 4, NEW))
    assert await remembered(database) == ["q2", "q3"]
    await write(database, rows.Forgotten(NEW, 0, 4, NOW), turn(4, 8, NEW))
    assert await remembered(database) == ["q4"]


async def test_another_bots_group_stays_where_it_is(path: Path, database: SqliteDatabase) -> None:
    await write(database, rows.MessageRow(OLD, 5, 1, "user", NOW))
    with closing(open_database(path, 78)) as other:
        await other.write([rows.ChatMoved(OLD, NEW)], (), NOW)
    assert await database.message(OLD, 5) is not None


async def test_a_migration_is_cheap(path: Path, database: SqliteDatabase) -> None:
    """The statements use indexes: a large history of other chats is not walked through."""
    with closing(sqlite3.connect(path)) as connection:
        plan = connection.execute("EXPLAIN QUERY PLAN UPDATE turns SET chat = 1 WHERE bot = 1 AND chat = 2").fetchall()
    assert "turns_place" in plan[0][3]
