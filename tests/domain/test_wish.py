"""Reading `/imagine a cat --size portrait --quality high`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptbot.domain.wish import Wish, parse_wish

SIZES = ("1024x1024", "1536x1024", "1024x1536", "auto")
QUALITIES = ("low", "medium", "high")


def parsed(text: str) -> Wish | None:
    return parse_wish(text, SIZES, QUALITIES)


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("a cat", Wish("a cat")),
        ("a cat --size 1536x1024 --quality high", Wish("a cat", "1536x1024", "high")),
        ("a cat --quality=LOW --size=auto", Wish("a cat", "auto", "low")),
        ("a cat --size portrait", Wish("a cat", "1024x1536")),
        ("a cat --landscape --medium", Wish("a cat", "1536x1024", "medium")),
        ("a cat --square\n--high", Wish("a cat", "1024x1024", "high")),
        ("a cat —size 1024×1536 –quality high", Wish("a cat", "1024x1536", "high")),
        ("кот --size 1024х1024", Wish("кот", "1024x1024")),
        ("a cat --1536x1024", Wish("a cat", "1536x1024")),
        ("a cat --low --high", Wish("a cat", quality="high")),
        ("two\nlines --low", Wish("two\nlines", quality="low")),
        ("a portrait of high quality", Wish("a portrait of high quality")),
        ("a -- b — c —well-known --SALE--", Wish("a -- b — c —well-known --SALE--")),
    ],
)
def test_wishes(text: str, wish: Wish) -> None:
    assert parsed(text) == wish


@pytest.mark.parametrize(
    "text",
    [
        "",
        "--size 1024x1024",
        "a cat --size",
        "a cat --size 1x1",
        "a cat --size high",
        "a cat --quality best",
        "a cat --qualty high",
        "a cat --high on a mat",
        "a cat --low 1024x1024",
        "a cat --size -- 1024x1024",
        "a cat --1x1",
    ],
)
def test_what_is_not_understood_draws_nothing(text: str) -> None:
    assert parsed(text) is None


@given(
    st.text(min_size=1).map(str.strip).filter(lambda text: text and "--" not in text and not {*"—–"} & {*text}),
    st.none() | st.sampled_from(SIZES),
    st.none() | st.sampled_from(QUALITIES),
)
def test_the_prompt_is_left_as_it_was_written(prompt: str, size: str | None, quality: str | None) -> None:
    options = (f" --size {size}" if size else "") + (f" --quality {quality}" if quality else "")
    assert parsed(prompt + options) == Wish(prompt, size, quality)


@given(st.text("ab -—–=x19\nsizehgqulty"))
def test_only_values_of_the_lists_come_out(text: str) -> None:
    wish = parsed(text)
    if wish is not None:
        assert wish.prompt
        assert wish.size in (None, *SIZES)
        assert wish.quality in (None, *QUALITIES)
        assert text.strip().startswith(wish.prompt)
