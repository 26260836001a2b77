"""`make soak`: rounds of kills, faults, random examples and load, until the minutes are over.

It stops at the first failure, says what was under way and with which seed, and keeps that folder. Exit status: 0 all
held, 1 something did not, 130 interrupted.
"""

import argparse
import asyncio
import logging
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.report import say
from tests.soak.parts import FIRST, LATER, SMOKE, Effort, parts_of
from tests.soak.tally import Tally


async def soak(folder: Path, tally: Tally, minutes: float, effort: Callable[[int], Effort]) -> None:
    """At least one round; a round that was begun is finished. `effort` of a round by its number, from 0."""
    chance = random.Random(tally.seed)
    while tally.rounds == 0 or tally.minutes < minutes:
        say(f"\nround {tally.rounds + 1}, at {tally.minutes:.1f} minutes")
        for name, part in parts_of(effort(tally.rounds)).items():
            seed, home = chance.randrange(10**6), folder / f"{tally.rounds + 1}-{name.replace(' ', '-')}"
            tally.doing = f"{name}, seed {seed}, in {home}"
            started = time.monotonic()
            words = await part(home, seed, tally)
            say(f"  {name:<9} {time.monotonic() - started:5.0f} s  {words}")
            shutil.rmtree(home, ignore_errors=True)
        tally.doing = ""
        tally.rounds += 1


def usual(number: int) -> Effort:
    return LATER if number else FIRST


def run(folder: Path, seed: int, minutes: float, effort: Callable[[int], Effort] = usual) -> int:
    """The whole soak with its last words; the exit status."""
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # a killed bot lets go of its connections
    tally, verdict = Tally(seed), "failed"
    say(f"soak for {minutes:g} minutes, seed {seed}, in {folder}")
    try:
        asyncio.run(soak(folder, tally, minutes, effort))
        verdict = "passed"
    except KeyboardInterrupt:
        verdict = "interrupted"
    finally:
        if tally.doing:
            verdict += f" during {tally.doing}"
        say(f"\n{tally.table(verdict)}\n")
    return 0 if verdict == "passed" else 130


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0, help="rounds are begun for so long (default: 30)")
    parser.add_argument("--seed", type=int, default=None, help="default: a new one, which is printed")
    parser.add_argument("--smoke", action="store_true", help="a round of a few seconds, to see that everything runs")
    arguments = parser.parse_args()
    seed = random.SystemRandom().randrange(10**6) if arguments.seed is None else arguments.seed
    folder = Path(tempfile.mkdtemp(prefix="gptbot-soak-"))
    effort, minutes = (lambda _: SMOKE, 0.0) if arguments.smoke else (usual, arguments.minutes)
    status = run(folder, seed, minutes, effort)
    if status == 0:
        shutil.rmtree(folder)
    return status


if __name__ == "__main__":
    sys.exit(main())
