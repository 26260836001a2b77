"""Counting, and the text format that Prometheus reads."""

import re

from hypothesis import given
from hypothesis import strategies as st

from gptbot.domain.measures import Metric, Sample, Spread, Tally, exposition, gauge, number_text

LINE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*)\})? (\S+)')
UNESCAPED = {r"\\": "\\", r"\"": '"', r"\n": "\n"}
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')


def read(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """The samples of an exposition, as Prometheus would read them."""
    found = {}
    assert text.endswith("\n")
    for line in text.removesuffix("\n").split("\n"):
        if line.startswith("# "):
            continue
        match = LINE.fullmatch(line)
        assert match, line
        labels = tuple(
            (name, re.sub(r"\\.", lambda escaped: UNESCAPED[escaped[0]], value))
            for name, value in LABEL.findall(match[2] or "")
        )
        found[match[1], labels] = float(match[3])
    return found


def test_a_tally_grows_by_the_values_of_its_labels() -> None:
    tally = Tally("method", "outcome")
    tally.add("sendMessage", "ok")
    tally.add("sendMessage", "ok", amount=2)
    tally.add("sendMessage", "flood")
    assert exposition([tally.metric("calls_total", "Calls.")]) == (
        "# HELP calls_total Calls.\n# TYPE calls_total counter\n"
        'calls_total{method="sendMessage",outcome="flood"} 1\ncalls_total{method="sendMessage",outcome="ok"} 3\n'
    )


def test_a_tally_without_labels_begins_at_zero() -> None:
    assert Tally().metric("waits_total", "").samples == [Sample("", (), 0)]


@given(st.lists(st.floats(0, 1000), max_size=50))
def test_a_spread_counts_each_value_in_every_bucket_that_holds_it(values: list[float]) -> None:
    spread = Spread(0.5, 1, 10)
    for value in values:
        spread.add(value)
    found = read(exposition([spread.metric("s", "")]))
    for bound, shown in ((0.5, "0.5"), (1, "1"), (10, "10"), (float("inf"), "+Inf")):
        assert found["s_bucket", (("le", shown),)] == sum(value <= bound for value in values)
    assert found["s_count", ()] == len(values)
    assert found["s_sum", ()] == sum(values)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.floats(allow_nan=False, allow_infinity=False))
def test_whatever_a_label_holds_is_read_again(text: str, value: float) -> None:
    metric = Metric("m", "gauge", "What it is.", [Sample("", (("model", text),), value)])
    assert read(exposition([metric])) == {("m", (("model", text),)): value}


def test_numbers_are_written_plainly() -> None:
    assert [number_text(value) for value in (3, 3.0, 0.25, 10**15, float("inf"))] == [
        "3",
        "3",
        "0.25",
        "1000000000000000",
        "+Inf",
    ]
    assert gauge("g", "", 2.5).samples == [Sample("", (), 2.5)]
