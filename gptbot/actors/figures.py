"""Running figures of this process, for /status. Everything that must survive is in storage instead."""

from dataclasses import dataclass


@dataclass(slots=True)
class Figures:
    """`started_at` and `day` are seconds and days since 1970; the counts are those of `day`."""

    started_at: int
    day: int = 0
    answers: int = 0
    errors: int = 0
    cost: int = 0
    questions_waiting: int = 0
    model_trouble: str = ""

    def count(self, now: int, *, answers: int = 0, errors: int = 0, cost: int = 0) -> None:
        """Adds to today's counts; a new day (UTC) begins at zero."""
        if now // 86400 != self.day:
            self.day = now // 86400
            self.answers = self.errors = self.cost = 0
        self.answers += answers
        self.errors += errors
        self.cost += cost
