"""What answers and pictures cost the owner, in billionths of a dollar (`NANO`), so that sums are exact.

Prices are the settings' (SPEC §2); unknown prices are 0 there.
"""

from gptbot.domain.records import AMOUNT_MAX, NANO
from gptbot.domain.rules import ModelSpec

_PER = 1_000_000  # prices are for a million tokens


def answer_cost(model: ModelSpec, *, prompt: int, cached: int, completion: int) -> int:
    """The cost of one answer. `cached` is the part of the `prompt` tokens that the provider read from its cache.

    Numbers that make no sense (a server's mistake) count as the nearest that do.
    """
    prompt, completion = max(prompt, 0), max(completion, 0)
    cached = min(max(cached, 0), prompt)
    exact = (
        (prompt - cached) * _nano(model.price_input)
        + cached * _nano(model.price_cached)
        + completion * _nano(model.price_output)
    )
    return min((exact + _PER // 2) // _PER, AMOUNT_MAX)


def picture_cost(price: float) -> int:
    """The cost of one picture at `price` US dollars."""
    return _nano(price)


def listening_cost(price: float, seconds: int) -> int:
    """The cost of a recording at `price` US dollars a minute."""
    return round(price * NANO * seconds / 60)


def speaking_cost(price: float, characters: int) -> int:
    """The cost of a text read aloud at `price` US dollars a million characters."""
    return round(price * NANO * characters / _PER)


def dollars(cost: int) -> str:
    """`cost` as people read it: "$0", "<$0.0001", "$0.0123", "$12.30"."""
    if cost < 0:
        return "-" + dollars(-cost)
    if cost == 0:
        return "$0"
    if cost < NANO // 10_000:
        return "<$0.0001"
    return f"${cost / NANO:.{2 if cost >= NANO else 4}f}"


def _nano(price: float) -> int:
    return round(price * NANO)
