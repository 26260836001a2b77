"""Cuts a text with entities into messages that Telegram takes (Bot API sendMessage, MessageEntity).

Positions in here are indexes of Python's text; they become UTF-16 units when a message is finished.
"""

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from gptbot.domain.outgoing import Text
from gptbot.domain.visible import blank

UNITS_MAX: Final = 4096
ENTITIES_MAX: Final = 100
_CLUSTER_MAX: Final = 64
_ZWJ: Final = "\u200d"


class Span(NamedTuple):
    """An entity from `start` to `end`; `data` is the rest of it: type, url, language."""

    start: int
    end: int
    data: Mapping[str, Any]

    @property
    def kind(self) -> str:
        return str(self.data["type"])


def utf16_len(text: str) -> int:
    """Length in UTF-16 units, as Telegram counts."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def split(text: str, spans: Sequence[Span] = ()) -> list[Text]:
    """`text` as messages of at most 4096 UTF-16 units and 100 entities, none of them blank.

    Cuts between paragraphs, else lines, else words, else characters as people see them. White space around a message is
    left out, because Telegram takes it away and would shift the entities. `spans` are in the order of their starts.
    """
    parts = []
    near: list[Span] = []
    position, next_span = _visible_start(text, spans, 0), 0
    while position < len(text):
        reach = _fitting_end(text, position)
        begun = bisect_left(spans, reach, lo=next_span, key=_start)
        near = [span for span in (*near, *spans[next_span:begun]) if span.end > position]
        end = _part_end(text, near, position, reach)
        words = text[position:end].rstrip()
        if not blank(words):
            parts.append(Text(words, _entities(words, near, position)))
        next_span = bisect_left(spans, end, hi=begun, key=_start)
        near = [span for span in near if span.start < end < span.end]
        position = _visible_start(text, spans, end)
    return parts


def _start(span: Span) -> int:
    return span.start


def _visible_start(text: str, spans: Sequence[Span], position: int) -> int:
    """The first character to show at or after `position`; the indentation of a line of code belongs to it."""
    start = position
    while start < len(text) and text[start].isspace():
        start += 1
    before = bisect_right(spans, start, key=_start) - 1  # nothing begins within code, so this is it if any is
    if before < 0 or spans[before].kind != "pre" or spans[before].end <= start:
        return start
    line = max(text.rfind("\n", position, start) + 1, position)
    return min(start, max(line, spans[before].start))


def _part_end(text: str, near: Sequence[Span], position: int, end: int) -> int:
    """Where the message that begins at `position` ends, at most at `end`."""
    inside = [span for span in near if span.start < end]
    if len(inside) > ENTITIES_MAX and inside[ENTITIES_MAX].start > position:
        end = min(end, inside[ENTITIES_MAX].start)
    if end == len(text):
        return end
    least = position + (end - position) // 4  # a cut that leaves a tiny part is no good cut
    paragraph = text.rfind("\n\n", least, end + 2)
    while paragraph > position and any(s.kind == "pre" and s.start < paragraph < s.end for s in inside):
        paragraph = text.rfind("\n\n", least, paragraph + 1)
    for cut in (paragraph, text.rfind("\n", least, end + 1), text.rfind(" ", least, end + 1)):
        if cut > position:
            return _before_link(inside, position, cut)
    return _before_link(inside, position, _between_characters(text, position, end))


def _before_link(inside: Sequence[Span], position: int, cut: int) -> int:
    """`cut`, or where a link begins that it would tear."""
    torn = (span.start for span in inside if span.kind == "text_link" and position < span.start < cut < span.end)
    return min(torn, default=cut)


def _fitting_end(text: str, position: int) -> int:
    """How far one message can reach."""
    end = min(len(text), position + UNITS_MAX)
    while (excess := utf16_len(text[position:end]) - UNITS_MAX) > 0:
        end -= (excess + 1) // 2
    return end


def _between_characters(text: str, position: int, end: int) -> int:
    """`end`, or a little before it where a cut would tear what is seen as one character."""
    for cut in range(end, max(position, end - _CLUSTER_MAX), -1):
        if not _tears(text, cut, position):
            return cut
    return end


def _tears(text: str, cut: int, position: int) -> bool:
    after, before = text[cut], text[cut - 1]
    if before == _ZWJ or after == _ZWJ or unicodedata.category(after).startswith("M"):
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":  # skin tones, flags of regions
        return True
    if not _flag_letter(after):
        return False
    start = cut
    while start > position and _flag_letter(text[start - 1]):
        start -= 1
    return (cut - start) % 2 == 1


def _flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _entities(words: str, spans: Sequence[Span], position: int) -> list[dict[str, Any]]:
    """The entities of one message, which holds the text from `position` on."""
    found = []
    for span in spans:
        start, end = max(span.start - position, 0), min(span.end - position, len(words))
        inner = words[start:end] if start < end else ""
        end = start + len(inner.rstrip())
        if span.kind != "pre":
            start += len(inner) - len(inner.lstrip())
        if start < end:
            offset = utf16_len(words[:start])
            found.append({**span.data, "offset": offset, "length": utf16_len(words[start:end])})
    return found[:ENTITIES_MAX]
