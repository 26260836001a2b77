"""A question (or a wish for a picture) on its way from the queue to its answer, and the chat action shown meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from gptbot.actors.desk import Desk
from gptbot.domain.accounts import report_mode
from gptbot.domain.asking import Asked
from gptbot.domain.attached import NOTHING, Attached
from gptbot.domain.outgoing import chat_action
from gptbot.domain.updates import MessageEdited, MessageSent, Place
from gptbot.domain.wish import Wish

ACTION_EVERY_S = 4.0
"""Telegram shows a chat action for at most five seconds."""
REPORT_TEXT_MAX = 300


class Again(NamedTuple):
    """What a button asks again: the stored turn (`unanswered`: it has no answer) and the turn it continues."""

    turn: int
    unanswered: bool
    parent: int | None


@dataclass(slots=True)
class Question:
    """`text` is what is asked (the message's text without the command; of a bare file what is asked about it, once it
    was read). `attached` is what was read; of a question that is asked again from the beginning.

    `picture`: the wish, if it is one for a picture. `pinned`: its settings are stored already.

    `overtaken`: a newer question has stopped it before its turn came. `again`: a button asked it; `update` is then
    made up: the press's id, the former question's message. `pressed`: the message that has the button. `goes_on`: the
    question's message belongs to an earlier turn of the chain (Continue), and stays with it.

    `edit`: what its message was changed to while it waited or was answered.
    """

    update: MessageSent
    text: str
    asked: Asked
    picture: Wish | None = None
    pinned: bool = False
    overtaken: bool = False
    again: Again | None = None
    pressed: int = 0
    goes_on: bool = False
    attached: Attached = NOTHING
    edit: MessageEdited | None = None

    def grows_in(self, chat_id: int, message_id: int) -> bool:
        """Whether this message of this chat shows the answer growing."""
        return (chat_id, message_id) == (self.update.place.chat_id, self.asked.preview)

    def report(
        self, desk: Desk, kind: Literal["answer", "picture"], *, model: str, tokens: int, cost: int
    ) -> dict[str, Any] | None:
        """The line for the admin's feed; None for the admins' own questions, or where there is no feed (SPEC §5)."""
        person, place = self.update.person, self.update.place
        rules = desk.rules
        if rules.is_admin(person.id) or report_mode(desk.storage.book, rules) == "off":
            return None
        line: dict[str, Any] = {
            "kind": kind,
            "user": person.id,
            "name": person.name,
            "username": person.username or "",
            "where": "private" if place.private else place.title,
            "model": model,
            "tokens": tokens,
            "cost": cost,
        }
        if rules.report_texts:
            line["text"] = self.text[:REPORT_TEXT_MAX]
        return line


@asynccontextmanager
async def showing_action(desk: Desk, place: Place, action: str, after_s: float) -> AsyncIterator[None]:
    """Shows "typing…" (or another chat action) from `after_s` on until the end of the block."""
    tickers: list[asyncio.Task[None]] = []

    async def tick() -> None:
        while True:
            await desk.messenger.hint(chat_action(place, action))
            await desk.clock.sleep(ACTION_EVERY_S)

    # A timer is far cheaper than a task, and most answers that come at once need neither.
    timer = asyncio.get_running_loop().call_later(
        after_s, lambda: tickers.append(desk.supervisor.spawn(f"{action} {place.chat_id}", tick()))
    )
    try:
        yield
    finally:
        timer.cancel()
        for ticker in tickers:
            ticker.cancel()
