"""Trouble on demand: faults queued per method, and Telegram's rate limits."""

import math
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

FaultKind = Literal["429", "5xx", "reset_before", "reset_after", "hang", "slow", "wrong_json", "refuse", "raw"]
"""429(retry_after=1) and 5xx(status=502): nothing is done. reset_before: the connection breaks, nothing is done.
reset_after: it is done, then the connection breaks. hang: nothing is done and no answer comes until the server
stops. slow(seconds): done at once, answered late. wrong_json: nothing is done, an HTML page comes with status 200.
refuse(status=400, description=...): a refusal in any words. raw(body=b"...", status=200): nothing is done, these bytes
come."""

EVERY_METHOD = "*"


@dataclass(frozen=True, slots=True)
class Fault:
    kind: FaultKind
    options: Mapping[str, Any]
    where: Callable[[Mapping[str, Any]], bool] | None = None


class Faults:
    """Faults that wait for their request, in order, by method; `*` is any method but getUpdates."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, list[Fault]] = defaultdict(list)

    def next(
        self,
        method: str,
        kind: FaultKind,
        times: int = 1,
        *,
        where: Callable[[Mapping[str, Any]], bool] | None = None,
        **options: Any,
    ) -> None:
        """The next `times` calls of `method` (those whose parameters satisfy `where`) meet this fault."""
        if kind not in get_args(FaultKind):
            raise ValueError(f"unknown fault {kind!r}")
        self._waiting[method.lower()].extend([Fault(kind, options, where)] * times)

    def take(self, method: str, params: Mapping[str, Any]) -> Fault | None:
        """The fault that this request meets; it is used up."""
        if not self._waiting:
            return None
        method = method.lower()
        for queue in (method, EVERY_METHOD) if method != "getupdates" else (method,):
            waiting = self._waiting.get(queue, [])
            for index, fault in enumerate(waiting):
                if fault.where is None or fault.where(params):
                    return waiting.pop(index)
        return None

    def clear(self) -> None:
        self._waiting.clear()

    @property
    def left(self) -> int:
        """How many have not happened yet."""
        return sum(map(len, self._waiting.values()))


@dataclass(slots=True)
class RateLimits:
    """Telegram's limits (PLATFORM, "limits"): a request over one is refused with 429 and does not count."""

    private_per_s: float = 1.0
    private_burst: int = 3
    group_per_min: int = 20
    overall_per_s: int = 30
    hints_per_5s: int = 20  # drafts and chat actions share one budget a chat
    hints_per_30s: int = 40
    refused: int = 0
    _sent: defaultdict[tuple[str, int], deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def retry_after(self, chat_id: int, now: float, *, private: bool, hint: bool) -> int | None:
        """Seconds to wait, or None when the request passes (and is counted). `now` in seconds, monotonic."""
        if hint:
            windows = [("hint", chat_id, self.hints_per_5s, 5.0), ("hint30", chat_id, self.hints_per_30s, 30.0)]
        elif private:
            span = self.private_burst / self.private_per_s
            windows = [("chat", chat_id, self.private_burst, span), ("all", 0, self.overall_per_s, 1.0)]
        else:
            windows = [("chat", chat_id, self.group_per_min, 60.0), ("all", 0, self.overall_per_s, 1.0)]
        wait = max(self._wait(name, key, limit, span, now) for name, key, limit, span in windows)
        if wait > 0:
            self.refused += 1
            return math.ceil(wait)
        for name, key, _, _ in windows:
            self._sent[name, key].append(now)
        return None

    def _wait(self, name: str, key: int, limit: int, span_s: float, now: float) -> float:
        sent = self._sent[name, key]
        while sent and sent[0] <= now - span_s:
            sent.popleft()
        return sent[-limit] + span_s - now if len(sent) >= limit else 0.0
