"""Updates by webhook: the same inbox as polling, and 200 only for what was recorded (Bot API setWebhook)."""

import asyncio
import hmac
from typing import Final
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from gptbot.domain.updates import Me
from gptbot.edges.lenient_json import loads
from gptbot.edges.pacing import Backoff
from gptbot.edges.telegram_api import TelegramApi, TelegramError, TelegramRefusal
from gptbot.edges.telegram_decode import ALLOWED_UPDATES
from gptbot.edges.telegram_in import Record, read_updates, token_refused
from gptbot.errors import OperatorError
from gptbot.ports import Clock, StorageUnavailable

log = structlog.get_logger()

BODY_MAX: Final = 1024 * 1024
BODY_TIMEOUT_S: Final = 20.0
CONNECTIONS_MAX: Final = 250
"""Telegram opens at most 100 (Bot API setWebhook, `max_connections`)."""
SILENCE_MAX_S: Final = 75.0
"""So long a connection may be open without a whole head of a request: longer than proxies keep idle ones."""
LINGER_S: Final = 2.0
"""How long the rest of a refused body is read, so that the refusal arrives."""
STOP_TIMEOUT_S: Final = 5.0
SET_AGAIN_EVERY_S: Final = 300.0
SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name, not a secret


class _TurnedAway(asyncio.Protocol):
    """A connection too many: the bot needs its file descriptors for other things as well."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.abort()


class Webhook:
    """Listens at `host`:`port` for what Telegram posts to `url`; whatever stands before it (TLS) keeps the path.

    The webhook stays set when the bot stops: Telegram keeps the updates and posts them at the next start.
    """

    def __init__(
        self,
        api: TelegramApi,
        me: Me,
        record: Record,
        clock: Clock,
        *,
        url: str,
        secret: str,
        host: str = "127.0.0.1",
        port: int = 8081,
    ) -> None:
        self._api = api
        self._me = me
        self._record = record
        self._clock = clock
        self._url = url
        self._secret = secret
        self._path = urlsplit(url).path or "/"
        self._host = host
        self._port = port
        self._unrecorded = False
        self.trouble = ""
        """Why Telegram may post nothing here; empty while all is well."""

    async def run(self) -> None:
        """Serves until it is cancelled. Raises OperatorError when it can't listen or Telegram refuses the webhook."""
        app = web.Application(client_max_size=BODY_MAX)
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(
            app,
            access_log=None,
            keepalive_timeout=SILENCE_MAX_S,
            lingering_time=LINGER_S,
            shutdown_timeout=STOP_TIMEOUT_S,
        )
        await runner.setup()
        listener: asyncio.Server | None = None
        try:
            listener = await self._listen(runner)
            await self._set_webhook()
            log.info("webhook.listening", host=self._host, port=self._port)
            while True:
                await self._clock.sleep(SET_AGAIN_EVERY_S)
                await self._set_again()
        finally:
            if listener is not None:
                listener.close()
            await runner.cleanup()

    async def _listen(self, runner: web.AppRunner) -> asyncio.Server:
        server = runner.server
        assert server is not None

        def accepted() -> asyncio.Protocol:
            return server() if len(server.connections) < CONNECTIONS_MAX else _TurnedAway()

        try:
            return await asyncio.get_running_loop().create_server(accepted, self._host, self._port)
        except OSError as error:
            raise OperatorError(
                f"The webhook can't listen at {self._host}:{self._port} ({error.strerror or 'no such address'}): "
                "check WEBHOOK_HOST and WEBHOOK_PORT."
            ) from error

    async def _set_webhook(self) -> None:
        backoff = Backoff()
        while True:
            try:
                await self._call_set_webhook()
            except TelegramRefusal as refusal:
                if refusal.status in (401, 404):
                    raise OperatorError(token_refused(refusal)) from refusal
                if refusal.status < 500 and refusal.status != 429:
                    raise OperatorError(
                        f"Telegram refused the webhook ({refusal.description}): check WEBHOOK_URL."
                    ) from refusal
                wait_s = refusal.retry_after_s or backoff.next_s()
            except TelegramError as error:
                log.warning("webhook.not_set", reason=str(error))
                wait_s = backoff.next_s()
            else:
                return
            await self._clock.sleep(wait_s)

    async def _set_again(self) -> None:
        """Whoever polls with this token has taken the webhook away, and a revoked token shows nowhere else."""
        try:
            await self._call_set_webhook()
        except TelegramError as error:
            if isinstance(error, TelegramRefusal) and error.status in (401, 404):
                raise OperatorError(token_refused(error)) from error
            log.warning("webhook.not_set", reason=str(error))

    async def _call_set_webhook(self) -> None:
        params = {"url": self._url, "secret_token": self._secret, "allowed_updates": list(ALLOWED_UPDATES)}
        try:
            await self._api.call("setWebhook", params)
        except TelegramError as error:
            self.trouble = str(error)
            raise
        self.trouble = ""

    async def _answer(self, request: web.Request) -> web.Response:
        told = request.headers.get(SECRET_HEADER, "")
        path_ok = hmac.compare_digest(request.raw_path.partition("?")[0].encode(), self._path.encode())
        secret_ok = hmac.compare_digest(told.encode("utf-8", "surrogateescape"), self._secret.encode())
        if not (path_ok and secret_ok and request.method == "POST"):
            return web.Response(status=404)
        try:
            async with asyncio.timeout(BODY_TIMEOUT_S):
                raw = loads(await request.read())
        except TimeoutError:
            return web.Response(status=408)
        except ValueError:
            log.error("update.undecodable", update_id=None, reason="the body is not JSON")
            return web.Response()  # nothing will mend it, and anything but 200 makes Telegram post it for ever
        return await self._recorded(raw)

    async def _recorded(self, raw: object) -> web.Response:
        updates = read_updates([raw], self._me)
        if not updates:
            return web.Response()
        try:
            await self._record(updates)
        except StorageUnavailable as trouble:
            if not self._unrecorded:
                log.error("inbox.not_recorded", updates=1, reason=str(trouble))
            self._unrecorded = True
            return web.Response(status=503)
        if self._unrecorded:
            log.info("inbox.recorded_again", updates=1)
        self._unrecorded = False
        return web.Response()
