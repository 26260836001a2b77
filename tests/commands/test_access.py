"""Newcomers and groups that wait for the admin's yes; what those hear who aren't served (SPEC §2, ACCESS)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from gptbot.commands import access
from gptbot.commands.start import point_to_start, start
from gptbot.commands.visit import Visit
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import Person, Place
from gptbot.texts import Words
from tests.commands.making_account import ADMIN, GROUP, RULES, Call, World

ALICE, BOB = 101, 102
NEWCOMER = Person(ALICE, "Алиса", "alice", "ru")
EN, RU = Words("en"), Words("ru")


def world(mode: Any = "approval", *listed: int) -> World:
    made = World(rules=replace(RULES, access=mode, allowed_ids=frozenset(listed)))
    made.add(BOB)
    return made


def turn_away(tx: Transaction, visit: Visit, _: str) -> None:
    access.turn_away(tx, visit)


def stranger(tx: Transaction, visit: Visit, _: str) -> None:
    point_to_start(tx, visit)


def arrives(tx: Transaction, visit: Visit, _: str) -> None:
    access.membership_changed(tx, visit, here=True)


def leaves(tx: Transaction, visit: Visit, _: str) -> None:
    access.membership_changed(tx, visit, here=False)


def chats(calls: Sequence[Call]) -> list[int]:
    return [call.chat for call in calls]


def answer(made: World, request: Call, number: int) -> tuple[list[Call], str]:
    """The admin presses the button with this number; Telegram's `data` comes back as it was sent."""
    return made.presses(ADMIN, access.decide, request.buttons[number]["callback_data"])


# --- newcomers -------------------------------------------------------------------------------------------------------


def test_a_newcomer_waits_without_an_account_and_the_main_admin_is_asked() -> None:
    made = world()
    said, request = made.says(ALICE, start, str(BOB), person=NEWCOMER)
    assert (said.chat, said.text) == (ALICE, RU.plain("access.asked"))
    assert request.chat == ADMIN
    assert "Алиса (@alice, 101)" in request.text
    assert [button["text"] for button in request.buttons] == [EN.plain("access.yes"), EN.plain("access.no")]
    assert all(len(button["callback_data"].encode()) <= 64 for button in request.buttons)
    assert ALICE not in made.book.accounts
    assert not made.ledger


def test_asking_again_or_writing_asks_the_admin_no_second_time() -> None:
    made = world()
    made.says(ALICE, start, person=NEWCOMER)
    for handler in (start, stranger):
        (said,) = made.says(ALICE, handler, person=NEWCOMER)
        assert said.text == RU.plain("access.waiting")


def test_a_yes_registers_welcomes_and_credits_the_friend_once() -> None:
    made = world()
    request = made.says(ALICE, start, str(BOB), person=NEWCOMER)[1]
    calls, popup = answer(made, request, 0)
    assert popup == EN.plain("access.popup.approved")
    assert sorted(chats(calls)) == [ADMIN, ALICE, BOB]
    changed = next(call for call in calls if call.chat == ADMIN)
    assert changed.method == "editMessageText"
    assert EN.plain("access.request.approved") in changed.text
    assert not changed.buttons
    welcome = next(call for call in calls if call.chat == ALICE)
    assert RU.plain("access.approved") in welcome.text
    assert "Алиса" in welcome.text
    account = made.book.accounts[ALICE]
    assert (account.name, account.username, account.telegram_language) == ("Алиса", "alice", "ru")
    assert account.balance == RULES.economy.new_user_balance + RULES.economy.referral_bonus
    assert made.book.accounts[BOB].balance == 30_000 + RULES.economy.referral_bonus
    for number in (0, 1):
        assert answer(made, request, number) == ([], EN.plain("access.popup.decided_before"))
    assert made.says(ALICE, start, str(BOB), person=NEWCOMER)[0].text.startswith("Рад видеть вас снова")


def test_a_no_is_told_and_credits_nobody() -> None:
    made = world()
    request = made.says(ALICE, start, str(BOB), person=NEWCOMER)[1]
    calls, popup = answer(made, request, 1)
    assert popup == EN.plain("access.popup.declined")
    assert [call.text for call in calls if call.chat == ALICE] == [RU.plain("access.declined")]
    assert made.book.accounts[BOB].balance == 30_000
    assert answer(made, request, 0) == ([], EN.plain("access.popup.decided_before"))
    (said,) = made.says(ALICE, start, person=NEWCOMER)
    assert said.text == RU.plain("access.declined")
    assert ALICE not in made.book.accounts


def test_a_friend_who_was_blocked_meanwhile_gets_nothing() -> None:
    made = world()
    request = made.says(ALICE, start, str(BOB), person=NEWCOMER)[1]
    made.add(BOB, blocked=True)
    calls, _ = answer(made, request, 0)
    assert BOB not in chats(calls)
    assert made.book.accounts[ALICE].balance == RULES.economy.new_user_balance


def test_whoever_is_let_in_by_other_means_is_not_welcomed_twice() -> None:
    made = world()
    request = made.says(ALICE, start, person=NEWCOMER)[1]
    made.add(ALICE)
    calls, _ = answer(made, request, 0)
    assert chats(calls) == [ADMIN]


@pytest.mark.parametrize("mode", ["approval", "list"])
def test_the_listed_and_admins_need_no_yes(mode: str) -> None:
    made = world(mode, ALICE)
    (said,) = made.says(ALICE, start, person=NEWCOMER)
    assert said.text.startswith("Здравствуйте, Алиса!")
    (said,) = made.says(2, start)
    assert "admin" in said.text


def test_only_an_admin_decides_whatever_is_forged() -> None:
    made = world()
    request = made.says(ALICE, start, person=NEWCOMER)[1]
    data = request.buttons[0]["callback_data"]
    assert made.presses(BOB, access.decide, data) == ([], EN.plain("button.not_yours"))
    assert made.presses(ADMIN, access.decide, data, place=GROUP) == ([], EN.plain("button.not_yours"))
    for forged in ("acc:x:1:yes", "acc:101:1", "acc:101:1:maybe", f"acc:{9**30}:1:yes", "acc"):
        assert made.presses(ADMIN, access.decide, forged) == ([], EN.plain("button.stale"))
    for stale in ("acc:101:99:yes", "acc:555:1:yes", "acc:-100:1:no"):
        assert made.presses(ADMIN, access.decide, stale) == ([], EN.plain("access.popup.decided_before"))
    assert ALICE not in made.book.accounts


# --- groups ----------------------------------------------------------------------------------------------------------


def test_a_group_is_greeted_once_however_often_rights_change() -> None:
    made = world("open")
    (said,) = made.says(BOB, arrives, place=GROUP)
    assert said.text == EN.plain("group.greeting", bot="TheBot")
    assert said.buttons[0]["url"] == "https://t.me/TheBot"
    for handler in (arrives, leaves, arrives):
        assert made.says(BOB, handler, place=GROUP) == []


def test_a_group_asks_the_admin_and_says_one_word() -> None:
    made = world()
    word, request = made.says(BOB, arrives, place=GROUP)
    assert (word.chat, word.text) == (GROUP.chat_id, EN.plain("access.group_asked"))
    assert request.chat == ADMIN
    assert "Friends (-100)" in request.text
    assert "User 102 (102)" in request.text
    for handler in (turn_away, arrives):
        assert made.says(ALICE, handler, place=GROUP, person=NEWCOMER) == []
    calls, _ = answer(made, request, 0)
    greeting = next(call for call in calls if call.chat == GROUP.chat_id)
    assert greeting.text == EN.plain("group.greeting", bot="TheBot")
    assert answer(made, request, 1) == ([], EN.plain("access.popup.decided_before"))
    assert made.says(BOB, arrives, place=GROUP) == []


def test_a_group_that_was_declined_stays_silent() -> None:
    made = world()
    request = made.says(BOB, arrives, place=GROUP)[1]
    calls, _ = answer(made, request, 1)
    assert chats(calls) == [ADMIN]
    assert made.says(BOB, turn_away, place=GROUP) == []


def test_a_group_that_an_admin_brings_the_bot_into_is_approved() -> None:
    made = world()
    assert [call.text for call in made.says(ADMIN, arrives, place=GROUP)] == [EN.plain("group.greeting", bot="TheBot")]
    assert made.book.permits[GROUP.chat_id].state == "approved"


def test_a_group_the_bot_was_in_before_asks_when_somebody_wants_it() -> None:
    made = world()
    assert chats(made.says(BOB, turn_away, place=GROUP)) == [GROUP.chat_id, ADMIN]


@pytest.mark.parametrize("mode", ["open", "approval"])
def test_channels_and_blocked_people_get_nothing(mode: str) -> None:
    made = world(mode)
    made.add(BOB, blocked=True)
    assert made.says(BOB, arrives, place=GROUP) == []
    assert made.says(ALICE, arrives, place=Place(-7, "channel")) == []
    assert not made.book.permits


# --- the list --------------------------------------------------------------------------------------------------------


def test_whoever_is_not_listed_gets_one_word_in_private_and_none_in_groups() -> None:
    made = world("list")
    assert [call.text for call in made.says(BOB, turn_away)] == [EN.plain("access.closed")]
    assert made.says(BOB, turn_away) == []
    assert made.says(BOB, turn_away, place=GROUP) == []
    assert made.says(BOB, arrives, place=GROUP) == []


def test_in_a_listed_group_people_register_on_the_spot() -> None:
    made = world("list", GROUP.chat_id)
    (said,) = made.says(ALICE, stranger, place=GROUP, person=NEWCOMER)
    assert "/start@TheBot" in said.text
    made.says(ALICE, start, place=GROUP, person=NEWCOMER)
    assert made.book.accounts[ALICE].balance == RULES.economy.new_user_balance


# --- who writes in the name of a chat ---------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["open", "list"])
def test_an_anonymous_admin_is_pointed_to_their_own_name(mode: str) -> None:
    made = world(mode, GROUP.chat_id)
    anonymous = Person(GROUP.chat_id, "Friends")
    for handler in (stranger, start):
        (said,) = made.says(anonymous.id, handler, place=GROUP, person=anonymous)
        assert said.text == EN.plain("start.anonymous")
    assert anonymous.id not in made.book.accounts


def test_the_private_chat_notes_who_can_be_reached() -> None:
    made = world()
    assert made.says(BOB, leaves) == []
    assert made.book.accounts[BOB].unreachable
    assert made.says(BOB, arrives) == []
    assert not made.book.accounts[BOB].unreachable
    assert made.says(ALICE, leaves, person=NEWCOMER) == []
