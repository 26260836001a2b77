"""The whole bot and its stand-ins in one process over real HTTP; waits are short, and its inside can be looked at."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from unittest.mock import patch

import structlog
from structlog.typing import EventDict, WrappedLogger

from gptbot import wiring
from gptbot.app import App, Edges
from gptbot.domain.rules import Rules
from gptbot.edges import telegram_out
from gptbot.edges.clock import SystemClock
from gptbot.edges.openai_audio import OpenAITranscriptionModel
from gptbot.edges.token_counter import TiktokenCounter
from gptbot.playground.bot_api import BotApiServer
from gptbot.playground.model_api import ModelServer
from tests.faults.checker import agree, ledger_sums, purses_of, read_data, reading
from tests.stories.conftest import BREAKS, TOKEN, House, no_table

SPEED = 20.0
CALL_TIMEOUT_S = 1.5
"""How long a call may take here instead of a minute, so that a server that never answers is met, too."""
KEPT = frozenset(("turn.finished", "picture.finished", "user.flooded", "poll.lost", "poll.back", *BREAKS))
"""Log events that are kept; of the others there may be millions."""


class QuickClock(SystemClock):
    """Time passes SPEED times as fast for whatever the bot waits for, and `skip` lets hours pass at once."""

    def __init__(self) -> None:
        self._skipped_s = 0.0
        self._skip = asyncio.Event()

    def monotonic(self) -> float:
        return time.monotonic() * SPEED + self._skipped_s

    async def sleep(self, seconds: float) -> None:
        until = self.monotonic() + seconds
        while (left_s := until - self.monotonic()) > 0:
            try:
                async with asyncio.timeout(left_s / SPEED):
                    await self._skip.wait()
            except TimeoutError:
                return

    def skip(self, seconds: float) -> None:
        self._skipped_s += seconds
        self._skip.set()
        self._skip = asyncio.Event()


class Household(House):
    """A House whose bot can be looked into. `app` is the one that runs, or ran last."""

    def __init__(self, folder: Path, telegram: BotApiServer, model: ModelServer, logs: list[EventDict]) -> None:
        super().__init__(folder, telegram, model, logs)
        self.environ |= {"STOP_GRACE_S": "0.3", "MODEL_READ_TIMEOUT_S": "0.4"}
        self.app: App
        self.clock: QuickClock

    async def at_rest(self, timeout_s: float = 20.0) -> None:
        """Returns when all that Telegram has is fetched, and nothing waits or runs inside any more."""
        try:
            async with asyncio.timeout(timeout_s):
                while self.telegram.world.updates.pending or not self._idle():
                    await self.app._directory.quiet()
                    await self.app._delivery.idle()
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise AssertionError(f"still busy after {timeout_s} s: {self._what_is_left()}") from None

    def _what_is_left(self) -> str:
        app = self.app
        stuck = [user for user, (actor, _) in app._directory._actors.items() if not actor.idle]
        tasks = sorted(task.get_name() for task in asyncio.all_tasks())
        pending = list(self.telegram.world.updates.pending)
        return f"users {stuck}, lanes {list(app._delivery._lanes)}, updates {pending}, tasks {tasks}"

    def _idle(self) -> bool:
        busy = [task for task in asyncio.all_tasks() if task.get_name().partition(" ")[0] in PASSING]
        return not busy and not self.app._delivery.waiting and not self.app.storage.waiting

    def assert_nothing_is_left_inside(self) -> None:
        """At rest nobody is stuck, and nothing that was made for a question is there any more."""
        desk, delivery, directory = self.app._desk, self.app._delivery, self.app._directory
        assert desk.under_way == {}
        assert desk.figures.questions_waiting == 0
        assert (delivery._lanes, delivery._watchers, delivery._on_their_way, delivery.waiting) == ({}, {}, {}, 0)
        assert [user for user, (actor, _) in directory._actors.items() if not actor.idle] == []
        names = {task.get_name().partition(" ")[0] for task in self.app._above._tasks}
        assert names <= LASTING, names - LASTING

    def assert_nothing_is_left_in_the_books(self) -> None:
        """For a bot that is stopped: inbox and outbox are worked off, and the ledger explains every purse."""
        data_file = self.folder / "data.json"
        with reading(data_file) as db:
            assert db.execute("SELECT update_id FROM inbox WHERE done_at IS NULL").fetchall() == []
            assert db.execute("SELECT method, params FROM outbox").fetchall() == []
            agree(purses_of(read_data(data_file)), ledger_sums(db), "at the end")


PASSING = frozenset(("turn", "speech", "delivery", "buttons", "callback"))
"""Tasks that are made for one thing and end with it."""
LASTING = frozenset(("beside", "broadcast", "directory", "menu", "reports", "updates", "user"))
"""Tasks that run for as long as the bot or one of its users' actors does."""


@asynccontextmanager
async def household(
    folder: Path, telegram: BotApiServer | None = None, model: ModelServer | None = None
) -> AsyncIterator[Household]:
    """Stand-ins that run, and a bot that is not started yet; it is stopped in the end. Nothing may break inside."""
    telegram = telegram or BotApiServer(TOKEN, strict=False)
    model = model or ModelServer()
    await telegram.start()
    await model.start()
    logs: list[EventDict] = []
    made = Household(folder, telegram, model, logs)
    try:
        with _short_waits(made), _kept(logs):
            try:
                yield made
            finally:
                await made.stop()
    finally:
        await model.stop()
        await telegram.stop()
    broken = [line for line in logs if line["event"] in BREAKS]
    assert not broken, broken


@contextmanager
def _short_waits(house: Household) -> Iterator[None]:
    class SeenApp(App):
        def __init__(self, edges: Edges, rules: Rules) -> None:
            super().__init__(edges, rules)
            house.app = self

    def clock() -> QuickClock:
        house.clock = QuickClock()
        return house.clock

    with ExitStack() as patches:
        for name, value in (
            ("App", SeenApp),
            ("SystemClock", clock),
            ("TiktokenCounter", lambda _: TiktokenCounter(load=no_table)),
        ):
            patches.enter_context(patch.object(wiring, name, value))
        for patient in (telegram_out.TelegramMessenger, OpenAITranscriptionModel):
            patches.enter_context(patch.dict(patient.__init__.__kwdefaults__, timeout_s=CALL_TIMEOUT_S))
        patches.enter_context(patch.object(telegram_out, "HINT_TIMEOUT_S", CALL_TIMEOUT_S))
        patches.enter_context(patch("openai._base_client.INITIAL_RETRY_DELAY", 0.01))
        patches.enter_context(patch("openai._base_client.MAX_RETRY_DELAY", 0.05))
        yield


@contextmanager
def _kept(logs: list[EventDict]) -> Iterator[None]:
    def keep(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        if event["event"] in KEPT:
            logs.append(event)
        raise structlog.DropEvent

    processors = structlog.get_config()["processors"]
    before = list(processors)
    processors[:] = [structlog.processors.format_exc_info, keep]
    try:
        yield
    finally:
        processors[:] = before


def living(module: str) -> dict[str, int]:
    """How many objects of the classes of this package are alive, by class."""
    gc.collect()
    counts: dict[str, int] = {}
    for thing in gc.get_objects():
        kind = type(thing)
        if str(kind.__module__).startswith(module):
            counts[kind.__qualname__] = counts.get(kind.__qualname__, 0) + 1
    return counts


def connections(server: BotApiServer | ModelServer) -> int:
    """How many connections to a stand-in are open."""
    runner = server._server._runner
    assert runner is not None
    assert runner.server is not None
    return len(runner.server.connections)
