"""The buttons under answers and apologies: Regenerate, Continue, Retry (SPEC §5).

Their data names a stored turn, which holds all that is needed to ask again: so they work after any restart. What a
press leads to is more than one transaction: `actors/asking_again`.
"""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, cast

from gptbot.domain.outgoing import Button, Keyboard
from gptbot.texts import Words

AREA: Final = "ans"
Action = Literal["anew", "on"]
"""Asks the turn's question anew, or lets the model go on from the turn."""


class Meaning(NamedTuple):
    """What a button stands for."""

    action: Action
    turn: int


def under_answer(words: Words, turn: int, *, cut: bool) -> Keyboard:
    """Regenerate, and Continue where the answer is not whole."""
    go_on = [Button(words.plain("button.continue"), f"{AREA}:on:{turn}")] if cut else []
    return ((*go_on, Button(words.plain("button.regenerate"), f"{AREA}:anew:{turn}")),)


def under_apology(words: Words, turn: int) -> Keyboard:
    """Retry: asks the question of a turn that has no answer."""
    return ((Button(words.plain("button.retry"), f"{AREA}:anew:{turn}"),),)


def under_edit(words: Words, turn: int) -> Keyboard:
    """Asks the changed question, which is stored as a turn that has no answer."""
    return ((Button(words.plain("button.answer_anew"), f"{AREA}:anew:{turn}"),),)


def meaning(args: Sequence[str]) -> Meaning | None:
    """None for data that was forged."""
    if len(args) != 2 or args[0] not in ("anew", "on") or not (args[1].isascii() and args[1].isdecimal()):
        return None
    if len(args[1]) > 18:  # beyond what a row's id can be
        return None
    return Meaning(cast("Action", args[0]), int(args[1]))
