"""How late an event loop comes to what is due: a task that wakes every few milliseconds and notes by how much.

What the kernel made the thread wait for a core, because other programs run on the machine, is taken off.
"""

import asyncio
import time
from pathlib import Path
from statistics import quantiles
from typing import Final

EVERY_S: Final = 0.005
_SCHEDULED: Final = Path("/proc/thread-self/schedstat")


class LagProbe:
    """`run` it as a task. `lateness_s` is what was noted so far; `crowded_s` the waits that were taken off."""

    def __init__(self) -> None:
        self.lateness_s: list[float] = []
        self.crowded_s = 0.0

    async def run(self) -> None:
        """Until it is cancelled."""
        waited = _waited_s()
        while True:
            due = time.perf_counter() + EVERY_S
            await asyncio.sleep(EVERY_S)
            late, before, waited = time.perf_counter() - due, waited, _waited_s()
            self.crowded_s += waited - before
            self.lateness_s.append(max(0.0, late - (waited - before)))

    def percentile_ms(self, percent: int) -> float:
        return 1000 * quantiles(self.lateness_s, n=100)[percent - 1] if len(self.lateness_s) > 1 else 0.0

    @property
    def max_ms(self) -> float:
        return 1000 * max(self.lateness_s, default=0.0)


def _waited_s() -> float:
    """For how long this thread was ready to run and had no core (proc(5), schedstat)."""
    try:
        return int(_SCHEDULED.read_bytes().split()[1]) / 1e9
    except OSError:
        return 0.0
