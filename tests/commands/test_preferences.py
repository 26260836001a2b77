"""/settings and /voice: the choices of streaming and of spoken answers (SPEC §4)."""

from dataclasses import replace
from typing import Any

import pytest

from gptbot.commands import preferences
from gptbot.domain.records import to_json
from gptbot.domain.rules import Language, Rules
from gptbot.texts import Words
from tests.commands.making_account import ADMIN, GROUP, RULES, Call, World

ANN = 10
SPEAKING = replace(RULES, speech_model="speech-1", speech_tokens_per_1000=400)


def world_of(rules: Rules = RULES, **values: Any) -> World:
    world = World(rules=rules)
    world.add(ANN, **values)
    return world


def only(calls: list[Call]) -> Call:
    (call,) = calls
    return call


def labels(call: Call, setting: str) -> list[str]:
    return [button["text"] for button in call.buttons if f":{setting}:" in button["callback_data"]]


# --- streaming -------------------------------------------------------------------------------------------------------


def test_streaming_is_on_or_off_for_each_person() -> None:
    world = world_of()
    assert labels(only(world.says(ANN, preferences.settings)), "streaming") == ["✓ on", "⚡ off"]
    calls, popup = world.presses(ANN, preferences.choose, f"set:{ANN}:streaming:off")
    assert labels(only(calls), "streaming") == ["⚡ on", "✓ off"]
    assert (popup, world.book.accounts[ANN].streaming) == ("", "off")
    assert to_json(world.book.accounts[ANN])["streaming"] == "off"
    world.presses(ANN, preferences.choose, f"set:{ANN}:streaming:on")
    assert world.book.accounts[ANN].streaming is None
    assert "streaming" not in to_json(world.book.accounts[ANN])


def test_where_the_owner_shows_nothing_growing_there_is_no_choice() -> None:
    world = world_of(replace(RULES, streaming="off"))
    assert labels(only(world.says(ANN, preferences.settings)), "streaming") == []
    calls, popup = world.presses(ANN, preferences.choose, f"set:{ANN}:streaming:on")
    assert (calls, popup) == ([], "This button no longer works.")


# --- spoken answers --------------------------------------------------------------------------------------------------


def test_the_row_for_spoken_answers_is_there_where_the_owner_has_a_model_and_tells_the_price() -> None:
    world = world_of(SPEAKING)
    assert labels(only(world.says(ANN, preferences.settings)), "voice") == ["🔊 on", "✓ off"]
    calls, popup = world.presses(ANN, preferences.choose, f"set:{ANN}:voice:on")
    assert labels(only(calls), "voice") == ["✓ on", "🔊 off"]
    assert "400 premium tokens" in popup
    assert to_json(world.book.accounts[ANN])["voice"] is True
    assert world.presses(ANN, preferences.choose, f"set:{ANN}:voice:off")[1] == ""
    assert "voice" not in to_json(world.book.accounts[ANN])


def test_without_a_model_there_is_neither_row_nor_switch() -> None:
    world = world_of()
    assert labels(only(world.says(ANN, preferences.settings)), "voice") == []
    assert world.presses(ANN, preferences.choose, f"set:{ANN}:voice:on")[1] == "This button no longer works."
    assert only(world.says(ANN, preferences.voice)).text == Words("en").plain("voice.not_offered")
    assert world.book.accounts[ANN].voice is False


def test_voice_switches_over_and_says_what_it_costs() -> None:
    world = world_of(SPEAKING, premium_balance=7)
    text = only(world.says(ANN, preferences.voice)).text
    assert "on" in text
    assert "400 premium tokens" in text
    assert "You have 7 premium tokens" in text
    assert "not enough" not in text
    assert world.book.accounts[ANN].voice is True
    assert "off" in only(world.says(ANN, preferences.voice, place=GROUP)).text
    assert world.book.accounts[ANN].voice is False


@pytest.mark.parametrize(
    ("argument", "before", "after"), [("ON", True, True), ("on", False, True), ("off", False, False)]
)
def test_voice_can_be_told_what_to_be(argument: str, before: bool, after: bool) -> None:
    world = world_of(SPEAKING, voice=before)
    world.says(ANN, preferences.voice, argument)
    assert world.book.accounts[ANN].voice is after


def test_voice_explains_itself_when_it_is_told_something_else() -> None:
    world = world_of(SPEAKING)
    assert "/voice off" in only(world.says(ANN, preferences.voice, "louder")).text
    assert world.book.accounts[ANN].voice is False


def test_an_empty_purse_is_told_and_an_admin_pays_nothing() -> None:
    assert "not enough" in only(world_of(SPEAKING).says(ANN, preferences.voice)).text
    assert "You are an admin" in only(world_of(SPEAKING).says(ADMIN, preferences.voice)).text


def test_a_stranger_is_pointed_to_start() -> None:
    assert "/start" in only(world_of(SPEAKING).says(99, preferences.voice)).text


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("rules", [RULES, SPEAKING])
def test_the_page_and_the_pop_up_fit_telegrams_limits(language: Language, rules: Rules) -> None:
    world = world_of(replace(rules, speech_tokens_per_1000=10**12), language=language, context_tokens=10**15)
    call = only(world.says(ANN, preferences.settings))
    assert all(len(button["callback_data"].encode()) <= 64 for button in call.buttons)
    assert len(world.presses(ANN, preferences.choose, f"set:{ANN}:voice:on")[1]) <= 200
