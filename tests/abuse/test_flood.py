"""One person floods: memory stays bounded, one polite word is said, and the others don't notice (SPEC §8)."""

import asyncio
import gc
import time
from pathlib import Path

from gptbot.actors.delivery import Delivery
from gptbot.actors.directory import Directory
from gptbot.limits import CHAT_BACKLOG, USER_MAILBOX
from tests.stories.conftest import House
from tests.stories.kit import Person

FLOOD = 10_000
TOGETHER = 500
"""Updates between two looks: several batches of getUpdates (100)."""
SERVED_WITHIN_S = 5.0
"""For a machine that does other things too; on an idle one it is a tenth."""
MEMORY_GROWS_MB_MAX = 150
"""The stand-in's own memory of 10,000 messages, which is most of it, included."""


def resident_mb() -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def directory() -> Directory:
    """Of the bot that runs."""
    [found] = [it for it in gc.get_objects() if isinstance(it, Directory) and not it._desk.stopping]
    return found


def delivery() -> Delivery:
    return directory()._desk.delivery


async def worked_off(house: House, people: Directory) -> None:
    """Everything that was written has been taken and handled; the answers may wait to be sent."""
    await house.telegram.until(lambda: not house.telegram.world.updates.pending)
    await people.quiet()


async def served(person: Person) -> float:
    """Seconds until an answer."""
    start = time.perf_counter()
    await person.says("hello")
    await person.sees("You asked: hello")
    return time.perf_counter() - start


def floods_noticed(house: House) -> int:
    """Each is said to the person once, with this line in the log."""
    return sum(line["event"] == "user.flooded" for line in house.logs)


async def test_ten_thousand_updates_of_one_person_hold_up_nobody(house: House) -> None:
    """Questions, commands, edits and forged buttons, as fast as they can be made, at Telegram's real pace."""
    await house.start(RATE_CHAT_PER_S="1", RATE_CHAT_BURST="5", STOP_GRACE_S="0.2")
    alice = await house.member(101, "Alice", "alice")
    bobs = [await house.member(200 + number, "Bob") for number in range(FLOOD // TOGETHER // 2)]
    bot = delivery()
    house.model.record = False
    telegram, shown = house.telegram, alice.last["message_id"]
    said = telegram.send_text(101, 101, "question")
    before, waited, most, started = resident_mb(), [], 0, time.perf_counter()
    for round_number in range(FLOOD // TOGETHER):
        for _ in range(TOGETHER // 4):
            telegram.send_text(101, 101, "question")
            telegram.send_text(101, 101, "/help")
            telegram.edit_text(101, 101, said["message_id"], "another question")
            telegram.press(101, 101, shown, "x:1", forged=True)
        if round_number % 2:
            waited.append(await served(bobs[round_number // 2]))
            most = max(most, bot.backlog(101))
    grown, took = resident_mb() - before, time.perf_counter() - started
    figures = f"{FLOOD} in {took:.1f} s: others wait {max(waited):.2f} s at most, {grown:.0f} MB, {most} unsent"
    assert max(waited) < SERVED_WITHIN_S, figures
    assert grown < MEMORY_GROWS_MB_MAX, figures
    assert most <= CHAT_BACKLOG + USER_MAILBOX + 10
    assert floods_noticed(house) == 1


async def test_a_flood_that_never_fills_the_mailbox_fills_no_outbox_either(house: House) -> None:
    """Commands are quick, Telegram takes one message a second: what is said faster than that must not pile up."""
    await house.start(RATE_CHAT_PER_S="1", RATE_CHAT_BURST="5", STOP_GRACE_S="0.2")
    alice = await house.member(101, "Alice", "alice")
    people = directory()
    bot = people._desk.delivery
    for _ in range(8):
        for _ in range(20):
            await alice.says("/help")
        await worked_off(house, people)
        assert bot.backlog(101) <= CHAT_BACKLOG + 20
    assert floods_noticed(house) == 1
    await house.restart(RATE_CHAT_PER_S="1000", RATE_CHAT_BURST="1000")
    await alice.sees("Too many questions at once")
    async with asyncio.timeout(20):
        await delivery().idle()
    await alice.says("/balance")
    await alice.sees("Your balance")


async def test_an_admin_is_not_shut_out_by_what_others_caused(house: House) -> None:
    await house.start(RATE_CHAT_PER_S="1", RATE_CHAT_BURST="1", STOP_GRACE_S="0.2")
    admin = await house.member(777, "Olga", "owner")
    people = directory()
    for _ in range(4):
        for _ in range(20):
            await admin.says("/help")
        await worked_off(house, people)
    assert people._desk.delivery.backlog(777) > CHAT_BACKLOG
    await admin.says("/stop")
    await house.ended()
    assert not floods_noticed(house)
