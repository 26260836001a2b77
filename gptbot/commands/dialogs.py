"""Dialogs: leads what a person does to the chart of their dialog, and what the chart decides to its words (SPEC §6).

A dialog belongs to a user in a chat and topic. All functions are pure and run inside one transaction, so the state of
the dialog, what it changed and what it says are one commit. Its buttons carry "dlg:<token>:<action>".
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import structlog

from fsm import announcement, announcement_words, prompt_entry
from fsm.flow import BadSnapshot, Flow
from gptbot.commands import announcing, privacy, prompting
from gptbot.commands.dialog_scene import Scene
from gptbot.commands.prompting import set_prompt
from gptbot.commands.visit import Visit, words_for
from gptbot.domain.book import Book, DialogKey
from gptbot.domain.rules import Rules
from gptbot.domain.settling import Preview
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import MessageSent

__all__ = [
    "button", "cancel", "current", "expire", "leave", "message_given", "open_announcement", "open_prompt",
    "preview_refused", "set_prompt",
]  # fmt: skip

log = structlog.get_logger()

AnyFlow = Flow[Any, Any]


class _Kind(NamedTuple):
    """A chart with its interpreter: `hear` and `press` make events (`press` None for a stale button)."""

    flow: type[AnyFlow]
    hear: Callable[[Scene, Any, MessageSent, int], Any]
    press: Callable[[Scene, Any, Sequence[str]], Any]
    carry_out: Callable[[Scene, Any, Any], None]
    cancelled: object
    left: object
    idle: object
    admins_only: bool = False


_KINDS: Final[dict[str, _Kind]] = {
    prompt_entry.CHART.name: _Kind(
        prompt_entry.PromptEntry,
        prompting.hear,
        prompting.press,
        prompting.carry_out,
        prompt_entry.Cancelled(),
        prompt_entry.OtherCommandGiven(),
        prompt_entry.IdleTimeout(),
    ),
    announcement.CHART.name: _Kind(
        announcement.Announcement,
        announcing.hear,
        announcing.press,
        announcing.carry_out,
        announcement_words.Cancelled(),
        announcement_words.OtherCommandGiven(),
        announcement_words.IdleTimeout(),
        admins_only=True,
    ),
}


# --- opening ---------------------------------------------------------------------------------------------------------


def open_prompt(tx: Transaction, visit: Visit, current_tokens: int) -> None:
    """`/prompt` without a text. `current_tokens` is the length of the person's prompt, or of the standard one."""
    current = tx.book.accounts[visit.user].prompt
    _advance(_new_scene(tx, visit), prompt_entry.PromptEntry(), prompt_entry.Opened(current, current_tokens))


def open_announcement(tx: Transaction, visit: Visit, args: str) -> None:
    """`/announce`; `args` may name the audience already."""
    scene = _new_scene(tx, visit)
    opened = announcing.audience_event(scene, args) if args else announcement_words.Opened()
    _advance(scene, announcement.Announcement(), opened)


# --- going on --------------------------------------------------------------------------------------------------------


def current(book: Book, visit: Visit) -> DialogKey | None:
    """The dialog that is open for this person in this chat and topic; none for somebody without an account (any more).

    The owner may have taken it out of data.json by hand, or put an older file in its place.
    """
    key = _key(visit)
    return key if key in book.dialogs and book.get(visit.user) is not None else None


def message_given(tx: Transaction, visit: Visit, message: MessageSent, tokens: int) -> None:
    """The next message there is the dialog's input. `tokens` is the length of its text."""
    scene = _scene(tx, visit)
    if flow := _restored(scene):
        _advance(scene, flow, _kind(flow).hear(scene, flow, message, tokens))


def button(tx: Transaction, visit: Visit, args: Sequence[str]) -> str:
    """A pressed "dlg" button (a ButtonHandler). Somebody else's, an earlier dialog's or a forged one is over."""
    scene = _scene(tx, visit)
    over = visit.words.plain("dialog.over")
    if current(tx.book, visit) is None or not args or args[0] != scene.token:
        return over
    flow = _restored(scene)
    if flow is None:
        return ""
    event = _kind(flow).press(scene, flow, args[1:])
    return "" if event is not None and _advance(scene, flow, event) else over


def preview_refused(tx: Transaction, rules: Rules, preview: Preview, *, gone: bool) -> None:
    """Telegram didn't take the preview of an announcement; `gone`: the message to be copied is not there any more."""
    key = DialogKey(*preview["dialog"])
    dialog = tx.book.dialogs.get(key)
    if dialog is None or dialog.token != preview["token"]:
        return
    scene = Scene(tx, rules, key, dialog.token, words_for(rules, tx.book.get(key.user)), None)
    flow = _restored(scene)
    if isinstance(flow, announcement.Announcement) and (event := announcing.refused(flow, preview["shown"], gone=gone)):
        _advance(scene, flow, event)


# --- ending ----------------------------------------------------------------------------------------------------------


def cancel(tx: Transaction, visit: Visit) -> bool:
    """`/cancel`: whether there was a dialog to leave."""
    scene = _scene(tx, visit)
    if privacy.keep(tx, visit):
        scene.say(scene.words("forget.kept"))
        return True
    if current(tx.book, visit) is None:
        return False
    if flow := _restored(scene):
        _advance(scene, flow, _kind(flow).cancelled)
    return True


def leave(tx: Transaction, visit: Visit) -> None:
    """Another command was given: whatever dialog is open here ends without a word."""
    scene = _scene(tx, visit)
    privacy.keep(tx, visit)
    if flow := _restored(scene, quietly=True):
        _advance(scene, flow, _kind(flow).left)


def expire(tx: Transaction, rules: Rules, key: DialogKey) -> None:
    """Nothing came for `rules.dialog_idle_s`: the dialog ends with a word to its user.

    Does nothing if it has moved or ended since the caller looked at the time.
    """
    dialog = tx.book.dialogs.get(key)
    if dialog is None or tx.now - dialog.at < rules.dialog_idle_s - 1:  # both are rounded to seconds
        return
    account = tx.book.get(key.user)
    blocked = account is not None and account.blocked
    scene = Scene(tx, rules, key, dialog.token, words_for(rules, account), None)
    flow = _restored(scene, quietly=blocked)
    if flow is None:
        return
    if blocked and flow.listening:
        tx.end_dialog(key)
    else:
        _advance(scene, flow, _kind(flow).idle)


# --- one step --------------------------------------------------------------------------------------------------------


def _advance(scene: Scene, flow: AnyFlow, event: Any) -> bool:
    """Tells the chart, keeps its new state, does what it says. False if it ignores that on purpose."""
    if flow.why_ignored(event) is not None:
        return False
    effects = flow.handle(event)
    if flow.listening:
        scene.tx.save_dialog(scene.key, scene.token, flow.snapshot())
    else:
        scene.tx.end_dialog(scene.key)
    for effect in effects:
        _kind(flow).carry_out(scene, flow, effect)
    return True


def _restored(scene: Scene, *, quietly: bool = False) -> AnyFlow | None:
    """The dialog open here; one that this version of the bot can't go on with ends, with a word."""
    dialog = scene.tx.book.dialogs.get(scene.key)
    if dialog is None:
        return None
    kind = _KINDS.get(str(dialog.snapshot.get("chart")))
    if kind is not None:
        try:
            flow = kind.flow.restore(dict(dialog.snapshot))
        except BadSnapshot:  # its text may quote what the user wrote, so it is not logged
            log.warning("dialog.unreadable", user=scene.key.user, chart=kind.flow.chart.name)
        else:
            if not (kind.admins_only and flow.listening) or scene.rules.is_admin(scene.key.user):
                return flow
    scene.tx.end_dialog(scene.key)
    if not quietly:
        scene.show(scene.words("dialog.broken"))
    return None


def _kind(flow: AnyFlow) -> _Kind:
    return _KINDS[flow.chart.name]


def _key(visit: Visit) -> DialogKey:
    return DialogKey(visit.user, visit.place.chat_id, visit.place.thread_id or 0)


def _scene(tx: Transaction, visit: Visit) -> Scene:
    key = _key(visit)
    dialog = tx.book.dialogs.get(key)
    return Scene(tx, visit.rules, key, dialog.token if dialog else "", visit.words, visit)


def _new_scene(tx: Transaction, visit: Visit) -> Scene:
    """For a dialog that begins: update ids are unique, so is the token made of one."""
    return Scene(tx, visit.rules, _key(visit), f"{visit.update.update_id:x}", visit.words, visit)
