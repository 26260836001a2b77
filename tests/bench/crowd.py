"""People who ask: each puts the next question when the answer to the last one has come."""

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import quantiles

from tests.bench.servers import USERNAME, StandIns

WARM_UP_S = 0.4
ANSWERED_WITHIN_S = 60.0
_MARK = re.compile(r"\((\d+)/(\d+)\)")


@dataclass(slots=True)
class Window:
    """What happened in a stretch of time. `added_s`: from available to answered, without the model's own time."""

    seconds: float
    answered: int
    bot_cpu_s: float
    own_cpu_s: float
    added_s: list[float] = field(repr=False)

    @property
    def per_s(self) -> float:
        return self.answered / self.seconds

    @property
    def cpu_ms_a_turn(self) -> float:
        return 1000 * self.bot_cpu_s / max(1, self.answered)

    @property
    def ceiling_per_s(self) -> float:
        """The rate at which the stand-ins themselves would have no time left."""
        return self.answered / max(self.own_cpu_s, 1e-6)

    def percentile_ms(self, percent: int) -> float:
        return 1000 * quantiles(self.added_s, n=100)[percent - 1] if len(self.added_s) > 1 else 0.0


class Crowd:
    """The users of one bot. `answered` counts by user; an answer to the wrong question or a second one is a fault."""

    def __init__(self, servers: StandIns, users: Sequence[int]) -> None:
        self.users = users
        self.answered: Counter[int] = Counter()
        self.others = 0
        """Messages that were no answers: reports to the admin."""
        self.faults: list[str] = []
        self._servers = servers
        self._known = set(users)
        self._asked: Counter[int] = Counter()
        self._open: dict[int, float] = {}
        self._asking = False
        self._think_s = 0.0
        self._added: list[float] = []
        servers.on_message = self.take

    async def ask_for(self, seconds: float, people: int, cpu_s: Callable[[], float], think_s: float = 0.0) -> Window:
        """The first `people` users ask for so long, pausing `think_s` on average; then waits until all is answered."""
        self._asking, self._think_s = True, think_s
        for user in self.users[:people]:
            self._ask(user)
        await asyncio.sleep(WARM_UP_S)
        self._added = []
        cpu, own, started = cpu_s(), time.process_time(), time.monotonic()
        await asyncio.sleep(seconds)
        window = Window(
            time.monotonic() - started, len(self._added), cpu_s() - cpu, time.process_time() - own, self._added
        )
        self._asking = False
        await self.all_answered()
        return window

    async def ask_once(self, people: int) -> float:
        """All ask one question at the same moment; the seconds until the last one has their answer."""
        started = time.monotonic()
        for user in self.users[:people]:
            self._ask(user)
        await self.all_answered()
        return time.monotonic() - started

    async def all_answered(self) -> None:
        """Raises TimeoutError when answers stay away."""
        async with asyncio.timeout(ANSWERED_WITHIN_S):
            while self._open:
                await asyncio.sleep(0.005)

    def _ask(self, user: int, group: int = 0) -> None:
        if user in self._open:
            return
        self._asked[user] += 1
        self._open[user] = time.monotonic()
        question = f"({user}/{self._asked[user]}) How do I find out what makes my programme slow?"
        self._servers.put(user, f"@{USERNAME} {question}" if group else question, group)

    def take(self, chat_id: int, text: str) -> None:
        """A message from the bot has come."""
        mark = _MARK.match(text)
        if mark is None or chat_id not in self._known:
            self.others += 1
            return
        since = self._open.pop(chat_id, None)
        if since is None or (int(mark[1]), int(mark[2])) != (chat_id, self._asked[chat_id]):
            self.faults.append(f"{chat_id} got an answer to {mark[0]}")
            return
        self.answered[chat_id] += 1
        self._added.append(time.monotonic() - since - self._servers.model_delay_s)
        if self._asking and self._think_s:
            asyncio.get_running_loop().call_later(self._think_s * random.uniform(0.1, 1.9), self._go_on, chat_id)
        elif self._asking:
            self._ask(chat_id)

    def _go_on(self, user: int) -> None:
        if self._asking:
            self._ask(user)
