"""The words of one PDF, read by a process of its own, so that a hostile file can hurt nobody else.

A script without anything of the bot in it; `edges/documents.py` runs it as
`python -I -S pdf_text.py <characters_max> <processor seconds> <folder that holds pypdf>`.
The PDF comes on stdin; what leaves on stdout is one JSON object: `{"text", "cut"}`, or `{"trouble", "detail"}`.
"""

import json
import os
import resource
import sys
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pypdf import PdfReader

MEMORY_BYTES: Final = 1 << 30
PAGE_BREAK: Final = "\n\n"


def main() -> None:
    characters_max, processor_s, libraries = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    sys.excepthook = _tell_broken
    sys.path.append(libraries)
    from pypdf import PdfReader  # before the limits: Python may keep its compiled form on the disk

    give_up_rights(processor_s)
    reader = PdfReader(BytesIO(sys.stdin.buffer.read()))
    # Many PDFs are encrypted with an empty password, only to forbid printing.
    if reader.is_encrypted and not reader.decrypt(""):
        _tell({"trouble": "locked", "detail": "asks for a password"})
    else:
        _tell(words(reader, characters_max))


def give_up_rights(processor_s: int) -> None:
    """So much time and memory, no files, and behind everybody else; as far as the system knows such limits."""
    for kind, most in (
        (resource.RLIMIT_CPU, processor_s),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with suppress(ValueError, OSError):  # macOS knows RLIMIT_AS but refuses it
            resource.setrlimit(kind, (soft, soft))
    os.nice(10)
    with suppress(OSError):  # Linux: where memory is short, this goes first, not the bot
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def words(reader: "PdfReader", characters_max: int) -> dict[str, object]:
    """Pages without words leave no gap; no page is read after the text is longer than what was asked for."""
    text = ""
    for page in reader.pages:
        if more := clean(page.extract_text()):
            text = f"{text}{PAGE_BREAK}{more}" if text else more
        if len(text) > characters_max:
            return {"text": text[:characters_max], "cut": True}
    return {"text": text, "cut": False} if text else {"trouble": "empty", "detail": f"{len(reader.pages)} pages"}


def clean(text: str) -> str:
    """Without NUL, half a surrogate pair and foreign line ends; a PDF can name any character it likes."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n").strip()


def _tell(outcome: dict[str, object]) -> None:
    sys.stdout.buffer.write(json.dumps(outcome, ensure_ascii=False).encode())
    sys.stdout.buffer.flush()


def _tell_broken(kind: type[BaseException], _error: BaseException, _trace: TracebackType | None) -> None:
    """Only the kind of the error: its words may quote the document."""
    _tell({"trouble": "broken", "detail": kind.__name__})


if __name__ == "__main__":
    main()
