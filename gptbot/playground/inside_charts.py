"""The charts of `fsm/` as JSON, for the page to draw."""

import inspect
from typing import Any

from fsm.announcement import Announcement
from fsm.flow import SAME, Chart, Flow, Step, as_tuple
from fsm.prompt_entry import PromptEntry
from fsm.reply_chain import ReplyChain
from gptbot.playground.world import Json

FLOWS: tuple[type[Flow[Any, Any]], ...] = (ReplyChain, PromptEntry, Announcement)


def charts() -> list[Json]:
    """Every chart with its states (each with its rank from left to right) and its steps."""
    return [_described(flow) for flow in FLOWS]


def _described(flow: type[Flow[Any, Any]]) -> Json:
    chart = flow.chart
    purpose = (inspect.getdoc(inspect.getmodule(flow)) or "").partition(" (SPEC")[0].replace("`", "").splitlines()[0]
    steps = [
        {
            "source": source,
            "event": step.event.__name__,
            "to": source if step.to == SAME else step.to,
            "when": step.when,
        }
        for step in chart.transitions
        for source in as_tuple(step.source)
    ]
    ranks = _ranks(chart, steps)
    states = [{"name": name, "final": name in chart.final, "rank": ranks[name]} for name in chart.states]
    return {"name": chart.name, "purpose": purpose, "states": states, "steps": steps}


def _target(step: Step, source: str) -> str:
    return source if step.to == SAME else step.to


def _ranks(chart: Chart, steps: list[Json]) -> dict[str, int]:
    """How far each state is from the first; those that end it all stand last."""
    ranks = {chart.states[0]: 0}
    while True:
        further = {
            step["to"]: ranks[step["source"]] + 1
            for step in steps
            if step["source"] in ranks and step["to"] not in ranks and step["to"] not in chart.final
        }
        if not further:
            break
        ranks |= further
    last = max(ranks.values()) + 1
    return {name: ranks.get(name, last) for name in chart.states}
