"""Spoken answers: switched on with /voice, a voice message beside the text, paid from the premium purse (SPEC §4)."""

import pytest

from tests.stories.conftest import House
from tests.stories.kit import Person

SPEECH = {"SPEECH_MODEL": "speech-1", "SPEECH_VOICE": "echo", "NEW_USER_PREMIUM_BALANCE": "1000"}


@pytest.fixture
async def alice(house: House) -> Person:
    """She has switched spoken answers on."""
    await house.start(**SPEECH)
    alice = await house.member(101, "Alice")
    await alice.says("/voice")
    await alice.sees("Spoken answers are on")
    return alice


async def test_an_answer_comes_in_writing_and_then_as_a_voice_message(house: House, alice: Person) -> None:
    house.model.answer = lambda body: "It is **noon** now.\n\n```\nprint(12)\n```"
    await alice.says("What time is it?")
    await alice.sees("It is noon now.")
    message, sound = await alice.sees_file("voice")
    assert sound.startswith(b"OggS")
    assert "caption" not in message
    asked = house.model.requests[-1].body
    words = "It is noon now.\n\nThis part is in the text."
    assert (asked["model"], asked["voice"], asked["input"]) == ("speech-1", "echo", words)
    actions = [call.params["action"] for call in house.telegram.calls_of("sendChatAction")]
    assert "record_voice" in actions
    await house.stop()
    told = house.data()["101"]
    assert told["premium_balance"] == 1000 - -(-len(words) * 500 // 1000)
    assert told["voice"] is True
    assert told["requests"] == 1


async def test_a_reply_to_a_voice_message_of_the_bot_continues_the_chain(house: House, alice: Person) -> None:
    """The bot does not listen to itself, and nobody pays for that."""
    await alice.says("What time is it?")
    await alice.sees("You asked: What time is it?")
    voice, _ = await alice.sees_file("voice")
    await alice.says("/voice")
    await alice.sees("off")
    await alice.says("Sure?", reply_to=voice)
    await alice.sees("You asked: Sure?")
    asked = [message["content"] for message in house.model.requests[-1].body["messages"][1:]]
    assert asked[0] == "What time is it?"
    assert asked[2:] == ["Sure?"]


async def test_switched_off_and_in_groups_answers_come_in_writing_only(house: House, alice: Person) -> None:
    house.telegram.add_group(-1001, "Friends", members=[101])
    there = alice.in_chat(-1001)
    await there.says("@playground_bot Hello?")
    await there.sees("You asked: Hello?")
    await alice.says("/settings")
    await alice.sees("Answers are read aloud, too: on")
    await alice.presses("🔊 off")
    await alice.sees("Answers are read aloud, too: off")
    await alice.says("And now?")
    await alice.sees("You asked: And now?")
    await alice.sees_nothing_until("One more?", "You asked: One more?")
    assert not house.telegram.calls_of("sendVoice")


async def test_a_model_that_can_not_speak_leaves_the_answer_as_it_is(house: House, alice: Person) -> None:
    house.model.next_fault("refuse", on="speech", status=400, message="No voice today.")
    await alice.says("What time is it?")
    await alice.sees("You asked: What time is it?")
    await alice.sees("This answer could not be spoken just now.")
    await alice.says("And now?")
    await alice.sees("You asked: And now?")
    await house.stop()
    assert (house.data()["101"]["premium_balance"], house.data()["101"]["requests"]) == (1000, 2)


async def test_who_takes_no_voice_messages_gets_the_text_and_pays_for_nothing_else(house: House, alice: Person) -> None:
    house.telegram.faults.next("sendVoice", "refuse", status=400, description="Bad Request: VOICE_MESSAGES_FORBIDDEN")
    await alice.says("What time is it?")
    await alice.sees("You asked: What time is it?")
    await alice.sees("Your privacy settings in Telegram let me send no voice messages, so spoken answers are off now.")
    await alice.says("And now?")
    await alice.sees("You asked: And now?")
    await alice.sees_nothing_until("/balance", "1000 premium tokens")
    await house.stop()
    assert len(house.telegram.calls_of("sendVoice")) == 1
    assert "voice" not in house.data()["101"]


async def test_without_premium_tokens_it_is_said_what_is_missing(house: House) -> None:
    await house.start(**SPEECH | {"NEW_USER_PREMIUM_BALANCE": "0"})
    alice = await house.member(101, "Alice")
    await alice.says("/voice on")
    await alice.sees("not enough for a spoken answer")
    await alice.says("What time is it?")
    await alice.sees("You asked: What time is it?")
    await alice.sees("You have no premium tokens left for a spoken answer.")


async def test_an_owner_without_a_speech_model_has_none_to_offer(bot: House) -> None:
    alice = await bot.member(101, "Alice")
    await alice.says("/voice")
    await alice.sees("The owner of this bot has not switched spoken answers on.")
