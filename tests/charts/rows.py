"""Tests of a chart as rows: in which state, what happens, where it leads, what is to be done."""

from typing import Any, NamedTuple

from tests.charts.samples import AnyFlow


class Row(NamedTuple):
    state: str
    event: Any
    next_state: str
    effects: list[Any]

    def check(self, flow: AnyFlow) -> None:
        assert flow.state == self.state
        assert flow.handle(self.event) == self.effects
        assert flow.state == self.next_state


def row_name(row: object) -> str:
    return f"{row.state}-{type(row.event).__name__}" if isinstance(row, Row) else ""
