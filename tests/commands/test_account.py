"""The users' commands that are one transaction (SPEC §4), as the people who give them see it."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptbot.commands import account, favors, payments, privacy
from gptbot.commands.models import switch
from gptbot.commands.people import display_name, identity
from gptbot.commands.start import point_to_start, start
from gptbot.commands.visit import Visit
from gptbot.domain.records import AMOUNT_MAX, Account
from gptbot.domain.rules import Economy, Language
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import Person, Place
from gptbot.texts import LANGUAGE_NAMES, Words
from gptbot.texts.names import WORD_JOINER
from tests.commands.making_account import ADMIN, GROUP, ME, RULES, Call, World

ANN, BOB = 10, 11
HANDLERS: list[Callable[[Transaction, Visit, str], None]] = [
    start,
    switch,
    favors.ask_favor,
    account.balance,
    account.stats,
    account.invite,
    payments.topup,
    account.reset_prompt,
    privacy.privacy,
    account.language,
]
NASTY_NAME = "</b><a href='tg://user?id=1'>x</a>*_`{who}\u202e\n\nRequest number: 99 😀"


def only(calls: list[Call]) -> Call:
    (call,) = calls
    assert call.params.get("parse_mode") is None
    return call


def to(calls: list[Call], chat: int) -> Call:
    return only([call for call in calls if call.params["chat_id"] == chat])


# --- /start ----------------------------------------------------------------------------------------------------------


def test_start_registers_and_tells_the_balance() -> None:
    world = World()
    call = only(world.says(ANN, start))
    assert (call.chat, world.book.accounts[ANN].balance) == (ANN, 30_000)
    assert "30000 tokens" in call.text
    assert "User 10" in call.text


def test_a_known_user_is_greeted_and_keeps_everything() -> None:
    world = World()
    world.add(ANN, balance=5)
    call = only(world.says(ANN, start))
    assert "again" in call.text
    assert world.book.accounts[ANN].balance == 5


def test_through_a_friends_link_both_get_the_bonus_and_both_are_told_in_their_language() -> None:
    world = World()
    world.add(ANN, name="Ann", language="ru")
    calls = world.says(BOB, start, str(ANN))
    assert "bonus of 20000 tokens" in to(calls, BOB).text
    assert "Ann" in to(calls, BOB).text
    assert "20000 токенов" in to(calls, ANN).text
    assert [world.book.accounts[user].balance for user in (ANN, BOB)] == [50_000, 50_000]


def test_a_friends_link_pays_once_however_often_it_is_opened() -> None:
    world = World()
    world.add(ANN)
    for _ in range(3):
        world.says(BOB, start, str(ANN))
    assert [world.book.accounts[user].balance for user in (ANN, BOB)] == [50_000, 50_000]


@pytest.mark.parametrize("payload", ["11", "999", "12", "ref_10", "-10", "010", "10 10", "1e1", "9" * 64, "٣", "<b>"])
def test_a_deep_link_of_any_other_shape_just_registers(payload: str) -> None:
    world = World()
    world.add(ANN)
    world.add(12, blocked=True)
    calls = world.says(BOB, start, payload)
    assert only(calls).chat == BOB
    assert world.book.accounts[BOB].referrer is None
    assert world.book.accounts[BOB].balance == 30_000


@given(payload=st.text(max_size=80))
def test_no_deep_link_breaks_registration(payload: str) -> None:
    world = World()
    world.says(BOB, start, payload)
    assert world.book.accounts[BOB].balance in (30_000, 50_000)


def test_without_a_bonus_nobody_is_promised_one() -> None:
    world = World(rules=replace(RULES, economy=Economy(referral_bonus=0)))
    world.add(ANN)
    assert "bonus" not in only(world.says(BOB, start, str(ANN))).text
    assert "bonus" not in only(world.says(ANN, account.invite)).text


def test_an_admin_is_told_that_nothing_is_taken() -> None:
    world = World()
    del world.book.accounts[ADMIN]
    assert "admin" in only(world.says(ADMIN, start)).text
    assert world.book.accounts[ADMIN].balance == 777_777


def test_in_a_group_start_points_to_the_private_chat_and_registers_nobody() -> None:
    world = World()
    call = only(world.says(ANN, start, "1", place=GROUP))
    assert ANN not in world.book.accounts
    assert call.chat == GROUP.chat_id
    assert call.params["reply_parameters"]["message_id"] == 50
    assert call.buttons[0]["url"] == "https://t.me/TheBot"


def test_a_russian_stranger_is_spoken_to_in_russian() -> None:
    call = only(World().says(ANN, start, person=Person(ANN, "Аня", None, "ru")))
    assert "Здравствуйте, Аня" in call.text


# --- strangers, groups, names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("handler", HANDLERS)
@pytest.mark.parametrize("place", [None, GROUP])
def test_no_command_of_a_stranger_crashes_or_registers(
    handler: Callable[[Transaction, Visit, str], None], place: Place | None
) -> None:
    world = World()
    assert len(world.says(ANN, handler, "x", place=place)) == 1
    if handler is not start:
        assert ANN not in world.book.accounts


def test_stats_of_a_stranger_does_not_crash() -> None:
    """The first bot's /stats raised a KeyError."""
    assert "/start" in only(World().says(ANN, account.stats)).text


def test_a_stranger_in_a_group_is_pointed_to_the_private_chat() -> None:
    world = World()
    assert "private chat" in only(world.says(ANN, account.balance, place=GROUP)).text
    assert only(world.says(ANN, lambda tx, visit, args: point_to_start(tx, visit))).text.startswith(
        "Please press /start"
    )


@pytest.mark.parametrize("handler", HANDLERS)
@pytest.mark.parametrize("language", list(LANGUAGE_NAMES))
@pytest.mark.parametrize("args", ["", "premium", "ru", "<b>", "-1", "x" * 4000, "😀" * 2000])
def test_every_command_answers_once_in_every_language_whatever_its_arguments(
    handler: Callable[[Transaction, Visit, str], None], language: Language, args: str
) -> None:
    world = World()
    world.add(ANN, language=language, balance=-3, name=NASTY_NAME, referrer=BOB, username="ann")
    calls = [call for call in world.says(ANN, handler, args) if call.chat == ANN]
    assert len(only(calls).text) <= 4096


def test_a_name_full_of_markup_stays_a_name_in_the_admins_message() -> None:
    world = World()
    world.add(ANN, balance=1, name=NASTY_NAME, username="ann")
    request = to(world.says(ANN, favors.ask_favor), ADMIN)
    lines = request.text.splitlines()
    assert [line for line in lines if line.startswith("Request number")] == ["Request number: 1"]
    assert lines[2].replace(WORD_JOINER, "").startswith("From: </b><a href=")
    assert lines[2].endswith("(@ann, 10)")
    assert [entity["type"] for entity in request.params["entities"]] == ["bold"]


@pytest.mark.parametrize(
    ("account", "shown", "admins_view"),
    [
        (Account(name="Ann", username="ann"), "Ann", "Ann (@ann, 10)"),
        (Account(name="", username="ann"), "@ann", "@ann, 10"),
        (Account(name="\u200b\u3164"), "10", "10"),
        (Account(name="אבג", username="ann"), "\u2068אבג\u2069", "\u2068אבג\u2069 (@ann, 10)"),
        (Account(name="a\n\nb\u202e /stop"), "a b /\u2060stop", "a b /\u2060stop (10)"),
        (Account(name="x" * 99), "x" * 39 + "…", "x" * 39 + "… (10)"),
        (None, "10", "10"),
    ],
)
def test_people_are_named_on_one_line_without_tricks(account: Account | None, shown: str, admins_view: str) -> None:
    assert display_name(10, account) == shown
    assert identity(10, account) == admins_view


# --- /balance, /stats, /invite ----------------------------------------------------------------------------------------


def test_balance_shows_three_purses_what_they_buy_and_the_model() -> None:
    world = World()
    world.add(ANN, balance=30_000, premium_balance=2_500, image_balance=1, model="premium")
    text = only(world.says(ANN, account.balance)).text
    assert "30000 tokens: answers of basic-1, enough for about 30 answers" in text
    assert "2500 premium tokens: answers of premium-1, enough for about 3 answers" in text
    assert "1 image: " in text
    assert "photos are answered by premium-1" in text
    assert "Active model: premium (premium-1)" in text
    assert "/ask_favor" not in text


def test_balance_tells_what_voice_takes_where_the_bot_hears_and_speaks() -> None:
    world = World(rules=replace(RULES, transcription_model="ears", speech_model="mouth", voice_tokens_per_s=1))
    world.add(ANN)
    text = only(world.says(ANN, account.balance)).text
    assert "Each second of a voice message takes 1 premium token, the answer comes on top." in text
    assert "Each 1000 characters of a spoken answer take 500 premium tokens." in text
    world.rules = RULES
    assert "voice" not in only(world.says(ANN, account.balance)).text


def test_a_low_balance_shows_the_ways_out() -> None:
    world = World()
    world.add(ANN, balance=-7)
    text = only(world.says(ANN, account.balance)).text
    assert "-7 tokens: answers of basic-1, enough for about 0 answers" in text
    assert "/ask_favor" in text


def test_stats_show_the_figures_who_came_and_who_invited() -> None:
    world = World()
    world.add(ANN, name="Ann", username="ann")
    world.add(BOB, referrer=ANN, requests=3, tokens=4, premium_tokens=5, images=6, cost=12_345_678)
    world.add(12, referrer=BOB)
    text = only(world.says(BOB, account.stats)).text
    for line in (
        "Requests: 3", "Tokens: 4", "Premium tokens: 5", "Images: 6", "Cost: $0.0123", "Friends invited: 1",
        "Invited by: Ann",
    ):  # fmt: skip
        assert line in text.splitlines()
    assert "Invited by" not in only(world.says(ANN, account.stats)).text


def test_stats_show_nobody_elses_figures() -> None:
    world = World()
    world.add(ANN, requests=123456)
    world.add(BOB)
    assert "123456" not in only(world.says(BOB, account.stats, str(ANN))).text


def test_an_inviter_who_is_gone_is_shown_by_id() -> None:
    world = World()
    world.add(ANN, referrer=999)
    assert "Invited by: 999" in only(world.says(ANN, account.stats)).text


def test_invite_gives_the_link_a_share_button_and_how_many_came() -> None:
    world = World()
    world.add(ANN)
    world.add(BOB, referrer=ANN)
    call = only(world.says(ANN, account.invite))
    assert f"https://t.me/TheBot?start={ANN}" in call.text
    assert call.text.endswith("came through it: 1")
    (button,) = call.buttons
    assert button["url"].startswith(f"https://t.me/share/url?url=https%3A%2F%2Ft.me%2FTheBot%3Fstart%3D{ANN}&text=")
    assert " " not in button["url"]


# --- favours ---------------------------------------------------------------------------------------------------------


def asked(world: World, user: int = ANN) -> str:
    """The data of the yes button of a new request."""
    return to(world.says(user, favors.ask_favor), ADMIN).buttons[0]["callback_data"]


def test_a_request_reaches_the_main_admin_with_yes_and_no() -> None:
    world = World()
    world.add(ANN, name="Ann", username="ann", balance=9_999)
    calls = world.says(ANN, favors.ask_favor)
    assert "asked the admin" in to(calls, ANN).text
    request = to(calls, ADMIN)
    assert "Ann (@ann, 10)" in request.text
    assert "9999 tokens" in request.text
    assert [button["callback_data"] for button in request.buttons] == ["favor:10:1:yes", "favor:10:1:no"]


def test_a_refused_request_reaches_nobody_else() -> None:
    world = World()
    world.add(ANN, balance=10_000)
    world.add(BOB, balance=0, favor_pending=True)
    assert "10000 tokens" in only(world.says(ANN, favors.ask_favor)).text
    assert "already" in only(world.says(BOB, favors.ask_favor)).text
    assert "admin" in only(world.says(ADMIN, favors.ask_favor)).text


def test_yes_pays_tells_the_user_and_shows_the_admin_what_was_decided() -> None:
    world = World()
    world.add(ANN, balance=1, language="ru")
    data = asked(world)
    calls, popup = world.presses(ADMIN, favors.decide, data)
    assert popup == "Granted."
    edit = to(calls, ADMIN)
    assert (edit.method, edit.params["message_id"], edit.buttons) == ("editMessageText", 60, [])
    assert "granted" in edit.text
    assert "30001 tokens" in edit.text
    assert "30000 токенов" in to(calls, ANN).text
    assert world.book.accounts[ANN].balance == 30_001


def test_no_tells_the_user_and_pays_nothing() -> None:
    world = World()
    world.add(ANN, balance=1)
    data = asked(world).replace(":yes", ":no")
    calls, popup = world.presses(ADMIN, favors.decide, data)
    assert popup == "Declined."
    assert "declined" in to(calls, ADMIN).text
    assert "declined" in to(calls, ANN).text
    assert world.book.accounts[ANN].balance == 1


@pytest.mark.parametrize("first", ["yes", "no"])
@pytest.mark.parametrize("second", ["yes", "no"])
def test_a_double_tap_changes_nothing_and_says_so(first: str, second: str) -> None:
    world = World()
    world.add(ANN, balance=1)
    data = asked(world)
    world.presses(ADMIN, favors.decide, data.replace("yes", first))
    held = world.book.accounts[ANN].balance
    calls, popup = world.presses(ADMIN, favors.decide, data.replace("yes", second))
    assert calls == []
    assert "Nothing was changed" in popup
    assert world.book.accounts[ANN].balance == held


def test_the_button_of_an_old_request_does_not_decide_the_next_one() -> None:
    world = World()
    world.add(ANN, balance=1)
    old = asked(world)
    world.presses(ADMIN, favors.decide, old.replace("yes", "no"))
    asked(world)
    assert world.presses(ADMIN, favors.decide, old)[0] == []
    assert world.book.accounts[ANN].favor_pending
    assert world.book.accounts[ANN].balance == 1


def test_only_an_admin_in_the_private_chat_decides() -> None:
    world = World()
    world.add(ANN, balance=1)
    data = asked(world)
    for user, place in ((ANN, None), (BOB, None), (ADMIN, GROUP)):
        calls, popup = world.presses(user, favors.decide, data, place=place)
        assert (calls, popup) == ([], "This button is not for you.")
    assert world.book.accounts[ANN].balance == 1


def test_a_blocked_user_hears_nothing_of_the_decision() -> None:
    world = World()
    world.add(ANN, balance=1)
    data = asked(world)
    world.book.accounts[ANN].blocked = True
    assert "blocked" in world.presses(ADMIN, favors.decide, data)[1]
    calls, _ = world.presses(ADMIN, favors.decide, data.replace("yes", "no"))
    assert only(calls).chat == ADMIN


# --- /switch_model, /reset_prompt, /topup -----------------------------------------------------------------------------


def test_switch_model_toggles_and_says_what_it_costs() -> None:
    world = World()
    world.add(ANN, premium_balance=3)
    assert "premium model (premium-1)" in only(world.says(ANN, switch)).text
    assert world.book.accounts[ANN].model == "premium"
    assert "costs one token" in only(world.says(ANN, switch)).text
    assert world.book.accounts[ANN].model == "basic"


def test_switch_model_takes_the_one_that_is_named() -> None:
    world = World()
    world.add(ANN)
    world.says(ANN, switch, "Basic")
    assert world.book.accounts[ANN].model == "basic"
    assert "Example" in only(world.says(ANN, switch, "turbo")).text
    assert world.book.accounts[ANN].model == "basic"


def test_an_empty_purse_is_told_when_the_model_is_switched() -> None:
    world = World()
    world.add(ANN)
    assert "not enough" in only(world.says(ANN, switch)).text
    assert "nothing is ever taken" in only(world.says(ADMIN, switch)).text


def test_reset_prompt_goes_back_to_the_standard_one() -> None:
    world = World(rules=replace(RULES, default_prompt="Be <b>kind<b>. " * 1000))
    world.add(ANN, prompt="Be Marv")
    call = only(world.says(ANN, account.reset_prompt))
    assert world.book.accounts[ANN].prompt is None
    assert "Be <b>kind<b>" in call.text
    assert len(call.text) < 500
    assert "no instruction of your own" in only(world.says(ANN, account.reset_prompt)).text


# --- /language, /privacy ---------------------------------------------------------------------------------------------


def test_language_is_chosen_with_buttons() -> None:
    world = World()
    world.add(ANN)
    asking = only(world.says(ANN, account.language))
    assert [button["text"] for button in asking.buttons] == ["English", "Русский"]
    calls, popup = world.presses(ANN, account.choose_language, asking.buttons[1]["callback_data"])
    assert only(calls).method == "editMessageText"
    assert "Русский" in only(calls).text
    assert popup == ""
    assert world.book.accounts[ANN].language == "ru"


@pytest.mark.parametrize(("argument", "code"), [("ru", "ru"), ("EN", "en"), ("Русский", "ru"), ("english", "en")])
def test_language_can_be_named(argument: str, code: str) -> None:
    world = World()
    world.add(ANN)
    world.says(ANN, account.language, argument)
    assert world.book.accounts[ANN].language == code


def test_nobody_chooses_for_another() -> None:
    world = World()
    world.add(ANN)
    world.add(BOB)
    assert world.presses(BOB, account.choose_language, f"lang:{ANN}:ru", place=GROUP) == (
        [],
        "This button is not for you.",
    )
    assert world.presses(99, account.choose_language, "lang:99:ru")[0] == []
    assert world.book.accounts[BOB].language is None


@given(
    data=st.text(max_size=64) | st.from_regex(r"(favor|lang):-?[0-9]{0,30}:-?[0-9]{0,30}:(yes|no|ru)", fullmatch=True)
)
def test_forged_buttons_change_nothing(data: str) -> None:
    world = World()
    world.add(ANN, balance=1)
    for handler in (favors.decide, account.choose_language):
        for user in (ANN, ADMIN):
            calls, popup = world.presses(user, handler, data)
            assert calls == []
            assert 0 < len(popup) <= 200


@pytest.mark.parametrize("language", list(LANGUAGE_NAMES))
def test_privacy_tells_what_is_reported(language: Language) -> None:
    texts = {}
    for name, rules in (
        ("texts", RULES),
        ("figures", replace(RULES, report_texts=False)),
        ("off", replace(RULES, reports="off")),
    ):
        world = World(rules=replace(rules, language=language))
        texts[name] = only(world.says(ANN, privacy.privacy)).text
        assert Words(language).plain(f"privacy.reports_{name}") in texts[name]
        assert "180" in texts[name]
    assert len(set(texts.values())) == 3


@given(values=st.lists(st.integers(-AMOUNT_MAX, AMOUNT_MAX), min_size=4, max_size=4))
def test_figures_of_any_size_can_be_shown(values: list[int]) -> None:
    world = World()
    world.add(ANN, balance=values[0], premium_balance=values[1], image_balance=values[2], cost=values[3])
    for handler in (account.balance, account.stats):
        only(world.says(ANN, handler))


def test_links_name_this_bot() -> None:
    world = World()
    world.add(ANN)
    assert ME.username in only(world.says(ANN, account.invite)).text


def test_forgetting_is_asked_for_in_private_only() -> None:
    world = World()
    world.add(ANN)
    call = only(world.says(ANN, privacy.forget, place=GROUP))
    assert (call.text, call.buttons) == (Words("en").plain("private.only"), [])
    assert not world.book.dialogs
