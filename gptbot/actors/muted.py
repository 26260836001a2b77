"""Groups in which the bot can't write just now.

Nobody would see an answer there, and nobody pays for one that does not arrive: so nothing is asked of a model for them,
or one muted group could spend the owner's money for as long as it likes.
"""

from typing import Final

from gptbot.domain.updates import Place
from gptbot.ports import Clock, Outcome, RefusalKind, Refused

PAUSE_S: Final = 60.0
"""Then one question is tried again: not every way in which a bot may write again is told to it."""
REMEMBERED: Final = 1_000


class MutedGroups:
    """Learns from what became of answers; each topic by itself, for topics can be closed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[tuple[int, int | None], float] = {}

    def learn(self, place: Place, outcome: Outcome) -> None:
        """What became of an answer there."""
        if place.private or not (isinstance(outcome, Refused) and outcome.kind is RefusalKind.GONE):
            return
        if len(self._until) >= REMEMBERED:
            del self._until[next(iter(self._until))]
        self._until[place.chat_id, place.thread_id] = self._clock.monotonic() + PAUSE_S

    def may_write(self, chat_id: int) -> None:
        """Telegram says that the bot can write in this group."""
        for topic in [topic for topic in self._until if topic[0] == chat_id]:
            del self._until[topic]

    def __contains__(self, place: Place) -> bool:
        topic = place.chat_id, place.thread_id
        if self._until.get(topic, 0.0) > self._clock.monotonic():
            return True
        self._until.pop(topic, None)
        return False
