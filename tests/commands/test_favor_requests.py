"""A request for a favour and admins whom Telegram can't reach (SPEC §4)."""

from collections.abc import Callable
from dataclasses import replace

import orjson

from gptbot.commands import favors
from gptbot.domain.settling import FavorRequest
from gptbot.domain.transaction import Transaction
from tests.commands.making_account import NOW, RULES, Call, World

ANN, OTHER_ADMIN = 10, 2


def asking() -> World:
    """Ann has asked, and the main admin was written to."""
    world = World()
    world.add(ANN, balance=5)
    world.says(ANN, favors.ask_favor)
    return world


def run(world: World, change: Callable[[Transaction], None]) -> list[Call]:
    tx = Transaction(world.book, world.counters, NOW)
    change(tx)
    return [Call(row.method, orjson.loads(row.params)) for row in tx.outbox]


def refused(world: World, admin: int, number: int = 1) -> list[Call]:
    """Telegram has refused to bring the request to this admin."""
    request = FavorRequest(user=ANN, number=number, admin=admin)
    return run(world, lambda tx: favors.admin_unreachable(tx, world.rules, request))


def test_the_next_admin_is_asked() -> None:
    world = asking()
    (request,) = refused(world, RULES.main_admin)
    assert request.chat == OTHER_ADMIN
    assert "Request number: 1" in request.text
    _, popup = world.presses(OTHER_ADMIN, favors.decide, request.buttons[0]["callback_data"])
    assert popup == "Granted."


def test_when_nobody_is_left_it_is_withdrawn_and_may_be_made_again() -> None:
    world = asking()
    (told,) = refused(world, OTHER_ADMIN)
    assert told.chat == ANN
    assert "could not reach an admin" in told.text
    assert not world.book.accounts[ANN].favor_pending
    assert any(call.buttons for call in world.says(ANN, favors.ask_favor))
    assert world.book.accounts[ANN].favors == 2


def test_a_refusal_of_a_request_that_is_not_open_any_more_changes_nothing() -> None:
    world = asking()
    assert refused(world, OTHER_ADMIN, number=0) == []
    assert world.book.accounts[ANN].favor_pending
    world.presses(OTHER_ADMIN, favors.decide, "favor:10:1:no")
    assert refused(world, OTHER_ADMIN) == []


def test_somebody_blocked_meanwhile_is_told_nothing() -> None:
    world = asking()
    world.book.accounts[ANN].blocked = True
    assert refused(world, OTHER_ADMIN) == []
    assert not world.book.accounts[ANN].favor_pending


def test_an_admin_who_is_none_any_more_is_followed_by_the_main_one() -> None:
    world = asking()
    world.rules = replace(RULES, admins=(3,))
    (request,) = refused(world, RULES.main_admin)
    assert request.chat == 3
    assert refused(world, 3)[0].chat == ANN


def test_open_requests_are_shown_to_the_main_admin_again() -> None:
    world = asking()
    (request,) = run(world, lambda tx: favors.show_open_requests(tx, world.rules))
    assert request.chat == RULES.main_admin


def test_the_open_request_of_somebody_blocked_is_withdrawn_so_that_they_can_ask_once_they_are_not() -> None:
    world = asking()
    world.book.accounts[ANN].blocked = True
    assert run(world, lambda tx: favors.show_open_requests(tx, world.rules)) == []
    world.book.accounts[ANN].blocked = False
    assert any(call.buttons for call in world.says(ANN, favors.ask_favor))
