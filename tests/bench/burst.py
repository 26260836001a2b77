"""500 people ask at the same moment, and the model takes two seconds for each: nobody waits for the others."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from tests.bench.against_floor import Contender
from tests.bench.bots import FLOOR, OURS
from tests.bench.report import Effort, Target, table

PEOPLE: Final = 500
MODEL_S: Final = 2.0
WANTED_S: Final = 7.0


async def measure(folder: Path, effort: Effort) -> list[Target]:
    """Each bot once right after its start, then again with its connections open."""
    taken: dict[str, list[float]] = {}
    async with AsyncExitStack() as stack:
        for name, program in (("floor", FLOOR), ("ours", OURS)):
            contender = await Contender.start(program, folder / f"burst-{name}", stack)
            contender.servers.model_delay_s = MODEL_S
            taken[name] = [await contender.crowd.ask_once(PEOPLE) for _ in range(min(2, effort.rounds) or 1)]
    rows = [(name, *(f"{seconds:.2f}" for seconds in times)) for name, times in taken.items()]
    header = ("all answered after s", *("first", "again")[: len(rows[0]) - 1])
    table(f"6. {PEOPLE} people at once, a model that takes {MODEL_S:.0f} s", header, rows)
    longest = max(taken["ours"])
    return [
        Target(
            f"{PEOPLE} users at once, {MODEL_S:.0f} s model",
            f"<= {WANTED_S:.0f} s",
            f"{longest:.2f} s",
            longest <= WANTED_S,
        )
    ]
