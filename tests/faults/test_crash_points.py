"""kill -9 at named steps (SPEC §8): a run that died there ends like one that did not.

Here is one step of each scenario, another for another FAULTS_SEED; `python -m tests.soak` tries all of them.
"""

import os
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.faults.crashing import CrashPoint, crash, random_kills, rehearse
from tests.faults.scenarios import SCENARIOS

SEED = int(os.environ.get("FAULTS_SEED", "1"))
KINDS = ("commit:", "telegram:", "file:", "model:")


def one_of(name: str, steps: Sequence[str]) -> str:
    """A step of the scenario; all the scenarios together die at steps of every kind."""
    chance = random.Random(f"{SEED} {name}")
    kind = KINDS[list(SCENARIOS).index(name) % len(KINDS)]
    return chance.choice([step for step in steps if step.startswith(kind)] or steps)


@pytest.mark.parametrize("name", SCENARIOS)
async def test_killed_at_a_step_it_ends_as_if_it_had_never_died(name: str, tmp_path: Path) -> None:
    usual = await rehearse(name, tmp_path / "usual")
    await crash(CrashPoint(name, (one_of(name, usual.steps),)), usual, tmp_path / "crash")


async def test_killed_in_the_recovery_and_in_the_recovery_of_that_it_ends_as_if_it_had_never_died(
    tmp_path: Path,
) -> None:
    usual = await rehearse("recovery", tmp_path / "usual")
    start = usual.steps[: usual.steps.index("telegram:sendMessage:before#1")]
    twice = random.Random(SEED).sample(start, 2)
    await crash(CrashPoint("recovery", tuple(twice)), usual, tmp_path / "crash")


@pytest.mark.timeout(180)
async def test_killed_at_random_steps_under_load_nothing_is_lost_and_nobody_pays_twice(tmp_path: Path) -> None:
    survived = await random_kills(SEED, 6, tmp_path, people=10)
    assert survived.kills == 6
    assert survived.questions >= 10
