"""The connection to an OpenAI-compatible server, and what its errors mean; used for chat, pictures and sound."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any, Final

import aiohttp
import aiohttp_socks
import httpx2
import openai
from openai import AsyncOpenAI, AsyncStream
from openai._vendor.httpx_aiohttp.transport import AiohttpTransport  # the one way to give it a proxy connector

from gptbot.edges.compressed import compressed
from gptbot.edges.lenient_json import as_dict, scrub
from gptbot.ports import ModelError, ModelTrouble

CONNECT_TIMEOUT_S: Final = 10.0
KEEP_ALIVE_S: Final = 30.0
DETAIL_LENGTH_MAX: Final = 500
ANSWER_BYTES_MAX: Final = 64 * 1024 * 1024
"""Of any answer: twice the largest picture, the stream of more tokens than a model writes, a question sent back."""
WORDS_LENGTH_MAX: Final = 10_000  # some servers send the whole question back, pictures included

_T = ModelTrouble

_CODES: Final[dict[str, ModelTrouble]] = {
    "insufficient_quota": _T.QUOTA,
    "billing_hard_limit_reached": _T.QUOTA,
    "billing_not_active": _T.QUOTA,
    "insufficient_credits": _T.QUOTA,
    "rate_limit_exceeded": _T.BUSY,
    "context_length_exceeded": _T.CONTEXT,
    "content_filter": _T.CONTENT,
    "content_policy_violation": _T.CONTENT,
    "moderation_blocked": _T.CONTENT,
    "model_not_found": _T.MODEL,
    "invalid_api_key": _T.KEY,
    "server_error": _T.SERVER,
}
"""`error.code` or `error.type`, as OpenAI and Azure name them."""

_WORDS: Final[tuple[tuple[ModelTrouble, re.Pattern[str]], ...]] = (
    (_T.KEY, re.compile(r"api key (?:is )?(?:not valid|invalid)|(?:incorrect|invalid) api key")),
    (_T.QUOTA, re.compile(r"exceeded your current quota|insufficient (?:credits|balance)|billing")),
    (
        _T.CONTEXT,
        re.compile(r"context (?:length|window|size)|(?:prompt|input) is too long|too many (?:input )?tokens"),
    ),
    (_T.CONTENT, re.compile(r"content (?:management )?policy|safety system|moderation|content filter")),
    (_T.MODEL, re.compile(r"model\W.{0,100}(?:not found|not exist)|(?:unknown|invalid|no such) model")),
)
"""For servers that give no code: the words of a 4xx."""

_STATUSES: Final[dict[int, ModelTrouble]] = {
    401: _T.KEY, 402: _T.QUOTA, 403: _T.KEY, 404: _T.MODEL, 408: _T.TIMEOUT, 409: _T.SERVER, 413: _T.CONTEXT,
    429: _T.BUSY,
}  # fmt: skip

FAILURES: Final = (
    openai.OpenAIError,
    httpx2.HTTPError,
    httpx2.StreamError,
    aiohttp.ClientError,
    aiohttp_socks.ProxyError,
    aiohttp_socks.ProxyConnectionError,
    aiohttp_socks.ProxyTimeoutError,
    OSError,
)
"""What the SDK and the connection raise."""


class _Bounded(httpx2.AsyncByteStream):
    """A body of which no more than `size_max` bytes are read."""

    def __init__(self, body: httpx2.AsyncByteStream, size_max: int) -> None:
        self._body = body
        self._size_max = size_max

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._body:
            size += len(chunk)
            if size > self._size_max:
                raise httpx2.DecodingError(f"the answer is larger than {self._size_max} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._body.aclose()


class _BoundedTransport(AiohttpTransport):
    """No answer, whoever reads it, may fill the memory.

    A compressed one could (16 KB can hold 16 MB), and is refused: each request says that nobody wants it.
    """

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await super().handle_async_request(request)
        if compressed(response.headers.get("content-encoding", "")):
            await response.aclose()
            raise httpx2.DecodingError("the answer is compressed, which was not asked for")
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Bounded(response.stream, ANSWER_BYTES_MAX)
        return response


class OpenAIConnection:
    """One per process. `read_timeout_s` is the longest gap in an answer; `proxy_url` may be http, socks4 or socks5.

    What fails before the first byte (429, 5xx, no connection) is tried again by the SDK, at most `retries` times, but
    not when the quota is gone or the server asks for a wait longer than `retry_after_max_s`.
    """

    def __init__(
        self,
        api_key: str,
        base_url: str = "https://api.openai.com/v1",
        proxy_url: str | None = None,
        *,
        read_timeout_s: float = 60.0,
        retries: int = 2,
        retry_after_max_s: float = 10.0,
        connections_max: int = 1000,
    ) -> None:
        self._api_key = api_key
        self._retry_after_max_s = retry_after_max_s
        certificates = httpx2.create_ssl_context()

        def session() -> aiohttp.ClientSession:
            if proxy_url is None:
                connector = aiohttp.TCPConnector(
                    limit=connections_max, ssl=certificates, keepalive_timeout=KEEP_ALIVE_S
                )
            else:
                connector = aiohttp_socks.ProxyConnector.from_url(proxy_url, limit=connections_max, ssl=certificates)
            return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

        self.http = httpx2.AsyncClient(
            transport=_BoundedTransport(verify=certificates, client=session),
            headers={"Accept-Encoding": "identity"},
            timeout=httpx2.Timeout(read_timeout_s, connect=CONNECT_TIMEOUT_S, pool=None),
            follow_redirects=True,
            trust_env=False,  # the settings say which proxy, not the environment
            event_hooks={"response": [self._judge_retry]},
        )
        self.client = AsyncOpenAI(
            api_key=api_key, base_url=base_url, http_client=self.http, timeout=self.http.timeout, max_retries=retries
        )

    async def close(self) -> None:
        await self.client.close()

    @contextmanager
    def errors_as_ports(self) -> Iterator[None]:
        """Turns what the SDK and the connection raise inside into ModelError."""
        try:
            yield
        except FAILURES as error:
            raise self.model_error(error) from None

    def model_error(self, error: Exception) -> ModelError:
        """`error` as the port's ModelError; the key is not in it."""
        if isinstance(error, openai.APIStatusError):
            retry_after_s = _retry_after_s(error.response.headers)
            return self.reported(error.status_code, error.body or error.message, retry_after_s)
        if isinstance(error.__cause__, httpx2.DecodingError):
            error = error.__cause__  # says more than "connection error"
        trouble = _T.TIMEOUT if _timed_out(error) else _T.SERVER
        return ModelError(trouble, self._detail(f"{type(error).__name__}: {error}"))

    def reported(self, status: int, body: object, retry_after_s: float | None = None) -> ModelError:
        """The error that a server reports in `body` (the object of `error`, or text). `status` 0: none was told."""
        told = as_dict(body)
        words = str(told.get("message") or body)[:WORDS_LENGTH_MAX]
        code = str(told.get("code") or "")
        if not status and code.isdecimal():
            status = int(code)
        return ModelError(
            _trouble(status, code, str(told.get("type") or ""), words.lower()),
            self._detail(" ".join(word for word in (str(status or ""), code, words) if word)),
            retry_after_s,
        )

    def _detail(self, text: str) -> str:
        if self._api_key:
            text = text.replace(self._api_key, "[secret]")
        return scrub(text)[:DETAIL_LENGTH_MAX]

    async def _judge_retry(self, response: httpx2.Response) -> None:
        """Tells the SDK (by the header it obeys) not to repeat what can't succeed soon."""
        if response.status_code < 400:
            return
        hopeless = (_retry_after_s(response.headers) or 0) > self._retry_after_max_s
        if response.status_code == 429 and not hopeless:
            body = (await response.aread()).lower()
            hopeless = b"insufficient_quota" in body or b"exceeded your current quota" in body
        if hopeless:
            response.headers["x-should-retry"] = "false"


async def opened(client: AsyncOpenAI, path: str, **sent: Any) -> httpx2.Response:
    """The answer to a POST of `sent` (what the SDK's `post` takes); its body is to be read, and then closed."""
    streamed: bool = True
    response = await client.post(path, cast_to=httpx2.Response, stream=streamed, stream_cls=AsyncStream[object], **sent)
    assert isinstance(response, httpx2.Response)
    return response


async def read_at_most(response: httpx2.Response, size_max: int) -> bytes:
    """The body. Raises ModelError when it is larger than `size_max` bytes."""
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > size_max:
            raise unreadable(f"the answer is larger than {size_max} bytes")
    return bytes(body)


def unreadable(detail: str) -> ModelError:
    """An answer that is none."""
    return ModelError(ModelTrouble.SERVER, detail)


def _trouble(status: int, code: str, kind: str, words: str) -> ModelTrouble:
    for name in (code, kind):
        if name in _CODES:
            return _CODES[name]
    if status >= 500:
        return _T.SERVER
    for trouble, pattern in _WORDS:
        if pattern.search(words) and (status != 429 or trouble is _T.QUOTA):
            return trouble
    return _STATUSES.get(status, _T.REQUEST if status else _T.SERVER)


def _timed_out(error: BaseException | None) -> bool:
    """The transport reports a reset as a timeout too; only its cause tells them apart."""
    while error is not None:
        if isinstance(error, TimeoutError):
            return True
        error = error.__cause__
    return False


def _retry_after_s(headers: httpx2.Headers) -> float | None:
    """The wait in seconds that the server asks for (RFC 9110 §10.2.3; OpenAI's retry-after-ms); no dates."""
    for name, factor in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value: Any = headers.get(name, "")
        if re.fullmatch(r"\d{1,9}(?:\.\d{0,9})?", value):
            return float(value) * factor
    return None
