"""Whatever the model does, under load: answered, refused, or an apology, and nobody is stuck (SPEC §8)."""

import asyncio
from pathlib import Path

import pytest

from tests.faults_outside.chance import MODEL_FAULTS
from tests.faults_outside.household import household
from tests.faults_outside.trouble import random_trouble


@pytest.mark.parametrize("seed", [11, 12])
async def test_by_chance_each_question_ends_in_one_way_and_is_paid_at_most_once(tmp_path: Path, seed: int) -> None:
    figures = await random_trouble(seed, 3.0, folder=tmp_path, telegram_rate=0.0, model_rate=0.6)
    assert len(figures.model) > len({fault.kind for fault in MODEL_FAULTS}) / 4  # about a half, on a quiet machine
    assert {"settled", "refused", "failed"} <= figures.outcomes.keys()
    assert figures.twice == 0


async def test_by_chance_both_fail_at_once(tmp_path: Path) -> None:
    figures = await random_trouble(13, 3.0, folder=tmp_path, telegram_rate=0.2, model_rate=0.5)
    assert figures.outcomes.total() > 50


async def test_when_the_model_is_gone_for_minutes_everybody_is_told_and_it_goes_on_after_it(tmp_path: Path) -> None:
    async with household(tmp_path) as house:
        await house.start()
        alice, bob = await house.member(101, "Alice"), await house.member(102, "Bob")
        port = int(house.model.url.rpartition(":")[2])
        await house.model.stop()
        await asyncio.gather(*(person.says("Why?") for person in (alice, bob)))
        for person in (alice, bob):
            await person.sees("could not be reached")
        house.clock.skip(300)
        await house.model.start(port=port)
        for person in (alice, bob):
            await person.presses("Try again")
            await person.sees("You asked: Why?")
        await house.at_rest()
        house.assert_nothing_is_left_inside()
