"""What known users cost: CPU per turn, memory, the loop's lag; and that idle actors go away."""

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.bench.crowd import Crowd, Window
from tests.bench.people import sample, write_people
from tests.bench.report import Effort, Target, table
from tests.bench.servers import StandIns
from tests.bench.storage_cost import run
from tests.bench.watching import Figures, WatchedBot

FEW: Final = 100
PEOPLE: Final = 20
ACTOR_IDLE_S: Final = 2
GONE_WITHIN_S: Final = 12.0
THINK_S: Final = 0.2
RATIO: Final = 1.15
BYTES: Final = 2048


@dataclass(slots=True)
class Sized:
    """A bot with so many known users. `full`, `paced`: its event loop while people ask at once again, or pause."""

    known: int
    watched: WatchedBot
    crowd: Crowd
    rss_bytes: int = 0
    windows: list[Window] = field(default_factory=list)
    full: list[Figures] = field(default_factory=list)
    paced: list[Figures] = field(default_factory=list)

    @classmethod
    async def start(cls, folder: Path, known: int, stack: AsyncExitStack) -> "Sized":
        home = folder / f"known{known}"
        home.mkdir()
        users = write_people(home, known)
        await run("open", home)  # memory is that of any later start, not of the first
        servers = await StandIns().start()
        stack.push_async_callback(servers.stop)
        watched = await WatchedBot.start(home, servers, {"ACTOR_IDLE_S": str(ACTOR_IDLE_S)})
        stack.push_async_callback(watched.bot.stop)
        return cls(known, watched, Crowd(servers, sample(users, FEW)))

    async def ask_for(self, seconds: float, think_s: float = 0.0) -> tuple[Window, Figures]:
        await self.watched.figures()
        window = await self.crowd.ask_for(seconds, PEOPLE, self.watched.bot.cpu_s, think_s)
        return window, await self.watched.figures()

    @property
    def cpu_ms_a_turn(self) -> float:
        """Over all windows together: rewriting data.json falls into some of them only."""
        return 1000 * sum(w.bot_cpu_s for w in self.windows) / sum(w.answered for w in self.windows)


async def measure(folder: Path, effort: Effort) -> list[Target]:
    """Both sizes run all the time and are asked in turns."""
    async with AsyncExitStack() as stack:
        sizes = [await Sized.start(folder, known, stack) for known in (FEW, effort.many)]
        await asyncio.sleep(1.0)
        for sized in sizes:
            sized.rss_bytes = sized.watched.bot.rss_bytes()
            await sized.ask_for(0.5)
        for _ in range(effort.rounds):
            for sized in sizes:
                window, figures = await sized.ask_for(effort.long_window_s)
                sized.windows.append(window)
                sized.full.append(figures)
        for sized in sizes:
            _, figures = await sized.ask_for(effort.long_window_s, THINK_S)
            sized.paced.append(figures)
        gone_s = await _until_gone(sizes[-1])
    return _tell(sizes, gone_s)


async def _until_gone(sized: Sized) -> float | None:
    """Seconds until no user actor is left in memory; None when some stay."""
    started = time.monotonic()
    while time.monotonic() - started < GONE_WITHIN_S:
        if (await sized.watched.figures()).actors == 0:
            return time.monotonic() - started
        await asyncio.sleep(0.5)
    return None


def _tell(sizes: list[Sized], gone_s: float | None) -> list[Target]:
    few, many = sizes
    rows = [
        (
            str(sized.known),
            f"{sized.cpu_ms_a_turn:.3f}",
            f"{sum(w.answered for w in sized.windows) / sum(w.seconds for w in sized.windows):.0f}",
            f"{sized.rss_bytes / 2**20:.1f}",
            *(f"{_longest(sized.full, figure):.1f}" for figure in ("lag_p99_ms", "lag_max_ms", "collection_max_ms")),
            *(f"{_longest(sized.paced, figure):.1f}" for figure in ("lag_p99_ms", "lag_max_ms")),
        )
        for sized in sizes
    ]
    header = (
        "known users", "CPU ms/turn", "answers/s", "RSS MB", "lag p99 ms", "max", "longest GC", "paced: lag p99", "max"
    )  # fmt: skip
    title = f"2. The size of data.json ({PEOPLE} people asking; paced: each pausing about {THINK_S} s)"
    table(title, header, rows)
    ratio = many.cpu_ms_a_turn / few.cpu_ms_a_turn
    bytes_each = (many.rss_bytes - few.rss_bytes) / (many.known - few.known)
    went = "they stay" if gone_s is None else f"{many.full[-1].actors} gone after {gone_s:.1f} s"
    worst = {sized.known: _longest([*sized.full, *sized.paced], "lag_max_ms") for sized in sizes}
    return [
        Target(f"CPU a turn, {many.known} users against {FEW}", f"<= {RATIO}", f"{ratio:.2f}", ratio <= RATIO),
        Target("memory of an idle known user", f"< {BYTES} B", f"{bytes_each:.0f} B", bytes_each < BYTES),
        Target(f"idle actors are gone (ACTOR_IDLE_S={ACTOR_IDLE_S})", "all", went, gone_s is not None),
        Target(
            f"loop lag of the whole bot, {many.known} users",
            "",
            f"max {worst[many.known]:.1f} ms ({FEW}: {worst[FEW]:.1f})",
        ),
    ]


def _longest(figures: list[Figures], name: str) -> float:
    return max(float(getattr(each, name)) for each in figures)
