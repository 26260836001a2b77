"""Updates that come again, and numbers of updates that do (SPEC §8)."""

import sqlite3
from contextlib import closing

from gptbot.playground.bot_api import BotApiServer
from tests.faults.answers import Answers, tag
from tests.faults.checker import Expected, agree, check, ledger_sums, markers_shown, purses_of, read_data, reading
from tests.faults.crowd import member, whole_answer
from tests.faults.moments import Moments
from tests.faults.process import BotProcess

ALICE = 101


async def test_an_update_that_comes_twice_is_handled_once(
    bot: BotProcess, telegram: BotApiServer, answers: Answers, moments: Moments, expected: Expected
) -> None:
    await bot.start()
    alice = await member(telegram, ALICE)
    question = await alice.says(expected.ask(ALICE, tag(ALICE, 1)))
    await alice.sees(whole_answer(tag(ALICE, 1)))
    repeated = {"update_id": 2, "message": question}
    telegram.push_raw(repeated)
    await bot.logged("update.repeated")
    moments.at_model_call(1)
    await alice.says(expected.ask(ALICE, tag(ALICE, 2)))
    wreck = await moments.killed()
    telegram.push_raw(repeated)
    await bot.start()
    await alice.sees(whole_answer(tag(ALICE, 2)))
    assert await bot.stop() == 0
    check(bot.data_file, telegram, answers, expected, [wreck])


async def test_an_update_whose_number_was_used_long_ago_is_answered_once_and_the_bot_lives_on(
    bot: BotProcess, telegram: BotApiServer, answers: Answers
) -> None:
    """After a week without updates Telegram begins its numbers anew (Bot API, Update); the ledger has the old."""
    await bot.start()
    alice = await member(telegram, ALICE)
    question = await alice.says(f"Please answer {tag(ALICE, 1)}")
    await alice.sees(whole_answer(tag(ALICE, 1)))
    assert await bot.stop() == 0
    with closing(sqlite3.connect(bot.data_file.with_suffix(".db"))) as db, db:
        db.execute("DELETE FROM inbox")
    telegram.push_raw({"update_id": 2, "message": question | {"text": f"Please answer {tag(ALICE, 2)}"}})
    await bot.start()
    await alice.sees(whole_answer(tag(ALICE, 2)))
    await alice.says(f"Please answer {tag(ALICE, 3)}")
    await alice.sees(whole_answer(tag(ALICE, 3)))
    assert await bot.stop() == 0
    shown = [marker.tag for marker in markers_shown(telegram, ALICE)]
    assert shown == [tag(ALICE, number) for number in (1, 2, 3)]
    paid = {answers.attempts[tag(ALICE, number)][0].usage for number in (1, 3)}
    with reading(bot.data_file) as db:
        rows = db.execute("SELECT -amount FROM ledger WHERE reason = 'answer'").fetchall()
        agree(purses_of(read_data(bot.data_file)), ledger_sums(db), "after a number came again")
    assert {amount for (amount,) in rows} == paid
