"""Files of text, in whatever encoding they are: UTF-8 and UTF-16 are recognised here, the rest by charset-normalizer.

Everything looks only at the beginning of a file, as far as its text is asked for.
"""

import codecs
import io
import re
import unicodedata
from collections import Counter
from typing import Final

from gptbot.ports import DocumentError, DocumentText, DocumentTrouble

SAMPLE_BYTES: Final = 65_536
"""By so much of its beginning it is told whether a file is text, and in which encoding."""
_STEP_BYTES: Final = 65_536
_BYTES_A_CHARACTER_MAX: Final = 4

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16's, which it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_USUAL: Final = ["cp1251", "koi8_r", "cp866", "cp1252", "cp1253"]
"""Tried before the others: charset-normalizer takes a few Russian words for Chinese."""
_OTHERS: Final = [
    "cp1250", "cp1254", "cp1255", "cp1256", "cp1257", "cp874", "cp932", "euc_jis_2004", "gb18030", "big5", "cp949",
]  # fmt: skip
_CONTROL: Final = bytes(set(range(32)) - set(b"\b\t\n\v\f\r\x1a\x1b")) + b"\x7f"
"""What no text holds. Not in it: terminal colours (ESC), backspaces, DOS's mark of the end."""
_CONTROL_SHARE_MAX: Final = 0.1
"""Of text in Unicode, where control characters are no sign of a wrong guess."""


def read_text(content: bytes, characters_max: int) -> DocumentText:
    """The text of a file with its line ends as LF, without NUL and half surrogate pairs.

    Raises DocumentError: NOT_TEXT, EMPTY.
    """
    head = content[: SAMPLE_BYTES + _BYTES_A_CHARACTER_MAX * characters_max]
    bom, encoding = next(((bom, name) for bom, name in _BOMS if content.startswith(bom)), (b"", None))
    if encoding is None:
        encoding = _encoding(head, whole=len(head) == len(content))
    elif not _bears_out(head[len(bom) :], encoding):
        encoding = None
    if encoding is None:
        raise DocumentError(DocumentTrouble.NOT_TEXT, f"{len(content)} bytes")
    read = _decode(content, len(bom), encoding, characters_max)
    if not read.cut and not read.text.strip():
        raise DocumentError(DocumentTrouble.EMPTY, f"{len(content)} bytes")
    return read


def _bears_out(head: bytes, encoding: str) -> bool:
    """Whether what follows a byte order mark is text in that encoding: the mark may be there by chance."""
    text = head.decode(encoding, "replace")
    faults = text.count("\ufffd") - head.count("\ufffd".encode(encoding))
    controls = sum(text.count(chr(byte)) for byte in _CONTROL)
    return faults + controls <= len(text) * _CONTROL_SHARE_MAX


def _encoding(head: bytes, whole: bool) -> str | None:
    """Without a byte order mark. None is for what is no text."""
    sample = head[:SAMPLE_BYTES]
    controls = len(sample) - len(sample.translate(None, _CONTROL))
    if controls and (wide := _utf_16(sample)):
        return wide
    if b"\0" in sample:
        return None
    if _is_utf_8(head, whole):
        return "utf-8" if controls <= len(sample) * _CONTROL_SHARE_MAX else None
    return None if controls else _by_statistics(head)


def _utf_16(sample: bytes) -> str | None:
    """Text of one alphabet: its characters share their high byte, but for blanks, figures and Latin letters.

    Alphabets stand below U+2000. Chinese and Japanese can't be told from chance without a byte order mark.
    """
    low = [sum(byte < 32 for byte in sample[start::2]) for start in (0, 1)]
    encoding = "utf-16-le" if low[1] > low[0] else "utf-16-be"
    try:
        text, _ = codecs.getdecoder(encoding)(sample[: len(sample) & ~1], "strict")
    except UnicodeDecodeError as error:
        if error.start < len(sample) - 3:  # a pair that the end of the sample cuts is no fault
            return None
        text = sample[: error.start].decode(encoding)
    if not text or any(unicodedata.category(char) in ("Cc", "Cn", "Co") and not char.isspace() for char in set(text)):
        return None
    rows = Counter(ord(char) >> 8 for char in text)
    alphabet = max(rows[row] for row in range(1, 32))
    return encoding if (rows[0] + alphabet) * 10 >= len(text) * 9 else None


def _is_utf_8(head: bytes, whole: bool) -> bool:
    """Also with a few faults: a file that was cut, a log in which something odd was written once."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=whole)
    except UnicodeDecodeError:
        decoded = head.decode(errors="replace")
        faults = decoded.count("\ufffd")
        return sum(not char.isascii() for char in decoded) > 10 * faults
    return True


def _by_statistics(head: bytes) -> str | None:
    from charset_normalizer import from_bytes  # not at start: it takes a while

    sample = _with_other_than_ascii(head)
    best = from_bytes(sample, cp_isolation=_USUAL).best() or from_bytes(sample, cp_isolation=_OTHERS).best()
    return best.encoding if best is not None else None


def _with_other_than_ascii(head: bytes) -> bytes:
    """Whole lines, if possible, beginning with the first that holds more than ASCII."""
    found = re.search(rb"[\x80-\xff]", head)
    start = head.rfind(b"\n", 0, found.start()) + 1 if found else 0
    sample = head[start : start + SAMPLE_BYTES]
    end = sample.rfind(b"\n") if start + SAMPLE_BYTES < len(head) else -1
    return sample[:end] if end > 0 else sample


def _decode(content: bytes, start: int, encoding: str, characters_max: int) -> DocumentText:
    """Step by step, and no further than needed. What is no character becomes U+FFFD."""
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)("replace"), translate=True)
    text = ""
    while start < len(content) and len(text) <= characters_max:
        end = start + _STEP_BYTES
        text += decoder.decode(content[start:end], final=end >= len(content)).replace("\0", "")
        start = end
    return DocumentText(text[:characters_max], len(text) > characters_max)
