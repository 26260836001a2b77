"""The wizard behind `/announce`, and the sending that follows it (SPEC §6 and §7, "Announcement").

Audience, content, preview; the preview carries the confirm button, with the exact number of recipients beside it.
Whatever is chosen anew (a further audience button, another message) leads to a new preview, and what fails takes
the preview that stood away: nothing is ever sent that was not the last thing shown. Confirming brings a fresh
count of the same audience; the sending starts once, and only from there.

While it is sent (or paused) the wizard is out of the way: messages and commands of the admin are their own again,
and there is no idle end. Stopping lets what is in flight land first; the report ends it either way. Where the
sending stands is kept by the one who sends, per recipient; this chart only decides what is to happen.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

from fsm.announcement_words import (
    EVENTS,
    AskAudience,
    AskContent,
    Audience,
    AudienceChosen,
    BadAudience,
    Cancelled,
    ChangeAudienceChosen,
    ChangeContentChosen,
    Confirmed,
    Content,
    ContentGiven,
    ContentRefused,
    Effect,
    Event,
    Finished,
    IdleTimeout,
    Opened,
    OtherCommandGiven,
    Paused,
    PauseSending,
    Progressed,
    Resumed,
    ResumeSending,
    SayBadAudience,
    SayBadContent,
    SayCancelled,
    SayExpired,
    SayNobody,
    ShowPreview,
    ShowProgress,
    ShowReport,
    StartSending,
    StopSending,
)
from fsm.flow import SAME, Chart, Flow, Ignored, Step

WIZARD = ("audience", "content", "preview")
UNDER_WAY = ("sending", "paused", "stopping")
FINAL = ("reported", "cancelled", "expired")
STATES = ("new", *WIZARD, *UNDER_WAY, *FINAL)

TRANSITIONS = (
    Step("new", Opened, "audience", do="ask_audience"),
    Step("new", AudienceChosen, "audience", when="is_nobody", do=("say_nobody", "ask_audience")),
    Step("new", AudienceChosen, "content", do=("keep_audience", "ask_content")),
    Step("new", BadAudience, "audience", do=("say_bad_audience", "ask_audience")),
    Step("audience", BadAudience, "audience", do="say_bad_audience"),
    Step(WIZARD, AudienceChosen, "audience", when="is_nobody", do="say_nobody"),
    Step("audience", AudienceChosen, "preview", when="has_content", do=("keep_audience", "show_preview")),
    Step(("audience", "content"), AudienceChosen, "content", do=("keep_audience", "ask_content")),
    Step("preview", AudienceChosen, "preview", do=("keep_audience", "show_preview")),
    Step(("content", "preview"), ContentGiven, "preview", do=("keep_content", "show_preview")),
    Step(("content", "preview"), ContentRefused, "content", do=("drop_content", "say_bad_content")),
    Step("preview", ChangeContentChosen, "content", do=("drop_content", "ask_content")),
    Step(("content", "preview"), ChangeAudienceChosen, "audience", do="ask_audience"),
    Step("preview", Confirmed, "audience", when="is_nobody", do="say_nobody"),
    Step("preview", Confirmed, "sending", do=("recount_audience", "start_sending")),
    Step("sending", Paused, "paused", do="pause_sending"),
    Step("paused", Resumed, "sending", do="resume_sending"),
    Step(("sending", "paused"), Progressed, SAME, do="show_progress"),
    Step(("sending", "paused"), Cancelled, "stopping", do="stop_sending"),
    Step(UNDER_WAY, Finished, "reported", do="show_report"),
    Step(WIZARD, Cancelled, "cancelled", do="say_cancelled"),
    Step(WIZARD, OtherCommandGiven, "cancelled"),
    Step(WIZARD, IdleTimeout, "expired", do="say_expired"),
)

_OF_SENDING = (Paused, Resumed, Progressed, Finished)
_OF_WIZARD = (
    Opened, AudienceChosen, BadAudience, ContentGiven, ContentRefused, ChangeContentChosen, ChangeAudienceChosen,
    Confirmed, OtherCommandGiven, IdleTimeout,
)  # fmt: skip

IGNORED = (
    Ignored("new", tuple(e for e in EVENTS if e not in (Opened, AudienceChosen, BadAudience)), "nothing was asked yet"),
    Ignored(WIZARD, (Opened,), "it is open already"),
    Ignored(WIZARD, _OF_SENDING, "nothing is being sent"),
    Ignored("audience", (ContentGiven, ContentRefused), "the audience is asked for first"),
    Ignored("audience", (ChangeAudienceChosen,), "the audience is being asked for"),
    Ignored(("content", "preview"), (BadAudience,), "the audience was not asked for"),
    Ignored(("audience", "content"), (ChangeContentChosen, Confirmed), "a button of a preview that no longer stands"),
    Ignored(UNDER_WAY, _OF_WIZARD, "the wizard is over; the sending goes on by itself"),
    Ignored("sending", (Resumed,), "it is being sent"),
    Ignored("paused", (Paused,), "it is paused already"),
    Ignored("stopping", (Paused, Resumed, Progressed, Cancelled), "it is being stopped; the report follows"),
    Ignored(FINAL, EVENTS, "this dialog is over"),
)

CHART = Chart(
    "announcement",
    1,
    events=EVENTS,
    states=STATES,
    final=FINAL,
    listening=WIZARD,
    transitions=TRANSITIONS,
    ignored=IGNORED,
)


@dataclass(kw_only=True, eq=False)
class Announcement(Flow[Event, Effect]):
    """The audience and content chosen so far. Events and effects are in `announcement_words.py`."""

    chart: ClassVar = CHART

    audience: Audience | None = None
    content: Content | None = None

    def missing(self) -> str:
        if self.state in ("content", "preview", *UNDER_WAY) and self.audience is None:
            return "an audience"
        if self.state in ("preview", *UNDER_WAY) and self.content is None:
            return "a content"
        return ""

    @property
    def chosen_audience(self) -> Audience:
        assert self.audience is not None, self.state
        return self.audience

    @property
    def chosen_content(self) -> Content:
        assert self.content is not None, self.state
        return self.content

    def is_nobody(self, event: AudienceChosen | Confirmed) -> bool:
        return event.recipients == 0

    def has_content(self, _: AudienceChosen) -> bool:
        return self.content is not None

    def keep_audience(self, event: AudienceChosen) -> None:
        self.audience = Audience(event.spec, event.recipients, event.left_out, event.seconds)

    def recount_audience(self, event: Confirmed) -> None:
        self.audience = replace(
            self.chosen_audience, recipients=event.recipients, left_out=event.left_out, seconds=event.seconds
        )

    def keep_content(self, event: ContentGiven) -> None:
        self.content = event.content

    def drop_content(self, _: ContentRefused | ChangeContentChosen) -> None:
        self.content = None

    def ask_audience(self, _: Opened | AudienceChosen | BadAudience | ChangeAudienceChosen) -> None:
        self.emit(AskAudience())

    def say_bad_audience(self, event: BadAudience) -> None:
        self.emit(SayBadAudience(event.reason))

    def say_nobody(self, event: AudienceChosen | Confirmed) -> None:
        spec = event.spec if isinstance(event, AudienceChosen) else self.chosen_audience.spec
        self.emit(SayNobody(spec, event.left_out))

    def ask_content(self, _: AudienceChosen | ChangeContentChosen) -> None:
        self.emit(AskContent(self.chosen_audience))

    def say_bad_content(self, event: ContentRefused) -> None:
        self.emit(SayBadContent(event.reason))

    def show_preview(self, _: AudienceChosen | ContentGiven) -> None:
        self.emit(ShowPreview(self.chosen_audience, self.chosen_content))

    def start_sending(self, _: Confirmed) -> None:
        self.emit(StartSending(self.chosen_audience, self.chosen_content))

    def pause_sending(self, _: Paused) -> None:
        self.emit(PauseSending())

    def resume_sending(self, _: Resumed) -> None:
        self.emit(ResumeSending())

    def stop_sending(self, _: Cancelled) -> None:
        self.emit(StopSending())

    def show_progress(self, event: Progressed) -> None:
        self.emit(ShowProgress(event.done, event.total, paused=self.state == "paused"))

    def show_report(self, event: Finished) -> None:
        self.emit(ShowReport(self.chosen_audience, event.tally, stopped=self.state == "stopping"))

    def say_cancelled(self, _: Cancelled) -> None:
        self.emit(SayCancelled())

    def say_expired(self, _: IdleTimeout) -> None:
        self.emit(SayExpired())
