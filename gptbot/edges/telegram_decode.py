"""Telegram's JSON as the bot's own updates (domain/updates.py): lenient, so that no unknown field loses a message.

Only what the bot needs is looked at. Whatever is missing or has another shape than the Bot API says is taken as absent,
and only an update without an id, a person or a place can't be read at all.
"""

import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple, cast

from gptbot.domain.updates import (
    AnyUpdate,
    BotMembership,
    ButtonPressed,
    ChatKind,
    ChatMigrated,
    GenerationStopped,
    Me,
    MessageEdited,
    MessageSent,
    Person,
    Place,
    RepliedTo,
    Unread,
)
from gptbot.edges.lenient_json import as_dict, scrub, whole_number
from gptbot.edges.telegram_content import Json, content_kind, file_of
from gptbot.edges.telegram_mentions import without_mentions
from gptbot.edges.telegram_payments import checkout, payment

_DIGITS: Final = re.compile("-?[0-9]{1,20}")


class Undecodable(Exception):
    """Nothing can be done with this update; the text is the reason, for the log."""


class RawUpdate(NamedTuple):
    """An update as the inbox keeps it: Telegram's JSON beside what was read from it."""

    update_id: int
    raw: bytes
    update: AnyUpdate


def decode(raw: Any, me: Me) -> AnyUpdate:
    """One update of getUpdates or of a webhook. Raises Undecodable."""
    raw = as_dict(raw)
    update_id = whole_number(raw.get("update_id"))
    if update_id is None:
        raise Undecodable("no update_id")
    for name, decoder in _DECODERS.items():
        if isinstance(raw.get(name), dict):
            return decoder(update_id, raw[name], me)
    return _unread(update_id, raw)


# --- the kinds of updates --------------------------------------------------------------------------------------------


def _message(update_id: int, message: Json, me: Me) -> AnyUpdate:
    place, message_id = _place(message), _message_id(message)
    person = _sender(message, place)
    for field, moved_from, moved_to in (
        ("migrate_to_chat_id", place.chat_id, message.get("migrate_to_chat_id")),
        ("migrate_from_chat_id", message.get("migrate_from_chat_id"), place.chat_id),
    ):
        old, new = whole_number(moved_from), whole_number(moved_to)
        if field in message and old and new and old != new:
            return ChatMigrated(update_id=update_id, person=person, place=place, old=old, new=new)
    if message.get("is_automatic_forward") is True:
        return Unread(update_id=update_id, person=person, place=place, reason="a post of the linked channel")
    payer = (_user(message.get("chat")) if place.private else None) or person
    if (paid := payment(update_id, payer, place, message)) is not None:
        return paid
    if as_dict(message.get("from")).get("is_bot") is True and not isinstance(message.get("sender_chat"), dict):
        # Two bots that answer each other would never stop.
        return Unread(update_id=update_id, person=person, place=place, reason="sent by a bot")
    text, mentions_us = _text(message, me)
    album = message.get("media_group_id")
    file = file_of(message)
    return MessageSent(
        update_id=update_id,
        person=person,
        place=place,
        message_id=message_id,
        kind=content_kind(message),
        text=text,
        reply=_reply(message, me),
        mentions_us=mentions_us,
        forwarded=any(name in message for name in ("forward_origin", "forward_date", "forward_from")),
        album=scrub(str(album)) if isinstance(album, str | int) and album else None,
        files=() if file is None else (file,),
        at=max(whole_number(message.get("date")) or 0, 0),
    )


def _edited(update_id: int, message: Json, me: Me) -> AnyUpdate:
    text, _ = _text(message, me)
    place = _place(message)
    return MessageEdited(
        update_id=update_id,
        person=_sender(message, place),
        place=place,
        message_id=_message_id(message),
        text=text,
    )


def _button(update_id: int, query: Json, me: Me) -> AnyUpdate:
    callback_id = query.get("id")
    if not isinstance(callback_id, str | int) or not str(callback_id):
        raise Undecodable("a pressed button without id")
    person = _user(query.get("from"))
    if person is None:
        raise Undecodable("a pressed button without person")
    message = query.get("message")
    data = query.get("data")
    return ButtonPressed(
        update_id=update_id,
        person=person,
        place=_place(message) if isinstance(message, dict) else Place(person.id),
        callback_id=scrub(str(callback_id)),
        data=scrub(data) if isinstance(data, str) else "",
        message_id=_message_id(message) if isinstance(message, dict) else 0,
    )


def _checkout(update_id: int, query: Json, me: Me) -> AnyUpdate:
    person = _user(query.get("from"))
    asked = None if person is None else checkout(update_id, person, query)
    if asked is None:
        raise Undecodable("a checkout without id or person")
    return asked


def _membership(update_id: int, change: Json, me: Me) -> AnyUpdate:
    person = _user(change.get("from"))
    if person is None:
        raise Undecodable("a change of membership without person")
    member = as_dict(change.get("new_chat_member"))
    status = member.get("status")
    here = status in ("member", "administrator", "creator") or (
        status == "restricted" and member.get("can_send_messages") is True
    )
    return BotMembership(update_id=update_id, person=person, place=_place(change), here=here)


def _stopped(update_id: int, stopped: Json, me: Me) -> AnyUpdate:
    """Stop under a draft. Nobody is named, but drafts are shown in private chats only; the id may be a string."""
    draft_id = stopped.get("draft_id")
    if isinstance(draft_id, str) and _DIGITS.fullmatch(draft_id):
        draft_id = int(draft_id)
    draft_id = whole_number(draft_id)
    person = _user(stopped.get("chat"))
    if draft_id is None or person is None:
        raise Undecodable("a stopped answer without draft or private chat")
    return GenerationStopped(update_id=update_id, person=person, place=_place(stopped), draft_id=draft_id)


_DECODERS: Final[dict[str, Callable[[int, Json, Me], AnyUpdate]]] = {
    "message": _message,
    "edited_message": _edited,
    "callback_query": _button,
    "my_chat_member": _membership,
    "stopped_message_generation": _stopped,
    "pre_checkout_query": _checkout,
}

ALLOWED_UPDATES: Final = tuple(_DECODERS)
"""What Telegram is asked for: exactly what is read here (Bot API getUpdates, setWebhook)."""


def _unread(update_id: int, raw: Json) -> Unread:
    """Some other kind of update, with whoever and wherever it names."""
    kind = next((name for name in raw if name != "update_id"), "nothing")
    content = as_dict(raw.get(kind))
    person = _person(content.get("from")) or _person(content.get("user")) or Person(0, "0")
    chat = as_dict(content.get("chat"))
    place = _place(content) if whole_number(chat.get("id")) is not None else Place(person.id)
    return Unread(update_id=update_id, person=person, place=place, reason=scrub(kind)[:64])


# --- who and where ---------------------------------------------------------------------------------------------------


def _sender(message: Json, place: Place) -> Person:
    """The person; in a group the chat in whose name it was sent, if any: a channel, or the group of an anonymous admin.

    `from` is a stand-in of Telegram's own then, the same for everybody (Bot API, Message.sender_chat).
    """
    person = None if place.private else _person(message.get("sender_chat"))
    if person is None:
        person = _user(message.get("from"))
    if person is None:
        raise Undecodable("a message without sender")
    return person


def _user(value: object) -> Person | None:
    """A person as such: their ids are positive, and only they may ever get an account."""
    person = _person(value)
    return person if person is not None and person.id > 0 else None


def _person(value: object) -> Person | None:
    user = as_dict(value)
    person_id = whole_number(user.get("id"))
    if person_id is None:
        return None
    username = _word(user.get("username"))
    names = (user.get("first_name"), user.get("last_name"), user.get("title"))
    name = " ".join(word for word in map(_word, names) if word)
    return Person(
        person_id, name or username or str(person_id), username or None, _word(user.get("language_code")) or None
    )


def _word(value: object) -> str:
    """A name on one line, or nothing."""
    return " ".join(scrub(value).split()) if isinstance(value, str) else ""


def _place(message: Json) -> Place:
    chat = as_dict(message.get("chat"))
    chat_id = whole_number(chat.get("id"))
    if not chat_id:
        raise Undecodable("no chat")
    kind = chat.get("type")
    if kind not in ("private", "group", "supergroup", "channel") or (kind == "private" and chat_id <= 0):
        kind = "private" if chat_id > 0 else "supergroup"
    thread_id = whole_number(message.get("message_thread_id"))
    # In a group without topics the field only counts replies, and sending there with it is refused.
    # So it does in the topic "General" of a forum.
    in_forum = chat.get("is_forum") is True and "reply_to_message" not in message
    in_topic = kind == "private" or message.get("is_topic_message") is True or in_forum
    return Place(chat_id, cast(ChatKind, kind), thread_id if in_topic else None, _word(chat.get("title")))


def _message_id(message: Json) -> int:
    message_id = whole_number(message.get("message_id"))
    if message_id is None:
        raise Undecodable("no message_id")
    return message_id


# --- what -------------------------------------------------------------------------------------------------------------


def _text(message: Json, me: Me) -> tuple[str, bool]:
    """Text or caption without mentions of us, and whether there was one."""
    for text_field, entities_field in (("text", "entities"), ("caption", "caption_entities")):
        text = message.get(text_field)
        if isinstance(text, str):
            entities = message.get(entities_field)
            text, mentions_us = without_mentions(text, entities if isinstance(entities, list) else None, me)
            return scrub(text), mentions_us
    return "", False


# --- what it replies to -----------------------------------------------------------------------------------------------


def _reply(message: Json, me: Me) -> RepliedTo | None:
    quote = as_dict(message.get("quote")).get("text")
    quoted = scrub(quote) if isinstance(quote, str) and quote else None
    reply = as_dict(message.get("reply_to_message"))
    reply_id = whole_number(reply.get("message_id"))
    if reply_id is not None:
        begins_topic = message.get("is_topic_message") is True and reply_id == message.get("message_thread_id")
        if begins_topic or "forum_topic_created" in reply:
            return None  # every message of a topic "replies" to the topic's first one
        text = reply.get("text") or reply.get("caption")
        author = _person(reply.get("from")) or _person(reply.get("sender_chat"))
        author_id = author.id if author else None
        text = scrub(text) if isinstance(text, str) else ""
        return RepliedTo(reply_id, text, author_id == me.id, author_id, quoted, file_of(reply))
    external = message.get("external_reply")
    if isinstance(external, dict):
        # A message of another topic, or of another chat: then its id says nothing here. The quote tells its text.
        here = as_dict(external.get("chat")).get("id") == as_dict(message.get("chat")).get("id")
        reply_id = (whole_number(external.get("message_id")) or 0) if here else 0
        author = _person(as_dict(external.get("origin")).get("sender_user"))
        author_id = author.id if author else None
        return RepliedTo(reply_id, quoted or "", author_id == me.id, author_id, quoted, file_of(external))
    return None
