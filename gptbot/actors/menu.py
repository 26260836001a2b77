"""The command menu: per scope and language; the admin's list only in the admins' own chats (Bot API setMyCommands)."""

from collections.abc import Mapping
from typing import Any

from gptbot.commands.catalogue import menu
from gptbot.domain.outgoing import Outgoing
from gptbot.domain.rules import Rules
from gptbot.ports import Clock, Messenger, Outcome, RefusalKind, Refused, Unknown
from gptbot.texts import LANGUAGES, Words

RETRY_S = 60.0
NOT_YET = (RefusalKind.GONE, RefusalKind.BLOCKED)
"""An admin who has not opened the chat with the bot yet can't be given a menu; tried again until they have."""


async def keep_menu(messenger: Messenger, clock: Clock, rules: Rules) -> None:
    """Sets every menu; returns when all are set, or refused for good (a server without menus)."""
    waiting = menus(rules)
    while waiting:
        outcomes = [(call, await messenger.deliver(call)) for call in waiting]
        waiting = [call for call, outcome in outcomes if _again(outcome)]
        if waiting:
            await clock.sleep(RETRY_S)


def _again(outcome: Outcome) -> bool:
    """Setting a menu twice harms nobody, so one of which nothing is known is set again."""
    return isinstance(outcome, Unknown) or (isinstance(outcome, Refused) and outcome.kind in NOT_YET)


def menus(rules: Rules) -> list[Outgoing]:
    """All calls that set the menus: by Telegram's language, English also being the one for languages the bot doesn't
    speak; or all in the owner's, where LANGUAGE sets one."""
    calls = []
    for language in LANGUAGES:
        words = Words(rules.language or language)
        code = {"language_code": language} if language != "en" else {}
        for scope, group in (("all_private_chats", False), ("all_group_chats", True)):
            calls.append(_set({"type": scope}, menu(words, rules, group=group, admin=False), code))
        own = menu(words, rules, group=False, admin=True)
        calls += [_set({"type": "chat", "chat_id": admin}, own, code) for admin in rules.admins]
    return calls


def _set(scope: Mapping[str, Any], commands: list[dict[str, str]], code: Mapping[str, str]) -> Outgoing:
    return Outgoing("setMyCommands", {"commands": commands, "scope": dict(scope), **code})
