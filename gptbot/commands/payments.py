"""/topup with Telegram Stars, payments that arrive, refunds, and /paysupport, which Telegram asks for (SPEC §4, §7)."""

from collections.abc import Sequence
from typing import Final

from gptbot.commands.people import identity
from gptbot.commands.start import member
from gptbot.commands.visit import Visit, tell, words_for
from gptbot.domain.access import served
from gptbot.domain.book import Book
from gptbot.domain.outgoing import Button, Outgoing, checkout_answer, invoice, message
from gptbot.domain.payments import (
    Booking,
    CheckoutRefusal,
    book_payment,
    book_refund,
    checkout_refusal,
    package_text,
    payload_of,
    purse_holder,
    read_package,
)
from gptbot.domain.rows import LedgerRow
from gptbot.domain.rules import Package, Purse, Rules
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import CheckoutAsked, PaymentReceived, Place
from gptbot.texts import Words, join
from gptbot.texts.names import safe_line

AREA: Final = "buy"
NOUNS: Final[dict[Purse, str]] = {"balance": "token", "premium_balance": "premium_token", "image_balance": "image"}
PURSE_NAMES: Final[dict[str, Purse]] = {purse: purse for purse in NOUNS}
QUESTION_MAX: Final = 1_000
"""Characters of a question about a payment that are passed on."""
PROBLEM_MAX: Final = 200


# --- buying ----------------------------------------------------------------------------------------------------------


def topup(tx: Transaction, visit: Visit, args: str) -> None:
    """Shows what can be bought, or points to the admin where payments are off."""
    account = member(tx, visit)
    if account is None:
        return
    rules, words = visit.rules, visit.words
    if not rules.packages:
        visit.say(tx, "topup.ask_admin")
        return
    if not visit.place.private:
        visit.say(tx, "private.only")
        return
    text = words(
        "topup.packages",
        balance=account.balance,
        premium_balance=account.premium_balance,
        image_balance=account.image_balance,
    )
    if rules.is_admin(visit.user):
        text = join(text, words("balance.admin"), by="\n\n")
    buttons = [[Button(_label(words, package), f"{AREA}:{package_text(package)}")] for package in rules.packages]
    tx.send(visit.reply(text, buttons))


def choose(tx: Transaction, visit: Visit, args: Sequence[str]) -> str:
    """A button of /topup: sends the invoice for its package, if that is still sold."""
    package = read_package(":".join(args))
    if package is None or package not in visit.rules.packages:
        return visit.words.plain("button.stale")
    if tx.book.get(visit.user) is None:
        return visit.words.plain("start.needed")
    if not visit.place.private:
        return visit.words.plain("button.not_yours")
    words, title = visit.words, _bought(visit.words, package.purse, package.amount)
    bill = invoice(
        visit.place,
        title,
        words.plain("topup.description", bought=title),
        payload_of(package, visit.user),
        package.stars,
    )
    instead = message(visit.place, words("topup.unavailable"))
    tx.send(bill, after={"instead": [(instead.method, instead.params)]})
    return ""


def checkout_problem(book: Book, rules: Rules, asked: CheckoutAsked, *, available: bool) -> CheckoutRefusal | None:
    """Why this payment can't be taken now; None if it can. `available`: it could be recorded."""
    refusal = checkout_refusal(book, rules, asked)
    if refusal is None and not served(book, rules, asked.person.id, asked.place):
        return CheckoutRefusal.CLOSED
    return refusal if refusal is not None or available else CheckoutRefusal.LATER


def checkout_reply(book: Book, rules: Rules, asked: CheckoutAsked, refusal: CheckoutRefusal | None) -> Outgoing:
    """What Telegram is told; a refusal in the payer's words."""
    words = words_for(rules, book.get(asked.person.id), asked.person.language)
    return checkout_answer(asked.query_id, words.plain(f"checkout.{refusal.value}") if refusal is not None else "")


# --- what was paid ---------------------------------------------------------------------------------------------------


def payment_received(tx: Transaction, visit: Visit, paid: PaymentReceived) -> Booking:
    """Books a payment that the ledger does not know; who paid is told (unless blocked), and the admin."""
    booking, package = book_payment(tx, paid)
    rules, user = visit.rules, visit.user

    def values(words: Words) -> dict[str, object]:
        told: dict[str, object] = {"stars": paid.amount, "charge": paid.charge}
        if booking is Booking.BOOKED and package is not None:
            told["bought"] = _bought(words, package.purse, package.amount)
            told["balance"] = _balance(tx, words, user, package.purse)
        return told

    blocked = tx.book.is_blocked(user)
    if not blocked:
        tell(tx, rules, user, f"payment.{booking.value}", None, **values(visit.words))
    if user != rules.main_admin:
        words = words_for(rules, tx.book.get(rules.main_admin))
        who = identity(user, tx.book.get(user))
        text = words(f"payment.admin.{booking.value}", who=who, user=user, **values(words))
        tx.send(message(Place(rules.main_admin), join(text, words("refill.blocked")) if blocked else text))
    return booking


def payment_returned(tx: Transaction, rules: Rules, user: int, charge: str, paid: LedgerRow | None, *, by: int) -> None:
    """Stars were given back to `user`: takes off what they had brought, if it was booked (`paid`), and tells everybody.

    `by`: the admin who is told.
    """
    words = words_for(rules, tx.book.get(by))
    who, holder = identity(user, tx.book.get(user)), purse_holder(tx.book, user)
    if paid is None or holder is None:
        tell(tx, rules, by, "payment.returned.unbooked", None, who=who)
        return
    purse = PURSE_NAMES[paid.purse]
    book_refund(tx, holder, purse, paid.amount, charge)
    if user != by and not tx.book.is_blocked(user):
        theirs = words_for(rules, tx.book.get(user))
        taken, left = _bought(theirs, purse, paid.amount), _balance(tx, theirs, user, purse)
        tell(tx, rules, user, "payment.returned.user", None, bought=taken, balance=left)
    taken, left = _bought(words, purse, paid.amount), _balance(tx, words, user, purse)
    tell(tx, rules, by, "payment.returned.admin", None, who=who, bought=taken, balance=left)


def shown_problem(problem: str) -> str:
    """Telegram's word for why it did not give Stars back."""
    return safe_line(problem, PROBLEM_MAX)


# --- questions about it ----------------------------------------------------------------------------------------------


def paysupport(tx: Transaction, visit: Visit, args: str) -> None:
    """Passes a question about a payment on to the main admin."""
    if member(tx, visit) is None:
        return
    if not args:
        visit.say(tx, "usage.paysupport")
        return
    question = safe_line(args, QUESTION_MAX)
    who = identity(visit.user, tx.book.get(visit.user))
    tell(tx, visit.rules, visit.rules.main_admin, "paysupport.question", None, who=who, user=visit.user, text=question)
    visit.say(tx, "paysupport.sent")


# --- helpers ---------------------------------------------------------------------------------------------------------


def _bought(words: Words, purse: Purse, amount: int) -> str:
    """So much of a purse in words: 100000 tokens."""
    return words.count(amount, NOUNS[purse])


def _balance(tx: Transaction, words: Words, user: int, purse: Purse) -> str:
    holder = purse_holder(tx.book, user)
    return _bought(words, purse, 0 if holder is None else getattr(tx.book.entry(holder), purse))


def _label(words: Words, package: Package) -> str:
    return words.plain("topup.package", bought=_bought(words, package.purse, package.amount), stars=package.stars)
