"""Answered messages a second and added time, beside the floor bot in the same minutes."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from typing import Final

from tests.bench.bots import FLOOR, OURS, Bot
from tests.bench.crowd import Crowd, Window
from tests.bench.model import MARKDOWN, PROSE, Answer
from tests.bench.people import disagreements, sample, write_people
from tests.bench.report import Effort, Target, table
from tests.bench.servers import StandIns

CROWDS: Final = (1, 20, 200)
FORMATTED: Final = "200, Markdown"
KNOWN: Final = 1000
RATIO_WANTED: Final = 0.6


class Contender:
    """A bot with its own people and stand-ins."""

    def __init__(self, bot: Bot, servers: StandIns, crowd: Crowd) -> None:
        self.bot = bot
        self.servers = servers
        self.crowd = crowd
        self.windows: dict[str, list[Window]] = defaultdict(list)

    @classmethod
    async def start(
        cls,
        program: tuple[str, ...],
        folder: Path,
        stack: AsyncExitStack,
        settings: Mapping[str, str] | None = None,
    ) -> "Contender":
        folder.mkdir()
        users = write_people(folder, KNOWN)
        servers = await StandIns().start()
        stack.push_async_callback(servers.stop)
        bot = await Bot.start(program, folder, servers, settings)
        stack.push_async_callback(bot.stop)
        return cls(bot, servers, Crowd(servers, sample(users, KNOWN)))

    async def measure(self, name: str, people: int, seconds: float, text: str) -> None:
        self.servers.answer = Answer(text)
        self.windows[name].append(await self.crowd.ask_for(seconds, people, self.bot.cpu_s))

    def median(self, name: str, figure: Callable[[Window], float]) -> float:
        return median(figure(window) for window in self.windows[name])


async def measure(folder: Path, effort: Effort) -> list[Target]:
    """Both run all the time and are asked in turns, so that whatever else the machine does hits both alike."""
    async with AsyncExitStack() as stack:
        floor = await Contender.start(FLOOR, folder / "floor", stack)
        ours = await Contender.start(OURS, folder / "ours", stack)
        for contender in (floor, ours):  # connections, caches
            await contender.crowd.ask_for(0.5, 50, contender.bot.cpu_s)
        for _ in range(effort.rounds):
            for people in CROWDS:
                for contender in (floor, ours):
                    await contender.measure(str(people), people, effort.window_s, PROSE)
            for contender in (floor, ours):
                await contender.measure(FORMATTED, CROWDS[-1], effort.window_s, MARKDOWN)
    wrong = disagreements(ours.bot.folder, ours.crowd.answered, ours.servers.spent) + ours.crowd.faults
    _tables(floor, ours)
    return _targets(floor, ours, wrong)


def _tables(floor: Contender, ours: Contender) -> None:
    rows = []
    for name in floor.windows:
        for label, contender in (("floor", floor), ("ours", ours)):
            rate = contender.median(name, lambda w: w.per_s)
            ratio = f"{rate / floor.median(name, lambda w: w.per_s):.2f}" if contender is ours else ""
            rows.append(
                (
                    f"{name}: {label}",
                    f"{rate:.0f}",
                    ratio,
                    f"{contender.median(name, lambda w: w.percentile_ms(50)):.1f}",
                    f"{contender.median(name, lambda w: w.percentile_ms(95)):.1f}",
                    f"{contender.median(name, lambda w: w.cpu_ms_a_turn):.2f}",
                    f"{contender.median(name, lambda w: 100 * w.bot_cpu_s / w.seconds):.0f} %",
                    f"{contender.median(name, lambda w: w.ceiling_per_s):.0f}",
                )
            )
    header = (
        "users, instant model",
        "answers/s",
        "ratio",
        "p50 ms",
        "p95 ms",
        "CPU ms/turn",
        "its core",
        "stand-ins/s",
    )
    table("1. Against a floor bot (aiogram + openai, nothing kept)", header, rows)


def _targets(floor: Contender, ours: Contender, wrong: list[str]) -> list[Target]:
    targets = []
    for name in floor.windows:
        rate, base = (contender.median(name, lambda w: w.per_s) for contender in (ours, floor))
        cpu, base_cpu = (contender.median(name, lambda w: w.cpu_ms_a_turn) for contender in (ours, floor))
        wanted = f">= {RATIO_WANTED}" if name == "200" else ""
        measured = f"{rate / base:.2f} ({rate:.0f}/s; CPU a turn {cpu / base_cpu:.2f})"
        met = rate / base >= RATIO_WANTED if wanted else None
        targets.append(Target(f"answers/s against the floor, {name}", wanted, measured, met))
    answers = ours.crowd.answered.total()
    said = f"all {answers} answers right and charged once" if not wrong else f"{len(wrong)} faults: {wrong[0]}"
    return [*targets, Target("every answer durable and accounted", "no fault", said, not wrong)]
