"""/topup, checkouts, payments and /paysupport as pure rules (SPEC §4); the whole way is in tests/stories."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from gptbot.commands import payments
from gptbot.commands.visit import Visit
from gptbot.domain.payments import CheckoutRefusal, payload_of
from gptbot.domain.rows import LedgerRow
from gptbot.domain.rules import Package, Rules
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import CheckoutAsked, PaymentReceived, Person, Place
from tests.commands.making_account import ADMIN, GROUP, ME, NOW, RULES, World

ANN = 10
IMAGES = Package("image_balance", 10, 60)
SELLING = replace(RULES, packages=(Package("balance", 100_000, 50), IMAGES))


@pytest.fixture
def world() -> World:
    world = World(rules=SELLING)
    world.add(ANN)
    return world


def checkout(user: int = ANN, package: Package = IMAGES) -> CheckoutAsked:
    return CheckoutAsked(
        update_id=1,
        person=Person(user, "Ann", None, "ru"),
        place=Place(user),
        query_id="q",
        currency="XTR",
        amount=package.stars,
        payload=payload_of(package, user),
    )


def pays(world: World, user: int, package: Package = IMAGES) -> list[dict[str, Any]]:
    """What is written when Stars for `package` arrive."""
    paid = PaymentReceived(
        update_id=7,
        person=Person(user, "Ann"),
        place=Place(user),
        charge="stx1",
        amount=package.stars,
        payload=payload_of(package, user),
    )
    tx = Transaction(world.book, world.counters, NOW)
    payments.payment_received(tx, Visit.of(paid, world.rules, ME, world.book), paid)
    world.ledger += [row for row in tx.rows() if isinstance(row, LedgerRow)]
    return [orjson.loads(row.params) for row in tx.outbox]


def test_each_package_is_a_button_and_each_button_an_invoice(world: World) -> None:
    (shown,) = world.says(ANN, payments.topup)
    assert [it["text"] for it in shown.buttons] == ["100000 tokens: 50 ⭐", "10 images: 60 ⭐"]
    (bill,), popup = world.presses(ANN, payments.choose, shown.buttons[1]["callback_data"])
    assert popup == ""
    assert bill.method == "sendInvoice"
    assert bill.params["prices"] == [{"label": "10 images", "amount": 60}]
    assert (bill.params["currency"], bill.params["provider_token"]) == ("XTR", "")
    assert bill.params["payload"] == payload_of(IMAGES, ANN)
    assert len(bill.params["title"]) <= 32
    assert len(bill.params["description"]) <= 255


@pytest.mark.parametrize("data", ["buy", "buy:images:10:61", "buy:images:-10:60", "buy:images:10:60:1", "buy:x:1:1"])
def test_a_forged_or_stale_button_sells_nothing(world: World, data: str) -> None:
    assert world.presses(ANN, payments.choose, data) == ([], "This button no longer works.")


def test_a_button_of_topup_sells_nothing_in_a_group_or_to_a_stranger(world: World) -> None:
    calls, popup = world.presses(ANN, payments.choose, "buy:images:10:60", place=GROUP)
    assert (calls, popup) == ([], "This button is not for you.")
    calls, popup = world.presses(99, payments.choose, "buy:images:10:60")
    assert calls == []
    assert "/start" in popup


def test_without_packages_the_admin_is_asked(world: World) -> None:
    world.rules = RULES
    (said,) = world.says(ANN, payments.topup)
    assert "please ask the admin" in said.text


@pytest.mark.parametrize(
    ("rules", "available", "refusal"),
    [
        (SELLING, True, None),
        (SELLING, False, CheckoutRefusal.LATER),
        (RULES, False, CheckoutRefusal.OFF),
        (replace(SELLING, access="list"), True, CheckoutRefusal.CLOSED),
        (replace(SELLING, access="list", allowed_ids=frozenset([ANN])), True, None),
    ],
)
def test_a_checkout_is_declined_with_the_reason(
    world: World, rules: Rules, available: bool, refusal: CheckoutRefusal | None
) -> None:
    asked = checkout()
    assert payments.checkout_problem(world.book, rules, asked, available=available) is refusal
    answer = payments.checkout_reply(world.book, rules, asked, refusal)
    assert answer.params["ok"] is (refusal is None)
    assert ("error_message" in answer.params) is (refusal is not None)


def test_a_stranger_reads_the_refusal_in_their_own_language(world: World) -> None:
    asked = checkout(user=99)
    answer = payments.checkout_reply(world.book, SELLING, asked, CheckoutRefusal.STRANGER)
    assert "Сначала нажмите" in answer.params["error_message"]


def test_the_admins_own_payment_is_told_once(world: World) -> None:
    (only,) = pays(world, ADMIN)
    assert "Added for 60 ⭐: 10 images" in only["text"]
    assert [(row.key, row.user, row.purse, row.amount, row.reason) for row in world.ledger] == [
        ("stx1", ADMIN, "image_balance", 10, "payment")
    ]


def test_a_payment_of_somebody_without_an_account_is_told_to_both_and_booked_nowhere(world: World) -> None:
    theirs, admins = pays(world, 99)
    assert (theirs["chat_id"], admins["chat_id"]) == (99, ADMIN)
    assert "could not be added" in admins["text"]
    assert "/refund 99 stx1" in admins["text"]
    assert world.ledger == []


def test_a_question_about_a_payment_is_passed_on_in_one_line(world: World) -> None:
    to_admin, said = world.says(ANN, payments.paysupport, "I paid\n\ntwice /start")
    assert (to_admin.chat, said.chat) == (ADMIN, ANN)
    assert "I paid twice /\u2060start" in to_admin.text
