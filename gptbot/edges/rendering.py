"""The Renderer: a model's Markdown as Telegram messages. Formatting travels as entities, never as markup."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

import structlog

from gptbot.domain.outgoing import Text
from gptbot.domain.visible import blank
from gptbot.edges.lenient_json import scrub
from gptbot.edges.markdown import convert
from gptbot.edges.rich_markdown import UNITS_MAX, rich_markdown
from gptbot.edges.text_split import Span, split

log = structlog.get_logger()

PIECE_LENGTH: Final = 16_000
"""A long text is converted in pieces of about so many characters: while the parser works, nothing else does."""
PROSE_LENGTH_MAX: Final = 40_000
"""A piece that can't be cut smaller and is longer than this, its code aside, stays as the model wrote it."""

_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MARKUP: Final = re.compile(r"[*_`~\[<>#|\\$&!]|^[ \t]*(?:[-+=]|\d+[.)])|^(?: {4}|\t)|  $", re.MULTILINE)
_TOO_DEEP: Final = re.compile("(?:[ \t]*>){50}")
_FENCE: Final = re.compile(r"[\s>]*(?:(?:[-+*]|\d+[.)])\s+)?(`{3,}|~{3,})")
_DEFINITION: Final = re.compile(r"^ {0,3}\[[^\]]+\]:", re.MULTILINE)
_ODD_INPUT: Final = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    ArithmeticError,
    RecursionError,
)


class TelegramRenderer:
    """Carries out the Renderer port. `render` and `plain` raise ValueError for a text of which nothing can be seen.

    `rich_messages`: never, for what only they can show (tables, formulas, task lists), or for whatever fits.
    """

    def __init__(self, rich_messages: Literal["off", "auto", "on"] = "off") -> None:
        self._rich_messages = rich_messages

    def render(self, markdown: str) -> list[Text]:
        """See the port. What can't be converted comes out as `plain` gives it."""
        text = _tidy(markdown)
        visible = ""
        spans: list[Span] = []
        for piece, prose in _pieces(text):
            words, found = _converted(piece, prose)
            visible += "\n\n" if visible and words else ""
            spans += (Span(span.start + len(visible), span.end + len(visible), span.data) for span in found)
            visible += words
        return split(visible, spans) or split(text)

    def plain(self, markdown: str) -> list[Text]:
        """See the port: the Markdown itself, so that links and code stay readable."""
        return split(_tidy(markdown))

    def rich(self, markdown: str) -> Mapping[str, Any] | None:
        """See the port."""
        if self._rich_messages == "off" or len(markdown) > UNITS_MAX or _TOO_DEEP.search(markdown):
            return None
        try:
            found = rich_markdown(_tidy(markdown))
        except _ODD_INPUT as error:
            log.warning("rendering.plain", reason=type(error).__name__, characters=len(markdown))
            return None
        if found is None or (self._rich_messages == "auto" and not found.helps):
            return None
        return {"markdown": found.text, "skip_entity_detection": True} | ({"is_rtl": True} if found.rtl else {})


def _converted(piece: str, prose: int) -> tuple[str, list[Span]]:
    if not _MARKUP.search(piece):
        return piece, []
    if prose > PROSE_LENGTH_MAX or _TOO_DEEP.search(piece):
        log.warning("rendering.plain", reason="too long or too deep", characters=len(piece))
        return piece, []
    try:
        return convert(piece)
    except _ODD_INPUT as error:
        log.warning("rendering.plain", reason=type(error).__name__, characters=len(piece))
        return piece, []


def _pieces(text: str) -> Iterator[tuple[str, int]]:
    """`text` cut where a paragraph begins at the margin outside of code, each piece with its length without code.

    Not cut where links are defined for all of it.
    """
    begin = place = prose = 0
    fence = ""
    after_blank = False
    cuttable = len(text) > PIECE_LENGTH and not _DEFINITION.search(text)
    for line in text.splitlines(keepends=True):
        if cuttable and after_blank and not fence and not line[0].isspace() and place - begin >= PIECE_LENGTH:
            yield text[begin:place].rstrip(), prose
            begin, prose = place, 0
        found = _FENCE.match(line)
        if found is not None and (not fence or found[1].startswith(fence)):
            fence = "" if fence else found[1]
            prose += len(line)
        elif not fence:
            prose += len(line)
        after_blank = line.isspace()
        place += len(line)
    yield text[begin:], prose


def _tidy(markdown: str) -> str:
    text = _CONTROLS.sub("", scrub(markdown).replace("\r\n", "\n").replace("\r", "\n"))
    if blank(text):
        raise ValueError("there is nothing to show")
    return text
