"""How hard the machines are driven: a quick, repeatable round in `make test`, a long and ever new one in the soak.

`MODELS_TIMES=20` makes 20 times as many examples, each twice as long, from a new seed each time;
`--hypothesis-seed=N` chooses the seed.
"""

import os
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

TIMES: Final = int(os.environ.get("MODELS_TIMES", "0"))


def effort(examples: int, steps: int) -> settings:
    """The settings of a machine; `examples` and `steps` are those of the quick round."""
    return settings(
        max_examples=examples * max(1, TIMES),
        stateful_step_count=steps * (2 if TIMES else 1),
        derandomize=not TIMES,
        database=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )


time_limit: Final = pytest.mark.timeout(0 if TIMES else 300)
"""A round takes seconds, but to find the shortest way to a failure takes longer; a soak takes what it takes."""
