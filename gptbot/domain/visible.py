"""What a reader sees of a text: whether there is anything at all, and marks of formatting that are still open."""

import re
from typing import Final

_INVISIBLE: Final = re.compile(
    r"[\s\x00-\x1f\x7f-\x9f\u00ad\u034f\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\u2800\u3164\ufe00-\ufe0f\ufeff"
    r"\uffa0]*"
)


def blank(text: str) -> bool:
    """Whether nothing of it can be seen: Telegram refuses white space and invisible characters as empty."""
    return _INVISIBLE.fullmatch(text) is not None


def closed(markdown: str) -> str:
    """A growing answer as it would be if it ended here: what is bold, struck out or code in its last paragraph ends.

    Otherwise its reader would see the marks until their second half comes. Fenced code is left to the renderer.
    """
    if markdown.count("```") % 2:
        return markdown
    text = written = markdown.rstrip()
    for mark in ("`", "**", "~~"):
        if text.endswith(mark[0]) and not text.endswith(mark):
            text = text[:-1].rstrip()  # the other half of the mark is still to come
        if text[text.rfind("\n\n") + 1 :].count(mark) % 2:
            text = text.removesuffix(mark).rstrip() if text.endswith(mark) else text + mark
    return markdown if text == written else text
