"""The wizard behind `/announce`, and the sending that follows it (SPEC §6 and §7, "Announcement").

Audience, content, preview; the preview carries the confirm button, with the exact number of recipients beside it.
Whatever is chosen anew (a further audience button, another message) leads to a new preview, and what fails takes
the preview that stood away: nothing is ever sent that was not the last thing shown. Confirming brings a fresh
count of the same audience; the sending starts once, and only from there. Link buttons are a detour from the preview
and lead back to it; they stay when the message is another one, unless that is an album, which can't have any.

While it is sent (or paused) the wizard is out of the way: messages and commands of the admin are their own again,
and there is no idle end. Stopping lets what is in flight land first; the report ends it either way. Where the
sending stands is kept by the one who sends, per recipient; this chart only decides what is to happen.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

from fsm.announcement_parts import Audience, Content, Links
from fsm.announcement_words import (
    EVENTS,
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
    Effect,
    Event,
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
from fsm.flow import SAME, Chart, Flow, Ignored, Step

WIZARD = ("audience", "content", "preview", "links")
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
    Step(("preview", "links"), AudienceChosen, "preview", do=("keep_audience", "show_preview")),
    Step(("content", "preview"), ContentGiven, "preview", do=("keep_content", "show_preview")),
    Step(("content", "preview"), ContentRefused, "content", do=("drop_content", "say_bad_content")),
    Step("preview", PreviewRefused, "links", when="are_links_refused", do="say_refused_links"),
    Step("preview", PreviewRefused, "content", do=("drop_content", "say_refused_content")),
    Step("preview", ChangeContentChosen, "content", do=("drop_content", "ask_content")),
    Step(("content", "preview"), ChangeAudienceChosen, "audience", do="ask_audience"),
    Step("preview", ChangeLinksChosen, "preview", when="is_album", do="say_no_links"),
    Step("preview", ChangeLinksChosen, "links", do="ask_links"),
    Step("links", LinksGiven, "preview", do=("keep_links", "show_preview")),
    Step("links", LinksRefused, "links", do="say_bad_links"),
    Step(("preview", "links"), RemoveLinksChosen, "preview", do=("drop_links", "show_preview")),
    Step("links", BackChosen, "preview", do="show_preview"),
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
    PreviewRefused, ChangeLinksChosen, LinksGiven, LinksRefused, RemoveLinksChosen, BackChosen, Confirmed,
    OtherCommandGiven, IdleTimeout,
)  # fmt: skip
_OF_PREVIEW = (ChangeContentChosen, ChangeLinksChosen, Confirmed)

IGNORED = (
    Ignored("new", tuple(e for e in EVENTS if e not in (Opened, AudienceChosen, BadAudience)), "nothing was asked yet"),
    Ignored(WIZARD, (Opened,), "it is open already"),
    Ignored(WIZARD, _OF_SENDING, "nothing is being sent"),
    Ignored("audience", (ContentGiven, ContentRefused), "the audience is asked for first"),
    Ignored("audience", (ChangeAudienceChosen,), "the audience is being asked for"),
    Ignored(("content", "preview", "links"), (BadAudience,), "the audience was not asked for"),
    Ignored(("audience", "content", "links"), _OF_PREVIEW, "a button of a preview that no longer stands"),
    Ignored(("audience", "content", "links"), (PreviewRefused,), "that preview no longer stands"),
    Ignored(("audience", "content"), (RemoveLinksChosen,), "a button of a preview that no longer stands"),
    Ignored("links", (ChangeAudienceChosen,), "a button of a preview that no longer stands"),
    Ignored("links", (ContentGiven, ContentRefused), "buttons are being asked for"),
    Ignored(("audience", "content", "preview"), (LinksGiven, LinksRefused, BackChosen), "no buttons are asked for"),
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
    """The audience, content and link buttons chosen so far. Events and effects: `announcement_words.py`."""

    chart: ClassVar = CHART

    audience: Audience | None = None
    content: Content | None = None
    links: Links = ()

    def missing(self) -> str:
        if self.state in ("content", "preview", "links", *UNDER_WAY) and self.audience is None:
            return "an audience"
        if self.state in ("preview", "links", *UNDER_WAY) and self.content is None:
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

    def is_album(self, _: ChangeLinksChosen) -> bool:
        return bool(self.chosen_content.album)

    def are_links_refused(self, event: PreviewRefused) -> bool:
        return bool(self.links) and not event.gone

    def keep_audience(self, event: AudienceChosen) -> None:
        self.audience = Audience(event.spec, event.recipients, event.left_out, event.seconds)

    def recount_audience(self, event: Confirmed) -> None:
        self.audience = replace(
            self.chosen_audience, recipients=event.recipients, left_out=event.left_out, seconds=event.seconds
        )

    def keep_content(self, event: ContentGiven) -> None:
        self.content = event.content
        if event.content.album:
            self.links = ()

    def drop_content(self, _: ContentRefused | PreviewRefused | ChangeContentChosen) -> None:
        self.content = None

    def keep_links(self, event: LinksGiven) -> None:
        self.links = event.links

    def drop_links(self, _: RemoveLinksChosen) -> None:
        self.links = ()

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

    def say_refused_content(self, _: PreviewRefused) -> None:
        self.emit(SayBadContent("refused"))

    def ask_links(self, _: ChangeLinksChosen) -> None:
        self.emit(AskLinks(self.links))

    def say_bad_links(self, event: LinksRefused) -> None:
        self.emit(SayBadLinks(event.reason, event.line, self.links))

    def say_refused_links(self, _: PreviewRefused) -> None:
        self.emit(SayBadLinks("refused", 0, self.links))

    def say_no_links(self, _: ChangeLinksChosen) -> None:
        self.emit(SayNoLinks())

    def show_preview(self, _: AudienceChosen | ContentGiven | LinksGiven | RemoveLinksChosen | BackChosen) -> None:
        self.emit(ShowPreview(self.chosen_audience, self.chosen_content, self.links))

    def start_sending(self, _: Confirmed) -> None:
        self.emit(StartSending(self.chosen_audience, self.chosen_content, self.links))

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
