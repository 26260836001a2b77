"""Running figures of this process, for /status and the metrics. What must survive is in storage instead."""

from dataclasses import dataclass, field

from gptbot.domain.measures import Spread, Tally
from gptbot.domain.records import NANO
from gptbot.ports import Usage

FIRST_TEXT_S = (0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64)
WHOLE_TURN_S = (0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256)


@dataclass(slots=True)
class Figures:
    """`started_at` and `day` are seconds and days since 1970; the counts are those of `day`.

    The tallies and spreads are those since the start.
    """

    started_at: int
    day: int = 0
    answers: int = 0
    errors: int = 0
    cost: int = 0
    questions_waiting: int = 0
    model_trouble: str = ""
    turns: Tally = field(default_factory=lambda: Tally("model", "outcome"))
    tokens: Tally = field(default_factory=lambda: Tally("model", "kind"))
    dollars: Tally = field(default_factory=lambda: Tally("model"))
    first_text_s: Spread = field(default_factory=lambda: Spread(*FIRST_TEXT_S))
    turn_s: Spread = field(default_factory=lambda: Spread(*WHOLE_TURN_S))
    model_troubles: Tally = field(default_factory=lambda: Tally("model", "trouble"))
    telegram_calls: Tally = field(default_factory=lambda: Tally("method", "outcome"))
    telegram_asked_to_wait_s: Tally = field(default_factory=Tally)

    def count(self, now: int, *, answers: int = 0, errors: int = 0) -> None:
        """Adds to today's counts; a new day (UTC) begins at zero."""
        if now // 86400 != self.day:
            self.day = now // 86400
            self.answers = self.errors = self.cost = 0
        self.answers += answers
        self.errors += errors

    def turn(self, now: int, model: str, outcome: str, *, total_s: float, first_text_s: float | None = None) -> None:
        """A question or a picture has come to its end; `outcome` is "settled", "failed", ..."""
        self.count(now, answers=outcome == "settled", errors=outcome == "failed")
        self.turns.add(model, outcome)
        self.turn_s.add(total_s)
        if first_text_s is not None:
            self.first_text_s.add(first_text_s)

    def spent(self, now: int, model: str, cost: int, usage: Usage | None = None) -> None:
        """What the model was paid for something that was delivered; `cost` in billionths of a dollar."""
        self.count(now)
        self.cost += cost
        self.dollars.add(model, amount=cost / NANO)
        if usage is not None:
            self.tokens.add(model, "input", amount=usage.prompt)
            self.tokens.add(model, "cached_input", amount=usage.cached)
            self.tokens.add(model, "output", amount=usage.completion)

    def telegram_call(self, method: str, outcome: str, wait_s: float) -> None:
        """A call of the Bot API is over; `wait_s`: so long Telegram asked to wait (429)."""
        self.telegram_calls.add(method, outcome)
        if wait_s:
            self.telegram_asked_to_wait_s.add(amount=wait_s)
