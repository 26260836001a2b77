"""Answers that are seen while they are written: drafts, edits, Stop, and Telegram's limits in between (SPEC §5, §8)."""

import asyncio
import itertools
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from gptbot.playground.bot_api import Call
from gptbot.playground.faults import RateLimits
from gptbot.playground.people import find_button
from gptbot.playground.world import Json
from tests.stories.conftest import ADMIN, House
from tests.stories.kit import Person, to

GROUP = -1001
LONG = "\n\n".join(f"Line {number}: " + "words " * 12 for number in range(120))
"""An answer of three messages."""


def drafts(house: House) -> list[Call]:
    return house.telegram.calls_of("sendMessageDraft")


def with_text(calls: list[Call]) -> list[str]:
    return [str(call.params["text"]) for call in calls if call.params["text"]]


def edits(house: House) -> list[Call]:
    return house.telegram.calls_of("editMessageText")


def holding(house: House, answer: str, tokens: int = 5) -> asyncio.Event:
    """The model says so many words and then waits for the event."""
    house.model.answer = lambda body: answer
    house.model.gate, house.model.holds_after = asyncio.Event(), tokens + 1  # the first event of a stream is no word
    return house.model.gate


def going_on(house: House) -> None:
    """What the model was asked to hold back comes, and nothing is held from now on."""
    assert house.model.gate is not None
    house.model.gate.set()
    house.model.gate = house.model.holds_after = None


async def growing(person: Person, wanted: str) -> Json:
    """The message that is edited, once it shows this."""
    await person.sees(wanted)
    return person.last


def left(house: House, chat_id: int) -> list[Json]:
    """What stands in a chat from the bot, /start aside."""
    messages = house.telegram.world.chats[chat_id].messages.values()
    return [message for message in messages if message["from"]["is_bot"]][(1 if chat_id > 0 else 0) :]


async def balance(person: Person) -> int:
    await person.says("/balance")
    shown = await person.sees("Your balance")
    found = re.search(r"(\d+) tokens", shown["text"])
    assert found
    return int(found[1])


# --- drafts ----------------------------------------------------------------------------------------------------------


async def test_a_draft_grows_and_the_whole_answer_takes_its_place(bot: House, alice: Person) -> None:
    bot.model.answer, bot.model.tokens_per_s = lambda body: "**word** " * 50, 25.0
    await alice.says("tell me")
    answer = await alice.sees("word")
    assert answer["text"].count("word") == 50
    frames = drafts(bot)
    texts = with_text(frames)
    assert len(texts) >= 3
    assert all(later.startswith(earlier.rstrip("*")) for earlier, later in itertools.pairwise(texts))
    assert {call.params["draft_id"] for call in frames} == {frames[0].params["draft_id"]}
    assert frames[0].params["draft_id"] != "0"
    assert frames[-1].params["entities"]
    assert not alice.chat.drafts
    assert not bot.telegram.unknown_parameters
    (sent,) = [call for call in bot.telegram.calls_of("sendMessage") if call.params.integer("chat_id") == 101][1:]
    assert all(frame.at < sent.at for frame in frames)


async def test_the_first_words_are_seen_soon(bot: House, alice: Person) -> None:
    holding(bot, "one two three four five six seven")
    await alice.says("tell me")
    request = await bot.model.requested()
    await bot.telegram.until(lambda: with_text(drafts(bot)))
    frame = drafts(bot)[-1]
    assert frame.params["text"] == "one two three four five"
    assert frame.at - request.at < 0.3
    going_on(bot)
    await alice.sees("seven")


async def test_an_answer_that_comes_at_once_is_just_sent(bot: House, alice: Person) -> None:
    await alice.says("quick")
    await alice.sees("You asked: quick")
    assert not drafts(bot)
    assert not edits(bot)


async def test_thinking_is_shown_until_the_first_word(bot: House, alice: Person) -> None:
    bot.model.gate = asyncio.Event()
    await alice.says("hard question")
    await bot.telegram.until(lambda: drafts(bot))
    assert drafts(bot)[0].params["text"] == ""
    assert not bot.telegram.calls_of("sendChatAction")
    bot.model.gate.set()
    await alice.sees("You asked: hard question")


async def test_a_draft_whose_form_is_refused_goes_on_plain(bot: House, alice: Person) -> None:
    refusal = "Bad Request: can't parse entities: x"
    bot.telegram.faults.next("sendMessageDraft", "refuse", status=400, description=refusal)
    holding(bot, "**one** two three **four** five six")
    await alice.says("tell me")
    await bot.telegram.until(lambda: len(drafts(bot)) > 1)
    assert drafts(bot)[-1].params["text"] == "**one** two three **four** five"
    going_on(bot)
    assert (await alice.sees("six"))["text"] == "one two three four five six"


async def test_a_server_without_drafts_is_asked_once_and_answers_grow_by_edits(house: House) -> None:
    house.telegram.without.add("sendMessageDraft")
    await house.start()
    alice = await house.member(101, "Alice")
    for number in range(2):
        holding(house, "one two three four five six seven")
        await alice.says(f"question {number}")
        shown = await growing(alice, "one two three four five")
        assert shown["text"] == "one two three four five"
        going_on(house)
        assert (await alice.sees("seven"))["message_id"] == shown["message_id"]
    assert len(drafts(house)) == 1
    assert len(left(house, 101)) == 2


# --- edits -----------------------------------------------------------------------------------------------------------


async def test_edits_grow_one_message_and_the_chain_knows_it(house: House) -> None:
    await house.start(STREAMING="edits")
    alice = await house.member(101, "Alice")
    house.model.answer, house.model.tokens_per_s = lambda body: "word " * 60, 20.0
    await alice.says("tell me")
    await house.telegram.until(lambda: edits(house))
    await alice.sees(re.compile("(word ?){60}"))
    await house.telegram.until(lambda: not find_button(left(house, 101)[-1], "Stop"))
    (message,) = left(house, 101)
    assert not drafts(house)
    house.model.tokens_per_s = None
    await alice.says("and then?", reply_to=message)
    await alice.sees("word")
    said = [m["content"] for m in house.model.requests[-1].body["messages"] if m["role"] == "assistant"]
    assert said == ["word " * 60]


async def test_a_group_sees_the_answer_grow_as_a_reply(bot: House, alice: Person) -> None:
    bot.telegram.add_group(GROUP, "Friends", [101])
    hers = alice.in_chat(GROUP)
    holding(bot, "one two three four five six seven")
    question = await hers.says("@playground_bot tell me")
    shown = await growing(hers, "one two three four five")
    assert shown["reply_to_message"]["message_id"] == question["message_id"]
    assert not drafts(bot)
    going_on(bot)
    answer = await hers.sees("seven")
    assert answer["message_id"] == shown["message_id"]
    assert not find_button(answer, "Stop")


async def test_edits_keep_the_pace_of_a_group(bot: House, alice: Person) -> None:
    bot.telegram.add_group(GROUP, "Friends", [101])
    bot.model.answer, bot.model.tokens_per_s = lambda body: "word " * 110, 25.0
    hers = alice.in_chat(GROUP)
    await hers.says("@playground_bot tell me")
    await hers.sees(re.compile("(word ?){110}"))
    frames = [call.at for call in (*bot.telegram.calls_of("sendMessage")[-1:], *edits(bot)[:-1])]
    assert len(frames) >= 2
    assert all(later - earlier >= 3.4 for earlier, later in itertools.pairwise(frames))


async def test_a_long_answer_fills_the_growing_message_and_goes_on_behind_it(house: House) -> None:
    await house.start(STREAMING="edits")
    alice = await house.member(101, "Alice")
    holding(house, LONG, tokens=1400)
    await alice.says("tell me a lot")
    shown = await growing(alice, "Line 99")
    assert "Line 0:" not in shown["text"]  # the newest part is what is worth seeing
    going_on(house)
    await alice.sees("Line 119")
    parts = left(house, 101)
    assert parts[0]["message_id"] == shown["message_id"]
    numbers = [int(number) for part in parts for number in re.findall(r"Line (\d+)", part["text"])]
    assert numbers == list(range(120))


async def test_an_answer_whose_growing_message_was_deleted_comes_as_a_new_one(bot: House, alice: Person) -> None:
    bot.telegram.add_group(GROUP, "Friends", [101])
    hers = alice.in_chat(GROUP)
    holding(bot, "one two three four five six seven")
    question = await hers.says("@playground_bot tell me")
    shown = await growing(hers, "one two three four five")
    bot.telegram.world.delete(hers.chat, shown["message_id"])
    going_on(bot)
    answer = await hers.sees("seven")
    assert answer["message_id"] != shown["message_id"]
    assert answer["reply_to_message"]["message_id"] == question["message_id"]
    assert await balance(alice) < 30_000


async def test_streaming_off_shows_typing_and_then_the_answer(house: House) -> None:
    await house.start(STREAMING="off")
    alice = await house.member(101, "Alice")
    holding(house, "one two three four five six seven")
    await alice.says("tell me")
    await house.telegram.until(lambda: house.telegram.calls_of("sendChatAction"))
    going_on(house)
    await alice.sees("seven")
    assert not drafts(house)
    assert not edits(house)
    assert len(left(house, 101)) == 1


# --- Stop ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("as_text", [False, True])
async def test_the_native_stop_keeps_and_charges_what_was_written(bot: House, alice: Person, as_text: bool) -> None:
    holding(bot, "one two three four five six seven")
    await alice.says("tell me")
    await bot.telegram.until(lambda: with_text(drafts(bot)))
    draft_id = drafts(bot)[-1].params.integer("draft_id")
    if as_text:
        stopped = {"chat": alice.chat.info, "draft_id": str(draft_id)}
        bot.telegram.push_raw({"stopped_message_generation": stopped})
    else:
        bot.telegram.stop_draft(101, 101, draft_id)
    answer = await alice.sees("one two three four five")
    assert answer["text"] == "one two three four five"
    assert await balance(alice) < 30_000
    bot.model.gate = bot.model.holds_after = None
    await alice.says("go on", reply_to=answer)
    await alice.sees("seven")
    assert bot.model.requests[-1].body["messages"][-2]["content"] == "one two three four five"


async def test_stop_while_it_thinks_costs_nothing(bot: House, alice: Person) -> None:
    bot.model.gate = asyncio.Event()
    await alice.says("hard question")
    await bot.telegram.until(lambda: drafts(bot))
    bot.telegram.stop_draft(101, 101, drafts(bot)[-1].params.integer("draft_id"))
    await alice.sees("Stopped.")
    assert await balance(alice) == 30_000


async def test_a_late_stop_does_not_stop_the_next_answer(bot: House, alice: Person) -> None:
    holding(bot, "one two three four five six seven")
    await alice.says("first")
    await bot.telegram.until(lambda: with_text(drafts(bot)))
    earlier = drafts(bot)[-1].params.integer("draft_id")
    going_on(bot)
    await alice.sees("seven")
    holding(bot, "one two three four five six seven eight")
    await alice.says("second")
    await bot.telegram.until(lambda: drafts(bot)[-1].params.integer("draft_id") != earlier)
    bot.telegram.push_raw({"stopped_message_generation": {"chat": alice.chat.info, "draft_id": earlier}})
    await alice.says("/balance")
    await alice.sees("Your balance")
    going_on(bot)
    await alice.sees("eight")


async def test_the_stop_button_is_for_the_asker_and_admins(
    bot: House, alice: Person, bob: Person, admin: Person
) -> None:
    bot.telegram.add_group(GROUP, "Friends", [101, 102, ADMIN])
    hers, his, theirs = (person.in_chat(GROUP) for person in (alice, bob, admin))
    for presser in (hers, theirs):
        holding(bot, "one two three four five six seven")
        await hers.says("@playground_bot tell me")
        (shown,) = await bot.telegram.until(lambda: [m for m in left(bot, GROUP) if find_button(m, "Stop")])
        data = shown["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
        await his.presses("Stop", on=shown)
        await his.sees_popup("not for you")
        await presser.presses("Stop", on=shown)
        await presser.sees_popup("Stopped")
        await bot.telegram.until(lambda: not find_button(hers.last, "Stop"))
        assert hers.last["text"] == "one two three four five"
        await presser.presses(data, on=shown, forged=True)
        await presser.sees_popup("no longer works")
    assert await balance(alice) < 30_000


async def test_who_is_blocked_meanwhile_leaves_no_half_answer(bot: House, alice: Person, admin: Person) -> None:
    bot.telegram.add_group(GROUP, "Friends", [101])
    hers = alice.in_chat(GROUP)
    holding(bot, "one two three four five six seven")
    await hers.says("@playground_bot tell me")
    await growing(hers, "one two three four five")
    await admin.says("/block 101")
    await bot.telegram.until(lambda: not left(bot, GROUP))


async def test_nor_when_the_whole_answer_was_on_its_way(bot: House, alice: Person, admin: Person) -> None:
    bot.telegram.add_group(GROUP, "Friends", [101])
    hers = alice.in_chat(GROUP)
    gate = holding(bot, "one two three four five six seven")
    await hers.says("@playground_bot tell me")
    await growing(hers, "one two three four five")
    bot.telegram.faults.next("editMessageText", "429", where=to(GROUP), retry_after=1)
    gate.set()
    await bot.telegram.until(lambda: [call for call in bot.telegram.calls_of("editMessageText") if not call.ok])
    await admin.says("/block 101")
    await bot.telegram.until(lambda: not left(bot, GROUP))


# --- trouble ---------------------------------------------------------------------------------------------------------


async def test_after_a_restart_the_growing_message_becomes_the_answer(house: House) -> None:
    await house.start(STREAMING="edits", STOP_GRACE_S="0")
    alice = await house.member(101, "Alice")
    holding(house, "one two three four five six seven")
    await alice.says("tell me")
    shown = await growing(alice, "one two three four five")
    await house.stop()
    going_on(house)
    await house.start()
    answer = await alice.sees("seven")
    assert answer["message_id"] == shown["message_id"]
    assert len(left(house, 101)) == 1
    assert not find_button(answer, "Stop")


async def test_a_draft_that_a_restart_cut_short_is_answered_anew(house: House) -> None:
    await house.start(STOP_GRACE_S="0")
    alice = await house.member(101, "Alice")
    holding(house, "one two three four five six seven")
    await alice.says("tell me")
    await house.telegram.until(lambda: with_text(drafts(house)))
    await house.stop()
    going_on(house)
    await house.start()
    await alice.sees("seven")
    assert len(left(house, 101)) == 1


async def test_a_stream_that_breaks_leaves_its_words_in_the_growing_message(house: House) -> None:
    await house.start(STREAMING="edits")
    alice = await house.member(101, "Alice")
    house.model.answer, house.model.tokens_per_s = lambda body: "word " * 40, 25.0
    house.model.next_fault("cut")
    await alice.says("tell me")
    shown = await growing(alice, "word")
    await house.telegram.until(lambda: len(left(house, 101)) > 1)
    assert not find_button(house.telegram.world.chats[101].messages[shown["message_id"]], "Stop")


Counted = Callable[[Mapping[str, Any]], bool]


def nth(number: int, chat_id: int) -> Counted:
    """True for the call of that number (from 0) into a chat."""
    calls = itertools.count()
    return lambda params: str(params.get("chat_id")) == str(chat_id) and next(calls) == number


@pytest.mark.parametrize(
    ("streaming", "number"),
    [*(("off", k) for k in range(3)), *(("auto", k) for k in range(4)), *(("edits", k) for k in range(4))],
)
async def test_a_429_at_any_call_is_waited_out_and_all_arrives_once(house: House, streaming: str, number: int) -> None:
    await house.start(STREAMING=streaming)
    alice, bob = await house.member(101, "Alice"), await house.member(102, "Bob")
    holding(house, LONG, tokens=20)
    house.telegram.faults.next("*", "429", retry_after=1, where=nth(number, 101))
    before = len(house.telegram.calls)
    await alice.says("tell me a lot")
    if streaming != "off":
        await house.telegram.until(lambda: of_alice(house, before))
    going_on(house)
    await house.telegram.until(lambda: any(call.answer and not call.ok for call in of_alice(house, before)))
    house.model.answer = lambda body: "quick answer"
    await bob.says("are you there?")
    await bob.sees("quick answer")
    calls = of_alice(house, before)
    refused = next(call for call in calls if call.answer and not call.ok)
    assert calls[-1] is refused, "the wait was not over when the other chat was served"
    await alice.sees("Line 119")
    after = [call for call in of_alice(house, before) if call.at > refused.at]
    assert after[0].at - refused.at >= 1
    parts = left(house, 101)
    numbers = [int(found) for part in parts for found in re.findall(r"Line (\d+)", part["text"])]
    assert numbers == list(range(120))
    await house.telegram.until(lambda: not find_button(parts[0], "Stop"))
    assert await balance(alice) < 30_000
    assert len(house.model.requests) == 2


def of_alice(house: House, since: int) -> list[Call]:
    wanted = ("sendMessage", "sendMessageDraft", "editMessageText")
    calls = house.telegram.calls[since:]
    return [call for call in calls if call.method in wanted and call.params.integer("chat_id") == 101]


async def test_a_429_at_a_later_frame_is_waited_out(house: House) -> None:
    await house.start(STREAMING="edits")
    alice = await house.member(101, "Alice")
    house.telegram.faults.next("editMessageText", "429", retry_after=1)
    house.model.answer, house.model.tokens_per_s = lambda body: "word " * 60, 20.0
    await alice.says("tell me")
    await alice.sees(re.compile("(word ?){60}"))
    refused, *later = edits(house)
    assert not refused.ok
    assert later[0].at - refused.at >= 1
    assert len(left(house, 101)) == 1


@pytest.mark.parametrize("streaming", ["auto", "edits"])
async def test_frames_stay_within_telegrams_limits(house: House, streaming: str) -> None:
    await house.start(STREAMING=streaming, RATE_CHAT_PER_S="1", RATE_CHAT_BURST="5")
    limits = house.telegram.limits = RateLimits()
    alice = await house.member(101, "Alice")
    house.model.answer, house.model.tokens_per_s = lambda body: "word " * 120, 20.0
    await alice.says("tell me")
    await alice.sees(re.compile("(word ?){120}"))
    assert limits.refused == 0
