"""500 answers stream at once at a model's pace, and Telegram's limits count."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from gptbot.edges.rendering import TelegramRenderer
from tests.bench.budgets import Budgets
from tests.bench.crowd import Crowd
from tests.bench.model import MARKDOWN, Answer, of_tokens
from tests.bench.people import disagreements, sample, write_people
from tests.bench.report import Target, table
from tests.bench.servers import StandIns
from tests.bench.watching import Figures, WatchedBot

MANY: Final = 500
TOKENS: Final = 200
TOKENS_PER_S: Final = 20.0
WARM_UP: Final = 20
SETTLED_S: Final = 4.0
LAG_P99_MS: Final = 100.0
MEMORY_MB: Final = 500
AS_IT_COMES: Final = {"RATE_CHAT_PER_S": "1", "RATE_CHAT_BURST": "5", "RATE_OVERALL_PER_S": "30", "REPORTS": "off"}
"""Reports would be one more message for each answer, all into the same chat."""


@dataclass(slots=True)
class Watcher:
    """What the people see. `take` is told every message."""

    take: Callable[[int, str], None]
    said: dict[int, str] = field(default_factory=dict)
    first: dict[int, float] = field(default_factory=dict)
    frames: Counter[int] = field(default_factory=Counter)
    shown: dict[int, tuple[float, str]] = field(default_factory=dict)
    gaps_s: list[float] = field(default_factory=list)

    def draft(self, chat_id: int, text: str) -> None:
        if not text:
            return
        now = time.monotonic()
        self.first.setdefault(chat_id, now)
        self.frames[chat_id] += 1
        before, _ = self.shown.get(chat_id, (now, ""))
        if self.frames[chat_id] > 1:
            self.gaps_s.append(now - before)
        self.shown[chat_id] = (now, text)

    def sent(self, chat_id: int, text: str) -> None:
        self.said[chat_id] = text
        self.take(chat_id, text)


@dataclass(slots=True)
class Flood:
    """What came of it. `busy`: how much of its core the bot used, and the stand-ins of theirs."""

    seconds: float
    watcher: Watcher
    figures: Figures
    budgets: Budgets
    peak_mb: float
    busy: tuple[float, float]
    first_ms: list[float]
    wrong: list[str]


async def measure(folder: Path) -> list[Target]:
    """All ask at the same moment."""
    home = folder / "stream-many"
    home.mkdir()
    users = write_people(home, 2 * MANY)
    servers = await StandIns().start()
    watched = await WatchedBot.start(home, servers, AS_IT_COMES, free=False)
    crowd = Crowd(servers, sample(users, MANY))
    await crowd.ask_once(WARM_UP)
    await asyncio.sleep(SETTLED_S)
    flood = await _flood(servers, watched, crowd)
    await watched.bot.stop()
    await servers.stop()
    flood.wrong += disagreements(home, crowd.answered, servers.spent) + crowd.faults
    return _tell(flood)


async def _flood(servers: StandIns, watched: WatchedBot, crowd: Crowd) -> Flood:
    text = of_tokens(MARKDOWN, TOKENS)
    watcher, budgets = Watcher(crowd.take), Budgets()
    servers.answer, servers.tokens_per_s, servers.budgets = Answer(text), TOKENS_PER_S, budgets
    servers.on_message, servers.on_draft = watcher.sent, watcher.draft
    await watched.figures()
    bot_cpu, own_cpu, started = watched.bot.cpu_s(), time.process_time(), time.monotonic()
    await crowd.ask_once(MANY)
    seconds = time.monotonic() - started
    busy = ((watched.bot.cpu_s() - bot_cpu) / seconds, (time.process_time() - own_cpu) / seconds)
    figures, peak_mb = await watched.figures(), watched.bot.rss_peak_bytes() / 2**20
    first_ms = [1000 * (at - servers.first_told_at[user]) for user, at in watcher.first.items()]
    whole = TelegramRenderer().render(f"(1/1)\n{text}")[0].text.split(maxsplit=1)[1]
    wrong = [f"{user} got another text" for user, sent in watcher.said.items() if sent.split(maxsplit=1)[1] != whole]
    return Flood(seconds, watcher, figures, budgets, peak_mb, busy, first_ms, wrong)


def _tell(flood: Flood) -> list[Target]:
    watcher, figures = flood.watcher, flood.figures
    gaps = quantiles(watcher.gaps_s, n=20)
    first = quantiles(flood.first_ms, n=20)
    row = (
        f"{flood.seconds:.1f}",
        *(f"{100 * share:.0f} %" for share in flood.busy),
        f"{figures.lag_p99_ms:.1f}",
        f"{figures.lag_max_ms:.1f}",
        f"{flood.peak_mb:.0f}",
        f"{watcher.frames.total()}",
        f"{median(flood.first_ms):.0f} / {first[-1]:.0f}",
        f"{median(watcher.gaps_s):.2f} / {gaps[-1]:.2f}",
    )
    header = (
        "all whole after s", "its core", "stand-ins'", "lag p99 ms", "max", "memory MB", "frames",
        "first seen ms, p50 / p95", "between frames s, p50 / p95",
    )  # fmt: skip
    table(f"9. {MANY} answers of {TOKENS} tokens at once, {TOKENS_PER_S:.0f} tokens a second each", header, [row])
    name = f"{MANY} streams at once"
    right = f"all {len(watcher.said)} right and charged once"
    return [
        Target(
            f"{name}: loop lag",
            f"p99 < {LAG_P99_MS:.0f} ms",
            f"p99 {figures.lag_p99_ms:.1f}, max {figures.lag_max_ms:.1f} ms",
            figures.lag_p99_ms < LAG_P99_MS,
        ),
        Target(f"{name}: memory", f"< {MEMORY_MB} MB", f"{flood.peak_mb:.0f} MB", flood.peak_mb < MEMORY_MB),
        Target(
            f"{name}: Telegram's budgets",
            "no 429",
            f"{flood.budgets.refused} (busiest chat: {flood.budgets.busiest} of 20 hints in 5 s)",
            flood.budgets.refused == 0,
        ),
        Target(f"{name}: answers", "no fault", flood.wrong[0] if flood.wrong else right, not flood.wrong),
    ]
