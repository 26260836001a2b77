"""What the admin looks at: the right people in the right order, page by page, whatever their names are (SPEC §7)."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from gptbot.commands.admin import ADMIN_BUTTONS
from gptbot.commands.admin_status import StatusFigures, status_text
from gptbot.commands.admin_views import LINES_A_PAGE, recent_users, show_user, top_users
from gptbot.commands.paging import units
from gptbot.commands.visit import Visit
from gptbot.domain.records import NANO, date_text
from gptbot.domain.transaction import Transaction
from gptbot.texts import Words
from tests.commands.making_account import ADMIN, NOW, Call, World

Handler = Callable[[Transaction, Visit, str], None]
DAY = 86400
NASTY = "\u202e" + "</b>\n9. root: 10\r\n" * 20 + "😀" * 300


def crowd(count: int, **values: Any) -> World:
    """Users 1000 … in the order of their activity, the newest last; the admin was never active."""
    world = World()
    world.book.accounts[ADMIN].last_request = ""
    for number in range(count):
        world.book.accounts[1000 + number] = world.add(
            1000 + number, last_request=date_text(NOW - 1000 + number), requests=number, **values
        )
    return world


def press(world: World, data: str, user: int = ADMIN) -> tuple[list[Call], str]:
    return world.presses(user, ADMIN_BUTTONS[data.split(":")[0]], data)


def ids(call: Call) -> list[int]:
    return [int(found) for found in re.findall(r"(\d{4,})\)(?:\u2069)?:", call.text)]


# --- /recent_users ----------------------------------------------------------------------------------------------------


def test_who_was_active_comes_newest_first_with_their_requests() -> None:
    world = World()
    world.book.accounts[ADMIN].last_request = ""
    for user, days, requests in ((1001, 3, 1), (1002, 1, 7), (1003, 2, 5), (1004, 8, 9)):
        world.add(user, last_request=date_text(NOW - days * DAY), requests=requests)
    world.add(1005, last_request="")
    [call] = world.says(ADMIN, recent_users, "7")
    assert ids(call) == [1002, 1003, 1001]
    assert call.text.startswith("Active in the last 7 days: 3 users\n\n")
    assert "User 1002 (1002): 7 requests" in call.text
    assert call.buttons == []


def test_nobody_was_active() -> None:
    [call] = crowd(0).says(ADMIN, recent_users, "1")
    assert call.text == "Nobody was active in the last 1 day."


def test_a_long_list_is_turned_page_by_page_and_nobody_is_left_out() -> None:
    world = crowd(2 * LINES_A_PAGE + 5)
    [call] = world.says(ADMIN, recent_users, "36500")
    seen = ids(call)
    while data := [button["callback_data"] for button in call.buttons if button["text"] == "▶"]:
        [call], popup = press(world, data[0])
        assert call.method == "editMessageText"
        assert popup == ""
        seen += ids(call)
    assert seen == list(reversed(range(1000, 1000 + 2 * LINES_A_PAGE + 5)))


# --- /top_users -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "field"),
    [
        *[(name, name) for name in (
            "requests", "tokens", "balance", "premium_tokens", "premium_balance", "images", "image_balance", "favors",
            "cost", "REQUESTS",
        )],
        ("price", "cost"),
    ],
)  # fmt: skip
def test_the_ranking_is_by_what_was_asked_for(what: str, field: str) -> None:
    world = World()
    for user, value in ((1001, 5), (1002, 70), (1003, 6)):
        world.add(user, **({"balance": 0} | {field.lower(): 10**6 * value * (NANO if field == "cost" else 1)}))
    [call] = world.says(ADMIN, top_users, f"2 {what}")
    assert ids(call) == [1002, 1003]
    assert ("$70000000.00" if field == "cost" else "70000000") in call.text


@pytest.mark.parametrize("what", ["referrals", "ref", "refs", "invites"])
def test_the_ranking_by_referrals_counts_who_came(what: str) -> None:
    world = World()
    for user, referrer in ((1001, 1003), (1002, 1003), (1003, 1001)):
        world.add(user, referrer=referrer)
    [call] = world.says(ADMIN, top_users, f"3 {what}")
    assert re.findall(r"\d\. .*", call.text) == [
        "1. User 1003 (1003): 2", "2. User 1001 (1001): 1", "3. 1: 0",
    ]  # fmt: skip


def test_a_ranking_longer_than_there_are_users_ends_with_the_last() -> None:
    world = crowd(LINES_A_PAGE + 2)
    [call] = world.says(ADMIN, top_users, "1000 requests")
    assert call.text.startswith(f"Top {LINES_A_PAGE + 3}: requests")
    [second], _ = press(world, call.buttons[-1]["callback_data"])
    assert f"{LINES_A_PAGE + 3}. " in second.text
    assert f"\n{LINES_A_PAGE}. " not in second.text


@pytest.mark.parametrize(
    ("command", "name", "args"),
    [
        *[(recent_users, "recent_users", args) for args in ("", "0", "-1", "x", "1.5", "7 days", "36501", "9" * 50)],
        *[(top_users, "top_users", args) for args in (
            "", "5", "tokens", "tokens 5", "0 tokens", "5 beauty", "5 name", "5 tokens now", "-5 tokens", "9" * 50,
            "5 extra", "5 __class__",
        )],
        *[(show_user, "data", args) for args in ("", "1 2")],
    ],
)  # fmt: skip
def test_wrong_arguments_answer_with_usage_and_an_example(command: Handler, name: str, args: str) -> None:
    [call] = crowd(3).says(ADMIN, command, args)
    assert f"Example: /{name} " in call.text


# --- /data <who> ------------------------------------------------------------------------------------------------------


def test_everything_about_a_user_is_shown() -> None:
    world = World()
    world.add(
        1001, name="Ann", username="ann", requests=11, tokens=222, balance=-3, premium_tokens=44, premium_balance=5,
        images=6, image_balance=7, audio_seconds=8, cost=NANO // 4, model="premium", prompt="Be\nshort", referrer=1002,
        blocked=True, favors=9, favor_pending=True, language="ru", telegram_language="de", context_tokens=1250,
        joined="2026-01-02 03:04:05", last_request="2026-02-03 04:05:06", extra={"payments": 2, "claimed": ["a"]},
    )  # fmt: skip
    world.add(1002, name="Bob")
    world.add(1003, name="Cid", referrer=1001)
    world.add(1004, name="Dot", referrer=1001)
    [call] = world.says(ADMIN, show_user, "@ANN")
    for piece in (
        "Ann (@ann, 1001)", "Requests: 11", "Tokens: 222", "Premium tokens: 44", "Images: 6", "8 seconds", "$0.2500",
        "-3 tokens, 5 premium tokens, 7 images", "Model: premium", "Be short", "Bob (1002)", "Blocked: yes",
        "Favours asked for: 9; one is open: yes", "Language: ru", "de", "1250 tokens", "2026-01-02 03:04:05",
        "2026-02-03 04:05:06", "payments", "2", '["a"]', "Invited: 2", "• Cid (1003)", "• Dot (1004)",
        "Can be written to: yes",
    ):  # fmt: skip
        assert piece in call.text


def test_a_new_user_has_a_card_too() -> None:
    world = World()
    world.add(1001, name="", username="")
    [call] = world.says(ADMIN, show_user, "1001")
    assert "Instruction: —" in call.text
    assert "Invited: 0" in call.text


def test_many_invited_ones_are_turned_page_by_page() -> None:
    world = World()
    accounts = {user: world.add(user, name=NASTY, referrer=1001) for user in range(2000, 2300)}
    world.add(1001, prompt="long " * 3000)
    [call] = world.says(ADMIN, show_user, "1001")
    seen = call.text
    while data := [button["callback_data"] for button in call.buttons if button["text"] == "▶"]:
        assert units(call.text) <= 4096
        [call], _ = press(world, data[0])
        seen += call.text
    assert all(f"{user})" in seen for user in accounts)


def test_an_unknown_user_has_no_data() -> None:
    [call] = World().says(ADMIN, show_user, "@nobody")
    assert "I know no user" in call.text


# --- buttons and names ------------------------------------------------------------------------------------------------

FORGED = [
    "recent", "recent:", "recent:x:0", "recent:7:-1", "recent:7:0:0", "recent:0:0", "recent:7:99999999", "recent:7:5",
    "top:5", "top:5:tokens", "top:5:name:0", "top:5:tokens:9", "top:0:tokens:0", "top:x:tokens:0", "top::::::",
    "who", "who:5:0", "who:1:9", "who:1", "who:" + "9" * 40 + ":0", "who:1:٠",
]  # fmt: skip


@pytest.mark.parametrize("data", FORGED)
def test_a_button_that_leads_nowhere_says_so(data: str) -> None:
    assert press(crowd(3), data) == ([], "This button no longer works.")


@pytest.mark.parametrize("data", [*FORGED, "recent:7:0", "top:5:tokens:0", "who:1:0"])
def test_nobody_but_an_admin_turns_pages(data: str) -> None:
    assert press(crowd(3), data, user=1001) == ([], "This button is not for you.")


@pytest.mark.parametrize(("command", "args"), [(recent_users, "9999"), (top_users, "100 requests")])
def test_nasty_names_break_no_line_and_no_message(command: Handler, args: str) -> None:
    world = crowd(LINES_A_PAGE, name=NASTY, username="\u202e" * 5 + "u" * 100)
    world.book.accounts.pop(ADMIN)
    [call] = world.says(ADMIN, command, args)
    assert units(call.text) <= 4096
    lines = call.text.split("\n")
    assert len(lines) == 2 + LINES_A_PAGE
    assert "\u202e" not in call.text
    for line in lines[2:]:
        assert line.count("\u2068") == line.count("\u2069")


def test_pages_are_made_quickly_for_a_hundred_thousand_users() -> None:
    """Only the shown lines are put into words."""
    world = World()
    account = world.add(1001, last_request=date_text(NOW))
    world.book.accounts |= dict.fromkeys(range(2000, 102_000), account)
    for command, args in ((recent_users, "7"), (top_users, "100000 tokens")):
        [call] = world.says(ADMIN, command, args)
        assert len(call.text.split("\n")) == 2 + LINES_A_PAGE


# --- /status ----------------------------------------------------------------------------------------------------------


def figures(**values: Any) -> StatusFigures:
    wanted: dict[str, Any] = {
        "version": "1.0.0", "uptime_s": 100, "users": 4, "questions_waiting": 1, "outbox_waiting": 2,
        "storage_letters": 3, "answers_today": 21, "errors_today": 5, "cost_today": NANO, "model_trouble": "",
        "telegram_trouble": "", "storage_lag_s": 0.25,
    }  # fmt: skip
    return StatusFigures(**(wanted | values))


@pytest.mark.parametrize(
    ("values", "pieces"),
    [
        ({}, ["gptbot 1.0.0", "00:01:40", "Users: 4", "21 answers, errors: 5, cost: $1.00", "Model: well", "0.2 s"]),
        ({"uptime_s": 2 * DAY + 3661}, ["2 days 01:01:01"]),
        ({"model_trouble": "quota"}, ["Model: trouble (quota)", "Telegram: well"]),
        ({"telegram_trouble": "a\nb" + "c" * 900}, ["Telegram: trouble (a bccc"]),
        ({}, ["Growing answers: native drafts"]),
        ({"streaming": "no_drafts"}, ["Growing answers: edited messages (this server takes no drafts)"]),
        ({"streaming": "off", "access_requests": 0}, ["Growing answers: not shown", "(ACCESS=approval): 0"]),
    ],
)
def test_status_shows_the_figures(values: dict[str, Any], pieces: Sequence[str]) -> None:
    text = status_text(Words("en"), figures(**values)).text
    for piece in pieces:
        assert piece in text
    assert len(text) < 700
