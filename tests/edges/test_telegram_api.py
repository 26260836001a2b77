"""One Bot API call over real HTTP: what is sent, what is read, and the three ways to fail."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from gptbot.domain.outgoing import Attachment
from gptbot.domain.updates import Me
from gptbot.edges.telegram_api import TelegramApi, TelegramError, TelegramRefusal, TelegramUnknown, TelegramUnreachable
from tests.edges.servers import Answer, FakeTelegram, no, ok, reset, serving

CONTENT = b"\x89PNG\0" * 500_000
TOKEN = "123456:secret-token"


@asynccontextmanager
async def telegram(*answers: Answer, method: str = "sendMessage") -> AsyncIterator[tuple[TelegramApi, FakeTelegram]]:
    fake = FakeTelegram()
    fake.will(method, *answers)
    async with serving(fake.handle) as url:
        api = TelegramApi(TOKEN, url)
        try:
            yield api, fake
        finally:
            await api.close()


def answering(body: bytes, status: int = 200, content_type: str = "application/json") -> Answer:
    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, status=status, content_type=content_type)

    return handler


async def test_a_call_goes_out_as_a_plain_form_and_brings_its_result() -> None:
    async with telegram(ok({"message_id": 7, "from_a_newer_server": {"x": [1]}})) as (api, fake):
        params = {"chat_id": 1, "text": "Привет", "entities": [{"type": "bold", "offset": 0, "length": 2}]}
        assert (await api.call("sendMessage", params | {"reply_markup": None}))["message_id"] == 7
        assert fake.params("sendMessage") == [params]
        assert fake.content_types == ["application/x-www-form-urlencoded"]


async def test_a_file_goes_out_as_a_form() -> None:
    async with telegram() as (api, fake):
        params = {"chat_id": 1, "caption": "c", "reply_parameters": {"message_id": 5}}
        await api.call("sendPhoto", params, Attachment("photo", "кот.png", CONTENT))
        assert fake.params("sendPhoto") == [
            {
                "chat_id": "1",
                "caption": "c",
                "reply_parameters": '{"message_id":5}',
                "photo": ("кот.png", CONTENT),
            }
        ]


async def test_a_misspelt_call_is_refused_before_it_leaves_and_without_its_text() -> None:
    async with telegram() as (api, fake):
        with pytest.raises(TelegramRefusal) as caught:
            await api.call("sendMessage", {"chat_id": 1, "text": {"private": "words"}})
        assert caught.value.status == 400
        assert "text" in caught.value.description
        assert "words" not in caught.value.description
        with pytest.raises(TelegramRefusal, match="txet: unknown"):
            await api.call("sendMessage", {"chat_id": 1, "text": "x", "txet": "words"})
        assert fake.calls == []


async def test_a_method_that_aiogram_does_not_know_goes_out_as_it_is() -> None:
    async with telegram(ok("new"), method="sendSomethingNew") as (api, _):
        assert await api.call("sendSomethingNew", {"anything": 1}) == "new"


async def test_lone_surrogates_and_huge_numbers_do_not_break_a_call() -> None:
    async with telegram() as (api, fake):
        await api.call("sendMessage", {"chat_id": 1, "text": "a\ud800b"})
        assert fake.params("sendMessage")[0]["text"] == "a\ufffdb"


@pytest.mark.parametrize(
    ("answer", "status", "retry_after_s", "migrate_to"),
    [
        (no(400, "Bad Request: chat not found"), 400, None, None),
        (no(429, "Too Many Requests", retry_after=3), 429, 3.0, None),
        (no(429, "Too Many Requests: retry after 17"), 429, 17.0, None),
        (no(429, "Flood", retry_after="5"), 429, 5.0, None),
        (no(429, "Flood", retry_after="soon"), 429, None, None),
        (no(400, "group chat was upgraded", migrate_to_chat_id=-1009), 400, None, -1009),
        (answering(b"<html>Bad Gateway</html>", 502, "text/html"), 502, None, None),
        (answering(b"<html>Too Large</html>", 413, "text/html"), 413, None, None),
        (answering(b'{"ok":false}', 400), 400, None, None),
        (answering(b'{"ok":false,"error_code":403,"description":null,"parameters":[]}', 200), 403, None, None),
    ],
)
async def test_a_no_is_a_refusal_with_what_it_asks_for(
    answer: Answer, status: int, retry_after_s: float | None, migrate_to: int | None
) -> None:
    async with telegram(answer) as (api, _):
        with pytest.raises(TelegramRefusal) as caught:
            await api.call("sendMessage", {"chat_id": 1, "text": "x"})
    assert caught.value.status == status
    assert caught.value.retry_after_s == retry_after_s
    assert caught.value.migrate_to_chat_id == migrate_to


async def test_a_refused_connection_was_certainly_not_sent() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        api = TelegramApi(TOKEN, f"http://127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(TelegramUnreachable):
            await api.call("getMe")
        await api.close()


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_a_proxy_that_is_not_there_was_certainly_not_sent(scheme: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        api = TelegramApi(TOKEN, "http://127.0.0.1:1", f"{scheme}://127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(TelegramUnreachable):
            await api.call("getMe")
        await api.close()


async def test_somebody_else_answering_was_certainly_not_sent() -> None:
    async with telegram(answering(b"<html>captive portal</html>", 403, "text/html")) as (api, _):
        with pytest.raises(TelegramUnreachable):
            await api.call("sendMessage", {"chat_id": 1, "text": "x"})


@pytest.mark.parametrize("answer", [reset, answering(b'{"ok":tr'), answering(b"", 200), answering(b"[]")])
async def test_a_broken_answer_leaves_it_unknown(answer: Answer) -> None:
    async with telegram(answer) as (api, _):
        with pytest.raises(TelegramUnknown):
            await api.call("sendMessage", {"chat_id": 1, "text": "x"})


async def test_a_timeout_after_the_request_leaves_it_unknown() -> None:
    async def never(request: web.Request) -> web.StreamResponse:
        await request.read()
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    async with telegram(never) as (api, _):
        with pytest.raises(TelegramUnknown):
            await api.call("sendMessage", {"chat_id": 1, "text": "x"}, timeout_s=0.2)


@pytest.mark.parametrize("encoding", ["", "none", "Identity", "utf-8"])
async def test_an_answer_that_only_seems_compressed_is_read(encoding: str) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(body=b'{"ok":true,"result":{"message_id":5}}', headers={"Content-Encoding": encoding})

    async with telegram(handler) as (api, _):
        assert await api.call("sendMessage", {"chat_id": 1, "text": "x"}) == {"message_id": 5}


async def test_text_that_is_not_utf8_or_holds_lone_surrogates_is_still_read() -> None:
    async with telegram(answering(b'{"ok":true,"result":{"message_id":5,"text":"\\ud800 \xff"}}')) as (api, _):
        assert (await api.call("sendMessage", {"chat_id": 1, "text": "x"}))["message_id"] == 5


async def test_no_error_shows_the_token() -> None:
    echo = answering(f'{{"ok":false,"error_code":404,"description":"/bot{TOKEN}/x not found"}}'.encode(), 404)
    async with telegram(echo, reset) as (api, _):
        for _ in range(2):
            with pytest.raises(TelegramError) as caught:
                await api.call("sendMessage", {"chat_id": 1, "text": "x"})
            error: BaseException | None = caught.value
            while error is not None:
                assert TOKEN not in repr(error)
                assert TOKEN not in str(error)
                error = error.__cause__ or error.__context__


async def test_get_me_tells_who_the_bot_is() -> None:
    me = {"id": 42, "is_bot": True, "first_name": "GPT", "username": "gptbot"}
    async with telegram(ok(me), ok({"name": "?"}), method="getMe") as (api, _):
        assert await api.get_me() == Me(42, "gptbot", "GPT")
        with pytest.raises(TelegramUnknown):
            await api.get_me()
