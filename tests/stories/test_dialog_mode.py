"""Dialog mode: the number is the user's, the memory is the chat's and topic's (SPEC §4, §5)."""

import asyncio

import pytest

from gptbot.playground.world import Json
from tests.stories.conftest import House
from tests.stories.kit import Person

GROUP = -1001


def questions(house: House) -> list[str]:
    """What was asked, the question itself last, as the model was sent it."""
    body = house.model.requests[-1].body
    return [str(message["content"]) for message in body["messages"] if message["role"] == "user"]


async def asks(person: Person, text: str, reply_to: Json | None = None, thread_id: int | None = None) -> Json:
    await person.says(text, reply_to, thread_id)
    return await person.sees(f"You asked: {text}")


async def test_the_last_turns_come_along_without_replying(bot: House, alice: Person) -> None:
    await asks(alice, "before it was on")
    await alice.says("/context 8000")
    await alice.sees("Dialog mode is on: 8000 tokens")
    await asks(alice, "first")
    await asks(alice, "second")
    assert questions(bot) == ["before it was on", "first", "second"]
    roles = [message["role"] for message in bot.model.requests[-1].body["messages"]]
    assert roles == ["system", "user", "assistant", "user", "assistant", "user"]


async def test_only_as_many_tokens_come_along_as_were_chosen(bot: House, alice: Person) -> None:
    bot.model.answer = lambda body: "ja " * 100
    await alice.says("/remember 500")
    await alice.sees("500 tokens")
    for word in ("one", "two", "three", "four", "five", "six"):
        await alice.says(word)
        await alice.sees("ja ja")
    said = questions(bot)
    assert said[-2:] == ["five", "six"]
    assert "one" not in said


async def test_an_answer_longer_than_the_memory_is_remembered_by_its_end(bot: House, alice: Person) -> None:
    bot.model.answer = lambda body: "beginning " + "middle " * 2000 + "end"
    await alice.says("/context 200")
    await alice.sees("200 tokens")
    await alice.says("tell me a lot")
    await alice.sees("end")
    await alice.says("go on")
    await alice.sees("end")
    remembered = bot.model.requests[-1].body["messages"][2]["content"]
    assert remembered.startswith("…")
    assert remembered.endswith("middle end")
    assert "beginning" not in remembered
    assert len(remembered) < 2000


async def test_it_survives_a_restart(bot: House, alice: Person) -> None:
    await alice.says("/context 8000")
    await alice.sees("Dialog mode is on")
    await asks(alice, "first")
    await bot.restart()
    await asks(alice, "second")
    assert questions(bot) == ["first", "second"]


async def test_new_forgets_and_the_mode_stays(bot: House, alice: Person) -> None:
    await alice.says("/context 8000")
    await alice.sees("Dialog mode is on")
    old = await asks(alice, "first")
    await alice.says("/new")
    await alice.sees("begin anew")
    await asks(alice, "second")
    assert questions(bot) == ["second"]
    await bot.restart()
    await asks(alice, "third")
    assert questions(bot) == ["second", "third"]
    await asks(alice, "back to the old", reply_to=old)
    assert questions(bot) == ["first", "back to the old"]


async def test_new_forgets_the_question_that_is_being_answered_too(bot: House, alice: Person) -> None:
    await alice.says("/context 8000")
    await alice.sees("Dialog mode is on")
    gate = asyncio.Event()
    bot.model.gate = gate
    await alice.says("slow")
    await bot.model.requested()
    await alice.says("/new")
    await alice.sees("begin anew")
    gate.set()
    await alice.sees("You asked: slow")
    await asks(alice, "another subject")
    assert questions(bot) == ["another subject"]


async def test_delete_context_forgets_and_switches_off(bot: House, alice: Person) -> None:
    await alice.says("/context 8000")
    await alice.sees("Dialog mode is on")
    await asks(alice, "first")
    await alice.says("/dc")
    await alice.sees("dialog mode is off")
    await asks(alice, "second")
    assert questions(bot) == ["second"]
    await alice.says("/context 8000")
    await alice.sees("Dialog mode is on")
    await asks(alice, "third")
    assert questions(bot) == ["second", "third"]


async def test_a_reply_follows_its_chain_with_what_was_said_before_it(bot: House, alice: Person) -> None:
    await alice.says("/context 8000")
    await alice.sees("Dialog mode is on")
    await asks(alice, "first")
    second = await asks(alice, "second")
    await asks(alice, "third")
    forked = await asks(alice, "another second step", reply_to=second)
    assert questions(bot) == ["first", "second", "another second step"]
    await asks(alice, "and on", reply_to=forked)
    assert questions(bot) == ["first", "second", "another second step", "and on"]
    await asks(alice, "plain")
    assert questions(bot) == ["first", "second", "third", "another second step", "and on", "plain"]


async def test_a_reply_to_something_unknown_has_the_memory_too(bot: House, alice: Person) -> None:
    await alice.says("/context 8000")
    shown = await alice.sees("Dialog mode is on")
    await asks(alice, "first")
    await asks(alice, "what is that?", reply_to=shown)
    contents = [message["content"] for message in bot.model.requests[-1].body["messages"]]
    assert contents[1] == "first"
    assert contents[3].startswith("Dialog mode is on")
    assert contents[4] == "what is that?"


async def test_the_window_cuts_the_memory_before_the_chain(house: House) -> None:
    await house.start(BASIC_CONTEXT_WINDOW="600", PROMPT_TOKENS_MAX="100", BASIC_MAX_OUTPUT="50")
    alice = await house.member(101, "Alice")
    house.model.answer = lambda body: "a " * 100
    await alice.says("/context 600")
    await alice.sees("Dialog mode is on")
    for word in ("one", "two", "three", "four"):
        await alice.says(f"{word} " * 20)
        await alice.sees("a a")
    said = [text.split()[0] for text in questions(house)]
    assert said[-1] == "four"
    assert "one" not in said
    assert house.model.requests[-1].body["messages"][0]["content"] == "You are a helpful assistant"


async def test_private_history_never_appears_in_a_group_whose_memory_is_everybodys(
    bot: House, alice: Person, bob: Person
) -> None:
    bot.telegram.add_group(GROUP, "Friends", [101, 102])
    await alice.says("/context 8000")
    await alice.sees("Dialog mode is on")
    await asks(alice, "my secret")
    there, bob_there = alice.in_chat(GROUP), bob.in_chat(GROUP)
    bot_name = f"@{bot.telegram.world.me['username']}"
    await bob_there.says(f"{bot_name} bob asks")
    await bob_there.sees("You asked: bob asks")
    assert questions(bot) == ["bob asks"]
    await there.says(f"{bot_name} alice asks")
    await there.sees("You asked: alice asks")
    assert questions(bot) == ["bob asks", "alice asks"]
    await bob_there.says(f"{bot_name} bob again")
    await bob_there.sees("You asked: bob again")
    assert questions(bot) == ["bob again"], "bob's own number is 0"
    await asks(alice, "private again")
    assert questions(bot) == ["my secret", "private again"]


async def test_each_topic_has_its_own_memory(bot: House, alice: Person) -> None:
    bot.telegram.add_group(GROUP, "Forum", [101], forum=True)
    first, second = (bot.telegram.add_topic(GROUP, name) for name in ("One", "Two"))
    there = alice.in_chat(GROUP)
    bot_name = f"@{bot.telegram.world.me['username']}"
    await there.says("/context 8000", thread_id=first)
    await there.sees("Dialog mode is on")
    for text, topic in (("in one", first), ("in two", second)):
        await there.says(f"{bot_name} {text}", thread_id=topic)
        await there.sees(f"You asked: {text}")
    await there.says("/new", thread_id=second)
    await there.sees("begin anew")
    await there.says(f"{bot_name} again in two", thread_id=second)
    await there.sees("You asked: again in two")
    assert questions(bot) == ["again in two"]
    await there.says(f"{bot_name} again in one", thread_id=first)
    await there.sees("You asked: again in one")
    assert questions(bot) == ["in one", "again in one"]


async def test_context_without_a_number_shows_the_state_with_buttons(bot: House, alice: Person, bob: Person) -> None:
    await alice.says("/context")
    shown = await alice.sees("Dialog mode is off")
    await alice.presses("8000", on=shown)
    shown = await alice.sees("Dialog mode is on: 8000 tokens")
    labels = [button["text"] for row in shown["reply_markup"]["inline_keyboard"] for button in row]
    assert labels == ["off", "2000", "✓ 8000", "32000"]
    await alice.presses("off", on=shown)
    await alice.sees("Dialog mode is off")
    await alice.presses("ctx:102:2000", on=shown, forged=True)
    await alice.sees_popup("not for you")
    await alice.presses("ctx:101:77777777777", on=shown, forged=True)
    await alice.sees_popup("no longer works")


@pytest.mark.parametrize("wrong", ["many", "-5", "1.5", "99999999", "9" * 500, "8000 tokens"])
async def test_a_wrong_number_gets_the_usage(bot: House, alice: Person, wrong: str) -> None:
    await alice.says(f"/context {wrong}")
    shown = await alice.sees("a number from 0 (off) to 1050000")
    assert "Example: /context 8000" in shown["text"]


async def test_a_file_of_the_first_bot_has_it_on_already(house: House) -> None:
    (house.folder / "data.json").write_text(
        '{"global": {"requests": 0, "tokens": 0}, "101": {"requests": 1, "tokens": 9, "balance": 5000,'
        ' "name": "Alice", "username": "@alice", "lastdate": "01.01.2021 00:00:00", "max_context_length": 32000}}'
    )
    await house.start()
    alice = house.person(101, "Alice", "alice")
    await alice.says("/context")
    await alice.sees("on: 8000 tokens")
    await asks(alice, "first")
    await asks(alice, "second")
    assert questions(house) == ["first", "second"]
