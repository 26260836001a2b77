"""What is counted while the bot runs, and how it is told to whoever collects it (Prometheus).

Names and units are Prometheus' conventions: base units (seconds, bytes, dollars), `_total` behind what only grows.
Labels hold models, methods and outcomes, of which there are few; never people or texts.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

Labels = tuple[tuple[str, str], ...]


class Sample(NamedTuple):
    """One figure; `suffix` goes behind the metric's name."""

    suffix: str
    labels: Labels
    value: float


class Metric(NamedTuple):
    """A figure, or the same one for several labels."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    meaning: str
    samples: Sequence[Sample]


class Tally:
    """How often, or how much, by the values of `labels`."""

    def __init__(self, *labels: str) -> None:
        self._labels = labels
        self._amounts: dict[tuple[str, ...], float] = {}

    def add(self, *values: str, amount: float = 1) -> None:
        """`values` are those of the labels, in their order."""
        self._amounts[values] = self._amounts.get(values, 0) + amount

    def metric(self, name: str, meaning: str) -> Metric:
        samples = [
            Sample("", tuple(zip(self._labels, values, strict=True)), amount)
            for values, amount in sorted(self._amounts.items())
        ]
        if not self._labels and not samples:
            samples = [Sample("", (), 0)]
        return Metric(name, "counter", meaning, samples)


class Spread:
    """How values are spread: how many there were, their sum, and how many were at most each of `bounds`."""

    def __init__(self, *bounds: float) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def add(self, value: float) -> None:
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def metric(self, name: str, meaning: str) -> Metric:
        return Metric(name, "histogram", meaning, list(self._samples()))

    def _samples(self) -> Iterator[Sample]:
        below = 0
        for bound, count in zip((*self._bounds, float("inf")), self._counts, strict=True):
            below += count
            yield Sample("_bucket", (("le", number_text(bound)),), below)
        yield Sample("_sum", (), self._sum)
        yield Sample("_count", (), below)


def gauge(name: str, meaning: str, value: float, labels: Labels = ()) -> Metric:
    """A figure that goes up and down."""
    return Metric(name, "gauge", meaning, [Sample("", labels, value)])


def number_text(value: float) -> str:
    """As Prometheus writes numbers."""
    if value == float("inf"):
        return "+Inf"
    return str(int(value)) if float(value).is_integer() and abs(value) < 2**53 else repr(float(value))


def exposition(metrics: Sequence[Metric]) -> str:
    """The text format that Prometheus reads (version 0.0.4)."""
    lines = []
    for metric in metrics:
        lines += [f"# HELP {metric.name} {metric.meaning}", f"# TYPE {metric.name} {metric.kind}"]
        for sample in metric.samples:
            labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in sample.labels)
            braces = f"{{{labels}}}" if labels else ""
            lines.append(f"{metric.name}{sample.suffix}{braces} {number_text(sample.value)}")
    return "\n".join([*lines, ""])


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
