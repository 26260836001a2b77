"""What people wrote (names, questions) as a part of the bot's own messages, so that it can do no harm there.

Formatting is no danger: texts are sent with entities, never parsed. What is left are characters that move others:
line breaks, invisible ones, those that turn the writing direction, piles of accents, and words that Telegram itself
makes a tappable command of.
"""

import re
import unicodedata

FIRST_STRONG_ISOLATE = "\u2068"
POP_ISOLATE = "\u2069"
WORD_JOINER = "\u2060"
"""Invisible, but no letter: a slash in front of it starts no command."""

NAME_MAX = 40
_ACCENTS_MAX = 2
_NAMELESS = "—"

_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Co"))
_EMOJI = frozenset(("So", "Sk", "Mn"))
_JOINER = "\u200d"
_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters by their category, but nothing to see."""
_COMMAND = re.compile(r"(?<![\w/<>])/(?=\w)")
_PLAIN = re.compile(r"[0-9A-Za-zА-Яа-яЁё_.,!?()-]+(?: [0-9A-Za-zА-Яа-яЁё_.,!?()-]+)*")
"""What nothing can be wrong with; nearly every name."""


def safe_name(name: str, limit: int = NAME_MAX) -> str:
    """`name` on one line, at most `limit` characters, isolated from the direction of what stands around it.

    A name of which nothing can be seen becomes a dash.
    """
    return FIRST_STRONG_ISOLATE + (safe_line(name, limit) or _NAMELESS) + POP_ISOLATE


def safe_line(text: str, limit: int) -> str:
    """The same for any text, without the isolation; empty where nothing can be seen."""
    if len(text) <= limit and _PLAIN.fullmatch(text):
        return text
    text = text[: 8 * limit]  # enough to fill the line; the rest costs nothing
    line = "".join(_visible(" ".join(text.split())))
    line = " ".join(line.split())
    if len(line) > limit:
        line = line[: limit - 1].rstrip() + "…"
    return _COMMAND.sub("/" + WORD_JOINER, line)


def _visible(text: str) -> list[str]:
    """The characters that may stay: no control or format characters, half characters, or third accents."""
    kept: list[str] = []
    accents = 0
    for character in text:
        category = unicodedata.category(character)
        if category in _INVISIBLE or character in _BLANK_LETTERS:
            if character == _JOINER and kept and unicodedata.category(kept[-1]) in _EMOJI:
                kept.append(character)  # a family is one emoji
            continue
        accents = accents + 1 if category in ("Mn", "Me") else 0
        if accents <= _ACCENTS_MAX:
            kept.append(character)
    return kept
