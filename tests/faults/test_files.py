"""Files that a disk, a copy or a hand has changed: it goes on with what is sure, or says what is wrong (SPEC §3, §8).

Never a traceback, never a guess about somebody's money; what was refused stays as it was.
"""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gptbot.playground.bot_api import BotApiServer
from tests.faults.answers import Answers, tag
from tests.faults.checker import (
    Expected,
    agree,
    begun,
    check,
    inspect_wreck,
    ledger_sums,
    purses_of,
    read_data,
    reading,
    recovered_purses,
)
from tests.faults.crowd import member, whole_answer
from tests.faults.moments import Moments
from tests.faults.process import BotProcess
from tests.faults.refusing import contents, refused
from tests.faults.steps import Plan

ALICE, BOB = 101, 102


def database(bot: BotProcess) -> Path:
    return bot.data_file.with_suffix(".db")


def books_agree(bot: BotProcess) -> None:
    with reading(bot.data_file) as db:
        agree(purses_of(read_data(bot.data_file)), ledger_sums(db), "of a bot that is stopped")


async def one_answer(bot: BotProcess, telegram: BotApiServer, expected: Expected) -> None:
    """A start, an answer, a clean stop."""
    await bot.start()
    alice = await member(telegram, ALICE)
    await alice.says(expected.ask(ALICE, tag(ALICE, 1)))
    await alice.sees(whole_answer(tag(ALICE, 1)))
    await bot.logged("data_file.backed_up")
    assert await bot.stop() == 0


async def goes_on(bot: BotProcess, telegram: BotApiServer, *arguments: str, user: int = ALICE) -> None:
    """It starts and answers a further question; the books agree."""
    await bot.start(*arguments)
    person = await member(telegram, user)
    await person.says(f"Please answer {tag(user, 9)}")
    await person.sees(whole_answer(tag(user, 9)))
    assert await bot.stop() == 0
    books_agree(bot)


# --- data.db ---------------------------------------------------------------------------------------------------------


async def test_without_data_db_history_is_gone_and_every_balance_stays(
    bot: BotProcess, telegram: BotApiServer, answers: Answers, expected: Expected
) -> None:
    await one_answer(bot, telegram, expected)
    before = purses_of(read_data(bot.data_file))
    database(bot).unlink()
    await goes_on(bot, telegram)
    paid = answers.attempts[tag(ALICE, 9)][0].usage
    after = purses_of(read_data(bot.data_file))
    assert after == before | {(ALICE, "balance"): before[ALICE, "balance"] - paid}


def prose(path: Path) -> None:
    path.write_text("This is no database. " * 1000)


def zeros_within(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(bytes(path.stat().st_size - 4096))


def nonsense_in_a_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'journal'").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * size)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "half of it": lambda path: os.truncate(path, path.stat().st_size // 2),
    "a page and a bit": lambda path: os.truncate(path, 5000),
    "a few bytes": lambda path: os.truncate(path, 50),
    "zeros within": zeros_within,
    "nonsense in a table": nonsense_in_a_table,
    "another kind of file": prose,
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_data_db_is_refused_by_name_and_nothing_is_touched(
    bot: BotProcess, telegram: BotApiServer, expected: Expected, damage: str
) -> None:
    await one_answer(bot, telegram, expected)
    DAMAGES[damage](database(bot))
    before = contents(bot.folder)
    said = await refused(bot)
    assert str(database(bot)) in said
    assert "balances stay in data.json" in said
    after = contents(bot.folder)
    assert after["data.json"] == before["data.json"]
    database(bot).unlink()  # as it was told
    for rest in bot.folder.glob("data.db-*"):
        rest.unlink()
    await goes_on(bot, telegram)


def last_change(db: sqlite3.Connection) -> int:
    """The last change that data.db knows of."""
    rows = db.execute("SELECT MAX(seq) FROM journal UNION ALL SELECT value FROM meta WHERE key = 'kept_seq'")
    return max(seq or 0 for (seq,) in rows)


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.9, 0.99])
async def test_a_write_ahead_log_that_lost_its_tail_is_gone_on_with_or_refused_but_never_believed_twice(
    bot: BotProcess, telegram: BotApiServer, expected: Expected, kept: float
) -> None:
    """A disk that lied about fsync. What data.json has and the journal has lost could be answered and charged again."""
    await bot.start()
    alice = await member(telegram, ALICE)
    for number in range(3):
        await alice.says(expected.ask(ALICE, tag(ALICE, number)))
        await alice.sees(whole_answer(tag(ALICE, number)))
    bot.kill()
    await bot.ended()
    log = bot.folder / "data.db-wal"
    os.truncate(log, int(log.stat().st_size * kept))
    with reading(bot.data_file) as db:
        older = begun(db) and read_data(bot.data_file)["global"]["seq"] > last_change(db)
    if older:
        before = bot.data_file.read_bytes()
        assert "data.db is older than data.json" in await refused(bot)
        assert bot.data_file.read_bytes() == before
        await goes_on(bot, telegram, "--accept-data")
    else:
        await goes_on(bot, telegram)


async def test_an_older_copy_of_data_db_is_refused_because_it_would_answer_again(
    bot: BotProcess, telegram: BotApiServer, expected: Expected
) -> None:
    await one_answer(bot, telegram, expected)
    copy = bot.folder / "copy"
    shutil.copy(database(bot), copy)
    await goes_on(bot, telegram)
    shutil.copy(copy, database(bot))
    assert "data.db is older than data.json" in await refused(bot)
    await goes_on(bot, telegram, "--accept-data", user=BOB)


async def test_a_data_db_of_another_bots_data_json_is_refused_and_taken_on_demand(
    bot: BotProcess, telegram: BotApiServer, expected: Expected
) -> None:
    await one_answer(bot, telegram, expected)
    mine = bot.data_file.read_bytes()
    (bot.folder / "other").mkdir()
    other = BotProcess(telegram, bot.model, bot.folder / "other")
    await other.start()
    assert await other.stop() == 0
    shutil.copy(database(other), database(bot))
    assert "belong to different bots" in await refused(bot)
    assert bot.data_file.read_bytes() == mine
    await goes_on(bot, telegram, "--accept-data")


# --- data.json -------------------------------------------------------------------------------------------------------


async def test_a_missing_data_json_beside_a_used_data_db_is_refused_and_a_backup_helps(
    bot: BotProcess, telegram: BotApiServer, expected: Expected
) -> None:
    await one_answer(bot, telegram, expected)
    kept = bot.data_file.rename(bot.folder / "kept")
    said = await refused(bot)
    assert "data.json is missing" in said
    assert ".bak" in said, "the newest good backup is named"
    assert not bot.data_file.exists()
    kept.rename(bot.data_file)
    await goes_on(bot, telegram)


async def test_started_without_data_json_on_demand_everybody_begins_anew(
    bot: BotProcess, telegram: BotApiServer, expected: Expected
) -> None:
    await one_answer(bot, telegram, expected)
    bot.data_file.unlink()
    await goes_on(bot, telegram, "--accept-data")
    assert read_data(bot.data_file)[str(ALICE)]["requests"] == 1


def edited(document: dict[str, Any]) -> dict[str, Any]:
    document[str(ALICE)] |= {"balance": 12_345, "prompt": "You are Marv"}
    document["555"] = {"requests": 0, "tokens": 0, "balance": 7}
    return document


async def test_a_hand_that_edits_data_json_after_a_kill_is_obeyed_and_the_later_changes_are_not_lost(
    bot: BotProcess, telegram: BotApiServer, answers: Answers, moments: Moments, expected: Expected
) -> None:
    """The journal's rows are later than the file which the hand has edited."""
    in_the_way = bot.data_file.with_name(f".{bot.data_file.name}.new")
    await bot.start()
    alice = await member(telegram, ALICE)
    await bot.logged("data_file.backed_up")
    in_the_way.mkdir()  # from here on only the journal knows
    await alice.says(expected.ask(ALICE, tag(ALICE, 1)))
    await alice.sees(whole_answer(tag(ALICE, 1)))
    await bot.logged("data_file.unwritable")
    bot.kill()
    await bot.ended()
    in_the_way.rmdir()
    bot.data_file.write_text(json.dumps(edited(read_data(bot.data_file))))
    with reading(bot.data_file) as db:
        due = recovered_purses(read_data(bot.data_file), db)
    await bot.start()
    assert await bot.stop() == 0
    after = read_data(bot.data_file)
    assert purses_of(after) == due
    assert after["555"]["balance"] == 7
    assert after[str(ALICE)]["prompt"] == "You are Marv"
    books_agree(bot)


# --- a disk that does not take anything ------------------------------------------------------------------------------


@pytest.mark.parametrize("used", [False, True])
async def test_in_a_read_only_folder_it_says_so_and_touches_nothing(
    bot: BotProcess, telegram: BotApiServer, expected: Expected, tmp_path: Path, used: bool
) -> None:
    bot.folder = tmp_path / "folder"
    bot.folder.mkdir()
    bot.data_file = bot.folder / "data.json"
    bot.settings["DATA_FILE"] = str(bot.data_file)
    if used:
        await one_answer(bot, telegram, expected)
        (bot.folder / "data.lock").unlink()
    before = contents(bot.folder)
    bot.plan = Plan(tmp_path / "steps", tmp_path / "armed", obeys_modes=True)
    bot.folder.chmod(0o500)
    try:
        said = await refused(bot)
        assert "must be writable" in said
        assert str(bot.folder) in said
        assert contents(bot.folder) == before
    finally:
        bot.folder.chmod(0o700)
    bot.plan = None
    await goes_on(bot, telegram)


async def test_when_data_db_may_not_grow_nothing_more_is_confirmed_and_with_room_again_all_is_answered(
    bot: BotProcess, telegram: BotApiServer, answers: Answers, expected: Expected, tmp_path: Path
) -> None:
    await bot.start()
    alice = await member(telegram, ALICE)
    assert await bot.stop() == 0
    with closing(sqlite3.connect(database(bot))) as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
    bot.plan = Plan(tmp_path / "steps", tmp_path / "armed", disk_pages=pages + 3)
    await bot.start()
    names = [tag(ALICE, number) for number in range(4)]
    for name in names:
        await alice.says(f"{expected.ask(ALICE, name)}{' ' * 3000}")
    await bot.logged("storage.unavailable")
    assert telegram.world.updates.pending
    bot.kill()
    await bot.ended()
    wreck = inspect_wreck(bot.data_file, telegram, bot.run)
    bot.plan = None
    await bot.start()
    for name in names:
        await alice.sees(whole_answer(name))
    assert await bot.stop() == 0
    check(bot.data_file, telegram, answers, expected, [wreck])


async def test_while_data_json_is_written_slowly_everybody_is_answered(
    bot: BotProcess, telegram: BotApiServer, answers: Answers, expected: Expected, tmp_path: Path
) -> None:
    plan = Plan(tmp_path / "steps", tmp_path / "armed", at="file:data.json:write:half#1", deed="hold")
    os.mkfifo(plan.gate)
    bot.plan = plan
    await bot.start()
    plan.armed.touch()
    alice = await member(telegram, ALICE)
    while "file:data.json:write:half#1" not in plan.met:
        await alice.says("/balance")
        await alice.sees("Your balance")
    await alice.says(expected.ask(ALICE, tag(ALICE, 1)))
    await alice.sees(whole_answer(tag(ALICE, 1)))
    assert str(ALICE) not in read_data(bot.data_file), "it is still being written"
    with plan.gate.open("wb"):
        assert await bot.stop() == 0
    check(bot.data_file, telegram, answers, expected)
