"""The announcement's wizard and its sending (SPEC §6 and §7), row by row."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm.announcement import Announcement
from fsm.announcement_parts import Audience
from fsm.announcement_words import (
    AskAudience,
    AskContent,
    AskLinks,
    AudienceChosen,
    BackChosen,
    BadAudience,
    Cancelled,
    ChangeAudienceChosen,
    ChangeContentChosen,
    ChangeLinksChosen,
    Confirmed,
    ContentGiven,
    ContentRefused,
    Finished,
    IdleTimeout,
    LinksGiven,
    LinksRefused,
    Opened,
    OtherCommandGiven,
    Paused,
    PauseSending,
    PreviewRefused,
    Progressed,
    RemoveLinksChosen,
    Resumed,
    ResumeSending,
    SayBadAudience,
    SayBadContent,
    SayBadLinks,
    SayCancelled,
    SayExpired,
    SayNobody,
    SayNoLinks,
    ShowPreview,
    ShowProgress,
    ShowReport,
    StartSending,
    StopSending,
)
from fsm.flow import BadSnapshot
from tests.charts.rows import Row, row_name
from tests.charts.samples import ALBUM, CONTENT, EVENTS, LINKS, TALLY

ALL = Audience("all", 8, 2, 1)
TEST = Audience("test", 1, 0, 1)
CHOSE_TEST = AudienceChosen("test", 1, 0, 1)
CHOSE_NOBODY = AudienceChosen("req10", 0, 3, 0)

ROWS = [
    Row("new", Opened(), "audience", [AskAudience()]),
    Row("new", CHOSE_TEST, "content", [AskContent(TEST)]),
    Row("new", CHOSE_NOBODY, "audience", [SayNobody("req10", 3), AskAudience()]),
    Row("new", BadAudience("unknown"), "audience", [SayBadAudience("unknown"), AskAudience()]),
    Row("new", ContentGiven(CONTENT), "new", []),
    Row("audience", CHOSE_NOBODY, "audience", [SayNobody("req10", 3)]),
    Row("audience", BadAudience("unknown"), "audience", [SayBadAudience("unknown")]),
    Row("audience", ContentGiven(CONTENT), "audience", []),
    Row("audience", Confirmed(8, 2, 1), "audience", []),
    Row("audience", Cancelled(), "cancelled", [SayCancelled()]),
    Row("audience", OtherCommandGiven(), "cancelled", []),
    Row("audience", IdleTimeout(), "expired", [SayExpired()]),
    Row("content", ContentGiven(ALBUM), "preview", [ShowPreview(ALL, ALBUM, ())]),
    Row("content", ContentRefused("poll"), "content", [SayBadContent("poll")]),
    Row("content", CHOSE_TEST, "content", [AskContent(TEST)]),
    Row("content", CHOSE_NOBODY, "audience", [SayNobody("req10", 3)]),
    Row("content", ChangeAudienceChosen(), "audience", [AskAudience()]),
    Row("content", Cancelled(), "cancelled", [SayCancelled()]),
    Row("content", OtherCommandGiven(), "cancelled", []),
    Row("content", IdleTimeout(), "expired", [SayExpired()]),
    Row("preview", Confirmed(9, 3, 2), "sending", [StartSending(Audience("all", 9, 3, 2), CONTENT, ())]),
    Row("preview", Confirmed(0, 10, 0), "audience", [SayNobody("all", 10)]),
    Row("preview", ContentGiven(ALBUM), "preview", [ShowPreview(ALL, ALBUM, ())]),
    Row("preview", ContentRefused("poll"), "content", [SayBadContent("poll")]),
    Row("preview", CHOSE_TEST, "preview", [ShowPreview(TEST, CONTENT, ())]),
    Row("preview", CHOSE_NOBODY, "audience", [SayNobody("req10", 3)]),
    Row("preview", ChangeContentChosen(), "content", [AskContent(ALL)]),
    Row("preview", ChangeAudienceChosen(), "audience", [AskAudience()]),
    Row("preview", Cancelled(), "cancelled", [SayCancelled()]),
    Row("preview", OtherCommandGiven(), "cancelled", []),
    Row("preview", IdleTimeout(), "expired", [SayExpired()]),
    Row("preview", PreviewRefused(gone=False), "content", [SayBadContent("refused")]),
    Row("preview", ChangeLinksChosen(), "links", [AskLinks(())]),
    Row("preview", LinksGiven(LINKS), "preview", []),
    Row("preview", RemoveLinksChosen(), "preview", [ShowPreview(ALL, CONTENT, ())]),
    Row("preview", BackChosen(), "preview", []),
    Row("links", LinksGiven(LINKS), "preview", [ShowPreview(ALL, CONTENT, LINKS)]),
    Row("links", LinksRefused("wide", 3), "links", [SayBadLinks("wide", 3, ())]),
    Row("links", BackChosen(), "preview", [ShowPreview(ALL, CONTENT, ())]),
    Row("links", CHOSE_TEST, "preview", [ShowPreview(TEST, CONTENT, ())]),
    Row("links", CHOSE_NOBODY, "audience", [SayNobody("req10", 3)]),
    Row("links", ContentGiven(ALBUM), "links", []),
    Row("links", Confirmed(8, 2, 1), "links", []),
    Row("links", PreviewRefused(gone=True), "links", []),
    Row("links", Cancelled(), "cancelled", [SayCancelled()]),
    Row("links", OtherCommandGiven(), "cancelled", []),
    Row("links", IdleTimeout(), "expired", [SayExpired()]),
    Row("sending", Progressed(3, 8), "sending", [ShowProgress(3, 8, paused=False)]),
    Row("sending", Paused(), "paused", [PauseSending()]),
    Row("sending", Cancelled(), "stopping", [StopSending()]),
    Row("sending", Finished(TALLY), "reported", [ShowReport(ALL, TALLY, stopped=False)]),
    Row("sending", OtherCommandGiven(), "sending", []),
    Row("sending", IdleTimeout(), "sending", []),
    Row("sending", ContentGiven(ALBUM), "sending", []),
    Row("sending", Confirmed(9, 3, 2), "sending", []),
    Row("paused", Progressed(3, 8), "paused", [ShowProgress(3, 8, paused=True)]),
    Row("paused", Resumed(), "sending", [ResumeSending()]),
    Row("paused", Cancelled(), "stopping", [StopSending()]),
    Row("paused", Finished(TALLY), "reported", [ShowReport(ALL, TALLY, stopped=False)]),
    Row("paused", IdleTimeout(), "paused", []),
    Row("stopping", Finished(TALLY), "reported", [ShowReport(ALL, TALLY, stopped=True)]),
    Row("stopping", Cancelled(), "stopping", []),
    Row("stopping", Resumed(), "stopping", []),
    Row("reported", Resumed(), "reported", []),
]


@pytest.mark.parametrize("row", ROWS, ids=row_name)
def test_a_row_of_the_announcement(row: Row) -> None:
    content = None if row.state in ("new", "audience", "content") else CONTENT
    row.check(Announcement(state=row.state, audience=ALL, content=content))


def test_an_announcement_is_made_step_by_step_and_sent() -> None:
    dialog = Announcement()
    steps: list[tuple[Any, list[Any]]] = [
        (Opened(), [AskAudience()]),
        (AudienceChosen("all", 8, 2, 1), [AskContent(ALL)]),
        (ContentGiven(CONTENT), [ShowPreview(ALL, CONTENT, ())]),
        (Confirmed(8, 2, 1), [StartSending(ALL, CONTENT, ())]),
        (Progressed(4, 8), [ShowProgress(4, 8, paused=False)]),
        (Finished(TALLY), [ShowReport(ALL, TALLY, stopped=False)]),
    ]
    for event, effects in steps:
        assert dialog.handle(event) == effects
    assert dialog.done


def test_a_changed_audience_leads_back_to_the_preview_of_the_same_content() -> None:
    dialog = Announcement(state="preview", audience=ALL, content=CONTENT)
    dialog.handle(ChangeAudienceChosen())
    assert dialog.handle(CHOSE_TEST) == [ShowPreview(TEST, CONTENT, ())]


def test_a_content_that_is_to_be_changed_is_not_shown_again() -> None:
    dialog = Announcement(state="preview", audience=ALL, content=CONTENT)
    dialog.handle(ChangeContentChosen())
    dialog.handle(ChangeAudienceChosen())
    assert dialog.handle(CHOSE_TEST) == [AskContent(TEST)]


def with_links(state: str = "preview") -> Announcement:
    return Announcement(state=state, audience=ALL, content=CONTENT, links=LINKS)


def test_link_buttons_stay_when_the_message_or_the_audience_is_another_one() -> None:
    dialog = with_links()
    other = replace(CONTENT, message_id=11)
    assert dialog.handle(ContentGiven(other)) == [ShowPreview(ALL, other, LINKS)]
    dialog.handle(ChangeContentChosen())
    assert dialog.handle(ContentGiven(CONTENT)) == [ShowPreview(ALL, CONTENT, LINKS)]
    assert dialog.handle(CHOSE_TEST) == [ShowPreview(TEST, CONTENT, LINKS)]
    assert dialog.handle(Confirmed(1, 0, 1)) == [StartSending(TEST, CONTENT, LINKS)]


def test_link_buttons_can_be_changed_kept_and_removed() -> None:
    dialog = with_links()
    assert dialog.handle(ChangeLinksChosen()) == [AskLinks(LINKS)]
    assert dialog.handle(LinksRefused("no_label", 1)) == [SayBadLinks("no_label", 1, LINKS)]
    assert dialog.handle(BackChosen()) == [ShowPreview(ALL, CONTENT, LINKS)]
    dialog.handle(ChangeLinksChosen())
    assert dialog.handle(LinksGiven(LINKS[:1])) == [ShowPreview(ALL, CONTENT, LINKS[:1])]
    dialog.handle(ChangeLinksChosen())
    assert dialog.handle(RemoveLinksChosen()) == [ShowPreview(ALL, CONTENT, ())]


def test_an_album_has_no_link_buttons() -> None:
    dialog = with_links()
    assert dialog.handle(ContentGiven(ALBUM)) == [ShowPreview(ALL, ALBUM, ())]
    assert dialog.handle(ChangeLinksChosen()) == [SayNoLinks()]
    assert dialog.handle(ContentGiven(CONTENT)) == [ShowPreview(ALL, CONTENT, ())]


def test_a_refused_preview_asks_for_what_was_at_fault() -> None:
    dialog = with_links()
    assert dialog.handle(PreviewRefused(gone=False)) == [SayBadLinks("refused", 0, LINKS)]
    assert dialog.handle(RemoveLinksChosen()) == [ShowPreview(ALL, CONTENT, ())]
    dialog = with_links()
    assert dialog.handle(PreviewRefused(gone=True)) == [SayBadContent("refused")]
    assert (dialog.state, dialog.content) == ("content", None)


def test_while_sending_the_admins_messages_are_their_own_again() -> None:
    listening = [state for state in Announcement.chart.states if Announcement(state=state).listening]
    assert listening == ["audience", "content", "preview", "links"]


@pytest.mark.parametrize("state", ["content", "preview", "links", "sending", "paused", "stopping"])
def test_a_snapshot_without_what_its_state_needs_is_refused(state: str) -> None:
    whole = Announcement(state=state, audience=ALL, content=CONTENT)
    assert Announcement.restore(whole.snapshot()).state == state
    with pytest.raises(BadSnapshot, match="needs an audience"):
        Announcement.restore(replace(whole, audience=None).snapshot())
    if state != "content":
        with pytest.raises(BadSnapshot, match="needs a content"):
            Announcement.restore(replace(whole, content=None).snapshot())


@given(st.lists(st.sampled_from(EVENTS[Announcement]), max_size=60))
def test_nothing_is_sent_twice_or_unseen_and_every_sending_ends_in_one_report(events: list[Any]) -> None:
    dialog = Announcement()
    effects = [effect for event in events for effect in dialog.handle(event)]
    starts = [effect for effect in effects if isinstance(effect, StartSending)]
    reports = [effect for effect in effects if isinstance(effect, ShowReport)]
    assert len(reports) <= len(starts) <= 1
    for start in starts:
        seen = [effect for effect in effects[: effects.index(start)] if isinstance(effect, ShowPreview)][-1]
        assert (start.content, start.audience.spec, start.links) == (seen.content, seen.audience.spec, seen.links)
        assert not (start.content.album and start.links)
        assert start.audience.recipients > 0
        assert dialog.state in ("sending", "paused", "stopping", "reported")
    assert bool(reports) == (dialog.state == "reported")
