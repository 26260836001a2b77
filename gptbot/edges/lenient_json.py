"""Reading JSON and text from servers that we do not control."""

import json
import re
from typing import Any, Final

import orjson

_SURROGATES: Final = re.compile("[\ud800-\udfff]")


def loads(body: bytes) -> Any:
    """`body` as JSON; reads what orjson refuses too: lone surrogates, bytes that are not UTF-8. Raises ValueError."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {type(error).__name__}") from None


def dumps(value: object) -> bytes:
    """`value` as JSON in UTF-8, with integers of any size and with U+FFFD for lone surrogates."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return scrub(json.dumps(value, ensure_ascii=False)).encode()


def scrub(text: str) -> str:
    """`text` without NULs, and with surrogate pairs joined or, where one is alone, replaced by U+FFFD."""
    if text.isascii():
        return text.replace("\0", "")
    if _SURROGATES.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\0", "")


def as_dict(value: object) -> dict[str, Any]:
    """`value` if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def whole_number(value: object) -> int | None:
    """`value` if it is an integer of at most 64 bits (with sign): what SQLite and the Bot API can hold."""
    if isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63:
        return value
    return None
