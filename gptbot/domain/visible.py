"""Whether a text shows anything: Telegram refuses a message of white space and invisible characters as empty."""

import re
from typing import Final

_INVISIBLE: Final = re.compile(
    r"[\s\x00-\x1f\x7f-\x9f\u00ad\u034f\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\u2800\u3164\ufe00-\ufe0f\ufeff"
    r"\uffa0]*"
)


def blank(text: str) -> bool:
    """Whether nothing of it can be seen."""
    return _INVISIBLE.fullmatch(text) is not None
