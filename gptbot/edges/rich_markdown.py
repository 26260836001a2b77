"""A model's Markdown as Telegram's Rich Markdown (Bot API, "Rich message formatting options"), which Telegram parses.

Telegram's parser finds more in a text than the model meant, and may do something about it: it fetches images, obeys
HTML, takes "$5 and $10" for a formula and lets a lone line break collapse. So whatever is no markup is escaped here,
and what can't be made harmless is no rich message.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from gptbot.edges.markdown import WEB, Events, loose_definitions, parse, parse_again
from gptbot.edges.text_split import utf16_len

UNITS_MAX: Final = 32_768
BLOCKS_MAX: Final = 500
LEVELS_MAX: Final = 16
COLUMNS_MAX: Final = 20
"""Telegram's limits. Markup is counted as text here and list items twice, to be on the safe side."""

_PASSES_MAX: Final = 4
_BLOCKS: Final = {"Paragraph": 1, "Heading": 1, "BlockQuote": 1, "CodeBlock": 1, "HtmlBlock": 1, "List": 1, "Item": 2,
                  "Table": 1, "TableHead": 1, "TableRow": 1, "Rule": 1, "DisplayMath": 1}  # fmt: skip
_HELPED: Final = frozenset({"Table", "InlineMath", "DisplayMath", "TaskListMarker"})
_FETCHED: Final = re.compile(r"(?<!\\)(?:!\[|<\s*(?:img|video|audio|source|iframe|figure|tg-))", re.IGNORECASE)
"""What would make Telegram fetch something. Not even in code: what Telegram takes for code need not be what we do."""
_MEANT_AS_TEXT: Final = re.compile(rb"[$<]|\|\||==|!\[")
_PUNCTUATION: Final = re.compile(rb"[\\`*_\[\]<>~$|=!#&]")
_BARE_URL: Final = re.compile(rb"https?://[^\s<>()\[\]\\|`*$]+[^\s<>()\[\]\\|`*$.,;:!?'\"]")

Edit = tuple[int, int, bytes]
"""From where to where in the source, in bytes, and what to put there."""


class RichMarkdown(NamedTuple):
    """`helps`: it holds a table, formula or task list, which entities can't show. `rtl`: reads from right to left."""

    text: str
    helps: bool
    rtl: bool


def rich_markdown(markdown: str) -> RichMarkdown | None:
    """None for what Telegram would refuse or might take for something else. May raise whatever odd input raises."""
    if utf16_len(markdown) > UNITS_MAX:
        return None
    text, events = parse(markdown)
    for _ in range(_PASSES_MAX):
        edits = list(_html_edits(text.encode(), events))
        if not edits:
            break
        text, events = parse_again(_edited(text, edits))
    text = _edited(text, [*_edits(text.encode(), events)])
    _, events = parse_again(text)
    labels = {link["id"].casefold() for name, link in _names(events) if name in ("Link", "Image")}
    if _FETCHED.search(text) or loose_definitions(text, labels) or not _within_limits(text, events):
        return None
    names = {name for name, _ in _names(events)}
    return RichMarkdown(text, bool(names & _HELPED), _reads_from_right(text))


def _names(events: Events) -> Iterator[tuple[str, Any]]:
    """What begins or stands there, with its particulars."""
    for payload, _ in events:
        if isinstance(payload, str):
            yield payload, None
        elif "Start" in payload:
            start = payload["Start"]
            yield (start, None) if isinstance(start, str) else next(iter(start.items()))
        elif "End" not in payload:
            yield next(iter(payload.items()))


def _within_limits(text: str, events: Events) -> bool:
    blocks = level = deepest = columns = 0
    for name, particulars in _names(events):
        blocks += _BLOCKS.get(name, 0)
        if name == "Table":
            columns = max(columns, len(particulars))
        if name in ("Html", "InlineHtml", "Image"):
            return False
    for payload, _ in events:
        if isinstance(payload, dict):
            level += ("Start" in payload) - ("End" in payload)
            deepest = max(deepest, level)
    fits = utf16_len(text) <= UNITS_MAX and blocks <= BLOCKS_MAX
    return fits and deepest <= LEVELS_MAX and columns <= COLUMNS_MAX


def _reads_from_right(text: str) -> bool:
    """By its first letter, as apps decide for a paragraph (Unicode bidirectional algorithm, P2 and P3)."""
    directions = (unicodedata.bidirectional(character) for character in text)
    return next((direction for direction in directions if direction in ("L", "R", "AL")), "L") != "L"


# --- what is changed -------------------------------------------------------------------------------------------------


def _edited(text: str, edits: list[Edit]) -> str:
    source, done, parts = text.encode(), 0, []
    for start, end, instead in sorted(edits):
        if start >= done:
            parts += [source[done:start], instead]
            done = end
    return b"".join([*parts, source[done:]]).decode()


def _html_edits(source: bytes, events: Events) -> Iterator[Edit]:
    """Raw HTML as text. What stands in a block of HTML is no Markdown and must not become any."""
    for payload, place in events:
        start, end = place["start"], place["end"]
        if isinstance(payload, dict) and payload.keys() & {"InlineHtml", "Html"}:
            yield start, end, _escaped(source[start:end])


def _edits(source: bytes, events: Events) -> Iterator[Edit]:
    code = links = 0
    run = (0, 0)
    for payload, place in events:
        start, end = place["start"], place["end"]
        if isinstance(payload, dict) and "Text" in payload and not code:
            if start == run[1]:
                run = run[0], end
                continue
            yield from _text_edits(source, *run, in_link=links > 0)
            run = start, end
            continue
        yield from _text_edits(source, *run, in_link=links > 0)
        run = (end, end)
        if payload == "SoftBreak":
            yield start, start, b"  "
        elif isinstance(payload, dict):
            name, particulars = _tag(payload)
            change = ("Start" in payload) - ("End" in payload)
            code += change * (name == "CodeBlock")
            links += change * (name in ("Link", "Image"))
            if "Start" in payload and name in ("Link", "Image"):
                yield from _link_edits(source, start, end, particulars, is_image=name == "Image")
    yield from _text_edits(source, *run, in_link=links > 0)


def _tag(payload: dict[str, Any]) -> tuple[str, Any]:
    tag = payload.get("Start", payload.get("End"))
    return next(iter(tag.items())) if isinstance(tag, dict) else (str(tag), None)


def _text_edits(source: bytes, start: int, end: int, *, in_link: bool) -> Iterator[Edit]:
    """A run of text: addresses become links, because Telegram is told not to look for any; the rest means itself."""
    done = start
    if not in_link:
        for found in _BARE_URL.finditer(source, start, end):
            yield from _literal_edits(source, done, found.start())
            done = found.end()
            yield found.start(), done, b"[" + _escaped(found[0]) + b"](" + found[0] + b")"
    yield from _literal_edits(source, done, end)


def _literal_edits(source: bytes, start: int, end: int) -> Iterator[Edit]:
    for found in _MEANT_AS_TEXT.finditer(source, start, end):
        if found.start() == start and _is_escaped(source, start):
            continue
        at = found.start() + (found[0] == b"![")
        yield from ((place, place, b"\\") for place in range(at, found.end()))


def _link_edits(source: bytes, start: int, end: int, link: dict[str, Any], *, is_image: bool) -> Iterator[Edit]:
    """An image is a link to it; a link that Telegram can't follow, or that has no words, shows its address."""
    url = link["dest_url"]
    shown = _escaped(url.encode())
    target = b"](" + url.encode() + b")" if re.fullmatch(r"[^()\s<>\\]+", url) else b"](<" + url.encode() + b">)"
    if link["link_type"] in ("Autolink", "Email"):
        instead = b"[" + shown + target if WEB.fullmatch(url) else b"\\<" + shown + b">"
        yield start, end, instead
    elif not WEB.fullmatch(url):
        yield start, start + 1 + is_image, b"\\!\\[" if is_image else b"\\["
    elif is_image:
        wordless = source[start + 2 : start + 3] == b"]"
        yield start, start + 2, "🖼 [".encode() + (shown if wordless else b"")
    elif source[start + 1 : start + 2] == b"]":
        yield start, start + 1, b"[" + shown


def _escaped(source: bytes) -> bytes:
    return _PUNCTUATION.sub(rb"\\\g<0>", source)


def _is_escaped(source: bytes, at: int) -> bool:
    before = source[:at]
    return (len(before) - len(before.rstrip(b"\\"))) % 2 == 1
