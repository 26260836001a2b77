"""A storage actor on a real database in a folder of the test's own, whose commits a test can hold back or break."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from gptbot.actors.storage import Storage
from gptbot.actors.supervisor import Supervisor
from gptbot.domain.book import Book
from gptbot.domain.document import Document
from gptbot.domain.records import Account
from gptbot.domain.rows import Row
from gptbot.domain.transaction import Transaction
from gptbot.edges.database import SqliteDatabase, open_database
from gptbot.ports import InboxUpdate, StorageUnavailable
from tests.edges.manual_clock import ManualClock

BOT = 4242


class WatchedDatabase:
    """The real database; `gate` holds commits back, `refuse` of them fail, one `breaks_with` an error."""

    def __init__(self, real: SqliteDatabase) -> None:
        self.real = real
        self.gate = asyncio.Event()
        self.gate.set()
        self.refuse = 0
        self.breaks_with: Exception | None = None
        self.commits: list[int] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)

    async def write(self, batch: Sequence[Row], updates: Sequence[InboxUpdate], at: int) -> set[int]:
        await self.gate.wait()
        if self.breaks_with is not None:
            error, self.breaks_with = self.breaks_with, None
            raise error
        if self.refuse:
            self.refuse -= 1
            raise StorageUnavailable("no room on the disk")
        new = await self.real.write(batch, updates, at)
        self.commits.append(len(batch) + len(updates))
        return new


class Made:
    """`storage` runs; `failures` is what its supervisor gave up on."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.failures: list[BaseException] = []
        self.supervisor = Supervisor(self.clock, self.failures.append)
        self.real = open_database(folder / "data.db", BOT)
        self.database = WatchedDatabase(self.real)
        self.book = Book()
        self.document = Document(self.book, {}, "journal")
        self.storage = Storage(
            self.book,
            self.document,
            self.real.start_state().counters,
            self.database,  # type: ignore[arg-type]  # hands everything else on to the real one
            self.clock,
            self.supervisor,
        )


@asynccontextmanager
async def storage_in(folder: Path) -> AsyncIterator[Made]:
    made = Made(folder)
    made.storage.start()
    try:
        yield made
    finally:
        made.database.gate.set()
        await made.supervisor.stop()
        made.real.close()


def registering(user: int, balance: int = 0) -> Callable[[Transaction], None]:
    """A rule that makes an account."""

    def rule(tx: Transaction) -> None:
        tx.register(user, Account(balance=balance))

    return rule
