"""Rules that hold for every chart (DESIGN §3 and §8): names resolve, every pair is decided, events never surprise."""

import inspect
import json
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm.flow import SAME, BadSnapshot, Flow, Step, as_tuple
from tests.charts.draw import COMMAND, FILE, page
from tests.charts.samples import CONDITIONS, EVENTS, FLOWS, AnyFlow, copy

every_chart = pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.chart.name)
any_life = st.sampled_from(FLOWS).flatmap(
    lambda flow: st.tuples(st.just(flow), st.lists(st.sampled_from(EVENTS[flow])))
)


def callbacks(step: Step) -> tuple[str, ...]:
    return (*as_tuple(step.do), *([step.when] if step.when else ()))


def rows_of(flow: type[AnyFlow], state: str, event: type) -> list[Step]:
    return [s for s in flow.chart.transitions if s.event is event and state in as_tuple(s.source)]


def row_that_fires(live: AnyFlow, event: object) -> Step:
    rows = rows_of(type(live), live.state, type(event))
    return next(row for row in rows if not row.when or getattr(live, row.when)(event))


@every_chart
def test_every_name_in_the_tables_is_known(flow: type[AnyFlow]) -> None:
    chart = flow.chart
    states = set(chart.states)
    assert len(states) == len(chart.states)
    assert states.issuperset({*chart.final, *chart.listening})
    for step in chart.transitions:
        assert states.issuperset(as_tuple(step.source)), step
        assert step.to in {*states, SAME}, step
        assert step.event in chart.events, step
        for name in callbacks(step):
            assert inspect.isfunction(getattr(flow, name, None)), f"{name} of {step}"
    for row in chart.ignored:
        assert states.issuperset(as_tuple(row.states)), row
        assert set(row.events) <= set(chart.events), row
        assert row.reason


@every_chart
def test_every_guard_and_action_takes_the_events_of_its_rows(flow: type[AnyFlow]) -> None:
    for step in flow.chart.transitions:
        for name in callbacks(step):
            method = getattr(flow, name)
            (parameter,) = list(inspect.signature(method).parameters)[1:]
            hint = get_type_hints(method)[parameter]
            assert step.event in (get_args(hint) or (hint,)), f"{name} does not take {step.event.__name__}"


@every_chart
def test_every_guard_and_action_is_used(flow: type[AnyFlow]) -> None:
    used = {name for step in flow.chart.transitions for name in callbacks(step)}
    own = {n for n, member in vars(flow).items() if inspect.isfunction(member) and not hasattr(Flow, n)}
    assert own - used == {n for n in own if n.startswith("__")}


@every_chart
def test_no_trigger_has_the_name_of_a_method_or_field(flow: type[AnyFlow]) -> None:
    live = flow()
    assert not [name for name in flow.chart.machine.events if hasattr(live, name)]
    assert {"chart", "version"}.isdisjoint(f.name for f in fields(flow))


@every_chart
def test_every_pair_of_state_and_event_is_decided_once(flow: type[AnyFlow]) -> None:
    ignored = [(s, e) for row in flow.chart.ignored for s in as_tuple(row.states) for e in row.events]
    assert len(ignored) == len(set(ignored)), "ignored twice"
    for state in flow.chart.states:
        for event in flow.chart.events:
            decided = bool(rows_of(flow, state, event)) + ((state, event) in ignored)
            assert decided == 1, f"{state} × {event.__name__} is decided {decided} times"


@every_chart
def test_of_the_rows_of_a_pair_only_the_last_has_no_guard(flow: type[AnyFlow]) -> None:
    for state in flow.chart.states:
        for event in flow.chart.events:
            if rows := rows_of(flow, state, event):
                assert [bool(row.when) for row in rows] == [True] * (len(rows) - 1) + [False], (state, event)


@every_chart
def test_nothing_leaves_a_final_state(flow: type[AnyFlow]) -> None:
    for state in flow.chart.final:
        live = flow(state=state)
        assert live.done
        assert not live.listening
        for event in EVENTS[flow]:
            assert live.why_ignored(event)
            assert live.handle(event) == []
            assert live.state == state


@every_chart
def test_events_and_effects_are_frozen_dataclasses(flow: type[AnyFlow]) -> None:
    (base,) = vars(flow)["__orig_bases__"]
    events, effects = (get_args(union) for union in get_args(base))
    assert flow.chart.events == events
    for word in (*events, *effects):
        assert is_dataclass(word)
        assert vars(word)["__dataclass_params__"].frozen, word
        assert word.__doc__
    assert {type(event) for event in EVENTS[flow]} == set(events), "samples for every event"


@every_chart
def test_every_state_and_every_row_is_reachable(flow: type[AnyFlow]) -> None:
    assert {live.state for live in CONDITIONS[flow]} == set(flow.chart.states)
    taken = {
        (live.state, row_that_fires(live, event))
        for live in CONDITIONS[flow]
        for event in EVENTS[flow]
        if live.why_ignored(event) is None
    }
    assert taken == {(state, row) for row in flow.chart.transitions for state in as_tuple(row.source)}


@every_chart
def test_an_ignored_event_changes_nothing_and_says_why(flow: type[AnyFlow]) -> None:
    for live in CONDITIONS[flow]:
        for event in EVENTS[flow]:
            if live.why_ignored(event) is not None:
                before = live.snapshot()
                assert live.handle(event) == []
                assert live.snapshot() == before


@every_chart
def test_a_snapshot_in_any_condition_comes_back_through_json(flow: type[AnyFlow]) -> None:
    for live in CONDITIONS[flow]:
        restored = flow.restore(json.loads(json.dumps(live.snapshot())))
        assert restored.snapshot() == live.snapshot()
        for event in EVENTS[flow]:
            ours, theirs = copy(live), copy(restored)
            assert ours.handle(event) == theirs.handle(event)
            assert ours.snapshot() == theirs.snapshot()


@every_chart
def test_a_broken_snapshot_is_refused_in_words(flow: type[AnyFlow]) -> None:
    good = flow().snapshot()
    broken: list[Any] = [
        {**good, "version": 999},
        {**good, "chart": "another"},
        {**good, "state": "dancing"},
        {**good, "state": ["new"]},
        {**good, "surplus": 1},
        {k: v for k, v in good.items() if k != "state"},
        {k: v for k, v in good.items() if k != "version"},
        {},
        [],
        None,
    ]
    for snapshot in broken:
        with pytest.raises(BadSnapshot, match=r"\w+ \w+"):
            flow.restore(snapshot)


@every_chart
@given(data=st.data())
def test_a_snapshot_with_a_value_of_another_type_is_refused_or_works(flow: type[AnyFlow], data: st.DataObject) -> None:
    snapshot = data.draw(st.sampled_from(CONDITIONS[flow])).snapshot()
    name = data.draw(st.sampled_from(sorted(snapshot)))
    json_values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
    snapshot[name] = data.draw(json_values)
    try:
        live = flow.restore(snapshot)
    except BadSnapshot:
        return
    for event in EVENTS[flow]:
        copy(live).handle(event)


@given(any_life)
def test_no_sequence_of_events_raises_or_leaves_the_known_states(life: tuple[type[AnyFlow], list[Any]]) -> None:
    flow, events = life
    live = flow()
    for event in events:
        live.handle(event)
        assert live.state in flow.chart.states


@every_chart
def test_an_event_of_another_chart_is_a_mistake_of_the_caller(flow: type[AnyFlow]) -> None:
    other = next(f for f in FLOWS if f is not flow)
    for event in EVENTS[other]:
        with pytest.raises(TypeError, match="no event of the chart"):
            flow().handle(event)


def test_flows_share_their_machine_and_are_not_registered_with_it() -> None:
    for flow in FLOWS:
        first, second = flow(), flow()
        assert first.chart.machine is second.chart.machine
        assert flow.chart.machine.models == []


def test_effects_of_one_event_do_not_leak_into_the_next() -> None:
    for flow in FLOWS:
        live, twin = flow(), flow()
        for event in EVENTS[flow]:
            first = live.handle(event)
            kept = list(first)
            live.handle(EVENTS[flow][0])
            assert first == kept
            assert twin.handle(event) == kept
            twin.handle(EVENTS[flow][0])


def test_the_drawing_is_current() -> None:
    assert FILE.read_text(encoding="utf-8") == page(), f"fsm/CHARTS.md is not current: {COMMAND}"
