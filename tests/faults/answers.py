"""What the model says in the fault tests: answers that name their question, their parts and which attempt they are.

A question holds a tag (`q101n2z`); every paragraph of its answer begins with a marker (`q101n2zp1of3a2z`: paragraph 1
of 3 of the second attempt). So what a chat shows tells what was answered, whole or not, and by which call of the model.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gptbot.playground.model_answers import text_of, usage
from gptbot.playground.model_api import ModelServer
from tests.faults.process import run_of

TAG = re.compile(r"q\d+n\d+z")
MARKER = re.compile(r"(q\d+n\d+z)p(\d+)of(\d+)a(\d+)z")
FILLER = "words that fill the paragraph "


class Marker(NamedTuple):
    """One paragraph of one attempt to answer one question."""

    tag: str
    number: int
    of: int
    attempt: int


def tag(user: int, number: int) -> str:
    """The tag of a user's question; each is used once in a test."""
    return f"q{user}n{number}z"


def markers_in(text: str) -> list[Marker]:
    return [
        Marker(name, int(number), int(count), int(attempt)) for name, number, count, attempt in MARKER.findall(text)
    ]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call of the model: by which run of the bot, with which model and context, and the usage reported."""

    run: int
    model: str
    context: str
    usage: int


@dataclass(slots=True)
class Answers:
    """Put `answer` into a ModelServer with `attach`. `long`: the questions whose answers take several messages.

    `on_request` is called with the tag when the model is asked, before it answers.
    """

    long: Callable[[str], bool] = lambda _: False
    on_request: Callable[[str], None] = lambda _: None
    attempts: dict[str, list[Attempt]] = field(default_factory=dict)
    count: int = 0
    """Calls of the model, all questions together."""
    _model: ModelServer | None = None

    def attach(self, model: ModelServer) -> None:
        self._model = model
        model.answer = self.answer

    def answer(self, body: Mapping[str, Any]) -> str:
        assert self._model is not None
        name = TAG.findall(text_of(body["messages"][-1]))[-1]
        attempts = self.attempts.setdefault(name, [])
        text = self._text(name, len(attempts) + 1)
        context = "\n".join(text_of(message) for message in body["messages"][:-1])
        total = int(usage(body, text)["total_tokens"])
        request = next(request for request in reversed(self._model.requests) if request.body is body)
        attempts.append(Attempt(run_of(request.headers), str(body["model"]), context, total))
        self.count += 1
        self.on_request(name)
        return text

    def _text(self, name: str, attempt: int) -> str:
        """No two attempts cost the same, so that a charge tells which one it was for."""
        count = 12 if self.long(name) else 1
        paragraph = FILLER * (25 if count > 1 else 2 + attempt)
        return "\n\n".join(f"{name}p{number}of{count}a{attempt}z {paragraph}" for number in range(1, count + 1)) + (
            "\n\n" + FILLER * attempt
        )
