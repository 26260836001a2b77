"""A clock that moves only when a test says so."""

import asyncio
import heapq
from collections.abc import Awaitable


class ManualClock:
    """Carries out the Clock port; `advance` wakes the sleepers whose time has come, in their order."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self._now = now
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0
        self.slept: list[float] = []

    def now(self) -> int:
        return int(self._now)

    def monotonic(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self._now + seconds, self._count, future))
        await future

    async def advance(self, seconds: float) -> None:
        """Lets `seconds` pass; whoever wakes on the way gets to run at its own time."""
        end = self._now + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            self._now, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                future.set_result(None)
            await settle()
        self._now = end

    async def finish(self, work: Awaitable[object], at_most_s: float = 3600.0) -> float:
        """Lets time jump from sleeper to sleeper until `work` is done; returns the seconds that took."""
        start = self._now
        task = asyncio.ensure_future(work)
        while not task.done():
            await settle()
            if task.done():
                break
            if not self._sleepers:
                await asyncio.wait([task], timeout=0.01)
                continue
            until = self._sleepers[0][0]
            assert until - start <= at_most_s, "it waits for longer than the test allows"
            await self.advance(max(0.0, until - self._now))
        await task
        return self._now - start


async def settle() -> None:
    """Lets everything run that can run now."""
    for _ in range(20):
        await asyncio.sleep(0)
