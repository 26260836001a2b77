"""Everything the Telegram of the playground knows: people, chats, messages, files, waiting updates.

Messages and users are kept as the Bot API's own JSON objects. A stored message is never changed in place: an edit
puts a new object in its stead, so whoever holds one keeps what was true at that time.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from gptbot.playground.refusals import Refusal, bad_request, forbidden
from gptbot.playground.updates import UpdateQueue

Json = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shown:
    """Something that a chat has shown: `message` as it was then. `position` counts from 0 within the chat."""

    position: int
    what: Literal["message", "edit", "delete"]
    message: Json


@dataclass(slots=True)
class Chat:
    """A chat with the bot in it. `info` is the Bot API's Chat; `bot_status` as in ChatMember.status."""

    info: Json
    started: bool = True
    blocked: bool = False
    bot_status: str = "member"
    upgraded_to: int | None = None
    members: dict[int, str] = field(default_factory=dict)
    topics: dict[int, str] = field(default_factory=dict)
    messages: dict[int, Json] = field(default_factory=dict)
    drafts: dict[int, Json] = field(default_factory=dict)
    pinned: set[int] = field(default_factory=set)
    reactions: dict[int, dict[int, str]] = field(default_factory=dict)  # emoji by message and by who reacted
    shown: list[Shown] = field(default_factory=list)

    @property
    def id(self) -> int:
        return int(self.info["id"])

    @property
    def private(self) -> bool:
        return bool(self.info["type"] == "private")


@dataclass(slots=True)
class StoredFile:
    file_id: str
    name: str
    content: bytes
    mime_type: str


@dataclass(slots=True)
class Callback:
    """A pressed button that waits for answerCallbackQuery; `answer` holds the call's parameters."""

    id: str
    user_id: int
    message: Json
    data: str
    answer: Json | None = None
    expired: bool = False


@dataclass(slots=True)
class Checkout:
    """A bill that somebody wants to pay. `answer` holds the parameters of answerPreCheckoutQuery."""

    id: str
    user_id: int
    chat_id: int
    bill: Json
    answer: Json | None = None
    expired: bool = False


@dataclass(slots=True)
class World:
    """The state, and the signal that it changed. `record` off forgets what only tests look at (for load)."""

    me: Json
    updates: UpdateQueue
    clock: Callable[[], float] = time.time
    next_message_id: int = 1
    record: bool = True
    privacy_mode: bool = False
    users: dict[int, Json] = field(default_factory=dict)
    chats: dict[int, Chat] = field(default_factory=dict)
    files: dict[str, StoredFile] = field(default_factory=dict)
    callbacks: dict[str, Callback] = field(default_factory=dict)
    bills: dict[tuple[int, int], Json] = field(default_factory=dict)  # by chat and message
    checkouts: dict[str, Checkout] = field(default_factory=dict)
    payments: dict[str, Json] = field(default_factory=dict)  # by the id of the charge
    commands: dict[tuple[str, int, int, str], list[Json]] = field(default_factory=dict)
    listeners: set[asyncio.Queue[Json]] = field(default_factory=set)
    _waiting: list[tuple[Callable[[], Any], asyncio.Future[Any]]] = field(default_factory=list)

    @property
    def bot(self) -> Json:
        """The bot as a User object."""
        return {key: self.me[key] for key in ("id", "is_bot", "first_name", "username")}

    # --- change

    def changed(self, event: Json) -> None:
        """Tells the listeners `event`, and wakes who waits for it."""
        for listener in self.listeners:
            listener.put_nowait(event)
        self.wake()

    def wake(self) -> None:
        """Wakes everybody whose condition now holds."""
        for waiting in list(self._waiting):
            predicate, future = waiting
            if future.done():
                self._waiting.remove(waiting)
            elif result := _value(predicate):
                future.set_result(result)
                self._waiting.remove(waiting)

    async def until(self, predicate: Callable[[], T], timeout_s: float = 5.0) -> T:
        """The first true value of `predicate`, looked at now and at each change. Raises TimeoutError.

        A LookupError in it means "not yet".
        """
        if result := _value(predicate):
            return result
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        entry = (predicate, future)
        self._waiting.append(entry)
        try:
            async with asyncio.timeout(timeout_s):
                return await future
        finally:
            if entry in self._waiting:
                self._waiting.remove(entry)

    # --- chats

    def chat(self, chat_id: Any) -> Chat:
        """The chat that a request names. Raises Refusal."""
        if chat_id is None or chat_id == "":
            raise bad_request("chat_id is empty")
        try:
            found = self.chats.get(int(chat_id))
        except (TypeError, ValueError):
            found = None
        if found is None or not found.started:
            raise bad_request("chat not found")
        return found

    def writable_chat(self, chat_id: Any) -> Chat:
        """The same where the bot may write. Raises Refusal (403 when it was blocked or put out, 400 when muted)."""
        chat = self.chat(chat_id)
        if chat.blocked:
            raise forbidden("bot was blocked by the user")
        if chat.bot_status == "kicked":
            raise forbidden(f"bot was kicked from the {chat.info['type']} chat")
        if chat.upgraded_to is not None:
            moved = {"migrate_to_chat_id": chat.upgraded_to}
            raise Refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", moved)
        if chat.bot_status == "restricted":
            raise bad_request("not enough rights to send text messages to the chat")
        if chat.bot_status == "left":
            raise forbidden(f"bot is not a member of the {chat.info['type']} chat")
        return chat

    # --- messages

    def post(self, chat: Chat, sender: Json, content: Json) -> Json:
        """Puts a new message into the chat and returns it."""
        message_id = self.next_message_id
        self.next_message_id += 1
        message = {
            "message_id": message_id,
            "from": sender,
            "chat": chat.info,
            "date": int(self.clock()),
            **content,
        }
        chat.messages[message_id] = message
        if sender["id"] == self.me["id"]:
            chat.drafts.clear()
        self._show(chat, "message", message)
        return message

    def replace(self, chat: Chat, message: Json) -> Json:
        """Puts the edited `message` in the place of the one with its id."""
        message["edit_date"] = int(self.clock())
        chat.messages[message["message_id"]] = message
        self._show(chat, "edit", message)
        return message

    def delete(self, chat: Chat, message_id: int) -> bool:
        """False when it is not there."""
        message = chat.messages.pop(message_id, None)
        if message is None:
            return False
        chat.reactions.pop(message_id, None)
        self._show(chat, "delete", message)
        if message_id in chat.pinned:
            chat.pinned.remove(message_id)
            self.pins_changed(chat)
        return True

    def react(self, chat: Chat, message_id: int, user_id: int, emoji: str) -> None:
        """Sets somebody's only reaction to a message, or takes it back (no `emoji`)."""
        given = chat.reactions.setdefault(message_id, {})
        given.pop(user_id, None)
        if emoji:
            given[user_id] = emoji
        event = {"type": "reactions", "chat_id": chat.id, "message_id": message_id}
        self.changed({**event, "reactions": reactions_shown(given)})

    def pins_changed(self, chat: Chat) -> None:
        self.changed({"type": "pins", "chat_id": chat.id, "pinned": sorted(chat.pinned)})

    def _show(self, chat: Chat, what: Literal["message", "edit", "delete"], message: Json) -> None:
        if self.record:
            chat.shown.append(Shown(len(chat.shown), what, message))
        self.changed({"type": what, "chat_id": chat.id, "message": message})

    def store_file(self, content: bytes, name: str, mime_type: str) -> StoredFile:
        file = StoredFile(f"file-{len(self.files) + 1}", name, content, mime_type)
        self.files[file.file_id] = file
        return file

    def snapshot(self) -> Json:
        """All of it as JSON, for a page that has just been opened."""
        return {
            "type": "snapshot",
            "me": self.me,
            "users": list(self.users.values()),
            "chats": [self.chat_snapshot(chat) for chat in self.chats.values()],
        }

    @staticmethod
    def chat_snapshot(chat: Chat) -> Json:
        return {
            "chat": chat.info,
            "blocked": chat.blocked,
            "started": chat.started,
            "members": {str(user_id): status for user_id, status in chat.members.items()},
            "topics": {str(thread_id): name for thread_id, name in chat.topics.items()},
            "messages": list(chat.messages.values()),
            "drafts": list(chat.drafts.values()),
            "pinned": sorted(chat.pinned),
            "reactions": {str(message_id): reactions_shown(given) for message_id, given in chat.reactions.items()},
        }


def reactions_shown(given: dict[int, str]) -> list[Json]:
    """One for each emoji, the one that came first at the front: `by` are who gave it."""
    return [
        {"emoji": emoji, "by": [user_id for user_id, own in given.items() if own == emoji]}
        for emoji in dict.fromkeys(given.values())
    ]


def _value(predicate: Callable[[], T]) -> T | None:
    try:
        return predicate()
    except LookupError:
        return None
