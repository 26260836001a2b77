"""What the bot wants Telegram to show: one Bot API call as data, so that it can be stored and sent after a crash.

Texts never carry a parse mode: formatting travels as entities, so nothing a user wrote can be read as markup.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from gptbot.domain.updates import Place

Params = Mapping[str, Any]
"""Parameters of a Bot API method by their official names; values are JSON (ids, strings, dicts, lists)."""


class Attachment(NamedTuple):
    """A file that goes along: the parameter it is for ("photo", "document"), its name and bytes."""

    field: str
    filename: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One call of a Bot API method. `chat_id` is the chat it is paced and ordered by."""

    method: str
    params: Params
    attachment: Attachment | None = None

    @property
    def chat_id(self) -> int:
        return int(self.params.get("chat_id", 0))

    @property
    def messages(self) -> int:
        """How many messages it makes: Telegram's limits count every one of an album."""
        return len(self.params.get("message_ids", ())) or 1


class Text(NamedTuple):
    """Visible text with its entities (Bot API MessageEntity as dicts; offsets in UTF-16 units)."""

    text: str
    entities: Sequence[Mapping[str, Any]] = ()


def spelled_out(text: str, entities: Sequence[Mapping[str, Any]]) -> str:
    """The text without its entities, but with the addresses of its links, which only they held."""
    units = text.encode("utf-16-le", "surrogatepass")
    for entity in sorted(entities, key=lambda entity: int(entity["offset"]), reverse=True):
        begin, end = 2 * entity["offset"], 2 * (entity["offset"] + entity["length"])
        url = str(entity.get("url", "")).encode("utf-16-le", "surrogatepass")
        if url and url != units[begin:end]:
            units = units[:end] + " (".encode("utf-16-le") + url + ")".encode("utf-16-le") + units[end:]
    return units.decode("utf-16-le", "surrogatepass")


class Button(NamedTuple):
    """An inline button; either `data` (at most 64 bytes) or `url`."""

    label: str
    data: str = ""
    url: str = ""


Keyboard = Sequence[Sequence[Button]]


def inline_keyboard(rows: Keyboard) -> dict[str, Any]:
    """`rows` as the Bot API's InlineKeyboardMarkup."""
    return {
        "inline_keyboard": [
            [{"text": b.label, "url": b.url} if b.url else {"text": b.label, "callback_data": b.data} for b in row]
            for row in rows
        ]
    }


def message(
    place: Place,
    text: Text,
    *,
    reply_to: int | None = None,
    keyboard: Keyboard | None = None,
    preview: bool = False,
) -> Outgoing:
    """A text message to `place`; `preview` shows link previews (off unless asked for)."""
    params: dict[str, Any] = {"chat_id": place.chat_id, "text": text.text}
    if place.thread_id is not None:
        params["message_thread_id"] = place.thread_id
    if text.entities:
        params["entities"] = list(text.entities)
    if reply_to is not None:
        params["reply_parameters"] = {"message_id": reply_to, "allow_sending_without_reply": True}
    if keyboard:
        params["reply_markup"] = inline_keyboard(keyboard)
    if not preview:
        params["link_preview_options"] = {"is_disabled": True}
    return Outgoing("sendMessage", params)


def draft(place: Place, draft_id: int, text: Text) -> Outgoing:
    """The preview of an answer that is being written, with Telegram's own Stop (Bot API sendMessageDraft).

    `draft_id` is not 0, and the same for all previews of one answer; an empty text shows as "Thinking…".
    """
    params: dict[str, Any] = {"chat_id": place.chat_id, "draft_id": draft_id, "text": text.text, "can_stop": True}
    if place.thread_id is not None:
        params["message_thread_id"] = place.thread_id
    if text.entities:
        params["entities"] = list(text.entities)
    return Outgoing("sendMessageDraft", params)


def edit(chat_id: int, message_id: int, text: Text, *, keyboard: Keyboard | None = None) -> Outgoing:
    """The text (and buttons: none unless given) of a message the bot sent before."""
    params: dict[str, Any] = {"chat_id": chat_id, "message_id": message_id, "text": text.text}
    if text.entities:
        params["entities"] = list(text.entities)
    if keyboard:
        params["reply_markup"] = inline_keyboard(keyboard)
    params["link_preview_options"] = {"is_disabled": True}
    return Outgoing("editMessageText", params)


def without_buttons(chat_id: int, message_id: int) -> Outgoing:
    """Takes the buttons of a message of the bot's away."""
    return Outgoing("editMessageReplyMarkup", {"chat_id": chat_id, "message_id": message_id})


def delete(chat_id: int, message_id: int) -> Outgoing:
    """Takes a message of the bot's away."""
    return Outgoing("deleteMessage", {"chat_id": chat_id, "message_id": message_id})


def media(
    place: Place, kind: str, filename: str, content: bytes, *, caption: Text | None = None, reply_to: int | None = None
) -> Outgoing:
    """A file of the bot's own: `kind` is "photo" or "document"."""
    params: dict[str, Any] = {"chat_id": place.chat_id}
    if place.thread_id is not None:
        params["message_thread_id"] = place.thread_id
    if caption is not None:
        params["caption"] = caption.text
        if caption.entities:
            params["caption_entities"] = list(caption.entities)
    if reply_to is not None:
        params["reply_parameters"] = {"message_id": reply_to, "allow_sending_without_reply": True}
    return Outgoing(f"send{kind.capitalize()}", params, Attachment(kind, filename, content))


def copy(
    to_chat_id: int, from_chat_id: int, message_id: int, *, reply_markup: Mapping[str, Any] | None = None
) -> Outgoing:
    """A copy of any single message (Bot API copyMessage)."""
    params: dict[str, Any] = {"chat_id": to_chat_id, "from_chat_id": from_chat_id, "message_id": message_id}
    if reply_markup is not None:
        params["reply_markup"] = dict(reply_markup)
    return Outgoing("copyMessage", params)


def copy_album(to_chat_id: int, from_chat_id: int, message_ids: Sequence[int]) -> Outgoing:
    """A copy of a whole album (Bot API copyMessages, which wants the ids in order); buttons are not possible."""
    params = {"chat_id": to_chat_id, "from_chat_id": from_chat_id, "message_ids": sorted(message_ids)}
    return Outgoing("copyMessages", params)


def callback_answer(callback_id: str, text: str = "", *, alert: bool = False) -> Outgoing:
    """The answer to a pressed button: takes the waiting circle away; `text` (at most 200 characters) pops up."""
    params: dict[str, Any] = {"callback_query_id": callback_id}
    if text:
        params |= {"text": text[:200], "show_alert": alert}
    return Outgoing("answerCallbackQuery", params)


def invoice(place: Place, title: str, description: str, payload: str, stars: int) -> Outgoing:
    """An invoice in Telegram Stars (Bot API sendInvoice: title 32 characters, description 255, payload 128 bytes).

    A forwarded copy can't be paid: its button opens the bot.
    """
    params: dict[str, Any] = {
        "chat_id": place.chat_id,
        "title": title[:32],
        "description": description[:255],
        "payload": payload,
        "provider_token": "",
        "currency": "XTR",
        "prices": [{"label": title[:32], "amount": stars}],
        "start_parameter": "topup",
    }
    if place.thread_id is not None:
        params["message_thread_id"] = place.thread_id
    return Outgoing("sendInvoice", params)


def checkout_answer(query_id: str, problem: str = "") -> Outgoing:
    """Yes to a payment, or no with a `problem` that the person reads (Bot API answerPreCheckoutQuery)."""
    params: dict[str, Any] = {"pre_checkout_query_id": query_id, "ok": not problem}
    if problem:
        params["error_message"] = problem
    return Outgoing("answerPreCheckoutQuery", params)


def refund(user: int, charge: str) -> Outgoing:
    """Gives the Stars of a payment back (Bot API refundStarPayment); asked twice, Telegram says that it was done."""
    return Outgoing("refundStarPayment", {"user_id": user, "telegram_payment_charge_id": charge})


def chat_action(place: Place, action: str) -> Outgoing:
    """The line "typing…" under the chat's name, for five seconds at most (Bot API sendChatAction)."""
    params: dict[str, Any] = {"chat_id": place.chat_id, "action": action}
    if place.thread_id is not None:
        params["message_thread_id"] = place.thread_id
    return Outgoing("sendChatAction", params)
