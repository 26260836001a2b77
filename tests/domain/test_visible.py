"""Marks that are still open in a growing answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptbot.domain.visible import closed


@pytest.mark.parametrize(
    ("growing", "shown"),
    [
        ("", ""),
        ("plain words", "plain words"),
        ("**You", "**You**"),
        ("**You asked", "**You asked**"),
        ("**You*", "**You**"),
        ("**You**", "**You**"),
        ("Say **", "Say"),
        ("Say *", "Say"),
        ("use `len", "use `len`"),
        ("use `", "use"),
        ("**use `len", "**use `len`**"),
        ("**a** and `b` **", "**a** and `b`"),
        ("~~old", "~~old~~"),
        ("**a\n\nb", "**a\n\nb"),
        ("```py\nx ** 2", "```py\nx ** 2"),
        ("2 * 3", "2 * 3"),
    ],
)
def test_what_is_open_is_closed(growing: str, shown: str) -> None:
    assert closed(growing) == shown


@given(st.lists(st.sampled_from(["word ", "*", "**", "`", "```", "~", "~~", " ", "\n", "\n\n"])).map("".join))
def test_words_are_neither_lost_nor_made(growing: str) -> None:
    assert closed(growing).count("word") == growing.count("word")
