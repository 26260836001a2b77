"""What the model stand-in answers: made ready once, so that a request costs it next to nothing."""

import re
from typing import Any, Final

import orjson

from tests.bench.wire import EVENT_STREAM_END, EVENT_STREAM_HEAD, event, whole

PROSE: Final = (
    "The short answer is that it depends on how the work is spread over the day, because a machine that waits for its "
    "neighbours costs as much as one that works. First look at what arrives together and what may be put off. Then "
    "measure the slowest step on its own, away from the others, and write the figure down before anything is changed. "
    "Most people find that one step takes nearly all of the time, and that a plain change there is worth more than "
    "many clever ones elsewhere. Keep what helped, and undo the rest."
)
MARKDOWN: Final = (
    "## The short answer\n\nIt **depends** on how the work is spread over the day:\n\n1. Look at what arrives "
    "*together*.\n2. Measure the slowest step with `perf stat` on its own.\n3. Write the figure down "
    "[before](https://example.org/why) anything is changed.\n\n```python\ndef slowest(steps: list[float]) -> float:\n"
    "    return max(steps)\n```\n\n- one step takes **nearly all** of the time\n- a plain change there is worth more "
    "than many clever ones\n\n> Keep what helped, and undo the rest."
)

_HEAD: Final[dict[str, Any]] = {"id": "chatcmpl-bench", "created": 1_790_000_000, "model": "gpt-6-luna"}


def _delta(text: str | None, finish: str | None = None) -> bytes:
    delta = {} if text is None else {"content": text}
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return event(orjson.dumps({**_HEAD, "object": "chat.completion.chunk", "choices": [choice], "usage": None}))


def of_tokens(text: str, count: int) -> str:
    """`text` over and over, and then some prose, so that an answer of it has so many tokens with its mark."""
    words = len(text.split())
    parts = [text] * ((count - 1) // words)
    if left := (count - 1) % words:
        parts.append(" ".join(PROSE.split()[:left]))
    return "\n\n".join(parts)


class Answer:
    """One text, told with a mark in front of it that says which question it answers."""

    def __init__(self, text: str) -> None:
        pieces = re.findall(r"\s*\S+", "\n" + text)
        self._text = text
        self.tokens = len(pieces) + 1
        self._deltas = [*map(_delta, pieces), _delta(None, "stop")]

    def streamed(self, mark: str, prompt_tokens: int) -> bytes:
        """The whole response of a request with `stream`: an event for each token, then the usage."""
        return EVENT_STREAM_HEAD + _delta(mark) + b"".join(self._deltas) + self._end(prompt_tokens)

    def paced(self, mark: str, prompt_tokens: int) -> list[bytes]:
        """The same in what is written at a time: head and first token, each further one, the last one with the end."""
        first, *between, last, finish = _delta(mark), *self._deltas
        return [EVENT_STREAM_HEAD + first, *between, last + finish + self._end(prompt_tokens)]

    def text(self, mark: str) -> str:
        """What the model says, whole."""
        return f"{mark}\n{self._text}"

    def _end(self, prompt_tokens: int) -> bytes:
        usage = {**_HEAD, "object": "chat.completion.chunk", "choices": [], "usage": self._usage(prompt_tokens)}
        return event(orjson.dumps(usage)) + event(b"[DONE]") + EVENT_STREAM_END

    def complete(self, mark: str, prompt_tokens: int) -> bytes:
        """The response of a request without `stream`."""
        message = {"role": "assistant", "content": self.text(mark), "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        usage = self._usage(prompt_tokens)
        return whole(orjson.dumps({**_HEAD, "object": "chat.completion", "choices": [choice], "usage": usage}))

    def total(self, prompt_tokens: int) -> int:
        """What the usage says as `total_tokens`."""
        return prompt_tokens + self.tokens

    def _usage(self, prompt_tokens: int) -> dict[str, Any]:
        return {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": self.tokens,
            "total_tokens": self.total(prompt_tokens),
            "prompt_tokens_details": {"cached_tokens": 0},
        }
