"""Link buttons as an admin writes them: `text - https://…`, a row a line, `|` between those of a row (SPEC §7)."""

import re
from enum import StrEnum
from typing import Final, NamedTuple

from fsm.announcement_parts import Link, Links
from gptbot.domain.visible import blank

ROWS_MAX = 8
ROW_MAX = 3
LABEL_MAX = 64
"""Characters."""

_ADDRESS: Final = re.compile(r"(?:https?|tg)://\S+$", re.IGNORECASE)
_GOOD: Final = re.compile(r"https?://(?:[\w-]+\.)+[\w-]+(?::[0-9]+)?(?:[/?#]\S*)?|tg://\S+", re.IGNORECASE)
"""What Telegram takes for a button's address."""
_BETWEEN: Final = "-–—: \t"
"""What may stand between text and address; phones make long dashes of short ones."""


class Wrong(StrEnum):
    """What is wrong with a line."""

    EMPTY = "empty"  # nothing was written at all
    NO_ADDRESS = "no_address"  # it does not end with an http, https or tg link
    BAD_ADDRESS = "bad_address"
    NO_LABEL = "no_label"
    LONG_LABEL = "long_label"  # more than LABEL_MAX characters
    WIDE = "wide"  # more than ROW_MAX buttons
    MANY = "many"  # the first row beyond ROWS_MAX


class BadLinks(NamedTuple):
    """`line` counts from 1; it is 0 where no single line is at fault."""

    reason: Wrong
    line: int


def parse(text: str) -> Links | BadLinks:
    """The buttons that these lines mean, or the first fault. Lines without anything are skipped."""
    rows: list[tuple[Link, ...]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if blank(line):
            continue
        if len(rows) == ROWS_MAX:
            return BadLinks(Wrong.MANY, number)
        row = _row(line)
        if isinstance(row, Wrong):
            return BadLinks(row, number)
        rows.append(row)
    return tuple(rows) or BadLinks(Wrong.EMPTY, 0)


def lines(links: Links) -> str:
    """The buttons as they are written; `parse` makes the same of it."""
    return "\n".join(" | ".join(f"{link.label} - {link.url}" for link in row) for row in links)


def _row(line: str) -> tuple[Link, ...] | Wrong:
    row = []
    for cell in line.split("|"):
        if blank(cell):
            continue
        link = _link(cell.strip())
        if isinstance(link, Wrong):
            return link
        row.append(link)
    if len(row) > ROW_MAX:
        return Wrong.WIDE
    return tuple(row) or Wrong.NO_ADDRESS


def _link(cell: str) -> Link | Wrong:
    address = _ADDRESS.search(cell)
    if address is None:
        return Wrong.NO_ADDRESS
    label = " ".join(cell[: address.start()].split()).rstrip(_BETWEEN)
    if blank(label):
        return Wrong.NO_LABEL
    if len(label) > LABEL_MAX:
        return Wrong.LONG_LABEL
    if _GOOD.fullmatch(address.group()) is None:
        return Wrong.BAD_ADDRESS
    return Link(label, address.group())
