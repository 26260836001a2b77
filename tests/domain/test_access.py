"""Who is served, who has to be asked about, and that each request is decided once (SPEC §2, ACCESS)."""

from dataclasses import replace
from typing import Literal

import orjson
import pytest

from gptbot.domain import access
from gptbot.domain.access import AGAIN_S, Knock
from gptbot.domain.book import Book, DialogKey, Permit
from gptbot.domain.records import Account, Totals
from gptbot.domain.rows import ChatMoved, PermitGone, PermitRow
from gptbot.domain.rules import ModelSpec, Rules
from gptbot.domain.transaction import Counters, Transaction
from gptbot.domain.updates import Person, Place

NOW = 1_800_000_000
ADMIN, LISTED, OTHER = 1, 2, 3
SPEC = ModelSpec("m", 1000, 0, 0, 0)
RULES = Rules(admins=(ADMIN,), basic=SPEC, premium=SPEC, image_model="i", image_price=0)
LISTED_GROUP, APPROVED_GROUP, WAITING_GROUP, NEW_GROUP = (Place(-number, "supergroup") for number in range(1, 5))


def book() -> Book:
    made = Book.of({9: Account()}, Totals())
    made.permits = {-2: Permit("approved", {}, NOW), -3: Permit("waiting", {"request": 5}, NOW)}
    return made


def rules(mode: Literal["open", "approval", "list"]) -> Rules:
    return replace(RULES, access=mode, allowed_ids=frozenset((LISTED, LISTED_GROUP.chat_id)))


def transaction(made: Book, now: int = NOW) -> Transaction:
    return Transaction(made, Counters(), now)


# --- who is served ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "person", "place", "yes"),
    [
        ("open", OTHER, NEW_GROUP, True),
        ("open", OTHER, Place(OTHER), True),
        ("approval", OTHER, Place(OTHER), True),  # /start asks; who has an account was let in
        ("approval", OTHER, APPROVED_GROUP, True),
        ("approval", OTHER, LISTED_GROUP, True),
        ("approval", OTHER, WAITING_GROUP, False),
        ("approval", OTHER, NEW_GROUP, False),
        ("approval", ADMIN, NEW_GROUP, True),
        ("approval", LISTED, NEW_GROUP, True),
        ("list", OTHER, Place(OTHER), False),
        ("list", OTHER, LISTED_GROUP, True),
        ("list", OTHER, APPROVED_GROUP, False),
        ("list", LISTED, Place(LISTED), True),
        ("list", LISTED, NEW_GROUP, True),
        ("list", ADMIN, Place(ADMIN), True),
        ("list", ADMIN, NEW_GROUP, True),
    ],
)
def test_who_is_served_where(mode: Literal["open", "approval", "list"], person: int, place: Place, yes: bool) -> None:
    assert access.served(book(), rules(mode), person, place) is yes


@pytest.mark.parametrize(
    ("mode", "person", "place", "yes"),
    [
        ("list", OTHER, LISTED_GROUP, True),
        ("list", LISTED, LISTED_GROUP, False),  # in private, as everywhere else
        ("list", -5, LISTED_GROUP, False),  # a chat is nobody in particular
        ("list", OTHER, Place(OTHER), False),
        ("approval", OTHER, LISTED_GROUP, False),
        ("open", OTHER, NEW_GROUP, False),
    ],
)
def test_only_whom_a_listed_group_lets_in_registers_there(
    mode: Literal["open", "approval", "list"], person: int, place: Place, yes: bool
) -> None:
    assert access.joins_in_group(rules(mode), person, place) is yes


# --- requests --------------------------------------------------------------------------------------------------------


def test_one_request_at_a_time_and_a_new_one_a_day_after_a_no() -> None:
    made = book()
    assert access.knock(transaction(made), OTHER, 11) is Knock.ASKED
    assert access.knock(transaction(made), OTHER, 12) is Knock.WAITING
    assert access.decide(transaction(made), OTHER, 12, granted=True) is None
    assert access.decide(transaction(made), OTHER, 11, granted=False) is not None
    assert access.knock(transaction(made, NOW + AGAIN_S - 1), OTHER, 13) is Knock.DECLINED
    assert access.knock(transaction(made, NOW + AGAIN_S), OTHER, 14) is Knock.ASKED


@pytest.mark.parametrize("granted", [True, False])
def test_a_second_tap_finds_nothing_to_decide(granted: bool) -> None:
    made = book()
    assert access.decide(transaction(made), -3, 5, granted=granted) == Permit("waiting", {"request": 5}, NOW)
    for second in (True, False):
        assert access.decide(transaction(made), -3, 5, granted=second) is None
    assert made.permits[-3].state == ("approved" if granted else "declined")


def test_the_account_and_the_friends_bonus_come_with_the_yes() -> None:
    made = book()
    access.knock(transaction(made), OTHER, 11, referrer=9)
    assert OTHER not in made.accounts
    assert made.accounts[9].balance == 0
    tx = transaction(made)
    joined = access.let_in(tx, RULES, Person(OTHER, "Carol"), referrer=9, key="12")
    assert joined is not None
    assert joined.referrer == 9
    assert made.accounts[9].balance == RULES.economy.referral_bonus
    assert OTHER not in made.permits
    assert access.let_in(transaction(made), RULES, Person(OTHER, "Carol"), referrer=9, key="13") is None
    assert made.accounts[9].balance == RULES.economy.referral_bonus


def test_the_polite_word_is_said_once_a_day() -> None:
    made = book()
    assert access.polite_word_due(transaction(made), OTHER)
    assert not access.polite_word_due(transaction(made, NOW + AGAIN_S - 1), OTHER)
    assert access.polite_word_due(transaction(made, NOW + AGAIN_S), OTHER)


# --- the image and its rows -------------------------------------------------------------------------------------------


def test_permits_are_written_and_can_be_taken_back() -> None:
    made = book()
    before = dict(made.permits)
    tx = transaction(made)
    tx.permit(-9, "greeted", title="T")
    tx.drop_permit(-2)
    tx.drop_permit(-77)
    assert tx.rows() == [PermitRow(-9, "greeted", orjson.dumps({"title": "T"}), NOW), PermitGone(-2)]
    tx.undo()
    assert made.permits == before


def test_a_migrated_group_keeps_its_dialogs_and_its_permit() -> None:
    made = book()
    tx = transaction(made)
    for key in (DialogKey(7, -2, 0), DialogKey(8, -2, 0), DialogKey(8, -100, 0), DialogKey(7, 7, 0)):
        tx.save_dialog(key, f"{key.user} in {key.chat_id}", {})
    before = dict(made.dialogs), dict(made.permits)
    tx = transaction(made)
    tx.move_chat(-2, -100)
    tx.move_chat(-2, -100)  # both notices come, and Telegram's refusal of the old id tells it as well
    assert {key: dialog.token for key, dialog in made.dialogs.items()} == {
        DialogKey(7, -100, 0): "7 in -2",
        DialogKey(8, -100, 0): "8 in -100",
        DialogKey(7, 7, 0): "7 in 7",
    }
    assert set(made.permits) == {-100, -3}
    assert made.permits[-100].state == "approved"
    assert tx.rows() == [ChatMoved(-2, -100)] * 2
    tx.undo()
    assert (made.dialogs, made.permits) == before
