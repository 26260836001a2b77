"""Every word a person sees, in English and Russian: meanings in, words out.

A template may hold `<b>`, `<i>`, `<code>` and `<expandable_blockquote>` (which Telegram folds when it is long), and
placeholders: `{name}` for a value, `{count:token}` for a number with its noun in the right plural form. Tags are read
from the template only and become entities; values are put in as they are. So nothing that a user wrote can ever be
markup.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from gptbot.domain.outgoing import Text
from gptbot.domain.rules import Language
from gptbot.texts import en, ru

LANGUAGES: dict[Language, Mapping[str, str]] = {"en": en.TEXTS, "ru": ru.TEXTS}
NOUNS: dict[Language, Mapping[str, tuple[str, ...]]] = {"en": en.NOUNS, "ru": ru.NOUNS}
LANGUAGE_NAMES: dict[Language, str] = {"en": "English", "ru": "Русский"}

_TOKEN = re.compile(r"<(/?)(b|i|code|expandable_blockquote)>|\{(\w+)(?::(\w+))?\}")
_ENTITY = {"b": "bold", "i": "italic", "code": "code", "expandable_blockquote": "expandable_blockquote"}


class _Piece(NamedTuple):
    """A bit of a template: literal text, a placeholder, or a tag that opens or closes."""

    literal: str = ""
    placeholder: str = ""
    noun: str = ""
    opens: str = ""
    closes: str = ""


def language_for(chosen: Language | None, owner: Language | None, code: str | None) -> Language:
    """What somebody is spoken to in: their choice, else the owner's setting, else Telegram's language code."""
    return chosen or owner or ("ru" if (code or "").lower().startswith("ru") else "en")


class Words:
    """The texts in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._texts = LANGUAGES[language]

    def __call__(self, key: str, /, **values: object) -> Text:
        """The text `key` with its values and formatting. Raises KeyError for an unknown key or a missing value."""
        text = ""
        units = 0  # length so far in UTF-16 units, which Telegram counts in
        entities: list[dict[str, object]] = []
        opened: dict[str, int] = {}
        for piece in _parse(self._texts[key]):
            if piece.opens:
                opened[piece.opens] = units
            elif piece.closes:
                start = opened.pop(piece.closes)
                if units > start:
                    entities.append({"type": _ENTITY[piece.closes], "offset": start, "length": units - start})
            else:
                part = piece.literal or self._value(piece, values)
                text += part
                units += len(part.encode("utf-16-le", "surrogatepass")) // 2
        return Text(text, entities)

    def plain(self, key: str, /, **values: object) -> str:
        """The same without formatting: button labels, pop-ups, command descriptions."""
        return self(key, **values).text

    def count(self, number: int, noun: str) -> str:
        """`number` with its noun: "1 token", "5 токенов"."""
        return f"{number} {plural(self.language, number, NOUNS[self.language][noun])}"

    def _value(self, piece: _Piece, values: Mapping[str, object]) -> str:
        value = values[piece.placeholder]
        if piece.noun:
            if not isinstance(value, int):
                raise TypeError(f"{piece.placeholder} counts {piece.noun} and must be a whole number")
            return self.count(value, piece.noun)
        return str(value)


def plural(language: Language, number: int, forms: tuple[str, ...]) -> str:
    """The form that goes with `number` (CLDR rules): English one, other; Russian one, few, many."""
    number = abs(number)
    if language == "ru":
        if number % 10 == 1 and number % 100 != 11:
            return forms[0]
        if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14):
            return forms[1]
        return forms[2]
    return forms[0] if number == 1 else forms[1]


def join(*texts: Text, by: str = "\n") -> Text:
    """Several texts as one, their entities moved along."""
    text = ""
    entities: list[Mapping[str, object]] = []
    for part in texts:
        if text:
            text += by
        shift = len(text.encode("utf-16-le", "surrogatepass")) // 2
        entities += [{**entity, "offset": int(str(entity["offset"])) + shift} for entity in part.entities]
        text += part.text
    return Text(text, entities)


@cache
def _parse(template: str) -> tuple[_Piece, ...]:
    pieces: list[_Piece] = []
    position = 0
    for match in _TOKEN.finditer(template):
        if match.start() > position:
            pieces.append(_Piece(literal=template[position : match.start()]))
        closing, tag, placeholder, noun = match.groups()
        if tag:
            pieces.append(_Piece(closes=tag) if closing else _Piece(opens=tag))
        else:
            pieces.append(_Piece(placeholder=placeholder, noun=noun or ""))
        position = match.end()
    if position < len(template):
        pieces.append(_Piece(literal=template[position:]))
    return tuple(pieces)
