"""What dialog mode remembers: the newest turns of one chat and topic, read by an index (SPEC §5)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gptbot.domain import rows
from gptbot.edges.database import SqliteDatabase, open_database
from gptbot.edges.database_schema import MEMORY

BOT, NOW, CHAT = 77, 1_800_000_000, 5


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqliteDatabase]:
    made = open_database(tmp_path / "data.db", BOT)
    yield made
    made.close()


def turn(number: int, chat: int = CHAT, thread: int | None = None, tokens: int = 10) -> rows.TurnRow:
    """Its question's message has ten times its number."""
    return rows.TurnRow(number, 5, chat, thread, None, f"q{number}", "a", "m", tokens, NOW, number * 10)


async def memory(
    database: SqliteDatabase,
    chat: int = CHAT,
    thread: int | None = None,
    *,
    before: int | None = None,
    tokens: int = 10**6,
    limit: int = 100,
) -> list[int]:
    turns = await database.memory(chat, thread, before=before, tokens=tokens, limit=limit)
    return [turn.id for turn in turns]


async def test_each_chat_and_topic_has_its_own(database: SqliteDatabase) -> None:
    batch = [turn(1), turn(2, thread=8), turn(3, chat=-100), turn(4), turn(5, chat=-100, thread=8)]
    await database.write(batch, [], NOW)
    assert await memory(database) == [1, 4]
    assert await memory(database, CHAT, 8) == [2]
    assert await memory(database, -100) == [3]
    assert await memory(database, -100, 8) == [5]
    assert await memory(database, -100, 9) == []


async def test_as_many_as_fit_and_the_one_that_no_longer_does(database: SqliteDatabase) -> None:
    await database.write([turn(number) for number in range(1, 10)], [], NOW)
    assert await memory(database, tokens=25) == [7, 8, 9]
    assert await memory(database, tokens=5) == [9]
    assert await memory(database, limit=2) == [8, 9]
    assert await memory(database, before=4, tokens=15) == [2, 3]


async def test_a_mark_forgets_what_was_asked_up_to_it_there(database: SqliteDatabase) -> None:
    await database.write([turn(1), turn(2), turn(3, thread=8)], [], NOW)
    await database.write([rows.Forgotten(CHAT, 0, 25, NOW)], [], NOW)
    assert await memory(database) == []
    assert await memory(database, CHAT, 8) == [3]
    slow = turn(4)._replace(message_id=21)  # asked before the mark, answered after it
    await database.write([slow, turn(5)], [], NOW)
    assert await memory(database) == [5]
    await database.write([rows.Forgotten(CHAT, 0, 50, NOW)], [], NOW)
    assert await memory(database) == []
    await database.write([rows.Forgotten(CHAT, 8, 30, NOW)], [], NOW)
    assert await memory(database, CHAT, 8) == []


async def test_a_mark_lasts_as_long_as_the_turns_it_forgets(database: SqliteDatabase) -> None:
    await database.write([turn(1), rows.Forgotten(CHAT, 0, 10, NOW)], [], NOW)
    await database.forget_before(0, NOW)
    assert await memory(database) == []
    await database.forget_before(0, NOW + 1)
    await database.write([turn(1)], [], NOW)
    assert await memory(database) == [1]


async def test_another_bots_turns_and_marks_are_not_its_own(database: SqliteDatabase, tmp_path: Path) -> None:
    await database.write([turn(1), rows.Forgotten(CHAT, 0, 10, NOW)], [], NOW)
    other = open_database(tmp_path / "data.db", BOT + 1)
    await other.write([turn(2)._replace(message_id=3)], [], NOW)
    assert await memory(other) == [2]
    assert await memory(database) == []
    other.close()


async def test_it_is_found_by_the_index_without_sorting(database: SqliteDatabase) -> None:
    plan = [
        str(row[-1]) for row in database._reader.execute("EXPLAIN QUERY PLAN " + MEMORY, (1, 1, None, 9, 1, 1, 0, 5))
    ]
    assert "turns_place" in plan[0]
    assert not [step for step in plan if "SCAN" in step or "TEMP B-TREE" in step]


async def test_a_reading_that_ends_early_lets_the_log_be_taken_in(database: SqliteDatabase) -> None:
    await database.write([turn(number) for number in range(1, 100)], [], NOW)
    await memory(database, tokens=5)
    busy, *_ = database._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert busy == 0
