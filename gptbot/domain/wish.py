"""What `/imagine` was asked for: the prompt, and behind it options such as `--size portrait --quality high`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_SHAPES: Final = ("square", "portrait", "landscape")
_CROSSES: Final = str.maketrans("×х", "xx")
"""What people type between two numbers: the sign, and the Cyrillic letter that looks like it."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A picture to be drawn. `size` and `quality` None: the owner's (`IMAGE_SIZE`, `IMAGE_QUALITY`)."""

    prompt: str
    size: str | None = None
    quality: str | None = None


def parse_wish(text: str, sizes: Sequence[str], qualities: Sequence[str]) -> Wish | None:
    """The wish in the words behind `/imagine`; None if there is no prompt or an option is not understood.

    Options come last: `--size` and `--quality` with a value of the lists, or the value alone (`--high`). A size may be
    called by its shape, which means the first of that shape. Phones turn two hyphens into a dash: that is taken, too.
    """
    choices = {"size": _shapes(sizes) | _by_name(sizes), "quality": _by_name(qualities)}
    begin = _options_begin(text, [*choices, *choices["size"], *choices["quality"]])
    prompt = text[:begin].strip()
    words = iter(text[begin:].lower().translate(_CROSSES).replace("=", " ").split())
    chosen: dict[str, str] = {}
    for word in words:
        option = _option(word, words, choices)
        if option is None:
            return None
        chosen |= option
    return Wish(prompt, **chosen) if prompt else None


def _option(word: str, rest: Iterator[str], choices: Mapping[str, Mapping[str, str]]) -> dict[str, str] | None:
    """The option that `word` begins, with its value, if need be from `rest`; None if it is none."""
    name = word.removeprefix("--").lstrip("—–")
    if name == word:
        return None
    if name in choices:
        value = choices[name].get(next(rest, ""))
        return None if value is None else {name: value}
    return next(({option: values[name]} for option, values in choices.items() if name in values), None)


def _options_begin(text: str, known: Sequence[str]) -> int:
    """Where the first option stands. Behind a dash only words that are options count: dashes stand in prose, too."""
    names = "|".join(map(re.escape, known))
    option = re.compile(rf"(?<!\S)(?:--[a-z0-9×х]+|[—–](?:{names}))(?=[\s=]|$)", re.IGNORECASE)
    found = option.search(text)
    return found.start() if found else len(text)


def _by_name(values: Sequence[str]) -> dict[str, str]:
    return {value.lower(): value for value in values}


def _shapes(sizes: Sequence[str]) -> dict[str, str]:
    """The first size of each shape."""
    found: dict[str, str] = {}
    for size in sizes:
        width, _, height = size.partition("x")
        if width.isdecimal() and height.isdecimal():
            shape = _SHAPES[(int(width) < int(height)) + 2 * (int(width) > int(height))]
            found.setdefault(shape, size)
    return found
