"""SIGTERM: answers under way get their grace, the rest waits for the next start, the status is 0 (SPEC §2)."""

import asyncio
import signal

import pytest

from gptbot.playground.bot_api import BotApiServer
from gptbot.playground.model_api import ModelServer
from tests.faults.answers import Answers, tag
from tests.faults.checker import Expected, check, reading
from tests.faults.crowd import member, whole_answer
from tests.faults.moments import part_of_answer
from tests.faults.process import BotProcess

ALICE = 101
NAMES = [tag(ALICE, number) for number in range(3)]


@pytest.mark.parametrize(("number", "by_fork_server"), [(signal.SIGTERM, False), (signal.SIGINT, True)])
async def test_a_signal_ends_it_with_status_0(
    bot: BotProcess,
    telegram: BotApiServer,
    answers: Answers,
    expected: Expected,
    number: signal.Signals,
    by_fork_server: bool,
) -> None:
    bot.by_fork_server = by_fork_server
    await bot.start()
    alice = await member(telegram, ALICE)
    await alice.says(expected.ask(ALICE, NAMES[0]))
    await alice.sees(whole_answer(NAMES[0]))
    bot.terminate(number)
    assert await bot.ended() == 0
    assert bot.stderr == ""
    check(bot.data_file, telegram, answers, expected)


async def test_an_answer_under_way_is_waited_for_and_queued_questions_are_answered_after_the_next_start(
    bot: BotProcess, telegram: BotApiServer, model: ModelServer, answers: Answers, expected: Expected
) -> None:
    await bot.start()
    alice = await member(telegram, ALICE)
    model.gate = asyncio.Event()
    for name in NAMES:
        await alice.says(expected.ask(ALICE, name))
    await alice.sees("place in the queue: 1")
    await alice.sees("place in the queue: 2")
    await model.requested(1)
    bot.terminate()
    await bot.logged("bot.stopping")
    assert bot.running
    model.gate.set()
    await alice.sees(whole_answer(NAMES[0]))
    assert await bot.ended() == 0
    assert bot.stderr == ""
    assert list(answers.attempts) == [NAMES[0]], "nothing new is begun"
    with reading(bot.data_file) as db:
        assert db.execute("SELECT COUNT(*) FROM inbox WHERE done_at IS NULL").fetchone() == (2,)
        assert db.execute("SELECT COUNT(*) FROM outbox").fetchone() == (0,)
    await bot.start()
    for name in NAMES[1:]:
        await alice.sees(whole_answer(name))
    assert await bot.stop() == 0
    assert all(len(attempts) == 1 for attempts in answers.attempts.values())
    check(bot.data_file, telegram, answers, expected)


async def test_an_answer_that_takes_longer_than_the_grace_is_asked_for_again_by_the_next_start(
    bot: BotProcess, telegram: BotApiServer, model: ModelServer, answers: Answers, expected: Expected
) -> None:
    bot.settings["STOP_GRACE_S"] = "0.1"
    await bot.start()
    alice = await member(telegram, ALICE)
    model.gate = asyncio.Event()
    await alice.says(expected.ask(ALICE, NAMES[0]))
    await model.requested(1)
    assert await bot.stop() == 0
    assert bot.logs("bot.stopped_early")
    assert bot.stderr == ""
    model.gate = None
    await bot.start()
    await alice.sees(whole_answer(NAMES[0]))
    assert await bot.stop() == 0
    assert [attempt.run for attempt in answers.attempts[NAMES[0]]] == [1, 2]
    check(bot.data_file, telegram, answers, expected)


async def test_stopped_while_telegram_does_not_take_an_answer_it_is_delivered_by_the_next_start(
    bot: BotProcess, telegram: BotApiServer, answers: Answers, expected: Expected
) -> None:
    bot.settings["STOP_GRACE_S"] = "0.1"
    await bot.start()
    alice = await member(telegram, ALICE)
    telegram.faults.next("sendMessage", "hang")
    await alice.says(expected.ask(ALICE, NAMES[0]))
    await telegram.until(lambda: any(part_of_answer(call.params) for call in telegram.calls_of("sendMessage")))
    assert await bot.stop() == 0
    assert bot.logs("bot.stopped_early")
    await bot.start()
    await alice.sees(whole_answer(NAMES[0]))
    assert await bot.stop() == 0
    assert len(answers.attempts[NAMES[0]]) == 1
    check(bot.data_file, telegram, answers, expected)
