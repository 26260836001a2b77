"""What people do in Telegram, in the bot's own words.

`edges/telegram_in` makes these from the JSON that Telegram sends; everything further in knows only them.
An update that means nothing to the bot becomes `Unread`, so that it too ends in a decided way.
"""

from dataclasses import dataclass
from typing import Literal

ChatKind = Literal["private", "group", "supergroup", "channel"]

ContentKind = Literal[
    "text", "photo", "voice", "audio", "video", "video_note", "document", "animation", "sticker",
    "location", "contact", "poll", "dice", "service", "other",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """Who did it. `username` is without the @; `language` is Telegram's language_code, if it told one."""

    id: int
    name: str
    username: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where it happened: a chat and, in a forum or a private chat with topics, the topic."""

    chat_id: int
    kind: ChatKind = "private"
    thread_id: int | None = None
    title: str = ""

    @property
    def private(self) -> bool:
        return self.kind == "private"


FileKind = Literal["picture", "speech", "document"]
"""What the bot does with a file: looks at it, listens to it, reads it."""


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file of a message that the bot may be able to use; of a photo the largest size.

    `name` has a fitting extension for speech. `size` (bytes) and `duration_s` are what Telegram tells, 0 if nothing.
    """

    kind: FileKind
    file_id: str
    name: str = ""
    mime: str = ""
    size: int = 0
    duration_s: int = 0


@dataclass(frozen=True, slots=True)
class RepliedTo:
    """The message that was replied to, as far as Telegram shows it (one level only)."""

    message_id: int
    text: str
    by_us: bool
    author_id: int | None = None
    quote: str | None = None
    file: SentFile | None = None

    @property
    def picture(self) -> SentFile | None:
        return self.file if self.file is not None and self.file.kind == "picture" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One thing that happened; `update_id` is Telegram's, unique for the bot."""

    update_id: int
    person: Person
    place: Place

    @property
    def update_ids(self) -> tuple[int, ...]:
        """All that are finished together with it."""
        return (self.update_id,)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSent(Update):
    """A new message. `text` is the text or the caption; a mention of the bot is taken out of it.

    `mentions_us` tells whether it was there. `at` is Telegram's date, seconds since 1970.

    `album` is the name that the messages of one album share. They come one by one; `files` are all of them once the
    album was put together, `joined` the ids of the further updates that it was put together from, and `joined_messages`
    those of their messages.
    """

    message_id: int
    kind: ContentKind = "text"
    text: str = ""
    reply: RepliedTo | None = None
    mentions_us: bool = False
    forwarded: bool = False
    album: str | None = None
    files: tuple[SentFile, ...] = ()
    joined: tuple[int, ...] = ()
    joined_messages: tuple[int, ...] = ()
    at: int = 0

    @property
    def update_ids(self) -> tuple[int, ...]:
        """See Update; of an album all its messages."""
        return (self.update_id, *self.joined)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEdited(Update):
    """A message of a user was changed after it was sent."""

    message_id: int
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonPressed(Update):
    """An inline button was pressed. `data` can be forged by a client; `message_id` is 0 for inline messages."""

    callback_id: str
    data: str
    message_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationStopped(Update):
    """Telegram's own Stop under a draft was pressed (Bot API stopped_message_generation); `person` is the chat's."""

    draft_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BotMembership(Update):
    """The bot was blocked, unblocked, added or removed. `here` tells whether it can write in `place` now."""

    here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMigrated(Update):
    """A group has become a supergroup (migrate_to_chat_id, migrate_from_chat_id): `new` goes on where `old` was."""

    old: int
    new: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutAsked(Update):
    """Somebody is about to pay an invoice: Telegram waits 10 s for a yes or no (Bot API pre_checkout_query).

    `amount` is in the smallest unit of `currency`; `payload` is what the bot wrote into the invoice.
    """

    query_id: str
    currency: str
    amount: int
    payload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReceived(Update):
    """An invoice was paid (Bot API successful_payment). `charge` is Telegram's id of it, unique for ever."""

    charge: str
    amount: int
    payload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReturned(Update):
    """A payment was given back, by the bot or by Telegram (Bot API refunded_payment); `person` had paid."""

    charge: str
    amount: int
    payload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread(Update):
    """An update the bot does nothing with, on purpose; `reason` is for the log."""

    reason: str


AnyUpdate = (
    MessageSent | MessageEdited | ButtonPressed | GenerationStopped | BotMembership | ChatMigrated
    | CheckoutAsked | PaymentReceived | PaymentReturned | Unread
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Me:
    """The bot itself, as getMe tells it. `username` is without the @."""

    id: int
    username: str
    name: str = ""
