"""Each trouble with the model has its own words, its own retry rule and its outcome in the log (SPEC §8)."""

import asyncio
from typing import Any

import pytest

from gptbot.playground.model_faults import ModelFaultKind
from gptbot.playground.people import find_button
from tests.stories.conftest import House
from tests.stories.kit import Person

NOT_CHARGED = "30000 tokens"


async def costs_nothing(person: Person) -> None:
    await person.says("/balance")
    await person.sees(NOT_CHARGED)


async def outcomes(house: House, person: Person) -> list[tuple[str, str | None]]:
    """How the person's turns have ended; a further question proves that those before it are logged."""
    house.model.answer, house.model.gate = (lambda body: "all is over"), None
    await person.says("probe")
    await person.sees("all is over")
    return [(line["outcome"], line["trouble"]) for line in house.logs if line["event"] == "turn.finished"]


@pytest.mark.parametrize(
    ("kind", "times", "options", "words", "trouble", "retry"),
    [
        ("rate_limit", 1, {"retry_after": 60}, "overloaded", "busy", True),
        ("rate_limit", 3, {}, "overloaded", "busy", True),
        ("insufficient_quota", 1, {}, "quota is used up", "quota", False),
        ("server_error", 3, {}, "could not be reached", "server", True),
        ("reset", 3, {}, "could not be reached", "server", True),
        ("empty", 1, {}, "empty answer", "empty", True),
        ("refusal", 1, {}, "refused this request", "content", False),
        ("context_length_exceeded", 1, {}, "too long for the model", "context", False),
        ("model_not_found", 1, {}, "not available", "model", False),
        ("invalid_key", 1, {}, "bot's key", "key", False),
        ("refuse", 1, {"status": 400, "message": "Bad parameter"}, "did not accept this request", "request", False),
    ],
)
async def test_a_trouble_before_the_first_word_has_its_own_text_and_costs_nothing(
    bot: House,
    alice: Person,
    kind: ModelFaultKind,
    times: int,
    options: dict[str, Any],
    words: str,
    trouble: str,
    retry: bool,
) -> None:
    bot.model.next_fault(kind, times, **options)
    await alice.says("question")
    shown = await alice.sees(words)
    assert bool(find_button(shown, "Try again")) == retry
    await costs_nothing(alice)
    if retry:
        await alice.presses("Try again", on=shown)
        await alice.sees("You asked: question")
    ended = await outcomes(bot, alice)
    assert ended[: 2 if retry else 1] == [("failed", trouble), ("settled", None)][: 2 if retry else 1]


async def test_a_short_trouble_is_not_seen_at_all(bot: House, alice: Person) -> None:
    bot.model.next_fault("rate_limit", retry_after=0)
    bot.model.next_fault("server_error")
    await alice.says("question")
    await alice.sees("You asked: question")


async def test_a_model_that_hangs_is_given_up_on(house: House) -> None:
    await house.start(MODEL_READ_TIMEOUT_S="0.2")
    alice = await house.member(101, "Alice")
    house.model.next_fault("hang", 3)
    await alice.says("question")
    shown = await alice.sees("took too long")
    assert find_button(shown, "Try again")
    await costs_nothing(alice)


async def test_the_owner_is_told_once_until_the_key_works_again(bot: House, alice: Person, admin: Person) -> None:
    bot.model.next_fault("invalid_key", 2)
    for _ in range(2):
        await alice.says("question")
        await alice.sees("bot's key")
    await admin.sees("OPENAI_API_KEY")
    await admin.sees_nothing_until("/cancel", "nothing to cancel")
    await alice.says("works")
    await alice.sees("You asked: works")
    bot.model.next_fault("invalid_key")
    await alice.says("question")
    await admin.sees("OPENAI_API_KEY")


@pytest.mark.parametrize("kind", ["cut", "stream_error", "content_filter"])
async def test_what_came_before_the_model_failed_is_kept_marked_charged_and_can_go_on(
    bot: House, alice: Person, kind: ModelFaultKind
) -> None:
    bot.model.answer = lambda body: "word " * 40 + "end"
    bot.model.next_fault(kind)
    await alice.says("question")
    answer = await alice.sees("word")
    assert "end" not in answer["text"]
    note = await alice.sees("breaks off here")
    await alice.says("/balance")
    assert NOT_CHARGED not in (await alice.sees("Your balance"))["text"]
    assert find_button(note, "🔄")
    bot.model.answer = lambda body: "and the rest"
    await alice.presses("Continue", on=note)
    await alice.sees("and the rest")
    context = bot.model.requests[-1].body["messages"]
    assert [message["role"] for message in context] == ["system", "user", "assistant", "user"]
    assert context[1]["content"] == "question"
    assert context[2]["content"].strip() == answer["text"].strip()
    assert "breaks off" not in context[2]["content"]
    trouble = None if kind == "content_filter" else "server"
    assert (await outcomes(bot, alice))[:2] == [("settled", trouble), ("settled", None)]


async def test_a_stream_that_stalls_keeps_what_came(house: House) -> None:
    await house.start(MODEL_READ_TIMEOUT_S="0.3")
    alice = await house.member(101, "Alice")
    house.model.answer = lambda body: "word " * 40
    house.model.gate, house.model.holds_after = asyncio.Event(), 10
    await alice.says("question")
    note = await alice.sees("breaks off here")
    assert find_button(note, "Continue")
    assert (await outcomes(house, alice))[0] == ("settled", "timeout")


async def test_an_answer_that_drips_without_end_is_cut_at_the_limit_of_the_whole_turn(house: House) -> None:
    await house.start(TURN_TIMEOUT_S="0.5")
    alice = await house.member(101, "Alice")
    house.model.answer = lambda body: "word " * 4_000
    house.model.tokens_per_s = 40.0  # no single gap is long
    await alice.says("question")
    note = await alice.sees("breaks off here")
    assert find_button(note, "Continue")
    assert (await outcomes(house, alice))[0] == ("settled", "timeout")


async def test_an_answer_at_the_output_limit_can_go_on(bot: House, alice: Person) -> None:
    bot.model.next_fault("length")
    await alice.says("question")
    answer = await alice.sees("You asked")
    await alice.presses("Continue", on=answer)
    await alice.sees("exactly where you stopped")
    whole = alice.last
    assert not find_button(whole, "Continue")


async def test_a_context_that_the_model_finds_too_long_is_halved_once(bot: House, alice: Person) -> None:
    shown = None
    for word in ("one", "two", "three"):
        await alice.says(word, reply_to=shown)
        shown = await alice.sees(f"You asked: {word}")
    bot.model.next_fault("context_length_exceeded")
    await alice.says("four", reply_to=shown)
    shown = await alice.sees("You asked: four")
    said = [message["content"] for message in bot.model.requests[-1].body["messages"] if message["role"] == "user"]
    assert said == ["three", "four"]
    asked = len(bot.model.requests)
    bot.model.next_fault("context_length_exceeded", 2)
    await alice.says("five", reply_to=shown)
    await alice.sees("too long for the model")
    assert len(bot.model.requests) == asked + 2
    dropped = [line["turns_dropped"] for line in bot.logs if line["event"] == "turn.finished"]
    assert dropped[:4] == [0, 0, 0, 2]


@pytest.mark.parametrize("kind", ["no_usage", "only_max_tokens"])
async def test_odd_servers_are_got_along_with(house: House, kind: ModelFaultKind) -> None:
    await house.start(BASIC_MAX_OUTPUT="100")
    house.model.always.add(kind)
    alice = await house.member(101, "Alice")
    await alice.says("question")
    await alice.sees("You asked: question")
    await alice.says("/balance")
    assert NOT_CHARGED not in (await alice.sees("Your balance"))["text"]
