"""Every chart through any life: each event is decided, a final state is the end, a restart changes nothing."""

import json
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from fsm.flow import SAME, as_tuple
from tests.charts.samples import EVENTS, FLOWS, AnyFlow
from tests.models.effort import effort, time_limit

pytestmark = time_limit


class Lives(RuleBasedStateMachine):
    """One flow lives on undisturbed; its twin is stored and restored now and then, as restarts of the bot do."""

    @initialize(kind=st.sampled_from(FLOWS))
    def begin(self, kind: type[AnyFlow]) -> None:
        self.kind = kind
        self.flow, self.twin = kind(), kind()
        self.ended: dict[str, Any] | None = None

    @rule(data=st.data())
    def happens(self, data: st.DataObject) -> None:
        event = data.draw(st.sampled_from(EVENTS[self.kind]))
        before, reason = self.flow.snapshot(), self.flow.why_ignored(event)
        rows = [step for step in self.kind.chart.transitions if step.event is type(event)]
        possible = [step for step in rows if before["state"] in as_tuple(step.source)]
        assert bool(reason) != bool(possible), f"{before['state']} × {type(event).__name__} is not decided"
        effects = self.flow.handle(event)
        assert effects == self.twin.handle(event)
        if reason:
            assert (effects, self.flow.snapshot()) == ([], before)
        else:
            ends = {before["state"] if step.to == SAME else step.to for step in possible}
            assert self.flow.state in ends

    @rule()
    def the_twin_is_restarted(self) -> None:
        self.twin = self.kind.restore(json.loads(json.dumps(self.twin.snapshot())))

    @invariant()
    def both_are_the_same_and_an_end_is_the_end(self) -> None:
        assert self.flow.snapshot() == self.twin.snapshot()
        assert (self.flow.done, self.flow.listening) == (self.twin.done, self.twin.listening)
        assert self.flow.state in self.kind.chart.states
        if self.ended is not None:
            assert self.flow.snapshot() == self.ended
        elif self.flow.done:
            self.ended = self.flow.snapshot()


TestLives = Lives.TestCase
TestLives.settings = effort(100, 30)
