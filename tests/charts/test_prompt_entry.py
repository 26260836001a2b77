"""The dialog behind `/prompt` (SPEC §6), row by row."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm.prompt_entry import (
    AskForPrompt,
    Cancelled,
    ExamplesChosen,
    IdleTimeout,
    KeepChosen,
    NotTextSent,
    Opened,
    OtherCommandGiven,
    PromptEntry,
    ResetChosen,
    ResetPrompt,
    SaveChosen,
    SavePrompt,
    SayCancelled,
    SayEmpty,
    SayExpired,
    SayKept,
    SayNotText,
    SayTooLong,
    ShowExamples,
    ShowPreview,
    TextTyped,
    WriteAgainChosen,
)
from tests.charts.rows import Row, row_name
from tests.charts.samples import EVENTS

ROWS = [
    Row("new", Opened("You are Marv", 4), "asking", [AskForPrompt("You are Marv", 4)]),
    Row("new", Opened(None, 7), "asking", [AskForPrompt(None, 7)]),
    Row("new", TextTyped("x", 1, 9), "new", []),
    Row("asking", TextTyped("Be brief", 2, 2), "previewing", [ShowPreview("Be brief", 2)]),
    Row("asking", TextTyped("Be briefer", 3, 2), "asking", [SayTooLong(3, 2)]),
    Row("asking", TextTyped(" \n\t", 1, 2), "asking", [SayEmpty()]),
    Row("asking", TextTyped("", 0, 2), "asking", [SayEmpty()]),
    Row("asking", NotTextSent(), "asking", [SayNotText()]),
    Row("asking", ExamplesChosen(), "asking", [ShowExamples()]),
    Row("asking", KeepChosen(), "kept", [SayKept()]),
    Row("asking", ResetChosen(), "reset", [ResetPrompt()]),
    Row("asking", SaveChosen(), "asking", []),
    Row("asking", WriteAgainChosen(), "asking", []),
    Row("asking", Cancelled(), "cancelled", [SayCancelled()]),
    Row("asking", OtherCommandGiven(), "cancelled", []),
    Row("asking", IdleTimeout(), "expired", [SayExpired()]),
    Row("previewing", SaveChosen(), "saved", [SavePrompt("first")]),
    Row("previewing", WriteAgainChosen(), "asking", [AskForPrompt("old", 1)]),
    Row("previewing", TextTyped("second", 2, 9), "previewing", [ShowPreview("second", 2)]),
    Row("previewing", TextTyped("far too long", 10, 9), "asking", [SayTooLong(10, 9)]),
    Row("previewing", TextTyped(" ", 1, 9), "asking", [SayEmpty()]),
    Row("previewing", NotTextSent(), "asking", [SayNotText()]),
    Row("previewing", ExamplesChosen(), "previewing", [ShowExamples()]),
    Row("previewing", KeepChosen(), "kept", [SayKept()]),
    Row("previewing", ResetChosen(), "reset", [ResetPrompt()]),
    Row("previewing", Cancelled(), "cancelled", [SayCancelled()]),
    Row("previewing", OtherCommandGiven(), "cancelled", []),
    Row("previewing", IdleTimeout(), "expired", [SayExpired()]),
    Row("saved", SaveChosen(), "saved", []),
]


@pytest.mark.parametrize("row", ROWS, ids=row_name)
def test_a_row_of_the_prompt_dialog(row: Row) -> None:
    row.check(PromptEntry(state=row.state, current="old", current_tokens=1, text="first", tokens=1))


def test_a_prompt_is_asked_for_previewed_and_saved() -> None:
    dialog = PromptEntry()
    assert dialog.handle(Opened(None, 7)) == [AskForPrompt(None, 7)]
    assert dialog.handle(TextTyped("Be brief", 2, 100)) == [ShowPreview("Be brief", 2)]
    assert dialog.handle(SaveChosen()) == [SavePrompt("Be brief")]
    assert dialog.done


def test_the_text_previewed_last_is_the_one_that_is_saved() -> None:
    dialog = PromptEntry()
    for event in (Opened(None, 7), TextTyped("one", 1, 9), TextTyped("two", 1, 9)):
        dialog.handle(event)
    assert dialog.handle(SaveChosen()) == [SavePrompt("two")]


def test_after_a_text_that_was_refused_the_earlier_one_cannot_be_saved() -> None:
    dialog = PromptEntry()
    for event in (Opened(None, 7), TextTyped("one", 1, 9), TextTyped("two", 10, 9)):
        dialog.handle(event)
    assert dialog.why_ignored(SaveChosen()) == "a button of a preview that no longer stands"
    assert dialog.handle(SaveChosen()) == []


def test_the_next_message_is_input_only_while_a_prompt_is_asked_for() -> None:
    listening = [state for state in PromptEntry.chart.states if PromptEntry(state=state).listening]
    assert listening == ["asking", "previewing"]


texts = st.builds(TextTyped, text=st.text(max_size=5), tokens=st.integers(0, 9), tokens_max=st.just(5))


@given(st.lists(texts | st.sampled_from(EVENTS[PromptEntry])))
def test_a_dialog_changes_the_prompt_at_most_once_and_only_to_a_text_just_shown(events: list[Any]) -> None:
    dialog = PromptEntry()
    effects = [effect for event in events for effect in dialog.handle(event)]
    changes = [effect for effect in effects if isinstance(effect, (SavePrompt, ResetPrompt, SayKept))]
    assert len(changes) <= 1
    for change in changes:
        assert effects[-1] == change
        if isinstance(change, SavePrompt):
            shown = [effect.text for effect in effects if isinstance(effect, ShowPreview)]
            assert shown[-1] == change.text
            assert change.text.strip()
