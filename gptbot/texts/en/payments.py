"""English: buying with Telegram Stars, refunds, questions about payments."""

TEXTS: dict[str, str] = {
    "command.paysupport": "questions about a payment",
    "command.refund": "give a payment in Stars back",
    # --- /topup
    "topup.packages": (
        "<b>Top up with Telegram Stars</b>\n\n"
        "You have {balance:token}, {premium_balance:premium_token} and {image_balance:image}.\n"
        "Choose what you want; then you see the bill and can still decide. Questions about a payment: /paysupport"
    ),
    "topup.package": "{bought}: {stars} ⭐",
    "topup.description": "For your balance with this bot: {bought}. You can use it at once, and it does not expire.",
    "topup.unavailable": "Telegram took no bill from me just now. Please try again later.",
    # --- what Telegram shows when a bill can't be paid
    "checkout.off": "Nothing can be bought here at the moment. You were not charged.",
    "checkout.closed": "You can't buy anything from this bot. You were not charged.",
    "checkout.stranger": "Please press Start in the chat with me first: then there is a balance to add it to.",
    "checkout.not_yours": "This bill was made for somebody else. Get your own with /topup. You were not charged.",
    "checkout.changed": "This offer has changed. See what is offered now with /topup. You were not charged.",
    "checkout.full": "Your balance can't hold any more of this. You were not charged.",
    "checkout.later": "I can't store anything at the moment. Please try again later. You were not charged.",
    # --- what was paid
    "payment.booked": (
        "Thank you! Added for {stars} ⭐: {bought}. Your balance now: {balance}.\n\n"
        "The number of this payment, should you have a question (/paysupport): <code>{charge}</code>"
    ),
    "payment.unknown_package": (
        "Your payment of {stars} ⭐ has arrived, but I can't tell what it was for. The admin knows and will mend it."
        "\n\nThe number of this payment: <code>{charge}</code>"
    ),
    "payment.stranger": (
        "Your payment of {stars} ⭐ has arrived, but you have no balance here that I could add it to. The admin knows"
        " and will mend it.\n\nThe number of this payment: <code>{charge}</code>"
    ),
    "payment.admin.booked": (
        "<b>Payment of {stars} ⭐</b>\nFrom: {who}\nAdded: {bought}\nBalance now: {balance}\n\n"
        "To give it back: <code>/refund {user} {charge}</code>"
    ),
    "payment.admin.unknown_package": (
        "<b>Payment of {stars} ⭐ that could not be added</b>\nFrom: {who}\n"
        "I don't know what it was for: the bill was not made by me.\n\n"
        "To give it back: <code>/refund {user} {charge}</code>"
    ),
    "payment.admin.stranger": (
        "<b>Payment of {stars} ⭐ that could not be added</b>\nFrom: {who}\n"
        "This person has no account here.\n\nTo give it back: <code>/refund {user} {charge}</code>"
    ),
    # --- /refund
    "usage.refund": (
        "<b>/refund</b> user payment gives the Stars of a payment back and takes off what they had brought; the number"
        " of the payment is in the notice of it.\nExample: <code>/refund @johndoe stxAbCdEf123</code>"
    ),
    "refund.already": "The Stars of this payment were given back before. Nothing was changed.",
    "refund.other": "Somebody else made this payment. Nothing was changed.",
    "refund.under_way": "These Stars are being given back at this moment.",
    "refund.refused": "Telegram did not give the Stars back: {problem}. Nothing was changed.",
    "payment.returned.user": (
        "The Stars of your payment were given back. Taken off your balance: {bought}. It is now: {balance}."
    ),
    "payment.returned.admin": "Stars given back.\nTo: {who}\nTaken off: {bought}\nBalance now: {balance}",
    "payment.returned.unbooked": (
        "Stars given back.\nTo: {who}\nI had added nothing for this payment, so no balance was changed."
    ),
    # --- /paysupport
    "usage.paysupport": (
        "Is something wrong with a payment? Write it behind <b>/paysupport</b>, with the number of the payment: I pass"
        " it on to the admin.\nExample: <code>/paysupport I paid twice: stxAbCdEf123</code>"
    ),
    "paysupport.sent": "I have passed it on to the admin. The answer will come here.",
    "paysupport.question": (
        "<b>Question about a payment</b>\nFrom: {who}\n\n<i>{text}</i>\n\nTo answer: <code>/announce {user}</code>"
    ),
}
