"""Trouble at the press of a switch, for the page of the demo: what Telegram and the model do while it is on."""

from collections.abc import Mapping
from typing import Any, Final

from gptbot.playground.bot_api import BotApiServer
from gptbot.playground.faults import Fault, Faults
from gptbot.playground.model_answers import default_answer
from gptbot.playground.model_api import ModelServer
from gptbot.playground.model_faults import ModelFaultKind

TELEGRAM: Final = ("telegram_429", "telegram_down")
MODEL: Final = ("model_slow", "model_cut", "model_busy", "model_markdown")
RETRY_AFTER_S = 3
USUAL_DELAY_S, SLOW_DELAY_S = 0.5, 6.0
USUAL_TOKENS_PER_S, SLOW_TOKENS_PER_S = 25.0, 4.0
SENDING = ("send", "copy", "edit")
FAULT_OF: Final[Mapping[str, ModelFaultKind]] = {"model_cut": "cut", "model_busy": "server_error"}

BAD_MARKDOWN = """\
# A heading without an end **bold *and italic

- a list
    - that [links](nowhere
      1. to ~~nothing~~ and `code without an end

| a | table |
|---|
| with | too | many | cells |

> a quote with <b>HTML & \\*escapes\\*</i>

```python
print("a fence that is never closed")
"""


class SwitchedFaults(Faults):
    """Faults that last as long as a switch is on, before those that wait for their request."""

    def __init__(self) -> None:
        super().__init__()
        self.down = False
        self.rate_limited = False
        self._refused: set[tuple[str, Any]] = set()

    def take(self, method: str, params: Mapping[str, Any]) -> Fault | None:
        if self.down:
            return Fault("reset_before", {})
        if self.rate_limited and method.lower().startswith(SENDING):
            # Every other one, so that all arrives in the end.
            refused = method.lower(), params.get("chat_id")
            if refused not in self._refused:
                self._refused.add(refused)
                return Fault("429", {"retry_after": RETRY_AFTER_S})
            self._refused.discard(refused)
        return super().take(method, params)


class Trouble:
    """The switches. `model` None: the real one answers, and only Telegram can be troubled."""

    def __init__(self, telegram: BotApiServer, model: ModelServer | None) -> None:
        self._telegram = telegram
        self._model = model
        self._faults = SwitchedFaults()
        telegram.faults = self._faults
        self._on: set[str] = set()
        self._apply()

    @property
    def state(self) -> dict[str, bool]:
        """Every switch there is, and whether it is on."""
        return {name: name in self._on for name in (*TELEGRAM, *(MODEL if self._model else ()))}

    async def switch(self, name: str, *, on: bool) -> None:
        """Raises LookupError when there is no such switch."""
        if name not in self.state:
            raise LookupError(f"no switch {name!r}")
        (self._on.add if on else self._on.discard)(name)
        self._apply()
        if name == "telegram_down" and on:
            await self._telegram.world.updates.close()  # ends the poll that waits: nothing comes in either

    def _apply(self) -> None:
        self._faults.down = "telegram_down" in self._on
        self._faults.rate_limited = "telegram_429" in self._on
        if self._model is not None:
            slow = "model_slow" in self._on
            self._model.delay_s = SLOW_DELAY_S if slow else USUAL_DELAY_S
            self._model.tokens_per_s = SLOW_TOKENS_PER_S if slow else USUAL_TOKENS_PER_S
            self._model.answer = (lambda _: BAD_MARKDOWN) if "model_markdown" in self._on else default_answer
            self._model.always = {fault for name, fault in FAULT_OF.items() if name in self._on}
