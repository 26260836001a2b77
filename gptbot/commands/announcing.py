"""The words and buttons of the announcement wizard: what the chart `fsm/announcement` decides (SPEC §6, §7).

From the moment of sending on, `announcement_sending` and the broadcast actor have it.
"""

import math
from collections.abc import Sequence
from typing import Final

from fsm import announcement_words as chart
from fsm.announcement import Announcement
from fsm.announcement_words import Effect, Event
from gptbot.commands import announcement_sending
from gptbot.commands.announcement_sending import described
from gptbot.commands.dialog_scene import Scene, mark
from gptbot.domain import audiences, outgoing
from gptbot.domain.audiences import BadSpec, Selection
from gptbot.domain.outgoing import Keyboard, Outgoing, Text
from gptbot.domain.updates import MessageSent, Place
from gptbot.texts import Words

_ACTIONS: Final[dict[str, Event]] = {
    "content": chart.ChangeContentChosen(),
    "audience": chart.ChangeAudienceChosen(),
    "cancel": chart.Cancelled(),
}
_OFFERED: Final = (("all", "test"), ("active7", "active30"), ("langru", "langen"))
"""Audiences that have a button."""

_NOT_COPIED: Final = {"service", "other"}
"""Kinds of messages that Bot API copyMessage refuses, or may refuse."""


# --- what people do, as events ---------------------------------------------------------------------------------------


def hear(scene: Scene, flow: Announcement, message: MessageSent, _: int) -> Event:
    """What a message in the wizard means to the chart: an audience where that is asked for, else the content."""
    if flow.state == "audience":
        return audience_event(scene, message.text if message.kind == "text" else "")
    if message.album is not None:
        return chart.ContentRefused("album")
    if message.kind in _NOT_COPIED:
        return chart.ContentRefused("kind")
    return chart.ContentGiven(chart.Content(message.place.chat_id, message.message_id, message.kind))


def press(scene: Scene, flow: Announcement, args: Sequence[str]) -> Event | None:
    """What a button means to the chart; None for one that doesn't belong to what is shown."""
    match args:
        case ["to", spec]:
            return audience_event(scene, spec)
        case ["send", of] if flow.state == "preview" and of == _mark(flow.chosen_audience, flow.chosen_content):
            selection = _select(scene, flow.chosen_audience.spec)
            return chart.Confirmed(len(selection.users), selection.left_out, _seconds(scene, selection))
        case [action]:
            return _ACTIONS.get(action)
    return None


def audience_event(scene: Scene, text: str) -> Event:
    """What an admin wrote (as the command's argument, or when asked), with the people it means now."""
    audience = audiences.parse(text)
    if isinstance(audience, BadSpec):
        return chart.BadAudience(audience)
    selection = _select(scene, audience.spec)
    if audience.kind in ("user", "username") and selection == Selection(()):
        return chart.BadAudience("nobody_known")
    return chart.AudienceChosen(audience.spec, len(selection.users), selection.left_out, _seconds(scene, selection))


def _select(scene: Scene, spec: str) -> Selection:
    audience = audiences.parse(spec)
    if isinstance(audience, BadSpec):  # kept by a version that knew more audiences
        return Selection(())
    return audiences.select(scene.tx.book, audience, scene.tx.now, (scene.key.user,))


def _seconds(scene: Scene, selection: Selection) -> int:
    return math.ceil(len(selection.users) / scene.rules.announce_per_s)


def _mark(audience: chart.Audience, content: chart.Content) -> str:
    """Ties a send button to the preview above it: that of an older preview must not send another message."""
    return mark(f"{content.message_id} {audience.spec}")


# --- what the chart decides, as messages -----------------------------------------------------------------------------


def carry_out(scene: Scene, flow: Announcement, effect: Effect) -> None:
    """One effect of the wizard as messages and rows."""
    words = scene.words
    match effect:
        case chart.AskAudience():
            scene.show(words("announce.ask_audience"), _audiences(scene))
        case chart.SayBadAudience(reason):
            scene.say(words(f"announce.bad_audience.{reason}"))
        case chart.SayNobody(spec, left_out):
            text = words("announce.nobody", audience=described(words, spec), left_out=left_out)
            scene.show(text, _audiences(scene))
        case chart.AskContent(audience):
            scene.show(_numbers(words, "announce.ask_content", audience), _content_buttons(scene))
        case chart.SayBadContent(reason):
            scene.say(words(f"announce.bad_content.{reason}"))
        case chart.ShowPreview(audience, content):
            _preview(scene, audience, content)
        case chart.StartSending(audience, _):
            _start(scene, flow, audience)
        case chart.SayCancelled():
            scene.show(words("announce.cancelled"))
        case chart.SayExpired():
            scene.say(words("announce.expired"))


def _preview(scene: Scene, audience: chart.Audience, content: chart.Content) -> None:
    """The copy and the question below it stand or fall together: nothing is confirmed that was not shown."""
    refused = {"user": scene.key.user, "key": "announce.preview_refused"}
    group = scene.tx.send(_copy(scene.place, content), after={"if_refused": refused})
    confirm = scene.button("announce.button.send", f"send:{_mark(audience, content)}", recipients=audience.recipients)
    keyboard = [
        [confirm],
        [scene.button("announce.button.content", "content"), scene.button("announce.button.audience", "audience")],
        [scene.button("dialog.button.cancel", "cancel")],
    ]
    text = _numbers(scene.words, "announce.preview", audience)
    scene.tx.send(scene.message(text, keyboard), group=group)


def _start(scene: Scene, flow: Announcement, audience: chart.Audience) -> None:
    """The recipients are fixed, and the sending is announced to the broadcast actor, in the commit of the button."""
    users = _select(scene, audience.spec).users
    scene.show(_numbers(scene.words, "announce.confirmed", audience))
    announcement_sending.start(scene, flow, users)


def _copy(place: Place, content: chart.Content) -> Outgoing:
    call = outgoing.copy(place.chat_id, content.chat_id, content.message_id, reply_markup=content.keyboard)
    if place.thread_id is None:
        return call
    return Outgoing(call.method, {**call.params, "message_thread_id": place.thread_id})


def _numbers(words: Words, key: str, audience: chart.Audience) -> Text:
    return words(
        key,
        audience=described(words, audience.spec),
        recipients=audience.recipients,
        left_out=audience.left_out,
        time=_duration(words, audience.seconds),
    )


def _duration(words: Words, seconds: int) -> str:
    if seconds < 90:
        return words.count(seconds, "second")
    return words.count(math.ceil(seconds / 60), "minute")


def _audiences(scene: Scene) -> Keyboard:
    rows = [[scene.button(f"announce.button.{spec}", f"to:{spec}") for spec in row] for row in _OFFERED]
    return [*rows, [scene.button("dialog.button.cancel", "cancel")]]


def _content_buttons(scene: Scene) -> Keyboard:
    return [
        [
            scene.button("announce.button.audience", "audience"),
            scene.button("dialog.button.cancel", "cancel"),
        ]
    ]
