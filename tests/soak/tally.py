"""What a soak has done so far, and the table it ends with."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.soak.load_a import LoadA
from tests.soak.load_b import LoadB
from tests.soak.visitors import slower


@dataclass(slots=True)
class Tally:
    """`doing`: what is under way, "" between the parts; after a failure, where and with which seed it was."""

    seed: int
    started: float = field(default_factory=time.monotonic)
    doing: str = ""
    rounds: int = 0
    kills: int = 0
    turns: int = 0
    faults: int = 0
    machines: int = 0
    checks: int = 0
    """Times that everything was held against everything: people's chats, the model's log, ledger, purses, files."""
    loads: list[LoadA] = field(default_factory=list)
    announcements: list[LoadB] = field(default_factory=list)

    def loaded(self, came: LoadA) -> None:
        self.loads.append(came)
        self.turns += came.turns
        self.checks += 1

    def announced(self, came: LoadB) -> None:
        self.announcements.append(came)
        self.turns += came.answers
        self.checks += 1

    @property
    def minutes(self) -> float:
        return (time.monotonic() - self.started) / 60

    def table(self, verdict: str) -> str:
        """In Markdown, for docs/RELIABILITY.md."""
        rows = [
            ("verdict", verdict),
            ("seed", str(self.seed)),
            ("time", f"{self.minutes:.1f} minutes, {self.rounds} whole rounds"),
            ("kill -9 at a random step under load", str(self.kills)),
            ("faults of Telegram and of the model", str(self.faults)),
            ("turns", str(self.turns)),
            (
                "complete checks, none failed" if verdict == "passed" else "complete checks that passed",
                str(self.checks),
            ),
            ("state machines, examples", f"{self.machines} times those of `make test`"),
            *self._load_rows(),
            *self._announcement_rows(),
        ]
        return "\n".join(["| soak | |", "|---|---|", *(f"| {name} | {figure} |" for name, figure in rows)])

    def _load_rows(self) -> Sequence[tuple[str, str]]:
        if not self.loads:
            return []
        longest = max(self.loads, key=lambda load: load.turns)
        worst = [max(load.latency_ms[place] for load in self.loads) for place in range(3)]
        return [
            ("load A, longest", str(longest)),
            ("load A, worst latencies p50/p95/p99", "/".join(f"{figure:.0f}" for figure in worst) + " ms"),
            ("load A, worst growth of memory", f"{100 * (max(load.growth for load in self.loads) - 1):+.1f} %"),
        ]

    def _announcement_rows(self) -> Sequence[tuple[str, str]]:
        if not self.announcements:
            return []
        largest = max(self.announcements, key=lambda it: it.recipients)
        sending = [each for it in self.announcements for each in it.sending_s]
        quiet = [each for it in self.announcements for each in it.quiet_s]
        ratio = f"{slower(sending, quiet):.2f}"
        return [("load B, largest", str(largest)), ("load B, all: p95 with to p95 without", ratio)]
