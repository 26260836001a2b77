"""Payments in Stars on the stand-in: Telegram's own order of things and its refusals."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gptbot.edges.telegram_api import TelegramApi, TelegramRefusal
from gptbot.playground.bot_api import TOKEN, BotApiServer
from gptbot.playground.world import Json

BILL: Json = {
    "chat_id": 7,
    "title": "10 images",
    "description": "Ten",
    "payload": "p",
    "provider_token": "",
    "currency": "XTR",
    "prices": [{"label": "10 images", "amount": 60}],
}


@pytest.fixture
async def server() -> AsyncIterator[BotApiServer]:
    server = BotApiServer()
    await server.start()
    server.add_user(7, "Alice")
    yield server
    await server.stop()


@pytest.fixture
async def api(server: BotApiServer) -> AsyncIterator[TelegramApi]:
    api = TelegramApi(TOKEN, server.url)
    server.world.updates.allow(["message", "pre_checkout_query"])
    yield api
    await api.close()


def newest(server: BotApiServer) -> Any:
    return server.world.updates.pending[-1]


async def test_the_bot_is_asked_then_paid_then_can_give_it_back_once(server: BotApiServer, api: TelegramApi) -> None:
    message = await api.call("sendInvoice", BILL)
    assert message["invoice"]["total_amount"] == 60
    server.pay_bill(7, 7, message["message_id"])
    query = newest(server)["pre_checkout_query"]
    assert (query["from"]["id"], query["invoice_payload"], query["total_amount"]) == (7, "p", 60)
    answer = {"pre_checkout_query_id": query["id"], "ok": True}
    assert await api.call("answerPreCheckoutQuery", answer) is True
    paid = newest(server)["message"]["successful_payment"]
    charge = {"user_id": 7, "telegram_payment_charge_id": paid["telegram_payment_charge_id"]}
    with pytest.raises(TelegramRefusal, match="query is too old"):
        await api.call("answerPreCheckoutQuery", answer)
    with pytest.raises(TelegramRefusal, match="CHARGE_NOT_FOUND"):
        await api.call("refundStarPayment", charge | {"user_id": 8})
    assert await api.call("refundStarPayment", charge) is True
    assert newest(server)["message"]["refunded_payment"]["invoice_payload"] == "p"
    with pytest.raises(TelegramRefusal, match="CHARGE_ALREADY_REFUNDED"):
        await api.call("refundStarPayment", charge)
    assert not server.unknown_parameters


async def test_a_no_takes_no_stars_and_a_late_answer_is_refused(server: BotApiServer, api: TelegramApi) -> None:
    message = await api.call("sendInvoice", BILL)
    checkout = server.pay_bill(7, 7, message["message_id"])
    no = {"pre_checkout_query_id": checkout.id, "ok": False}
    with pytest.raises(TelegramRefusal, match="ERROR_TEXT_EMPTY"):
        await api.call("answerPreCheckoutQuery", no)
    await api.call("answerPreCheckoutQuery", no | {"error_message": "Sold out"})
    assert checkout.answer == {"ok": False, "error_message": "Sold out"}
    late = server.pay_bill(7, 7, message["message_id"])
    server.expire_checkouts()
    with pytest.raises(TelegramRefusal, match="query is too old"):
        await api.call("answerPreCheckoutQuery", {"pre_checkout_query_id": late.id, "ok": True})
    assert not server.world.payments


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"title": ""}, "TITLE"),
        ({"title": "x" * 33}, "TITLE"),
        ({"description": "x" * 256}, "DESCRIPTION"),
        ({"payload": "я" * 65}, "PAYLOAD"),
        ({"currency": "USD"}, "CURRENCY"),
        ({"prices": []}, "STARS"),
        ({"prices": [{"label": "a", "amount": 1}, {"label": "b", "amount": 1}]}, "STARS"),
        ({"prices": [{"label": "a", "amount": 0}]}, "STARS"),
    ],
)
async def test_a_bill_that_telegram_would_not_take_is_refused(api: TelegramApi, wrong: Json, word: str) -> None:
    with pytest.raises(TelegramRefusal, match=f"{word}.*INVALID"):
        await api.call("sendInvoice", BILL | wrong)
