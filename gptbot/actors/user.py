"""The user actor: one person's updates, one after the other (DESIGN §4).

It never waits for the model or Telegram: questions go to the person's queue, which works them off in child tasks, so
commands and buttons act while an answer is being written. It keeps no copy of the account: storage's image is the only
one. Created with the person's first update, taken away when idle; all its state is in storage.
"""

import asyncio
from dataclasses import dataclass

import structlog

from gptbot.actors.albums import AlbumInTheMaking
from gptbot.actors.desk import Desk
from gptbot.actors.queue import QuestionQueue
from gptbot.actors.showing import STOP_AREA
from gptbot.actors.supervisor import new_error_id
from gptbot.actors.user_updates import UserUpdates
from gptbot.actors.user_work import UserWork
from gptbot.commands import dialogs
from gptbot.commands.visit import Visit
from gptbot.domain.asking import Asked
from gptbot.domain.book import DialogKey
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import AnyUpdate, ButtonPressed, GenerationStopped, MessageSent
from gptbot.limits import CHAT_BACKLOG, USER_MAILBOX

log = structlog.get_logger()


# --- letters -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Arrived:
    """An update that stands in the inbox. `asked`: the settings it was asked with, if a restart brought it back."""

    update: AnyUpdate
    asked: Asked | None = None


@dataclass(frozen=True, slots=True)
class DialogIdle:
    """A dialog of this person has been left alone for too long."""

    key: DialogKey


@dataclass(frozen=True, slots=True)
class AlbumQuiet:
    """Nothing more of an album came for a while: it is whole."""


Letter = Arrived | DialogIdle | AlbumQuiet


class UserActor:
    """`offer` is for the directory only."""

    def __init__(self, desk: Desk, user: int) -> None:
        self._desk = desk
        self._user = user
        self._mailbox: asyncio.Queue[Letter] = asyncio.Queue()
        self._busy = False
        self._queue = QuestionQueue(desk, user, lambda edit: self._mailbox.put_nowait(Arrived(edit)))
        self._updates = UserUpdates(UserWork(desk, user, self._queue))
        self._album = AlbumInTheMaking(desk, f"{user}", lambda: self._mailbox.put_nowait(AlbumQuiet()))
        self.used_at = desk.clock.monotonic()

    def offer(self, letter: Letter, *, accepted: bool = False) -> bool:
        """False when too much waits already.

        What an earlier run `accepted` is always taken, and so are letters from inside: they are few.
        """
        unsent = self._desk.delivery.backlog(letter.update.place.chat_id) if isinstance(letter, Arrived) else 0
        if isinstance(letter, Arrived) and not accepted and self._too_much(letter.update, unsent):
            return False
        self.used_at = self._desk.clock.monotonic()
        if self.idle and not unsent:
            self._queue.flooded = False
        self._mailbox.put_nowait(letter)
        return True

    def _too_much(self, update: AnyUpdate, unsent: int) -> bool:
        """Telegram takes answers more slowly than questions come; an admin is never shut out by what others caused.

        Nor is who wants an answer to end: that makes no message.
        """
        stops = isinstance(update, GenerationStopped) or (
            isinstance(update, ButtonPressed) and update.data.startswith(f"{STOP_AREA}:")
        )
        crowded = unsent >= CHAT_BACKLOG and not stops and not self._desk.rules.is_admin(self._user)
        return crowded or self._mailbox.qsize() >= USER_MAILBOX

    def begins_flood(self) -> bool:
        """Whether what is refused now is the first of a flood, which lasts until all that was taken is answered."""
        said, self._queue.flooded = self._queue.flooded, True
        return not said

    @property
    def idle(self) -> bool:
        """Nothing waits and nothing runs: it may be taken away."""
        return self._mailbox.empty() and not (self._busy or self._album.waiting) and self._queue.idle

    def blocked(self) -> None:
        """An admin blocked this person: what is under way ends at once."""
        self._queue.interrupt(blocked=True)

    def forgotten(self) -> None:
        """This person had everything deleted: what is under way ends at once, what waits is not begun."""
        self._queue.clear()

    async def run(self) -> None:
        """The loop. A letter that breaks it is dropped with an apology; the next one is as good as any."""
        while True:
            letter = await self._mailbox.get()
            self._busy = True
            try:
                for due in self._due(letter):
                    await self._attempt(due)
            finally:
                self._busy = False
                self.used_at = self._desk.clock.monotonic()

    def _due(self, letter: Letter) -> list[Arrived | DialogIdle]:
        """What can be handled now: an item of an album waits for the others, and any other message ends the waiting."""
        if isinstance(letter, AlbumQuiet):
            return self._whole_album()
        message = letter.update if isinstance(letter, Arrived) else None
        if not isinstance(letter, Arrived) or not isinstance(message, MessageSent):
            return [letter]
        before = [] if self._album.continued_by(message) else self._whole_album()
        if message.album is None:
            return [*before, letter]
        self._album.add(message, letter.asked)
        return before

    def _whole_album(self) -> list[Arrived | DialogIdle]:
        return [Arrived(album, asked) for album, asked in self._album.take()]

    async def _attempt(self, letter: Arrived | DialogIdle) -> None:
        try:
            if isinstance(letter, Arrived):
                await self._updates.handle(letter.update, letter.asked)
            else:
                await self._desk.storage.commit(lambda tx: dialogs.expire(tx, self._desk.rules, letter.key))
        except Exception:  # noqa: BLE001 (the actor loop: the person gets an apology, nobody else notices)
            await self._apologise(letter)

    async def _apologise(self, letter: Arrived | DialogIdle) -> None:
        error_id = new_error_id()
        if isinstance(letter, DialogIdle):
            log.exception("user.letter_broke", error_id=error_id, user=self._user)
            return
        update = letter.update
        log.exception("user.letter_broke", error_id=error_id, user=self._user, update_id=update.update_id)
        visit = Visit.of(update, self._desk.rules, self._desk.me, self._desk.storage.book)

        def say(tx: Transaction) -> None:
            if isinstance(update, MessageSent | ButtonPressed):
                visit.say(tx, "error.unexpected", error_id=error_id)
            tx.done(*update.update_ids)

        await self._desk.storage.commit(say)
