"""People who come when they like: so many questions a second are offered, however long the answers take."""

import asyncio
import random
import re
import time
from collections.abc import Sequence
from statistics import quantiles
from typing import Final

from tests.bench.crowd import Crowd
from tests.bench.servers import StandIns

SOMEBODY_ANSWERED_WITHIN_S: Final = 60.0
LOOK_EVERY_S: Final = 0.005
_MARK: Final = re.compile(r"\((\d+)/\d+\)")


class Visitors(Crowd):
    """Users at random, one question each at a time; every fiftieth is asked in one of `groups`. `seen`: who came."""

    def __init__(self, servers: StandIns, users: Sequence[int], seed: int, groups: Sequence[int] = ()) -> None:
        super().__init__(servers, users)
        self.seen: set[int] = set()
        self._chance = random.Random(seed)
        self._groups = groups
        self._offered = 0

    async def come(self, per_s: float, seconds: float) -> list[float]:
        """Latencies in seconds, from available to answered, the model's time included; when the time is up and all is
        answered. Raises TimeoutError when answers stay away."""
        self._added = []
        now = time.monotonic()
        due, until = now, now + seconds
        while due < until:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self._one_comes()
            due += self._chance.expovariate(per_s)
        await self.all_answered()
        return [added_s + self._servers.model_delay_s for added_s in self._added]

    async def all_answered(self) -> None:
        """However long it takes; raises TimeoutError when for a long time nobody at all is answered."""
        while self._open:
            before = self.answered.total()
            async with asyncio.timeout(SOMEBODY_ANSWERED_WITHIN_S):
                while self._open and self.answered.total() == before:
                    await asyncio.sleep(LOOK_EVERY_S)

    def _one_comes(self) -> None:
        user = self._chance.choice(self.users)
        while user in self._open:
            user = self._chance.choice(self.users)
        self._offered += 1
        self.seen.add(user)
        self._ask(user, self._chance.choice(self._groups) if self._groups and self._offered % 50 == 0 else 0)

    def take(self, chat_id: int, text: str) -> None:
        """A message from the bot has come; in a group, whose answer it is stands in it."""
        mark = _MARK.match(text)
        super().take(int(mark[1]) if mark and chat_id in self._groups else chat_id, text)


def percentiles_ms(latencies_s: Sequence[float]) -> tuple[float, float, float]:
    """p50, p95, p99."""
    if len(latencies_s) < 2:
        return (0.0, 0.0, 0.0)
    cuts = quantiles(latencies_s, n=100)
    return 1000 * cuts[49], 1000 * cuts[94], 1000 * cuts[98]


def slower(with_it_s: Sequence[float], without_s: Sequence[float]) -> float:
    """p95 of the one to p95 of the other; 1 where there is too little to compare."""
    without = percentiles_ms(without_s)[1]
    return percentiles_ms(with_it_s)[1] / without if without else 1.0
