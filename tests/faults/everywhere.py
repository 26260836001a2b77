"""Every crash point of every scenario, some at a time: for the long run (`python -m tests.soak`) and for the curious.

python -m tests.faults.everywhere          all of them (about 2000, an hour)
python -m tests.faults.everywhere 1        of each scenario one step of each kind (about 500)
"""

import asyncio
import random
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.crashing import CrashPoint, Rehearsed, all_crash_points, crash, kind_of, rehearse
from tests.faults.scenarios import SCENARIOS


@dataclass(slots=True)
class Tally:
    """`died`: points where the bot died and all was as without; `missed`: the step did not come; `failures`: why."""

    died: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)

    @property
    def kinds(self) -> set[str]:
        """The kinds of steps at which a bot died."""
        return {kind_of(step) for point in self.died for step in point.partition(" at ")[2].split(" and ")}

    def __str__(self) -> str:
        failed = "".join(f"\n{point}: {why}" for point, why in self.failures.items())
        return (
            f"{len(self.died)} crash points of {len(self.kinds)} kinds survived, {len(self.missed)} did not come,"
            f" {len(self.failures)} failed{failed}"
        )


async def crash_everywhere(
    folder: Path, *, seed: int = 1, each: int | None = None, parallel: int = 4, names: Sequence[str] = tuple(SCENARIOS)
) -> Tally:
    """Goes through `all_crash_points`, or of each scenario through `each` steps of each kind; nothing is raised.

    Most of a point's time is waiting: `parallel` may be twice the processors.
    """
    usual = {name: await rehearse(name, folder / name) for name in names}
    points = all_crash_points(usual, seed=seed)
    if each is not None:
        points = some_of(points, each, random.Random(seed))
    tally, left = Tally(), iter(enumerate(points))

    async def work() -> None:
        for number, point in left:
            where = folder / f"point {number}"
            await _try(point, usual[point.scenario], where, tally)
            shutil.rmtree(where, ignore_errors=True)

    async with asyncio.TaskGroup() as group:
        for _ in range(parallel):
            group.create_task(work())
    return tally


def some_of(points: Sequence[CrashPoint], each: int, chance: random.Random) -> list[CrashPoint]:
    """Of each scenario `each` points of each kind of step (and number of crashes)."""
    by_kind: dict[tuple[str, int, str], list[CrashPoint]] = {}
    for point in points:
        by_kind.setdefault((point.scenario, len(point.steps), kind_of(point.steps[0])), []).append(point)
    return [point for alike in by_kind.values() for point in chance.sample(alike, min(each, len(alike)))]


async def _try(point: CrashPoint, usual: Rehearsed, folder: Path, tally: Tally) -> None:
    try:
        performed = await crash(point, usual, folder)
    except (AssertionError, TimeoutError) as error:
        tally.failures[str(point)] = f"{error!r}\n" + "\n".join(getattr(error, "__notes__", []))
        return
    (tally.died if performed.died_at else tally.missed).append(str(point))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        told = asyncio.run(crash_everywhere(Path(made), each=int(sys.argv[1]) if len(sys.argv) > 1 else None))
    sys.stdout.write(f"{told}\n")
    sys.exit(bool(told.failures))
