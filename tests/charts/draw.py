"""Draws fsm/CHARTS.md from the charts. `python -m tests.charts.draw` rewrites it; a test holds it current."""

import inspect
import sys
from pathlib import Path
from typing import Any

from transitions.extensions import GraphMachine

from fsm.flow import Chart, Flow, as_tuple
from tests.charts.samples import FLOWS

FILE = Path(__file__).parents[2] / "fsm" / "CHARTS.md"
COMMAND = "python -m tests.charts.draw"

HEAD = f"""# Charts

Drawn from the tables in this folder by `{COMMAND}`; a test fails when this page is not
current. An arrow is labelled with the event and, in brackets, the guard that lets it pass; without a guard it is
what happens otherwise. What is not drawn is ignored on purpose, and the table under each drawing says why.
"""


def page() -> str:
    """The whole of CHARTS.md."""
    return "\n".join([HEAD, *(_section(flow) for flow in FLOWS)])


def _section(flow: type[Flow[Any, Any]]) -> str:
    purpose = inspect.getdoc(inspect.getmodule(flow)) or ""
    table = "\n".join(
        f"| {_states(flow.chart, as_tuple(row.states))} | {_events(flow.chart, row.events)} | {row.reason} |"
        for row in flow.chart.ignored
    )
    return (
        f"## {flow.chart.name}\n\n{purpose}\n\n```mermaid\n{diagram(flow.chart)}\n```\n\n"
        f"Ignored on purpose:\n\n| in | event | because |\n|---|---|---|\n{table}\n"
    )


def diagram(chart: Chart) -> str:
    """The chart as a Mermaid stateDiagram, without the colours and second names that transitions adds."""
    machine = GraphMachine(**chart.machine_config(), graph_engine="mermaid", show_conditions=True, title=chart.name)
    source = machine.get_combined_graph().draw(None) or ""
    lines = [line.rstrip() for line in str(source).splitlines()[3:]]  # without the front matter
    kept = [line for line in lines if line and not line.lstrip().startswith(("Class ", "classDef ", "state "))]
    return "\n".join([*kept, *(f"  {state} --> [*]" for state in chart.final)])


def _states(chart: Chart, states: tuple[str, ...]) -> str:
    return "every final state" if states == chart.final else ", ".join(states)


def _events(chart: Chart, events: tuple[type, ...]) -> str:
    missing = [event.__name__ for event in chart.events if event not in events]
    if not missing:
        return "every event"
    if len(missing) <= 3 and len(events) > 5:
        return f"every event but {', '.join(missing)}"
    return ", ".join(event.__name__ for event in events)


if __name__ == "__main__":
    FILE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{FILE.name} is current\n")
