"""Load A: 10,000 users, 100 questions a second, and no limits of Telegram in the way.

Everything the bot takes in must be answered once, rightly, and charged once; nothing may pile up, neither rows nor
actors nor memory. How fast it was is told, not judged: the machine has other things to do.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench.people import disagreements, write_people
from tests.bench.servers import StandIns
from tests.bench.watching import Figures, WatchedBot
from tests.soak.visitors import Visitors, percentiles_ms

STRETCHES: Final = 3
"""Beginning, middle, end."""
WARM_UP_S: Final = 3.0
ACTOR_IDLE_S: Final = 2.0
AT_REST_WITHIN_S: Final = 120.0
LOOK_EVERY_S: Final = 0.3
GROWTH_MAX: Final = 1.15
"""Memory at the end to memory in the middle, for runs of at least so many turns in a stretch."""
GROWTH_TURNS: Final = 1000


@dataclass(frozen=True, slots=True)
class LoadA:
    """What came of it. `core`: the bot's share of its core; memory at the beginning, in the middle and at the end."""

    turns: int
    users: int
    latency_ms: tuple[float, float, float]
    core: float
    lag_ms: tuple[float, float]
    memory_mb: tuple[float, ...]
    actors: tuple[int, ...]

    @property
    def growth(self) -> float:
        """Of memory, from the middle to the end."""
        return self.memory_mb[-1] / self.memory_mb[1]

    def __str__(self) -> str:
        p50, p95, p99 = self.latency_ms
        memory, actors = ("/".join(f"{number:.0f}" for number in each) for each in (self.memory_mb, self.actors))
        return (
            f"{self.turns} turns of {self.users} users, p50/p95/p99 {p50:.0f}/{p95:.0f}/{p99:.0f} ms, "
            f"core {100 * self.core:.0f} %, lag p99/max {self.lag_ms[0]:.1f}/{self.lag_ms[1]:.0f} ms, "
            f"memory {memory} MB, actors {actors}"
        )


async def load_a(folder: Path, seed: int, *, seconds: float, users: int = 10_000, per_s: float = 100.0) -> LoadA:
    """Raises AssertionError with what was wrong, TimeoutError when answers stay away."""
    folder.mkdir(parents=True)
    servers = await StandIns().start()
    visitors = Visitors(servers, write_people(folder, users), seed)
    watched = await WatchedBot.start(folder, servers, {"ACTOR_IDLE_S": str(ACTOR_IDLE_S)}, free=False)
    try:
        came = await _all_stretches(watched, visitors, per_s, seconds)
        await _at_rest(folder / "data.db", watched)
        await watched.bot.stop()
    finally:
        await watched.bot.stop()
        await servers.stop()
    assert watched.bot.process.returncode == 0, f"it ended with status {watched.bot.process.returncode}"
    wrong = disagreements(folder, visitors.answered, servers.spent) + visitors.faults
    assert not wrong, f"{len(wrong)} faults: {wrong[:5]}"
    if came.turns >= GROWTH_TURNS * STRETCHES:
        assert came.growth <= GROWTH_MAX, f"memory grows: {came.memory_mb} MB"
        assert max(came.actors) < came.users / 2, f"actors stay: {came.actors} of {came.users} users"
    return came


async def _all_stretches(watched: WatchedBot, visitors: Visitors, per_s: float, seconds: float) -> LoadA:
    await visitors.come(per_s, min(WARM_UP_S, seconds / 3))
    figures, memory, latencies_s = [], [], []
    busy_s = taken_s = 0.0
    clock = asyncio.get_running_loop().time
    for _ in range(STRETCHES):
        await watched.figures()
        cpu_s, started = watched.bot.cpu_s(), clock()
        latencies_s += await visitors.come(per_s, seconds / STRETCHES)
        busy_s, taken_s = busy_s + watched.bot.cpu_s() - cpu_s, taken_s + clock() - started
        memory.append(watched.bot.rss_bytes() / 2**20)
        figures.append(await watched.figures())
    return LoadA(
        turns=visitors.answered.total(),
        users=len(visitors.seen),
        latency_ms=percentiles_ms(latencies_s),
        core=busy_s / taken_s,
        lag_ms=(_worst(figures, lambda it: it.lag_p99_ms), _worst(figures, lambda it: it.lag_max_ms)),
        memory_mb=tuple(memory),
        actors=tuple(it.actors for it in figures),
    )


def _worst(figures: list[Figures], figure: Callable[[Figures], float]) -> float:
    return max(map(figure, figures))


async def _at_rest(database: Path, watched: WatchedBot) -> None:
    """Returns when no row waits and no actor, and so no mailbox, is left."""
    left = {"the first look": 1}
    try:
        async with asyncio.timeout(AT_REST_WITHIN_S):
            while any((left := rows_left(database) | {"actors": (await watched.figures()).actors}).values()):
                await asyncio.sleep(LOOK_EVERY_S)
    except TimeoutError:
        raise AssertionError(f"after {AT_REST_WITHIN_S:.0f} s there are still {left}") from None


def rows_left(database: Path) -> dict[str, int]:
    """What waits to be done, by table; for a bot that runs."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)) as db:
        return {
            table: db.execute(f"SELECT COUNT(*) FROM {table}{where}").fetchone()[0]
            for table, where in (("inbox", " WHERE done_at IS NULL"), ("outbox", ""), ("reports", ""), ("journal", ""))
        }
