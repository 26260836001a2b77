"""What people wrote does no harm in the bot's own messages (SPEC §8, the flood of odd characters)."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptbot.texts.names import safe_line, safe_name

FSI, PDI = "\u2068", "\u2069"


HARMLESS = ["Ann", "Анна-Мария О.", "<b>Ann</b>", "a_b *c* `d`", "{who}", "张伟", "עברית", "Zoë", "@ann", ""]


@pytest.mark.parametrize("name", [*HARMLESS, "👩\u200d👩\u200d👧 ok"])
def test_harmless_names_stay_as_they_are(name: str) -> None:
    assert safe_line(name, 40) == name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ann\nBalance: 999", "Ann Balance: 999"),
        ("a\r\n\t b\x0b\x0cc\u2028d\u2029e\x85f", "a b c d e f"),
        ("\u202eevil\u202c", "evil"),
        ("\u2069\u2066Ann\u200f\u061c", "Ann"),
        ("A\u200bn\u2060n\ufeff", "Ann"),
        ("A\x00n\x07n\ud83d", "Ann"),
        ("  Ann  ", "Ann"),
        ("\u3164\u2800\u115f", ""),
        ("e" + "\u0301" * 50 + "x", "e\u0301\u0301x"),
        ("a" * 300, "a" * 39 + "…"),
        ("one two three " * 30, "one two three one two three one two thr…"),
        ("\u200b" * 1000 + "Ann", ""),
        ("/stop", "/\u2060stop"),
        ("x/y, </b> and /ban_5", "x/y, </b> and /\u2060ban_5"),
        ("5 / 3", "5 / 3"),
    ],
)
def test_what_would_break_a_line_or_hide_another_is_taken_out(name: str, shown: str) -> None:
    assert safe_line(name, 40) == shown


def test_a_name_is_isolated_and_never_nothing() -> None:
    assert safe_name("Ann") == f"{FSI}Ann{PDI}"
    assert safe_name("\u202e\n") == f"{FSI}—{PDI}"


@given(st.text(max_size=400), st.integers(2, 60))
def test_any_name_is_one_short_visible_line_with_one_isolation(name: str, limit: int) -> None:
    shown = safe_name(name, limit)
    assert shown[0] == FSI
    assert shown[-1] == PDI
    inside = shown[1:-1]
    assert len(inside.replace("\u2060", "")) <= limit
    assert len(inside.splitlines()) == 1
    assert inside == inside.strip()
    assert not {unicodedata.bidirectional(character) for character in inside} & {
        "RLE", "LRE", "RLO", "LRO", "PDF", "RLI", "LRI", "FSI", "PDI",
    }  # fmt: skip
