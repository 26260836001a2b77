"""Kills at chosen points of the bot's progress, made inside the stand-ins: no clock decides when."""

from collections.abc import Callable, Mapping
from typing import Any

from gptbot.playground.faults import FaultKind
from tests.faults.answers import Answers, markers_in
from tests.faults.checker import Wreck, inspect_wreck
from tests.faults.process import ADMIN, KILLED, BotProcess


def any_call(_: Mapping[str, Any]) -> bool:
    return True


def part_of_answer(params: Mapping[str, Any]) -> bool:
    """Whether a message to a user (not a report to the admin) belongs to an answer."""
    return int(params["chat_id"]) != ADMIN and bool(markers_in(str(params["text"])))


class Moments:
    """Arm one, wait for `killed`, start the bot again."""

    def __init__(self, bot: BotProcess, answers: Answers) -> None:
        self._bot = bot
        self._answers = answers

    def at_model_call(self, number: int) -> None:
        """While the model is being asked for the n-th time from now."""
        goal = self._answers.count + number
        self._answers.on_request = lambda _: self._bot.kill() if self._answers.count >= goal else None

    def at_message(
        self,
        number: int,
        kind: FaultKind,
        where: Callable[[Mapping[str, Any]], bool] = any_call,
        method: str = "sendMessage",
    ) -> None:
        """While the n-th such call from now is under way; `kind`: reset_after (it is carried out) or reset_before."""
        seen = 0

        def kill(params: Mapping[str, Any]) -> bool:
            nonlocal seen
            seen += where(params)
            if seen < number:
                return False
            self._bot.kill()
            return True

        self._bot.telegram.faults.next(method, kind, where=kill)

    async def killed(self) -> Wreck:
        """Waits until the bot was killed; checks and returns what is left."""
        assert await self._bot.ended() == KILLED
        self._answers.on_request = lambda _: None
        return inspect_wreck(self._bot.data_file, self._bot.telegram, self._bot.run)
