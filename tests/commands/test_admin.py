"""The admin's commands change what they say, tell both sides, and answer wrong arguments with usage (SPEC §7)."""

import pytest

from gptbot.commands.admin import ADMIN_COMMANDS, block, refill, unblock
from gptbot.commands.visit import Visit
from gptbot.domain.book import DialogKey
from gptbot.domain.records import AMOUNT_MAX
from gptbot.domain.transaction import Counters, Transaction
from gptbot.domain.updates import MessageSent, Person, Place
from tests.commands.making_account import ADMIN, ME, NOW, RULES, World

USER = 10


@pytest.fixture
def world() -> World:
    world = World()
    world.add(USER, name="Ann", username="Ann_X", balance=100, premium_balance=5, image_balance=2)
    return world


# --- /refill ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["10", "@ann_x", "@ANN_X", "Ann_x", " 10 "])
def test_a_user_is_meant_by_id_or_username_in_any_case(world: World, who: str) -> None:
    world.says(ADMIN, refill, f"{who} 50")
    assert world.book.accounts[USER].balance == 150


@pytest.mark.parametrize(
    ("kind", "purse"),
    [
        ("", "balance"),
        *[(kind, "premium_balance") for kind in ("premium", "prem", "p", "P", "Premium")],
        *[(kind, "image_balance") for kind in ("image", "images", "img", "i", "I")],
    ],
)
def test_each_word_means_its_purse(world: World, kind: str, purse: str) -> None:
    before = getattr(world.book.accounts[USER], purse)
    world.says(ADMIN, refill, f"10 +7 {kind}")
    assert getattr(world.book.accounts[USER], purse) == before + 7
    [row] = world.ledger
    assert (row.user, row.purse, row.amount, row.reason) == (USER, purse, 7, "refill")


def test_both_sides_are_told(world: World) -> None:
    to_admin, to_user = world.says(ADMIN, refill, "10 50")
    assert to_admin.chat == ADMIN
    assert "Ann (@Ann_X, 10), 50 tokens. Balance now: 150 tokens." in to_admin.text
    assert to_user.chat == USER
    assert to_user.text == "The admin gave you 50 tokens. Your balance now: 150 tokens."


def test_a_negative_amount_takes_away_even_below_zero(world: World) -> None:
    to_admin, to_user = world.says(ADMIN, refill, "10 -6 premium")
    assert world.book.accounts[USER].premium_balance == -1
    assert "-6 premium tokens. Balance now: -1 premium token." in to_admin.text
    assert to_user.text == "The admin took 6 premium tokens off your balance. It is now: -1 premium token."


def test_the_admin_learns_when_the_user_can_t_be_reached(world: World) -> None:
    tx = Transaction(world.book, Counters(), NOW)
    update = MessageSent(update_id=3, person=Person(ADMIN, "Admin"), place=Place(ADMIN), message_id=1)
    refill(tx, Visit.of(update, RULES, ME, world.book), "10 5")
    assert [row.after for row in tx.outbox] == [None, b'{"refill_notice":{"admin":1,"user":10}}']


def test_a_blocked_user_is_not_written_to_and_the_admin_knows(world: World) -> None:
    world.book.accounts[USER].blocked = True
    [to_admin] = world.says(ADMIN, refill, "10 50")
    assert "was not told" in to_admin.text
    assert world.book.accounts[USER].balance == 150


def test_an_admin_who_refills_themselves_is_told_once(world: World) -> None:
    [to_admin] = world.says(ADMIN, refill, "1 50")
    assert to_admin.chat == ADMIN


@pytest.mark.parametrize(
    "args",
    [
        "", "10", "50", "10 ten", "10 1.5", "10 0", "10 -0", "10 5 gold", "10 5 premium now", "@ann x 5", "10 ٥",
        "10 5k", "10 --5", "10 1_000",
    ],
)  # fmt: skip
def test_wrong_arguments_answer_with_usage_and_change_nothing(world: World, args: str) -> None:
    [call] = world.says(ADMIN, refill, args)
    assert "/refill @johndoe 10000" in call.text
    assert world.ledger == []


@pytest.mark.parametrize("amount", [str(AMOUNT_MAX), "9" * 18, "9" * 3000, "-" + "9" * 3000, str(-AMOUNT_MAX - 101)])
def test_amounts_beyond_the_bounds_change_nothing(world: World, amount: str) -> None:
    [call] = world.says(ADMIN, refill, f"10 {amount}")
    assert str(AMOUNT_MAX) in call.text
    assert world.book.accounts[USER].balance == 100
    assert world.ledger == []


@pytest.mark.parametrize("command", [refill, block, unblock])
@pytest.mark.parametrize("who", ["11", "@nobody", "9" * 40, "<b>x</b>", "-10", "0"])
def test_an_unknown_user_is_said(world: World, command: object, who: str) -> None:
    handler = command
    assert callable(handler)
    [call] = world.says(ADMIN, handler, f"{who} 5" if handler is refill else who)
    assert call.text.startswith("I know no user ")
    assert world.ledger == []


def test_what_the_admin_names_is_shown_safely(world: World) -> None:
    [call] = world.says(ADMIN, block, "\u202e" + "x" * 500)
    assert "\u202e" not in call.text
    assert len(call.text) < 200


# --- /block, /unblock -------------------------------------------------------------------------------------------------


def test_block_and_unblock_set_the_flag_and_say_so(world: World) -> None:
    world.book.dialogs[DialogKey(USER, USER, 0)] = None  # type: ignore[assignment]  # only that it is there
    assert world.says(ADMIN, block, "@ann_x")[0].text == "Blocked: Ann (@Ann_X, 10)."
    assert world.book.accounts[USER].blocked
    assert world.book.dialogs == {}
    assert "Blocked before" in world.says(ADMIN, block, "10")[0].text
    assert world.says(ADMIN, unblock, "10")[0].text.startswith("Unblocked")
    assert not world.book.accounts[USER].blocked
    assert "Not blocked" in world.says(ADMIN, unblock, "10")[0].text
    assert {call.chat for call in world.calls} == {ADMIN}


@pytest.mark.parametrize("admin", ["1", "2"])
def test_an_admin_can_t_be_blocked(world: World, admin: str) -> None:
    world.add(2)
    assert "An admin can't be blocked" in world.says(ADMIN, block, admin)[0].text
    assert not world.book.accounts[int(admin)].blocked


@pytest.mark.parametrize(("command", "name"), [(block, "block"), (unblock, "unblock")])
@pytest.mark.parametrize("args", ["", "10 11", "@ann x"])
def test_block_takes_one_user(world: World, command: object, name: str, args: str) -> None:
    assert callable(command)
    [call] = world.says(ADMIN, command, args)
    assert f"/{name} @johndoe" in call.text
    assert not world.book.accounts[USER].blocked


def test_the_admin_s_commands_work_in_private_only() -> None:
    assert all(command.admin and not command.in_groups for command in ADMIN_COMMANDS)
