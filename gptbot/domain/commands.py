"""Reads a command out of a text (Bot API: "/name", "/name@bot", arguments behind it)."""

import re
from typing import NamedTuple

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,64})(?:@([A-Za-z0-9_]{1,64}))?(?:\s+|$)")


class ParsedCommand(NamedTuple):
    """`name` in lower case; `args` without the spaces around; `for_other` means another bot was named.

    `names_us` tells whether this bot was named.
    """

    name: str
    args: str
    for_other: bool = False
    names_us: bool = False


def parse_command(text: str, username: str) -> ParsedCommand | None:
    """The command at the start of `text`, None if there is none. `username` is this bot's, without the @."""
    match = _COMMAND.match(text)
    if match is None:
        return None
    name, bot = match.groups()
    for_other = bot is not None and bot.lower() != username.lower()
    return ParsedCommand(name.lower(), text[match.end() :].strip(), for_other, bot is not None and not for_other)
