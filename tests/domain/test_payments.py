"""Packages, payloads and what payments do to purses (SPEC §4 `/topup`, `/refund`)."""

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptbot.domain.book import Book
from gptbot.domain.payments import (
    AMOUNT_OF_PACKAGE_MAX,
    PACKAGES_MAX,
    STARS_MAX,
    Booking,
    CheckoutRefusal,
    book_payment,
    book_refund,
    checkout_refusal,
    package_text,
    payload_of,
    read_package,
    read_packages,
    read_payload,
)
from gptbot.domain.records import AMOUNT_MAX, Account, Totals
from gptbot.domain.rows import LedgerRow
from gptbot.domain.rules import ModelSpec, Package, Purse, Rules
from gptbot.domain.transaction import Counters, Transaction
from gptbot.domain.updates import CheckoutAsked, PaymentReceived, Person, Place

SPEC = ModelSpec("m", 1000, 1, 1, 1)
TOKENS = Package("balance", 100_000, 50)
RULES = Rules(admins=(1,), basic=SPEC, premium=SPEC, image_model="i", image_price=0, packages=(TOKENS,))
PURSES: tuple[Purse, ...] = get_args(Purse)
packages = st.builds(Package, st.sampled_from(PURSES), st.integers(1, AMOUNT_OF_PACKAGE_MAX), st.integers(1, STARS_MAX))
users = st.integers(1, 2**52)


def book_with(**values: int | bool) -> Book:
    account = Account(name="Alice", balance=1_000)
    for name, value in values.items():
        setattr(account, name, value)
    return Book.of({7: account}, Totals())


def paid(payload: str, charge: str = "c", user: int = 7) -> PaymentReceived:
    return PaymentReceived(
        update_id=1, person=Person(user, "Alice"), place=Place(user), charge=charge, amount=50, payload=payload
    )


def asked(payload: str, user: int = 7, amount: int = 50, currency: str = "XTR") -> CheckoutAsked:
    return CheckoutAsked(
        update_id=1,
        person=Person(user, "Alice"),
        place=Place(user),
        query_id="q",
        currency=currency,
        amount=amount,
        payload=payload,
    )


# --- packages --------------------------------------------------------------------------------------------------------


@given(packages, users)
def test_what_is_written_is_read_again_and_fits_into_telegrams_fields(package: Package, user: int) -> None:
    assert read_package(package_text(package)) == package
    assert read_payload(payload_of(package, user)) == (package, user)
    assert len(payload_of(package, user).encode()) <= 128
    assert len(f"buy:{package_text(package)}".encode()) <= 64


@given(st.lists(packages, min_size=1, max_size=PACKAGES_MAX, unique=True), st.sampled_from([",", ", ", ";", "\n", " "]))
def test_a_list_of_packages_is_read_in_its_order(chosen: list[Package], between: str) -> None:
    assert read_packages(between.join(map(package_text, chosen))) == tuple(chosen)


@given(st.text())
def test_any_other_text_is_refused_or_means_packages(text: str) -> None:
    try:
        found = read_packages(text)
    except ValueError:
        return
    assert found
    assert all(read_package(package_text(package)) == package for package in found)


@given(st.text())
def test_a_payload_of_somebody_else_is_read_as_none_or_as_one_of_ours(payload: str) -> None:
    found = read_payload(payload)
    assert found is None or read_payload(payload_of(*found)) == found


@pytest.mark.parametrize(
    "text",
    ["", ",", "tokens", "tokens:1", "tokens:0:5", "tokens:5:0", "tokens:5:-1", "gold:5:5", "tokens:5:5:5",
     "tokens:1_000:5", "tokens:1e5:5", f"tokens:5:{STARS_MAX + 1}", f"tokens:{AMOUNT_OF_PACKAGE_MAX + 1}:5",
     "tokens:5:5,tokens:5:5", "tokens:5:5,nonsense", "tokens:٥:5"],
)  # fmt: skip
def test_packages_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_packages(text)


# --- checkouts -------------------------------------------------------------------------------------------------------

PAYLOAD = payload_of(TOKENS, 7)


@pytest.mark.parametrize(
    ("book", "rules", "checkout", "refusal"),
    [
        (book_with(), RULES, asked(PAYLOAD), None),
        (book_with(blocked=True), RULES, asked(PAYLOAD), CheckoutRefusal.CLOSED),
        (book_with(), replace(RULES, packages=()), asked(PAYLOAD), CheckoutRefusal.OFF),
        (book_with(), RULES, asked(payload_of(TOKENS, 8), user=8), CheckoutRefusal.STRANGER),
        (book_with(), RULES, asked(payload_of(TOKENS, 8)), CheckoutRefusal.NOT_YOURS),
        (book_with(), RULES, asked("something else"), CheckoutRefusal.CHANGED),
        (book_with(), RULES, asked(payload_of(TOKENS._replace(amount=1), 7)), CheckoutRefusal.CHANGED),
        (book_with(), RULES, asked(PAYLOAD, amount=49), CheckoutRefusal.CHANGED),
        (book_with(), RULES, asked(PAYLOAD, currency="USD"), CheckoutRefusal.CHANGED),
        (book_with(balance=AMOUNT_MAX), RULES, asked(PAYLOAD), CheckoutRefusal.FULL),
    ],
)
def test_stars_are_taken_only_for_what_can_be_booked_and_is_offered_now(
    book: Book, rules: Rules, checkout: CheckoutAsked, refusal: CheckoutRefusal | None
) -> None:
    assert checkout_refusal(book, rules, checkout) is refusal


# --- money -----------------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(packages, st.booleans()), max_size=20))
def test_the_ledger_explains_the_purses_whatever_is_paid_and_given_back(deeds: list[tuple[Package, bool]]) -> None:
    book = book_with(blocked=True)  # what arrives is booked all the same
    before = {purse: getattr(book.accounts[7], purse) for purse in PURSES}
    ledger: list[LedgerRow] = []
    expected = dict(before)
    for number, (package, back) in enumerate(deeds):
        tx = Transaction(book, Counters(), 0)
        charge = f"stx{number}"
        assert book_payment(tx, paid(payload_of(package, 7), charge)) == (Booking.BOOKED, package)
        expected[package.purse] += package.amount
        if back:
            left = book_refund(tx, 7, package.purse, package.amount, charge)
            expected[package.purse] -= package.amount
            assert left == expected[package.purse]
        ledger += [row for row in tx.rows() if isinstance(row, LedgerRow)]
    assert {purse: getattr(book.accounts[7], purse) for purse in PURSES} == expected
    for purse in PURSES:
        assert before[purse] + sum(row.amount for row in ledger if row.purse == purse) == expected[purse]
    assert len({row.key for row in ledger}) == len(ledger)


@given(st.integers(-AMOUNT_MAX, AMOUNT_MAX), packages)
def test_no_purse_leaves_its_bounds(balance: int, package: Package) -> None:
    book = book_with(**{package.purse: balance})
    tx = Transaction(book, Counters(), 0)
    book_payment(tx, paid(payload_of(package, 7)))
    assert getattr(book.accounts[7], package.purse) == min(balance + package.amount, AMOUNT_MAX)
    book_refund(tx, 7, package.purse, AMOUNT_MAX, "c")
    assert -AMOUNT_MAX <= getattr(book.accounts[7], package.purse) <= AMOUNT_MAX


def test_a_payment_that_can_not_be_booked_changes_nothing() -> None:
    tx = Transaction(book_with(), Counters(), 0)
    assert book_payment(tx, paid("odd")) == (Booking.UNKNOWN_PACKAGE, None)
    assert book_payment(tx, paid(payload_of(TOKENS, 8), user=8)) == (Booking.STRANGER, TOKENS)
    assert tx.rows() == []


def test_somebody_who_was_forgotten_gets_what_they_paid_for_back_with_their_purses() -> None:
    book = book_with()
    book.key = b"k"
    tx = Transaction(book, Counters(), 0)
    tx.forget(7, 1)
    book_payment(tx, paid(PAYLOAD))
    assert book.kept[book.pseudonym(7)].balance == 101_000
