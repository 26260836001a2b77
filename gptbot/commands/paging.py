"""Lists that are longer than a message (SPEC §7): split into several, or shown page by page with buttons."""

from collections.abc import Iterable, Sequence

from gptbot.domain.outgoing import Button, Keyboard, Text
from gptbot.texts import join

UNITS_MAX = 4096
"""Bot API: the length of a message's text in UTF-16 units."""


def units(text: str) -> int:
    """The length that Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def pages(lines: Iterable[str], header: Text) -> list[Text]:
    """`header` and the lines as messages within Telegram's limit; only the first carries the header.

    A line that is longer than a message is cut into several.
    """
    found = [header]
    room = UNITS_MAX - units(header.text)
    for line in lines:
        for piece in _cut(line):
            needed = units(piece) + 1
            if needed > room:
                found.append(Text(piece))
                room = UNITS_MAX - needed + 1
            else:
                found[-1] = join(found[-1], Text(piece))
                room -= needed
    return found


def turning(area: str, page: int, count: int) -> Keyboard:
    """Buttons to the page before and after (`page` counts from 0); their data is `area:page`. None for one page."""
    if count < 2:
        return []
    row = []
    if page > 0:
        row.append(Button("◀", f"{area}:{page - 1}"))
    row.append(Button(f"{page + 1}/{count}", f"{area}:{page}"))
    if page < count - 1:
        row.append(Button("▶", f"{area}:{page + 1}"))
    return [row]


def _cut(line: str) -> Sequence[str]:
    if units(line) <= UNITS_MAX:
        return [line]
    half = UNITS_MAX // 2  # a character is two units at most
    return [line[start : start + half] for start in range(0, len(line), half)]
