"""Payments in Telegram's JSON: somebody is about to pay, has paid, or got it back (Bot API, "Payments")."""

from gptbot.domain.updates import CheckoutAsked, PaymentReceived, PaymentReturned, Person, Place
from gptbot.edges.lenient_json import as_dict, scrub, whole_number
from gptbot.edges.telegram_content import Json


def checkout(update_id: int, person: Person, query: Json) -> CheckoutAsked | None:
    """A pre_checkout_query; None if it has no id."""
    query_id = query.get("id")
    if not isinstance(query_id, str | int) or not str(query_id):
        return None
    return CheckoutAsked(
        update_id=update_id,
        person=person,
        place=Place(person.id),
        query_id=scrub(str(query_id)),
        currency=_text(query, "currency"),
        amount=whole_number(query.get("total_amount")) or 0,
        payload=_text(query, "invoice_payload"),
    )


def payment(update_id: int, payer: Person, place: Place, message: Json) -> PaymentReceived | PaymentReturned | None:
    """A payment that was made or given back; None for any other message.

    In a private chat `payer` is the chat's: the notice of a refund may come in the bot's own name.
    """
    for field, kind in (("successful_payment", PaymentReceived), ("refunded_payment", PaymentReturned)):
        told = as_dict(message.get(field))
        if charge := _text(told, "telegram_payment_charge_id"):
            return kind(
                update_id=update_id,
                person=payer,
                place=place,
                charge=charge,
                amount=whole_number(told.get("total_amount")) or 0,
                payload=_text(told, "invoice_payload"),
            )
    return None


def _text(value: Json, field: str) -> str:
    found = value.get(field)
    return scrub(found) if isinstance(found, str) else ""
