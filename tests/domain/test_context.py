"""How many turns fit beside what is always sent, and what is left of a text that is too long (SPEC §5)."""

from hypothesis import given
from hypothesis import strategies as st

from gptbot.domain.context import TOKENS_PER_MESSAGE, ending, room_for_context, turns_that_fit

FRAMES = 2 * TOKENS_PER_MESSAGE


@given(st.lists(st.integers(0, 5_000), max_size=30), st.integers(0, 20_000), st.integers(0, 50_000))
def test_the_newest_turns_stay_and_one_more_would_be_too_many(turns: list[int], always: int, room: int) -> None:
    kept = turns_that_fit(turns, always, room)
    used = [tokens + FRAMES for tokens in turns[len(turns) - kept :]]
    assert kept == 0 or always + sum(used) <= room
    assert kept == len(turns) or always + sum(used) + turns[-kept - 1] + FRAMES > room


@given(st.integers(512, 10**8), st.none() | st.integers(1, 10**7))
def test_the_context_has_at_least_half_of_the_window(window: int, max_output: int | None) -> None:
    assert window // 2 <= room_for_context(window, max_output) <= window


@given(st.text(max_size=300), st.floats(0, 1))
def test_an_ending_is_the_end_of_the_text_and_no_longer_than_its_share(text: str, share: float) -> None:
    cut = ending(text, share)
    assert cut[0] == "…"
    assert text.endswith(cut[1:])
    assert len(cut) - 1 <= len(text) * share
