"""Telegram, outward: one call, what became of it, and the Messenger."""

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Protocol

from gptbot.domain.outgoing import Outgoing


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
    NO_VOICE = "no_voice"  # this person takes no voice messages
    ALREADY_REFUNDED = "already_refunded"  # these Stars were given back before
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
