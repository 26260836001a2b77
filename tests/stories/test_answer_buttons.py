"""Regenerate, Continue and Retry, and what an edited question leads to (SPEC §5)."""

import asyncio

from gptbot.playground.people import find_button
from gptbot.playground.world import Json
from tests.stories.conftest import House
from tests.stories.kit import Person

GROUP = -1001


def answers_numbered(house: House) -> None:
    house.model.answer = lambda body: f"Answer {len(house.model.requests)}."


def context_of(house: House) -> list[str]:
    """What the model was sent last, without the prompt."""
    return [message["content"] for message in house.model.requests[-1].body["messages"][1:]]


async def bare(house: House, person: Person, message: Json, button: str = "🔄") -> None:
    """Waits until the message has lost its button."""
    await house.telegram.until(lambda: not find_button(person.chat.messages[message["message_id"]], button))


async def test_a_regenerated_answer_takes_the_place_of_the_old_one_and_is_charged(bot: House, alice: Person) -> None:
    answers_numbered(bot)
    await alice.says("first")
    first = await alice.sees("Answer 1.")
    question = await alice.says("second", reply_to=first)
    second = await alice.sees("Answer 2.")
    await alice.says("/balance")
    before = (await alice.sees("Your balance"))["text"]
    await alice.presses("🔄", on=second)
    third = await alice.sees("Answer 3.")
    assert context_of(bot) == ["first", "Answer 1.", "second"]
    await bare(bot, alice, second)
    await alice.says("/balance")
    assert (await alice.sees("Your balance"))["text"] != before
    await alice.says("third", reply_to=third)
    await alice.sees("Answer 4.")
    assert context_of(bot) == ["first", "Answer 1.", "second", "Answer 3.", "third"]
    await alice.says("other", reply_to=question)
    await alice.sees("Answer 5.")
    assert context_of(bot) == ["first", "Answer 1.", "second", "Answer 3.", "other"]


async def test_a_reply_to_a_replaced_answer_goes_on_from_what_it_says(bot: House, alice: Person) -> None:
    """Also where it waited behind the press, and of an answer that was replaced in its turn."""
    answers_numbered(bot)
    await alice.says("first")
    first = await alice.sees("Answer 1.")
    await alice.says("second", reply_to=first)
    second = await alice.sees("Answer 2.")
    gate = bot.model.gate = asyncio.Event()
    await alice.presses("🔄", on=second)
    await bot.model.requested(3)
    await alice.says("about the old one", reply_to=second)
    await alice.sees("place in the queue")
    gate.set()
    third = await alice.sees("Answer 3.")
    await alice.sees("Answer 4.")
    assert context_of(bot) == ["first", "Answer 1.", "second", "Answer 2.", "about the old one"]
    await alice.presses("🔄", on=third)
    await alice.sees("Answer 5.")
    await alice.says("about the one between", reply_to=third)
    await alice.sees("Answer 6.")
    assert context_of(bot) == ["first", "Answer 1.", "second", "Answer 3.", "about the one between"]


async def test_what_others_say_to_a_replaced_answer_is_talk_among_people(
    bot: House, alice: Person, bob: Person
) -> None:
    answers_numbered(bot)
    bot.telegram.add_group(GROUP, "Friends", [101, 102])
    hers, his = alice.in_chat(GROUP), bob.in_chat(GROUP)
    me = f"@{bot.telegram.world.me['username']}"
    await hers.says(f"{me} first")
    first = await hers.sees("Answer 1.")
    await hers.presses("🔄", on=first)
    await his.sees("Answer 2.")
    await his.says("nonsense", reply_to=first)
    await his.sees_nothing_until(f"{me} probe", "Answer 3.")


async def test_dialog_mode_remembers_the_new_answer_only(bot: House, alice: Person) -> None:
    answers_numbered(bot)
    await alice.says("/context 2000")
    await alice.sees("2000")
    await alice.says("first")
    await alice.presses("🔄", on=await alice.sees("Answer 1."))
    await alice.sees("Answer 2.")
    assert context_of(bot) == ["first"]
    await alice.says("second")
    await alice.sees("Answer 3.")
    assert context_of(bot) == ["first", "Answer 2.", "second"]


async def test_an_answer_that_others_follow_stays_in_their_chain(bot: House, alice: Person) -> None:
    answers_numbered(bot)
    await alice.says("first")
    first = await alice.sees("Answer 1.")
    await alice.says("second", reply_to=first)
    second = await alice.sees("Answer 2.")
    await alice.presses("🔄", on=first)
    await alice.sees("Answer 3.")
    await alice.says("third", reply_to=second)
    await alice.sees("Answer 4.")
    assert context_of(bot) == ["first", "Answer 1.", "second", "Answer 2.", "third"]


async def test_a_second_press_is_stale(bot: House, alice: Person) -> None:
    answers_numbered(bot)
    await alice.says("first")
    first = await alice.sees("Answer 1.")
    data = first["reply_markup"]["inline_keyboard"][0][-1]["callback_data"]
    bot.model.gate = asyncio.Event()
    await alice.presses(data, on=first)
    await bot.model.requested(2)
    await alice.presses("🔄", on=first)
    await alice.sees_popup("on it already")
    bot.model.gate.set()
    await alice.sees("Answer 2.")
    await alice.presses(data, on=first, forged=True)
    await alice.sees_popup("no longer works")
    for forged in ("ans", "ans:anew", "ans:anew:x", "ans:eat:1", "ans:on:99999999999999999999", "ans:anew:²"):
        await alice.presses(forged, on=first, forged=True)
        await alice.sees_popup("no longer works")


async def test_a_button_stays_while_nothing_has_taken_its_place(bot: House, alice: Person, admin: Person) -> None:
    """Without tokens it is refused, and a stop before a word leaves nothing: it must be possible to press it again."""
    answers_numbered(bot)
    await alice.says("first")
    first = await alice.sees("Answer 1.")
    await admin.says("/refill 101 -50000")
    await alice.sees("50000")
    await alice.presses("🔄", on=first)
    await alice.sees("used up")
    await admin.says("/refill 101 50000")
    await alice.sees("50000")
    bot.model.gate = asyncio.Event()
    await alice.presses("🔄", on=first)
    await bot.model.requested(2)
    await alice.says("/cancel")
    await alice.sees("Stopped.")
    bot.model.gate = None
    await alice.presses("🔄", on=first)
    await alice.sees("Answer 3.")
    await bare(bot, alice, first)


async def test_a_button_works_after_a_restart_and_a_press_survives_one(bot: House, alice: Person) -> None:
    answers_numbered(bot)
    await alice.says("first")
    first = await alice.sees("Answer 1.")
    await bot.restart(STOP_GRACE_S="0.2")
    bot.model.gate = asyncio.Event()
    await alice.presses("🔄", on=first)
    await bot.model.requested(2)
    await bot.stop()
    bot.model.gate = None
    await bot.start()
    await alice.sees("Answer 3.")
    assert context_of(bot) == ["first"]


async def test_a_failed_question_can_be_tried_again_and_again(bot: House, alice: Person) -> None:
    answers_numbered(bot)
    await alice.says("first")
    first = await alice.sees("Answer 1.")
    bot.model.next_fault("empty", 2)
    await alice.says("second", reply_to=first)
    apology = await alice.sees("empty answer")
    await alice.presses("Try again", on=apology)
    await bare(bot, alice, apology, "Try again")
    await bot.restart()
    await alice.presses("Try again")
    await alice.sees("Answer 4.")
    assert context_of(bot) == ["first", "Answer 1.", "second"]


async def test_an_answer_in_a_group_is_regenerated_for_its_asker_only(bot: House, alice: Person, bob: Person) -> None:
    answers_numbered(bot)
    bot.telegram.add_group(GROUP, "Friends", [101, 102])
    hers, his = alice.in_chat(GROUP), bob.in_chat(GROUP)
    question = await hers.says(f"@{bot.telegram.world.me['username']} first")
    first = await hers.sees("Answer 1.")
    await his.presses("🔄", on=first)
    await his.sees_popup("not for you")
    await hers.presses("🔄", on=first)
    second = await hers.sees("Answer 2.")
    assert second["reply_to_message"]["message_id"] == question["message_id"]


async def test_the_new_answer_stays_in_the_topic_of_a_message_that_telegram_shows_no_more(
    bot: House, alice: Person
) -> None:
    answers_numbered(bot)
    bot.telegram.add_group(GROUP, "Forum", [101], forum=True)
    hers, cats = alice.in_chat(GROUP), bot.telegram.add_topic(GROUP, "Cats")
    await hers.says(f"@{bot.telegram.world.me['username']} first", thread_id=cats)
    first = await hers.sees("Answer 1.")
    button = find_button(first, "🔄")
    assert button is not None
    old = {"message_id": first["message_id"], "date": 0, "chat": hers.chat.info}
    query = {"id": "old", "from": bot.telegram.world.users[101], "message": old, "data": button["callback_data"]}
    bot.model.answer = lambda body: f"{'word ' * 1200} end"
    bot.telegram.push_raw({"callback_query": query | {"chat_instance": "1"}})
    assert (await hers.sees("end"))["message_thread_id"] == cats


async def test_an_answer_of_one_chat_is_not_regenerated_in_another(bot: House, alice: Person) -> None:
    """Not even for its asker: what was said in private would be answered before everybody."""
    answers_numbered(bot)
    bot.telegram.add_group(GROUP, "Friends", [101])
    await alice.says("private")
    button = find_button(await alice.sees("Answer 1."), "🔄")
    assert button is not None
    there = alice.in_chat(GROUP)
    await there.says(f"@{bot.telegram.world.me['username']} open")
    await there.presses(button["callback_data"], on=await there.sees("Answer 2."), forged=True)
    await there.sees_popup("no longer")
    assert len(bot.model.requests) == 2


async def test_nobody_edits_the_question_of_another(bot: House, alice: Person, bob: Person) -> None:
    answers_numbered(bot)
    name = bot.telegram.world.me["username"]
    bot.telegram.add_group(GROUP, "Friends", [101, 102])
    hers, his = alice.in_chat(GROUP), bob.in_chat(GROUP)
    question = await hers.says(f"@{name} first")
    await his.sees("Answer 1.")
    his_own = await his.says("hello")
    forged = {key: value for key, value in his_own.items() if key != "message_id"}
    bot.telegram.push_raw({"edited_message": forged | {"message_id": question["message_id"], "text": "changed"}})
    await his.sees_nothing_until(f"@{name} probe", "Answer 2.")


async def test_an_edited_last_question_is_answered_anew_when_its_asker_wants_it(bot: House, alice: Person) -> None:
    answers_numbered(bot)
    older = await alice.says("first")
    first = await alice.sees("Answer 1.")
    question = await alice.says("secnod", reply_to=first)
    await alice.sees("Answer 2.")
    await alice.edits(older, "changed")  # it is continued already
    await alice.edits(question, "second")
    offer = await alice.sees("Shall I answer it anew?")
    assert len([shown for shown in alice.chat.shown if "anew" in shown.message.get("text", "")]) == 1
    await bot.restart()
    await alice.presses("Answer anew", on=offer)
    third = await alice.sees("Answer 3.")
    assert context_of(bot) == ["first", "Answer 1.", "second"]
    await alice.says("third", reply_to=third)
    await alice.sees("Answer 4.")
    assert context_of(bot) == ["first", "Answer 1.", "second", "Answer 3.", "third"]


async def test_a_question_that_is_edited_before_it_is_answered_is_offered_afterwards(bot: House, alice: Person) -> None:
    """While it is answered, while it waits, and over a restart; the newest edit counts."""
    answers_numbered(bot)
    await bot.restart(STOP_GRACE_S="0.2")
    bot.model.gate = asyncio.Event()
    current = await alice.says("frist")
    await bot.model.requested()
    waiting = await alice.says("secnod")
    await alice.sees("place in the queue")
    await alice.edits(waiting, "second")
    for text in ("fist", "first"):
        await alice.edits(current, text)
    await alice.says("/balance")
    await alice.sees("Your balance")
    await bot.stop()
    bot.model.gate = None
    await bot.start()
    await alice.sees("Answer 2.")
    offers = [await alice.sees("anew"), await alice.sees("anew")]
    await alice.sees_nothing_until("probe", "Answer 4.")
    for offer, text in zip(offers, ("first", "second"), strict=True):
        await alice.presses("Answer anew", on=offer)
        await alice.sees("Answer")
        assert context_of(bot) == [text]


async def test_in_dialog_mode_an_edited_question_does_not_know_what_it_takes_the_place_of(
    bot: House, alice: Person
) -> None:
    answers_numbered(bot)
    await alice.says("/context 2000")
    await alice.sees("2000")
    await alice.says("zero")
    await alice.sees("Answer 1.")
    question = await alice.says("frist")
    await alice.sees("Answer 2.")
    await alice.edits(question, "first")
    await alice.presses("Answer anew", on=await alice.sees("anew"))
    await alice.sees("Answer 3.")
    assert context_of(bot) == ["zero", "Answer 1.", "first"]


async def test_edits_of_anything_else_are_ignored(bot: House, alice: Person) -> None:
    command = await alice.says("/balance")
    await alice.sees("Your balance")
    await alice.edits(command, "something")
    question = await alice.says("first")
    await alice.sees("You asked: first")
    await alice.edits(question, "first")
    await alice.edits(question, "/balance")
    await alice.edits(question, "/imagine a cat")
    await alice.sees_nothing_until("probe", "You asked: probe")


async def test_a_continuation_that_was_retried_leaves_the_question_with_its_own_turn(bot: House, alice: Person) -> None:
    answers_numbered(bot)
    bot.model.next_fault("length")
    question = await alice.says("first")
    cut = await alice.sees("Answer")
    bot.model.next_fault("empty")
    await alice.presses("Continue", on=cut)
    await alice.presses("Try again", on=await alice.sees("empty answer"))
    await alice.sees("Answer 3.")
    await alice.says("about the question", reply_to=question)
    await alice.sees("Answer 4.")
    assert len(context_of(bot)) == 3


async def test_a_continuation_of_a_continuation_that_was_regenerated_leaves_the_question_with_its_turn(
    bot: House, alice: Person
) -> None:
    answers_numbered(bot)
    bot.model.next_fault("length", 2)
    question = await alice.says("first")
    cut = await alice.sees("Answer")
    await alice.presses("Continue", on=cut)
    await bare(bot, alice, cut, "Continue")
    await alice.presses("Continue")
    third = await alice.sees("Answer 3.")
    await alice.presses("🔄", on=third)
    await alice.sees("Answer 4.")
    assert len(context_of(bot)) == 5
    await alice.says("about the question", reply_to=question)
    await alice.sees("Answer 5.")
    assert len(context_of(bot)) == 3


async def test_what_a_question_replied_to_stays_with_it(bot: House, alice: Person, bob: Person) -> None:
    answers_numbered(bot)
    bot.telegram.add_group(GROUP, "Friends", [101, 102])
    hers, his = alice.in_chat(GROUP), bob.in_chat(GROUP)
    claim = await his.says("The moon is made of cheese")
    me = f"@{bot.telegram.world.me['username']}"
    asked = await hers.says(f"{me} is that so?", reply_to=claim)
    first = await hers.sees("Answer 1.")
    await hers.presses("🔄", on=first)
    second = await hers.sees("Answer 2.")
    assert context_of(bot) == ["The moon is made of cheese", "is that so?"]
    await hers.says("sure?", reply_to=second)
    await hers.sees("Answer 3.")
    assert context_of(bot) == ["The moon is made of cheese", "is that so?", "Answer 2.", "sure?"]
    assert asked["message_id"] < second["message_id"]


async def test_an_edited_question_keeps_its_quote(bot: House, alice: Person) -> None:
    bot.model.answer = lambda body: "One. Two. Three."
    await alice.says("count")
    answer = await alice.sees("One. Two.")
    question = await alice.says("wyh?", reply_to=answer, quote="Two")
    await alice.sees("One. Two.")
    assert context_of(bot)[-1] == "«Two»\n\nwyh?"
    await alice.edits(question, "why?")
    await alice.presses("Answer anew", on=await alice.sees("anew"))
    await alice.sees("One. Two.")
    assert context_of(bot)[-1] == "«Two»\n\nwhy?"
