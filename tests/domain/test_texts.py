"""Every word a person sees: complete in every language, never parsed out of what a user wrote (DESIGN §8.8, §8.11)."""

import ast
import re
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gptbot
from gptbot.commands.registry import Group
from gptbot.domain.accounts import FavorDecision, FavorRefusal
from gptbot.domain.outgoing import Text
from gptbot.domain.records import PURSES
from gptbot.domain.rules import Language, Tier
from gptbot.ports import ModelTrouble
from gptbot.texts import LANGUAGE_NAMES, LANGUAGES, NOUNS, Words, _parse, join, language_for, plural

LANGUAGE_CODES: tuple[Language, ...] = get_args(Language)
AREAS = ("common", "account", "dialogs", "admin", "settings", "media")
KEYS = sorted(LANGUAGES["en"])
FORMS: dict[Language, int] = {"en": 2, "ru": 3}
EVERY_TEXT = [(language, key) for language in LANGUAGE_CODES for key in sorted(LANGUAGES[language])]
MESSAGE_UNITS_MAX = 4096
POPUP_MAX = 200
POPUPS = re.compile(r"button\..*|favor\.popup\..*|start\.needed|dialog\.over|settings\.voice\.cost")


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def placeholders(language: Language, key: str) -> dict[str, str]:
    """Name → noun of each placeholder of a text."""
    return {piece.placeholder: piece.noun for piece in _parse(LANGUAGES[language][key]) if piece.placeholder}


def filled(language: Language, key: str, value: str = "x", number: int = 5) -> Text:
    values: dict[str, Any] = {name: number if noun else value for name, noun in placeholders(language, key).items()}
    return Words(language)(key, **values)


# --- completeness ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGE_CODES)
def test_every_text_is_in_every_language(language: Language) -> None:
    assert set(LANGUAGES[language]) == set(KEYS)
    assert set(NOUNS[language]) == set(NOUNS["en"])
    assert language in LANGUAGE_NAMES


@pytest.mark.parametrize("language", LANGUAGE_CODES)
def test_no_area_takes_a_key_of_another_area(language: Language) -> None:
    keys = [key for area in AREAS for key in import_module(f"gptbot.texts.{language}.{area}").TEXTS]
    assert sorted(keys) == sorted(set(keys))


@pytest.mark.parametrize("key", KEYS)
def test_a_text_has_the_same_placeholders_in_every_language(key: str) -> None:
    assert len({frozenset(placeholders(language, key)) for language in LANGUAGE_CODES}) == 1


@pytest.mark.parametrize(("language", "key"), EVERY_TEXT)
def test_nouns_exist_and_no_brace_or_tag_is_left_over(language: Language, key: str) -> None:
    template = LANGUAGES[language][key]
    assert {noun for noun in placeholders(language, key).values() if noun} <= set(NOUNS[language])
    literal = "".join(piece.literal for piece in _parse(template))
    assert not re.search(r"[{}]|</?(b|i|code|u|s|pre|a|\w*blockquote)\b", literal), (
        "a misspelt placeholder or an unknown tag"
    )
    opened: list[str] = []
    for piece in _parse(template):
        if piece.opens:
            assert piece.opens not in opened
            opened.append(piece.opens)
        elif piece.closes:
            assert opened.pop() == piece.closes
    assert not opened


@pytest.mark.parametrize(("language", "key"), EVERY_TEXT)
def test_no_text_is_empty_or_too_long_for_telegram(language: Language, key: str) -> None:
    longest = filled(language, key, value="😀" * 64, number=-(10**15))
    assert longest.text == longest.text.strip() != ""
    assert units(longest.text) <= MESSAGE_UNITS_MAX
    if POPUPS.fullmatch(key):
        assert len(longest.text) <= POPUP_MAX


@pytest.mark.parametrize("key", KEYS)
def test_russian_texts_are_russian(key: str) -> None:
    words = re.sub(r"<code>.*?</code>|\{.*?\}|<.*?>|/\w+", "", LANGUAGES["ru"][key])
    if re.search(r"[A-Za-z]{3}", words):
        assert re.search(r"[А-Яа-яЁё]{2}", words), "still English"


@pytest.mark.parametrize("language", LANGUAGE_CODES)
def test_nouns_have_the_languages_plural_forms(language: Language) -> None:
    assert all(len(forms) == FORMS[language] for forms in NOUNS[language].values())


# --- plurals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "english", "russian"),
    [
        (0, "tokens", "токенов"), (1, "token", "токен"), (2, "tokens", "токена"), (4, "tokens", "токена"),
        (5, "tokens", "токенов"), (11, "tokens", "токенов"), (12, "tokens", "токенов"), (14, "tokens", "токенов"),
        (21, "tokens", "токен"), (22, "tokens", "токена"), (111, "tokens", "токенов"), (1001, "tokens", "токен"),
        (-1, "token", "токен"), (-3, "tokens", "токена"),
    ],
)  # fmt: skip
def test_plurals(number: int, english: str, russian: str) -> None:
    assert Words("en").count(number, "token") == f"{number} {english}"
    assert Words("ru").count(number, "token") == f"{number} {russian}"


@given(number=st.integers(), language=st.sampled_from(LANGUAGE_CODES))
def test_every_number_has_a_form(number: int, language: Language) -> None:
    forms = NOUNS[language]["token"]
    assert plural(language, number, forms) in forms


def test_numbers_are_plain_digits() -> None:
    assert Words("en").count(1234567, "token") == "1234567 tokens"


def test_a_number_is_asked_for_where_a_noun_is_counted() -> None:
    with pytest.raises(TypeError):
        Words("en")("favor.granted", amount="5", balance=1)
    with pytest.raises(KeyError):
        Words("en")("favor.granted", amount=5)


# --- what users wrote ------------------------------------------------------------------------------------------------

nasty = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30),
    st.lists(st.sampled_from(["<b>", "</b>", "<code>", "{name}", "{n:token}", "😀", "é", "&lt;", "*", "_", "`"])).map(
        "".join
    ),
)


def kinds(text: Text) -> list[str]:
    return sorted(str(entity["type"]) for entity in text.entities)


@settings(max_examples=400)
@given(which=st.sampled_from([it for it in EVERY_TEXT if "" in placeholders(*it).values()]), value=nasty.filter(bool))
def test_no_value_is_ever_read_as_markup(which: tuple[Language, str], value: str) -> None:
    shown = filled(*which, value=value)
    assert value in shown.text
    assert kinds(shown) == kinds(filled(*which, value="x"))


@given(value=nasty.filter(bool))
@pytest.mark.parametrize("language", LANGUAGE_CODES)
def test_entities_stand_around_their_words_whatever_comes_before(language: Language, value: str) -> None:
    text, entities = Words(language)("reset_prompt.done", prompt=value)
    (entity,) = entities
    raw = text.encode("utf-16-le")
    start, length = int(str(entity["offset"])), int(str(entity["length"]))
    assert raw[start * 2 : (start + length) * 2].decode("utf-16-le") == value


@given(values=st.lists(nasty, max_size=5), by=st.sampled_from(["\n", "\n\n", "😀"]))
def test_joined_texts_keep_their_entities_in_place(values: list[str], by: str) -> None:
    parts = [Words("en")("reset_prompt.done", prompt=value) for value in values]
    text, entities = join(*parts, by=by)
    assert text == by.join(part.text for part in parts)
    raw = text.encode("utf-16-le")
    marked = [
        raw[int(str(it["offset"])) * 2 : (int(str(it["offset"])) + int(str(it["length"]))) * 2].decode("utf-16-le")
        for it in entities
    ]
    assert marked == [value for value in values if value]


# --- the language ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "owner", "code", "expected"),
    [
        ("en", "ru", "ru", "en"), (None, "ru", "en", "ru"), (None, None, "ru", "ru"), (None, None, "ru-RU", "ru"),
        (None, None, "RU", "ru"), (None, None, "de", "en"), (None, None, None, "en"), (None, None, "", "en"),
    ],
)  # fmt: skip
def test_the_language_is_the_users_choice_then_the_owners_then_telegrams(
    chosen: Language | None, owner: Language | None, code: str | None, expected: Language
) -> None:
    assert language_for(chosen, owner, code) == expected


# --- texts and code --------------------------------------------------------------------------------------------------

HEADS = {key[: dot.end()] for key in KEYS for dot in re.finditer(r"\.", key)}
PREFIX = re.compile(r"[a-z_]+(\.[a-z_]+)*\.")


def code() -> list[ast.AST]:
    """The layers that speak."""
    package = Path(gptbot.__file__).parent
    files = [*(package / "actors").glob("*.py"), *(package / "commands").glob("*.py")]
    return [node for file in files for node in ast.walk(ast.parse(file.read_text()))]


def test_every_key_that_is_put_together_begins_like_one_that_exists() -> None:
    heads = {node.values[0] for node in code() if isinstance(node, ast.JoinedStr)}
    found = {str(head.value) for head in heads if isinstance(head, ast.Constant)}
    assert sorted(head for head in found - HEADS if PREFIX.fullmatch(head)) == []


def test_every_key_that_is_put_together_exists() -> None:
    assert {f"turn.failed.{trouble.value}" for trouble in ModelTrouble} <= set(KEYS)
    assert {f"purse.{purse}" for purse in PURSES} <= set(KEYS)
    assert {f"favor.{refusal.value}" for refusal in FavorRefusal} <= set(KEYS)
    assert {f"favor.popup.{decision.value}" for decision in FavorDecision} <= set(KEYS)
    assert {f"help.group.{group.value}" for group in Group} <= set(KEYS)
    assert {f"{area}.{tier}" for area in ("tier", "model.now") for tier in get_args(Tier)} <= set(KEYS)


def test_no_text_is_there_that_nobody_asks_for() -> None:
    strings = {node.value for node in code() if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    prefixes = tuple(string for string in strings if PREFIX.fullmatch(string))
    assert [key for key in KEYS if key not in strings and not key.startswith(prefixes)] == []
