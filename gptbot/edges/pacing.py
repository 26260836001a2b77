"""How fast calls may leave for Telegram (Bot API FAQ, "My bot is hitting limits"; DESIGN §7).

Answers leave at once within their chat's burst. Only announcements are bound by the overall pace, and what answers use
of it is taken off theirs. Chats are forgotten once they have their whole budget again. Times are monotonic seconds.
"""

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from gptbot.ports import Clock, Urgency


class Backoff:
    """Waits that double from `first_s` to `longest_s`, each shortened by chance so that callers don't march in step."""

    def __init__(
        self, first_s: float = 0.5, longest_s: float = 30.0, chance: Callable[[], float] = random.random
    ) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._chance = chance
        self._failures = 0

    def next_s(self) -> float:
        """Seconds to wait before the next try."""
        wait = min(self._first_s * 2.0 ** min(self._failures, 32), self._longest_s)
        self._failures += 1
        return wait * (1 - 0.25 * self._chance())

    def reset(self) -> None:
        self._failures = 0


class TokenBucket:
    """At most `burst` at once and `per_s` in the long run (kept as the time when the bucket will be full again)."""

    def __init__(self, per_s: float, burst: int) -> None:
        self._interval_s = 1 / per_s
        self._slack_s = (burst - 1) / per_s
        self._full_at = 0.0

    def wait_s(self, now: float) -> float:
        """Seconds until the next one may leave."""
        return max(0.0, self._full_at - self._slack_s - now)

    def spare(self, now: float) -> bool:
        """Whether another one can leave at once after the next one."""
        return self._full_at - self._slack_s + min(self._interval_s, self._slack_s) <= now

    def take(self, now: float) -> None:
        self._full_at = max(self._full_at, now) + self._interval_s

    def idle(self, now: float) -> bool:
        return self._full_at <= now


class Window:
    """At most `count` in any `period_s` seconds."""

    def __init__(self, count: int, period_s: float) -> None:
        self._period_s = period_s
        self._taken: deque[float] = deque(maxlen=count)

    def wait_s(self, now: float) -> float:
        """Seconds until the next one may leave."""
        if len(self._taken) < (self._taken.maxlen or 0):
            return 0.0
        return max(0.0, self._taken[0] + self._period_s - now)

    def spare(self, now: float) -> bool:
        """Whether a fifth of them can still leave at once after the next one."""
        count = self._taken.maxlen or 0
        taken = sum(1 for moment in self._taken if moment + self._period_s > now)
        return taken < count - count // 5

    def take(self, now: float) -> None:
        self._taken.append(now)

    def idle(self, now: float) -> bool:
        return not self._taken or self._taken[-1] + self._period_s <= now


@dataclass(frozen=True, slots=True)
class Limits:
    """Telegram's known limits (PLATFORM "limits"). Hints are chat actions and drafts, which have their own budget."""

    chat_per_s: float = 1.0
    chat_burst: int = 5
    group_per_min: float = 20.0
    overall_per_s: float = 30.0
    announcements_per_s: float = 25.0
    hint_windows: tuple[tuple[int, float], ...] = ((20, 5.0), (40, 30.0))


@dataclass(slots=True)
class _ChatPace:
    sends: TokenBucket | Window
    hints: list[Window] = field(default_factory=list)  # made when the first hint comes
    held_until: float = 0.0

    def idle(self, now: float) -> bool:
        return self.held_until <= now and self.sends.idle(now) and all(window.idle(now) for window in self.hints)


_SWEEP_MIN: Final = 1024


class Pace:
    """Says when a call may leave; one for the whole bot."""

    def __init__(self, clock: Clock, limits: Limits) -> None:
        self._clock = clock
        self._limits = limits
        self._overall = TokenBucket(limits.overall_per_s, 1)
        self._announcements = TokenBucket(limits.announcements_per_s, 1)
        self._announcements_held_until = 0.0
        self._chats: dict[int, _ChatPace] = {}
        self._sweep_at = _SWEEP_MIN

    async def turn(self, chat_id: int, urgency: Urgency, messages: int = 1) -> None:
        """Returns when a call that makes so many messages may leave for this chat, having taken them off the budgets.

        `chat_id` 0 is no chat's.
        """
        while (wait_s := self._wait_s(chat_id, urgency)) > 0:
            await self._clock.sleep(wait_s)
        now = self._clock.monotonic()
        for _ in range(messages):
            if chat_id:
                self._chat(chat_id).sends.take(now)
            if self._overall.wait_s(now) < 1:  # a wave of answers must not hold announcements up long after it
                self._overall.take(now)
            if urgency is Urgency.ANNOUNCEMENT:
                self._announcements.take(now)

    def hint(self, chat_id: int) -> bool:
        """Whether a hint may leave for this chat now; takes it off the budget."""
        if not chat_id:
            return True
        chat, now = self._chat(chat_id), self._clock.monotonic()
        if not chat.hints:
            chat.hints = [Window(count, period_s) for count, period_s in self._limits.hint_windows]
        if chat.held_until > now or any(window.wait_s(now) > 0 for window in chat.hints):
            return False
        for window in chat.hints:
            window.take(now)
        return True

    def frame(self, chat_id: int, *, draft: bool) -> bool:
        """Whether a frame of a growing answer may leave for this chat now; takes it off the budgets.

        One that is no draft must leave room for a message, in this chat and overall: answers come first.
        """
        if draft:
            return self.hint(chat_id)
        chat, now = self._chat(chat_id), self._clock.monotonic()
        if chat.held_until > now or self._overall.wait_s(now) > 0 or not chat.sends.spare(now):
            return False
        chat.sends.take(now)
        self._overall.take(now)
        return True

    def hold(self, chat_id: int, seconds: float, urgency: Urgency) -> None:
        """Telegram asked (429) to leave this chat alone for so long; asked of an announcement, all of them wait."""
        until = self._clock.monotonic() + seconds
        if chat_id:
            chat = self._chat(chat_id)
            chat.held_until = max(chat.held_until, until)
        if urgency is Urgency.ANNOUNCEMENT:
            self._announcements_held_until = max(self._announcements_held_until, until)

    @property
    def chats(self) -> int:
        """How many chats are remembered."""
        return len(self._chats)

    def _wait_s(self, chat_id: int, urgency: Urgency) -> float:
        now = self._clock.monotonic()
        waits = [0.0]
        if chat_id:
            chat = self._chat(chat_id)
            waits += (chat.held_until - now, chat.sends.wait_s(now))
        if urgency is Urgency.ANNOUNCEMENT:
            waits += (
                self._announcements_held_until - now,
                self._announcements.wait_s(now),
                self._overall.wait_s(now),
            )
        return max(waits)

    def _chat(self, chat_id: int) -> _ChatPace:
        chat = self._chats.get(chat_id)
        if chat is None:
            self._sweep()
            chat = self._chats[chat_id] = _ChatPace(self._sends(chat_id))
        return chat

    def _sends(self, chat_id: int) -> TokenBucket | Window:
        if chat_id > 0:
            return TokenBucket(self._limits.chat_per_s, self._limits.chat_burst)
        count = max(1, int(self._limits.group_per_min))
        return Window(count, 60.0 * count / self._limits.group_per_min)

    def _sweep(self) -> None:
        """Forgets idle chats; looks at all of them only when they have doubled since the last time."""
        if len(self._chats) < self._sweep_at:
            return
        now = self._clock.monotonic()
        self._chats = {chat_id: chat for chat_id, chat in self._chats.items() if not chat.idle(now)}
        self._sweep_at = max(_SWEEP_MIN, 2 * len(self._chats))
