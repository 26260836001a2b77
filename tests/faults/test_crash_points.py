"""kill -9 at named steps (SPEC §8): a run that died there ends like one that did not.

Here are some steps of each scenario, others for another FAULTS_SEED; `python -m tests.soak` tries all of them.
"""

import os
import random
from pathlib import Path

import pytest

from tests.faults.crashing import CrashPoint, crash, kind_of, random_kills, rehearse
from tests.faults.scenarios import SCENARIOS

SEED = int(os.environ.get("FAULTS_SEED", "1"))
POINTS_EACH = int(os.environ.get("FAULTS_POINTS", "1"))
"""Crash points of each scenario."""


@pytest.mark.timeout(60 * POINTS_EACH)
@pytest.mark.parametrize("name", SCENARIOS)
async def test_killed_at_a_step_it_ends_as_if_it_had_never_died(name: str, tmp_path: Path) -> None:
    usual = await rehearse(name, tmp_path / "usual")
    steps = random.Random(f"{SEED} {name}").sample(usual.steps, min(POINTS_EACH, len(usual.steps)))
    for number, step in enumerate(steps):
        crashes = (step,) if name != "recovery" else (step, usual.steps[len(usual.steps) // 2])
        await crash(CrashPoint(name, crashes), usual, tmp_path / str(number))
    assert kind_of(steps[0])


async def test_killed_at_random_steps_under_load_nothing_is_lost_and_nobody_pays_twice(tmp_path: Path) -> None:
    survived = await random_kills(SEED, 6, tmp_path, people=10)
    assert survived.kills == 6
