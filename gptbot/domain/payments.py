"""Topping up with Telegram Stars (SPEC §4 `/topup`, `/refund`): packages, invoices, and what a payment does to a purse.

The payload of an invoice says what is bought and by whom, so that a payment can be booked whatever has happened to the
packages meanwhile. A payment's key in the ledger is Telegram's id of the charge: it can't be booked twice.
"""

import re
from enum import Enum

from gptbot.domain.book import Book
from gptbot.domain.records import AMOUNT_MAX
from gptbot.domain.rules import Package, Purse, Rules
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import CheckoutAsked, PaymentReceived

STARS_MAX = 100_000
AMOUNT_OF_PACKAGE_MAX = 10**12
PACKAGES_MAX = 20
CURRENCY = "XTR"
"""Telegram's name for Stars (Bot API sendInvoice)."""
_PURSES: dict[str, Purse] = {"tokens": "balance", "premium": "premium_balance", "images": "image_balance"}
_WORDS: dict[Purse, str] = {purse: word for word, purse in _PURSES.items()}
_PACKAGE = re.compile(r"([a-z]+):([0-9]{1,13}):([0-9]{1,6})", re.ASCII)
_PAYLOAD = re.compile(r"topup:(.+):([0-9]{1,19})", re.ASCII)


# --- packages --------------------------------------------------------------------------------------------------------


def package_text(package: Package) -> str:
    """`tokens:100000:50`: the form of TOPUP_PACKAGES, buttons and payloads."""
    return f"{_WORDS[package.purse]}:{package.amount}:{package.stars}"


def read_package(text: str) -> Package | None:
    """The package that `package_text` names; None for anything else."""
    match = _PACKAGE.fullmatch(text)
    if match is None or match[1] not in _PURSES:
        return None
    package = Package(_PURSES[match[1]], int(match[2]), int(match[3]))
    fits = 1 <= package.amount <= AMOUNT_OF_PACKAGE_MAX and 1 <= package.stars <= STARS_MAX
    return package if fits else None


def read_packages(text: str) -> tuple[Package, ...]:
    """TOPUP_PACKAGES. Raises ValueError for anything that is no list of 1 to PACKAGES_MAX different packages."""
    words = [word for word in re.split(r"[,;\s]+", text.lower()) if word]
    packages = [read_package(word) for word in words]
    found = tuple(dict.fromkeys(package for package in packages if package is not None))
    if not found or len(found) != len(packages) or len(found) > PACKAGES_MAX:
        raise ValueError(text)
    return found


# --- invoices --------------------------------------------------------------------------------------------------------


def payload_of(package: Package, user: int) -> str:
    """At most 128 bytes (Bot API sendInvoice)."""
    return f"topup:{package_text(package)}:{user}"


def read_payload(payload: str) -> tuple[Package, int] | None:
    """The package of an invoice and the user it was made for; None if this bot has made no such invoice."""
    match = _PAYLOAD.fullmatch(payload)
    package = read_package(match[1]) if match else None
    return None if match is None or package is None else (package, int(match[2]))


class CheckoutRefusal(Enum):
    """Why Telegram is told not to take the Stars."""

    OFF = "off"
    CLOSED = "closed"  # blocked, or not let in
    STRANGER = "stranger"  # without an account there is no purse
    NOT_YOURS = "not_yours"
    CHANGED = "changed"  # the owner sells something else now
    FULL = "full"
    LATER = "later"  # nothing can be stored at the moment


def checkout_refusal(book: Book, rules: Rules, asked: CheckoutAsked) -> CheckoutRefusal | None:
    """None where the payment can be booked and is for what is offered now; looked at before any Stars are taken."""
    user = asked.person.id
    account = book.get(user)
    bought = read_payload(asked.payload)
    if book.is_blocked(user):
        return CheckoutRefusal.CLOSED
    if not rules.packages:
        return CheckoutRefusal.OFF
    if account is None:
        return CheckoutRefusal.STRANGER
    if bought is None:
        return CheckoutRefusal.CHANGED
    package, buyer = bought
    if buyer != user:
        return CheckoutRefusal.NOT_YOURS
    if package not in rules.packages or (asked.currency, asked.amount) != (CURRENCY, package.stars):
        return CheckoutRefusal.CHANGED
    return CheckoutRefusal.FULL if getattr(account, package.purse) + package.amount > AMOUNT_MAX else None


# --- payments --------------------------------------------------------------------------------------------------------


class Booking(Enum):
    """What became of a payment that has arrived."""

    BOOKED = "booked"
    UNKNOWN_PACKAGE = "unknown_package"
    STRANGER = "stranger"  # there is no purse to book it to


def purse_holder(book: Book, user: int) -> int | None:
    """Whose entry holds the purses of `user`: their own, else what is kept of somebody who was forgotten."""
    return user if book.get(user) is not None else book.left_of(user)


def book_payment(tx: Transaction, paid: PaymentReceived) -> tuple[Booking, Package | None]:
    """Gives what was paid for to who paid, blocked or not. Only for a charge that the ledger does not know."""
    bought = read_payload(paid.payload)
    if bought is None:
        return Booking.UNKNOWN_PACKAGE, None
    package, _ = bought
    holder = purse_holder(tx.book, paid.person.id)
    if holder is None:
        return Booking.STRANGER, package
    amount = min(package.amount, AMOUNT_MAX - _purse(tx, holder, package.purse))
    tx.book_purse(holder, package.purse, amount, reason="payment", key=paid.charge)
    return Booking.BOOKED, package


def refund_key(charge: str) -> str:
    """The ledger's key of taking back what this charge had brought."""
    return f"{charge}:refund"


def book_refund(tx: Transaction, holder: int, purse: Purse, amount: int, charge: str) -> int:
    """Takes back what a payment had brought, below zero if it was spent; what the purse holds then.

    `holder` may be a pseudonym. Only for a charge that the ledger knows and whose refund it does not.
    """
    fitting = min(amount, AMOUNT_MAX + _purse(tx, holder, purse))
    tx.book_purse(holder, purse, -fitting, reason="refund", key=refund_key(charge))
    return _purse(tx, holder, purse)


def _purse(tx: Transaction, holder: int, purse: Purse) -> int:
    value: int = getattr(tx.book.entry(holder), purse)
    return value
