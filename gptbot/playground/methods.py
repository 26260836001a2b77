"""Bot API methods that put messages into chats or change them. Each takes (world, params), returns `result`."""

from collections.abc import Callable
from typing import Any

from gptbot.playground.markup_rules import checked_markup
from gptbot.playground.params import Params
from gptbot.playground.refusals import bad_request
from gptbot.playground.rich_rules import checked_rich_message
from gptbot.playground.text_rules import Entity, checked_caption, checked_message_text
from gptbot.playground.world import Chat, Json, World

Method = Callable[[World, Params], Any]

NOT_CONTENT = frozenset(
    [
        "message_id",
        "from",
        "chat",
        "date",
        "edit_date",
        "reply_to_message",
        "quote",
        "reply_markup",
        "message_thread_id",
        "is_topic_message",
        "forward_origin",
        "media_group_id",
    ]
)
"""Fields of a message that a copy does not take along."""
COPY_IDS_MAX = 100
WORDS = ("text", "entities", "rich_message", "caption", "caption_entities")
"""Fields of a message that hold what can be read in it."""


def send_message(world: World, params: Params) -> Json:
    text, entities = _text(params, "text", "entities")
    chat = world.writable_chat(params.get("chat_id"))
    return post(world, chat, params, _with_entities("text", text, "entities", entities))


def send_rich_message(world: World, params: Params) -> Json:
    content = checked_rich_message(params.get("rich_message"))
    chat = world.writable_chat(params.get("chat_id"))
    return post(world, chat, params, {"rich_message": content})


def send_message_draft(world: World, params: Params) -> bool:
    text = params.text("text")
    entities: list[Entity] = []
    if text.strip():
        text, entities = _text(params, "text", "entities")
    draft_id = params.integer("draft_id")
    if draft_id == 0:
        raise bad_request("RANDOM_ID_INVALID")
    chat = world.writable_chat(params.get("chat_id"))
    if not chat.private:
        raise bad_request("TEXTDRAFT_PEER_INVALID")
    draft: Json = {"draft_id": draft_id, "text": text, "entities": entities, "can_stop": params.flag("can_stop")}
    if params.get("message_thread_id"):
        draft["message_thread_id"] = params.integer("message_thread_id")
    chat.drafts = {draft_id: draft}  # a chat shows one draft
    world.changed({"type": "draft", "chat_id": chat.id, "draft": draft})
    return True


def copy_message(world: World, params: Params) -> Json:
    source = world.chat(params.get("from_chat_id"))
    chat = world.writable_chat(params.get("chat_id"))
    original = source.messages.get(params.integer("message_id"))
    if original is None:
        raise bad_request("message to copy not found")
    content = _content(original)
    if "caption" in params:
        caption = caption_of(params)
        content.pop("caption", None)
        content.pop("caption_entities", None)
        content |= caption
    return {"message_id": post(world, chat, params, content)["message_id"]}


def copy_messages(world: World, params: Params) -> list[Json]:
    source = world.chat(params.get("from_chat_id"))
    chat = world.writable_chat(params.get("chat_id"))
    ids = params.array("message_ids")
    if not 1 <= len(ids) <= COPY_IDS_MAX or not all(isinstance(message_id, int) for message_id in ids):
        raise bad_request("there must be 1 to 100 message identifiers")
    if ids != sorted(set(ids)):
        raise bad_request("message identifiers must be in a strictly increasing order")
    originals = [source.messages[i] for i in ids if i in source.messages]
    if not originals:
        raise bad_request("there are no messages to copy")
    where = Params({"message_thread_id": params.get("message_thread_id")})
    albums: dict[str, str] = {}  # the album of a message → that of its copy
    posted = []
    for original in originals:
        content = _content(original)
        if params.flag("remove_caption"):
            content = {key: value for key, value in content.items() if key not in ("caption", "caption_entities")}
        if album := original.get("media_group_id"):
            content["media_group_id"] = albums.setdefault(album, str(world.next_message_id))
        posted.append(post(world, chat, where, content))
    return [{"message_id": message["message_id"]} for message in posted]


def forward_message(world: World, params: Params) -> Json:
    source = world.chat(params.get("from_chat_id"))
    chat = world.writable_chat(params.get("chat_id"))
    original = source.messages.get(params.integer("message_id"))
    if original is None:
        raise bad_request("message to forward not found")
    origin = {"type": "user", "sender_user": original["from"], "date": original["date"]}
    return post(world, chat, params, {**_content(original), "forward_origin": origin})


def edit_message_text(world: World, params: Params) -> Json:
    if "rich_message" in params and "text" not in params:
        content = checked_rich_message(params.get("rich_message"))
        chat, message = _editable_words(world, params)
        return _edit(world, chat, message, params, {"rich_message": content})
    text, entities = _text(params, "text", "entities", too_long="MESSAGE_TOO_LONG")
    chat, message = _editable_words(world, params)
    return _edit(world, chat, message, params, _with_entities("text", text, "entities", entities))


def edit_message_caption(world: World, params: Params) -> Json:
    caption = caption_of(params)
    chat, message = _editable(world, params)
    if "text" in message:
        raise bad_request("there is no caption in the message to edit")
    return _edit(world, chat, message, params, caption)


def edit_message_reply_markup(world: World, params: Params) -> Json:
    chat, message = _editable(world, params)
    kept: Json = {key: message[key] for key in WORDS if key in message}
    return _edit(world, chat, message, params, kept)


def delete_message(world: World, params: Params) -> bool:
    if not world.delete(world.chat(params.get("chat_id")), params.integer("message_id")):
        raise bad_request("message to delete not found")
    return True


def delete_messages(world: World, params: Params) -> bool:
    chat = world.chat(params.get("chat_id"))
    for message_id in params.array("message_ids"):
        world.delete(chat, int(message_id))
    return True


METHODS: dict[str, Method] = {
    "sendMessage": send_message,
    "sendRichMessage": send_rich_message,
    "sendMessageDraft": send_message_draft,
    "copyMessage": copy_message,
    "copyMessages": copy_messages,
    "forwardMessage": forward_message,
    "editMessageText": edit_message_text,
    "editMessageCaption": edit_message_caption,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "deleteMessage": delete_message,
    "deleteMessages": delete_messages,
}


# --- helpers


def _refuse_parse_mode(params: Params) -> None:
    """The bot sends entities only; markup is refused here, so that a slip is seen at once."""
    if params.get("parse_mode"):
        raise bad_request("unsupported parse_mode")


def _text(
    params: Params, field: str, entities: str, *, too_long: str = "message is too long"
) -> tuple[str, list[Entity]]:
    _refuse_parse_mode(params)
    return checked_message_text(params.text(field), params.array(entities), too_long=too_long)


def caption_of(params: Params) -> Json:
    """The caption as fields of a message. Raises Refusal."""
    _refuse_parse_mode(params)
    caption, entities = checked_caption(params.text("caption"), params.array("caption_entities"))
    return _with_entities("caption", caption, "caption_entities", entities)


def _with_entities(field: str, text: str, entities_field: str, entities: list[Entity]) -> Json:
    content: Json = {}
    if text:
        content[field] = text
    if entities:
        content[entities_field] = entities
    return content


def _content(message: Json) -> Json:
    return {key: value for key, value in message.items() if key not in NOT_CONTENT}


def post(world: World, chat: Chat, params: Params, content: Json) -> Json:
    """A message of the bot with its reply, topic and keyboard. Raises Refusal."""
    content = dict(content)
    thread_id = params.integer("message_thread_id")
    if thread_id and thread_id not in chat.topics:
        raise bad_request("message thread not found")
    if replied := _replied(chat, params):
        content["reply_to_message"] = {k: v for k, v in replied.items() if k != "reply_to_message"}
        thread_id = thread_id or int(replied.get("message_thread_id", 0))
    if thread_id:
        content |= {"message_thread_id": thread_id, "is_topic_message": True}
    if markup := checked_markup(params.get("reply_markup")):
        content["reply_markup"] = markup
    return world.post(chat, world.bot, content)


def _replied(chat: Chat, params: Params) -> Json | None:
    reply = params.mapping("reply_parameters")
    message_id = params.integer("reply_to_message_id")
    if not reply and not message_id:
        return None
    if reply:
        if "message_id" not in reply:
            raise bad_request('can\'t find field "message_id"')
        message_id = int(reply["message_id"])
    replied = chat.messages.get(message_id)
    may_be_gone = bool(reply.get("allow_sending_without_reply")) or params.flag("allow_sending_without_reply")
    if replied is None and not may_be_gone:
        raise bad_request("message to be replied not found")
    return replied


def _editable(world: World, params: Params) -> tuple[Chat, Json]:
    chat = world.writable_chat(params.get("chat_id"))
    message = chat.messages.get(params.integer("message_id"))
    if message is None:
        raise bad_request("message to edit not found")
    if message["from"]["id"] != world.me["id"]:
        raise bad_request("message can't be edited")
    return chat, message


def _editable_words(world: World, params: Params) -> tuple[Chat, Json]:
    chat, message = _editable(world, params)
    if "text" not in message and "rich_message" not in message:
        raise bad_request("there is no text in the message to edit")
    return chat, message


def _edit(world: World, chat: Chat, message: Json, params: Params, content: Json) -> Json:
    changing = (*WORDS, "reply_markup")
    edited = {key: value for key, value in message.items() if key not in changing} | content
    if markup := checked_markup(params.get("reply_markup")):
        edited["reply_markup"] = markup
    if all(edited.get(key) == message.get(key) for key in changing):
        raise bad_request(
            "message is not modified: specified new message content and reply markup are exactly the same"
            " as a current content and reply markup of the message"
        )
    return world.replace(chat, edited)
