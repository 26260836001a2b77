"""Storage alone: the price of a change (`storage_bench.py`), and how it holds up the event loop (`storing.py`)."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Final

import orjson

from tests.bench.bots import ROOT
from tests.bench.people import write_people
from tests.bench.report import Effort, Target, table
from tests.bench.servers import StandIns
from tests.bench.storing import TURNS_PER_S
from tests.bench.watching import Figures, WatchedBot

SIZES: Final = (100, 10_000)
LAG_WANTED_MS: Final = 50.0
WARM_UP_S: Final = 2.0


async def measure(folder: Path, effort: Effort) -> list[Target]:
    """Prices at three sizes; the lag at the smallest and the largest."""
    prices, lags = {}, {}
    for known in (*SIZES, effort.many):
        home = folder / f"stored{known}"
        home.mkdir()
        write_people(home, known)
        await run("open", home)
        prices[known] = await run("persist", home)
        if known != SIZES[1]:
            lags[known] = await _lag(home, 2 * effort.long_window_s)
    _tables(prices, lags)
    few, many = prices[SIZES[0]], prices[effort.many]
    ratio = {figure: many[figure] / few[figure] for figure in many}
    lag = lags[effort.many]
    return [
        Target(
            f"a durable change, {effort.many} users against {SIZES[0]}",
            "",
            f"{ratio['single_us']:.2f} (CPU {ratio['single_cpu_us']:.2f}), many at once {ratio['batch_us']:.2f}"
            f" (CPU {ratio['batch_cpu_us']:.2f})",
        ),
        Target(
            f"loop lag by storage, {effort.many} users",
            f"< {LAG_WANTED_MS:.0f} ms",
            f"p99 {lag.lag_p99_ms:.1f}, max {lag.lag_max_ms:.1f} ms",
            lag.lag_max_ms < LAG_WANTED_MS,
        ),
    ]


async def run(what: str, folder: Path) -> dict[str, float]:
    """The figures of `storage_bench` on the data.json in `folder`. Raises RuntimeError with what it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.storage_bench", what, str(folder),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    os.sched_setaffinity(process.pid, range(os.cpu_count() or 1))
    told, complaints = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"storage_bench {what} failed:\n{complaints.decode()[-3000:]}")
    figures = orjson.loads(told.splitlines()[-1])
    assert isinstance(figures, dict)
    return figures


async def _lag(home: Path, seconds: float) -> Figures:
    """Of the real bot that nobody asks anything, while its storage is under load."""
    servers = await StandIns().start()
    watched = await WatchedBot.start(home, servers, {"BENCH_STORE": "1"})
    await asyncio.sleep(WARM_UP_S)
    await watched.figures()
    await asyncio.sleep(seconds)
    figures = await watched.figures()
    await watched.bot.stop()
    await servers.stop()
    return figures


def _tables(prices: dict[int, dict[str, float]], lags: dict[int, Figures]) -> None:
    shown = ("single_us", "single_cpu_us", "batch_us", "batch_cpu_us")
    rows = [(str(known), *(f"{price[figure]:.0f}" for figure in shown)) for known, price in prices.items()]
    header: tuple[str, ...] = ("known users", "one by one µs", "its CPU µs", "100 at once, each µs", "its CPU µs")
    table("3. A balance change until it is durable (data.json being rewritten meanwhile)", header, rows)
    lag_rows = [
        (
            str(known),
            f"{lag.lag_p99_ms:.1f}",
            f"{lag.lag_max_ms:.1f}",
            f"{lag.collection_max_ms:.1f}",
            str(lag.stored_turns),
            str(lag.rewrites),
        )
        for known, lag in lags.items()
    ]
    header = ("known users", "lag p99 ms", "max ms", "longest GC ms", "turns", "rewrites of data.json")
    table(f"4. The event loop while {TURNS_PER_S} turns a second are only stored", header, lag_rows)
