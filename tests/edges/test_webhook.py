"""Updates by webhook: only Telegram gets in, and 200 means recorded."""

import asyncio
import io
import socket
import zlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress

import aiohttp
import orjson
import pytest

from gptbot.domain.updates import Me
from gptbot.edges import webhook as webhook_module
from gptbot.edges.telegram_api import TelegramApi
from gptbot.edges.webhook import BODY_MAX, SECRET_HEADER, Webhook
from gptbot.errors import OperatorError
from tests.edges.manual_clock import ManualClock
from tests.edges.servers import Answer, FakeTelegram, no, serving
from tests.edges.test_telegram_in import Inbox, update

URL = "https://bot.example/hook/x%20y"


class Hooked:
    def __init__(self, fake: FakeTelegram, inbox: Inbox, port: int, http: aiohttp.ClientSession) -> None:
        self.fake, self.inbox, self.port, self._http = fake, inbox, port, http

    async def post(self, body: bytes, path: str = "/hook/x%20y", secret: str = "s3cret", method: str = "POST") -> int:
        headers = {SECRET_HEADER: secret} if secret else {}
        async with self._http.request(
            method, f"http://127.0.0.1:{self.port}{path}", data=io.BytesIO(body), headers=headers
        ) as response:
            return response.status

    async def raw(self, sent: bytes) -> bytes:
        """What comes back, until the other side closes, to somebody who says `sent` and then nothing more."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        with closing(writer):
            writer.write(sent)
            try:
                return await reader.read()
            except ConnectionResetError:
                return b""


def head(*lines: str, secret: str = "s3cret") -> bytes:
    lines = ("POST /hook/x%20y HTTP/1.1", "Host: bot.example", f"{SECRET_HEADER}: {secret}", *lines)
    return "\r\n".join(lines).encode() + b"\r\n"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def hooked(*answers: Answer) -> AsyncIterator[Hooked]:
    fake, inbox, clock, port = FakeTelegram(), Inbox(), ManualClock(), free_port()
    fake.will("setWebhook", *answers)
    async with serving(fake.handle) as url, aiohttp.ClientSession() as http:
        api = TelegramApi("1:t", url)
        webhook = Webhook(api, Me(42, "gptbot"), inbox.record, clock, url=URL, secret="s3cret", port=port)
        running = asyncio.ensure_future(webhook.run())
        try:
            for count in range(1, max(len(answers), 1) + 1):
                arrived = asyncio.ensure_future(fake.called(count))
                await clock.finish(asyncio.wait([arrived, running], return_when=asyncio.FIRST_COMPLETED))
                arrived.cancel()
            if running.done():
                running.result()
            yield Hooked(fake, inbox, port, http)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await api.close()


BODY = orjson.dumps(update(5))


async def test_an_update_is_recorded_and_answered_with_200() -> None:
    async with hooked() as hook:
        assert await hook.post(BODY) == 200
        assert hook.inbox.recorded == [5]
        params = hook.fake.params("setWebhook")[0]
        assert (params["url"], params["secret_token"]) == (URL, "s3cret")
        assert "message" in params["allowed_updates"]
    assert hook.fake.params("deleteWebhook") == []


@pytest.mark.parametrize(
    ("path", "secret", "method"),
    [
        ("/hook/x%20y", "", "POST"),
        ("/hook/x%20y", "wrong", "POST"),
        ("/hook/x%20y", "s3cret\u00e9", "POST"),
        ("/other", "s3cret", "POST"),
        ("/", "s3cret", "POST"),
        ("/hook/x%20y", "s3cret", "GET"),
    ],
)
async def test_nobody_else_gets_in(path: str, secret: str, method: str) -> None:
    async with hooked() as hook:
        assert await hook.post(BODY, path, secret, method) == 404
        assert hook.inbox.recorded == []


async def test_what_cant_be_recorded_is_answered_with_503() -> None:
    async with hooked() as hook:
        hook.inbox.failures = 2
        assert [await hook.post(BODY) for _ in range(3)] == [503, 503, 200]
        assert hook.inbox.recorded == [5]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", orjson.dumps(update("five"))])
async def test_what_cant_be_read_is_taken_so_that_it_does_not_come_for_ever(body: bytes) -> None:
    async with hooked() as hook:
        assert await hook.post(body) == 200
        assert hook.inbox.recorded == []


async def test_a_huge_body_is_refused() -> None:
    async with hooked() as hook:
        assert await hook.post(b" " * (BODY_MAX + 1)) == 413


async def test_an_update_that_is_posted_again_is_answered_again() -> None:
    """The inbox knows its id; here it is only handed on, and Telegram gets its 200."""
    async with hooked() as hook:
        assert [await hook.post(BODY) for _ in range(3)] == [200, 200, 200]


async def test_a_small_body_that_inflates_to_a_huge_one_is_refused() -> None:
    deflate = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(deflate.compress(b" " * 1_000_000) for _ in range(200)) + deflate.flush()
    assert len(bomb) < BODY_MAX // 4
    said = head(f"Content-Length: {len(bomb)}", "Content-Encoding: gzip", "Connection: close", "") + bomb
    async with hooked() as hook:
        assert b" 413 " in (await hook.raw(said)).partition(b"\r\n")[0]
        assert await hook.post(BODY) == 200


async def test_a_body_of_no_declared_length_is_bounded_too() -> None:
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    said = head("Transfer-Encoding: chunked", "Connection: close", "") + chunk * (BODY_MAX // 0x10000 + 1)
    async with hooked() as hook:
        assert b" 413 " in (await hook.raw(said + b"0\r\n\r\n")).partition(b"\r\n")[0]


@pytest.mark.parametrize("said", [b"", b"POST /hook", head(), head("Content-Length: 5", "") + b"{"])
async def test_who_never_ends_a_request_is_cut_off_and_holds_up_nobody(
    monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(webhook_module, "SILENCE_MAX_S", 0.2)
    monkeypatch.setattr(webhook_module, "BODY_TIMEOUT_S", 0.2)
    async with hooked() as hook:
        slow = asyncio.ensure_future(hook.raw(said))
        assert await hook.post(BODY) == 200
        async with asyncio.timeout(15):
            assert (await slow)[:12] in (b"", b"HTTP/1.1 408")
        assert hook.inbox.recorded == [5]


async def test_somebody_who_dribbles_headers_is_cut_off_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_module, "SILENCE_MAX_S", 0.3)

    async def dribble(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with closing(writer):
            writer.write(head())
            while True:
                writer.write(b"X-More: x\r\n")
                with suppress(TimeoutError):  # nothing comes back: the pause between two headers
                    async with asyncio.timeout(0.05):
                        assert not await reader.read()
                        return

    async with hooked() as hook, asyncio.timeout(15):
        with suppress(ConnectionError):
            await dribble(hook.port)


async def test_connections_too_many_are_turned_away_and_the_others_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_module, "CONNECTIONS_MAX", 20)
    async with hooked() as hook, AsyncExitStack() as idle:
        assert await hook.post(BODY) == 200  # this connection stays
        for _ in range(19):
            _, writer = await asyncio.open_connection("127.0.0.1", hook.port)
            idle.callback(writer.close)
        assert await hook.raw(b"") == b""
        assert [await hook.raw(head("Content-Length: 0", "")) for _ in range(3)] == [b"", b"", b""]
        assert await hook.post(orjson.dumps(update(6))) == 200
        assert hook.inbox.recorded == [5, 6]


async def test_it_listens_on_loopback_unless_told_otherwise() -> None:
    async with hooked() as hook:
        with socket.socket() as other, pytest.raises(ConnectionRefusedError):
            other.connect(("127.0.0.2", hook.port))  # loopback too, but not the one address that was bound


async def test_setting_the_webhook_is_tried_until_it_works() -> None:
    async with hooked(no(502, "Bad Gateway"), no(429, "Too Many Requests", retry_after=1), {"ok": True}) as hook:
        assert len(hook.fake.params("setWebhook")) == 3


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (no(400, "Bad Request: bad webhook: HTTPS url must be provided"), "WEBHOOK_URL"),
        (no(401, "x"), "TELEGRAM_API_KEY"),
    ],
)
async def test_a_refused_webhook_stops_with_a_clear_word(answer: Answer, words: str) -> None:
    with pytest.raises(OperatorError, match=words):
        async with hooked(answer, answer):
            pass


async def test_a_taken_port_stops_with_a_clear_word() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        api = TelegramApi("1:t", "http://127.0.0.1:1")
        port = int(taken.getsockname()[1])
        webhook = Webhook(
            api, Me(42, "gptbot"), Inbox().record, ManualClock(), url=URL, secret="s", host="127.0.0.1", port=port
        )
        with pytest.raises(OperatorError, match="WEBHOOK_PORT"):
            await webhook.run()
        await api.close()
