"""The user actor: one person's updates, one after the other (DESIGN §4).

It never waits for the model or Telegram: questions go to the person's queue, which works them off in child tasks, so
commands and buttons act while an answer is being written. It keeps no copy of the account: storage's image is the only
one. Created with the person's first update, taken away when idle; all its state is in storage.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import structlog

from gptbot.actors import admin_work
from gptbot.actors.addressing import addressed, meant_for_another
from gptbot.actors.asking_again import asked_by_button, offer_anew
from gptbot.actors.desk import Desk
from gptbot.actors.question import Question
from gptbot.actors.queue import QuestionQueue
from gptbot.actors.showing import STOP_AREA
from gptbot.actors.supervisor import new_error_id
from gptbot.commands import access, answer_buttons, dialogs, imagine
from gptbot.commands.admin_views import show_user
from gptbot.commands.catalogue import BUTTONS, BY_NAME
from gptbot.commands.registry import Command, Does
from gptbot.commands.start import point_to_start
from gptbot.commands.visit import Visit
from gptbot.domain.access import served
from gptbot.domain.asking import Asked
from gptbot.domain.book import DialogKey
from gptbot.domain.commands import ParsedCommand, parse_command
from gptbot.domain.outgoing import callback_answer, without_buttons
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import AnyUpdate, BotMembership, ButtonPressed, GenerationStopped, MessageEdited, MessageSent
from gptbot.domain.wish import Wish
from gptbot.limits import USER_MAILBOX

log = structlog.get_logger()

Rule = Callable[[Transaction], None]
T = TypeVar("T")


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


Letter = Arrived | DialogIdle


class UserActor:
    """`offer` is for the directory only."""

    def __init__(self, desk: Desk, user: int) -> None:
        self._desk = desk
        self._user = user
        self._mailbox: asyncio.Queue[Letter] = asyncio.Queue()
        self._busy = False
        self._queue = QuestionQueue(desk, user)
        self.used_at = desk.clock.monotonic()

    def offer(self, letter: Letter, *, accepted: bool = False) -> bool:
        """False when too much waits already.

        What an earlier run `accepted` is always taken, and so are letters from inside: they are few.
        """
        if isinstance(letter, Arrived) and not accepted and self._mailbox.qsize() >= USER_MAILBOX:
            return False
        self.used_at = self._desk.clock.monotonic()
        if self.idle:
            self._queue.flooded = False
        self._mailbox.put_nowait(letter)
        return True

    def begins_flood(self) -> bool:
        """Whether what is refused now is the first of a flood, which lasts until all that was taken is worked off."""
        said, self._queue.flooded = self._queue.flooded, True
        return not said

    @property
    def idle(self) -> bool:
        """Nothing waits and nothing runs: it may be taken away."""
        return self._mailbox.empty() and not self._busy and self._queue.idle

    def blocked(self) -> None:
        """An admin blocked this person: what is under way ends at once."""
        self._queue.interrupt(blocked=True)

    async def run(self) -> None:
        """The loop. A letter that breaks it is dropped with an apology; the next one is as good as any."""
        while True:
            letter = await self._mailbox.get()
            self._busy = True
            try:
                await self._handle(letter)
            except Exception:  # noqa: BLE001 (the actor loop: the person gets an apology, nobody else notices)
                await self._apologise(letter)
            finally:
                self._busy = False
                self.used_at = self._desk.clock.monotonic()

    # --- what happened -----------------------------------------------------------------------------------------------

    async def _handle(self, letter: Letter) -> None:
        if isinstance(letter, DialogIdle):
            await self._desk.storage.commit(lambda tx: dialogs.expire(tx, self._desk.rules, letter.key))
            return
        update = letter.update
        visit = Visit.of(update, self._desk.rules, self._desk.me, self._desk.storage.book)
        account = self._desk.storage.book.get(self._user)
        if isinstance(update, BotMembership):
            await self._finish(visit, lambda tx: access.membership_changed(tx, visit, here=update.here))
        elif account is not None and account.blocked:
            await self._finish(visit, _nothing)
        elif not served(self._desk.storage.book, self._desk.rules, self._user, update.place):
            await self._turn_away(visit)
        elif isinstance(update, GenerationStopped):
            self._desk.stop_answer(update.draft_id, self._user)
            await self._finish(visit, _nothing)
        elif isinstance(update, ButtonPressed):
            await self._button(visit, update, letter.asked)
        elif isinstance(update, MessageSent):
            await self._message(visit, update, letter.asked)
        elif isinstance(update, MessageEdited):
            await self._finish(visit, await self._offer_anew(visit, update) or _nothing)
        else:
            await self._finish(visit, _nothing)

    async def _finish(self, visit: Visit, rule: Rule) -> None:
        """One commit: what the rule changes and says, and "inbox done"."""

        def commit(tx: Transaction) -> None:
            if not isinstance(visit.update, BotMembership | GenerationStopped):
                tx.meet(visit.person)
            rule(tx)
            tx.done(visit.update.update_id)

        await self._desk.storage.commit(commit)

    async def _turn_away(self, visit: Visit) -> None:
        """Who isn't served here (ACCESS) gets a word where one is due, if they wanted the bot at all."""
        update = visit.update
        if isinstance(update, ButtonPressed):
            self._answer_button(update, visit.words.plain("button.stale"))
        wanted = isinstance(update, ButtonPressed)
        if isinstance(update, MessageSent) and update.kind != "service":
            command = parse_command(update.text, self._desk.me.username)
            wanted = addressed(update) if command is None else not command.for_other
        await self._finish(visit, lambda tx: access.turn_away(tx, visit) if wanted else _nothing(tx))

    async def _button(self, visit: Visit, update: ButtonPressed, asked: Asked | None) -> None:
        area, *args = update.data.split(":")
        if area == answer_buttons.AREA:
            await self._ask_again(visit, update, args, asked)
            return
        handler = BUTTONS.get(area)
        popup = visit.words.plain("button.stale")
        if area == STOP_AREA and len(args) == 1 and args[0].isdecimal():
            popup = visit.words.plain(self._desk.stop_answer(int(args[0]), self._user))
        if handler is None:
            await self._finish(visit, _nothing)
        else:

            def press(tx: Transaction) -> str:
                tx.meet(visit.person)
                said = self._pinning(tx, lambda: handler(tx, visit, args))
                tx.done(update.update_id)
                return said

            popup = await self._desk.storage.commit(press)
        self._answer_button(update, popup)

    async def _ask_again(self, visit: Visit, update: ButtonPressed, args: Sequence[str], asked: Asked | None) -> None:
        question = await asked_by_button(self._desk, visit, update, args, asked)
        if isinstance(question, Question) and self._queue.holds(question.again):
            question = "button.stale"
        if isinstance(question, str):
            self._answer_button(update, visit.words.plain(question))
            await self._finish(visit, _nothing)
            return
        self._answer_button(update, "")
        bare = without_buttons(update.place.chat_id, update.message_id)
        self._desk.supervisor.spawn(f"buttons {update.update_id}", self._desk.messenger.hint(bare))
        await self._queue.ask(question)

    async def _offer_anew(self, visit: Visit, edit: MessageEdited) -> Rule | None:
        parsed = parse_command(edit.text, self._desk.me.username)
        if parsed is None:
            return await offer_anew(self._desk, visit, edit, edit.text)
        command = BY_NAME.get(parsed.name)
        if command is None or command.run is not Does.ASK:
            return None
        return await offer_anew(self._desk, visit, edit, parsed.args)

    def _answer_button(self, update: ButtonPressed, popup: str) -> None:
        answer = callback_answer(update.callback_id, popup)
        self._desk.supervisor.spawn(f"callback {update.update_id}", self._desk.messenger.hint(answer))

    async def _message(self, visit: Visit, message: MessageSent, asked: Asked | None) -> None:
        parsed = None
        if message.kind == "text" and not message.forwarded:
            parsed = parse_command(message.text, self._desk.me.username)
        if parsed is not None and not parsed.for_other:
            await self._command(visit, message, parsed, asked)
        elif parsed is not None:
            await self._finish(visit, _nothing)  # another bot's business
        elif message.kind == "service":
            await self._finish(visit, _nothing)  # Telegram's own notice, in nobody's words
        elif dialogs.current(self._desk.storage.book, visit) is not None:
            tokens = await self._count(message.text)
            await self._finish(
                visit, lambda tx: self._pinning(tx, lambda: dialogs.message_given(tx, visit, message, tokens))
            )
        elif not addressed(message) or await meant_for_another(self._desk.database, message):
            await self._finish(visit, _nothing)
        elif self._desk.storage.book.get(self._user) is None:
            await self._finish(visit, lambda tx: point_to_start(tx, visit))
        elif message.kind != "text" or not message.text.strip():
            await self._finish(visit, lambda tx: visit.say(tx, "content.unreadable"))
        else:
            await self._ask(message, message.text, asked)

    # --- commands ----------------------------------------------------------------------------------------------------

    async def _command(self, visit: Visit, message: MessageSent, parsed: ParsedCommand, asked: Asked | None) -> None:
        command = BY_NAME.get(parsed.name)
        if command is None or (command.admin and not visit.is_admin):
            # Silence in a group, unless the bot was named (SPEC §5).
            answers = visit.place.private or parsed.names_us
            await self._finish(visit, lambda tx: self._leaving(tx, visit, "command.unknown" if answers else ""))
        elif command.registered and self._desk.storage.book.get(self._user) is None:
            await self._finish(visit, lambda tx: point_to_start(tx, visit))
        elif not isinstance(command.run, Does):
            run = command.run

            def rule(tx: Transaction) -> None:
                dialogs.leave(tx, visit)
                self._pinning(tx, lambda: run(tx, visit, parsed.args))

            await self._finish(visit, rule)
        else:
            await self._do(command, visit, message, parsed.args, asked)

    async def _do(self, command: Command, visit: Visit, message: MessageSent, args: str, asked: Asked | None) -> None:
        """Commands that are more than one transaction."""
        if command.run is not Does.CANCEL:
            await self._desk.storage.commit(lambda tx: dialogs.leave(tx, visit))
        match command.run:
            case Does.ASK if not args:
                await self._finish(visit, lambda tx: visit.say(tx, f"usage.{command.name}"))
            case Does.ASK:
                await self._ask(message, args, asked, premium=True)
            case Does.DRAW:
                await self._draw(visit, message, args, asked)
            case Does.PROMPT:
                await self._prompt(visit, args)
            case Does.ANNOUNCE:
                await self._finish(visit, lambda tx: dialogs.open_announcement(tx, visit, args))
            case Does.CANCEL:
                await self._cancel(visit)
            case Does.DATA if args:
                await self._finish(visit, lambda tx: show_user(tx, visit, args))
            case Does.DATA:
                await self._finish(visit, await admin_work.data_document(self._desk, visit))
            case Does.STATUS:
                await self._finish(visit, admin_work.status(self._desk, visit))
            case Does.STOP:
                await self._finish(visit, lambda tx: visit.say(tx, "stop.stopping"))
                self._desk.request_stop()

    async def _prompt(self, visit: Visit, args: str) -> None:
        account = self._desk.storage.book.accounts[self._user]
        text = args or account.prompt or self._desk.rules.default_prompt
        tokens = await self._count(text)
        if args:
            await self._finish(visit, lambda tx: self._pinning(tx, lambda: dialogs.set_prompt(tx, visit, args, tokens)))
        else:
            await self._finish(visit, lambda tx: dialogs.open_prompt(tx, visit, tokens))

    async def _cancel(self, visit: Visit) -> None:
        """Leaves the dialog that is open, else stops the answer that is being written."""

        def rule(tx: Transaction) -> None:
            if not dialogs.cancel(tx, visit) and not self._queue.interrupt():
                visit.say(tx, "cancel.nothing")

        await self._finish(visit, rule)

    async def _draw(self, visit: Visit, message: MessageSent, args: str, asked: Asked | None) -> None:
        wish = imagine.wish_of(visit, message, args)
        if wish is None:
            await self._finish(visit, lambda tx: imagine.explain(tx, visit, message))
        else:
            await self._ask(message, wish.prompt, asked, picture=wish)

    async def _ask(
        self,
        message: MessageSent,
        text: str,
        asked: Asked | None,
        *,
        premium: bool = False,
        picture: Wish | None = None,
    ) -> None:
        settings = asked or Asked.now(self._desk.storage.book.accounts[self._user], premium=premium)
        await self._queue.ask(Question(message, text, settings, picture=picture, pinned=asked is not None))

    # --- small things ------------------------------------------------------------------------------------------------

    def _leaving(self, tx: Transaction, visit: Visit, key: str) -> None:
        dialogs.leave(tx, visit)
        if key:
            visit.say(tx, key)

    def _pinning(self, tx: Transaction, change: Callable[[], T]) -> T:
        """Carries `change` out; if it changes model or prompt, questions asked before keep the former ones."""
        account = tx.book.get(self._user)
        before = (account.model, account.prompt) if account else None
        result = change()
        account = tx.book.get(self._user)
        if before is not None and account is not None and before != (account.model, account.prompt):
            self._queue.pin(tx)
        return result

    async def _count(self, text: str) -> int:
        return (await self._desk.counter.count_many([text]))[0]

    async def _apologise(self, letter: Letter) -> None:
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
            tx.done(update.update_id)

        await self._desk.storage.commit(say)


def _nothing(_: Transaction) -> None:
    """Ignored on purpose."""
