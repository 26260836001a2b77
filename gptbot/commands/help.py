"""/help and the command menus: both are read from the table of commands (SPEC §4)."""

from collections.abc import Sequence

from gptbot.commands.registry import Command, Group
from gptbot.commands.visit import Visit
from gptbot.domain.outgoing import Text
from gptbot.domain.rules import Rules
from gptbot.texts import Words, join

DESCRIPTION_MAX = 256  # Bot API, BotCommand


def help_text(visit: Visit, commands: Sequence[Command]) -> Text:
    """The commands by group, as far as they work for this person in this chat."""
    words = visit.words
    offered = _offered(commands, visit.rules, group=not visit.place.private, admin=visit.is_admin)
    parts = [words("help.intro"), words("help.reads_and_hears" if visit.rules.transcription_model else "help.reads")]
    for group in Group:
        lines = [Text(f"/{it.name} — {words.plain(f'command.{it.name}')}") for it in offered if it.group is group]
        if lines:
            parts.append(join(words(f"help.group.{group.value}"), *lines))
    return join(*parts, by="\n\n")


def menu_of(
    commands: Sequence[Command], words: Words, rules: Rules, *, group: bool, admin: bool
) -> list[dict[str, str]]:
    """The list of BotCommand for setMyCommands, for groups or private chats; `admin` adds the admin's commands."""
    return [
        {"command": it.name, "description": words.plain(f"command.{it.name}")[:DESCRIPTION_MAX]}
        for it in _offered(commands, rules, group=group, admin=admin)
    ]


def _offered(commands: Sequence[Command], rules: Rules, *, group: bool, admin: bool) -> list[Command]:
    return [
        it
        for it in commands
        if (not it.admin or (admin and not group))
        and (not group or it.in_groups)
        and (not it.spoken or rules.speech_model is not None)
        and (not it.paid or bool(rules.packages))
    ]
