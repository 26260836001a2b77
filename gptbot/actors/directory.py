"""The directory: which user actor an update belongs to; makes them, and takes idle ones away (DESIGN §4)."""

import asyncio
from collections.abc import Sequence

import structlog

from gptbot.actors.addressing import addressed
from gptbot.actors.desk import Desk
from gptbot.actors.paying import answer_checkout
from gptbot.actors.user import Arrived, DialogIdle, UserActor
from gptbot.commands.visit import Visit
from gptbot.domain.access import served
from gptbot.domain.asking import Asked
from gptbot.domain.book import DialogKey
from gptbot.domain.commands import parse_command
from gptbot.domain.rows import JournalRow, PersonForgotten
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import (
    AnyUpdate,
    BotMembership,
    ButtonPressed,
    ChatMigrated,
    CheckoutAsked,
    MessageSent,
    PaymentReceived,
    PaymentReturned,
    Unread,
)

log = structlog.get_logger()

SWEEP_EVERY_S = 5.0
QUIET_CHECK_S = 0.02


class Directory:
    """`route` is given updates that stand in the inbox already."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._actors: dict[int, tuple[UserActor, asyncio.Task[None]]] = {}

    def start(self) -> None:
        self._desk.storage.subscribe(JournalRow, self._account_changed)
        self._desk.storage.subscribe(PersonForgotten, self._forgotten)
        self._desk.supervisor.keep("directory", self._sweep)

    @property
    def active(self) -> int:
        """User actors alive now."""
        return len(self._actors)

    def wanted(self, update: AnyUpdate) -> bool:
        """Whether the bot has anything to do with it; what is not wanted never enters the inbox.

        Of an album in a group only one item names the bot, perhaps the last: its actor sees when it is whole.
        """
        if isinstance(update, Unread | ChatMigrated | CheckoutAsked):
            return False
        if not isinstance(update, MessageSent):
            return True
        place = update.place
        return (
            addressed(update)
            or update.album is not None
            or parse_command(update.text, self._desk.me.username) is not None
            or DialogKey(update.person.id, place.chat_id, place.thread_id or 0) in self._desk.storage.book.dialogs
        )

    async def route(self, letters: Sequence[Arrived]) -> None:
        """Hands each to its actor; those for whom too much waits are refused in one commit, and told so once."""
        for letter in letters:
            if isinstance(letter.update, BotMembership) and letter.update.here:
                # Here and not in an actor: the next question in this group is another one's business.
                self._desk.muted.may_write(letter.update.place.chat_id)
        refused = [letter.update for letter in letters if not self._offer(letter)]
        if refused:
            await self._desk.storage.commit(lambda tx: self._refuse(tx, refused))

    def _offer(self, letter: Arrived) -> bool:
        """Money is taken however much waits."""
        paid = isinstance(letter.update, PaymentReceived | PaymentReturned)
        return self._actor(letter.update.person.id).offer(letter, accepted=paid)

    def checkout(self, asked: CheckoutAsked) -> None:
        """Answered past all queues: Telegram waits 10 s, and then the person has to begin anew."""
        answer_checkout(self._desk, asked)

    def _actor(self, user: int) -> UserActor:
        known = self._actors.get(user)
        if known is not None:
            return known[0]
        actor = UserActor(self._desk, user)
        self._actors[user] = actor, self._desk.supervisor.keep(f"user {user}", actor.run)
        return actor

    def _refuse(self, tx: Transaction, updates: Sequence[AnyUpdate]) -> None:
        """A word to those who wanted something: to change one's own message in a crowded group is no wish."""
        for update in updates:
            wish = isinstance(update, MessageSent | ButtonPressed)
            if wish and self._actor(update.person.id).begins_flood():
                log.warning("user.flooded", user=update.person.id)
                person = update.person.id
                if not tx.book.is_blocked(person) and served(tx.book, self._desk.rules, person, update.place):
                    Visit.of(update, self._desk.rules, self._desk.me, tx.book).say(tx, "turn.queue_full")
            tx.done(*update.update_ids)

    def _account_changed(self, row: JournalRow) -> None:
        """A block ends at once what is under way for that person."""
        known = self._actors.get(row.user)
        account = self._desk.storage.book.get(row.user)
        if known is not None and account is not None and account.blocked:
            known[0].blocked()

    def _forgotten(self, row: PersonForgotten) -> None:
        """What is under way for them ends at once, and what waits is not begun."""
        log.info("person.forgotten")
        if known := self._actors.get(row.user):
            known[0].forgotten()

    async def quiet(self) -> None:
        """Returns once no actor has anything to do; for the stop, when nothing new comes in."""
        while not all(actor.idle for actor, _ in self._actors.values()):
            await self._desk.clock.sleep(QUIET_CHECK_S)

    async def _sweep(self) -> None:
        while True:
            await self._desk.clock.sleep(SWEEP_EVERY_S)
            self.sweep()

    def sweep(self) -> None:
        """Takes idle actors away, in one step; ends dialogs that were left alone."""
        quiet_since = self._desk.clock.monotonic() - self._desk.rules.actor_idle_s
        for user, (actor, task) in list(self._actors.items()):
            if actor.idle and actor.used_at <= quiet_since:
                del self._actors[user]
                task.cancel()
        forgotten = self._desk.clock.now() - self._desk.rules.dialog_idle_s
        for key, dialog in list(self._desk.storage.book.dialogs.items()):
            if dialog.at <= forgotten and key.thread_id >= 0:  # below zero: an announcement that is being sent
                self._actor(key.user).offer(DialogIdle(key))

    def resume(self, update: AnyUpdate, asked: bytes | None) -> None:
        """Hands over an update that an earlier run accepted and did not finish; `asked`: its settings, if pinned."""
        letter = Arrived(update, Asked.from_bytes(asked) if asked else None)
        self._actor(update.person.id).offer(letter, accepted=True)
