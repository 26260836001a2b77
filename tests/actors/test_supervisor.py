"""The supervisor: names tasks, says when one fails, starts actors again within a limit, ends them all (DESIGN §4)."""

import asyncio

from structlog.testing import capture_logs

from gptbot.actors.supervisor import RESTARTS_MAX, Supervisor
from gptbot.errors import OperatorError
from tests.edges.manual_clock import ManualClock, settle


class Broken(Exception):
    """What the tests' actors fail with."""


async def test_an_actor_that_breaks_is_started_again() -> None:
    clock = ManualClock()
    fatal: list[BaseException] = []
    runs: list[int] = []
    supervisor = Supervisor(clock, fatal.append)

    async def work() -> None:
        runs.append(1)
        if len(runs) < 3:
            raise Broken

    with capture_logs() as logs:
        await clock.finish(supervisor.keep("actor", work))
    assert (len(runs), fatal) == (3, [])
    assert [entry["event"] for entry in logs] == ["actor.failed", "actor.failed"]
    assert all(entry["error_id"] for entry in logs)


async def test_an_actor_that_breaks_too_often_ends_the_program() -> None:
    clock = ManualClock()
    fatal: list[BaseException] = []
    runs: list[int] = []
    supervisor = Supervisor(clock, fatal.append)

    async def work() -> None:
        runs.append(1)
        raise Broken

    await clock.finish(supervisor.keep("actor", work))
    assert len(runs) == RESTARTS_MAX + 1
    assert isinstance(fatal[0], Broken)


async def test_what_the_operator_must_mend_is_not_tried_again() -> None:
    clock = ManualClock()
    fatal: list[BaseException] = []
    supervisor = Supervisor(clock, fatal.append)

    async def work() -> None:
        raise OperatorError("mend it")

    await supervisor.keep("updates", work)
    assert [str(error) for error in fatal] == ["mend it"]


async def test_a_child_that_fails_is_logged_and_harms_nobody() -> None:
    supervisor = Supervisor(ManualClock(), lambda error: None)

    async def child() -> None:
        raise Broken

    with capture_logs() as logs:
        task = supervisor.spawn("child", child())
        await asyncio.wait([task])
        await settle()
    assert [entry["event"] for entry in logs] == ["task.failed"]
    assert logs[0]["task"] == "child"


async def test_stop_ends_everything() -> None:
    supervisor = Supervisor(ManualClock(), lambda error: None)
    tasks = [supervisor.spawn("child", asyncio.Event().wait()), supervisor.keep("actor", _forever)]
    await settle()
    await supervisor.stop()
    assert all(task.cancelled() for task in tasks)


async def _forever() -> None:
    await asyncio.Event().wait()
