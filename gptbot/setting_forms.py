"""How the text of one setting becomes its value: kind where the meaning is plain, else a word on what is expected.

Every form carries `expected`, one phrase that the error message shows and that example.env repeats.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BeforeValidator

from gptbot.domain.payments import PACKAGES_MAX, read_packages

_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:[ _]\d{3})+|\d*)(?:\.\d*)?(?:e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)
_WORDS_FOR_TRUE = ("true", "yes", "on", "1")
_WORDS_FOR_FALSE = ("false", "no", "off", "0")
_TELEGRAM_ID_MAX = 2**52  # Bot API: ids have at most 52 significant bits


@dataclass(frozen=True, slots=True)
class Form:
    """Reads one value. `read` raises ValueError; what the person then sees is `expected`."""

    expected: str
    read: Callable[[str], object]

    def __call__(self, value: object) -> object:
        if not isinstance(value, str):  # made in code, not read from text
            return value
        try:
            return self.read(value)
        except (ValueError, RuntimeError) as error:  # RuntimeError: Path.expanduser without a home
            raise ValueError(self.expected) from error


def _form(expected: str, read: Callable[[str], object]) -> BeforeValidator:
    return BeforeValidator(Form(expected, read))


def _number(text: str) -> float:
    """`1e5`, `30_000` and `30 000` are plain; `30,000` is not (a decimal comma in half the world)."""
    if not _NUMBER.fullmatch(text):
        raise ValueError
    return float(re.sub("[ _]", "", text))


def whole(low: int, high: int) -> BeforeValidator:
    """A whole number from `low` to `high`."""

    def read(text: str) -> int:
        value = _number(text)
        if not (low <= value <= high and value.is_integer()):
            raise ValueError
        return int(value)

    return _form(f"a whole number from {low} to {high}", read)


def number(low: float, high: float) -> BeforeValidator:
    """A number from `low` to `high`, both finite."""

    def read(text: str) -> float:
        value = _number(text)
        if not low <= value <= high:
            raise ValueError
        return value

    return _form(f"a number from {low:g} to {high:.15g} (decimals after a point)", read)


def choice(*words: str, **synonyms: str) -> BeforeValidator:
    """One of `words` in any case; `synonyms` maps further spellings to one of them."""

    def read(text: str) -> str:
        word = synonyms.get(text.lower(), text.lower())
        if word not in words:
            raise ValueError
        return word

    return _form(f"one of {', '.join(words)}", read)


def flag() -> BeforeValidator:
    def read(text: str) -> bool:
        if text.lower() not in _WORDS_FOR_TRUE + _WORDS_FOR_FALSE:
            raise ValueError
        return text.lower() in _WORDS_FOR_TRUE

    return _form("true or false", read)


def matching(pattern: str, expected: str) -> BeforeValidator:
    """Text that matches `pattern` as a whole."""
    compiled = re.compile(pattern, re.ASCII)

    def read(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ValueError
        return text

    return _form(expected, read)


def matching_or_off(pattern: str, expected: str) -> BeforeValidator:
    """The same, or the word `off`, which is read as None."""
    compiled = re.compile(pattern, re.ASCII)

    def read(text: str) -> str | None:
        if not compiled.fullmatch(text):
            raise ValueError
        return None if text.lower() == "off" else text

    return _form(f"{expected}, or off", read)


def words(pattern: str, expected: str) -> BeforeValidator:
    """Several words with commas (or blanks) between, each of which matches `pattern`; doubles count once."""
    compiled = re.compile(pattern, re.ASCII)

    def read(text: str) -> tuple[str, ...]:
        found = [word for word in re.split(r"[,;\s]+", text) if word]
        if not found or not all(map(compiled.fullmatch, found)):
            raise ValueError
        return tuple(dict.fromkeys(found))

    return _form(expected, read)


def packages() -> BeforeValidator:
    """What is sold for Stars: purse:amount:Stars."""
    return _form(
        "packages like tokens:100000:50 (purse:amount:Stars; the purse is tokens, premium or images), all different, "
        f"with commas between, at most {PACKAGES_MAX}",
        read_packages,
    )


def free_text(length_max: int) -> BeforeValidator:
    def read(text: str) -> str:
        if len(text) > length_max or "\0" in text:
            raise ValueError
        return text

    return _form(f"text of at most {length_max} characters", read)


def url(*schemes: str, with_port: bool = False) -> BeforeValidator:
    """An address with one of `schemes` and a host, without query; a slash at the end is taken off."""
    example = f"{schemes[0]}://host" + (":port" if with_port else "")

    def read(text: str) -> str:
        text = re.sub("^socks5h:", "socks5:", text)  # the same here: a socks5 proxy resolves the names
        parts = urlsplit(text)
        if parts.scheme not in schemes or not parts.hostname or parts.query or parts.fragment:
            raise ValueError
        if not text.isprintable() or " " in text or (with_port and not parts.port):
            raise ValueError
        _ = parts.port  # raises for a port that is no number or too large
        return text.rstrip("/")

    return _form(f"an address like {example} ({', '.join(schemes)})", read)


def path() -> BeforeValidator:
    """A file or folder; relative to the working folder of the start, `~` is the home folder."""

    def read(text: str) -> Path:
        if not text.isprintable():
            raise ValueError
        return Path(text).expanduser().absolute()

    return _form("a path", read)


def person_ids() -> BeforeValidator:
    """Telegram ids of people, comma-separated (blanks, semicolons and brackets are forgiven); doubles count once."""
    return _form(
        "the numeric Telegram id of the admin, or several with commas between (@userinfobot tells yours; "
        "names and the negative ids of groups won't do)",
        lambda text: _ids(text, "[0-9]{1,16}"),
    )


def chat_ids() -> BeforeValidator:
    """The same for people and groups."""
    return _form(
        "numeric Telegram ids with commas between: of users, and of groups (those are negative)",
        lambda text: _ids(text, "-?[0-9]{1,16}"),
    )


def _ids(text: str, pattern: str) -> tuple[int, ...]:
    words = [word for word in re.split(r"[,;\s]+", text.strip("[](){} ")) if word]
    if not words or not all(re.fullmatch(pattern, word) and 0 < abs(int(word)) < _TELEGRAM_ID_MAX for word in words):
        raise ValueError
    return tuple(dict.fromkeys(map(int, words)))
