"""A disk that takes nothing: nothing is confirmed that isn't recorded, and it recovers by itself (SPEC §8)."""

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from gptbot.playground.bot_api import BotApiServer
from tests.faults.answers import Answers, tag
from tests.faults.checker import Expected, check, inspect_wreck
from tests.faults.crowd import member, whole_answer
from tests.faults.process import BotProcess

ALICE = 101


@contextmanager
def full_disk(bot: BotProcess) -> Iterator[None]:
    """Meanwhile the bot's writes to files fail (by the system's limit on the size of a process's files)."""
    soft, hard = resource.prlimit(bot.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        with suppress(ProcessLookupError):  # it has ended
            resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, (soft, hard))


async def test_on_a_full_disk_nothing_is_confirmed_and_with_room_again_all_is_answered(
    bot: BotProcess, telegram: BotApiServer, answers: Answers, expected: Expected
) -> None:
    await bot.start()
    alice = await member(telegram, ALICE)
    with full_disk(bot):
        question = await alice.says(expected.ask(ALICE, tag(ALICE, 1)))
        await bot.logged("storage.unavailable")
        assert telegram.world.updates.pending[-1]["message"] == question
        assert answers.count == 0
    await alice.sees(whole_answer(tag(ALICE, 1)))
    assert bot.logs("storage.recovered")
    assert await bot.stop() == 0
    check(bot.data_file, telegram, answers, expected)


async def test_stopped_on_a_full_disk_it_ends_and_knows_all_that_was_confirmed(
    bot: BotProcess, telegram: BotApiServer, answers: Answers, expected: Expected
) -> None:
    await bot.start()
    alice = await member(telegram, ALICE)
    with full_disk(bot):
        await alice.says(expected.ask(ALICE, tag(ALICE, 1)))
        await bot.logged("storage.unavailable")
        bot.terminate(signal.SIGTERM)
        assert await bot.ended() == 0
    await bot.start()
    await alice.sees(whole_answer(tag(ALICE, 1)))
    assert await bot.stop() == 0
    check(bot.data_file, telegram, answers, expected)


async def test_killed_on_a_full_disk_it_knows_all_that_was_confirmed(
    bot: BotProcess, telegram: BotApiServer, answers: Answers, expected: Expected
) -> None:
    await bot.start()
    alice = await member(telegram, ALICE)
    with full_disk(bot):
        await alice.says(expected.ask(ALICE, tag(ALICE, 1)))
        await bot.logged("storage.unavailable")
        bot.kill()
    await bot.ended()
    wreck = inspect_wreck(bot.data_file, telegram, bot.run)
    assert not wreck.accepted
    await bot.start()
    await alice.sees(whole_answer(tag(ALICE, 1)))
    assert await bot.stop() == 0
    check(bot.data_file, telegram, answers, expected, [wreck])


async def test_while_data_json_can_not_be_written_changes_are_safe_in_the_journal(
    bot: BotProcess, telegram: BotApiServer, answers: Answers, expected: Expected
) -> None:
    await bot.start()
    alice = await member(telegram, ALICE)
    in_the_way = bot.data_file.with_name(f".{bot.data_file.name}.new")
    in_the_way.mkdir()
    await alice.says(expected.ask(ALICE, tag(ALICE, 1)))
    await alice.sees(whole_answer(tag(ALICE, 1)))
    await bot.logged("data_file.unwritable")
    bot.kill()
    await bot.ended()
    wreck = inspect_wreck(bot.data_file, telegram, bot.run)
    in_the_way.rmdir()
    await bot.start()
    assert await bot.stop() == 0
    check(bot.data_file, telegram, answers, expected, [wreck])
