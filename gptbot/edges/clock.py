"""The real time."""

import asyncio
import time


class SystemClock:
    """Carries out the Clock port with the computer's clocks."""

    def now(self) -> int:
        return int(time.time())

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
