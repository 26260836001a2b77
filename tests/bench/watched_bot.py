"""The real bot with a watch on its event loop: on SIGUSR1 it appends a line to the file of BENCH_FIGURES.

With BENCH_STORE set, its storage is under load all the time (`storing.py`), without anybody asking anything.
"""

import asyncio
import gc
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import main
from gptbot.app import App
from tests.bench.lag import LagProbe
from tests.bench.storing import Load

Work = Callable[[], Awaitable[None]]
run_app = App.run


async def run_watched(self: App, updates: Work, beside: Sequence[Work] = ()) -> None:
    """App.run, with the probe (and the load) running beside what the bot runs."""
    watch = Watch(Load(self.storage, self._data_writer))
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, watch.tell)
    gc.callbacks.append(watch.time_collection)
    load = [watch.load.run] if os.environ.get("BENCH_STORE") else []
    await run_app(self, updates, [*beside, watch.probe.run, *load])


class Watch:
    """What is told, and since when it is counted."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.probe = LagProbe()
        self._collections_s: list[float] = []
        self._collecting_since = 0.0
        self._told = Path(os.environ["BENCH_FIGURES"])

    def tell(self) -> None:
        # Counted among what the collector knows, so that an actor somebody still holds on to is seen as well. Full
        # collections are rare (wiring.py), so that those which nobody holds any more would be counted for minutes.
        longest_ms = 1000 * max(self._collections_s, default=0.0)
        gc.collect()
        actors = sum(type(thing).__name__ == "UserActor" for thing in gc.get_objects())
        lags = f"{self.probe.percentile_ms(99):.3f} {self.probe.max_ms:.3f} {longest_ms:.3f}"
        with self._told.open("a") as told:
            told.write(f"{lags} {actors} {self.load.turns} {self.load.rewrites}\n")
        asyncio.get_running_loop().call_later(0.1, self._forget)

    def time_collection(self, phase: str, _: object) -> None:
        if phase == "start":
            self._collecting_since = time.thread_time()
        else:
            self._collections_s.append(time.thread_time() - self._collecting_since)

    def _forget(self) -> None:
        self.probe.lateness_s.clear()
        self._collections_s.clear()


if __name__ == "__main__":
    App.run = run_watched  # type: ignore[method-assign]  # that is how the watch gets in
    sys.exit(main.main(["--env-file", os.devnull]))
