"""Pinned messages: what the bot asks for, and what people do (Bot API, pinChatMessage and what follows it)."""

from gptbot.playground.methods import Method
from gptbot.playground.params import Params
from gptbot.playground.refusals import bad_request
from gptbot.playground.stars import Payers
from gptbot.playground.world import Chat, Json, World


def pin_chat_message(world: World, params: Params) -> bool:
    chat = _managed_chat(world, params)
    message = chat.messages.get(params.integer("message_id"))
    if message is None or "pinned_message" in message:
        raise bad_request("message to pin not found")
    pin(world, chat, world.bot, message)
    return True


def unpin_chat_message(world: World, params: Params) -> bool:
    """Without `message_id` the newest of the pinned ones, by the date of the message."""
    chat = _managed_chat(world, params)
    message_id = params.integer("message_id") or max(chat.pinned, default=0)
    if message_id not in chat.messages:
        raise bad_request("message to unpin not found")
    unpin(world, chat, message_id)
    return True


def unpin_all_chat_messages(world: World, params: Params) -> bool:
    chat = _managed_chat(world, params)
    unpin(world, chat, *chat.pinned)
    return True


METHODS: dict[str, Method] = {
    "pinChatMessage": pin_chat_message,
    "unpinChatMessage": unpin_chat_message,
    "unpinAllChatMessages": unpin_all_chat_messages,
}


def pin(world: World, chat: Chat, who: Json, message: Json) -> None:
    """Pins the message, and says so in the chat by a message of `who`, unless it is pinned already.

    The bot is told of it even when it was the one who pinned, and in privacy mode as well.
    """
    if message["message_id"] in chat.pinned:
        return
    chat.pinned.add(message["message_id"])
    world.pins_changed(chat)
    kept = ("message_thread_id", "is_topic_message")
    topic = {name: message[name] for name in kept if name in message}
    shown = {name: value for name, value in message.items() if name != "reply_to_message"}
    world.updates.push("message", world.post(chat, who, topic | {"pinned_message": shown}))


def unpin(world: World, chat: Chat, *message_ids: int) -> None:
    """Nothing is said in the chat, and nobody is told."""
    chat.pinned -= set(message_ids)
    world.pins_changed(chat)


class Pinners(Payers):
    """What people do with pinned messages. Everybody in a group may, as in a new group of Telegram's."""

    def pin(self, user_id: int, chat_id: int, message_id: int) -> None:
        """Raises LookupError when the message is not there, or only tells of another that was pinned."""
        chat = self._chat_of(user_id, chat_id)
        message = chat.messages[message_id]
        if "pinned_message" in message:
            raise LookupError(f"message {message_id} can't be pinned")
        pin(self.world, chat, self.world.users[user_id], message)

    def unpin(self, user_id: int, chat_id: int, message_id: int) -> None:
        unpin(self.world, self._chat_of(user_id, chat_id), message_id)


def _managed_chat(world: World, params: Params) -> Chat:
    """In a group the bot needs the right to pin, which only admins of it have here."""
    chat = world.writable_chat(params.get("chat_id"))
    if not chat.private and chat.bot_status != "administrator":
        raise bad_request("not enough rights to manage pinned messages in the chat")
    return chat
