"""Runs scenarios with crashes at chosen steps: rehearse one to learn its steps, then die at one of them.

    usual = {name: await rehearse(name, folder / name) for name in SCENARIOS}
    for number, point in enumerate(all_crash_points(usual)):
        await crash(point, usual[point.scenario], folder / str(number))  # or `everywhere.crash_everywhere`
    await random_kills(seed=1, number=500, folder=folder / "random")

Used by `test_crash_points.py` and by `python -m tests.soak`.
"""

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from gptbot.playground.bot_api import BotApiServer
from gptbot.playground.model_api import ModelServer
from tests.faults.answers import Answers
from tests.faults.checker import Watch, Wreck, check, inspect_wreck
from tests.faults.crowd import PATIENCE_S, Regulars
from tests.faults.outcome import Outcome, hold_against, outcome_of
from tests.faults.process import BOT_ID, KILLED, TOKEN, BotProcess
from tests.faults.scenarios import GROUP, SCENARIOS, Cast, Scenario
from tests.faults.steps import Plan

LOOK_EVERY_S = 0.02
"""Whether a bot has nothing left to do can only be looked up in its files."""


@dataclass(frozen=True, slots=True)
class CrashPoint:
    """A scenario and the steps at which its bot dies: `steps[0]`, and after the restart `steps[1]`, ..."""

    scenario: str
    steps: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.scenario} at {' and '.join(self.steps)}"


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A scenario without crashes: its steps in order (after `Scenario.first`, those of a recovery), what came of it."""

    steps: Sequence[str]
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Performed:
    """A scenario with its crashes. `died_at`: the steps where it really died."""

    died_at: Sequence[str]
    outcome: Outcome
    wrecks: Sequence[Wreck]


# --- the stage -------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def stage(folder: Path, settings: Mapping[str, str]) -> AsyncIterator[Cast]:
    """Stand-ins of its own, and a bot in `folder` that is not started."""
    folder.mkdir(parents=True, exist_ok=True)
    telegram = BotApiServer(TOKEN, strict=False, bot_id=BOT_ID)
    model = ModelServer()
    answers = Answers()
    answers.attach(model)
    await telegram.start()
    await model.start()
    bot = BotProcess(telegram, model, folder)
    bot.settings |= settings
    try:
        yield Cast(bot, telegram, model, answers)
    finally:
        await bot.close()
        await model.stop()
        await telegram.stop()


class Caretaker:
    """Starts a bot again as often as it is killed, each time with the next plan; looks at every wreck."""

    def __init__(self, cast: Cast, plans: Iterator[Plan | None]) -> None:
        self._bot = cast.bot
        self._telegram = cast.telegram
        self._plans = plans
        self.plans: list[Plan] = []
        """Those that were in force, the latest last."""
        self.wrecks: list[Wreck] = []

    async def launch(self) -> None:
        self._bot.plan = next(self._plans, None)
        if self._bot.plan is not None:
            self.plans.append(self._bot.plan)
        await self._bot.launch()

    async def keep(self) -> None:
        """Until it is cancelled. Raises AssertionError when the bot ends otherwise than by a kill."""
        while True:
            status = await self._bot.ended(timeout_s=3600)
            await self._after(status)

    async def _after(self, status: int) -> None:
        assert status == KILLED, f"it ended with status {status}\n{self._bot.transcript()}"
        self.wrecks.append(inspect_wreck(self._bot.data_file, self._telegram, self._bot.run))
        await self.launch()

    async def stop(self) -> None:
        """Stops it cleanly, however often it dies on the way."""
        while True:
            await self.settled()
            self._bot.terminate()
            status = await self._bot.ended(PATIENCE_S)
            if status != 0:
                await self._after(status)
            elif nothing_left(self._bot.data_file):
                return
            else:  # Telegram told of something as it stopped: that waits for the next start
                await self.launch()

    async def settled(self) -> None:
        """Returns when the bot has nothing left to do, restarts included."""
        async with asyncio.timeout(PATIENCE_S):
            while not (self._bot.logs("bot.started") and nothing_left(self._bot.data_file)):
                if not self._bot.running:
                    await self._after(await self._bot.ended())
                await asyncio.sleep(LOOK_EVERY_S)


def nothing_left(data_file: Path) -> bool:
    """Whether everything is done and in data.json; for a bot that runs."""
    database = data_file.with_suffix(".db")
    if not (database.exists() and data_file.exists()):
        return False
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        waiting = sum(
            db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
            for table in ("inbox WHERE done_at IS NULL", "outbox", "reports", "journal")
        )
        return bool(waiting == 0)
    return False


# --- one scenario ----------------------------------------------------------------------------------------------------


async def perform(scenario: Scenario, folder: Path, crashes: Sequence[str | None]) -> tuple[Performed, Sequence[str]]:
    """Runs it with a bot that dies at these steps, and checks all that SPEC §8 promises; also the steps of the last run
    with a plan."""
    folder.mkdir(parents=True, exist_ok=True)
    armed = folder / "armed"
    at = [scenario.first, *crashes] if scenario.first else list(crashes)
    plans = (Plan(folder / f"{number}.steps", armed, step) for number, step in enumerate(at))
    async with stage(folder, scenario.settings) as cast:
        scenario.settle(cast)
        caretaker = Caretaker(cast, plans)
        if scenario.prepare is None:
            armed.touch()
        await caretaker.launch()
        if scenario.prepare is not None:
            await scenario.prepare(cast)
            await caretaker.settled()
            armed.touch()
        await _act(scenario, cast, caretaker)
        await caretaker.stop()
        check(cast.bot.data_file, cast.telegram, cast.answers, cast.expected, caretaker.wrecks)
        outcome = outcome_of(cast.bot.data_file, cast.telegram, cast.model)
    traces = [plan.met for plan in caretaker.plans]
    died_at = [trace[-1] for trace, plan in zip(traces, caretaker.plans, strict=True) if trace[-1:] == [plan.at]]
    return Performed(died_at, outcome, caretaker.wrecks), traces[-1]


async def _act(scenario: Scenario, cast: Cast, caretaker: Caretaker) -> None:
    create = asyncio.get_running_loop().create_task
    acting, keeping = create(_call(scenario, cast)), create(caretaker.keep())
    try:
        await asyncio.wait([acting, keeping], return_when=asyncio.FIRST_COMPLETED)
        (keeping if keeping.done() else acting).result()
    except AssertionError as error:
        error.add_note(cast.bot.transcript())
        raise
    finally:
        acting.cancel()
        keeping.cancel()
        await asyncio.wait([acting, keeping])


async def _call(scenario: Scenario, cast: Cast) -> None:
    await scenario.act(cast)


async def rehearse(name: str, folder: Path) -> Rehearsed:
    """What the scenario is like when nothing goes wrong."""
    scenario = SCENARIOS[name]
    performed, steps = await perform(replace(scenario, first=None), folder / "usual", [None])
    if scenario.first is not None:
        _, steps = await perform(scenario, folder / "recovering", [None])
    return Rehearsed(steps, performed.outcome)


async def crash(point: CrashPoint, usual: Rehearsed, folder: Path) -> Performed:
    """Dies at the point's steps and checks that nothing else is different. A step that does not come (what happens at
    the same time may come in another order) is no fault: `Performed.died_at` tells."""
    performed, _ = await perform(SCENARIOS[point.scenario], folder, point.steps)
    hold_against(performed.outcome, usual.outcome, performed.wrecks, GROUP if point.scenario == "streaming" else None)
    return performed


def all_crash_points(rehearsals: Mapping[str, Rehearsed], *, seed: int = 1) -> list[CrashPoint]:
    """Every step of every scenario, and each step of a recovery once more with a second crash in the recovery of it."""
    chance = random.Random(seed)
    points = [CrashPoint(name, (step,)) for name, usual in rehearsals.items() for step in usual.steps]
    recovering = rehearsals["recovery"].steps if "recovery" in rehearsals else []
    twice = [CrashPoint("recovery", (step, chance.choice(recovering))) for step in recovering]
    return points + twice


def kind_of(step: str) -> str:
    """A step's name without its number."""
    return step.partition("#")[0]


# --- at random moments, under load -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Survived:
    """`questions` that were answered over so many `kills`; where it died, by kind of step."""

    kills: int
    questions: int
    died_at: Sequence[str]


async def random_kills(seed: int, number: int, folder: Path, *, people: int = 20) -> Survived:
    """Kills the bot `number` times at random steps while `people` chat; then checks everything.

    The seed decides after how many steps each run dies: from the first ones of a start to hundreds under load.
    """
    chance = random.Random(seed)
    armed = folder / "armed"
    async with stage(folder, {"NEW_USER_BALANCE": "100000000", "NEW_USER_PREMIUM_BALANCE": "100000000"}) as cast:
        plans = (Plan(folder / f"{kill}.steps", armed, after=_steps_until(chance)) for kill in range(number))
        caretaker = Caretaker(cast, plans)
        cast.answers.long = lambda name: name.endswith(("3z", "7z"))
        cast.model.delay_s = 0.01
        regulars = Regulars(cast.telegram, seed, people, lambda: len(caretaker.wrecks) >= number)
        await caretaker.launch()
        await caretaker.settled()
        armed.touch()
        crowd = Scenario("crowd", lambda _: regulars.run())
        with Watch(cast.bot.data_file) as watch:
            await _act(crowd, cast, caretaker)
            await caretaker.stop()
        watch.check()
        check(cast.bot.data_file, cast.telegram, cast.answers, regulars.expected, caretaker.wrecks)
        died_at = [plan.met[-1] for plan in caretaker.plans[: len(caretaker.wrecks)]]
        assert len(caretaker.wrecks) == number
    return Survived(number, sum(map(len, regulars.expected.asked.values())), died_at)


def _steps_until(chance: random.Random) -> int:
    """Few or many, all orders of magnitude alike."""
    return int(2 ** chance.uniform(2, 9))
