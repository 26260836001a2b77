"""Telegram's limits as its server keeps them: per private chat, per group, and about 30 a second for bulk.

The people and the stand-ins share a core with whatever else the machine does. What arrives bunched because this process
itself could not run must not count as a flood, so its own stalls are noted and taken off.
"""

import asyncio
import time
from collections import Counter, defaultdict, deque
from typing import Final

from tests.bench.budgets import HINT_WINDOWS, HINTS, SEND_WINDOWS, Budgets

GROUP_WINDOWS: Final = ((20, 60.0),)
BULK_WINDOWS: Final = ((33, 1.0),)
"""30 a second (Bot API FAQ, "My bot is hitting limits"), and a tenth for the way here."""
BULK: Final = "copymessage"
COUNTED: Final = frozenset({"sendmessage", "editmessagetext", BULK})
LOOK_EVERY_S: Final = 0.005


class Limits(Budgets):
    """`floods`: the refusals by kind of limit. `run` its watch as a task."""

    def __init__(self) -> None:
        super().__init__()
        self.floods: Counter[str] = Counter()
        self.calls = 0
        self._times: defaultdict[tuple[int, str], deque[float]] = defaultdict(lambda: deque(maxlen=64))
        self._stalls: deque[tuple[float, float]] = deque(maxlen=4096)
        self._looked_at = time.monotonic()

    async def run(self) -> None:
        """Notes when this process could not run, until it is cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            now = time.monotonic()
            if (late_s := now - self._looked_at - LOOK_EVERY_S) > LOOK_EVERY_S:
                self._stalls.append((now, late_s))
            self._looked_at = now

    def allow(self, method: str, chat_id: int, now: float) -> bool:
        """Whether this call passes, which takes it off the limits; `now` in monotonic seconds."""
        self.calls += 1
        if method in HINTS:
            return self._take(chat_id, "hint", HINT_WINDOWS, now)
        if method not in COUNTED:
            return True
        windows = SEND_WINDOWS if chat_id > 0 else GROUP_WINDOWS
        return self._take(0, "bulk", BULK_WINDOWS, now, counts=method == BULK) and self._take(
            chat_id, "chat" if chat_id > 0 else "group", windows, now
        )

    def _take(
        self, chat_id: int, kind: str, windows: tuple[tuple[int, float], ...], now: float, *, counts: bool = True
    ) -> bool:
        """`counts` False: it fills the window, but is never refused by it."""
        taken = self._times[chat_id, kind]
        for count, period_s in windows:
            if counts and len(taken) >= count and taken[-count] + period_s - self._stalled_s(now, period_s) > now:
                self.refused += 1
                self.floods[kind] += 1
                return False
        taken.append(now)
        return True

    def _stalled_s(self, now: float, period_s: float) -> float:
        """For how much of the last `period_s` this process stood still, the present moment included."""
        stalled = max(0.0, now - self._looked_at - LOOK_EVERY_S)
        for ended_at, late_s in reversed(self._stalls):
            if ended_at < now - period_s:
                break
            stalled += late_s
        return stalled
