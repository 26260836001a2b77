"""`make bench`: every measurement, then the targets. `--quick` for a look (rough figures), names to choose some."""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.bench import against_floor, burst, growth, starting, storage_cost, streaming
from tests.bench.bots import BOT_CORE, OWN_CORE
from tests.bench.report import FULL, QUICK, Effort, Target, say, targets_table

MEASUREMENTS: dict[str, Callable[[Path, Effort], Awaitable[list[Target]]]] = {
    "floor": against_floor.measure,
    "growth": growth.measure,
    "storage": storage_cost.measure,
    "start": starting.measure,
    "burst": burst.measure,
    "stream": streaming.measure,
}


async def run(names: list[str], effort: Effort) -> None:
    """A measurement that breaks is told like a target that was missed; the others go on."""
    targets: list[Target] = []
    with tempfile.TemporaryDirectory(prefix="gptbot-bench-") as folder:
        for name in names:
            try:
                targets += await MEASUREMENTS[name](Path(folder), effort)
            except (RuntimeError, TimeoutError) as error:
                targets.append(Target(name, "a figure", f"{type(error).__name__}: {str(error)[-500:]}", met=False))
    targets_table(targets)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter windows, one round")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of: {', '.join(MEASUREMENTS)}")
    arguments = parser.parse_args()
    names = arguments.names or list(MEASUREMENTS)
    if unknown := set(names) - set(MEASUREMENTS):
        parser.error(f"unknown: {', '.join(unknown)}")
    os.sched_setaffinity(0, {OWN_CORE})
    started = time.monotonic()
    load = os.getloadavg()[0]
    say(f"bots on core {BOT_CORE}, people and stand-ins on core {OWN_CORE}; load of the machine before: {load:.1f}")
    asyncio.run(run(names, QUICK if arguments.quick else FULL))
    say(f"\ntook {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
