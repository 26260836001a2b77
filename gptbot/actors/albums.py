"""Albums on their way in: Telegram sends each item as a message of its own (Bot API, Message.media_group_id).

The items stay in the inbox until the question that they are together is settled, so a crash loses none of them.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from gptbot.actors.desk import Desk
from gptbot.domain.asking import Asked
from gptbot.domain.updates import MessageSent

ITEMS_MAX = 10
"""Bot API: an album has 2 to 10 items."""

Item = tuple[MessageSent, Asked | None]


def put_together(items: Sequence[MessageSent]) -> MessageSent:
    """The items as one message: the first one's place in the conversation, everybody's files, the one caption."""
    first, *others = sorted(items, key=lambda item: item.message_id)
    return replace(
        first,
        text=next((item.text for item in (first, *others) if item.text.strip()), ""),
        reply=next((item.reply for item in (first, *others) if item.reply is not None), None),
        mentions_us=any(item.mentions_us for item in items),
        files=tuple(file for item in (first, *others) for file in item.files),
        joined=tuple(item.update_id for item in others),
        joined_messages=tuple(item.message_id for item in others),
    )


class AlbumInTheMaking:
    """The album that one person is sending, if any. `quiet` is called when nothing more came for ALBUM_QUIET_S."""

    def __init__(self, desk: Desk, name: str, quiet: Callable[[], None]) -> None:
        self._desk = desk
        self._name = name
        self._quiet = quiet
        self._items: list[Item] = []
        self._timer: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> bool:
        return bool(self._items)

    def continued_by(self, message: MessageSent) -> bool:
        """Whether it is one more item of this album."""
        if not self._items or len(self._items) >= ITEMS_MAX:
            return False
        first = self._items[0][0]
        return (message.place.chat_id, message.album) == (first.place.chat_id, first.album)

    def add(self, message: MessageSent, asked: Asked | None) -> None:
        """Its first or next item; whatever waited of another album was taken before."""
        self._items.append((message, asked))
        self._stop_timer()
        self._timer = self._desk.supervisor.spawn(f"album {self._name}", self._wait())

    def take(self) -> list[Item]:
        """The album as one message, or nothing if none waits."""
        self._stop_timer()
        items, self._items = self._items, []
        return [(put_together([message for message, _ in items]), items[0][1])] if items else []

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _wait(self) -> None:
        await self._desk.clock.sleep(self._desk.rules.album_quiet_s)
        self._timer = None
        self._quiet()
