"""Named steps of a bot's process, and trouble at exactly one of them: no clock and no signal from outside decides.

`install` runs in the process (`tests/faults/child.py`) and wraps its edges; the program itself knows nothing of it. A
step is `name#k`, the k-th of its name since the process was told to count:

    commit:write:inside#3            data.db: before, inside (rows written, not committed) and after each commit
    telegram:sendMessage:after#1     a call of the Bot API: before it leaves, and when its answer is there
    model:/chat/completions:before#1 a request to the model; `model:piece:after` for what comes of an answer
    file:data.json:rename:before#2   data.json, its backups, the folder: open, write (half of it), fsync, rename, remove
"""

import ctypes
import errno
import os
import signal
import sqlite3
import threading
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

PIECES_NAMED = frozenset(2**power for power in range(12))
"""Of the pieces of an answer only these have names: one piece is like the next."""

Deed = Literal["kill", "fail", "hold"]
"""kill: -9, from inside. fail: the disk says no (files and commits only). hold: waits until `Plan.gate` is a file."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What shall happen in one run of the bot; it counts from when `armed` exists. `trace`: each step, a line each.

    The deed is done at the step `at`, or at the `after`-th step of any name; at every step from there on if `lasting`.
    """

    trace: Path
    armed: Path
    at: str | None = None
    after: int | None = None
    deed: Deed = "kill"
    lasting: bool = False
    disk_pages: int | None = None
    """So many pages are all that data.db may have (a full disk, as SQLite tells it)."""
    obeys_modes: bool = False
    """Even as root it may not write where the modes of files and folders say no."""

    @property
    def gate(self) -> Path:
        return self.trace.with_suffix(".gate")

    @property
    def met(self) -> list[str]:
        """The steps so far, in order; the last one is the one it died at."""
        return self.trace.read_text().splitlines() if self.trace.exists() else []


@dataclass(slots=True)
class Steps:
    """Counts them, and does what the plan says."""

    plan: Plan
    _counts: Counter[str] = field(default_factory=Counter)
    _number: int = 0
    _counting: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, name: str) -> None:
        """The process is at this step. Raises OSError where the plan says that the disk refuses."""
        with self._lock:
            if not self._counting and not self.plan.armed.exists():
                return
            self._counting = True
            self._counts[name] += 1
            count = self._counts[name]
            if name.startswith("model:piece") and count not in PIECES_NAMED:
                return
            self._number += 1
            step, number = f"{name}#{count}", self._number
            with self.plan.trace.open("ab", buffering=0) as trace:
                trace.write(f"{step}\n".encode())
        if self._is_due(name, count, number):
            self._do()

    def _is_due(self, name: str, count: int, number: int) -> bool:
        plan = self.plan
        if plan.after is not None and (number >= plan.after if plan.lasting else number == plan.after):
            return True
        at, _, wanted = (plan.at or "").partition("#")
        return at == name and (count >= int(wanted) if plan.lasting else count == int(wanted))

    def _do(self) -> None:
        if self.plan.deed == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif self.plan.deed == "fail":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        else:
            os.close(os.open(self.plan.gate, os.O_RDONLY))  # a fifo: returns when somebody opens its other end


def install(plan: Plan) -> None:
    """Wraps the edges of this process."""
    step = Steps(plan)
    _wrap_database(step)
    for owner, name, stand_in in file_edges(step):
        _put(owner, name, stand_in)
    _wrap_telegram(step)
    _wrap_model(step)
    if plan.disk_pages is not None:
        _limit_database(plan.disk_pages)
    if plan.obeys_modes:
        _drop_capabilities()


def _drop_capabilities() -> None:
    """capset(2), version 3: none."""
    libc = ctypes.CDLL(None, use_errno=True)
    header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    if libc.capset(header, none) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def _put(owner: Any, name: str, value: object) -> None:
    setattr(owner, name, value)


def _wrap_database(step: Steps) -> None:
    from gptbot.edges.database import SqliteDatabase

    commit = SqliteDatabase._commit

    def stepping(self: SqliteDatabase, work: Callable[[], Any]) -> Any:
        name = f"commit:{work.__qualname__.split('.')[1]}"
        step(f"{name}:before")

        def inside() -> Any:
            result = work()
            try:
                step(f"{name}:inside")
            except OSError as error:
                raise sqlite3.OperationalError("database or disk is full") from error
            return result

        result = commit(self, inside)
        step(f"{name}:after")
        return result

    _put(SqliteDatabase, "_commit", stepping)


def _limit_database(pages: int) -> None:
    from gptbot.edges import database

    connect = vars(database)["connect"]

    def small(path: Path) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(path)
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    vars(database)["connect"] = small


def label_of(path: Path) -> str:
    """What a file is, in the name of a step."""
    if path.is_dir():
        return "folder"
    kinds = {".imported-": "original", ".bak": "backup", ".lock": "lock"}
    return next((kind for part, kind in kinds.items() if part in path.name), "data.json")


class WatchedOs:
    """`os` for the file edge: each operation that changes the disk is a step."""

    def __init__(self, step: Callable[[str], None]) -> None:
        self._step = step
        self._labels: dict[int, str] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def open(self, path: Path, flags: int, mode: int = 0o777) -> int:
        label = label_of(path)
        self._step(f"file:{label}:open:before")
        descriptor = os.open(path, flags, mode)
        self._labels[descriptor] = label
        self._step(f"file:{label}:open:after")
        return descriptor

    def write(self, descriptor: int, content: memoryview) -> int:
        label = self._labels[descriptor]
        self._step(f"file:{label}:write:before")
        half = os.write(descriptor, content[: (len(content) + 1) // 2])  # a raw file may take a part only
        self._step(f"file:{label}:write:half")
        return half

    def fsync(self, descriptor: int) -> None:
        label = self._labels[descriptor]
        self._step(f"file:{label}:fsync:before")
        os.fsync(descriptor)
        self._step(f"file:{label}:fsync:after")


def file_edges(step: Callable[[str], None]) -> list[tuple[Any, str, object]]:
    """What takes the place of what, (owner, name, stand-in), so that each change of a file is a step."""
    from gptbot.edges import data_file

    replace, unlink = Path.replace, Path.unlink

    def replacing(self: Path, target: Path) -> Path:
        step(f"file:{label_of(self)}:rename:before")
        result = replace(self, target)
        step(f"file:{label_of(self)}:rename:after")
        return result

    def unlinking(self: Path, missing_ok: bool = False) -> None:
        step(f"file:{label_of(self)}:remove:before")
        unlink(self, missing_ok)

    return [(data_file, "os", WatchedOs(step)), (Path, "replace", replacing), (Path, "unlink", unlinking)]


def _wrap_telegram(step: Steps) -> None:
    from gptbot.edges.telegram_api import LeanSession

    post, get = LeanSession.post, LeanSession.get

    async def posting(self: LeanSession, url: str, *args: Any) -> Any:
        name = f"telegram:{url.rpartition('/')[2]}"
        step(f"{name}:before")
        result = await post(self, url, *args)
        step(f"{name}:after")
        return result

    async def getting(self: LeanSession, *args: Any) -> Any:
        step("telegram:file:before")
        result = await get(self, *args)
        step("telegram:file:after")
        return result

    _put(LeanSession, "post", posting)
    _put(LeanSession, "get", getting)


def _wrap_model(step: Steps) -> None:
    from openai import AsyncOpenAI

    from gptbot.edges.openai_chat import OpenAIChatModel

    post, stream = AsyncOpenAI.post, OpenAIChatModel.stream

    async def posting(self: AsyncOpenAI, path: str, **sent: Any) -> Any:
        step(f"model:{path}:before")
        result = await post(self, path, **sent)
        step(f"model:{path}:after")
        return result

    async def streaming(self: OpenAIChatModel, request: Any) -> AsyncGenerator[Any, None]:
        async with aclosing(stream(self, request)) as pieces:
            async for piece in pieces:
                step("model:piece:after")
                yield piece

    _put(AsyncOpenAI, "post", posting)
    _put(OpenAIChatModel, "stream", streaming)
