"""The only place that creates tasks: it names them, says when one fails, starts lasting ones again, ends them all.

An actor's loop is `keep`-ed: if it breaks it is started again, a few times; a child (a turn, a delivery) is `spawn`-ed
once. Whoever spawned a child may await it; a failure nobody awaits is logged all the same.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import structlog

from gptbot.errors import OperatorError
from gptbot.ports import Clock

T = TypeVar("T")
log = structlog.get_logger()

RESTARTS_MAX = 5
RESTARTS_WITHIN_S = 60.0


def new_error_id() -> str:
    """What a person is shown instead of an exception, and the log is searched for."""
    return secrets.token_hex(4)


class Supervisor:
    """`on_fatal` is told the error of an actor that could not be kept alive; the program should end then."""

    def __init__(self, clock: Clock, on_fatal: Callable[[BaseException], None]) -> None:
        self._clock = clock
        self._on_fatal = on_fatal
        self._tasks: set[asyncio.Task[Any]] = set()

    def spawn(self, name: str, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A child that runs once. Its failure is logged under an error id."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def keep(self, name: str, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        """An actor's loop, started again when it breaks, at most RESTARTS_MAX times a minute. Ends when it returns."""
        return self.spawn(name, self._keep(name, work))

    async def _keep(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        failures: list[float] = []
        while True:
            try:
                return await work()
            except OperatorError as error:
                return self._on_fatal(error)
            except Exception as error:
                log.exception("actor.failed", actor=name, error_id=new_error_id())
                now = self._clock.monotonic()
                failures = [*(moment for moment in failures if now - moment < RESTARTS_WITHIN_S), now]
                if len(failures) > RESTARTS_MAX:
                    return self._on_fatal(error)
                await self._clock.sleep(0.1 * 2 ** len(failures))

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("task.failed", task=task.get_name(), error_id=new_error_id(), exc_info=error)

    async def stop(self) -> None:
        """Cancels whatever still runs and waits for it."""
        current = asyncio.current_task()
        while tasks := [task for task in self._tasks if task is not current]:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
