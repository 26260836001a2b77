"""ChatModel over Chat Completions, which is what compatible servers speak.

The SDK gives the connection, its retries and its errors; request and events are handled here as plain JSON, because its
typed objects cost several times as much as the whole rest of an answer (PLATFORM "openai 3.x").
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import httpx2
import openai
import orjson
import structlog

from gptbot.edges.lenient_json import as_dict, loads, scrub, whole_number
from gptbot.edges.openai_client import FAILURES, OpenAIConnection, opened
from gptbot.edges.openai_messages import as_blindness, messages_json
from gptbot.edges.sse import SseReader
from gptbot.ports import ChatRequest, Completed, ModelError, ModelTrouble, TextDelta, Usage

log = structlog.get_logger()

DRAIN_S: Final = 0.25
_OPTIONAL: Final = ("max_completion_tokens", "max_tokens", "stream_options")
"""Parameters that some servers refuse and an answer can do without."""
TAIL_S: Final = 5.0
"""For so long the usage and the end may come after the last word; a server that forgets to end keeps nobody waiting."""
REFUSAL_LENGTH_MAX: Final = 4000
TEXT_LENGTH_MAX: Final = 1_000_000
"""Characters of one answer, about twice what a model of the day can write; a longer one counts as cut."""
TOKENS_MAX: Final = 1_000_000_000
"""No answer takes more; a larger count of a server is nonsense."""


class OpenAIChatModel:
    """Carries out the ChatModel port."""

    def __init__(self, connection: OpenAIConnection) -> None:
        self._connection = connection
        self._refused: dict[str, frozenset[str]] = {}  # model → parameters its server does not take

    async def stream(self, request: ChatRequest) -> AsyncGenerator[TextDelta | Completed, None]:
        """See the port. What came before an error has been given out when it is raised."""
        with _pictures_told_apart(request), self._connection.errors_as_ports():
            response = await self._open(request)
            try:
                answer, chunks = _Answer(self._connection), response.aiter_bytes()
                async for text in answer.read(chunks):
                    yield TextDelta(text)
                yield answer.completed()
                await _drain(chunks)
            finally:
                await response.aclose()

    async def _open(self, request: ChatRequest) -> httpx2.Response:
        """The response whose body is the answer; learns what the server refuses by what it says."""
        refused = self._refused.get(request.model, frozenset())
        messages = orjson.Fragment(await messages_json(request.messages))
        while True:
            body = _body(request, messages, refused)
            try:
                response = await opened(self._connection.client, "/chat/completions", content=orjson.dumps(body))
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                named = self._named(error, body)
                if named is None:
                    raise
                refused |= {named}
            else:
                if refused != self._refused.get(request.model, frozenset()):
                    log.info("model.adapted", model=request.model, without=sorted(refused))
                    self._refused[request.model] = refused
                return response

    def _named(self, error: openai.APIStatusError, body: dict[str, Any]) -> str | None:
        """The parameter that the server does not take, if it is one that can be left out."""
        if self._connection.model_error(error).trouble is ModelTrouble.CONTEXT:
            return None
        words = f"{error.param or ''} {error.message} {error.body}"
        return next((name for name in _OPTIONAL if name in body and re.search(rf"\b{name}\b", words)), None)


@contextmanager
def _pictures_told_apart(request: ChatRequest) -> Iterator[None]:
    """Only where there are pictures can it be them that the server complains about."""
    try:
        yield
    except ModelError as error:
        raise as_blindness(error) if any(message.pictures for message in request.messages) else error from None


def _body(request: ChatRequest, messages: orjson.Fragment, refused: frozenset[str]) -> dict[str, Any]:
    body: dict[str, Any] = {"model": request.model, "messages": messages, "stream": True}
    if "stream_options" not in refused:
        body["stream_options"] = {"include_usage": True}
    limit = next((name for name in ("max_completion_tokens", "max_tokens") if name not in refused), None)
    if limit is not None and request.max_output_tokens is not None:
        body[limit] = request.max_output_tokens
    if request.reasoning_effort is not None:
        body["reasoning_effort"] = request.reasoning_effort
    return body


async def _drain(chunks: AsyncIterator[bytes]) -> None:
    """Reads the end of the body, so that the connection can serve the next question; a server that keeps it is left."""
    with suppress(TimeoutError, httpx2.HTTPError, httpx2.StreamError):
        async with asyncio.timeout(DRAIN_S):
            async for _ in chunks:
                pass


class _Answer:
    """What has come of one answer so far: only the first choice counts."""

    def __init__(self, connection: OpenAIConnection) -> None:
        self._connection = connection
        self._finish_reason = ""
        self._usage: Usage | None = None
        self._refusal = ""
        self._done = False
        self._summed_up = False  # a usage came, and no word behind it
        self._text = ""  # not given out yet
        self._length = 0

    async def read(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[str]:
        """The text, one piece for each piece that came through the network."""
        reader = SseReader()
        while True:
            chunk = await self._next(chunks)
            failure: ModelError | None = None
            try:
                for data in reader.close() if chunk is None else reader.feed(chunk):
                    self._take(data)
            except ModelError as error:
                failure = error
            except ValueError as error:
                failure = ModelError(ModelTrouble.SERVER, str(error))
            last = self._done or chunk is None or failure is not None
            if text := self._given_out(last):
                yield text
            if failure is not None:
                raise failure
            if last:
                break
        if not (self._done or self._finish_reason or self._summed_up):
            raise ModelError(ModelTrouble.SERVER, "the answer ended early")

    async def _next(self, chunks: AsyncIterator[bytes]) -> bytes | None:
        """None at the end. Once it was told why the answer ends, no word is missing, however the connection ends."""
        if not self._finish_reason:
            return await anext(chunks, None)
        try:
            async with asyncio.timeout(TAIL_S):
                return await anext(chunks, None)
        except FAILURES:  # a time-out is one
            return None

    def completed(self) -> Completed:
        return Completed(self._finish_reason or "stop", self._usage, scrub(self._refusal))

    def _take(self, data: bytes) -> None:
        """Reads one event. Raises ModelError for one that reports an error."""
        if self._done or data.strip() == b"[DONE]":
            self._done = True
            return
        try:
            event = as_dict(loads(data))
        except ValueError:
            return
        if event.get("error") or event.get("object") == "error":
            raise self._connection.reported(0, event.get("error") or event)
        length, choices = self._length, event.get("choices")
        told = event.get("usage") or as_dict(event.get("x_groq")).get("usage")  # most chunks have none
        for choice in map(as_dict, choices if isinstance(choices, list) else ()):
            if choice.get("index", 0) in (0, None):
                self._take_choice(choice)
                told = told or choice.get("usage")  # Moonshot's place for it
                break
        if told:
            self._usage = _usage(told) or self._usage
        if told or self._length > length:
            self._summed_up = self._length == length  # with a word, it is only the usage so far

    def _take_choice(self, choice: dict[str, Any]) -> None:
        if isinstance(reason := choice.get("finish_reason"), str) and reason:
            self._finish_reason = reason
        delta = as_dict(choice.get("delta"))
        if not delta and (message := as_dict(choice.get("message"))):
            delta = {} if self._length else message  # MiniMax repeats the whole answer behind its pieces
            self._done = True
        self._refusal = (self._refusal + _text(delta.get("refusal")))[:REFUSAL_LENGTH_MAX]
        text = _text(delta.get("content"))[: TEXT_LENGTH_MAX - self._length]
        self._text += text
        self._length += len(text)
        if self._length == TEXT_LENGTH_MAX:
            self._finish_reason, self._done = "length", True

    def _given_out(self, last: bool) -> str:
        """The text that came, without lone surrogates; half a pair at its end waits for the other half."""
        half = self._text[-1:] if not last and "\ud800" <= self._text[-1:] <= "\udbff" else ""
        text, self._text = self._text[: len(self._text) - len(half)], half
        return scrub(text)


def _text(content: object) -> str:
    """A text, or the texts of a list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(part["text"] for part in map(as_dict, content) if isinstance(part.get("text"), str))
    return ""


def _tokens(value: object) -> int:
    """A count as the server told it; nonsense can neither pay anybody nor ruin them beyond TOKENS_MAX."""
    return min(max(whole_number(value) or 0, 0), TOKENS_MAX)


def _usage(value: object) -> Usage | None:
    told = as_dict(value)
    prompt, completion, total = (
        _tokens(told.get(name)) for name in ("prompt_tokens", "completion_tokens", "total_tokens")
    )
    cached = _tokens(as_dict(told.get("prompt_tokens_details")).get("cached_tokens"))
    if not (prompt or completion or total):
        return None
    if prompt:  # xAI's and Gemini's completion is without the reasoning, which costs as much; their total has it
        completion = max(completion, total - prompt)
    return Usage(prompt, completion, total or prompt + completion, cached)
