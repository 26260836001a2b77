"""What the model reads before it answers: the prompt, the chain, the question, within its window (SPEC §5).

Counts are estimates; they only decide how many of the oldest turns are left out.
"""

from collections.abc import Sequence

TOKENS_PER_MESSAGE = 8
"""What a message's frame costs beside its text, generously."""
RESERVED_FOR_ANSWER = 4_096
"""Tokens kept free for the answer where no output limit is set."""


def room_for_context(context_window: int, max_output: int | None) -> int:
    """Tokens that prompt, chain and question may take together; at least half of a small window."""
    return max(context_window - (max_output or RESERVED_FOR_ANSWER), context_window // 2)


def turns_that_fit(tokens_of_turns: Sequence[int], tokens_always: int, room: int) -> int:
    """How many of the newest turns fit beside what is always sent (prompt and question), oldest left out first."""
    free = room - tokens_always
    kept = 0
    for tokens in reversed(tokens_of_turns):
        free -= tokens + 2 * TOKENS_PER_MESSAGE
        if free < 0:
            break
        kept += 1
    return kept


def ending(text: str, share: float) -> str:
    """The last `share` (0 to 1) of a text, marked as cut."""
    return "…" + text[len(text) - int(len(text) * share) :]
