"""Answers that are seen while they are written: what the bot adds, what they cost, and 500 of them at once."""

import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

from tests.bench import streaming_many
from tests.bench.against_floor import Contender
from tests.bench.bots import FLOOR_STREAMING, OURS
from tests.bench.model import PROSE, Answer, of_tokens
from tests.bench.report import Effort, Target, table

LATENCY_TOKENS: Final = 60
LATENCY_TOKENS_PER_S: Final = 50.0
FIRST_ADDED_MS: Final = 15.0
FIRST_SEEN_MS: Final = 300.0
LAST_ADDED_MS: Final = 50.0

COST_TOKENS: Final = 100
COST_PEOPLE: Final = 50
COST_RATIO: Final = 3.0


async def measure(folder: Path, effort: Effort) -> list[Target]:
    """One asker, then as many as the processor bears, then 500 at a model's pace."""
    return [*await _added(folder, effort), *await _cost(folder, effort), *await streaming_many.measure(folder)]


# --- what one asker notices ------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Seen:
    """When each user saw first words and the whole answer, in monotonic seconds."""

    take: Callable[[int, str], None]
    first: dict[int, float] = field(default_factory=dict)
    last: dict[int, float] = field(default_factory=dict)

    def message(self, chat_id: int, text: str) -> None:
        self.last[chat_id] = time.monotonic()
        self.first.setdefault(chat_id, self.last[chat_id])
        self.take(chat_id, text)

    def draft(self, chat_id: int, text: str) -> None:
        if text:
            self.first.setdefault(chat_id, time.monotonic())


async def _added(folder: Path, effort: Effort) -> list[Target]:
    firsts: dict[str, list[float]] = {"floor": [], "ours": []}
    lasts: dict[str, list[float]] = {"floor": [], "ours": []}
    async with AsyncExitStack() as stack:
        contenders = {
            "floor": await Contender.start(FLOOR_STREAMING, folder / "stream-floor", stack),
            "ours": await Contender.start(OURS, folder / "stream-ours", stack),
        }
        for contender in contenders.values():
            contender.servers.answer = Answer(of_tokens(PROSE, LATENCY_TOKENS))
            await contender.crowd.ask_once(5)  # connections, caches
            contender.servers.tokens_per_s = LATENCY_TOKENS_PER_S
        for _ in range(6 * effort.rounds):
            for name, contender in contenders.items():
                seen, servers = Seen(contender.crowd.take), contender.servers
                servers.on_message, servers.on_draft = seen.message, seen.draft
                await contender.crowd.ask_once(1)
                user = contender.crowd.users[0]
                firsts[name].append(1000 * (seen.first[user] - servers.first_told_at[user]))
                lasts[name].append(1000 * (seen.last[user] - servers.last_told_at[user]))
    rows = [
        (name, *(f"{figure:.1f}" for one in (firsts, lasts) for figure in (median(one[name]), max(one[name]))))
        for name in contenders
    ]
    header = ("one asker", "first seen after ms", "longest", "whole after ms", "longest")
    table(f"7. From the model's token to what is seen, {LATENCY_TOKENS_PER_S:.0f} tokens a second", header, rows)
    first, last = (median(one["ours"]) - median(one["floor"]) for one in (firsts, lasts))
    longest = max(firsts["ours"])
    return [
        Target("first token, later than the floor's", f"<= {FIRST_ADDED_MS:.0f} ms", f"{first:+.1f} ms",
               first <= FIRST_ADDED_MS),
        Target("last token, later than the floor's", f"<= {LAST_ADDED_MS:.0f} ms", f"{last:+.1f} ms",
               last <= LAST_ADDED_MS),
        Target("first words seen after the first token", f"<= {FIRST_SEEN_MS:.0f} ms",
               f"{median(firsts['ours']):.1f}, longest {longest:.1f} ms", longest <= FIRST_SEEN_MS),
    ]  # fmt: skip


# --- what a streamed answer costs ------------------------------------------------------------------------------------


async def _cost(folder: Path, effort: Effort) -> list[Target]:
    """The floor shows no drafts here: it only reads the stream and sends the whole."""
    async with AsyncExitStack() as stack:
        floor = await Contender.start(FLOOR_STREAMING, folder / "cost-floor", stack, {"FLOOR_DRAFTS": "0"})
        ours = await Contender.start(OURS, folder / "cost-ours", stack)
        text = of_tokens(PROSE, COST_TOKENS)
        for contender in (floor, ours):
            contender.servers.answer = Answer(text)
            await contender.crowd.ask_for(0.5, COST_PEOPLE, contender.bot.cpu_s)
        for _ in range(effort.rounds):
            for contender in (floor, ours):
                await contender.measure("cost", COST_PEOPLE, 2 * effort.window_s, text)
    rate, cpu = (
        [contender.median("cost", figure) for contender in (floor, ours)]
        for figure in (lambda w: w.per_s, lambda w: w.cpu_ms_a_turn)
    )
    ceilings = [contender.median("cost", lambda w: w.ceiling_per_s) for contender in (floor, ours)]
    rows = [
        (name, f"{rate[place]:.0f}", f"{1000 / cpu[place]:.0f}", f"{cpu[place]:.2f}", f"{ceilings[place]:.0f}")
        for place, name in enumerate(("floor", "ours"))
    ]
    header = (f"{COST_PEOPLE} users", "answers/s", "a CPU second", "CPU ms", "stand-ins/s")
    table(f"8. Streams of {COST_TOKENS} tokens without a pace (floor: the SDK's typed chunks)", header, rows)
    ratio = cpu[0] / cpu[1]
    return [
        Target(
            "streamed answers a CPU second against the floor",
            f">= {COST_RATIO:.0f}",
            f"{ratio:.1f} (a second {rate[1] / rate[0]:.1f})",
            ratio >= COST_RATIO,
        )
    ]
