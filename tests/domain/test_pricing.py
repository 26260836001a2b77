"""Costs in billionths of a dollar (SPEC §2 prices, §10 cost)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptbot.domain.pricing import answer_cost, dollars, picture_cost, speaking_cost
from gptbot.domain.records import AMOUNT_MAX
from gptbot.domain.rules import ModelSpec

BASIC = ModelSpec("gpt-6-luna", 1000, 0.10, 0.01, 0.50)
tokens = st.integers(0, 10**9)
prices = st.floats(0, 1000)
models = st.builds(ModelSpec, st.just("m"), st.just(1000), prices, prices, prices)


def test_a_million_tokens_cost_their_price() -> None:
    million = 1_000_000
    assert answer_cost(BASIC, prompt=million, cached=0, completion=0) == 100_000_000
    assert answer_cost(BASIC, prompt=million, cached=million, completion=0) == 10_000_000
    assert answer_cost(BASIC, prompt=0, cached=0, completion=million) == 500_000_000


def test_a_million_characters_read_aloud_cost_their_price() -> None:
    assert speaking_cost(15.0, 1_000_000) == 15_000_000_000
    assert (speaking_cost(15.0, 1), speaking_cost(0.0, 4096)) == (15_000, 0)


def test_a_usual_answer() -> None:
    assert answer_cost(BASIC, prompt=1000, cached=400, completion=200) == 60_000 + 4_000 + 100_000


def test_a_picture_costs_its_price() -> None:
    assert picture_cost(0.013) == 13_000_000


@given(model=models, prompt=tokens, cached=tokens, completion=tokens)
def test_no_cost_is_negative_and_caching_costs_what_the_provider_says(
    model: ModelSpec, prompt: int, cached: int, completion: int
) -> None:
    cost = answer_cost(model, prompt=prompt, cached=min(cached, prompt), completion=completion)
    assert 0 <= cost <= AMOUNT_MAX
    if model.price_cached <= model.price_input:
        assert cost <= answer_cost(model, prompt=prompt, cached=0, completion=completion)


@given(model=models, parts=st.lists(st.tuples(tokens, tokens), max_size=10))
def test_costs_add_up_but_for_the_rounding_of_each(model: ModelSpec, parts: list[tuple[int, int]]) -> None:
    apart = sum(answer_cost(model, prompt=prompt, cached=0, completion=completion) for prompt, completion in parts)
    together = answer_cost(
        model, prompt=sum(prompt for prompt, _ in parts), cached=0, completion=sum(second for _, second in parts)
    )
    if max(apart, together) < AMOUNT_MAX:
        assert abs(apart - together) <= len(parts)


@given(
    model=models,
    prompt=st.integers(-(10**30), 10**30),
    cached=st.integers(-(10**30), 10**30),
    completion=st.integers(-(10**30), 10**30),
)
def test_a_server_that_reports_nonsense_breaks_nothing(
    model: ModelSpec, prompt: int, cached: int, completion: int
) -> None:
    assert 0 <= answer_cost(model, prompt=prompt, cached=cached, completion=completion) <= AMOUNT_MAX


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        (0, "$0"),
        (1, "<$0.0001"),
        (100_000, "$0.0001"),
        (12_345_678, "$0.0123"),
        (12_300_000_000, "$12.30"),
        (-5_000_000_000, "-$5.00"),
    ],
)
def test_costs_are_readable(cost: int, text: str) -> None:
    assert dollars(cost) == text
