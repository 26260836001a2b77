"""A real bot that tells, when asked, how its event loop fares (the other side: `watched_bot.py`)."""

import asyncio
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench.bots import Bot
from tests.bench.servers import StandIns

PROGRAM: Final = ("-m", "tests.bench.watched_bot")
SETTLED_S: Final = 0.2


@dataclass(slots=True)
class Figures:
    """Since they were asked for last: lateness of the loop, the longest collection of garbage; and as of now the rest.

    `load` is what the storing load of `BENCH_STORE` has done: whole turns, and rewrites of data.json.
    """

    lag_p99_ms: float
    lag_max_ms: float
    collection_max_ms: float
    actors: int
    stored_turns: int
    rewrites: int


class WatchedBot:
    """Not kept to one core unless asked for: its threads have what they would have in production."""

    def __init__(self, bot: Bot, told: Path) -> None:
        self.bot = bot
        self._told = told

    @classmethod
    async def start(
        cls, home: Path, servers: StandIns, settings: Mapping[str, str], *, free: bool = True
    ) -> "WatchedBot":
        told = home / "figures"
        bot = await Bot.start(PROGRAM, home, servers, {**settings, "BENCH_FIGURES": str(told)}, free=free)
        return cls(bot, told)

    async def figures(self) -> Figures:
        """Raises TimeoutError when the bot does not tell."""
        before = len(self._lines())
        self.bot.process.send_signal(signal.SIGUSR1)
        async with asyncio.timeout(10):
            while len(lines := self._lines()) == before:
                await asyncio.sleep(0.02)
        await asyncio.sleep(SETTLED_S)  # telling took time of its own, which is not to be counted
        p99, longest, collection, *counts = lines[-1].split()
        return Figures(float(p99), float(longest), float(collection), *map(int, counts))

    def _lines(self) -> list[str]:
        return self._told.read_text().splitlines() if self._told.exists() else []
