"""What a round is made of. Each part takes a folder that does not exist yet and a seed, and raises when it fails."""

import asyncio
import os
import random
import shutil
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from unittest.mock import patch

from tests.bench.bots import OWN_CORE, ROOT
from tests.faults import crashing, crowd
from tests.faults_outside.trouble import random_trouble
from tests.soak.load_a import load_a
from tests.soak.load_b import load_b
from tests.soak.tally import Tally

KILLS_AT_ONCE: Final = 25
"""Kills of one bot before everything is checked and another begins."""
PATIENCE_S: Final = 600.0
"""How long a person waits there, at worst all those kills long."""

Part = Callable[[Path, int, Tally], Awaitable[str]]
"""Adds its figures to the tally; the words for its line."""


@dataclass(frozen=True, slots=True)
class Effort:
    """Of a round. Seconds of load A with `users` and `per_s`, recipients of load B, kills, seconds of faults, examples
    of the machines (MODELS_TIMES; 0: only the quickest machine, once)."""

    load_s: float
    recipients: int
    kills: int
    trouble_s: float
    models_times: int
    users: int = 10_000
    per_s: float = 100.0


FIRST: Final = Effort(load_s=300, recipients=5_000, kills=250, trouble_s=60, models_times=2)
"""Holds the figures that are wanted: 5 minutes of load, 5,000 recipients."""
LATER: Final = Effort(load_s=60, recipients=1_000, kills=250, trouble_s=90, models_times=3)
SMOKE: Final = Effort(load_s=0.6, recipients=3, kills=1, trouble_s=0.5, models_times=0, users=50, per_s=20)


def parts_of(effort: Effort) -> dict[str, Part]:
    """By name, in the order of the round."""

    async def kills(folder: Path, seed: int, tally: Tally) -> str:
        return await _kills(folder, seed, tally, effort.kills)

    async def trouble(folder: Path, seed: int, tally: Tally) -> str:
        folder.mkdir()
        figures = await random_trouble(seed, effort.trouble_s, folder=folder)
        tally.turns += figures.outcomes.total()
        tally.checks += 1
        tally.faults += figures.telegram.total() + figures.model.total()
        outcomes = ", ".join(f"{count} {name}" for name, count in sorted(figures.outcomes.items()))
        return f"{figures.telegram.total()} faults of Telegram, {figures.model.total()} of the model: {outcomes}"

    async def models(folder: Path, seed: int, tally: Tally) -> str:
        return await _models(folder, seed, tally, effort.models_times)

    async def load(folder: Path, seed: int, tally: Tally) -> str:
        with on_own_core():
            came = await load_a(folder, seed, seconds=effort.load_s, users=effort.users, per_s=effort.per_s)
        tally.loaded(came)
        return str(came)

    async def announcement(folder: Path, seed: int, tally: Tally) -> str:
        with on_own_core():
            came = await load_b(folder, seed, recipients=effort.recipients)
        tally.announced(came)
        return str(came)

    return {"kills": kills, "faults": trouble, "machines": models, "load A": load, "load B": announcement}


async def _kills(folder: Path, seed: int, tally: Tally, number: int) -> str:
    chance, questions, left = random.Random(seed), 0, number
    while left:
        batch = min(left, KILLS_AT_ONCE)
        batch_seed = chance.randrange(10**6)
        tally.doing = f"{batch} kills: random_kills({batch_seed}, {batch}) in {folder}"
        with patch.object(crowd, "PATIENCE_S", PATIENCE_S), patch.object(crashing, "PATIENCE_S", PATIENCE_S):
            survived = await crashing.random_kills(batch_seed, batch, folder)
        shutil.rmtree(folder)
        left -= batch
        questions += survived.questions
        tally.kills += survived.kills
        tally.turns += survived.questions
        tally.checks += 1
    return f"{number} kills, {questions} questions answered once and charged once"


async def _models(folder: Path, seed: int, tally: Tally, times: int) -> str:
    """In a pytest of its own, whose output stays in the folder."""
    folder.mkdir()
    which = "tests/models" if times else "tests/models/test_charts_machine.py"
    command = ["-m", "pytest", "-n", "2" if times else "0", which, f"--hypothesis-seed={seed}"]
    environ = {**os.environ, **({"MODELS_TIMES": str(times)} if times else {})}
    with (folder / "output").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, cwd=ROOT, env=environ, stdout=output, stderr=output
        )
        try:
            status = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    assert status == 0, f"pytest ended with {status}:\n{(folder / 'output').read_text()[-6000:]}"
    tally.machines += max(times, 1)
    return f"held, {max(times, 1)} times the examples of `make test`"


@contextmanager
def on_own_core() -> Iterator[None]:
    """People and stand-ins on one core, the bot on the other (tests/bench/bots.py)."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {OWN_CORE})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
