"""Files from Telegram over real HTTP: sizes, what may pass, and what is final."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest
from aiohttp import web

from gptbot.edges import telegram_api
from gptbot.edges.telegram_api import TelegramApi
from gptbot.edges.telegram_files import DOWNLOADS_AT_ONCE, TRIES, WAIT_MAX_S, TelegramFiles
from gptbot.ports import FileError, FileTrouble
from tests.edges.manual_clock import ManualClock
from tests.edges.servers import no, ok, reset, serving

TOKEN = "123456:secret-token"
CONTENT = b"\x89PNG" * 1000
FILE = {"file_id": "f", "file_path": "photos/file_1.png"}


Body = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Telegram:
    """Answers getFile with `answers` in turn (the last one for ever), and the file with `bodies`, then `status`."""

    def __init__(self, *answers: dict[str, object], status: int = 200) -> None:
        self._answers = list(answers)
        self._status = status
        self.bodies: list[Body] = []
        self.paths: list[str] = []
        self.clock = ManualClock()
        self.files: TelegramFiles

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.paths.append(request.path.replace(TOKEN, "T"))
        if request.path.startswith("/file/"):
            if self.bodies:
                return await self.bodies.pop(0)(request)
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


async def test_a_file_may_have_an_odd_name() -> None:
    async with telegram(ok({"file_path": "documents/50%25 a#b?c=d+é.txt"})) as server:
        assert await server.download() == CONTENT
        assert server.paths[-1] == "/file/botT/documents/50%25 a#b?c=d+é.txt"


async def test_a_file_of_a_server_in_local_mode_is_read_from_the_disk(tmp_path: Path) -> None:
    path = tmp_path / TOKEN / "photos" / "file_0.jpg"
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    async with telegram(ok({"file_path": str(path), "file_size": len(CONTENT)})) as server:
        assert await server.download(len(CONTENT)) == CONTENT
        assert server.paths == ["/botT/getFile"]
    async with telegram(ok({"file_path": str(path)})) as server:
        with pytest.raises(FileError) as caught:
            await server.download(len(CONTENT) - 1)
        assert caught.value.trouble is FileTrouble.TOO_LARGE
    path.unlink()
    path.mkdir()  # may not be read
    async with telegram(ok({"file_path": str(path)})) as server:
        with pytest.raises(FileError) as caught:
            await server.download()
        assert caught.value.trouble is FileTrouble.GONE
        assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("path", ["{folder}/secret", "{folder}/{token}/../secret", "{folder}/{token}/not-here"])
async def test_no_server_gets_other_files_read(tmp_path: Path, path: str) -> None:
    """Nor is a server on another machine, whose files some other program may serve, left without a try."""
    (tmp_path / TOKEN).mkdir()
    (tmp_path / "secret").write_bytes(b"secret")
    async with telegram(ok({"file_path": path.format(folder=tmp_path, token=TOKEN)})) as server:
        assert await server.download() == CONTENT
        assert len(server.paths) == 2


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


async def begun(request: web.Request, length: int | None = None) -> web.StreamResponse:
    """Half of the file, of which the length is told or not."""
    response = web.StreamResponse(headers={} if length is None else {"Content-Length": str(length)})
    await response.prepare(request)
    await response.write(CONTENT[: len(CONTENT) // 2])
    return response


async def cut(request: web.Request) -> web.StreamResponse:
    response = await begun(request, len(CONTENT))
    assert request.transport is not None
    request.transport.close()
    return response


async def short(request: web.Request) -> web.StreamResponse:
    return await begun(request)


@pytest.mark.parametrize("body", [cut, short])
async def test_a_body_that_breaks_off_is_fetched_again(body: Body) -> None:
    async with telegram(ok(FILE | {"file_size": len(CONTENT)})) as server:
        server.bodies = [body, body]
        assert await server.download() == CONTENT
        assert len(server.clock.slept) == 2


async def test_a_body_that_stalls_is_fetched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telegram_api, "STALL_TIMEOUT_S", 0.05)
    over = asyncio.Event()

    async def stalled(request: web.Request) -> web.StreamResponse:
        response = await begun(request, len(CONTENT))
        await over.wait()
        return response

    async with telegram(ok(FILE)) as server:
        server.bodies = [stalled]
        assert await server.download() == CONTENT
        over.set()


async def test_of_an_endless_body_only_the_beginning_is_read() -> None:
    broken = asyncio.Event()

    async def endless(request: web.Request) -> web.StreamResponse:
        response = await begun(request)
        try:
            while True:
                await response.write(CONTENT)
                await asyncio.sleep(0)
        except ConnectionError:
            broken.set()
        return response

    async with telegram(ok(FILE)) as server:
        server.bodies = [endless]
        with pytest.raises(FileError) as caught:
            await server.download(10 * len(CONTENT))
        assert caught.value.trouble is FileTrouble.TOO_LARGE
        await asyncio.wait_for(broken.wait(), 10)


async def test_few_downloads_run_at_once_and_all_come_in_the_end() -> None:
    running, most, full, free = 0, 0, asyncio.Event(), asyncio.Event()

    async def watched(request: web.Request) -> web.StreamResponse:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == DOWNLOADS_AT_ONCE:
            full.set()
        await free.wait()
        running -= 1
        return web.Response(body=CONTENT)

    async with telegram(ok(FILE)) as server:
        server.bodies = [watched] * 10
        loading = [asyncio.create_task(server.files.download("f", 20_000_000)) for _ in range(10)]
        await asyncio.wait_for(full.wait(), 10)
        assert len(server.paths) == 2 * DOWNLOADS_AT_ONCE
        free.set()
        assert await asyncio.wait_for(asyncio.gather(*loading), 10) == [CONTENT] * 10
        assert most == DOWNLOADS_AT_ONCE


async def test_a_very_long_wait_is_not_waited() -> None:
    async with telegram(no(429, "Too Many Requests", retry_after=WAIT_MAX_S + 1)) as server:
        with pytest.raises(FileError) as caught:
            await server.download()
        assert caught.value.trouble is FileTrouble.GONE
        assert not server.clock.slept


async def test_whatever_breaks_the_token_is_in_no_error() -> None:
    breaks: tuple[Body, ...] = (cut, reset)
    for body in breaks:
        async with telegram(ok(FILE)) as server:
            server.bodies = [body] * 3 * TRIES  # aiohttp itself asks again after a reset
            with pytest.raises(FileError) as caught:
                await server.download()
        error: BaseException | None = caught.value
        while error is not None:
            assert TOKEN not in str(error) + repr(error)
            error = error.__context__
