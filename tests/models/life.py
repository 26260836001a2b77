"""One run of the bot's storage on real files, from the opening to a clean stop or a crash at a chosen moment."""

import asyncio
import inspect
import os
import shutil
import tempfile
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, cast

from hypothesis.stateful import RuleBasedStateMachine

from gptbot.actors.data_writer import DataWriter
from gptbot.actors.storage import Storage
from gptbot.actors.supervisor import Supervisor
from gptbot.domain.rows import Row
from gptbot.edges.data_file import JsonDataFile
from gptbot.edges.database import SqliteDatabase
from gptbot.edges.opening import OpenedStorage, close_storage, open_storage
from gptbot.ports import InboxUpdate
from tests.edges.manual_clock import ManualClock

T = TypeVar("T")

BOT: Final = 4242
ADMIN: Final = 9
LONGEST_S: Final = 20.0
"""No step of a machine may take longer; one that does hangs."""
MEMORY_DISK: Final = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""A crash here is one of the process, not of the power: what was written is there, so a disk would only be slower."""

Moment = Literal["before commit", "after commit", "before file", "after file", "after note"]


class AsyncMachine(RuleBasedStateMachine):
    """A machine with an event loop and a folder of its own; `do` carries a coroutine out."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._root = tempfile.TemporaryDirectory(dir=MEMORY_DISK)
        self.folder = Path(self._root.name) / "0"
        self.folder.mkdir()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(asyncio.wait_for(work, LONGEST_S))

    def teardown(self) -> None:
        self._runner.close()
        self._root.cleanup()


class Mortal:
    """The moment at which the process will die: whoever gets there waits for ever, and `died` is set."""

    def __init__(self) -> None:
        self.at: Moment | None = None
        self.spared = 0  # times that the moment may still come and pass
        self.died = asyncio.Event()
        self.writing = 0
        """What is on its way to the disk."""

    async def reach(self, moment: Moment) -> None:
        if self.at != moment:
            return
        self.spared -= 1
        if self.spared < 0:
            self.died.set()
            await asyncio.Event().wait()

    def watched(self, found: Any) -> Any:
        """The same, at work while it is carried out, if it is something that can be awaited."""
        if not inspect.iscoroutinefunction(found):
            return found

        async def carry_out(*given: Any, **named: Any) -> Any:
            with self.at_work():
                return await found(*given, **named)

        return carry_out

    @contextmanager
    def at_work(self) -> Iterator[None]:
        self.writing += 1
        try:
            yield
        finally:
            self.writing -= 1


class MortalDatabase:
    """The real one, but for the moments of `Mortal`."""

    def __init__(self, real: SqliteDatabase, mortal: Mortal) -> None:
        self._real = real
        self._mortal = mortal

    def __getattr__(self, name: str) -> Any:
        return self._mortal.watched(getattr(self._real, name))

    async def write(self, batch: Sequence[Row], updates: Sequence[InboxUpdate], at: int) -> set[int]:
        with self._mortal.at_work():
            await self._mortal.reach("before commit")
            new = await self._real.write(batch, updates, at)
            await self._mortal.reach("after commit")
        return new

    async def note_data_file(self, seq: int, digest: str) -> None:
        with self._mortal.at_work():
            await self._real.note_data_file(seq, digest)
            await self._mortal.reach("after note")


class MortalFile:
    """The real one, but for the moments of `Mortal`."""

    def __init__(self, real: JsonDataFile, mortal: Mortal) -> None:
        self._real = real
        self._mortal = mortal

    def __getattr__(self, name: str) -> Any:
        return self._mortal.watched(getattr(self._real, name))

    async def write(self, pieces: Sequence[bytes]) -> str:
        with self._mortal.at_work():
            await self._mortal.reach("before file")
            digest = await self._real.write(pieces)
            await self._mortal.reach("after file")
        return digest


def opened_in(folder: Path, *, accept: bool = False) -> OpenedStorage:
    """Through the real opening and recovery. Raises OperatorError."""
    return open_storage(folder / "data.json", bot_id=BOT, admins=(ADMIN,), backup_count=2, backup_days=9, accept=accept)


class Files:
    """The opened storage of one run. `database` and `data_file` are what others are to be given."""

    def __init__(self, folder: Path, *, accept: bool = False) -> None:
        self.folder = folder
        self.opened = opened_in(folder, accept=accept)
        self.mortal = Mortal()
        self.database = cast("SqliteDatabase", MortalDatabase(self.opened.database, self.mortal))
        self.data_file = cast("JsonDataFile", MortalFile(self.opened.data_file, self.mortal))
        self.seq_at_death = 0

    def left_behind(self) -> Path:
        """A copy of the files as they lie there now: what the next run will find if this one dies here.

        The threads first end what they are at: a file can't be copied while it changes.
        """
        for thread in (self.opened.database._write_thread, self.opened.data_file._thread):
            thread.submit(lambda: None).result()
        left = self.folder.with_name(str(int(self.folder.name) + 1))
        left.mkdir()
        for file in self.folder.iterdir():
            shutil.copy2(file, left)
        self.seq_at_death = self.opened.counters.seq
        return left

    def close(self) -> None:
        close_storage(self.opened)


class Life:
    """The storage actor and the data writer on such files. Make it inside the event loop."""

    def __init__(self, folder: Path, *, accept: bool = False) -> None:
        self.files = Files(folder, accept=accept)
        self.opened, self.database = self.files.opened, self.files.database
        self.clock = ManualClock()
        self.fatal: list[BaseException] = []
        self.supervisor = Supervisor(self.clock, self.fatal.append)
        self.storage = Storage(
            self.opened.book, self.opened.document, self.opened.counters, self.database, self.clock, self.supervisor
        )
        self.writer = DataWriter(
            self.storage, self.database, self.files.data_file, self.clock, self.supervisor, turns_kept_days=30
        )
        self.storage.start()

    async def stop(self) -> None:
        """As the app does it."""
        await self.writer.stop()
        await self.storage.stop()
        await self.supervisor.stop()
        self.files.close()

    async def dies_at(self, moment: Moment, work: Coroutine[Any, Any, object]) -> Path:
        """Crashes at that moment of `work`, which must come to it; where the files lie then."""
        mortal = self.files.mortal
        mortal.at = moment
        task = asyncio.ensure_future(work)
        dying = asyncio.ensure_future(mortal.died.wait())
        await asyncio.wait([task, dying], return_when=asyncio.FIRST_COMPLETED)
        assert mortal.died.is_set(), f"it never came to: {moment}"
        left = await self.crash()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return left

    async def crash(self) -> Path:
        """The process is gone, nothing closes or says goodbye: the files are what lies there now."""
        left = self.files.left_behind()
        await self.supervisor.stop()
        self.files.close()
        shutil.rmtree(self.files.folder)
        return left
