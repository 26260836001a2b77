"""What the bench prints: aligned tables, and each target with what was measured."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """A figure that the bot must reach; `met` None: there is no limit, it is only shown."""

    what: str
    wanted: str
    measured: str
    met: bool | None = None


@dataclass(frozen=True, slots=True)
class Effort:
    """How long it is measured. `many` is the size of the large data.json."""

    rounds: int
    window_s: float
    long_window_s: float
    many: int = 100_000


FULL = Effort(rounds=4, window_s=1.5, long_window_s=6.0)
QUICK = Effort(rounds=1, window_s=0.8, long_window_s=2.0)


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Prints it; the first column is flush left, the others right."""
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    lines = [
        "  ".join(cell.ljust(width) if place == 0 else cell.rjust(width) for place, (cell, width) in enumerate(cells))
        for cells in ([*zip(row, widths, strict=True)] for row in (header, *rows))
    ]
    say("\n".join(["", title, lines[0], "-" * len(lines[0]), *lines[1:]]))


def targets_table(targets: Sequence[Target]) -> None:
    """The last table: what was wanted and what came out."""
    words = {True: "met", False: "NOT MET", None: ""}
    rows = [(target.what, target.wanted, target.measured) for target in targets]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    say("\nTARGETS")
    for target, row in zip(targets, rows, strict=True):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        say("  ".join([*cells, words[target.met]]).rstrip())


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
