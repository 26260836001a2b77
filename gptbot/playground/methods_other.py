"""Bot API methods that make no message: the bot itself, hints, buttons, the command menu, files, chats."""

from typing import Any

from gptbot.playground.media import DOWNLOAD_BYTES_MAX, described, file_path
from gptbot.playground.members import ADMIN_RIGHTS
from gptbot.playground.methods import Method
from gptbot.playground.params import Params
from gptbot.playground.refusals import bad_request
from gptbot.playground.text_rules import utf16_length
from gptbot.playground.world import Json, World

ACTIONS = frozenset(
    [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    ]
)
SCOPES = frozenset(
    [
        "default",
        "all_private_chats",
        "all_group_chats",
        "all_chat_administrators",
        "chat",
        "chat_administrators",
        "chat_member",
    ]
)
CALLBACK_ANSWER_UNITS_MAX = 200
COMMANDS_MAX = 100
COMMAND_DESCRIPTION_MAX = 256


def get_me(world: World, _: Params) -> Json:
    return world.me


def send_chat_action(world: World, params: Params) -> bool:
    chat = world.writable_chat(params.get("chat_id"))
    action = params.text("action")
    if action not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    world.changed({"type": "action", "chat_id": chat.id, "action": action})
    return True


def answer_callback_query(world: World, params: Params) -> bool:
    callback = world.callbacks.get(params.text("callback_query_id"))
    if callback is None or callback.expired or callback.answer is not None:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    text = params.text("text")
    if utf16_length(text) > CALLBACK_ANSWER_UNITS_MAX:
        raise bad_request("MESSAGE_TOO_LONG")
    callback.answer = {"text": text, "show_alert": params.flag("show_alert"), "url": params.text("url")}
    popup = {"user_id": callback.user_id, "chat_id": callback.message["chat"]["id"], **callback.answer}
    world.changed({"type": "popup", "callback_id": callback.id, **popup})
    return True


def set_my_commands(world: World, params: Params) -> bool:
    commands = params.array("commands")
    if len(commands) > COMMANDS_MAX:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    kept = []
    for command in commands:
        name, description = str(command["command"]).removeprefix("/"), str(command["description"])
        plain = name.replace("_", "")
        if not (1 <= len(name) <= 32 and plain.isascii() and (plain.isalnum() or not plain) and name == name.lower()):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(description) <= COMMAND_DESCRIPTION_MAX:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        kept.append({"command": name, "description": description})
    world.commands[_scope_key(world, params)] = kept
    world.changed({"type": "commands"})
    return True


def get_my_commands(world: World, params: Params) -> list[Json]:
    return world.commands.get(_scope_key(world, params), [])


def delete_my_commands(world: World, params: Params) -> bool:
    world.commands.pop(_scope_key(world, params), None)
    return True


def menu(world: World, user_id: int) -> list[Json]:
    """The commands that this person is shown in their private chat (Bot API, "Determining list of commands")."""
    language = world.users[user_id].get("language_code", "")
    for scope in (("chat", user_id, 0), ("all_private_chats", 0, 0), ("default", 0, 0)):
        for code in (language, ""):
            if (*scope, code) in world.commands:
                return world.commands[(*scope, code)]
    return []


def get_file(world: World, params: Params) -> Json:
    file = world.files.get(params.text("file_id"))
    if file is None:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    if len(file.content) > DOWNLOAD_BYTES_MAX:
        raise bad_request("file is too big")
    found: Json = described("file", file)["file"]
    return {**found, "file_path": file_path(file)}


def get_chat(world: World, params: Params) -> Json:
    chat = world.chat(params.get("chat_id"))
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
    more = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": dict.fromkeys(gifts, False)}
    pinned = {"pinned_message": chat.messages[max(chat.pinned)]} if chat.pinned else {}
    return {**chat.info, **more, **pinned}


def get_chat_member(world: World, params: Params) -> Json:
    chat = world.chat(params.get("chat_id"))
    user_id = params.integer("user_id")
    if user_id == world.me["id"]:
        return _member(world.bot, chat.bot_status)
    user = world.users.get(user_id)
    if user is None:
        raise bad_request("PARTICIPANT_ID_INVALID")
    return _member(user, chat.members.get(user_id, "left"))


def _member(user: Json, status: str) -> Json:
    extra: dict[str, Json] = {
        "creator": {"is_anonymous": False},
        "administrator": ADMIN_RIGHTS,
        "kicked": {"until_date": 0},
    }
    return {"user": user, "status": status, **extra.get(status, {})}


def _scope_key(world: World, params: Params) -> tuple[str, int, int, str]:
    scope: dict[str, Any] = params.mapping("scope")
    kind = scope.get("type", "default")
    if kind not in SCOPES:
        raise bad_request("can't parse BotCommandScope: Unsupported type specified")
    chat_id = int(scope.get("chat_id", 0))
    if chat_id:
        world.chat(chat_id)
    return kind, chat_id, int(scope.get("user_id", 0)), params.text("language_code")


METHODS: dict[str, Method] = {
    "getMe": get_me,
    "sendChatAction": send_chat_action,
    "answerCallbackQuery": answer_callback_query,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "getFile": get_file,
    "getChat": get_chat,
    "getChatMember": get_chat_member,
}
