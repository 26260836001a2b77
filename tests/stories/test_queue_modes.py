"""Several questions at once: they wait, or the newest interrupts; a flood is said once (SPEC §5)."""

import asyncio

from tests.stories.conftest import House
from tests.stories.kit import Person

FULL = "Too many questions"


def said(person: Person, text: str) -> int:
    """How often the bot said it."""
    return len([shown for shown in person.chat.shown if text in shown.message.get("text", "")])


async def test_a_new_question_interrupts_and_what_was_written_is_kept_and_charged(house: House) -> None:
    await house.start(QUEUE_MODE="interrupt")
    alice = await house.member(101, "Alice")
    house.model.answer = lambda body: "word " * 400 if "long" in str(body["messages"][-1]["content"]) else "brief"
    house.model.gate, house.model.holds_after = asyncio.Event(), 5
    await alice.says("a long one")
    await house.model.requested()
    await alice.says("/balance")
    await alice.sees("30000 tokens")
    house.model.gate = None
    await alice.says("a new one")
    shown = await alice.sees("word")
    assert shown["text"].count("word") < 400
    await alice.sees("brief")
    assert not said(alice, "place in the queue")
    await alice.says("/balance")
    assert "30000 tokens" not in (await alice.sees("Your balance"))["text"]


async def test_of_several_only_the_newest_is_asked_and_none_is_left_without_a_word(house: House) -> None:
    await house.start(QUEUE_MODE="interrupt")
    alice = await house.member(101, "Alice")
    house.model.gate = asyncio.Event()
    await alice.says("one")
    await house.model.requested()
    house.telegram.delay_s = 0.05
    house.model.gate = None
    for text in ("two", "three", "four"):
        await alice.says(text)
    await alice.sees("You asked: four")
    assert said(alice, "Stopped.") + said(alice, "You asked") == 4
    assert not said(alice, "You asked: one")


async def test_interrupting_is_one_persons_own_business(house: House) -> None:
    await house.start(QUEUE_MODE="interrupt")
    alice, bob = await house.member(101, "Alice"), await house.member(102, "Bob")
    gate = asyncio.Event()
    house.model.gate = gate
    await alice.says("slow")
    await house.model.requested()
    house.model.gate = None
    await bob.says("quick")
    await bob.sees("You asked: quick")
    gate.set()
    await alice.sees("You asked: slow")


async def test_a_flood_is_said_once_and_the_next_one_once_again(house: House) -> None:
    await house.start(QUEUE_LENGTH="2")
    alice = await house.member(101, "Alice")
    for flood in (1, 2):
        gate = asyncio.Event()
        house.model.gate = gate
        for number in range(10):
            await alice.says(f"question {number}")
        await alice.sees(FULL)
        await alice.says("/balance")
        await alice.sees("Your balance")
        assert said(alice, FULL) == flood
        gate.set()
        for number in range(3):
            await alice.sees(f"You asked: question {number}")
        await alice.says("calm again")
        await alice.sees("You asked: calm again")


async def test_a_flood_that_never_quite_ends_is_still_said_once(house: House) -> None:
    await house.start(QUEUE_LENGTH="1")
    alice = await house.member(101, "Alice")
    gate = asyncio.Event()
    house.model.gate = gate
    for number in range(4):
        await alice.says(f"question {number}")
    await alice.sees(FULL)
    await house.model.requested(1)
    house.model.gate = asyncio.Event()
    gate.set()
    await alice.sees("You asked: question 0")
    await house.model.requested(2)
    for number in range(4, 8):
        await alice.says(f"question {number}")
    await alice.says("/balance")
    await alice.sees("Your balance")
    assert said(alice, FULL) == 1
    house.model.gate.set()
    await alice.sees("You asked: question 4")
