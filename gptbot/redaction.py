"""Takes secrets out of whatever leaves the process as text: log lines, error messages (SPEC §8, "secrets")."""

import json
import re
from collections.abc import Iterable

MASK = "[secret]"

EXACT_LENGTH_MIN = 6
"""Shorter secrets (a local server's key "x") are left alone: masking them would make every line unreadable."""

_MASK = MASK.encode()
# A bot token; an OpenAI key. A letter before "sk-" makes a short one a word ("task-list"), unless an escape (\n).
_SHAPES = re.compile(
    rb"[0-9]{6,}:[A-Za-z0-9_-]{30,}|sk-[A-Za-z0-9_-]{20,}|(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))sk-[A-Za-z0-9_-]{8,}"
)
_HINT = re.compile(rb":[A-Za-z0-9_-]{30}|sk-")


class Redactor:
    """Replaces the given secrets, and anything shaped like a bot token or an OpenAI key, by `MASK`.

    It works on finished text (a whole JSON line, a whole message), so nothing nested can slip past it.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        exact = {form for secret in secrets if len(secret) >= EXACT_LENGTH_MIN for form in _written_forms(secret)}
        longest_first = sorted(exact, key=len, reverse=True)
        self._exact = tuple(secret.encode() for secret in longest_first)

    def text(self, text: str) -> str:
        """`text` without secrets."""
        return self.raw(text.encode(errors="surrogatepass")).decode(errors="surrogatepass")

    def raw(self, text: bytes) -> bytes:
        """The same for UTF-8 bytes. Runs for every log line: the hint spares nearly all of them the slow search."""
        for secret in self._exact:
            text = text.replace(secret, _MASK)
        return _SHAPES.sub(_MASK, text) if _HINT.search(text) else text


def _written_forms(secret: str) -> set[str]:
    """A secret as it is and as JSON and `repr` write it; of a bot token the part after the colon alone, too."""
    forms = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]}
    bot_id, colon, rest = secret.partition(":")
    if colon and bot_id.isdecimal() and len(rest) >= 2 * EXACT_LENGTH_MIN:
        forms.add(rest)
    return forms
