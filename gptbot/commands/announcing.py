"""The words and buttons of the announcement wizard: what the chart `fsm/announcement` decides (SPEC §6, §7).

From the moment of sending on, `announcement_sending` and the broadcast actor have it.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from fsm import announcement_words as chart
from fsm.announcement import Announcement
from fsm.announcement_parts import Audience, Content, Links
from fsm.announcement_words import Effect, Event
from gptbot.commands import announcement_sending, link_buttons
from gptbot.commands.announcement_sending import described
from gptbot.commands.dialog_scene import Scene, mark
from gptbot.commands.link_buttons import BadLinks
from gptbot.domain import audiences
from gptbot.domain.audiences import BadSpec, Selection
from gptbot.domain.outgoing import Keyboard, Text
from gptbot.domain.updates import MessageSent
from gptbot.texts import Words

_ACTIONS: Final[dict[str, Event]] = {
    "content": chart.ChangeContentChosen(),
    "audience": chart.ChangeAudienceChosen(),
    "links": chart.ChangeLinksChosen(),
    "back": chart.BackChosen(),
    "cancel": chart.Cancelled(),
}
_OFFERED: Final = (("all", "test"), ("active7", "active30"), ("langru", "langen"))
"""Audiences that have a button."""

_NOT_COPIED: Final = {"service", "other"}
"""Kinds of messages that Bot API copyMessage refuses, or may refuse."""


# --- what people do, as events ---------------------------------------------------------------------------------------


def hear(scene: Scene, flow: Announcement, message: MessageSent, _: int) -> Event:
    """What a message in the wizard means to the chart: what is asked for at this moment, else the content."""
    if flow.state == "audience":
        return audience_event(scene, message.text if message.kind == "text" else "")
    if flow.state == "links":
        return _links_event(message)
    if message.kind in _NOT_COPIED:
        return chart.ContentRefused("kind")
    album = (message.message_id, *message.joined_messages) if message.joined_messages else ()
    content = Content(message.place.chat_id, message.message_id, message.kind, tuple(sorted(album)))
    return chart.ContentGiven(content)


def press(scene: Scene, flow: Announcement, args: Sequence[str]) -> Event | None:
    """What a button means to the chart; None for one that doesn't belong to what is shown."""
    match args:
        case ["to", spec]:
            return audience_event(scene, spec)
        case ["unlink"] if flow.links:
            return chart.RemoveLinksChosen()
        case ["send", of] if flow.state == "preview" and of == _mark(flow):
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


def refused(flow: Announcement, shown: str, *, gone: bool) -> Event | None:
    """What it means that Telegram didn't take the preview `shown` (its mark); None if that one no longer stands."""
    return chart.PreviewRefused(gone) if flow.state == "preview" and shown == _mark(flow) else None


def _links_event(message: MessageSent) -> Event:
    if message.kind != "text":
        return chart.LinksRefused("not_text", 0)
    links = link_buttons.parse(message.text)
    if isinstance(links, BadLinks):
        return chart.LinksRefused(links.reason, links.line)
    return chart.LinksGiven(links)


def _select(scene: Scene, spec: str) -> Selection:
    audience = audiences.parse(spec)
    if isinstance(audience, BadSpec):  # kept by a version that knew more audiences
        return Selection(())
    return audiences.select(scene.tx.book, audience, scene.tx.now, (scene.key.user,))


def _seconds(scene: Scene, selection: Selection) -> int:
    return math.ceil(len(selection.users) / scene.rules.announce_per_s)


def _mark(flow: Announcement) -> str:
    """Ties a send button to the preview above it: that of an older preview must not send another message."""
    return mark(f"{flow.chosen_content.message_id} {flow.chosen_audience.spec} {link_buttons.lines(flow.links)}")


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
        case chart.AskLinks() | chart.SayBadLinks() | chart.SayNoLinks():
            _about_links(scene, effect)
        case chart.ShowPreview():
            _preview(scene, flow, effect)
        case chart.StartSending(audience, content):
            _start(scene, flow, _whole(audience, content))
        case chart.SayCancelled():
            scene.show(words("announce.cancelled"))
        case chart.SayExpired():
            scene.say(words("announce.expired"))


def _about_links(scene: Scene, effect: chart.AskLinks | chart.SayBadLinks | chart.SayNoLinks) -> None:
    limits = {"rows": link_buttons.ROWS_MAX, "row": link_buttons.ROW_MAX, "label": link_buttons.LABEL_MAX}
    match effect:
        case chart.AskLinks(()):
            scene.show(scene.words("announce.ask_links", **limits), _links_buttons(scene, ()))
        case chart.AskLinks(links):
            text = scene.fitting("announce.ask_links_again", link_buttons.lines(links))
            scene.show(text, _links_buttons(scene, links))
        case chart.SayBadLinks(reason, line, links):
            text = scene.words(f"announce.bad_links.{reason}", line=line, **limits)
            scene.say(text, _links_buttons(scene, links))
        case chart.SayNoLinks():
            scene.say(scene.words("announce.no_links"))


def _preview(scene: Scene, flow: Announcement, shown: chart.ShowPreview) -> None:
    """The copy and the question below it stand or fall together: nothing is confirmed that was not shown."""
    audience, content, links = shown.audience, shown.content, shown.links
    preview = {"dialog": list(scene.key), "token": scene.token, "shown": _mark(flow)}
    copy = announcement_sending.copied(content, links, scene.place)
    group = scene.tx.send(copy, after={"preview": preview})
    confirm = scene.button("announce.button.send", f"send:{_mark(flow)}", recipients=audience.recipients)
    link_row = [scene.button(f"announce.button.{'change' if links else 'add'}_links", "links")]
    if links:
        link_row.append(scene.button("announce.button.remove_links", "unlink"))
    keyboard = [
        [confirm],
        *([] if content.album else [link_row]),
        [scene.button("announce.button.content", "content"), scene.button("announce.button.audience", "audience")],
        [scene.button("dialog.button.cancel", "cancel")],
    ]
    key = "announce.preview_album" if content.album else "announce.preview"
    text = _numbers(scene.words, key, _whole(audience, content))
    scene.tx.send(scene.message(text, keyboard), group=group)


def _links_buttons(scene: Scene, links: Links) -> Keyboard:
    remove = [[scene.button("announce.button.remove_links", "unlink")]] if links else []
    return [*remove, [scene.button("announce.button.back", "back"), scene.button("dialog.button.cancel", "cancel")]]


def _start(scene: Scene, flow: Announcement, audience: Audience) -> None:
    """The recipients are fixed, and the sending is announced to the broadcast actor, in the commit of the button."""
    users = _select(scene, audience.spec).users
    scene.show(_numbers(scene.words, "announce.confirmed", audience))
    announcement_sending.start(scene, flow, users)


def _whole(audience: Audience, content: Content) -> Audience:
    """With the time that this content takes: every message of an album counts."""
    return replace(audience, seconds=audience.seconds * max(1, len(content.album)))


def _numbers(words: Words, key: str, audience: Audience) -> Text:
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
