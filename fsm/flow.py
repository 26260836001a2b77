"""What every chart has in common, and how one is made.

A chart says what a dialog does, and nothing about how: no clock, no network, no storage, no texts. It is told
what happened (an *event*: frozen dataclass, past tense) and answers what is to be done (*effects*: frozen
dataclasses, imperative). Whatever it must know (a count of tokens, parsed input, that it is late) arrives inside
an event. So a chart can be tested by a list of rows, drawn by a machine, stored as JSON and read in one sitting.

To make one, write a file like `prompt_entry.py`, in this order:

1. a docstring: what it is for, in about ten lines;
2. the events and the union `Event` of them; the effects and the union `Effect` (in a file of their own when the
   chart gets long, as `announcement_words.py`);
3. STATES (the first is where a flow begins) and those of them that are FINAL;
4. TRANSITIONS: the table of `Step` rows, the only place where a state changes. Rows for the same state and event
   are tried from top to bottom; all but the last have a guard (`when`), the last has none;
5. IGNORED: every other pair of state and event, each with the reason why nothing happens there. A pair that is
   in neither table is a hole in the thinking; a test finds it;
6. CHART, which puts these together. Its `listening` states are those in which the person's next message is input
   of this dialog, and in which idling ends it;
7. a dataclass deriving from `Flow`: its fields are what later steps need to know; then the guards, which only
   look, and the actions, which only keep something in a field or append effects with `self.emit`.

Traps of the library `transitions` (0.9.3), and what is done about them:

- a misspelt callback fails only when fired: a test resolves every name. Actions run as `before`, so an error in
  one leaves the state where it was, and an action sees the state it comes from;
- a method named like a trigger silently switches that trigger off: triggers are named after the event classes,
  in CamelCase, methods never are;
- a Machine costs 0.3 ms and 29 KB, registering a model gets slower with each: there is one Machine a chart,
  shared, and flows are never registered with it (`machine.events[name].trigger(flow, event)` is enough);
- `auto_transitions` would let anybody jump to any state: off;
- it logs several lines a trigger at level INFO: the program's logging must keep "transitions" at WARNING.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Final, Generic, NamedTuple, Self, TypeVar

from transitions import Machine

from fsm.snapshots import BadSnapshot, fields_from_plain, to_plain

__all__ = ["SAME", "BadSnapshot", "Chart", "Flow", "Ignored", "Step", "as_tuple"]

SAME: Final = "="
"""As the `to` of a step: stay in the state."""

_EventT = TypeVar("_EventT")
_EffectT = TypeVar("_EffectT")

Names = str | tuple[str, ...]


class Step(NamedTuple):
    """In a state of `source`, when `event` happens and the guard `when` holds: do `do`, and be in `to`.

    `when` and `do` are names of the flow's methods; each is called with the event. Several `do` run in order.
    """

    source: Names
    event: type
    to: str
    do: Names = ()
    when: str = ""


class Ignored(NamedTuple):
    """In each state of `states`, each event of `events` changes nothing and has no effect, on purpose."""

    states: Names
    events: tuple[type, ...]
    reason: str


class Chart:
    """The tables of one chart, checked by tests, and what is made of them once: the machine all its flows share."""

    def __init__(
        self,
        name: str,
        version: int,
        *,
        events: tuple[type, ...],
        states: tuple[str, ...],
        final: tuple[str, ...],
        transitions: tuple[Step, ...],
        ignored: tuple[Ignored, ...],
        listening: tuple[str, ...] = (),
    ) -> None:
        """`name` and `version` mark snapshots: raise `version` when states or fields change their meaning."""
        self.name, self.version = name, version
        self.events, self.states, self.final, self.listening = events, states, final, listening
        self.transitions, self.ignored = transitions, ignored
        self.machine = Machine(model=None, **self.machine_config())
        self.triggers: dict[type, Callable[..., bool]] = {
            event: self.machine.events[event.__name__].trigger for event in {step.event for step in transitions}
        }
        self.reasons = {
            (state, event): row.reason for row in ignored for state in as_tuple(row.states) for event in row.events
        }

    def machine_config(self) -> dict[str, Any]:
        """The tables as arguments for a `transitions.Machine`."""
        return {
            "states": [{"name": name, "final": name in self.final} for name in self.states],
            "initial": self.states[0],
            "auto_transitions": False,
            "transitions": [
                {
                    "trigger": step.event.__name__,
                    "source": list(as_tuple(step.source)),
                    "dest": step.to,
                    "conditions": step.when or None,
                    "before": list(as_tuple(step.do)),
                }
                for step in self.transitions
            ],
        }


@dataclass(kw_only=True, eq=False)
class Flow(Generic[_EventT, _EffectT]):
    """One live dialog (or turn): the state it is in, and what it has to remember.

    A subclass names its chart; its fields go into the snapshot.
    """

    chart: ClassVar[Chart]

    state: str = ""
    _effects: list[_EffectT] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        self.state = self.state or self.chart.states[0]

    @property
    def done(self) -> bool:
        """Whether it has ended; nothing has an effect any more."""
        return self.state in self.chart.final

    @property
    def listening(self) -> bool:
        """Whether the person's next message belongs to this dialog, and idling ends it."""
        return self.state in self.chart.listening

    def handle(self, event: _EventT) -> list[_EffectT]:
        """Tells the flow what happened; returns what to do now, in order.

        An event that is ignored here returns nothing; `why_ignored`, asked before, tells why.
        """
        if (self.state, type(event)) in self.chart.reasons:
            return []
        trigger = self.chart.triggers.get(type(event))
        if trigger is None:
            raise TypeError(f"{event!r} is no event of the chart {self.chart.name}")
        self._effects = []
        trigger(self, event)
        return self._effects

    def why_ignored(self, event: _EventT) -> str | None:
        """The reason why `event` would do nothing in this state; None when it would do something."""
        return self.chart.reasons.get((self.state, type(event)))

    def emit(self, effect: _EffectT) -> None:
        """For actions: one more thing to do."""
        self._effects.append(effect)

    def snapshot(self) -> dict[str, Any]:
        """Everything needed to go on after a restart, as a plain JSON object."""
        kept = {f.name: to_plain(getattr(self, f.name)) for f in fields(self) if f.init}
        return {"chart": self.chart.name, "version": self.chart.version, **kept}

    @classmethod
    def restore(cls, snapshot: dict[str, Any]) -> Self:
        """The flow that `snapshot` was taken of. Raises BadSnapshot for another chart or version, or a broken one."""
        match snapshot:
            case {"chart": cls.chart.name, "version": cls.chart.version, **kept}:
                flow = cls(**fields_from_plain(cls, kept))
            case {"chart": chart, "version": version}:
                raise BadSnapshot(f"{chart!r:.60} version {version!r:.60} is not {cls.chart.name} {cls.chart.version}")
            case _:
                raise BadSnapshot("a snapshot has a chart and a version")
        if flow.state not in cls.chart.states:
            raise BadSnapshot(f"{cls.chart.name} has no state {flow.state!r:.60}")
        if missing := flow.missing():
            raise BadSnapshot(f"{cls.chart.name} in the state {flow.state} needs {missing}")
        return flow

    def missing(self) -> str:
        """What this state needs and the fields do not hold; "" when all is there. For charts to override."""
        return ""


def as_tuple(names: Names) -> tuple[str, ...]:
    """One name or several, as several."""
    return (names,) if isinstance(names, str) else names
