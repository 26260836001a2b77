"""Stars: answers to checkouts, payments that arrive, and refunds (SPEC §4).

A payment is an update like any other: it stands in the inbox until the commit that books it. So does /refund: after a
crash Telegram is asked once more, which then says that these Stars were given back already.
"""

import asyncio
from typing import Final

import structlog

from gptbot.actors.desk import Desk
from gptbot.commands import payments
from gptbot.commands.visit import Visit
from gptbot.domain.outgoing import Outgoing, refund
from gptbot.domain.payments import refund_key
from gptbot.domain.rows import LedgerRow
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import CheckoutAsked, PaymentReceived, PaymentReturned
from gptbot.limits import BACKOFF_MAX_S
from gptbot.ports import RefusalKind, Refused, StorageUnavailable, Unknown

log = structlog.get_logger()

CHECKOUT_ANSWER_S: Final = 9.0
"""Telegram waits 10 s for the answer to a checkout (Bot API pre_checkout_query)."""
CHARGE_MAX: Final = 256
_ID_DIGITS_MAX: Final = 16


def answer_checkout(desk: Desk, asked: CheckoutAsked) -> None:
    """Decides at once, from the image in memory; nothing of it is stored."""
    book, rules = desk.storage.book, desk.rules
    refusal = payments.checkout_problem(book, rules, asked, available=not desk.storage.in_trouble)
    problem = refusal.value if refusal is not None else ""
    log.info("checkout.answered", update_id=asked.update_id, user=asked.person.id, problem=problem)
    answer = _send_answer(desk, asked, payments.checkout_reply(book, rules, asked, refusal))
    desk.supervisor.spawn(f"checkout {asked.update_id}", answer)


async def _send_answer(desk: Desk, asked: CheckoutAsked, answer: Outgoing) -> None:
    """An answer that may have got lost is repeated: a second one does nothing."""
    try:
        async with asyncio.timeout(CHECKOUT_ANSWER_S):
            while isinstance(await desk.messenger.deliver(answer), Unknown):
                await desk.messenger.reachable()
    except TimeoutError:
        log.warning("checkout.unanswered", update_id=asked.update_id, user=asked.person.id)


async def receive(desk: Desk, visit: Visit, paid: PaymentReceived) -> None:
    """Books a payment once, however often Telegram tells of it."""
    async with desk.payments:
        if await _booking(desk, paid.charge) is not None:
            log.info("payment.repeated", update_id=paid.update_id, user=visit.user)
            await desk.storage.commit(lambda tx: tx.done(paid.update_id))
            return

        def book(tx: Transaction) -> str:
            tx.meet(visit.person)
            booking = payments.payment_received(tx, visit, paid)
            tx.done(paid.update_id)
            return booking.value

        booking = await desk.storage.commit(book)
    log.info("payment.received", update_id=paid.update_id, user=visit.user, stars=paid.amount, booking=booking)


async def returned(desk: Desk, update: PaymentReturned) -> None:
    """Telegram tells of a refund: of ours, which is booked by who asked for it, or of its own."""
    user, admin = update.person.id, desk.rules.main_admin
    async with desk.payments:
        paid = await _payment(desk, update.charge)
        known = update.charge in desk.refunding or await _booking(desk, refund_key(update.charge)) is not None

        def book(tx: Transaction) -> None:
            if paid is not None and not known:
                payments.payment_returned(tx, desk.rules, user, update.charge, paid, by=admin)
            tx.done(update.update_id)

        await desk.storage.commit(book)
    log.info("payment.repeated" if known else "payment.returned", update_id=update.update_id, user=user)


# --- /refund ---------------------------------------------------------------------------------------------------------


async def begin_refund(desk: Desk, visit: Visit, args: str) -> None:
    """/refund <who> <charge>: goes on beside the admin's other commands, as Telegram may take its time."""
    who, _, charge = args.strip().partition(" ")
    user = _payer(desk, who)
    if user is None or not charge or len(charge.split()) != 1 or len(charge) > CHARGE_MAX:
        await _say(desk, visit, "usage.refund")
    elif charge in desk.refunding:
        await _say(desk, visit, "refund.under_way")
    else:
        desk.refunding.add(charge)
        desk.supervisor.spawn(f"refund {visit.update.update_id}", _refund(desk, visit, user, charge))


def _payer(desk: Desk, who: str) -> int | None:
    """Whom the admin means; an id may be of somebody who has no account (any more)."""
    found = desk.storage.book.find(who)
    is_id = who.isascii() and who.isdecimal() and len(who) <= _ID_DIGITS_MAX
    return int(who) if found is None and is_id else found


async def _refund(desk: Desk, visit: Visit, user: int, charge: str) -> None:
    try:
        paid = await _payment(desk, charge)
        if await _booking(desk, refund_key(charge)) is not None:
            await _say(desk, visit, "refund.already")
        elif paid is not None and paid.user not in (user, desk.storage.book.pseudonym(user)):
            await _say(desk, visit, "refund.other")
        else:
            await _give_back(desk, visit, user, charge, paid)
    finally:
        desk.refunding.discard(charge)


async def _give_back(desk: Desk, visit: Visit, user: int, charge: str, paid: LedgerRow | None) -> None:
    outcome = await desk.messenger.deliver(refund(user, charge))
    while isinstance(outcome, Unknown):
        await desk.messenger.reachable()
        outcome = await desk.messenger.deliver(refund(user, charge))
    update_id = visit.update.update_id
    if isinstance(outcome, Refused) and outcome.kind is RefusalKind.ALREADY_REFUNDED and paid is None:
        await _say(desk, visit, "refund.already")
        return
    if isinstance(outcome, Refused) and outcome.kind is not RefusalKind.ALREADY_REFUNDED:
        log.warning("refund.refused", update_id=update_id, user=user, problem=outcome.description)
        await _say(desk, visit, "refund.refused", problem=payments.shown_problem(outcome.description))
        return

    def book(tx: Transaction) -> None:
        payments.payment_returned(tx, desk.rules, user, charge, paid, by=visit.user)
        tx.done(update_id)

    async with desk.payments:
        if await _booking(desk, refund_key(charge)) is None:
            await desk.storage.commit(book)
        else:
            await _say(desk, visit, "refund.already")
    log.info("payment.returned", update_id=update_id, user=user)


async def _say(desk: Desk, visit: Visit, key: str, **values: object) -> None:
    def say(tx: Transaction) -> None:
        visit.say(tx, key, None, **values)
        tx.done(visit.update.update_id)

    await desk.storage.commit(say)


# --- the ledger ------------------------------------------------------------------------------------------------------


async def _payment(desk: Desk, charge: str) -> LedgerRow | None:
    """What this charge has brought."""
    found = await _booking(desk, charge)
    return found if found is not None and found.reason == "payment" else None


async def _booking(desk: Desk, key: str) -> LedgerRow | None:
    """Waits until the disk can be read: money must not get lost because it can't."""
    while True:
        try:
            return await desk.database.booking(key)
        except StorageUnavailable:
            await desk.clock.sleep(BACKOFF_MAX_S)
