"""The report actor: the admin's feed of requests (SPEC §5). It never delays a turn: the turn's own commit leaves a row.

Rows wait in storage only, so a burst takes no memory and a restart forgets none. A row goes once Telegram took its
message, or refused it, or may have taken it. Messages are made when the one before has left: as long as Telegram's pace
lets every turn have its own, it has; what gathers meanwhile is joined.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson
import structlog

from gptbot.actors.storage import Storage
from gptbot.actors.supervisor import Supervisor
from gptbot.commands.reporting import compose, digest
from gptbot.commands.visit import words_for
from gptbot.domain.accounts import report_mode
from gptbot.domain.outgoing import Outgoing, Text, message
from gptbot.domain.rows import JournalRow, ReportRow, ReportsGone
from gptbot.domain.rules import Rules
from gptbot.domain.updates import Place
from gptbot.ports import Clock, Database, Messenger, RefusalKind, Refused, StorageUnavailable, Unknown

log = structlog.get_logger()

BACKLOG_MAX = 200
"""With more rows waiting than this, those that don't fit into the message are summed up in it."""
ROWS_AT_ONCE = 1_000
"""Rows in memory at a time."""
JOINED_PAUSE_S = 2.0
"""Pause after a message that several turns share: the admin's own conversation needs its part of the chat's pace."""
RETRY_S = 5.0
"""Pause after the disk refused to be read."""
_EVERY_ROW = 2**62


class ReportActor:
    """`start` it before the first turn, `stop` it before the storage and the messenger."""

    def __init__(
        self,
        storage: Storage,
        database: Database,
        messenger: Messenger,
        clock: Clock,
        supervisor: Supervisor,
        rules: Rules,
    ) -> None:
        self._storage = storage
        self._database = database
        self._messenger = messenger
        self._clock = clock
        self._supervisor = supervisor
        self._rules = rules
        self._newest = asyncio.Event()
        self._stopping = False
        self._mode = report_mode(storage.book, rules)
        self._pausing = False  # until the next digest is due
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Sends what an earlier run left, then what comes."""
        self._mode = report_mode(self._storage.book, self._rules)
        if self._mode == "off":
            await self._storage.commit(lambda tx: tx.write(ReportsGone(_EVERY_ROW)))
        self._storage.subscribe(ReportRow, lambda _: self._newest.set())
        self._storage.subscribe(JournalRow, self._account_changed)
        self._task = self._supervisor.keep("reports", self._run)

    def _account_changed(self, row: JournalRow) -> None:
        """The main admin may have chosen another mode in /settings: it holds at once, also for what waits."""
        if row.user != self._rules.main_admin:
            return
        before, self._mode = self._mode, report_mode(self._storage.book, self._rules)
        if self._mode == before:
            return
        self._newest.set()
        if self._pausing and self._task is not None and not self._stopping:
            self._task.cancel()
            self._task = self._supervisor.keep("reports", self._run)

    async def stop(self) -> None:
        """Sends what waits and ends; a digest that is not due yet stays in storage."""
        self._stopping = True
        if self._task is None:
            return
        if self._mode == "digest":
            self._task.cancel()
        self._newest.set()
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        self._pausing = False
        self._newest.set()
        while True:
            if self._mode == "digest":
                self._pausing = True
                await self._clock.sleep(self._rules.report_digest_s)
                self._pausing = False
            await self._newest.wait()
            self._newest.clear()
            try:
                while rows := await self._database.reports(ROWS_AT_ONCE):
                    await self._send(rows)
            except StorageUnavailable:
                await self._clock.sleep(RETRY_S)
                self._newest.set()
            if self._stopping:
                return

    async def _send(self, rows: Sequence[ReportRow]) -> None:
        """One message for the first rows; then they are gone, whatever became of it."""
        if self._mode == "off":
            await self._storage.commit(lambda tx: tx.write(ReportsGone(_EVERY_ROW)))
            return
        lines = [orjson.loads(row.line) for row in rows]
        words = words_for(self._rules, self._storage.book.get(self._rules.main_admin))
        if self._mode == "digest":
            text, taken = digest(words, lines), len(rows)
        else:
            text, taken = compose(words, lines, skip_rest=len(rows) > BACKLOG_MAX)
        await self._deliver(text)
        last = rows[taken - 1].id
        await self._storage.commit(lambda tx: tx.write(ReportsGone(last)))
        if len(rows) > 1 and not self._stopping:
            await self._clock.sleep(JOINED_PAUSE_S)

    async def _deliver(self, text: Text) -> None:
        outgoing = message(Place(self._rules.main_admin), text)
        outcome = await self._messenger.deliver(outgoing)
        if isinstance(outcome, Refused) and outcome.kind is RefusalKind.FORMAT:
            outcome = await self._messenger.deliver(_plain(outgoing))
        if isinstance(outcome, Refused):
            log.warning("report.refused", kind=outcome.kind, problem=outcome.description)
        elif isinstance(outcome, Unknown):
            log.warning("report.unknown", problem=outcome.description)


def _plain(outgoing: Outgoing) -> Outgoing:
    params: dict[str, Any] = {key: value for key, value in outgoing.params.items() if key != "entities"}
    return replace(outgoing, params=params)
