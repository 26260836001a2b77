"""What stays behind after trouble: tasks, connections, objects of a question, memory."""

import asyncio
import gc
import tracemalloc
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gptbot.playground.bot_api import BotApiServer
from tests.faults_outside.chance import ChanceFaults, ChanceModel, tag
from tests.faults_outside.household import Household, connections, household, living
from tests.stories.conftest import TOKEN
from tests.stories.kit import Person

PEOPLE: Final = 6
OF_A_QUESTION: Final = frozenset(
    (
        "Turn", "Question", "Answer", "AnswerView", "Conversation", "Preparation", "Ticker", "Drawing", "ReplyChain",
        "OutboxRow", "Outgoing", "ChatRequest",
    )
)  # fmt: skip
"""Classes whose objects end with their question; the actor's loop may still hold the last one."""


async def leaks(folder: Path, rounds: int, *, seed: int = 21, trace: bool = False) -> float:
    """Raises AssertionError when anything is left. Returns by how many bytes the bot's own memory grew a question.

    So many rounds of questions are asked twice: at first caches are filled and parameters of the server learnt. Memory
    is measured if `trace`, which is slow.
    """
    telegram, model = BotApiServer(TOKEN, strict=False), ChanceModel(seed, 0.0)
    faults = telegram.faults = ChanceFaults(seed + 1, 0.0)
    async with household(folder, telegram, model) as house:
        before = asyncio.all_tasks()
        await house.start(NEW_USER_PREMIUM_BALANCE="100000000", NEW_USER_BALANCE="100000000", ACTOR_IDLE_S="86400")
        people = [await house.member(user, f"User {user}") for user in range(1, PEOPLE + 1)]
        faults.rate, model.rate = 0.1, 0.4
        if trace:
            tracemalloc.start()
        try:
            await _ask(house, people, range(rounds))
            memory, objects, tasks = _own_memory(), Counter(living("gptbot")), _tasks()
            await _ask(house, people, range(rounds, 2 * rounds))
            grown = _own_memory() - memory
        finally:
            tracemalloc.stop()
        assert not _tasks() - tasks, _tasks() - tasks
        left = Counter(living("gptbot")) - objects
        assert not [name for name in OF_A_QUESTION if left[name] > PEOPLE], left
        house.assert_nothing_is_left_inside()
        await house.stop()
        await telegram.until(lambda: not connections(telegram) and not connections(model))
        assert {task.get_name() for task in asyncio.all_tasks() - before} == set()
        return grown / (2 * rounds * PEOPLE)


async def _ask(house: Household, people: Sequence[Person], numbers: Sequence[int]) -> None:
    for number in numbers:
        for person in people:
            await person.says(f"Please answer {tag(person.id, number)}")
            await person.sends_photo(caption=f"Please answer {tag(person.id, 1000 + number)}")
            await person.says("/balance")
        await house.at_rest()
        house.logs.clear()


def _own_memory() -> int:
    """Bytes that the bot's own lines have allocated and not given back; 0 while nothing is traced."""
    if not tracemalloc.is_tracing():
        return 0
    gc.collect()
    filters = [tracemalloc.Filter(True, f"*/gptbot/{part}/*") for part in ("actors", "commands", "domain", "edges")]
    return sum(trace.size for trace in tracemalloc.take_snapshot().filter_traces(filters).statistics("filename"))


def _tasks() -> Counter[str]:
    """Tasks of the bot by the first word of their names; those of the stand-ins have none."""
    names = [task.get_name().partition(" ")[0] for task in asyncio.all_tasks()]
    return Counter(name for name in names if not name.startswith("Task-"))
