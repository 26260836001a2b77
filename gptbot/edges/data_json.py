"""Reads the bytes of data.json: exactly, and saying where the fault is when it can't.

The fast parser reads nearly every file. What it refuses or would round (half characters, numbers beyond 64 bits) goes
through the standard library's, so that whatever a hand or another program wrote there comes out again as it was.
"""

import json
import math
import re
from typing import Any

import orjson

_LONG_NUMBER = re.compile(rb"[0-9]{19}")
_KEY = re.compile(r'"((?:[^"\\\n]|\\.)*)"\s*:')
_PAIR = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_HALF = re.compile(rf"(?P<keep>\\\\|{_PAIR})|\\u[dD][89a-fA-F][0-9a-fA-F]{{2}}")


class Unreadable(ValueError):
    """The text is the place of the fault and what is wrong there."""


def parse(content: bytes) -> Any:
    """The document; what is in it can also be written again. Raises Unreadable."""
    content = content.removeprefix(b"\xef\xbb\xbf")
    document = _parse(content)
    try:
        orjson.dumps(document)
    except TypeError as error:
        raise Unreadable(f"an entry that is nested too deep ({error})") from error
    return document


def place_of(content: bytes, path: tuple[str, ...]) -> tuple[int, int]:
    """Line and column of the key that `path` leads to."""
    text = content.decode("utf-8-sig", "replace")
    position = 0
    for key in path:
        found = re.compile(re.escape(json.dumps(key, ensure_ascii=False)) + r"\s*:").search(text, position)
        position = found.start() if found else position
    return text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)


def _parse(content: bytes) -> Any:
    if not _LONG_NUMBER.search(content):
        try:
            return orjson.loads(content)
        except orjson.JSONDecodeError:
            pass
    text = ""
    try:
        text = content.decode("utf-8")
        return json.loads(_without_halves(text), parse_int=_whole, parse_float=_number, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise Unreadable(f"line {error.lineno}, column {error.colno}{_near(error)}: {error.msg}") from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"line {line}, byte {error.start}: it is not UTF-8 text") from error
    except RecursionError as error:
        raise Unreadable("an entry that is nested too deep") from error
    except ValueError as error:
        raise Unreadable(str(error)) from error


def _near(error: json.JSONDecodeError) -> str:
    """The last key before the fault."""
    keys = _KEY.findall(error.doc, max(0, error.pos - 2_000), error.pos)
    return f" (near the key {keys[-1]})" if keys else ""


def _without_halves(text: str) -> str:
    """Escapes that name half a character become the replacement character; whole pairs stay."""
    return _HALF.sub(lambda match: match["keep"] or "\\ufffd", text)


def _whole(digits: str) -> Any:
    if len(digits) <= 20 and -(2**63) <= int(digits) < 2**63:
        return int(digits)
    return orjson.Fragment(digits)


def _number(digits: str) -> Any:
    return float(digits) if math.isfinite(float(digits)) else orjson.Fragment(digits)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name}, which is no number of JSON")
