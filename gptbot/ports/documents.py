"""Documents that people send: what is written in them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class DocumentTrouble(StrEnum):
    """Each has its own text for the user."""

    NOT_TEXT = "not_text"  # neither text nor a PDF
    LOCKED = "locked"  # a PDF that asks for a password
    EMPTY = "empty"  # no words in it (a scanned PDF, an empty file)
    BROKEN = "broken"  # a PDF that can't be read, or not within the limits of time and memory


class DocumentError(Exception):
    """Nothing can be read. `detail` is for the log."""

    def __init__(self, trouble: DocumentTrouble, detail: str) -> None:
        super().__init__(f"{trouble}: {detail}")
        self.trouble = trouble
        self.detail = detail


@dataclass(frozen=True, slots=True)
class DocumentText:
    """What is written in a document; `cut`: its end is missing, for it is longer than what was asked for."""

    text: str
    cut: bool


class DocumentReader(Protocol):
    async def read(self, content: bytes, characters_max: int) -> DocumentText:
        """The text of a text file, source code or PDF, told apart by their content. Raises DocumentError."""
        ...
