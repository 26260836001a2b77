"""The bot as a child process of the demo: started, watched, killed at will and started again."""

import asyncio
import contextlib
import signal
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Mapping, Sequence

import orjson

from gptbot.playground.inside import Inside
from gptbot.playground.world import Json

STOP_S = 40.0
LINE_BYTES_MAX = 1 << 24
KILLED = -signal.SIGKILL
TOLD_ON_THE_TERMINAL = frozenset(("warning", "error", "critical"))

Say = Callable[[str], object]


class DemoBot:
    """One bot, run again and again. What it logs goes to the page, and trouble to the terminal as well."""

    def __init__(self, command: Sequence[str], inside: Inside, say: Say) -> None:
        self._command = command
        self._inside = inside
        self._say = say
        self._child: Process | None = None
        self._wanted = asyncio.Event()
        self._since = 0.0

    async def run(self, environ: Mapping[str, str], stop: asyncio.Event) -> int:
        """Until `stop` is set or the bot fails; the demo's exit status. A killed bot is started again.

        One that ended well (/stop) waits for `start`. A second `stop` does not wait for answers under way.
        """
        while True:
            child = self._child = await self._launch(environ)
            ended = asyncio.create_task(self._follow(child), name="demo: the bot's log and its end")
            stopped = asyncio.create_task(stop.wait(), name="demo: a signal")
            try:
                await asyncio.wait((ended, stopped), return_when=asyncio.FIRST_COMPLETED)
                if not ended.done():
                    stop.clear()
                    self._say("The bot finishes what it is at. Ctrl-C once more does not wait for it.")
                    await self._end(child, ended, stop)
                    return 0
            finally:
                stopped.cancel()
                if child.returncode is None:  # something else went wrong: leave no bot behind
                    child.kill()
            status = await ended
            self._child = None
            if status == KILLED:
                self._show("killed")
                self._say("The bot was killed: it starts again.")
            elif status == 0:
                self._show("stopped")
                self._say("The bot has stopped. Start it again on the page, or end all with Ctrl-C.")
                if not await self._wait_for_start(stop):
                    return 0
            else:
                self._say(f"The bot ended by itself with status {status}.")
                return 1

    def kill(self) -> None:
        """kill -9, now; nothing when it does not run."""
        if self._child is not None:
            with contextlib.suppress(ProcessLookupError):
                self._child.kill()

    def start(self) -> None:
        """Starts it again after it has stopped."""
        self._wanted.set()

    # --- helpers

    async def _launch(self, environ: Mapping[str, str]) -> Process:
        self._wanted.clear()
        self._since = time.monotonic()
        self._show("starting")
        return await asyncio.create_subprocess_exec(
            *self._command,
            env=environ,
            stdin=DEVNULL,
            stdout=PIPE,
            limit=LINE_BYTES_MAX,
            process_group=0,  # Ctrl-C reaches the demo alone, which then ends the bot with SIGTERM
        )

    async def _follow(self, child: Process) -> int:
        assert child.stdout is not None
        async for line in child.stdout:
            self._take(line)
        return await child.wait()

    def _take(self, line: bytes) -> None:
        try:
            read = orjson.loads(line)
        except orjson.JSONDecodeError:
            read = None
        if not isinstance(read, dict):
            self._say(line.decode("utf-8", "replace").rstrip())
        elif "inside" in read:
            kind = read.pop("inside")
            self._inside.add(kind, read)
        elif "event" in read:
            self._inside.add("log", {"record": read})
            if read["event"] == "bot.started" and self._child is not None:
                self._show("running", pid=self._child.pid, start_s=round(time.monotonic() - self._since, 1))
                self._say("The bot is running.")
            if read.get("level") in TOLD_ON_THE_TERMINAL:
                self._say(_in_short(read))

    async def _end(self, child: Process, ended: "asyncio.Task[int]", stop: asyncio.Event) -> None:
        """SIGTERM, as a service manager would; SIGKILL after a second signal or when it takes too long."""
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
        again = asyncio.create_task(stop.wait(), name="demo: a second signal")
        await asyncio.wait((ended, again), timeout=STOP_S, return_when=asyncio.FIRST_COMPLETED)
        again.cancel()
        if not ended.done():
            self._say("The bot did not end in time: it is killed.")
            child.kill()
        await ended

    async def _wait_for_start(self, stop: asyncio.Event) -> bool:
        waiting = [asyncio.create_task(event.wait(), name="demo: what next") for event in (self._wanted, stop)]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        return not stop.is_set()

    def _show(self, state: str, **more: object) -> None:
        self._inside.add("bot", {"state": state, "since": time.time(), **more})


def _in_short(record: Json) -> str:
    more = {key: value for key, value in record.items() if key not in ("timestamp", "level", "event")}
    error = more.pop("exception", "")
    values = " ".join(f"{key}={value}" for key, value in more.items())
    return f"{record['level']}: {record['event']} {values}" + (f"\n{error}" if error else "")
