"""Storage: data.db and data.json, and what is read from them."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from gptbot.domain.rows import LedgerRow, OutboxRow, ReportRow, Row, TurnRow


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
    attached: bytes | None


class StoredMessage(NamedTuple):
    """What a known Telegram message was: part of which turn, and whose."""

    turn: int
    role: str


class StoredPerson(NamedTuple):
    """What data.db holds of one person beside the turns, of which there are `turns`.

    `ledger`: when, purse, amount, reason. `inbox`: updates that aren't finished (Telegram's JSON). `announcements`:
    the number of each that they were to get, and what became of it.
    """

    ledger: list[tuple[int, str, int, str]]
    outbox: list[OutboxRow]
    inbox: list[bytes]
    announcements: list[tuple[int, str]]
    turns: int


class Waiting(NamedTuple):
    """How much stands in data.db: updates that are not finished, reports that have not been sent."""

    updates: int
    reports: int


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

    async def person(self, user: int) -> StoredPerson: ...

    async def turns_of(self, user: int, before: int | None, limit: int) -> list[TurnRow]:
        """The newest turns of a person, newest first; only those before the turn `before`, if one is given."""
        ...

    async def booking(self, key: str) -> LedgerRow | None:
        """The change of a purse that has this key in the ledger."""
        ...

    async def waiting(self) -> Waiting: ...

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

    async def newest_backup_at(self, now: int) -> int:
        """When the newest dated copy was made, seconds since 1970; 0 if there is none.

        A copy that a wrong clock has dated later than `now` does not count.
        """
        ...

    async def back_up(self, stamp: str) -> None:
        """Keeps a dated copy and drops the oldest ones (`BACKUP_COUNT`, `BACKUP_DAYS`). Raises StorageUnavailable."""
        ...
