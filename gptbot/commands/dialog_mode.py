"""Dialog mode (SPEC §4, §5): /context, /new, /delete_context.

How much is remembered is the user's (`Account.context_tokens`) and holds in every chat; what is remembered is the
chat's and topic's. So /new begins the topic anew for everybody in a group, and changes nobody's number.
"""

import re
from collections.abc import Sequence

from gptbot.commands.start import member
from gptbot.commands.visit import Visit
from gptbot.domain.outgoing import Button, Keyboard, Text
from gptbot.domain.records import Account
from gptbot.domain.rows import Forgotten
from gptbot.domain.rules import Rules
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import MessageSent

AREA = "ctx"
OFFERED = (0, 2_000, 8_000, 32_000)
"""Tokens that the buttons offer."""
_NUMBER = re.compile(r"[0-9]{1,12}")


def context_tokens_max(rules: Rules) -> int:
    """More than the larger window of the two models can't be of use."""
    return max(rules.basic.context_window, rules.premium.context_window)


def context_tokens_offered(rules: Rules) -> list[int]:
    return [tokens for tokens in OFFERED if tokens <= context_tokens_max(rules)]


def context(tx: Transaction, visit: Visit, args: str) -> None:
    """Sets the number that `args` tells ("off" is 0), or shows it with buttons."""
    account = member(tx, visit)
    if account is None:
        return
    tokens = 0 if args.lower() == "off" else _number(args)
    if args and (tokens is None or tokens > context_tokens_max(visit.rules)):
        visit.say(tx, "usage.context", max=context_tokens_max(visit.rules))
        return
    if tokens is not None:
        tx.set(visit.user, context_tokens=tokens)
        account = tx.book.accounts[visit.user]
    tx.send(visit.reply(_state(visit, account), _buttons(visit, account)))


def choose_context(tx: Transaction, visit: Visit, args: Sequence[str]) -> str:
    """A button of /context; its data: whose it is, and the number."""
    tokens = _number(args[1]) if len(args) == 2 else None
    if tokens is None or tokens not in context_tokens_offered(visit.rules):
        return visit.words.plain("button.stale")
    if args[0] != str(visit.user):
        return visit.words.plain("button.not_yours")
    if tx.book.get(visit.user) is None:
        return visit.words.plain("start.needed")
    tx.set(visit.user, context_tokens=tokens)
    account = tx.book.accounts[visit.user]
    visit.change(tx, _state(visit, account), _buttons(visit, account))
    return ""


def new(tx: Transaction, visit: Visit, args: str) -> None:
    """Forgets the dialog of this chat and topic; the mode stays."""
    account = member(tx, visit)
    if account is None:
        return
    _forget(tx, visit)
    visit.say(tx, "new.done" if account.context_tokens > 0 else "new.done_off")


def delete_context(tx: Transaction, visit: Visit, args: str) -> None:
    """Forgets it and switches the mode off."""
    if member(tx, visit) is None:
        return
    _forget(tx, visit)
    tx.set(visit.user, context_tokens=0)
    visit.say(tx, "delete_context.done")


def _forget(tx: Transaction, visit: Visit) -> None:
    if isinstance(visit.update, MessageSent):
        place = visit.place
        tx.write(Forgotten(place.chat_id, place.thread_id or 0, visit.update.message_id, tx.now))


def _state(visit: Visit, account: Account) -> Text:
    if account.context_tokens > 0:
        return visit.words("context.on", tokens=account.context_tokens)
    return visit.words("context.off")


def _buttons(visit: Visit, account: Account) -> Keyboard:
    return [
        [
            Button(
                ("✓ " if tokens == account.context_tokens else "") + (str(tokens) if tokens else _off(visit)),
                f"{AREA}:{visit.user}:{tokens}",
            )
            for tokens in context_tokens_offered(visit.rules)
        ]
    ]


def _off(visit: Visit) -> str:
    return visit.words.plain("settings.context.0")


def _number(text: str) -> int | None:
    return int(text) if _NUMBER.fullmatch(text) else None
