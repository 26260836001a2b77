"""A model's Markdown as text with spans, through telegramify-markdown's walker over pyromark's events.

The walker is kept from losing what the model wrote: raw HTML stays as text, `||` and a lone `$` or `~` are no markup,
addresses that Telegram can't link are shown, and link definitions that nothing refers to are appended.
"""

import re
from collections.abc import Container, Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

import pyromark
from telegramify_markdown import RenderConfig
from telegramify_markdown.converter import STANDARD_OPTIONS, EventWalker
from telegramify_markdown.entity import MessageEntity
from telegramify_markdown.latex_escape.const import COMBINING
from telegramify_markdown.latex_escape.helper import LatexToUnicodeHelper

from gptbot.edges.text_split import Span

Events = tuple[tuple[Any, Any], ...]
"""pyromark's events, each with the bytes of the source that it comes from."""

FORMULA_MAX: Final = 1000
ACCENTS_MAX: Final = 6
_PASSES_MAX: Final = 8
WEB: Final = re.compile(r"https?://[^\s/?#]+\.[^\s/?#.]+\S*|tg://\S+")
_MATH: Final = re.compile(r"\\[A-Za-z]|[\^=<>+]|_\{|\b[A-Za-z]_\w|^\s*[A-Za-z]\w?'*\s*$")
_ACCENTS: Final = re.compile(
    "|".join(re.escape(name) + ("(?![A-Za-z])" if name[-1].isalpha() else "") for name in ("\\sqrt", *COMBINING))
)
_LATEX: Final = re.compile(rb"(?<!\\)\\\((.{1,1000}?)\\\)|(?<!\\)\\\[(.{1,1000}?)\\\]", re.DOTALL)
_BLANK_LINES: Final = re.compile(r"\n\s*\n")
_LANGUAGE: Final = re.compile(r"[\w+#.-]{1,32}")
_latex = LatexToUnicodeHelper()


def convert(markdown: str) -> tuple[str, list[Span]]:
    """Visible text and its formatting, in order of the spans' starts. May raise whatever odd input makes it raise."""
    text, events = parse(markdown)
    walker = _Walker(_config(), text)
    visible, entities, _ = walker.walk(events)
    loose = loose_definitions(text, walker.references)
    return "\n\n".join(part for part in (visible, "\n".join(loose)) if part), nested(_spans(visible, entities))


def loose_definitions(text: str, used: Container[str]) -> list[str]:
    """Link definitions that nothing refers to, which a parser leaves out. `used`: labels of links, case-folded."""
    return [
        f"[{label}]: {definition['dest']}"
        for label, definition in pyromark.reference_definitions(text, options=STANDARD_OPTIONS).items()
        if label.casefold() not in used
    ]


def nested(spans: Sequence[Span]) -> list[Span]:
    """Only what Telegram allows inside one another (Bot API, "Formatting options"): no entity within its own kind, no
    quote in a quote, nothing in code. Styles around code are interrupted by it; code within a link gives way."""
    kept: list[Span] = []
    gaps: list[list[tuple[int, int]]] = []  # for each kept span, the code inside it
    enclosing: list[int] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end, span.kind in _CODE)):
        while enclosing and kept[enclosing[-1]].end <= span.start:
            enclosing.pop()
        kinds = {kept[index].kind.removeprefix("expandable_") for index in enclosing}
        is_code = span.kind in _CODE
        if span.kind.removeprefix("expandable_") in kinds or kinds & _CODE or (is_code and "text_link" in kinds):
            continue
        if is_code:
            for index in enclosing:
                gaps[index].append((span.start, span.end))
        enclosing.append(len(kept))
        kept.append(span)
        gaps.append([])
    pieces = [piece for span, holes in zip(kept, gaps, strict=True) for piece in _without(span, holes)]
    return sorted(pieces, key=lambda span: (span.start, -span.end))


_CODE: Final = frozenset({"code", "pre"})
_STYLES: Final = frozenset({"bold", "italic", "underline", "strikethrough"})


def _without(span: Span, holes: list[tuple[int, int]]) -> Iterator[Span]:
    if span.kind not in _STYLES:
        yield span
        return
    start = span.start
    for hole_start, hole_end in [*holes, (span.end, span.end)]:
        if start < hole_start:
            yield Span(start, hole_start, span.data)
        start = hole_end


class _Walker(EventWalker):
    """telegramify-markdown's walker, with the places mended where it loses something."""

    def __init__(self, config: RenderConfig, source: str) -> None:
        super().__init__(config, source)
        self.references: set[str] = set()  # labels of the link definitions that were used
        self._links: list[tuple[int, str, str]] = []  # open ones: where they began, address, what to show behind them

    def _handle_event(self, event: tuple[Any, Any]) -> None:
        payload, source_range = event
        if isinstance(payload, dict) and ("Html" in payload or "InlineHtml" in payload):
            self._on_raw_html(payload.get("Html") or payload["InlineHtml"])
        elif payload == {"Start": "HtmlBlock"} and not self._list_stack:
            self._ensure_block_spacing(source_range["start"])
        elif payload == {"End": "HtmlBlock"}:
            self._mark_block_end()
        else:
            super()._handle_event(event)

    def _on_raw_html(self, html: str) -> None:
        in_cell_break = self._in_table_cell and html.lower().startswith("<br")
        self._on_text(" " if in_cell_break else html)

    def _on_inline_math(self, math: str) -> None:
        self._on_math(math, "code")

    def _on_display_math(self, math: str, source_range: dict[str, int] | None = None) -> None:
        if not self._in_table_cell:
            self._ensure_block_spacing(self._source_start(source_range))
        self._on_math(math.strip(), "pre")

    def _on_math(self, math: str, kind: str) -> None:
        formula = _readable(math)
        if self._in_table_cell:
            self._cell_parts.append(formula)
            return
        self._push_entity(kind)
        self._buf.write(formula)
        self._pop_entity(kind)
        if kind == "pre":
            self._mark_block_end()

    def _on_end_code_block(self) -> None:
        language = _LANGUAGE.match(self._code_block_lang)
        self._code_block_lang = language[0] if language else ""
        super()._on_end_code_block()

    def _on_start_link(self, link_data: dict[str, Any]) -> None:
        self._open_link(link_data)

    def _on_start_image(self, image_data: dict[str, Any]) -> None:
        self._on_text(self._config.markdown_symbol.image)
        self._open_link(image_data)

    def _open_link(self, data: dict[str, Any]) -> None:
        url = data["dest_url"]
        self.references.add(data["id"].casefold())
        linked = WEB.fullmatch(url) is not None and not self._in_table_cell
        shown = not url or linked or data["link_type"] in ("Autolink", "Email")
        self._links.append((self._buf.py_offset, url, "" if shown else f" ({url})"))
        self._push_entity("text_link" if linked else "", url=url)

    def _on_end(self, tag: Any) -> None:
        if tag not in ("Link", "Image"):
            super()._on_end(tag)
            return
        start, url, behind = self._links.pop()
        if self._buf.py_offset == start and not behind:
            self._on_text(url)
        self._pop_entity_any()
        self._on_text(behind)


def _readable(formula: str) -> str:
    """LaTeX as Unicode as far as that goes. Each accent in an accent doubles the result, so their number is limited."""
    if len(formula) > FORMULA_MAX or len(_ACCENTS.findall(formula)) > ACCENTS_MAX:
        return formula
    readable: str = _latex.convert(formula).strip()  # type: ignore[no-untyped-call]  # the library has no types here
    return readable if 0 < len(readable) <= 4 * len(formula) else formula


def _config() -> RenderConfig:
    config = RenderConfig.isolated()
    symbols = config.markdown_symbol
    symbols.heading_level_1 = symbols.heading_level_2 = symbols.heading_level_3 = symbols.heading_level_4 = ""
    symbols.unordered_list_item = "•"
    symbols.task_uncompleted = "⬜"
    symbols.image = "🖼 "
    return config


def _spans(text: str, entities: Sequence[MessageEntity]) -> list[Span]:
    """The library's entities, which count UTF-16 units, as spans."""
    index_of: Sequence[int] = range(len(text) + 1)
    if not text.isascii():
        index_of = [index for index, character in enumerate(text) for _ in range(1 + (character > "\uffff"))]
        index_of.append(len(text))
    found = []
    for entity in entities:
        data = entity.to_dict()
        start, length = data.pop("offset"), data.pop("length")
        if entity.type:
            found.append(Span(index_of[start], index_of[start + length], data))
    return found


def parse(markdown: str) -> tuple[str, Events]:
    """`markdown` with formulas as $…$ and with those delimiters escaped that mean nothing; the events of that text."""
    text = _with_dollars(markdown)
    for _ in range(_PASSES_MAX):  # escaping one can give meaning to another
        events: Events = tuple(pyromark.events_with_range(text, options=STANDARD_OPTIONS))
        offsets = _literal_delimiters(text.encode(), events)
        if not offsets:
            return text, events
        text = _escaped_at(text, offsets)
    plainer = STANDARD_OPTIONS & ~(pyromark.Options.ENABLE_MATH | pyromark.Options.ENABLE_STRIKETHROUGH)
    return text, tuple(pyromark.events_with_range(text, options=plainer))


def parse_again(text: str) -> tuple[str, Events]:
    """`text` as it is, with its events."""
    return text, tuple(pyromark.events_with_range(text, options=STANDARD_OPTIONS))


def _literal_delimiters(source: bytes, events: Events) -> list[int]:
    """Where a `$` stands for money or a variable and a `~` for "about" (byte offsets)."""
    offsets: list[int] = []
    for payload, source_range in events:
        start, end = source_range["start"], source_range["end"]
        if not isinstance(payload, dict):
            continue
        if payload == {"Start": "Strikethrough"} and source[start + 1 : start + 2] != b"~":
            offsets += (start, end - 1)
        elif "InlineMath" in payload:
            next_to_word = source[end : end + 1].isalnum() or source[start - 1 : start].isalnum()
            if next_to_word or not _MATH.search(payload["InlineMath"]):
                offsets += (start, end - 1)
        elif "DisplayMath" in payload and not _MATH.search(payload["DisplayMath"]):
            offsets += (start, start + 1, end - 2, end - 1)
    return offsets


def _escaped_at(text: str, offsets: Sequence[int]) -> str:
    source = text.encode()
    return b"\\".join(source[start:end] for start, end in pairwise([0, *sorted(offsets), len(source)])).decode()


def _with_dollars(text: str) -> str:
    r"""`text` with \(…\) and \[…\] as $…$ and $$…$$, outside code and where they hold a formula."""
    if "\\(" not in text and "\\[" not in text:
        return text
    source, done = text.encode(), 0
    parts: list[bytes] = []
    for payload, source_range in pyromark.events_with_range(text, options=STANDARD_OPTIONS):
        start = payload.get("Start") if isinstance(payload, dict) else None
        is_block = isinstance(start, dict) and "CodeBlock" in start
        if is_block or (isinstance(payload, dict) and "Code" in payload):
            code = slice(source_range["start"], source_range["end"])
            parts += (_LATEX.sub(_dollars, source[done : code.start]), source[code])
            done = code.stop
    parts.append(_LATEX.sub(_dollars, source[done:]))
    return b"".join(parts).decode()


def _dollars(found: re.Match[bytes]) -> bytes:
    inline, display = found[1], found[2]
    formula = (inline or display).decode().strip()
    if "$" in formula or not _MATH.search(formula):
        return found[0]
    formula = _BLANK_LINES.sub("\n", formula)
    return (f"${formula}$" if inline else f"$${formula}$$").encode()
