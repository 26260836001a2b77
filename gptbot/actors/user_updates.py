"""What an update of one person leads to."""

from collections.abc import Sequence

from gptbot.actors import paying
from gptbot.actors.addressing import addressed, meant_for_another
from gptbot.actors.asking_again import asked_by_button, offer_anew
from gptbot.actors.question import Question
from gptbot.actors.showing import STOP_AREA
from gptbot.actors.user_commands import TAKE_FILES, UserCommands
from gptbot.actors.user_work import Rule, UserWork, nothing
from gptbot.commands import access, answer_buttons, dialogs
from gptbot.commands.catalogue import BUTTONS, BY_NAME
from gptbot.commands.registry import Does
from gptbot.commands.start import point_to_start
from gptbot.commands.visit import Visit
from gptbot.domain.access import served
from gptbot.domain.asking import Asked
from gptbot.domain.commands import ParsedCommand, parse_command
from gptbot.domain.outgoing import callback_answer
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import (
    AnyUpdate,
    BotMembership,
    ButtonPressed,
    GenerationStopped,
    MessageEdited,
    MessageSent,
    PaymentReceived,
    PaymentReturned,
)


class UserUpdates:
    def __init__(self, work: UserWork) -> None:
        self._work = work
        self._desk, self._user, self._queue = work.desk, work.user, work.queue
        self._commands = UserCommands(work)

    async def handle(self, update: AnyUpdate, asked: Asked | None) -> None:
        """`asked`: the settings it was asked with, if a restart brought it back."""
        visit = Visit.of(update, self._desk.rules, self._desk.me, self._desk.storage.book)
        if isinstance(update, BotMembership):
            await self._work.finish(visit, lambda tx: access.membership_changed(tx, visit, here=update.here))
        elif isinstance(update, PaymentReceived):  # of a blocked person, too (SPEC §5)
            await paying.receive(self._desk, visit, update)
        elif isinstance(update, PaymentReturned):
            await paying.returned(self._desk, update)
        elif self._desk.storage.book.is_blocked(self._user):
            await self._work.ignore(visit)
        elif not served(self._desk.storage.book, self._desk.rules, self._user, update.place):
            await self._turn_away(visit)
        elif isinstance(update, GenerationStopped):
            self._desk.stop_answer(update.draft_id, self._user)
            await self._work.ignore(visit)
        elif isinstance(update, ButtonPressed):
            await self._button(visit, update, asked)
        elif isinstance(update, MessageSent):
            await self._message(visit, update, asked)
        elif isinstance(update, MessageEdited):
            await self._message_edited(visit, update)
        else:
            await self._work.ignore(visit)

    async def _turn_away(self, visit: Visit) -> None:
        """Who isn't served here (ACCESS) gets a word where one is due, if they wanted the bot at all."""
        update = visit.update
        if isinstance(update, ButtonPressed):
            self._answer_button(update, visit.words.plain("button.stale"))
        wanted = isinstance(update, ButtonPressed)
        if isinstance(update, MessageSent) and update.kind != "service":
            command = parse_command(update.text, self._desk.me.username)
            wanted = addressed(update) if command is None else not command.for_other
        await self._work.finish(visit, lambda tx: access.turn_away(tx, visit) if wanted else nothing(tx))

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
            await self._work.ignore(visit)
        else:

            def press(tx: Transaction) -> str:
                tx.meet(visit.person)
                said = self._work.pinning(tx, lambda: handler(tx, visit, args))
                tx.done(update.update_id)
                return said

            popup = await self._desk.storage.commit(press)
        self._answer_button(update, popup)

    async def _ask_again(self, visit: Visit, update: ButtonPressed, args: Sequence[str], asked: Asked | None) -> None:
        question = await asked_by_button(self._desk, visit, update, args, asked)
        if isinstance(question, Question) and self._queue.holds(question.again):
            question = "button.under_way"
        if isinstance(question, str):
            self._answer_button(update, visit.words.plain(question))
            await self._work.ignore(visit)
            return
        self._answer_button(update, "")
        await self._queue.ask(question)

    async def _message_edited(self, visit: Visit, edit: MessageEdited) -> None:
        """Of a question that is not answered yet, the newest edit comes again when it is."""
        question = self._queue.asks(edit)
        if question is None:
            await self._work.finish(visit, await self._offer_anew(visit, edit) or nothing)
            return
        older, question.edit = question.edit, edit
        if older is not None:
            await self._desk.storage.commit(lambda tx: tx.done(older.update_id))

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
        parsed = self._command_in(message)
        if parsed is not None and not parsed.for_other:
            await self._commands.run(visit, message, parsed, asked)
        elif parsed is not None:
            await self._work.ignore(visit)  # another bot's business
        elif message.kind == "service":
            await self._work.ignore(visit)  # Telegram's own notice, in nobody's words
        elif dialogs.current(self._desk.storage.book, visit) is not None:
            tokens = await self._work.count(message.text)
            await self._work.finish(
                visit, lambda tx: self._work.pinning(tx, lambda: dialogs.message_given(tx, visit, message, tokens))
            )
        elif not addressed(message) or await meant_for_another(self._desk, message):
            await self._work.ignore(visit)
        elif self._desk.storage.book.get(self._user) is None:
            await self._work.finish(visit, lambda tx: point_to_start(tx, visit))
        elif message.files or _about_file(message) or (message.kind == "text" and message.text.strip()):
            await self._work.ask(message, message.text, asked)
        else:
            said = "content.empty" if message.kind == "text" else "content.unreadable"
            await self._work.finish(visit, lambda tx: visit.say(tx, said))

    def _command_in(self, message: MessageSent) -> ParsedCommand | None:
        """Forwarded words are no command; nor is a caption, unless the command takes files."""
        parsed = None if message.forwarded else parse_command(message.text, self._desk.me.username)
        if parsed is None or message.kind == "text":
            return parsed
        command = BY_NAME.get(parsed.name)
        return parsed if command is not None and command.run in TAKE_FILES else None


def _about_file(message: MessageSent) -> bool:
    """Only the bot's name, as a reply to a file: what is in it?"""
    return message.mentions_us and message.reply is not None and message.reply.file is not None
