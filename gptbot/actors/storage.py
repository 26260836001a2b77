"""The storage actor: the single writer (DESIGN §5).

Letters that wait are carried out together and become one commit; each caller goes on after that commit is on the disk.
The rules that letters bring run here, on the image in memory, so nobody can change what they have read.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

import structlog

from gptbot.actors.supervisor import Supervisor
from gptbot.domain.book import Book
from gptbot.domain.document import Document
from gptbot.domain.measures import Spread
from gptbot.domain.rows import Row
from gptbot.domain.transaction import Counters, Transaction
from gptbot.limits import BACKOFF_MAX_S, BACKOFF_MIN_S, LETTERS_PER_COMMIT, STORAGE_MAILBOX
from gptbot.ports import Clock, Database, InboxUpdate, StorageConflict, StorageUnavailable

COMMIT_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5)

T = TypeVar("T")
R = TypeVar("R")
log = structlog.get_logger()


# --- letters -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change(Generic[T]):
    """Carry out a rule and commit what it changed; the reply is what the rule returned."""

    rule: Callable[[Transaction], T]
    reply: "asyncio.Future[T]"


@dataclass(frozen=True, slots=True)
class Record:
    """Put updates into the inbox; the reply is the ids of those that were new."""

    updates: Sequence[InboxUpdate]
    reply: "asyncio.Future[set[int]]"


@dataclass(frozen=True, slots=True)
class TakeSnapshot:
    """data.json as of the last commit: its pieces and the number of that change."""

    reply: "asyncio.Future[tuple[list[bytes], int]]"


Letter = Change[Any] | Record | TakeSnapshot


class Done(NamedTuple):
    """A change that was carried out on the image; its rows wait for the commit."""

    change: Change[Any]
    tx: Transaction
    result: Any
    rows: Sequence[Row]


# --- the ref -------------------------------------------------------------------------------------------------------


class Storage:
    """What others hold of the storage actor. `book` is for reading only, at the moment of use."""

    def __init__(
        self,
        book: Book,
        document: Document,
        counters: Counters,
        database: Database,
        clock: Clock,
        supervisor: Supervisor,
    ) -> None:
        self.book = book
        self.dirty = asyncio.Event()
        """Set when data.json is behind; the data writer clears it."""
        self.behind_since = 0.0
        """When that was (monotonic seconds)."""
        self.commit_s = Spread(*COMMIT_S)
        """How long commits took that the disk accepted."""
        self._document = document
        self._counters = counters
        self._database = database
        self._clock = clock
        self._supervisor = supervisor
        self._mailbox: asyncio.Queue[Letter] = asyncio.Queue(STORAGE_MAILBOX)
        self._changed: set[int] = set()
        self._subscribers: dict[type[Any], list[Callable[[Any], None]]] = {}
        self._trouble = False
        self._task: asyncio.Task[None] | None = None

    async def commit(self, rule: Callable[[Transaction], T]) -> T:
        """Runs `rule` and returns its result once everything it changed is durable. Raises what `rule` raises."""
        reply: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        await self._mailbox.put(Change(rule, reply))
        return await reply

    async def record(self, updates: Sequence[InboxUpdate]) -> set[int]:
        """Returns the ids of those updates that are new, once all are durable."""
        reply: asyncio.Future[set[int]] = asyncio.get_running_loop().create_future()
        await self._mailbox.put(Record(updates, reply))
        return await reply

    async def snapshot(self) -> tuple[list[bytes], int]:
        """data.json as of a moment between two commits, and the number of the last change in it."""
        reply: asyncio.Future[tuple[list[bytes], int]] = asyncio.get_running_loop().create_future()
        await self._mailbox.put(TakeSnapshot(reply))
        return await reply

    def subscribe(self, row_type: type[R], callback: Callable[[R], None]) -> None:
        """`callback` gets each row of that type after it is durable, in the order of commits."""
        self._subscribers.setdefault(row_type, []).append(callback)

    @property
    def waiting(self) -> int:
        """Letters that are not committed yet."""
        return self._mailbox.qsize()

    @property
    def in_trouble(self) -> bool:
        """True while the disk refuses to take what should be written."""
        return self._trouble

    def start(self) -> None:
        self._task = self._supervisor.keep("storage", self._run)

    async def stop(self) -> None:
        """Writes what was handed in before, then ends."""
        await self._mailbox.join()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    # --- the actor ---------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            letters = [await self._mailbox.get()]
            while len(letters) < LETTERS_PER_COMMIT and not self._mailbox.empty():
                letters.append(self._mailbox.get_nowait())
            try:
                await self._handle(letters)
            finally:
                for letter in letters:
                    self._mailbox.task_done()
                    if not letter.reply.done():  # nobody waits for ever, whatever happened
                        letter.reply.set_exception(StorageUnavailable("the storage actor broke"))

    async def _handle(self, letters: Sequence[Letter]) -> None:
        changes = [letter for letter in letters if isinstance(letter, Change)]
        records = [letter for letter in letters if isinstance(letter, Record)]
        done = [result for change in changes if (result := self._carry_out(change)) is not None]
        if done or records:
            try:
                await self._write(done, records)
            except StorageConflict:
                await self._one_by_one([one.change for one in done], records)
        for letter in letters:
            if isinstance(letter, TakeSnapshot) and not letter.reply.done():
                self._document.refresh(self._changed)
                self._changed.clear()
                letter.reply.set_result((self._document.pieces(self._counters.seq), self._counters.seq))

    def _carry_out(self, change: Change[Any]) -> Done | None:
        """Runs the rule on the image; a rule that raises leaves no trace but its caller's exception."""
        tx = Transaction(self.book, self._counters, self._clock.now())
        try:
            return Done(change, tx, change.rule(tx), tx.rows())
        except Exception as error:  # noqa: BLE001 (the actor loop: the caller gets it, others go on)
            tx.undo()
            if not change.reply.done():
                change.reply.set_exception(error)
            return None

    async def _one_by_one(self, changes: Sequence[Change[Any]], records: Sequence[Record]) -> None:
        """After a conflict: each on its own, so that only the one which contradicts what is stored fails."""
        if records:
            await self._write([], records)
        for change in changes:
            if (done := self._carry_out(change)) is None:
                continue
            try:
                await self._write([done], [])
            except StorageConflict as error:
                log.error("storage.conflict", problem=str(error))
                if not change.reply.done():
                    change.reply.set_exception(error)

    async def _write(self, done: Sequence[Done], records: Sequence[Record]) -> None:
        """One commit, tried until the disk takes it; then everybody is told."""
        rows: list[Row] = []
        for one in done:
            rows += one.rows
            self._changed |= one.tx.touched
        updates = [update for record in records for update in record.updates]
        try:
            new = await self._commit(rows, updates)
        except BaseException:
            # Nothing was written: neither the image nor data.json may claim what data.db has never had.
            for one in reversed(done):
                one.tx.undo()
            raise
        for row in rows:
            for callback in self._subscribers.get(type(row), ()):
                callback(row)
        for one in done:
            if not one.change.reply.done():
                one.change.reply.set_result(one.result)
        for record in records:
            if not record.reply.done():
                taken = {update.update_id for update in record.updates} & new
                new -= taken  # what two posts of a webhook brought is new for the first of them only
                record.reply.set_result(taken)
        if any(one.tx.touched for one in done) and not self.dirty.is_set():
            self.behind_since = self._clock.monotonic()
            self.dirty.set()

    async def _commit(self, rows: Sequence[Row], updates: Sequence[InboxUpdate]) -> set[int]:
        pause = BACKOFF_MIN_S
        while True:
            began = self._clock.monotonic()
            try:
                new = await self._database.write(rows, updates, self._clock.now())
            except StorageUnavailable as error:
                if not self._trouble:
                    self._trouble = True
                    log.error("storage.unavailable", problem=str(error))
                await self._clock.sleep(pause)
                pause = min(pause * 2, BACKOFF_MAX_S)
                continue
            self.commit_s.add(self._clock.monotonic() - began)
            if self._trouble:
                self._trouble = False
                log.info("storage.recovered")
            return new
