"""Payments in Telegram Stars: bills, checkouts, refunds (Bot API, "Payments"). Nobody's balance is ever looked at."""

from gptbot.playground.members import Members
from gptbot.playground.methods import Method, post
from gptbot.playground.params import Params
from gptbot.playground.refusals import bad_request
from gptbot.playground.world import Checkout, Json, World

TITLE_MAX = 32
DESCRIPTION_MAX = 255
PAYLOAD_BYTES_MAX = 128


def send_invoice(world: World, params: Params) -> Json:
    title, description, payload = params.text("title"), params.text("description"), params.text("payload")
    if not 1 <= len(title) <= TITLE_MAX:
        raise bad_request("INVOICE_TITLE_INVALID")
    if not 1 <= len(description) <= DESCRIPTION_MAX:
        raise bad_request("INVOICE_DESCRIPTION_INVALID")
    if not 1 <= len(payload.encode()) <= PAYLOAD_BYTES_MAX:
        raise bad_request("INVOICE_PAYLOAD_INVALID")
    if params.text("currency") != "XTR" or params.text("provider_token"):
        raise bad_request("CURRENCY_INVALID")
    prices = params.array("prices")
    if len(prices) != 1 or not isinstance(prices[0].get("amount"), int) or prices[0]["amount"] < 1:
        raise bad_request("STARS_INVOICE_INVALID")
    chat = world.writable_chat(params.get("chat_id"))
    bill = {"currency": "XTR", "total_amount": prices[0]["amount"], "invoice_payload": payload}
    shown = {"title": title, "description": description, "start_parameter": params.text("start_parameter")}
    invoice = {**shown, "currency": "XTR", "total_amount": bill["total_amount"]}
    pay_button = {"inline_keyboard": [[{"text": f"Pay {bill['total_amount']} ⭐", "pay": True}]]}
    message = post(world, chat, params, {"invoice": invoice, "reply_markup": pay_button})
    world.bills[(chat.id, message["message_id"])] = bill
    return message


def answer_pre_checkout_query(world: World, params: Params) -> bool:
    checkout = world.checkouts.get(params.text("pre_checkout_query_id"))
    if checkout is None or checkout.expired or checkout.answer is not None:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    ok, problem = params.flag("ok"), params.text("error_message")
    if not ok and not problem:
        raise bad_request("ERROR_TEXT_EMPTY")
    checkout.answer = {"ok": ok, "error_message": problem}
    if ok:
        pay(world, checkout)
    else:
        popup = {"user_id": checkout.user_id, "chat_id": checkout.chat_id, "text": problem, "show_alert": True}
        world.changed({"type": "popup", **popup})
    return True


def pay(world: World, checkout: Checkout) -> Json:
    """The Stars are taken and the bot is told; the charge's id is in the message."""
    charge = f"stx{world.next_message_id}"  # as unlike as the ids of messages, those of earlier demos too
    paid = {**checkout.bill, "telegram_payment_charge_id": charge, "provider_payment_charge_id": "0_0"}
    world.payments[charge] = {"user_id": checkout.user_id, "payment": paid, "refunded": False}
    message = world.post(world.chats[checkout.chat_id], world.users[checkout.user_id], {"successful_payment": paid})
    world.updates.push("message", message)
    return message


def refund_star_payment(world: World, params: Params) -> bool:
    charge, user_id = params.text("telegram_payment_charge_id"), params.integer("user_id")
    found = world.payments.get(charge)
    if found is None or found["user_id"] != user_id:
        raise bad_request("CHARGE_NOT_FOUND")
    if found["refunded"]:
        raise bad_request("CHARGE_ALREADY_REFUNDED")
    give_back(world, charge)
    return True


def give_back(world: World, charge: str) -> None:
    """The Stars go back, and the bot is told of that as well."""
    found = world.payments[charge]
    found["refunded"] = True
    names = ("currency", "total_amount", "invoice_payload", "telegram_payment_charge_id")
    returned = {name: found["payment"][name] for name in names}
    message = world.post(world.chats[found["user_id"]], world.bot, {"refunded_payment": returned})
    world.updates.push("message", message)


METHODS: dict[str, Method] = {
    "sendInvoice": send_invoice,
    "answerPreCheckoutQuery": answer_pre_checkout_query,
    "refundStarPayment": refund_star_payment,
}


class Payers(Members):
    """What people do with bills."""

    def pay_bill(self, user_id: int, chat_id: int, message_id: int) -> Checkout:
        """Presses Pay under a bill: the bot is asked first (update pre_checkout_query). Raises LookupError."""
        checkout = Checkout(str(len(self.world.checkouts) + 1), user_id, chat_id, self.world.bills[chat_id, message_id])
        self.world.checkouts[checkout.id] = checkout
        query = {"id": checkout.id, "from": self.world.users[user_id], **checkout.bill}
        self.world.updates.push("pre_checkout_query", query)
        return checkout

    def expire_checkouts(self) -> None:
        """From now on answers to the checkouts so far are refused as too old."""
        for checkout in self.world.checkouts.values():
            checkout.expired = True

    def give_stars_back(self, charge: str) -> None:
        """Telegram itself returns a payment."""
        give_back(self.world, charge)
