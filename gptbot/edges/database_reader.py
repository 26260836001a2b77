"""What is read from data.db while the bot runs, over a connection of its own, on a thread of its own."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any, TypeVar

from gptbot.domain import rows
from gptbot.edges import database_person
from gptbot.edges.database_schema import MEMORY
from gptbot.ports import (
    PendingUpdate,
    StorageUnavailable,
    StoredAnnouncement,
    StoredMessage,
    StoredPerson,
    StoredTurn,
    Waiting,
)

T = TypeVar("T")

_NEWEST = 2**63 - 1
"""Larger than the id of any turn."""


class DatabaseReader:
    """The reading part of the Database port. Raises StorageUnavailable."""

    def __init__(self, reader: sqlite3.Connection, bot_id: int) -> None:
        self._reader = reader
        self._bot = bot_id
        self._read_thread = ThreadPoolExecutor(1, "data.db-read")

    async def message(self, chat_id: int, message_id: int) -> StoredMessage | None:
        found = await self._select(
            "SELECT turn, role FROM messages WHERE bot = ? AND chat = ? AND message = ?", self._bot, chat_id, message_id
        )
        return StoredMessage(*found[0]) if found else None

    async def turn(self, turn: int) -> rows.TurnRow | None:
        found = await self._select(
            "SELECT id, user, chat, thread, parent, question, answer, model, tokens, at, message, attached FROM turns"
            " WHERE bot = ? AND id = ?",
            self._bot,
            turn,
        )
        return rows.TurnRow(*found[0]) if found else None

    async def chain(self, turn: int, limit: int) -> list[StoredTurn]:
        found = await self._select(
            "WITH RECURSIVE branch(id, parent, depth) AS ("
            " SELECT id, parent, 1 FROM turns WHERE id = ?"
            " UNION ALL SELECT t.id, t.parent, depth + 1 FROM turns t JOIN branch b ON t.id = b.parent WHERE depth < ?)"
            " SELECT t.id, t.user, t.parent, t.question, t.answer, t.tokens, t.attached"
            " FROM branch b JOIN turns t ON t.id = b.id ORDER BY depth DESC",
            turn,
            limit,
        )
        return [StoredTurn(*row) for row in found]

    async def memory(
        self, chat_id: int, thread_id: int | None, *, before: int | None, tokens: int, limit: int
    ) -> list[StoredTurn]:
        def newest_first() -> list[StoredTurn]:
            found: list[StoredTurn] = []
            room = tokens
            # closed at once: a statement left half read would keep the file's log from being taken in
            with closing(self._reader.execute(MEMORY, params)) as stored:
                for row in stored:
                    found.append(StoredTurn(*row))
                    room -= found[-1].tokens
                    if room < 0:
                        break
            return found

        params = (self._bot, chat_id, thread_id, _NEWEST if before is None else before, self._bot, chat_id,
                  thread_id or 0, limit)  # fmt: skip
        return (await self._reading(newest_first))[::-1]

    async def followed(self, turn: int) -> bool:
        return bool(await self._select("SELECT 1 FROM turns WHERE parent = ? AND answer <> '' LIMIT 1", turn))

    async def pending_updates(self, after: int, limit: int) -> list[tuple[int, PendingUpdate]]:
        found = await self._select(
            "SELECT place, update_id, raw, asked FROM inbox WHERE bot = ? AND done_at IS NULL AND place > ?"
            " AND update_id NOT IN (SELECT settles FROM outbox WHERE settles IS NOT NULL AND bot = ?)"
            " ORDER BY place LIMIT ?",
            self._bot,
            after,
            self._bot,
            limit,
        )
        return [(place, PendingUpdate(*row)) for place, *row in found]

    async def person(self, user: int) -> StoredPerson:
        return await self._reading(lambda: database_person.person(self._reader, user))

    async def turns_of(self, user: int, before: int | None, limit: int) -> list[rows.TurnRow]:
        older = _NEWEST if before is None else before
        return await self._reading(lambda: database_person.turns_of(self._reader, user, older, limit))

    async def booking(self, key: str) -> rows.LedgerRow | None:
        found = await self._select(
            "SELECT user, purse, amount, reason, at FROM ledger WHERE key = ?", f"{self._bot}:{key}"
        )
        return rows.LedgerRow(key, *found[0]) if found else None

    async def waiting(self) -> Waiting:
        found = await self._select(
            "SELECT (SELECT COUNT(*) FROM inbox WHERE bot = ? AND done_at IS NULL),"
            " (SELECT COUNT(*) FROM reports WHERE bot = ?)",
            self._bot,
            self._bot,
        )
        return Waiting(*found[0])

    async def outbox(self, after: int, limit: int) -> list[rows.OutboxRow]:
        found = await self._select(
            "SELECT id, chat, grp, method, params, attachment_field, attachment_name, attachment, after, settles, at"
            " FROM outbox WHERE bot = ? AND id > ? ORDER BY id LIMIT ?",
            self._bot,
            after,
            limit,
        )
        return [rows.OutboxRow(*row) for row in found]

    async def reports(self, limit: int) -> list[rows.ReportRow]:
        found = await self._select("SELECT id, line FROM reports WHERE bot = ? ORDER BY id LIMIT ?", self._bot, limit)
        return [rows.ReportRow(*row) for row in found]

    async def announcements(self, states: Sequence[str]) -> list[StoredAnnouncement]:
        marks = ", ".join("?" * len(states))
        found = await self._select(
            "SELECT id, admin, chat, spec, content, state, progress_message, at FROM announcements"  # noqa: S608 (marks)
            f" WHERE bot = ? AND state IN ({marks}) ORDER BY id",
            self._bot,
            *states,
        )
        return [StoredAnnouncement(*row) for row in found]

    async def recipients(self, announcement: int, state: str, limit: int) -> list[int]:
        found = await self._select(
            "SELECT user FROM recipients WHERE announcement = ? AND state = ? ORDER BY place LIMIT ?",
            announcement,
            state,
            limit,
        )
        return [row[0] for row in found]

    async def recipient_counts(self, announcement: int) -> dict[str, int]:
        return dict(
            await self._select(
                "SELECT state, COUNT(*) FROM recipients WHERE announcement = ? GROUP BY state", announcement
            )
        )

    async def _select(self, sql: str, *params: object) -> list[Any]:
        return await self._reading(lambda: self._reader.execute(sql, params).fetchall())

    async def _reading(self, work: Callable[[], T]) -> T:
        def read() -> T:
            try:
                return work()
            except sqlite3.DatabaseError as error:
                raise StorageUnavailable(str(error)) from error

        return await in_thread(self._read_thread, read)

    def close_reader(self) -> None:
        """Ends the thread once what it was given is done."""
        self._read_thread.shutdown()
        self._reader.close()


async def in_thread(thread: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(thread, work)
