"""What the actors need from the world outside, as protocols; `edges/` carries them out, tests put fakes there."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, NamedTuple, Protocol

from gptbot.domain.outgoing import Outgoing, Text
from gptbot.domain.rows import OutboxRow, ReportRow, Row, TurnRow
from gptbot.domain.wish import Wish

# --- Telegram, outward ---------------------------------------------------------------------------------------------


class Urgency(Enum):
    """Which queue a call waits in: answers go before announcements (DESIGN §7)."""

    ANSWER = 0
    ANNOUNCEMENT = 1


@dataclass(frozen=True, slots=True)
class Sent:
    """Telegram took it. `message_id` is 0 where the method makes no message.

    `moved_to` is the chat where it arrived if the group has become a supergroup of that id.
    """

    message_id: int = 0
    moved_to: int | None = None


class RefusalKind(StrEnum):
    """Why Telegram refused for good; what may be tried again never gets here."""

    FORMAT = "format"  # entities, markup, text empty or too long: another rendering may pass
    BLOCKED = "blocked"  # this person blocked the bot or never started it
    GONE = "gone"  # the chat or account does not exist, or the bot was removed or muted there
    MESSAGE_GONE = "message_gone"  # the message to edit, copy or answer is not there
    NOT_MODIFIED = "not_modified"  # an edit that changes nothing
    UNSUPPORTED = "unsupported"  # this server does not know the method (404)
    WITHHELD = "withheld"  # not sent at all: the person was blocked by an admin
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Refused:
    """Telegram said no and nothing was shown. `description` is Telegram's, for the log."""

    kind: RefusalKind
    description: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The connection broke after the request was written: it may have arrived or not (SPEC §8)."""

    description: str


Outcome = Sent | Refused | Unknown


class Messenger(Protocol):
    """Everything that leaves for Telegram: paced, ordered by the caller, 429 and 5xx obeyed inside (DESIGN §7)."""

    async def deliver(self, outgoing: Outgoing, urgency: Urgency = Urgency.ANSWER) -> Outcome:
        """Sends it, however long pacing, retry_after, 5xx and an unreachable server make it wait.

        Only `Unknown` leaves it open whether it arrived; this never sends again after one. Never raises for
        what Telegram answers.
        """
        ...

    async def hint(self, outgoing: Outgoing) -> None:
        """A call whose loss harms nobody (chat action, callback answer): tried once, dropped beyond the budget."""
        ...

    def frame_may_leave(self, chat_id: int, *, draft: bool) -> bool:
        """Whether a frame of a growing answer fits into the budgets at this moment; if so, takes it off them.

        `draft`: it is a draft, which shares the budget of chat actions; else a message or an edit, which never takes
        what answers to others may need.
        """
        ...

    async def frame(self, outgoing: Outgoing) -> Outcome | None:
        """One try of a frame that `frame_may_leave`. None: nothing was shown, a later frame may pass."""
        ...

    @property
    def trouble(self) -> str:
        """Why calls get no answer at present; empty while all is well."""
        ...

    async def reachable(self) -> None:
        """Returns once a harmless call has got an answer from Telegram."""
        ...


class FileTrouble(StrEnum):
    """Each has its own text for the user."""

    TOO_LARGE = "too_large"
    GONE = "gone"  # deleted, refused, or Telegram could not be reached


class FileError(Exception):
    """There is no file. `detail` is for the log."""

    def __init__(self, trouble: FileTrouble, detail: str) -> None:
        super().__init__(f"{trouble}: {detail}")
        self.trouble = trouble
        self.detail = detail


class Files(Protocol):
    async def download(self, file_id: str, size_max: int) -> bytes:
        """A file that somebody sent, in memory. Raises FileError, TOO_LARGE beyond `size_max` bytes."""
        ...


# --- the models ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of the context sent to the model."""

    role: str  # "system", "user" or "assistant"
    content: str


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A question with its context. `max_output_tokens` and `reasoning_effort`: None leaves it to the server."""

    model: str
    messages: Sequence[ChatMessage]
    max_output_tokens: int | None = None
    reasoning_effort: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What the server reported, in tokens; `cached` is the part of `prompt` that was read from its cache."""

    prompt: int
    completion: int
    total: int
    cached: int = 0


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A further piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Completed:
    """The end of the answer. `usage` is None where the server reported none."""

    finish_reason: str
    usage: Usage | None
    refusal: str = ""


class ModelTrouble(StrEnum):
    """Each has its own text for the user (SPEC §8)."""

    BUSY = "busy"  # 429
    QUOTA = "quota"  # 429 insufficient_quota: the owner's money is used up
    SERVER = "server"  # 5xx, connection lost or never made, an answer that can't be read
    TIMEOUT = "timeout"
    CONTEXT = "context"  # the conversation is longer than the model takes
    CONTENT = "content"  # refused by the provider's rules
    MODEL = "model"  # unknown model
    KEY = "key"  # 401, 403
    REQUEST = "request"  # any other 4xx
    EMPTY = "empty"  # finished without a word


class ModelError(Exception):
    """The model gave no (whole) answer. `detail` is for the log and the admin, never for the user."""

    def __init__(self, trouble: ModelTrouble, detail: str, retry_after_s: float | None = None) -> None:
        super().__init__(f"{trouble}: {detail}")
        self.trouble = trouble
        self.detail = detail
        self.retry_after_s = retry_after_s


class ChatModel(Protocol):
    def stream(self, request: ChatRequest) -> AsyncGenerator[TextDelta | Completed, None]:
        """The answer piece by piece; the last event is always `Completed`. Raises ModelError."""
        ...


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as bytes, with the name Telegram should show."""

    content: bytes
    filename: str


class ImageModel(Protocol):
    async def draw(self, wish: Wish, original: bytes | None = None) -> Picture:
        """Draws it; with `original`, that picture changed as the wish says. Raises ModelError."""
        ...


class TokenCounter(Protocol):
    """Counts tokens for trimming, previews and interrupted answers; bills come from the server's usage."""

    def count(self, text: str) -> int:
        """Tokens of `text`: exact when the table is loaded, else a careful (high) estimate; 10 ms per 100 KB."""
        ...

    async def count_many(self, texts: Sequence[str]) -> list[int]:
        """The same off the event loop where the texts are long."""
        ...


class Renderer(Protocol):
    def render(self, markdown: str) -> list[Text]:
        """A model's Markdown as messages with entities, each within Telegram's limits; never empty."""
        ...

    def plain(self, markdown: str) -> list[Text]:
        """The same text cut to messages without any formatting: what is sent when Telegram refuses the entities."""
        ...

    def rich(self, markdown: str) -> Mapping[str, Any] | None:
        """The same text as one rich message (Bot API, InputRichMessage).

        None where the settings, what it holds or Telegram's limits speak against it.
        """
        ...


# --- storage -------------------------------------------------------------------------------------------------------


class StorageUnavailable(Exception):
    """Nothing was written (disk full, file not writable, locked): the same may be tried again later."""


class StorageConflict(Exception):
    """Nothing was written because one of the rows contradicts what is stored: trying again won't help."""


class InboxUpdate(NamedTuple):
    """An update as it arrived: what a restart needs to handle it again. `raw` is Telegram's JSON."""

    update_id: int
    user: int
    raw: bytes


class PendingUpdate(NamedTuple):
    """An update that was accepted and not finished; `asked` is the settings of its moment, if they were pinned."""

    update_id: int
    raw: bytes
    asked: bytes | None


class StoredTurn(NamedTuple):
    """A turn of a chain. `tokens` is the estimate of both texts together."""

    id: int
    user: int
    parent: int | None
    question: str
    answer: str
    tokens: int


class StoredMessage(NamedTuple):
    """What a known Telegram message was: part of which turn, and whose."""

    turn: int
    role: str


class StoredAnnouncement(NamedTuple):
    id: int
    admin: int
    chat_id: int
    spec: str
    content: bytes
    state: str
    progress_message: int
    at: int


class Database(Protocol):
    """data.db: written by the storage actor only; the reads may come from anywhere and see what was committed."""

    async def write(self, batch: Sequence[Row], updates: Sequence[InboxUpdate], at: int) -> set[int]:
        """One commit; durable when it returns. The ids of those updates that were new.

        Raises StorageUnavailable or StorageConflict, and then nothing was written.
        """
        ...

    async def note_data_file(self, seq: int, digest: str) -> None:
        """data.json with everything up to `seq` stands on the disk: the journal so far is not needed any more."""
        ...

    async def forget_before(self, finished_at: int, turns_at: int) -> None:
        """Drops ids of updates finished, and turns made, before those moments."""
        ...

    async def message(self, chat_id: int, message_id: int) -> StoredMessage | None: ...

    async def turn(self, turn: int) -> TurnRow | None: ...

    async def chain(self, turn: int, limit: int) -> list[StoredTurn]:
        """The branch that ends in `turn`, oldest first, at most `limit` turns."""
        ...

    async def memory(
        self, chat_id: int, thread_id: int | None, *, before: int | None, tokens: int, limit: int
    ) -> list[StoredTurn]:
        """The newest turns of one chat and topic since it was told to forget (`Forgotten`), oldest first.

        Only those before the turn `before`, if one is given; as many as hold `tokens` tokens and the one that no
        longer fits, at most `limit`.
        """
        ...

    async def followed(self, turn: int) -> bool:
        """Whether a later turn, one with an answer, continues this one."""
        ...

    async def pending_updates(self, after: int, limit: int) -> list[tuple[int, PendingUpdate]]:
        """Unfinished updates in order of arrival, each with its place, those behind place `after`.

        Those whose answer lies in the outbox are not among them.
        """
        ...

    async def outbox(self, after: int, limit: int) -> list[OutboxRow]: ...

    async def reports(self, limit: int) -> list[ReportRow]: ...

    async def announcements(self, states: Sequence[str]) -> list[StoredAnnouncement]: ...

    async def recipients(self, announcement: int, state: str, limit: int) -> list[int]: ...

    async def recipient_counts(self, announcement: int) -> dict[str, int]: ...


class DataFile(Protocol):
    """data.json on the disk, always whole."""

    async def write(self, pieces: Sequence[bytes]) -> str:
        """Replaces it by these pieces joined by commas; its digest. Raises StorageUnavailable."""
        ...

    async def newest_backup_at(self) -> int:
        """When the newest dated copy was made, seconds since 1970; 0 if there is none."""
        ...

    async def back_up(self, stamp: str) -> None:
        """Keeps a dated copy and drops the oldest ones (`BACKUP_COUNT`, `BACKUP_DAYS`). Raises StorageUnavailable."""
        ...


# --- time ------------------------------------------------------------------------------------------------------------


class Clock(Protocol):
    def now(self) -> int:
        """Seconds since 1970 (UTC)."""
        ...

    def monotonic(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...
