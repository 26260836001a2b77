"""Payments as Telegram tells of them (Bot API, "Payments")."""

from typing import Any

import pytest

from gptbot.domain.updates import CheckoutAsked, Me, MessageSent, PaymentReceived, PaymentReturned, Person, Place
from gptbot.edges.telegram_decode import Undecodable, decode

ME = Me(42, "thebot")
ALICE = {"id": 7, "is_bot": False, "first_name": "Alice"}
BOT = {"id": 42, "is_bot": True, "first_name": "Bot"}
CHAT = {"id": 7, "type": "private", "first_name": "Alice"}
PAID = {"currency": "XTR", "total_amount": 50, "invoice_payload": "p", "telegram_payment_charge_id": "stx"}


def message(sender: dict[str, Any], **fields: Any) -> Any:
    return decode({"update_id": 1, "message": {"message_id": 5, "from": sender, "chat": CHAT, "date": 1} | fields}, ME)


def test_a_checkout_is_read() -> None:
    query = {"id": "q", "from": ALICE, "currency": "XTR", "total_amount": 50, "invoice_payload": "p"}
    assert decode({"update_id": 1, "pre_checkout_query": query}, ME) == CheckoutAsked(
        update_id=1,
        person=Person(7, "Alice"),
        place=Place(7),
        query_id="q",
        currency="XTR",
        amount=50,
        payload="p",
    )


@pytest.mark.parametrize("query", [{"id": "q"}, {"from": ALICE}, {"id": "", "from": ALICE}])
def test_a_checkout_that_can_not_be_answered_is_unreadable(query: Any) -> None:
    with pytest.raises(Undecodable):
        decode({"update_id": 1, "pre_checkout_query": query}, ME)


def test_a_payment_is_read() -> None:
    expected = PaymentReceived(
        update_id=1, person=Person(7, "Alice"), place=Place(7), charge="stx", amount=50, payload="p"
    )
    assert message(ALICE, successful_payment=PAID) == expected


@pytest.mark.parametrize("sender", [ALICE, BOT])
def test_a_refund_is_the_payers_in_whosever_name_telegram_tells_of_it(sender: Any) -> None:
    returned = message(sender, refunded_payment=PAID)
    assert isinstance(returned, PaymentReturned)
    assert (returned.person.id, returned.charge) == (7, "stx")


@pytest.mark.parametrize("paid", [{}, "odd", PAID | {"telegram_payment_charge_id": 5}])
def test_a_payment_without_a_charge_is_a_message_like_others(paid: Any) -> None:
    assert isinstance(message(ALICE, successful_payment=paid), MessageSent)
