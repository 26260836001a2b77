"""The Renderer: a model's Markdown as Telegram messages. Formatting travels as entities, never as markup."""

import re
from typing import Final

import structlog

from gptbot.domain.outgoing import Text
from gptbot.edges.lenient_json import scrub
from gptbot.edges.markdown import convert
from gptbot.edges.text_split import blank, split

log = structlog.get_logger()

MARKDOWN_MAX: Final = 200_000
"""Longer texts are sent plain: converting them would hold the event loop for too long."""

_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MARKUP: Final = re.compile(r"[*_`~\[<>#|\\$&!]|^[ \t]*(?:[-+=]|\d+[.)])|^(?: {4}|\t)|  $", re.MULTILINE)
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
    """Carries out the Renderer port. Both methods raise ValueError for a text of which nothing can be seen."""

    def render(self, markdown: str) -> list[Text]:
        """See the port. What can't be converted comes out as `plain` gives it."""
        text = _tidy(markdown)
        if len(text) > MARKDOWN_MAX or not _MARKUP.search(text):
            return split(text)
        try:
            parts = split(*convert(text))
        except _ODD_INPUT as error:
            log.warning("rendering.plain", reason=type(error).__name__, characters=len(text))
            parts = []
        return parts or split(text)

    def plain(self, markdown: str) -> list[Text]:
        """See the port: the Markdown itself, so that links and code stay readable."""
        return split(_tidy(markdown))


def _tidy(markdown: str) -> str:
    text = _CONTROLS.sub("", scrub(markdown).replace("\r\n", "\n").replace("\r", "\n"))
    if blank(text):
        raise ValueError("there is nothing to show")
    return text
