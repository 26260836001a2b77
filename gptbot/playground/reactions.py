"""Reactions to messages: the bot's own, and what people do (Bot API, setMessageReaction, MessageReactionUpdated)."""

from typing import Any

from gptbot.playground.methods import Method
from gptbot.playground.params import Params
from gptbot.playground.pins import Pinners
from gptbot.playground.refusals import bad_request
from gptbot.playground.world import Chat, Json, World

_EMOJI_LIST = """
    ❤ 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤\u200d🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔
    🤨 😐 🍓 🍾 💋 🖕 😈 😴 😭 🤓 👻 👨\u200d💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾
    🤷\u200d♂ 🤷 🤷\u200d♀ 😡
"""
EMOJI = frozenset(_EMOJI_LIST.split())
"""All that there are (Bot API, ReactionTypeEmoji)."""
KINDS = frozenset(("emoji", "custom_emoji", "paid"))


def set_message_reaction(world: World, params: Params) -> bool:
    """At most one, as bots are no premium users; none takes the bot's back."""
    wanted = [_emoji_of(reaction) for reaction in params.array("reaction")]
    chat = world.writable_chat(params.get("chat_id"))
    message = chat.messages.get(params.integer("message_id"))
    if message is None:
        raise bad_request("message to react not found")
    if len(wanted) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    if not EMOJI.issuperset(wanted):
        raise bad_request("REACTION_INVALID")
    world.react(chat, first_of_album(chat, message), world.me["id"], "".join(wanted))
    return True


METHODS: dict[str, Method] = {"setMessageReaction": set_message_reaction}


def first_of_album(chat: Chat, message: Json) -> int:
    """The message that bears the reactions to this one: the first of its album that is still there, or itself."""
    album = message.get("media_group_id")
    if album is None:
        return int(message["message_id"])
    return min(id_ for id_, other in chat.messages.items() if other.get("media_group_id") == album)


class Reactors(Pinners):
    """What people do with reactions."""

    def react(self, user_id: int, chat_id: int, message_id: int, emoji: str = "") -> None:
        """Sets the person's only reaction to a message, or takes it back (update message_reaction).

        The bot is told in private chats and where it is an admin, and only if it asks for such updates in
        `allowed_updates`. Raises LookupError when the message is not there, ValueError for other emoji than EMOJI.
        """
        chat = self._chat_of(user_id, chat_id)
        if emoji and emoji not in EMOJI:
            raise ValueError(f"{emoji!r} is no reaction")
        message_id = first_of_album(chat, chat.messages[message_id])
        before = chat.reactions.get(message_id, {}).get(user_id, "")
        if emoji == before:
            return
        self.world.react(chat, message_id, user_id, emoji)
        if chat.private or chat.bot_status == "administrator":
            update = {
                "chat": chat.info,
                "message_id": message_id,
                "user": self.world.users[user_id],
                "date": int(self.world.clock()),
                "old_reaction": _types(before),
                "new_reaction": _types(emoji),
            }
            self.world.updates.push("message_reaction", update)


def _types(emoji: str) -> list[Json]:
    return [{"type": "emoji", "emoji": emoji}] if emoji else []


def _emoji_of(reaction: Any) -> str:
    """The emoji of a ReactionType; nothing of a custom or a paid one, which is in no list. Raises Refusal."""
    if not isinstance(reaction, dict) or reaction.get("type") not in KINDS:
        raise bad_request("can't parse ReactionType: invalid reaction type specified")
    return str(reaction.get("emoji", "")) if reaction["type"] == "emoji" else ""
