"""Keeps data.json fresh: soon after each change while it is small, less often as it grows (DESIGN §5).

Writing takes at most a few per cent of the time, and never happens on the event loop. Also makes the dated backups and
drops what data.db needs no more.
"""

import asyncio
import time

import structlog

from gptbot.actors.storage import Storage
from gptbot.actors.supervisor import Supervisor
from gptbot.domain.measures import Tally
from gptbot.limits import FINISHED_KEPT_S
from gptbot.ports import Clock, Database, DataFile, StorageUnavailable

log = structlog.get_logger()

PAUSE_MIN_S = 0.2
PAUSE_SMALL_S = 0.7
"""SPEC §3: a change shows within a second below 10,000 users."""
SMALL_USERS = 10_000
PAUSE_MAX_S = 60.0
SHARE = 30
"""The pause is this many times what the last writing took: about 3 % of the time."""
BACKUP_EVERY_S = 86400
FORGET_EVERY_S = 3600
RETRY_S = 5.0


class DataWriter:
    """Rewrites data.json whenever storage says that it is behind."""

    def __init__(
        self,
        storage: Storage,
        database: Database,
        data_file: DataFile,
        clock: Clock,
        supervisor: Supervisor,
        turns_kept_days: int,
    ) -> None:
        self._storage = storage
        self._database = database
        self._file = data_file
        self._clock = clock
        self._supervisor = supervisor
        self._turns_kept_s = turns_kept_days * 86400
        self._writing = asyncio.Lock()
        self._cost_s = 0.0
        self._forget_at = 0.0
        self._failing = False
        self.writes = Tally("outcome")
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = self._supervisor.keep("data_writer", self._run)

    async def stop(self) -> None:
        """Ends with a data.json that holds everything."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self.write()

    async def write(self) -> list[bytes] | None:
        """Writes data.json now; the pieces it was made of, None when the disk refused (said in the log)."""
        async with self._writing:
            self._storage.dirty.clear()
            pieces, seq = await self._storage.snapshot()
            started = self._clock.monotonic()
            try:
                digest = await self._file.write(pieces)
                await self._database.note_data_file(seq, digest)
            except StorageUnavailable as error:
                self._say_failing(str(error))
                self.writes.add("failed")
                self._storage.dirty.set()
                return None
            self._cost_s = self._clock.monotonic() - started
            self._failing = False
            self.writes.add("written")
            return pieces

    @property
    def failing(self) -> bool:
        """True while data.json, or its backup, can't be written."""
        return self._failing

    @property
    def lag_s(self) -> float:
        """How long the oldest change waits for data.json (it is safe in data.db)."""
        return self._clock.monotonic() - self._storage.behind_since if self._storage.dirty.is_set() else 0.0

    @property
    def pause_s(self) -> float:
        """How long a change waits before the next writing."""
        longest = PAUSE_SMALL_S if len(self._storage.book.accounts) < SMALL_USERS else PAUSE_MAX_S
        return min(max(PAUSE_MIN_S, SHARE * self._cost_s), longest)

    async def _run(self) -> None:
        while True:
            await self._storage.dirty.wait()
            await self._clock.sleep(self.pause_s)
            if await self.write() is None:
                await self._clock.sleep(RETRY_S)
            else:
                await self._keep_house()

    async def _keep_house(self) -> None:
        now = self._clock.now()
        try:
            if now - await self._file.newest_backup_at(now) >= BACKUP_EVERY_S:
                await self._file.back_up(time.strftime("%Y-%m-%d_%H-%M-%S", time.gmtime(now)))
                log.info("data_file.backed_up")
            if now >= self._forget_at:
                self._forget_at = now + FORGET_EVERY_S
                await self._database.forget_before(now - FINISHED_KEPT_S, now - self._turns_kept_s)
        except StorageUnavailable as error:
            self._say_failing(str(error))

    def _say_failing(self, problem: str) -> None:
        if not self._failing:
            self._failing = True
            log.error("data_file.unwritable", problem=problem)
