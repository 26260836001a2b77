"""Telegram's budgets of a private chat, counted as a server would (PLATFORM, "limits" and "streaming an answer")."""

from collections import defaultdict, deque
from typing import Final

HINT_WINDOWS: Final = ((20, 5.0), (40, 30.0))
"""Drafts and chat actions together: so many in so many seconds."""
SEND_WINDOWS: Final = ((6, 1.0), (35, 30.0))
"""One message a second, and a short burst of five."""
HINTS: Final = frozenset({"sendmessagedraft", "sendchataction"})
SENDS: Final = frozenset({"sendmessage", "editmessagetext"})
RETRY_AFTER_S: Final = 3


class Budgets:
    """`refused` counts the calls that were over a budget, `busiest` the hints of the chat that had most in 5 s."""

    def __init__(self) -> None:
        self.refused = 0
        self.busiest = 0
        self._taken: defaultdict[tuple[int, bool], deque[float]] = defaultdict(lambda: deque(maxlen=64))

    def allow(self, method: str, chat_id: int, now: float) -> bool:
        """Whether this call passes, which takes it off the budget; `now` in monotonic seconds."""
        hint = method in HINTS
        if not hint and method not in SENDS:
            return True
        taken = self._taken[chat_id, hint]
        for count, period_s in HINT_WINDOWS if hint else SEND_WINDOWS:
            if len(taken) >= count and taken[-count] + period_s > now:
                self.refused += 1
                return False
        taken.append(now)
        if hint:
            self.busiest = max(self.busiest, sum(moment + HINT_WINDOWS[0][1] > now for moment in taken))
        return True
