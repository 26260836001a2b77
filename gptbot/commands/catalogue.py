"""The table of all commands (SPEC §4, §7) and buttons; the dispatch, /help and the menus read nothing else."""

from collections.abc import Mapping

from gptbot.commands import (
    access,
    account,
    announcement_sending,
    dialog_mode,
    dialogs,
    favors,
    payments,
    preferences,
    privacy,
)
from gptbot.commands.admin import ADMIN_BUTTONS, ADMIN_COMMANDS
from gptbot.commands.help import help_text, menu_of
from gptbot.commands.models import switch
from gptbot.commands.registry import ButtonHandler, Command, Does, Group, index
from gptbot.commands.start import start
from gptbot.commands.visit import Visit
from gptbot.domain.rules import Rules
from gptbot.domain.transaction import Transaction
from gptbot.texts import Words


def _help(tx: Transaction, visit: Visit, args: str) -> None:
    tx.send(visit.reply(help_text(visit, COMMANDS)))


COMMANDS: tuple[Command, ...] = (
    Command("start", Group.START, start, registered=False),
    Command("help", Group.START, _help, registered=False),
    Command("imagine", Group.MODELS, Does.DRAW, ("img", "i", "image")),
    Command("pro", Group.MODELS, Does.ASK, ("prem", "premium", "gpt4")),
    Command("switch_model", Group.MODELS, switch, ("switch", "sw", "model")),
    Command("context", Group.CONVERSATION, dialog_mode.context, ("extended_context", "ec", "remember")),
    Command("new", Group.CONVERSATION, dialog_mode.new),
    Command(
        "delete_context",
        Group.CONVERSATION,
        dialog_mode.delete_context,
        ("dc", "clear_history", "ch", "erase_context"),
    ),
    Command("balance", Group.BALANCE, account.balance),
    Command("stats", Group.BALANCE, account.stats, ("profile",)),
    Command("invite", Group.BALANCE, account.invite, ("ref",)),
    Command("ask_favor", Group.BALANCE, favors.ask_favor, ("askfavor", "favor")),
    Command("topup", Group.BALANCE, payments.topup),
    Command("paysupport", Group.BALANCE, payments.paysupport, in_groups=False, paid=True),
    Command("prompt", Group.PROMPT, Does.PROMPT, ("p",)),
    Command("reset_prompt", Group.PROMPT, account.reset_prompt),
    Command("settings", Group.OTHER, preferences.settings),
    Command("voice", Group.OTHER, preferences.voice, spoken=True),
    Command("language", Group.OTHER, account.language),
    Command("privacy", Group.OTHER, privacy.privacy, registered=False),
    Command("export", Group.OTHER, Does.EXPORT),
    Command("forget", Group.OTHER, privacy.forget),
    Command("cancel", Group.OTHER, Does.CANCEL),
    *ADMIN_COMMANDS,
    Command("refund", Group.ADMIN, Does.REFUND, registered=False, in_groups=False, paid=True),
    Command("announce", Group.ADMIN, Does.ANNOUNCE, ("a", "notify", "alert", "broadcast"), in_groups=False),
)

BY_NAME: Mapping[str, Command] = index(COMMANDS)
"""Every name and alias → its command."""

BUTTONS: Mapping[str, ButtonHandler] = {
    access.AREA: access.decide,
    favors.AREA: favors.decide,
    account.LANGUAGE_AREA: account.choose_language,
    dialog_mode.AREA: dialog_mode.choose_context,
    preferences.AREA: preferences.choose,
    payments.AREA: payments.choose,
    privacy.AREA: privacy.decide,
    "dlg": dialogs.button,
    "ann": announcement_sending.announcement_button,
    **ADMIN_BUTTONS,
}
"""The area of a button's data → who handles it."""


def menu(words: Words, rules: Rules, *, group: bool, admin: bool) -> list[dict[str, str]]:
    """The commands for setMyCommands in one scope: all groups, all private chats, or an admin's own chat."""
    return menu_of(COMMANDS, words, rules, group=group, admin=admin)
