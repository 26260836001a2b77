"""The life of one question (SPEC §5 and §6, DESIGN §6), row by row."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm.reply_chain import (
    AnswerCompleted,
    AnswerDelivered,
    Apologise,
    AskModel,
    BuildContext,
    CommitAnswer,
    ContextReady,
    ContextTrimmed,
    DeliveryRefused,
    FirstTextArrived,
    ModelFailed,
    NotAReply,
    ParentFound,
    ParentUnknown,
    Refused,
    ReplyChain,
    SayRefused,
    SayStopped,
    Settle,
    ShowGrowing,
    StopModel,
    StopRequested,
    UserBlocked,
)
from tests.charts.rows import Row, row_name
from tests.charts.samples import EVENTS

FREE = Settle(charge=False)
READY = ["alone", "chained", "forked", "unknown_parent", "trimmed"]

ROWS = [
    Row("resolving", NotAReply(), "alone", [BuildContext()]),
    Row("resolving", ParentFound(3, is_latest=True), "chained", [BuildContext(with_chain=True)]),
    Row("resolving", ParentFound(2, is_latest=False), "forked", [BuildContext(with_chain=True)]),
    Row("resolving", ParentFound(3, True, "this"), "chained", [BuildContext(with_chain=True, quote="this")]),
    Row(
        "resolving", ParentUnknown("tale", True), "unknown_parent",
        [BuildContext(shown="tale", shown_by_us=True)],
    ),
    Row("resolving", ParentUnknown("tale", False, "part"), "unknown_parent", [BuildContext(shown="part")]),
    Row("resolving", ParentUnknown("", True), "alone", [BuildContext()]),
    Row("resolving", ContextReady(), "resolving", []),
    *(Row(state, Refused("purse_empty"), "refused", [SayRefused("purse_empty"), FREE]) for state in READY),
    *(Row(state, StopRequested(), "withdrawn", [SayStopped(), FREE]) for state in READY),
    *(Row(state, ModelFailed("quota"), "failed", [Apologise("quota"), FREE]) for state in READY),
    *(Row(state, UserBlocked(), "withdrawn", [FREE]) for state in READY),
    *(Row(state, ContextReady(), "asking", [AskModel()]) for state in READY),
    *(Row(state, ContextTrimmed(2, 1), "trimmed", []) for state in READY),
    Row("asking", FirstTextArrived(), "streaming", [ShowGrowing()]),
    Row("asking", AnswerCompleted(), "delivering", [CommitAnswer(partial=False)]),
    Row("asking", ModelFailed("busy"), "failed", [Apologise("busy"), FREE]),
    Row("asking", StopRequested(), "withdrawn", [StopModel(), SayStopped(), FREE]),
    Row("asking", UserBlocked(), "withdrawn", [StopModel(), FREE]),
    Row("asking", ContextReady(), "asking", []),
    Row("streaming", AnswerCompleted(), "delivering", [CommitAnswer(partial=False)]),
    Row("asking", ContextTrimmed(2, 1), "asking", []),
    Row("streaming", ModelFailed("timeout"), "broken_off", [CommitAnswer(partial=True)]),
    Row("broken_off", AnswerDelivered(), "settled", [Settle(charge=True)]),
    Row("broken_off", DeliveryRefused(), "undelivered", [FREE]),
    Row("broken_off", StopRequested(), "broken_off", []),
    Row("streaming", StopRequested(), "stopped", [StopModel(), CommitAnswer(partial=True)]),
    Row("streaming", UserBlocked(), "withdrawn", [StopModel(), FREE]),
    Row("streaming", FirstTextArrived(), "streaming", []),
    Row("stopped", AnswerDelivered(), "settled", [Settle(charge=True)]),
    Row("stopped", DeliveryRefused(), "undelivered", [FREE]),
    Row("stopped", AnswerCompleted(), "stopped", []),
    Row("stopped", ModelFailed("server"), "stopped", []),
    Row("delivering", AnswerDelivered(), "settled", [Settle(charge=True)]),
    Row("delivering", DeliveryRefused(), "undelivered", [FREE]),
    Row("delivering", UserBlocked(), "undelivered", [FREE]),
    Row("delivering", StopRequested(), "delivering", []),
    Row("settled", AnswerDelivered(), "settled", []),
    Row("failed", AnswerDelivered(), "failed", []),
    Row("withdrawn", AnswerCompleted(), "withdrawn", []),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=row_name)
def test_a_row_of_a_turn(row: Row) -> None:
    row.check(ReplyChain(state=row.state))


def test_a_plain_turn_is_five_events_and_is_charged_at_the_end() -> None:
    turn = ReplyChain()
    events: list[Any] = [NotAReply(), ContextReady(), FirstTextArrived(), AnswerCompleted(), AnswerDelivered()]
    assert [effect for event in events for effect in turn.handle(event)] == [
        BuildContext(),
        AskModel(),
        ShowGrowing(),
        CommitAnswer(partial=False),
        Settle(charge=True),
    ]
    assert turn.done


def test_a_trimmed_turn_remembers_where_it_came_from_and_what_was_left_out() -> None:
    turn = ReplyChain()
    turn.handle(ParentFound(5, is_latest=False))
    turn.handle(ContextTrimmed(turns_left=3, turns_dropped=2))
    assert (turn.state, turn.origin, turn.turns, turn.turns_dropped) == ("trimmed", "forked", 3, 2)


@given(st.lists(st.sampled_from(EVENTS[ReplyChain]), max_size=60))
def test_a_turn_settles_at_most_once_and_charges_only_an_answer_that_was_delivered(events: list[Any]) -> None:
    turn = ReplyChain()
    told: list[tuple[Any, Any]] = [(event, effect) for event in events for effect in turn.handle(event)]
    effects = [effect for _, effect in told]
    settled = [(event, effect) for event, effect in told if isinstance(effect, Settle)]
    assert len(settled) == int(turn.done)
    assert sum(isinstance(effect, AskModel) for effect in effects) <= 1
    assert sum(isinstance(effect, CommitAnswer) for effect in effects) <= 1
    for event, effect in settled:
        assert effects[-1] == effect
        assert effect.charge == isinstance(event, AnswerDelivered)
        if effect.charge:
            assert any(isinstance(earlier, CommitAnswer) for earlier in effects)
            assert not any(isinstance(earlier, Apologise) for earlier in effects)
        assert effect.charge == (turn.state == "settled")
