"""kill -9 at any instant: what was accepted is answered after the restart, and nobody pays twice (SPEC §8)."""

import asyncio
import json
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from gptbot.playground.bot_api import BotApiServer
from gptbot.playground.faults import FaultKind
from gptbot.playground.model_api import ModelServer
from tests.faults.answers import Answers, Marker, markers_in, tag
from tests.faults.checker import Expected, Watch, check, inspect_wreck, messages_shown, read_data
from tests.faults.crowd import PATIENCE_S, Crowd, member, whole_answer
from tests.faults.moments import Moments, part_of_answer
from tests.faults.process import KILLED, BotProcess
from tests.stories.kit import Person

ALICE = 101


def parts_shown(telegram: BotApiServer, user: int) -> list[list[Marker]]:
    """The markers of each message with a part of an answer, in the order shown."""
    texts = messages_shown(telegram, user)
    return [found for text in texts if (found := markers_in(text))]


@pytest.mark.parametrize("seed", [1])
async def test_killed_four_times_under_the_load_of_fifty_users_nothing_is_lost_and_nobody_pays_twice(
    bot: BotProcess, telegram: BotApiServer, model: ModelServer, answers: Answers, moments: Moments, seed: int
) -> None:
    chance = random.Random(seed)
    answers.long = lambda name: name.endswith("n1z")
    model.delay_s = 0.02
    bot.settings |= {"NEW_USER_PREMIUM_BALANCE": "30000", "REFERRAL_BONUS": "5000"}
    crowd, wrecks = Crowd(telegram, seed), []
    await bot.start()
    with Watch(bot.data_file) as watch:
        load = asyncio.get_running_loop().create_task(crowd.run())
        for arm in (
            partial(moments.at_message, chance.randint(5, 45), "reset_before"),
            partial(moments.at_model_call, chance.randint(20, 50)),
            partial(moments.at_message, chance.randint(20, 50), "reset_after", part_of_answer),
            partial(moments.at_message, chance.randint(20, 50), "reset_before", part_of_answer),
        ):
            arm()
            wrecks.append(await moments.killed())
            await bot.start()
        await asyncio.wait_for(load, PATIENCE_S)
        assert await bot.stop() == 0, bot.transcript()
    watch.check()
    check(bot.data_file, telegram, answers, crowd.expected, wrecks)
    assert any(wreck.accepted for wreck in wrecks)
    assert any(wreck.unsent for wreck in wrecks)


async def test_killed_while_the_model_answers_it_is_asked_again_and_the_answer_is_paid_once(
    bot: BotProcess, telegram: BotApiServer, answers: Answers, moments: Moments, expected: Expected
) -> None:
    await bot.start()
    alice = await member(telegram, ALICE)
    moments.at_model_call(1)
    await alice.says(expected.ask(ALICE, tag(ALICE, 1)))
    wreck = await moments.killed()
    assert not wreck.committed
    assert wreck.accepted == {tag(ALICE, 1)}
    await bot.start()
    await alice.sees(whole_answer(tag(ALICE, 1)))
    assert await bot.stop() == 0
    assert [attempt.run for attempt in answers.attempts[tag(ALICE, 1)]] == [1, 2]
    assert [part[0].attempt for part in parts_shown(telegram, ALICE)] == [2]
    check(bot.data_file, telegram, answers, expected, [wreck])


@pytest.mark.parametrize("shown", [False, True])
@pytest.mark.parametrize("part", [1, 2, 3])
async def test_killed_while_a_part_is_sent_the_answer_goes_on_from_that_part_and_the_model_is_not_asked_again(
    bot: BotProcess,
    telegram: BotApiServer,
    answers: Answers,
    moments: Moments,
    expected: Expected,
    part: int,
    shown: bool,
) -> None:
    answers.long = lambda _: True
    await bot.start()
    alice = await member(telegram, ALICE)
    kind: FaultKind = "reset_after" if shown else "reset_before"
    moments.at_message(part, kind, part_of_answer)
    await alice.says(expected.ask(ALICE, tag(ALICE, 1)))
    wreck = await moments.killed()
    assert wreck.committed == {tag(ALICE, 1)}
    before = parts_shown(telegram, ALICE)
    assert len(before) == part - 1 + shown
    await bot.start()
    await telegram.until(lambda: len(parts_shown(telegram, ALICE)) == 3 + shown)
    after = parts_shown(telegram, ALICE)[len(before) :]
    assert after[0] == before[-1] if shown else not Counter(after[0]) & Counter(chain(*before))
    assert await bot.stop() == 0
    assert len(parts_shown(telegram, ALICE)) == 3 + shown
    assert len(answers.attempts[tag(ALICE, 1)]) == 1
    check(bot.data_file, telegram, answers, expected, [wreck])


@pytest.mark.parametrize(("method", "call"), [("getMe", 1), ("getUpdates", 1), ("getUpdates", 2)])
async def test_killed_at_its_first_calls_it_starts_again_and_misses_nothing(
    bot: BotProcess,
    telegram: BotApiServer,
    answers: Answers,
    moments: Moments,
    expected: Expected,
    method: str,
    call: int,
) -> None:
    telegram.add_user(ALICE, "Alice")
    telegram.send_text(ALICE, ALICE, "/start")
    telegram.send_text(ALICE, ALICE, expected.ask(ALICE, tag(ALICE, 1)))
    moments.at_message(call, "reset_before", method=method)
    await bot.launch()
    wreck = await moments.killed()
    await bot.start()
    await telegram.until(lambda: parts_shown(telegram, ALICE), PATIENCE_S)
    assert await bot.stop() == 0
    check(bot.data_file, telegram, answers, expected, [wreck])


async def test_killed_while_data_json_is_rewritten_it_stays_whole_and_no_change_is_lost(
    bot: BotProcess, telegram: BotApiServer, answers: Answers, expected: Expected
) -> None:
    write_users(bot.data_file, 5_000)
    bot.settings |= {"NEW_USER_PREMIUM_BALANCE": "30000"}
    await bot.start()
    alice, wrecks = await member(telegram, ALICE), []
    with Watch(bot.data_file) as watch:
        for _ in range(3):
            with killing_at(bot, bot.data_file.with_name(f".{bot.data_file.name}.new")):
                expected.switches[ALICE] += await switch_until_it_ends(bot, alice)
            assert await bot.ended() == KILLED
            wrecks.append(inspect_wreck(bot.data_file, telegram, bot.run))
            await bot.start()
        await alice.says(expected.ask(ALICE, tag(ALICE, 1)))
        await alice.sees(whole_answer(tag(ALICE, 1)))
        assert await bot.stop() == 0
    watch.check()
    check(bot.data_file, telegram, answers, expected, wrecks)
    assert len(read_data(bot.data_file)) == 5_000 + 3, "nobody is gone"


def write_users(data_file: Path, count: int) -> None:
    """A data.json with that many users of an earlier time."""
    users: dict[str, Any] = {
        str(10_000 + number): {"requests": 0, "tokens": 0, "balance": number, "last_request": "2021-01-01 00:00:00"}
        for number in range(count)
    }
    data_file.write_text(json.dumps({"global": {"requests": 0, "tokens": 0}} | users))
    data_file.chmod(0o600)


async def switch_until_it_ends(bot: BotProcess, person: Person) -> int:
    """One /switch_model after the other; how many."""
    count = 0
    ended = asyncio.ensure_future(bot.ended(PATIENCE_S))
    while not ended.done():
        await person.says("/switch_model")
        count += 1
        answered = asyncio.ensure_future(person.sees(""))
        await asyncio.wait([answered, ended], return_when=asyncio.FIRST_COMPLETED)
        answered.cancel()
    return count


@contextmanager
def killing_at(bot: BotProcess, file: Path) -> Iterator[None]:
    """Kills the bot as soon as `file` is there."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.0002):
            if file.exists():
                bot.kill()
                return

    thread = threading.Thread(target=watch, name=f"watch for {file.name}")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
