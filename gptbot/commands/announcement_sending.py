"""An announcement under way: its place in storage, its buttons, its progress message and its report (SPEC §7).

While it is sent the wizard's dialog is over, but its chart goes on deciding what pause, resume, cancel and the end do.
So the chart's snapshot stays among the dialogs of the admin, under a key of its own, where every transaction sees it;
`announcements.state` and the recipients' rows are written in the same commits. Who got it is in those rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import orjson

from fsm import announcement_words as chart
from fsm.announcement import Announcement
from fsm.announcement_parts import Content, Links, Tally
from fsm.announcement_words import Event
from fsm.flow import BadSnapshot
from gptbot.commands.dialog_scene import Scene
from gptbot.commands.visit import Visit, words_for
from gptbot.domain import audiences, outgoing
from gptbot.domain.audiences import BadSpec
from gptbot.domain.book import Book, DialogKey
from gptbot.domain.outgoing import Button, Keyboard, Outgoing, Text, inline_keyboard
from gptbot.domain.rows import AnnouncementRow, AnnouncementState, RecipientsAdded
from gptbot.domain.rules import Rules
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import Place
from gptbot.texts import Words

_EVENTS: Final[dict[str, Event]] = {"pause": chart.Paused(), "resume": chart.Resumed(), "cancel": chart.Cancelled()}
_STORED: Final[dict[type, str]] = {
    chart.PauseSending: "paused",
    chart.ResumeSending: "sending",
    chart.StopSending: "cancelled",
}
"""What the chart decides, as `announcements.state`: the broadcast actor acts on it."""


@dataclass(frozen=True, slots=True)
class UnderWay:
    """Which announcement, whose, and in which chat its wizard was and its report goes."""

    id: int
    admin: int
    chat_id: int

    @property
    def key(self) -> DialogKey:
        """Where its snapshot is. No topic has a negative id, so no dialog of a person is there."""
        return DialogKey(self.admin, self.chat_id, -self.id)


def start(scene: Scene, flow: Announcement, users: Sequence[int]) -> None:
    """Everything that the sending needs, in one commit. `flow` has just begun to send."""
    tx, content = scene.tx, flow.chosen_content
    under_way = UnderWay(tx.new_announcement(), scene.key.user, scene.place.chat_id)
    tx.write(
        AnnouncementRow(
            under_way.id,
            under_way.admin,
            under_way.chat_id,
            flow.chosen_audience.spec,
            orjson.dumps({**asdict(content), "links": flow.links}),
            "sending",
            0,
            tx.now,
        )
    )
    tx.write(RecipientsAdded(under_way.id, tuple(users)))
    _save(tx, under_way, flow)
    text, keyboard = _progress(scene.words, under_way.id, "sending", {"pending": len(users)})
    tx.send(scene.message(text, keyboard), after={"announcement": under_way.id})


def copied(content: Content, links: Links, to: Place) -> Outgoing:
    """What everybody gets, and what the preview shows."""
    if content.album:
        call = outgoing.copy_album(to.chat_id, content.chat_id, content.album)
    else:
        rows = [[Button(link.label, url=link.url) for link in row] for row in links]
        markup = inline_keyboard(rows) if rows else None
        call = outgoing.copy(to.chat_id, content.chat_id, content.message_id, reply_markup=markup)
    if to.thread_id is None:
        return call
    return Outgoing(call.method, {**call.params, "message_thread_id": to.thread_id})


def find(book: Book, under_way: UnderWay) -> Announcement | None:
    """Its chart as it stands; None when it is over, or was kept by a version that this one can't go on with."""
    dialog = book.dialogs.get(under_way.key)
    if dialog is None:
        return None
    try:
        return Announcement.restore(dict(dialog.snapshot))
    except BadSnapshot:
        return None


def is_sending(book: Book, under_way: UnderWay) -> bool:
    """Whether further recipients may be written to."""
    flow = find(book, under_way)
    return flow is not None and flow.state == "sending"


def announcement_button(tx: Transaction, visit: Visit, args: Sequence[str]) -> str:
    """A pressed "ann" button: pause, resume, cancel (a ButtonHandler). The broadcast actor edits the message then."""
    over = visit.words.plain("dialog.over")
    match args:
        case [number, action] if visit.is_admin and action in _EVENTS and number.isascii() and number.isdigit():
            under_way = UnderWay(int(number[:18]), visit.user, visit.place.chat_id)
        case _:
            return over
    state = _advance(tx, under_way, _EVENTS[action])
    return visit.words.plain(f"announce.now.{state}") if state else over


def stop(tx: Transaction, under_way: UnderWay) -> None:
    """Nobody further gets it, as if its admin had cancelled it."""
    _advance(tx, under_way, chart.Cancelled())


def finish(tx: Transaction, rules: Rules, under_way: UnderWay, counts: Mapping[str, int]) -> None:
    """Nobody is left or in flight: it is done, and its admin gets the report. `counts`: recipients by state."""
    words = words_for(rules, tx.book.get(under_way.admin))
    flow = find(tx.book, under_way)
    tx.end_dialog(under_way.key)
    text = words("announce.unreadable")
    stopped = True
    for effect in flow.handle(chart.Finished(_tally(counts))) if flow else ():
        if isinstance(effect, chart.ShowReport):
            stopped = effect.stopped
            text = _report(words, effect, counts.get("pending", 0))
    tx.write(AnnouncementState("cancelled" if stopped else "done", under_way.id))
    tx.send(outgoing.message(Place(under_way.chat_id), text))


def progress(
    words: Words, number: int, flow: Announcement | None, counts: Mapping[str, int]
) -> tuple[Text, Keyboard] | None:
    """The progress message as it should be now, without buttons when all is over (`flow` None).

    None while it is being stopped: the report follows.
    """
    if flow is None:
        return _progress(words, number, "over", counts)
    for effect in flow.handle(chart.Progressed(_done(counts), sum(counts.values()))):
        if isinstance(effect, chart.ShowProgress):
            return _progress(words, number, "paused" if effect.paused else "sending", counts)
    return None


def described(words: Words, spec: str) -> str:
    """An audience in words: "all users", "at least 10 requests"."""
    audience = audiences.parse(spec)
    if isinstance(audience, BadSpec):
        return spec
    number = int(audience.value) if audience.kind in ("requests", "balance", "active") else 0
    return words.plain(f"announce.audience.{audience.kind}", value=audience.value, number=number)


def _advance(tx: Transaction, under_way: UnderWay, event: Event) -> str:
    """A step of the chart between start and end; the state it leads to, "" where the chart ignores it."""
    flow = find(tx.book, under_way)
    if flow is None or flow.why_ignored(event) is not None:
        return ""
    effects = flow.handle(event)
    _save(tx, under_way, flow)
    for effect in effects:
        tx.write(AnnouncementState(_STORED[type(effect)], under_way.id))
    return flow.state


def _save(tx: Transaction, under_way: UnderWay, flow: Announcement) -> None:
    tx.save_dialog(under_way.key, str(under_way.id), flow.snapshot())


def _progress(words: Words, number: int, state: str, counts: Mapping[str, int]) -> tuple[Text, Keyboard]:
    done, total = _done(counts), sum(counts.values())
    text = words(
        "announce.progress",
        state=words.plain(f"announce.now.{state}"),
        done=done,
        total=total,
        percent=100 * done // max(total, 1),
    )
    actions = {"sending": ("pause", "cancel"), "paused": ("resume", "cancel")}.get(state, ())
    buttons = [Button(words.plain(f"announce.button.{name}"), data=f"ann:{number}:{name}") for name in actions]
    return text, [buttons] if buttons else []


def _done(counts: Mapping[str, int]) -> int:
    return sum(number for state, number in counts.items() if state not in ("pending", "sending"))


def _report(words: Words, effect: chart.ShowReport, left: int) -> Text:
    audience = described(words, effect.audience.spec)
    key = "announce.report_stopped" if effect.stopped else "announce.report"
    return words(key, audience=audience, left=left, **asdict(effect.tally))


def _tally(counts: Mapping[str, int]) -> Tally:
    return Tally(**{name: counts.get(name, 0) for name in ("delivered", "blocked", "gone", "failed", "unknown")})
