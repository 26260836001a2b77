"""Starts that must be refused: one sentence, exit status 2, no file touched (SPEC §2, §3)."""

import shutil

import pytest

from gptbot.playground.bot_api import BotApiServer
from gptbot.playground.model_api import ModelServer
from tests.faults.answers import Answers, tag
from tests.faults.checker import Expected, agree, check, ledger_sums, purses_of, read_data, reading
from tests.faults.crowd import member, whole_answer
from tests.faults.process import BotProcess
from tests.faults.refusing import contents, refused

ALICE, BOB = 101, 102


async def test_a_second_bot_on_the_same_file_is_refused_with_the_pid_of_the_first(
    bot: BotProcess, telegram: BotApiServer, model: ModelServer, answers: Answers, expected: Expected
) -> None:
    await bot.start()
    alice = await member(telegram, ALICE)
    second = BotProcess(telegram, model, bot.folder)
    polls = len(telegram.calls_of("getUpdates"))
    assert f"another bot (pid {bot.pid}) is running" in await refused(second)
    assert len(telegram.calls_of("getUpdates")) == polls, "it took no updates away"
    await alice.says(expected.ask(ALICE, tag(ALICE, 1)))
    await alice.sees(whole_answer(tag(ALICE, 1)))
    assert await bot.stop() == 0
    check(bot.data_file, telegram, answers, expected)


async def test_after_a_kill_the_lock_is_free(bot: BotProcess) -> None:
    await bot.start()
    bot.kill()
    await bot.ended()
    await bot.start()
    assert await bot.stop() == 0


BROKEN = {
    "cut off": ('{"global": {"requests": 0, "tokens": 0},\n "101": {"requests": 1, "tok', "line 2"),
    "a comma too many": ('{"global": {"requests": 0,\n"tokens": 0,},\n"101": {}}', "line 2"),
    "empty": ("", "line 1, column 1"),
    "a balance in words": ('{"global": {},\n\n"101": {"requests": 1, "tokens": 2, "balance": "lots"}}', "line 3"),
    "a list": ("[]", "line 1"),
}


@pytest.mark.parametrize("case", BROKEN)
async def test_a_broken_data_json_is_refused_with_the_place_and_not_touched(bot: BotProcess, case: str) -> None:
    text, place = BROKEN[case]
    bot.data_file.write_text(text)
    said = await refused(bot)
    assert str(bot.data_file) in said
    assert place in said
    assert bot.data_file.read_text() == text
    assert bot.telegram.calls == []


async def test_the_newest_good_backup_is_named_when_data_json_is_broken(bot: BotProcess) -> None:
    (bot.folder / "data.json.2026-01-01_00-00-00.bak").write_text('{"global": {}}')
    (bot.folder / "data.json.2026-01-02_00-00-00.bak").write_text('{"global')
    bot.data_file.write_text("{")
    before = contents(bot.folder)
    assert "data.json.2026-01-01_00-00-00.bak" in await refused(bot)
    after = contents(bot.folder)
    assert {name: after[name] for name in before} == before


async def test_a_refused_token_ends_it_at_once(bot: BotProcess, telegram: BotApiServer) -> None:
    wrong = "4242:AAfaults_another_token"
    bot.settings["TELEGRAM_API_KEY"] = wrong
    said = await refused(bot)
    assert "TELEGRAM_API_KEY" in said
    assert wrong not in said + repr(bot.log)


async def test_a_token_that_is_refused_later_ends_it_as_well_and_keeps_everything(
    bot: BotProcess, telegram: BotApiServer, answers: Answers, expected: Expected
) -> None:
    await bot.start()
    alice = await member(telegram, ALICE)
    telegram.faults.next("getUpdates", "refuse", status=401, description="Unauthorized")
    await alice.says(expected.ask(ALICE, tag(ALICE, 1)))
    assert await bot.ended() == 2
    assert "TELEGRAM_API_KEY" in bot.stderr
    assert "Traceback" not in bot.stderr
    await bot.start()
    await alice.sees("")
    assert await bot.stop() == 0
    check(bot.data_file, telegram, answers, expected)


async def test_a_restored_older_data_json_is_accepted_only_on_demand_and_then_the_ledger_fits(
    bot: BotProcess, telegram: BotApiServer, answers: Answers
) -> None:
    backup, later = bot.folder / "backup", Expected()
    await bot.start()
    alice = await member(telegram, ALICE)
    assert await bot.stop() == 0
    shutil.copy(bot.data_file, backup)
    old = purses_of(read_data(backup))
    await bot.start()
    for number in range(2):
        await alice.says(later.ask(ALICE, tag(ALICE, number)))
        await alice.sees(whole_answer(tag(ALICE, number)))
    await member(telegram, BOB)
    assert await bot.stop() == 0
    assert purses_of(read_data(bot.data_file)) != old
    shutil.copy(backup, bot.data_file)

    assert "--accept-data" in await refused(bot)
    assert bot.data_file.read_bytes() == backup.read_bytes()

    await bot.start("--accept-data")
    assert purses_of(read_data(bot.data_file)) == old
    await alice.says(later.ask(ALICE, tag(ALICE, 2)))
    await alice.sees(whole_answer(tag(ALICE, 2)))
    assert await bot.stop() == 0
    with reading(bot.data_file) as db:
        agree(purses_of(read_data(bot.data_file)), ledger_sums(db), "after the restored file was accepted")
    paid = answers.attempts[tag(ALICE, 2)][0].usage
    assert purses_of(read_data(bot.data_file))[ALICE, "balance"] == old[ALICE, "balance"] - paid

    await bot.start()
    assert await bot.stop() == 0, "the next start needs no flag"
