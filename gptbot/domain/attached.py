"""What came with a question beside its words, as the chain keeps it: text of files, pictures, what it replies to."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import orjson

PICTURE_TOKENS = 1_500
"""What a picture takes of the model's window, generously; for trimming only."""


@dataclass(frozen=True, slots=True)
class Attached:
    """`text` was read from documents or heard in recordings; `pictures` are Telegram's file_ids.

    `quote` is the part of a known answer that was marked; `shown`, the message of no known turn that the question
    replies to, the assistant's if `shown_by_us`. `heard`: the question's own words are those of a recording.
    """

    text: str = ""
    pictures: tuple[str, ...] = ()
    quote: str = ""
    shown: str = ""
    shown_by_us: bool = False
    heard: bool = False

    def before(self, words: str) -> str:
        """The question as the model reads it: the files' text, the quote, then what was asked about them."""
        return "\n\n".join(part for part in (self.text, self.quote and f"«{self.quote}»", words) if part)

    def with_caption(self, question: str) -> "Attached":
        """What goes with a caption that was written later; `question`: what was asked without it."""
        if not self.heard:
            return self
        return replace(self, heard=False, text="\n\n".join(filter(None, (heard_words(question), self.text))))

    def to_bytes(self) -> bytes | None:
        """For the row of a turn; None for nothing."""
        return orjson.dumps(asdict(self)) if self != NOTHING else None

    @classmethod
    def from_bytes(cls, stored: bytes | None) -> "Attached":
        if stored is None:
            return NOTHING
        told: dict[str, Any] = orjson.loads(stored)
        return cls(**told | {"pictures": tuple(told["pictures"])})


def heard_words(words: str) -> str:
    """What was heard, beside what is asked about it."""
    return f"«{words}»"


NOTHING = Attached()
