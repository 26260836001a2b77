"""Every command with its aliases and who carries it out. The menu, /help and the dispatch all read this one table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from gptbot.commands.visit import Visit
from gptbot.domain.transaction import Transaction

Handler = Callable[[Transaction, Visit, str], None]
"""A command that is one transaction: reads `tx.book`, changes, answers. `args` is the text behind the command."""


class Does(Enum):
    """Commands that are more than one transaction; the user actor carries them out."""

    ASK = "ask"  # /pro: a question to the premium model, in the queue
    DRAW = "draw"  # /imagine: a picture, in the queue
    PROMPT = "prompt"  # /prompt: the dialog, or set at once
    ANNOUNCE = "announce"  # the wizard
    CANCEL = "cancel"  # leaves the dialog, stops the answer
    DATA = "data"  # /data: needs a fresh data.json
    STOP = "stop"  # /stop
    STATUS = "status"
    REFUND = "refund"  # /refund: Telegram gives Stars back
    EXPORT = "export"  # /export: reads all that is kept of one person


class Group(Enum):
    """How /help groups them."""

    START = "start"
    MODELS = "models"
    CONVERSATION = "conversation"
    BALANCE = "balance"
    PROMPT = "prompt"
    OTHER = "other"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Command:
    """`name` is what the menu shows; described by the texts `command.<name>`."""

    name: str
    group: Group
    run: Handler | Does
    aliases: tuple[str, ...] = ()
    registered: bool = True  # only for people who pressed /start
    in_groups: bool = True
    spoken: bool = False  # offered only where the owner has set SPEECH_MODEL
    paid: bool = False  # offered only where PAYMENTS are on

    @property
    def admin(self) -> bool:
        return self.group is Group.ADMIN


def index(commands: Sequence[Command]) -> Mapping[str, Command]:
    """Name or alias → command. Raises ValueError when two commands claim a name."""
    by_name: dict[str, Command] = {}
    for command in commands:
        for name in (command.name, *command.aliases):
            if name in by_name:
                raise ValueError(f"/{name} is claimed twice")
            by_name[name] = command
    return by_name


ButtonHandler = Callable[[Transaction, Visit, Sequence[str]], str]
"""A pressed button whose data is "area:argument:argument": gets the arguments, returns the pop-up's text ("" for none).

The data can be forged: whatever doesn't fit is answered with the text `button.stale`.
"""
