"""data.db: inbox, journal, ledger, outbox, turns, dialogs and announcements in SQLite (DESIGN §5).

One connection writes, on a thread of its own, so that the event loop never waits for the disk; a second one reads.
WAL with synchronous=FULL: a commit that returned survives a power cut. Keys carry the bot's id.
"""

import os
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple, TypeVar

from gptbot.domain import rows
from gptbot.domain.transaction import Counters
from gptbot.edges.database_reader import DatabaseReader, in_thread
from gptbot.edges.database_schema import FORGETS, MOVES, WRITES, connect, prepare
from gptbot.errors import OperatorError
from gptbot.ports import (
    InboxUpdate,
    StorageConflict,
    StorageUnavailable,
)

T = TypeVar("T")

_NEVER_FITS = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    OverflowError,  # a number beyond 64 bits
    UnicodeEncodeError,  # half a character
)
"""What a row raises that will be refused next time too."""


class StartState(NamedTuple):
    """What recovery needs to know of data.db. `kept_seq` is the last change known to be in data.json.

    `forgotten` are the pseudonyms of people who had everything deleted; `key` (hex) is what those are made with.
    """

    journal: str | None
    kept_seq: int
    digest: str
    patches: list[rows.JournalRow]
    dialogs: list[rows.DialogRow]
    permits: list[rows.PermitRow]
    counters: Counters
    key: str | None
    forgotten: set[int]


class SqliteDatabase(DatabaseReader):
    """The Database port. Make it with `open_database`; `close` it at the end."""

    def __init__(self, writer: sqlite3.Connection, reader: sqlite3.Connection, bot_id: int) -> None:
        super().__init__(reader, bot_id)
        self._writer = writer
        self._write_thread = ThreadPoolExecutor(1, "data.db-write")
        self._writes = {kind: sql.format(bot=bot_id) for kind, sql in WRITES.items()}

    # --- writing ----------------------------------------------------------------------------------------------------

    async def write(self, batch: Sequence[rows.Row], updates: Sequence[InboxUpdate], at: int) -> set[int]:
        return await in_thread(self._write_thread, lambda: self._commit(lambda: self._write(batch, updates)))

    async def note_data_file(self, seq: int, digest: str) -> None:
        await in_thread(self._write_thread, lambda: self._commit(lambda: self._note_data_file(seq, digest)))

    async def forget_before(self, finished_at: int, turns_at: int) -> None:
        def forget() -> None:
            self._writer.execute("DELETE FROM inbox WHERE done_at < ?", (finished_at,))
            self._writer.execute("DELETE FROM permits WHERE state = 'told' AND at < ?", (finished_at,))
            self._writer.execute("DELETE FROM turns WHERE at < ?", (turns_at,))
            self._writer.execute("DELETE FROM messages WHERE at < ?", (turns_at,))
            self._writer.execute("DELETE FROM forgotten WHERE at < ?", (turns_at,))

        await in_thread(self._write_thread, lambda: self._commit(forget))

    def _commit(self, work: Callable[[], T]) -> T:
        connection = self._writer
        try:
            connection.execute("BEGIN IMMEDIATE")
            result = work()
            connection.execute("COMMIT")
        except _NEVER_FITS as error:
            self._roll_back()
            raise StorageConflict(str(error)) from error
        except sqlite3.DatabaseError as error:
            self._roll_back()
            raise StorageUnavailable(str(error)) from error
        except BaseException:  # whatever it was, the connection must be usable for the next commit
            self._roll_back()
            raise
        return result

    def _roll_back(self) -> None:
        if self._writer.in_transaction:
            self._writer.execute("ROLLBACK")

    def _write(self, batch: Sequence[rows.Row], updates: Sequence[InboxUpdate]) -> set[int]:
        execute = self._writer.execute
        new = set()
        for update in updates:  # before the rows: one of them may finish it
            if execute(
                f"INSERT OR IGNORE INTO inbox(bot, update_id, user, raw) VALUES({self._bot}, ?, ?, ?)", update
            ).rowcount:
                new.add(update.update_id)
        for row in batch:
            if type(row) is rows.RecipientsAdded:
                self._add_recipients(row)
            elif type(row) is rows.ChatMoved:
                for move in MOVES:
                    execute(move, {"bot": self._bot, "old": row.old, "new": row.new})
            elif type(row) is rows.PersonForgotten:
                for forget in FORGETS:
                    execute(forget, {"bot": self._bot} | row._asdict())
            else:
                execute(self._writes[type(row)], row)
        return new

    def _add_recipients(self, row: rows.RecipientsAdded) -> None:
        self._writer.executemany(
            "INSERT OR IGNORE INTO recipients VALUES(?, ?, ?, 'pending')",
            ((row.announcement, place, user) for place, user in enumerate(row.users)),
        )

    def _note_data_file(self, seq: int, digest: str) -> None:
        self._set_meta("kept_seq", seq)
        self._set_meta("digest", digest)
        self._writer.execute("DELETE FROM journal WHERE seq <= ?", (seq,))

    def _set_meta(self, key: str, value: str | int) -> None:
        self._writer.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", (key, value))

    # --- at start ---------------------------------------------------------------------------------------------------

    def start_state(self) -> StartState:
        """Read once, before the bot runs."""
        meta = dict(self._reader.execute("SELECT key, value FROM meta").fetchall())
        kept = int(meta.get("kept_seq", 0))

        def top(table: str, column: str = "id") -> int:
            return int(self._reader.execute(f"SELECT COALESCE(MAX({column}), 0) FROM {table}").fetchone()[0])  # noqa: S608 (own names)

        select = self._reader.execute
        return StartState(
            journal=meta.get("journal"),
            kept_seq=kept,
            digest=str(meta.get("digest", "")),
            patches=[rows.JournalRow(*row) for row in select("SELECT seq, user, patch FROM journal ORDER BY seq")],
            dialogs=[
                rows.DialogRow(*row)
                for row in select(
                    "SELECT user, chat, thread, token, snapshot, at FROM dialogs WHERE bot = ?", (self._bot,)
                )
            ],
            permits=[
                rows.PermitRow(*row)
                for row in select("SELECT id, state, details, at FROM permits WHERE bot = ?", (self._bot,))
            ],
            counters=Counters(
                seq=max(kept, top("journal", "seq")),
                outbox=top("outbox"),
                turn=max(top("turns"), top("messages", "turn")),  # no message may ever mean another turn than its own
                announcement=top("announcements"),
                report=top("reports"),
            ),
            key=meta.get("pseudonym_key"),
            forgotten={pseudonym for (pseudonym,) in select("SELECT pseudonym FROM forgotten_people")},
        )

    def ledger_sums(self) -> dict[int, dict[str, int]]:
        """What each purse must hold: user → purse → sum."""
        sums: dict[int, dict[str, int]] = {}
        for user, purse, total in self._reader.execute(
            "SELECT user, purse, SUM(amount) FROM ledger GROUP BY user, purse"
        ):
            sums.setdefault(user, {})[purse] = total
        return sums

    def adopt(
        self,
        journal: str,
        seq: int,
        digest: str,
        booked: Sequence[rows.LedgerRow],
        key: str = "",
        back: Sequence[int] = (),
    ) -> None:
        """Begins (or goes on with) the journal of the data.json that was just read and written.

        `back`: pseudonyms of people who have an entry without having pressed /start (admins).
        """

        def work() -> None:
            if self._writer.execute("SELECT value FROM meta WHERE key = 'journal'").fetchone() is None:
                self._set_meta("requests_to_show", 1)
            self._set_meta("journal", journal)
            self._set_meta("pseudonym_key", key)
            self._note_data_file(seq, digest)
            self._writer.executemany(self._writes[rows.LedgerRow], booked)
            self._writer.executemany(self._writes[rows.PersonBack], ((pseudonym,) for pseudonym in back))

        self._commit(work)

    def served_by(self, admins: Sequence[int]) -> None:
        """With other admins than at the last start, open requests were perhaps shown to somebody who is none now."""
        present = " ".join(map(str, admins))

        def work() -> None:
            before = self._writer.execute("SELECT value FROM meta WHERE key = 'admins'").fetchone()
            if before is not None and before[0] != present:
                self._set_meta("requests_to_show", 1)
            self._set_meta("admins", present)

        self._commit(work)

    def requests_to_show(self) -> bool:
        """Whether open requests have to be shown to the admin: nobody handles the buttons they were shown with."""
        return self._reader.execute("SELECT value FROM meta WHERE key = 'requests_to_show'").fetchone() is not None

    def close(self) -> None:
        """Ends both threads once what they were given is done."""
        self._write_thread.shutdown()
        self.close_reader()
        self._writer.close()


def open_database(path: Path, bot_id: int) -> SqliteDatabase:
    """Opens or makes data.db at `path`, mode 0600. Raises OperatorError when it is no database of ours."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
        with ExitStack() as opened:
            writer = opened.enter_context(closing(connect(path)))
            prepare(writer, path)
            reader = opened.enter_context(closing(connect(path)))
            reader.execute("PRAGMA query_only = ON")
            opened.pop_all()  # all went well: they stay open
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
        raise unusable(path, error) from error
    return SqliteDatabase(writer, reader, bot_id)


def unusable(path: Path, error: Exception) -> OperatorError:
    """What the operator reads when data.db can't be opened, or is damaged within."""
    return OperatorError(
        f"{path} can't be used ({error}): mend its permissions, or move it away"
        " (then conversation history is lost, balances stay in data.json)"
    )
