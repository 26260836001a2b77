"""A corpus of ugly answers: every part taken by Telegram's rules, every letter seen, in time and off the loop."""

import html
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gptbot.actors.answer_messages import rendered
from gptbot.domain.outgoing import Text
from gptbot.edges.rendering import TelegramRenderer
from gptbot.playground.text_rules import FOUND_TYPES, checked_message_text
from tests.edges.test_rendering import check, covered
from tests.edges.ugly_answers import UGLY, letters

RENDERER = TelegramRenderer("on")


def taken(part: Text) -> list[dict[str, Any]]:
    """The formatting that Telegram keeps of it."""
    _, entities = checked_message_text(part.text, part.entities)
    return [entity for entity in entities if entity["type"] not in FOUND_TYPES]


@pytest.mark.parametrize("name", UGLY)
def test_every_part_is_taken_with_all_its_formatting(name: str) -> None:
    for parts in (RENDERER.render(UGLY[name]), RENDERER.plain(UGLY[name])):
        check(parts)
        for part in parts:
            assert taken(part) == sorted(part.entities, key=lambda e: (e["offset"], -e["length"]))


@pytest.mark.parametrize("name", UGLY)
def test_every_letter_is_seen_in_its_place(name: str) -> None:
    """In a text, or, of links and languages of code, in an entity. Only of formulas the letters change."""
    parts = RENDERER.render(UGLY[name])
    shown = letters("".join(part.text for part in parts))
    hidden = letters("".join(str(e.get("url", "")) + str(e.get("language", "")) for p in parts for e in p.entities))
    text = "E mc x dx a b not 5 or 6" if name == "formulas" else html.unescape(UGLY[name])
    for word in text.split():
        assert letters(word) in shown or all(piece in shown + hidden for piece in pieces(word)), word
    plain = letters("".join(part.text for part in RENDERER.plain(UGLY[name])))
    assert plain == letters(UGLY[name])


def pieces(word: str) -> list[str]:
    """Runs of letters and digits of a word."""
    return "".join(character if letters(character) else " " for character in word).split()


class Watched(TelegramRenderer):
    """Remembers the threads that it worked in."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[int] = set()

    def render(self, markdown: str) -> list[Text]:
        self.threads.add(threading.get_ident())
        return super().render(markdown)


@pytest.mark.parametrize("name", ["one line", "one code line", "200 kB", "many entities"])
async def test_a_very_long_answer_is_rendered_beside_the_loop(name: str) -> None:
    renderer = Watched()
    answer = await rendered(renderer, UGLY[name])
    assert renderer.threads
    assert threading.get_ident() not in renderer.threads
    assert sum(len(part.text) for part in answer.texts) > 0.5 * len(UGLY[name])


def test_code_goes_on_with_its_language_in_every_part() -> None:
    parts = RENDERER.render(UGLY["long code"])
    assert len(parts) > 2
    for part in parts:
        (entity,) = part.entities
        assert (entity["type"], entity["language"]) == ("pre", "python")
        assert covered(part, entity).startswith("    value_")


def test_a_link_is_never_cut() -> None:
    parts = RENDERER.render("word " * 800 + "[a link of several words that would not fit](https://a.example) end")
    (entity,) = [entity for part in parts for entity in part.entities]
    assert entity["url"] == "https://a.example"
    assert [covered(part, entity) for part in parts if part.entities] == ["a link of several words that would not fit"]


@settings(max_examples=40)
@given(
    st.integers(3950, 4120),
    st.sampled_from(["👨‍👩‍👧‍👦", "🇩🇪", "👍🏽", "e\u0301", "漢", "**b** ", "[a b](https://a.example) "]),
)
def test_wherever_a_cut_falls_nothing_is_torn(before: int, piece: str) -> None:
    parts = RENDERER.render("x" * before + " " + piece * 30)
    check(parts)
    for part in parts:
        assert taken(part) == list(part.entities)
        assert {covered(part, entity) for entity in part.entities} <= {"a b", "b"}
    if piece.isascii():
        assert len([entity for part in parts for entity in part.entities]) == 30
    else:
        assert "".join(part.text for part in parts).replace(" ", "") == "x" * before + piece * 30
        assert all(part.text.lstrip("x").replace(piece, "").strip() == "" for part in parts)


@settings(max_examples=25)
@given(st.lists(st.sampled_from([text for text in UGLY.values() if len(text) < 10_000]), min_size=2, max_size=12))
def test_ugly_answers_one_after_another(texts: list[str]) -> None:
    markdown = "\n\n".join(texts)
    parts = RENDERER.render(markdown)
    check(parts)
    for part in parts:
        assert len(taken(part)) == len(part.entities)
