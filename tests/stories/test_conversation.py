"""Questions and answers as people live them: chains, forks, restarts, queues, stops, ugly answers (SPEC §5)."""

import asyncio
import re

from gptbot.playground.model_answers import default_answer, usage
from gptbot.playground.model_api import ModelServer
from tests.stories.conftest import House
from tests.stories.kit import Person

Messages = list[dict[str, str]]


def context(model: ModelServer, number: int = -1) -> Messages:
    """What the model was sent, without the system message."""
    return [message for message in model.requests[number].body["messages"] if message["role"] != "system"]


def system(model: ModelServer) -> str:
    return str(model.requests[-1].body["messages"][0]["content"])


async def test_a_question_is_answered_and_charged_by_the_reported_usage(bot: House, alice: Person) -> None:
    await alice.says("How far is the moon?")
    await alice.sees("You asked: How far is the moon?")
    await alice.says("/balance")
    shown = await alice.sees("Your balance")
    body = bot.model.requests[-1].body
    total = usage(body, default_answer(body))["total_tokens"]
    assert f"{30_000 - total} tokens" in shown["text"]


async def test_a_reply_continues_the_chain_and_a_reply_to_an_older_answer_forks_it(bot: House, alice: Person) -> None:
    await alice.says("first")
    first = await alice.sees("You asked: first")
    await alice.says("second", reply_to=first)
    second = await alice.sees("You asked: second")
    await alice.says("third", reply_to=second)
    await alice.sees("You asked: third")
    said = [message["content"] for message in context(bot.model) if message["role"] == "user"]
    assert said == ["first", "second", "third"]
    await alice.says("other", reply_to=first)
    await alice.sees("You asked: other")
    said = [message["content"] for message in context(bot.model) if message["role"] == "user"]
    assert said == ["first", "other"]


async def test_without_a_reply_nothing_comes_along(bot: House, alice: Person) -> None:
    await alice.says("first")
    await alice.sees("You asked: first")
    await alice.says("second")
    await alice.sees("You asked: second")
    assert len(context(bot.model)) == 1


async def test_a_chain_survives_a_restart(bot: House, alice: Person) -> None:
    await alice.says("first")
    first = await alice.sees("You asked: first")
    await bot.restart()
    await alice.says("second", reply_to=first)
    await alice.sees("You asked: second")
    assert [message["role"] for message in context(bot.model)] == ["user", "assistant", "user"]


async def test_a_reply_to_ones_own_question_continues_that_turn(bot: House, alice: Person) -> None:
    question = await alice.says("first")
    await alice.sees("You asked: first")
    await alice.says("second", reply_to=question)
    await alice.sees("You asked: second")
    assert context(bot.model)[0]["content"] == "first"
    assert len(context(bot.model)) == 3


async def test_a_reply_to_something_unknown_uses_what_telegram_shows(bot: House, alice: Person) -> None:
    await alice.says("/help")
    shown = await alice.sees("Write me anything")
    await alice.says("What does this mean?", reply_to=shown)
    await alice.sees("You asked: What does this mean?")
    first, second = context(bot.model)
    assert first["role"] == "assistant"
    assert first["content"].startswith("Write me anything")
    assert second["content"] == "What does this mean?"


async def test_a_quote_from_a_known_answer_goes_before_the_question(bot: House, alice: Person) -> None:
    await alice.says("first")
    first = await alice.sees("You asked: first")
    await alice.says("Why?", reply_to=first, quote="You asked")
    await alice.sees("You asked")
    assert context(bot.model)[-1]["content"] == "«You asked»\n\nWhy?"
    assert len(context(bot.model)) == 3


async def test_a_chain_longer_than_the_window_loses_its_oldest_turns(house: House) -> None:
    await house.start(BASIC_CONTEXT_WINDOW="600", PROMPT_TOKENS_MAX="100", BASIC_MAX_OUTPUT="50")
    alice = await house.member(101, "Alice")
    house.model.answer = lambda body: "a " * 100
    shown = None
    for word in ("one", "two", "three", "four", "five", "six"):
        await alice.says(f"{word} " * 40, reply_to=shown)
        shown = await alice.sees("a a")
    said = [message["content"].split()[0] for message in context(house.model) if message["role"] == "user"]
    assert said[-1] == "six"
    assert "one" not in said
    assert system(house.model) == "You are a helpful assistant"


async def test_questions_of_one_person_are_answered_in_order_and_told_their_place(bot: House, alice: Person) -> None:
    gate = asyncio.Event()
    bot.model.gate = gate
    for word in ("one", "two", "three"):
        await alice.says(word)
    await alice.sees("place in the queue: 1")
    await alice.sees("place in the queue: 2")
    gate.set()
    for word in ("one", "two", "three"):
        await alice.sees(f"You asked: {word}")


async def test_a_full_queue_says_so_and_keeps_what_it_took(house: House) -> None:
    await house.start(QUEUE_LENGTH="1")
    alice = await house.member(101, "Alice")
    gate = asyncio.Event()
    house.model.gate = gate
    for word in ("one", "two", "three"):
        await alice.says(word)
    await alice.sees("Too many questions")
    gate.set()
    await alice.sees("You asked: one")
    await alice.sees("You asked: two")
    assert len(house.model.requests) == 2


async def test_commands_act_while_an_answer_is_written(bot: House, alice: Person) -> None:
    gate = asyncio.Event()
    bot.model.gate = gate
    await alice.says("slow question")
    await bot.model.requested()
    await alice.says("/balance")
    await alice.sees("Your balance")
    gate.set()
    await alice.sees("You asked: slow question")


async def test_a_question_keeps_the_model_and_prompt_of_its_moment(bot: House, alice: Person, admin: Person) -> None:
    await admin.says("/refill @alice 5000 premium")
    await alice.sees("5000")
    gate = asyncio.Event()
    bot.model.gate = gate
    await alice.says("running")
    await bot.model.requested()
    await alice.says("waiting")
    await alice.sees("place in the queue")
    await alice.says("/switch_model")
    await alice.sees("premium")
    await alice.says("/prompt You are Marv")
    await alice.sees("Saved")
    gate.set()
    await alice.sees("You asked: running")
    await alice.sees("You asked: waiting")
    assert bot.model.requests[-1].body["model"] == "gpt-6-luna"
    assert system(bot.model) == "You are a helpful assistant"
    await alice.says("new")
    await alice.sees("You asked: new")
    assert bot.model.requests[-1].body["model"] == "gpt-6.2-sol"
    assert system(bot.model) == "You are Marv"


async def test_cancel_stops_an_answer_and_what_was_written_is_kept(bot: House, alice: Person) -> None:
    bot.model.answer = lambda body: "word " * 400
    bot.model.gate, bot.model.holds_after = asyncio.Event(), 5
    await alice.says("tell me a lot")
    await bot.model.requested()
    await alice.says("/balance")
    await alice.sees("30000 tokens")
    await alice.says("/cancel")
    shown = await alice.sees("word")
    assert 1 <= shown["text"].count("word") < 10
    await alice.says("/balance")
    assert "30000 tokens" not in (await alice.sees("Your balance"))["text"]


async def test_cancel_before_a_word_costs_nothing(bot: House, alice: Person) -> None:
    bot.model.gate = asyncio.Event()
    await alice.says("never mind")
    await bot.model.requested()
    await alice.says("/cancel")
    await alice.sees("Stopped.")
    await alice.says("/balance")
    await alice.sees("30000 tokens")


async def test_a_long_answer_arrives_whole_in_order(bot: House, alice: Person) -> None:
    lines = [f"Line {number}: " + "words " * 12 for number in range(200)]
    bot.model.answer = lambda body: "\n\n".join(lines)
    await alice.says("tell me a lot")
    await alice.sees("Line 199")
    parts = [shown.message["text"] for shown in alice.chat.shown if "Line" in shown.message.get("text", "")]
    assert len(parts) > 2
    numbers = [int(number) for part in parts for number in re.findall(r"Line (\d+)", part)]
    assert numbers == list(range(200))


async def test_formatting_is_shown_and_a_refusal_of_it_loses_nothing(bot: House, alice: Person) -> None:
    bot.model.answer = lambda body: "**bold** and `code`"
    await alice.says("one")
    shown = await alice.sees("bold and code")
    assert {entity["type"] for entity in shown["entities"]} == {"bold", "code"}
    bot.telegram.faults.next("sendMessage", "refuse", status=400, description="Bad Request: can't parse entities: x")
    await alice.says("two")
    shown = await alice.sees("bold and code")
    assert not shown.get("entities")


async def test_a_failed_turn_costs_nothing_and_says_so(bot: House, alice: Person) -> None:
    bot.model.next_fault("insufficient_quota")
    await alice.says("question")
    await alice.sees("quota is used up")
    await alice.says("/balance")
    await alice.sees("30000 tokens")


async def test_a_429_is_no_formatting_error_and_the_answer_comes_formatted(bot: House, alice: Person) -> None:
    bot.model.answer = lambda body: "**bold**"
    bot.telegram.faults.next("sendMessage", "429", retry_after=0)
    await alice.says("question")
    shown = await alice.sees("bold")
    assert shown["entities"][0]["type"] == "bold"


async def test_typing_is_shown_only_when_an_answer_takes_long(house: House) -> None:
    await house.start(STREAMING="off")
    alice = await house.member(101, "Alice")
    await alice.says("quick")
    await alice.sees("You asked: quick")
    assert not [call for call in house.telegram.calls if call.method == "sendChatAction"]
    gate = asyncio.Event()
    house.model.gate = gate
    await alice.says("slow")
    await house.telegram.until(
        lambda: [call for call in house.telegram.calls if call.method == "sendChatAction"] or None
    )
    gate.set()
    await alice.sees("You asked: slow")


async def test_pro_asks_the_premium_model_once(bot: House, alice: Person, admin: Person) -> None:
    await alice.says("/pro Why?")
    await alice.sees("premium tokens are used up")
    await admin.says("/refill 101 5000 premium")
    await alice.sees("5000")
    await alice.says("/pro Why?")
    await alice.sees("You asked: Why?")
    assert bot.model.requests[-1].body["model"] == "gpt-6.2-sol"
    await alice.says("plain")
    await alice.sees("You asked: plain")
    assert bot.model.requests[-1].body["model"] == "gpt-6-luna"


async def test_a_picture_is_drawn_delivered_and_charged_once(bot: House, alice: Person, admin: Person) -> None:
    await alice.says("/imagine a cat")
    await alice.sees("images are used up")
    await admin.says("/refill 101 2 image")
    await alice.sees("2")
    await alice.says("/imagine a cat")
    _, content = await alice.sees_file("photo")
    assert content.startswith(b"\x89PNG")
    await alice.says("/balance")
    await alice.sees("1 image")


async def test_two_people_do_not_wait_for_each_other(bot: House, alice: Person, bob: Person) -> None:
    gate = asyncio.Event()
    bot.model.gate = gate
    await alice.says("slow")
    await bot.model.requested()
    bot.model.gate = None
    await bob.says("quick")
    await bob.sees("You asked: quick")
    gate.set()
    await alice.sees("You asked: slow")
