"""A chat completion on the wire: whole, or as server-sent events (OpenAI, chat.completion.chunk)."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import web

from gptbot.playground.model_answers import pieces, usage
from gptbot.playground.model_faults import ModelFault
from gptbot.playground.serving import cut_connection


@dataclass(frozen=True, slots=True)
class ChatReply:
    """An answer in parts. `breaks_after`: how many of them come before the stream breaks (None: it doesn't)."""

    id: str
    model: str
    parts: list[str]
    refusal: str
    finish_reason: str
    usage: dict[str, Any] | None
    usage_in_stream: bool
    breaks_after: int | None = None
    breaks_with_error: bool = False

    def whole(self) -> dict[str, Any]:
        """The answer to a request that does not stream."""
        message = {"role": "assistant", "content": "".join(self.parts) or None, "refusal": self.refusal or None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self.finish_reason}
        body: dict[str, Any] = {**self._head("chat.completion"), "choices": [choice]}
        if self.usage is not None:
            body["usage"] = self.usage
        return body

    def events(self) -> list[bytes]:
        """The events of the stream up to where it breaks, or to its end with usage and [DONE]."""
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": "", "refusal": None}]
        deltas += [{"content": part} for part in self.parts[: self.breaks_after]]
        events = [self._event([self._choice(delta)]) for delta in deltas]
        if self.breaks_after is not None:
            return events
        if self.refusal:
            events.append(self._event([self._choice({"refusal": self.refusal})]))
        events.append(self._event([self._choice({}, self.finish_reason)]))
        if self.usage_in_stream and self.usage is not None:
            events.append(self._event([], usage=self.usage))
        events.append(b"data: [DONE]\n\n")
        return events

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": int(time.time()), "model": self.model}

    @staticmethod
    def _choice(delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
        return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}

    def _event(self, choices: list[dict[str, Any]], usage: dict[str, Any] | None = None) -> bytes:
        chunk: dict[str, Any] = {**self._head("chat.completion.chunk"), "choices": choices}
        if self.usage_in_stream and self.usage is not None:
            chunk["usage"] = usage
        return b"data: " + orjson.dumps(chunk) + b"\n\n"


def reply_to(
    body: Mapping[str, Any], answer: Callable[[Mapping[str, Any]], str], fault: ModelFault | None, number: int
) -> ChatReply:
    """What is said to a question; the fault may shorten it or take it away."""
    kind = fault.kind if fault else None
    parts = pieces("" if kind in ("empty", "refusal") else answer(body))
    if kind in ("content_filter", "length"):
        parts = parts[: len(parts) // 2]
    refusal = "I'm sorry, but I can't help with that." if kind == "refusal" else ""
    breaks_after = None
    if fault is not None and kind in ("cut", "stream_error"):
        breaks_after = int(len(parts) * float(fault.options.get("after", 0.5)))
    return ChatReply(
        id=f"chatcmpl-{number}",
        model=str(body["model"]),
        parts=parts,
        refusal=refusal,
        finish_reason=str(kind if kind in ("content_filter", "length") else "stop"),
        usage=None if kind == "no_usage" else usage(body, "".join(parts) + refusal),
        usage_in_stream=bool((body.get("stream_options") or {}).get("include_usage")),
        breaks_after=breaks_after,
        breaks_with_error=kind == "stream_error",
    )


async def stream_reply(
    request: web.Request,
    reply: ChatReply,
    tokens_per_s: float | None,
    hold: tuple[int, asyncio.Event] | None = None,
) -> web.StreamResponse:
    """Sends the events, evenly paced or all at once; then perhaps breaks the stream.

    `hold`: after so many events it waits for the other.
    """
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
    await response.prepare(request)
    events = reply.events()
    if hold is not None:
        count, gate = hold
        await response.write(b"".join(events[:count]))
        await gate.wait()
        events = events[count:]
    if tokens_per_s is None:
        await response.write(b"".join(events))
    else:
        started = asyncio.get_running_loop().time()
        for number, event in enumerate(events):
            wait_s = started + number / tokens_per_s - asyncio.get_running_loop().time()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            await response.write(event)
    if reply.breaks_with_error:
        error = {"message": "The server had an error while processing your request.", "type": "server_error"}
        await response.write(b"data: " + orjson.dumps({"error": {**error, "code": None, "param": None}}) + b"\n\n")
    elif reply.breaks_after is not None:
        return cut_connection(request, response)
    await response.write_eof()
    return response
