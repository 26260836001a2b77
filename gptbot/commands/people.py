"""How people are named in messages to themselves and to others."""

import unicodedata

from gptbot.domain.records import Account
from gptbot.texts.names import NAME_MAX, safe_line, safe_name

_RIGHT_TO_LEFT = ("R", "AL", "AN")


def shown_name(name: str) -> str:
    """A name as a part of a message, isolated if it turns the writing direction; empty if there is nothing to see."""
    line = safe_line(name, NAME_MAX)
    turns = any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in line)
    return safe_name(name) if turns else line


def display_name(user: int, account: Account | None) -> str:
    """What other users may see of somebody: the name, else the @username, else the id."""
    if account is None:
        return str(user)
    return shown_name(account.name) or _handle(account) or str(user)


def identity(user: int, account: Account | None) -> str:
    """What the admin sees: "John (@johndoe, 555)"."""
    name = shown_name(account.name) if account else ""
    handle = _handle(account) if account else ""
    marks = ", ".join(mark for mark in (handle, str(user)) if mark)
    return f"{name} ({marks})" if name else marks


def _handle(account: Account) -> str:
    return "@" + safe_line(account.username, NAME_MAX) if account.username else ""
