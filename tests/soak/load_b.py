"""Load B: an announcement runs while users chat, under Telegram's limits.

The announcement is paused again and again, so that answers with and without it are timed in the same minutes. Not one
call may be refused as a flood, nobody gets the announcement twice, and it must not make answers slower.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from tests.bench.bots import ADMIN
from tests.bench.people import disagreements, write_people
from tests.bench.watching import WatchedBot
from tests.soak.announcing import SENT, AnnouncingStandIns
from tests.soak.limits import Limits
from tests.soak.visitors import Visitors, percentiles_ms, slower

AS_IT_COMES: Final = {"RATE_CHAT_PER_S": "1", "RATE_CHAT_BURST": "5", "RATE_OVERALL_PER_S": "30"}
CHAT_PER_S: Final = 6.0
MODEL_S: Final = 0.5
GROUPS: Final = (-1001, -1002, -1003)
PER_S: Final = 25
STRETCHES: Final = 8
"""So often it is paused."""
QUIET_SHARE: Final = 0.4
"""How long a pause is, of what is sent between two."""
SLOWER_MAX: Final = 1.2
CROWDED_MAX: Final = 0.1
"""A machine that others use more than that times them, not the bot: then the ratio is told and not judged."""
SLOWER_SAMPLES: Final = 200
"""Of each kind, before p95 says anything."""


@dataclass(frozen=True, slots=True)
class LoadB:
    """What came of it; `calls` that counted against limits. `pairs`: latencies in seconds, the model's time included,
    with the announcement and in the pause after it. `crowded`: the share of the time that the bot or the stand-ins
    waited for a core, because other programs had it."""

    recipients: int
    answers: int
    calls: int
    pairs: Sequence[tuple[Sequence[float], Sequence[float]]]
    crowded: float

    @property
    def sending_s(self) -> Sequence[float]:
        return [each for pair in self.pairs for each in pair[0]]

    @property
    def quiet_s(self) -> Sequence[float]:
        return [each for pair in self.pairs for each in pair[1]]

    @property
    def slower(self) -> float:
        """p95 with the announcement to p95 without."""
        return slower(self.sending_s, self.quiet_s)

    @property
    def slower_mostly(self) -> float:
        """The same, as the median of all pairs: other work of the machine falls into some of them only."""
        return median(slower(*pair) for pair in self.pairs)

    @property
    def tells(self) -> bool:
        """Whether there are enough answers, and the machine was free enough, for `slower` to mean something."""
        return min(len(self.sending_s), len(self.quiet_s)) >= SLOWER_SAMPLES and self.crowded <= CROWDED_MAX

    def __str__(self) -> str:
        with_it, without = percentiles_ms(self.sending_s)[1], percentiles_ms(self.quiet_s)[1]
        return (
            f"announcement to {self.recipients}, {self.answers} answers, no flood error in {self.calls} calls, "
            f"p95 {with_it:.0f} ms with it ({len(self.sending_s)}), {without:.0f} ms without ({len(self.quiet_s)}), "
            f"ratio {self.slower:.2f} (median of {len(self.pairs)} pairs: {self.slower_mostly:.2f}), "
            f"waited for a core {100 * self.crowded:.0f} %{'' if self.tells else ', not judged'}"
        )


async def load_b(folder: Path, seed: int, *, recipients: int = 5_000) -> LoadB:
    """Raises AssertionError with what was wrong, TimeoutError when answers stay away."""
    folder.mkdir(parents=True)
    servers = AnnouncingStandIns()
    await servers.start()
    limits = Limits()
    watch = asyncio.get_running_loop().create_task(limits.run())
    servers.budgets, servers.model_delay_s = limits, MODEL_S
    visitors = Visitors(servers, write_people(folder, recipients), seed, GROUPS)
    watched = await WatchedBot.start(folder, servers, AS_IT_COMES, free=False)
    try:
        count = await _announce(servers)
        waited_s, started = _waited_s(watched), time.monotonic()
        pairs = await _alternate(servers, visitors, recipients / PER_S)
        crowded = (_waited_s(watched) - waited_s) / (time.monotonic() - started)
    finally:
        await watched.bot.stop()
        await servers.stop()
        watch.cancel()
    assert watched.bot.process.returncode == 0, f"it ended with status {watched.bot.process.returncode}"
    _check(folder, servers, visitors, limits, count)
    came = LoadB(count, visitors.answered.total(), limits.calls, pairs, crowded)
    assert min(came.slower, came.slower_mostly) <= SLOWER_MAX or not came.tells, f"answers get slower: {came}"
    return came


async def _announce(servers: AnnouncingStandIns) -> int:
    """From the command to the confirmation; how many recipients the admin confirmed."""
    servers.put(ADMIN, "/announce all")
    seen = await servers.admin_sees("Now send me the message")
    servers.put(ADMIN, "The bot moves on Monday")
    await servers.admin_sees("Recipients:", seen)
    label = servers.admin_presses("✅ Send")
    await servers.admin_sees("Confirmed")
    await servers.admin_sees("📣")
    return int(label.partition("(")[2].rstrip(")"))


async def _alternate(
    servers: AnnouncingStandIns, visitors: Visitors, sending_s: float
) -> list[tuple[list[float], list[float]]]:
    """With the announcement and without it by turns, until it is sent. It takes `sending_s` at the least."""
    pairs = []
    while not servers.all_sent:
        seen = len(servers.told)
        with_it = await visitors.come(CHAT_PER_S, sending_s / STRETCHES)
        servers.admin_presses("⏸")
        seen = await servers.admin_sees(f"paused|{SENT}", seen)
        without = await visitors.come(CHAT_PER_S, sending_s / STRETCHES * QUIET_SHARE)
        pairs.append((with_it, without))
        if not servers.all_sent:
            servers.admin_presses("▶")
            await servers.admin_sees(f"is being sent|is over|{SENT}", seen)
    return pairs


def _waited_s(watched: WatchedBot) -> float:
    """For how long the bot's event loop and ours were ready to run and had no core (proc(5), schedstat)."""
    files = (Path(f"/proc/{watched.bot.process.pid}/schedstat"), Path("/proc/self/schedstat"))
    return sum(int(file.read_text().split()[1]) for file in files) / 1e9


def _check(folder: Path, servers: AnnouncingStandIns, visitors: Visitors, limits: Limits, count: int) -> None:
    assert not limits.floods, f"flood errors: {dict(limits.floods)} in {limits.calls} calls"
    copies = {user: servers.copies[user] for user in visitors.users}
    wrong = [f"{user} got it {times} times" for user, times in copies.items() if times != 1]
    wrong += disagreements(folder, visitors.answered, servers.spent) + visitors.faults
    assert not wrong, f"{len(wrong)} faults: {wrong[:5]}"
    assert count >= len(visitors.users)
