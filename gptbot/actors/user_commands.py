"""A person's commands: those that are one transaction, and those that are more."""

from gptbot.actors import admin_work, paying
from gptbot.actors.exporting import export_document
from gptbot.actors.user_work import Rule, UserWork
from gptbot.commands import dialogs, imagine
from gptbot.commands.admin_views import show_user
from gptbot.commands.catalogue import BY_NAME
from gptbot.commands.registry import Command, Does
from gptbot.commands.start import point_to_start
from gptbot.commands.visit import Visit
from gptbot.domain.asking import Asked
from gptbot.domain.commands import ParsedCommand
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import MessageSent

TAKE_FILES = (Does.ASK, Does.DRAW)
"""What commands do that may stand in the caption of a file; anywhere else a caption is no command."""


class UserCommands:
    def __init__(self, work: UserWork) -> None:
        self._work = work
        self._desk, self._user, self._queue = work.desk, work.user, work.queue

    async def run(self, visit: Visit, message: MessageSent, parsed: ParsedCommand, asked: Asked | None) -> None:
        command = BY_NAME.get(parsed.name)
        if command is None or (command.admin and not visit.is_admin):
            # Silence in a group, unless the bot was named (SPEC §5).
            answers = visit.place.private or parsed.names_us
            await self._work.finish(visit, lambda tx: self._leaving(tx, visit, "command.unknown" if answers else ""))
        elif command.registered and self._desk.storage.book.get(self._user) is None:
            await self._work.finish(visit, lambda tx: point_to_start(tx, visit))
        elif not isinstance(command.run, Does):
            run = command.run

            def rule(tx: Transaction) -> None:
                dialogs.leave(tx, visit)
                self._work.pinning(tx, lambda: run(tx, visit, parsed.args))

            await self._work.finish(visit, rule)
        else:
            await self._do(command, visit, message, parsed.args, asked)

    async def _do(self, command: Command, visit: Visit, message: MessageSent, args: str, asked: Asked | None) -> None:
        """Commands that are more than one transaction."""
        if command.run is not Does.CANCEL:
            await self._desk.storage.commit(lambda tx: dialogs.leave(tx, visit))
        match command.run:
            case Does.ASK if not (args or message.files or (message.reply and message.reply.file)):
                await self._work.finish(visit, lambda tx: visit.say(tx, f"usage.{command.name}"))
            case Does.ASK:
                await self._work.ask(message, args, asked, premium=True)
            case Does.DRAW:
                await self._draw(visit, message, args, asked)
            case Does.PROMPT:
                await self._prompt(visit, args)
            case Does.ANNOUNCE:
                await self._work.finish(visit, lambda tx: dialogs.open_announcement(tx, visit, args))
            case Does.CANCEL:
                await self._cancel(visit)
            case Does.DATA | Does.EXPORT | Does.STATUS:
                await self._work.finish(visit, await self._shown(command.run, visit, args))
            case Does.REFUND:
                await paying.begin_refund(self._desk, visit, args)
            case Does.STOP:
                await self._work.finish(visit, lambda tx: visit.say(tx, "stop.stopping"))
                self._desk.request_stop()

    async def _shown(self, does: Does, visit: Visit, args: str) -> Rule:
        """Commands that only show something, which takes more than the image in memory."""
        if does is Does.STATUS:
            return admin_work.status(self._desk, visit)
        if does is Does.EXPORT:
            return await export_document(self._desk, visit)
        if args:
            return lambda tx: show_user(tx, visit, args)
        return await admin_work.data_document(self._desk, visit)

    async def _prompt(self, visit: Visit, args: str) -> None:
        account = self._desk.storage.book.accounts[self._user]
        text = args or account.prompt or self._desk.rules.default_prompt
        tokens = await self._work.count(text)
        if args:
            await self._work.finish(
                visit, lambda tx: self._work.pinning(tx, lambda: dialogs.set_prompt(tx, visit, args, tokens))
            )
        else:
            await self._work.finish(visit, lambda tx: dialogs.open_prompt(tx, visit, tokens))

    async def _cancel(self, visit: Visit) -> None:
        """Leaves the dialog that is open, else stops the answer that is being written."""

        def rule(tx: Transaction) -> None:
            if not dialogs.cancel(tx, visit) and not self._queue.interrupt():
                visit.say(tx, "cancel.nothing")

        await self._work.finish(visit, rule)

    async def _draw(self, visit: Visit, message: MessageSent, args: str, asked: Asked | None) -> None:
        wish = imagine.wish_of(visit, message, args)
        if wish is None:
            await self._work.finish(visit, lambda tx: imagine.explain(tx, visit, message))
        else:
            await self._work.ask(message, wish.prompt, asked, picture=wish)

    def _leaving(self, tx: Transaction, visit: Visit, key: str) -> None:
        dialogs.leave(tx, visit)
        if key:
            visit.say(tx, key)
