"""The real bot as a process of its own, which a test may kill at any moment; the stand-ins stay in the test's process.

    bot = BotProcess(telegram, model, folder)
    await bot.start()
    bot.kill()
    assert await bot.ended() == KILLED

Every wait ends with what it waits for, or fails after its time limit with the bot's log.
"""

import asyncio
import json
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

from gptbot.playground.bot_api import BotApiServer
from gptbot.playground.model_api import ModelServer
from tests.faults.child import run_main
from tests.faults.steps import Plan

BOT_ID = 4242
TOKEN = f"{BOT_ID}:AAfaultstoken_faults"
ADMIN = 777
KILLED = -signal.SIGKILL

MAIN = Path(__file__).resolve().parents[2] / "main.py"
START_TIMEOUT_S = 40.0
"""The first start of a test run waits for the fork server's imports."""
END_TIMEOUT_S = 20.0
LOG_TIMEOUT_S = 10.0

_FORK_SERVER = multiprocessing.get_context("forkserver")
_FORK_SERVER.set_forkserver_preload(["gptbot.wiring", "tiktoken"])


class _Child(Protocol):
    pid: int

    async def wait(self) -> int:
        """The exit status, once the process is gone; negative for a signal."""
        ...


class _Forked:
    """A bot forked from a process that has imported everything."""

    def __init__(
        self,
        arguments: list[str],
        environ: dict[str, str],
        folder: Path,
        out: Connection,
        err: Connection,
        plan: Plan | None,
    ) -> None:
        what = (MAIN, arguments, environ, folder, out, err, plan)
        self._process = _FORK_SERVER.Process(target=run_main, args=what)
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    async def wait(self) -> int:
        gone = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(self._process.sentinel, gone.set)
        try:
            await gone.wait()
        finally:
            loop.remove_reader(self._process.sentinel)
        self._process.join()
        status = self._process.exitcode
        self._process.close()
        assert status is not None
        return status


class _Launched:
    """A bot started as an operator starts it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid

    @classmethod
    async def launch(
        cls, arguments: list[str], environ: dict[str, str], folder: Path, out: Connection, err: Connection
    ) -> "_Launched":
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(MAIN), *arguments, env=environ, cwd=folder, stdout=out.fileno(), stderr=err.fileno()
        )
        return cls(process)

    async def wait(self) -> int:
        return await self._process.wait()


class BotProcess:
    """One bot on one data file, started as often as a test likes; `settings` are variables of example.env.

    Each start has a key of its own for the model (`key_of(run)`), so that what the model is asked tells the run.
    With `by_fork_server` off it is started by the command line alone, which takes seconds.
    """

    def __init__(
        self,
        telegram: BotApiServer,
        model: ModelServer,
        folder: Path,
        *,
        by_fork_server: bool = True,
        **settings: str,
    ) -> None:
        self.telegram = telegram
        self.model = model
        self.folder = folder
        self.data_file = folder / "data.json"
        self.by_fork_server = by_fork_server
        self.plan: Plan | None = None
        """Trouble for the next start, at a step of its own (by the fork server only)."""
        self.run = 0
        """The number of the start, from 1."""
        self.log: list[dict[str, Any]] = []
        """The log of the latest start, a dict a line; what is no JSON is under "unreadable"."""
        self.stderr = ""
        self.settings = {
            "TELEGRAM_API_KEY": TOKEN,
            "ADMIN_CHAT_ID": str(ADMIN),
            "TELEGRAM_API_URL": telegram.url,
            "OPENAI_BASE_URL": model.base_url,
            "DATA_FILE": str(self.data_file),
            "LOG_FORMAT": "json",
            "TIKTOKEN_CACHE_DIR": str(folder / "tables"),
            "HTTPS_PROXY": "http://127.0.0.1:1",  # tiktoken's download fails at once: nothing leaves this machine
            "RATE_CHAT_PER_S": "10000",
            "RATE_CHAT_BURST": "1000",
            "STOP_GRACE_S": "15",
        } | settings
        self._child: _Child | None = None
        self._readers: list[asyncio.Task[None]] = []
        self._ending: asyncio.Task[int] | None = None
        self._news = asyncio.Event()

    @property
    def pid(self) -> int:
        assert self._child is not None, "the bot was not started"
        return self._child.pid

    @property
    def running(self) -> bool:
        return self._ending is not None and not self._ending.done()

    # --- from outside

    async def start(self, *arguments: str) -> None:
        """Starts it and returns with its first getUpdates. Raises AssertionError when it ends before that."""
        polls = self._polls()
        await self.launch(*arguments)
        await self.logged("bot.started", timeout_s=START_TIMEOUT_S)
        await self._unless_ended(self.telegram.until(lambda: self._polls() > polls, START_TIMEOUT_S), "a getUpdates")

    async def launch(self, *arguments: str) -> None:
        """Starts it and does not wait for anything."""
        assert not self.running, "it runs already"
        self.run += 1
        self.log, self.stderr = [], ""
        environ = {"PATH": os.environ["PATH"], "OPENAI_API_KEY": key_of(self.run)} | self.settings
        (out, out_end), (err, err_end) = multiprocessing.Pipe(duplex=False), multiprocessing.Pipe(duplex=False)
        command = ["--env-file", os.devnull, *arguments]
        if self.by_fork_server:
            self._child = _Forked(command, environ, self.folder, out_end, err_end, self.plan)
        else:
            self._child = await _Launched.launch(command, environ, self.folder, out_end, err_end)
        out_end.close()
        err_end.close()
        create = asyncio.get_running_loop().create_task
        self._readers = [create(self._read(out, self._take_log)), create(self._read(err, self._take_error))]
        self._ending = create(self._wait(self._child, self._readers))

    def kill(self) -> None:
        """kill -9, now. May be called from a hook of a stand-in; a second time, it does nothing."""
        self._signal(signal.SIGKILL)

    def terminate(self, number: signal.Signals = signal.SIGTERM) -> None:
        self._signal(number)

    async def ended(self, timeout_s: float = END_TIMEOUT_S) -> int:
        """The exit status once it has ended (`KILLED` after a kill) and all it wrote was read."""
        assert self._ending is not None, "the bot was not started"
        try:
            return await asyncio.wait_for(asyncio.shield(self._ending), timeout_s)
        except TimeoutError:
            raise AssertionError(f"the bot still runs after {timeout_s} s\n{self.transcript()}") from None

    async def stop(self) -> int:
        """SIGTERM and its exit status."""
        self.terminate()
        return await self.ended()

    async def close(self) -> None:
        """Ends it whatever it does; for the end of a test."""
        if self._ending is not None:
            self.kill()
            await self.ended()

    # --- its log

    def logs(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.log if line.get("event") == event]

    async def logged(self, event: str, timeout_s: float = LOG_TIMEOUT_S) -> dict[str, Any]:
        """The first line with this event in the log of this start. Raises AssertionError when the bot ends first."""
        found = await self._unless_ended(self._logged(event, timeout_s), f"the log event {event}")
        return dict(found)

    def transcript(self) -> str:
        """The end of what it wrote, for messages of failed tests."""
        lines = [json.dumps(line, ensure_ascii=False) for line in self.log[-40:]]
        return "\n".join([f"--- log of run {self.run}", *lines, "--- stderr", self.stderr[-4000:]])

    # --- helpers

    def _polls(self) -> int:
        return len(self.telegram.calls_of("getUpdates"))

    def _signal(self, number: signal.Signals) -> None:
        if self.running:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def _logged(self, event: str, timeout_s: float) -> dict[str, Any]:
        async with asyncio.timeout(timeout_s):
            while not (found := self.logs(event)):
                self._news.clear()
                await self._news.wait()
        return found[0]

    async def _unless_ended(self, wish: Coroutine[Any, Any, Any], what: str) -> Any:
        assert self._ending is not None
        wishing = asyncio.get_running_loop().create_task(wish)
        try:
            await asyncio.wait([wishing, self._ending], return_when=asyncio.FIRST_COMPLETED)
            if not wishing.done():
                raise AssertionError(
                    f"the bot ended with status {self._ending.result()} before {what}\n{self.transcript()}"
                )
            return wishing.result()
        except TimeoutError:
            raise AssertionError(f"no {what} in time\n{self.transcript()}") from None
        finally:
            wishing.cancel()

    @staticmethod
    async def _wait(child: _Child, readers: list[asyncio.Task[None]]) -> int:
        status = await child.wait()
        await asyncio.wait(readers)
        return status

    @staticmethod
    async def _read(pipe: Connection, take: Callable[[bytes], None]) -> None:
        reader = asyncio.StreamReader(limit=1 << 22)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(os.dup(pipe.fileno()), "rb", 0)
        )
        pipe.close()
        try:
            async for line in reader:
                take(line)
        finally:
            transport.close()

    def _take_log(self, line: bytes) -> None:
        try:
            read = json.loads(line)
        except ValueError:
            read = {"unreadable": line.decode("utf-8", "replace")}
        self.log.append(read)
        self._news.set()

    def _take_error(self, line: bytes) -> None:
        self.stderr += line.decode("utf-8", "replace")


def key_of(run: int) -> str:
    """The model's key in that run."""
    return f"sk-run-{run}"


def run_of(headers: Any) -> int:
    """The run that a request to the model came from."""
    return int(str(headers["Authorization"]).removeprefix("Bearer sk-run-"))
