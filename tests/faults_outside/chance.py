"""Stand-ins that fail by chance: at any call, in any way, as a seed has it."""

import random
import re
import zlib
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import orjson

from gptbot.playground.faults import Fault, Faults
from gptbot.playground.model_answers import text_of
from gptbot.playground.model_api import ModelRequest, ModelServer
from gptbot.playground.model_faults import ModelFault

TAG: Final = re.compile(r"q\d+n\d+z")
"""What every question holds once, and every part of its answer."""
MARKER: Final = re.compile(r"(q\d+n\d+z)p(\d+)of(\d+)a(\d+)z")
"""Paragraph 1 of 12 of the second attempt to answer a question: `q101n7zp1of12a2z`."""


def tag(user: int, number: int) -> str:
    return f"q{user}n{number}z"


# --- Telegram --------------------------------------------------------------------------------------------------------


def flood(description: str = "Too Many Requests", **parameters: object) -> Fault:
    """A 429 in any form."""
    body = {"ok": False, "error_code": 429, "description": description, "parameters": parameters}
    return Fault("raw", {"status": 429, "body": orjson.dumps(body)})


def page(status: int, text: str = "<html><h1>Not what you asked for</h1></html>") -> Fault:
    """What stands between (a proxy, a hotspot) answers."""
    return Fault("raw", {"status": status, "body": text.encode()})


FLOODS: Final = (
    Fault("429", {"retry_after": 0}),
    Fault("429", {"retry_after": 1}),
    Fault("429", {"retry_after": 3}),
    flood(),
    flood("Too Many Requests: retry after 1"),
    flood(retry_after="soon"),
    flood(retry_after=-5),
    flood(retry_after=None),
    flood(retry_after=True),
    flood(retry_after=0.5),
)
REFUSED: Final = (
    *FLOODS,
    *(Fault("5xx", {"status": status}) for status in (500, 502, 503, 504)),
    page(502),
    page(403),
    page(302),
)
"""Nothing was done, and that is certain."""
UNKNOWN: Final = (
    Fault("reset_before", {}),
    Fault("reset_after", {}),
    Fault("wrong_json", {}),
    Fault("raw", {"body": b'{"ok": tru'}),
    Fault("raw", {"body": b""}),
)
"""It may have been done."""
NEVER_ANSWERED: Final = Fault("hang", {})
SLOW: Final = Fault("slow", {"seconds": 0.1})
CONFLICT: Final = Fault("refuse", {"status": 409, "description": "Conflict: terminated by other getUpdates request"})
SENDING: Final = ("send", "copy", "edit")


class ChanceFaults(Faults):
    """Each call meets a fault with a probability of `rate`. `doubtful`: unknown outcomes by chat, as they were made.

    A call whose outcome is unknown is repeated once (SPEC §8): that repeat has a known outcome here.
    """

    def __init__(self, seed: int, rate: float) -> None:
        super().__init__()
        self.rate = rate
        self.met: Counter[str] = Counter()
        self.doubtful: Counter[str] = Counter()
        self._random = random.Random(seed)
        self._in_doubt: set[tuple[str, str]] = set()

    def take(self, method: str, params: Mapping[str, Any]) -> Fault | None:
        method, chat = method.lower(), str(params.get("chat_id", ""))
        fault = self._chosen(method, chat) if self._random.random() < self.rate else None
        if fault is None:
            self._in_doubt.discard((method, chat))
            return None
        self.met[fault.kind] += 1
        if fault in UNKNOWN or fault is NEVER_ANSWERED:
            self._in_doubt.add((method, chat))
            self.doubtful[chat] += 1
        return fault

    def _chosen(self, method: str, chat: str) -> Fault | None:
        menu: list[Fault] = [self._random.choice(REFUSED), SLOW]
        if (method, chat) not in self._in_doubt:
            menu.append(self._random.choice(UNKNOWN))
            if method.startswith(SENDING) and self._random.random() < 0.1:
                menu.append(NEVER_ANSWERED)
        if method == "getupdates":
            menu.append(CONFLICT)
        return self._random.choice(menu)


# --- the model -------------------------------------------------------------------------------------------------------

HARMLESS: Final = ("no_usage", "only_max_tokens", "rejects_stream_options", "ignores_stream")
"""Oddities that an answer comes whole with."""
MODEL_FAULTS: Final = (
    ModelFault("rate_limit", {"retry_after": 0}),
    ModelFault("rate_limit", {"retry_after": 60}),
    ModelFault("rate_limit"),
    ModelFault("insufficient_quota"),
    *(ModelFault("server_error", {"status": status}) for status in (500, 502, 503)),
    ModelFault("context_length_exceeded"),
    ModelFault("model_not_found"),
    ModelFault("invalid_key"),
    ModelFault("content_policy"),
    ModelFault("refuse", {"status": 400, "message": "Bad parameter"}),
    ModelFault("refuse", {"status": 418, "message": ""}),
    ModelFault("reset"),
    ModelFault("hang"),
    *(ModelFault("cut", {"after": share}) for share in (0.0, 0.3, 0.9)),
    *(ModelFault("stream_error", {"after": share}) for share in (0.0, 0.5)),
    *(ModelFault(kind) for kind in ("wrong_json", "empty", "refusal", "content_filter", "length")),
    *(ModelFault(kind) for kind in HARMLESS),
)


class ChanceModel(ModelServer):
    """Each request meets a fault with a probability of `rate`. `whole`: the attempts that were answered in full."""

    def __init__(self, seed: int, rate: float) -> None:
        super().__init__(record=False)
        self.rate = rate
        self.met: Counter[str] = Counter()
        self.whole: dict[tuple[str, int], int] = {}
        """(tag, attempt) → how many paragraphs."""
        self.attempts: Counter[str] = Counter()
        self.answer = self._answer
        self._chance = random.Random(seed)
        self._kind = ""

    def _take_fault(self, came: ModelRequest) -> ModelFault | None:
        self._kind = ""
        if self._chance.random() < self.rate:
            chosen = self._chance.choice(MODEL_FAULTS)
            self._faults.append(chosen)
            self._kind = chosen.kind
            self.met[chosen.kind] += 1
        return super()._take_fault(came)

    def _answer(self, body: Mapping[str, Any]) -> str:
        said = "\n".join(text_of(message) for message in body["messages"] if message["role"] == "user")
        name = (TAG.findall(said) or ["q0n0z"])[-1]
        self.attempts[name] += 1
        attempt, long = self.attempts[name], zlib.crc32(name.encode()) % 5 == 0
        count = 10 if long else 1
        if not self._kind or self._kind in HARMLESS:
            self.whole[name, attempt] = count
        words = "words that fill the paragraph " * (25 if long else 2 + attempt % 3)
        return "\n\n".join(f"{name}p{number}of{count}a{attempt}z {words}" for number in range(1, count + 1))
