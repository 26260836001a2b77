"""One call of the Bot API over HTTP: checked on its way out, read leniently on its way back.

A call is held against aiogram's class of the method, so that a misspelt parameter fails here and not at Telegram. The
answer is read without aiogram's result models: an unusual field must not turn a message that was sent into an error.
Three ways to fail, because they call for three different things to be done (DESIGN §6): refused, unreachable, unknown.
"""

import io
import re
import ssl
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

import aiohttp
import aiohttp_socks
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer

from gptbot.domain.outgoing import Attachment, Params
from gptbot.domain.updates import Me
from gptbot.edges.compressed import compressed
from gptbot.edges.lenient_json import loads, scrub
from gptbot.edges.telegram_call import faults_of, form, urlencoded

CONNECT_TIMEOUT_S: Final = 10.0
ANSWER_BYTES_MAX: Final = 32 * 1024 * 1024
"""Of any answer of the server: far more than 100 updates take."""
STALL_TIMEOUT_S: Final = 20.0
"""A download that brings nothing for so long has broken."""
DESCRIPTION_LENGTH_MAX: Final = 500
RETRY_AFTER_MAX_S: Final = 86_400.0
"""A wait of more than a day is nonsense, and must not silence a chat (or the bot) for good."""
_URLENCODED: Final = {"Content-Type": "application/x-www-form-urlencoded"}
"""What every Bot API server takes, those too that know only aiogram's way (Bot API, "Making requests")."""
_PLAIN: Final = {"Accept-Encoding": "identity"}
"""Not compressed, so that the length of an answer is known before it is read."""
_RETRY_AFTER: Final = re.compile(r"retry after (\d{1,6})")


class TelegramError(Exception):
    """A call brought no result; the text never holds the token."""


class TelegramRefusal(TelegramError):
    """Telegram answered no: nothing was done, the same call is safe to send again (Bot API, "Making requests")."""

    def __init__(
        self,
        status: int,
        description: str,
        retry_after_s: float | None = None,
        migrate_to_chat_id: int | None = None,
    ) -> None:
        super().__init__(f"{status}: {description}")
        self.status = status
        self.description = description
        self.retry_after_s = retry_after_s
        self.migrate_to_chat_id = migrate_to_chat_id


class TelegramUnreachable(TelegramError):
    """The call certainly did not reach a Bot API server: no connection, or somebody else answered."""


class TelegramUnknown(TelegramError):
    """The connection broke, or the answer can't be read, after the call was written: it may have been carried out."""


class LeanSession(AiohttpSession):
    """aiogram's session (proxy, certificates) without its result models; its limit holds for a proxy too."""

    def __init__(self, base_url: str, proxy_url: str | None, connections_max: int) -> None:
        super().__init__(api=TelegramAPIServer.from_base(base_url), proxy=proxy_url, limit=connections_max)
        self._connector_init["limit"] = connections_max

    async def post(self, url: str, data: bytes | aiohttp.FormData, timeout_s: float) -> tuple[int, bytes]:
        """Status and body. Raises what aiohttp and the proxy raise."""
        session = await self.create_session()
        connect_s = min(CONNECT_TIMEOUT_S, timeout_s)
        async with session.post(
            url,
            data=data,
            headers=_PLAIN | _URLENCODED if isinstance(data, bytes) else _PLAIN,
            timeout=aiohttp.ClientTimeout(total=timeout_s, connect=connect_s, sock_connect=connect_s),
            allow_redirects=False,
            auto_decompress=False,
        ) as response:
            body = await _read(response, ANSWER_BYTES_MAX)
            if body is None:
                raise aiohttp.ClientPayloadError
            return response.status, body

    async def get(self, url: str, size_max: int, timeout_s: float) -> tuple[int, bytes | None]:
        """Status and, at 200, the body: None if it is larger than `size_max` bytes; more of it is never held."""
        session = await self.create_session()
        timeout = aiohttp.ClientTimeout(
            total=timeout_s, connect=CONNECT_TIMEOUT_S, sock_connect=CONNECT_TIMEOUT_S, sock_read=STALL_TIMEOUT_S
        )
        async with session.get(
            url, headers=_PLAIN, timeout=timeout, allow_redirects=False, auto_decompress=False
        ) as response:
            return response.status, await _read(response, size_max) if response.status == 200 else b""

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


async def _read(response: aiohttp.ClientResponse, size_max: int) -> bytes | None:
    """The body; None if it is larger than `size_max` bytes. Raises aiohttp.ClientPayloadError for a compressed one."""
    if compressed(response.headers.get("Content-Encoding", "")):
        raise aiohttp.ClientPayloadError
    if (response.content_length or 0) > size_max:
        return None
    body = io.BytesIO()  # hands its bytes over without a copy
    async for chunk in response.content.iter_chunked(65_536):
        if body.tell() + len(chunk) > size_max:
            return None
        body.write(chunk)
    return body.getvalue()


class TelegramApi:
    """Calls Bot API methods by name. `base_url` is TELEGRAM_API_URL; `proxy_url` may be http, socks4 or socks5."""

    def __init__(
        self,
        token: str,
        base_url: str = "https://api.telegram.org",
        proxy_url: str | None = None,
        connections_max: int = 1000,
    ) -> None:
        self._token = token
        self._session = LeanSession(base_url, proxy_url, connections_max)
        self.counted: Callable[[str, str, float], None] = _uncounted
        """Told of each call that is over: method, "ok" or how it failed, and the wait (s) that Telegram asked for."""

    async def call(
        self,
        method: str,
        params: Params | None = None,
        attachment: Attachment | None = None,
        *,
        timeout_s: float = 30.0,
    ) -> Any:
        """What Telegram returned as `result`. Raises TelegramRefusal, TelegramUnreachable or TelegramUnknown."""
        try:
            result = await self._call(method, params, attachment, timeout_s)
        except TelegramError as error:
            wait_s = (error.retry_after_s or 0.0) if isinstance(error, TelegramRefusal) else 0.0
            self.counted(method, _outcome(error), wait_s)
            raise
        self.counted(method, "ok", 0.0)
        return result

    async def _call(self, method: str, params: Params | None, attachment: Attachment | None, timeout_s: float) -> Any:
        given = {name: value for name, value in (params or {}).items() if value is not None}
        if faults := faults_of(method, given, attachment):
            raise TelegramRefusal(400, f"not a valid call of {method}: {faults}"[:DESCRIPTION_LENGTH_MAX])
        data = urlencoded(given) if attachment is None else form(given, attachment)
        url = self._session.api.api_url(self._token, method)
        try:
            status, body = await self._session.post(url, data, timeout_s)
        except (aiohttp.ClientError, *_PROXY_ERRORS, OSError) as error:
            failure = _failure(error)
        else:
            return self._result(status, body)
        # Raised out here so that it does not carry the original along, whose text may hold the URL and so the token.
        raise failure

    async def download(self, file_path: str, size_max: int, *, timeout_s: float = 120.0) -> bytes | None:
        """The file at the path that getFile told; None if it is larger than `size_max` bytes. Raises like `call`."""
        url = self._session.api.file_url(self._token, quote(file_path, safe="/:"))
        try:
            status, body = await self._session.get(url, size_max, timeout_s)
        except (aiohttp.ClientError, *_PROXY_ERRORS, OSError) as error:
            failure = _failure(error)
        else:
            if status != 200:
                raise TelegramRefusal(status, f"HTTP {status}")
            return body
        raise failure  # out here for the reason given in `call`

    def owns(self, folder: str) -> bool:
        """Whether a Bot API server of one's own keeps this bot's files in a folder of that name."""
        return folder.replace("~", ":") == self._token  # Windows knows no colon in names

    async def get_me(self, *, timeout_s: float = 30.0) -> Me:
        """The bot itself (Bot API getMe). Raises like `call`."""
        answer = await self.call("getMe", timeout_s=timeout_s)
        if not isinstance(answer, dict) or not isinstance(answer.get("id"), int):
            raise TelegramUnknown("getMe returned no id")
        return Me(answer["id"], scrub(str(answer.get("username") or "")), scrub(str(answer.get("first_name") or "")))

    async def close(self) -> None:
        await self._session.close()

    def _result(self, status: int, body: bytes) -> Any:
        try:
            answer = loads(body)
        except ValueError:
            answer = None
        if isinstance(answer, dict) and answer.get("ok") is True:
            return answer.get("result")
        if isinstance(answer, dict) and "ok" in answer:
            raise self._refusal(status, answer)
        if 200 <= status < 300:
            raise TelegramUnknown(f"HTTP {status} with an answer that can't be read")
        if status == 413 or status >= 500:
            raise TelegramRefusal(status, f"HTTP {status}")
        raise TelegramUnreachable(f"HTTP {status}, not from a Bot API server")

    def _refusal(self, status: int, answer: Mapping[str, Any]) -> TelegramRefusal:
        code = answer.get("error_code")
        parameters = answer.get("parameters")
        parameters = parameters if isinstance(parameters, dict) else {}
        migrate_to = parameters.get("migrate_to_chat_id")
        description = scrub(str(answer.get("description") or "")).replace(self._token, "[secret]")
        return TelegramRefusal(
            code if isinstance(code, int) else status,
            description[:DESCRIPTION_LENGTH_MAX],
            _retry_after_s(parameters.get("retry_after"), description),
            migrate_to if isinstance(migrate_to, int) else None,
        )


def _uncounted(method: str, outcome: str, wait_s: float) -> None:
    """Nobody counts."""


def _outcome(error: TelegramError) -> str:
    """How a call failed, in one word."""
    if isinstance(error, TelegramRefusal):
        if error.status == 429:
            return "flood"
        return "server_error" if error.status >= 500 else "refused"
    return "unreachable" if isinstance(error, TelegramUnreachable) else "unknown"


_PROXY_ERRORS: Final = (aiohttp_socks.ProxyError, aiohttp_socks.ProxyConnectionError, aiohttp_socks.ProxyTimeoutError)

_NOT_SENT: Final = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    ssl.SSLError,
    *_PROXY_ERRORS,
)


def _failure(error: Exception) -> TelegramError:
    """What an error of the connection means; its text is left out, for it may hold the URL with the token."""
    reason = type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        reason += f": {error.strerror}"
    return TelegramUnreachable(reason) if isinstance(error, _NOT_SENT) else TelegramUnknown(reason)


def _retry_after_s(value: object, description: str) -> float | None:
    """The wait that a 429 asks for, a number or a text; without `parameters`, the description may still name it."""
    if isinstance(value, str) and re.fullmatch("[0-9]{1,6}", value):
        value = int(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return float(min(value, RETRY_AFTER_MAX_S))
    named = _RETRY_AFTER.search(description)
    return min(float(named[1]), RETRY_AFTER_MAX_S) if named else None
