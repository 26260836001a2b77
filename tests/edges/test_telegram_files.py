"""Files from Telegram over real HTTP: sizes, what may pass, and what is final."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import pytest
from aiohttp import web

from gptbot.edges.telegram_api import TelegramApi
from gptbot.edges.telegram_files import TRIES, TelegramFiles
from gptbot.ports import FileError, FileTrouble
from tests.edges.manual_clock import ManualClock
from tests.edges.servers import no, ok, serving

TOKEN = "123456:secret-token"
CONTENT = b"\x89PNG" * 1000
FILE = {"file_id": "f", "file_path": "photos/file_1.png"}


class Telegram:
    """Answers getFile with `answers` in turn (the last one for ever), and the file with `status`."""

    def __init__(self, *answers: dict[str, object], status: int = 200) -> None:
        self._answers = list(answers)
        self._status = status
        self.paths: list[str] = []
        self.clock = ManualClock()
        self.files: TelegramFiles

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.paths.append(request.path.replace(TOKEN, "T"))
        if request.path.startswith("/file/"):
            return web.Response(body=CONTENT, status=self._status)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        status = 200 if answer["ok"] else 400
        return web.Response(body=orjson.dumps(answer), status=status, content_type="application/json")

    async def download(self, size_max: int = 20_000_000) -> bytes:
        """However long the waits between the tries."""
        loading = asyncio.ensure_future(self.files.download("f", size_max))
        async with asyncio.timeout(10):
            while not loading.done():
                await self.clock.advance(60)
                await asyncio.wait([loading], timeout=0.01)
        return await loading


@asynccontextmanager
async def telegram(*answers: dict[str, object], status: int = 200) -> AsyncIterator[Telegram]:
    server = Telegram(*answers, status=status)
    async with serving(server.handle) as url:
        api = TelegramApi(TOKEN, url)
        server.files = TelegramFiles(api, server.clock)
        try:
            yield server
        finally:
            await api.close()


async def test_a_file_comes_as_it_is() -> None:
    async with telegram(ok(FILE | {"file_size": len(CONTENT)})) as server:
        assert await server.download(len(CONTENT)) == CONTENT
        assert server.paths == ["/botT/getFile", "/file/botT/photos/file_1.png"]


async def test_a_file_too_large_is_not_even_begun() -> None:
    async with telegram(ok(FILE | {"file_size": 5000})) as server:
        with pytest.raises(FileError) as caught:
            await server.download(4999)
        assert caught.value.trouble is FileTrouble.TOO_LARGE
        assert len(server.paths) == 1


async def test_a_file_larger_than_told_is_left_alone() -> None:
    async with telegram(ok(FILE)) as server:
        with pytest.raises(FileError) as caught:
            await server.download(100)
        assert caught.value.trouble is FileTrouble.TOO_LARGE


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (no(400, "Bad Request: file is too big"), FileTrouble.TOO_LARGE),
        (no(400, "Bad Request: wrong file_id"), FileTrouble.GONE),
        (ok({"file_id": "f"}), FileTrouble.GONE),
        (ok([]), FileTrouble.GONE),
    ],
)
async def test_a_final_answer_is_not_asked_again(answer: dict[str, object], trouble: FileTrouble) -> None:
    async with telegram(answer) as server:
        with pytest.raises(FileError) as caught:
            await server.download()
        assert caught.value.trouble is trouble
        assert len(server.paths) == 1


async def test_what_may_pass_is_tried_again() -> None:
    busy = no(429, "Too Many Requests: retry after 7", retry_after=7)
    async with telegram(busy, no(502, "Bad Gateway"), ok(FILE)) as server:
        assert await server.download() == CONTENT
        assert server.clock.slept[0] == 7
        assert len(server.clock.slept) == 2


async def test_not_for_ever_and_without_the_token() -> None:
    async with telegram(ok(FILE), status=503) as server:
        with pytest.raises(FileError, match="503") as caught:
            await server.download()
        assert caught.value.trouble is FileTrouble.GONE
        assert TOKEN not in str(caught.value)
        assert len(server.paths) == 2 * TRIES
