"""/context, /new, /delete_context and /settings as pure handlers; what they say and write (SPEC §4)."""

from dataclasses import replace

import pytest

from gptbot.commands import dialog_mode, preferences
from gptbot.domain.rules import ModelSpec
from gptbot.texts import LANGUAGES
from tests.commands.making_account import ADMIN, GROUP, RULES, World

ANN = 10
WIDE = replace(RULES, basic=ModelSpec("basic-1", 40_000, 0.1, 0.01, 0.5))


def world(**account: object) -> World:
    made = World(rules=WIDE)
    made.add(ANN, **account)
    return made


@pytest.mark.parametrize(("args", "tokens"), [("0", 0), ("off", 0), ("OFF", 0), ("1", 1), ("40000", 40_000)])
def test_a_number_within_the_larger_window_is_taken(args: str, tokens: int) -> None:
    made = world(context_tokens=7)
    made.says(ANN, dialog_mode.context, args)
    assert made.book.accounts[ANN].context_tokens == tokens


@pytest.mark.parametrize("args", ["40001", "-1", "x", "1e3", "", "٣", "8000\n9"])
def test_anything_else_changes_nothing(args: str) -> None:
    made = world(context_tokens=7)
    (call,) = made.says(ANN, dialog_mode.context, args)
    assert made.book.accounts[ANN].context_tokens == 7
    assert ("40000" in call.text) is bool(args)


def test_the_buttons_offer_what_a_window_can_hold() -> None:
    made = World(rules=RULES)
    made.add(ANN)
    (call,) = made.says(ANN, dialog_mode.context)
    assert [button["text"] for button in call.buttons] == ["✓ off"]
    calls, popup = made.presses(ANN, dialog_mode.choose_context, f"ctx:{ANN}:2000")
    assert (calls, popup) == ([], "This button no longer works.")


@pytest.mark.parametrize("data", ["ctx", "ctx:10", "ctx:10:x", "ctx:10:2001", "ctx:10:2000:3", "ctx:10:-1"])
def test_a_forged_button_changes_nothing(data: str) -> None:
    made = world()
    calls, popup = made.presses(ANN, dialog_mode.choose_context, data)
    assert (calls, popup) == ([], "This button no longer works.")
    assert made.book.accounts[ANN].context_tokens == 0


def test_somebody_elses_buttons_in_a_group_are_not_yours() -> None:
    made = world()
    made.add(11)
    for handler, data in (
        (dialog_mode.choose_context, f"ctx:{ANN}:2000"),
        (preferences.choose, f"set:{ANN}:model:premium"),
    ):
        calls, popup = made.presses(11, handler, data, place=GROUP)
        assert (calls, popup) == ([], "This button is not for you.")
    assert made.book.accounts[11].context_tokens == 0


def test_strangers_are_pointed_to_start() -> None:
    made = world()
    for handler in (dialog_mode.context, dialog_mode.new, dialog_mode.delete_context, preferences.settings):
        (call,) = made.says(99, handler)
        assert "/start" in call.text
    assert made.presses(99, preferences.choose, "set:99:model:premium")[1].startswith("Please press /start")
    assert made.presses(99, dialog_mode.choose_context, "ctx:99:2000")[1].startswith("Please press /start")


def test_the_reports_are_offered_to_the_main_admin_in_private_only() -> None:
    made = world()
    made.add(2)
    for user, place, offered in ((ADMIN, None, True), (ADMIN, GROUP, False), (2, None, False), (ANN, None, False)):
        (call,) = made.says(user, preferences.settings, place=place)
        assert any(":reports:" in button["callback_data"] for button in call.buttons) is offered
    assert made.presses(2, preferences.choose, "set:2:reports:off")[1] == "This button no longer works."
    assert made.presses(ADMIN, preferences.choose, "set:1:reports:digest")[1] == ""
    assert made.book.accounts[ADMIN].reports == "digest"


def test_every_value_of_every_row_can_be_chosen_and_fits_a_button() -> None:
    for setting in preferences.SETTINGS:
        made = world()
        made.rules = replace(made.rules, speech_model="speech-1")
        (call,) = made.says(ADMIN, preferences.settings)
        offered = [b["callback_data"] for b in call.buttons if f":{setting.name}:" in b["callback_data"]]
        assert offered
        for data in offered:
            assert len(data.encode()) <= 64
            (call,), popup = made.presses(ADMIN, preferences.choose, data)
            assert (popup == "") is not data.endswith(":voice:on"), "only what costs something says so"
            assert call.method == "editMessageText"
            marked = [b["callback_data"] for b in call.buttons if b["text"].startswith("✓")]
            assert data in marked


def test_every_line_of_the_settings_is_in_every_language() -> None:
    for texts in LANGUAGES.values():
        assert {f"settings.{setting.name}" for setting in preferences.SETTINGS} <= texts.keys()
