"""Servers that answer with bombs: whatever Telegram's or the model's server sends, memory stays bounded.

Nobody asks them for compressed answers, so a compressed one is refused before anything of it is inflated; what is not
compressed is read up to a limit.
"""

import tracemalloc
import zlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import cache

import pytest
from aiohttp import web

from gptbot.domain.wish import Wish
from gptbot.edges.openai_audio import OpenAISpeechModel, OpenAITranscriptionModel
from gptbot.edges.openai_chat import TEXT_LENGTH_MAX, OpenAIChatModel
from gptbot.edges.openai_client import ANSWER_BYTES_MAX, OpenAIConnection
from gptbot.edges.openai_media import OpenAIImageModel
from gptbot.edges.telegram_api import TelegramApi, TelegramUnknown
from gptbot.ports import ChatMessage, ChatRequest, Completed, ModelError, TextDelta
from tests.edges.servers import Handler, serving

MEGABYTE = 1024 * 1024
HELD_MAX = 24 * MEGABYTE
"""Far below the 128 MB that each bomb inflates to."""
QUESTION = ChatRequest("m", [ChatMessage("user", "hi")], None, None)


@cache
def layers(times: int, window: int) -> bytes:
    """128 MB of blanks in an eighth of a megabyte, in less than a kilobyte when done twice."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, window)
    bomb = b"".join(deflate.compress(b" " * MEGABYTE) for _ in range(128)) + deflate.flush()
    for _ in range(times - 1):
        again = zlib.compressobj(9, zlib.DEFLATED, window)
        bomb = again.compress(bomb) + again.flush()
    return bomb


BOMBS = {"gzip": (1, 31), "deflate": (1, 15), "gzip, gzip": (2, 31)}
"""Content-Encoding → how often, and zlib's window bits for that format."""


def bomb(encoding: str, status: int = 200) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        assert request.headers["Accept-Encoding"] == "identity"
        await request.read()
        # `body` set with the header by hand: the server must not encode it once more.
        return web.Response(body=layers(*BOMBS[encoding]), status=status, headers={"Content-Encoding": encoding})

    return handle


def endless(piece: bytes, pieces: int) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        await request.read()
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            for _ in range(pieces):
                await response.write(piece)
        except ConnectionError:
            pass  # the bot had enough
        return response

    return handle


@contextmanager
def memory_bounded(held_max: int = HELD_MAX) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < held_max
    finally:
        tracemalloc.stop()


async def chat(connection: OpenAIConnection) -> object:
    return [event async for event in OpenAIChatModel(connection).stream(QUESTION)]


CALLS: dict[str, Callable[[OpenAIConnection], Awaitable[object]]] = {
    "chat": chat,
    "picture": lambda it: OpenAIImageModel(it, "m").draw(Wish("a cat")),
    "transcript": lambda it: OpenAITranscriptionModel(it, "m").transcribe(b"OggS", "a.ogg"),
    "speech": lambda it: OpenAISpeechModel(it, "m", "v").speak("hello"),
}


@pytest.mark.parametrize(
    ("call", "encoding", "status"),
    [
        *((call, "gzip", 200) for call in CALLS),
        *(("chat", encoding, status) for encoding in BOMBS for status in (200, 400, 429)),
    ],
)
async def test_a_compressed_answer_of_the_model_server_is_not_inflated(call: str, encoding: str, status: int) -> None:
    async with serving(bomb(encoding, status)) as url:
        connection = OpenAIConnection("sk-test", url, retries=0)
        try:
            with memory_bounded(), pytest.raises(ModelError, match="compressed"):
                await CALLS[call](connection)
        finally:
            await connection.close()


async def test_a_picture_behind_an_address_is_not_inflated_either() -> None:
    async with serving(bomb("gzip")) as elsewhere:

        async def named(_: web.Request) -> web.StreamResponse:
            return web.json_response({"data": [{"url": f"{elsewhere}/picture.png"}]})

        async with serving(named) as url:
            connection = OpenAIConnection("sk-test", url, retries=0)
            try:
                with memory_bounded(), pytest.raises(ModelError, match="compressed"):
                    await OpenAIImageModel(connection, "m").draw(Wish("a cat"))
            finally:
                await connection.close()


@pytest.mark.parametrize("call", ["picture", "transcript", "speech"])
async def test_an_answer_without_end_is_left_alone(monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    monkeypatch.setattr("gptbot.edges.openai_client.ANSWER_BYTES_MAX", 8 * MEGABYTE)
    monkeypatch.setattr("gptbot.edges.openai_audio.SPEECH_MAX", 8 * MEGABYTE)
    async with serving(endless(b"x" * MEGABYTE, 200)) as url:
        connection = OpenAIConnection("sk-test", url, retries=0)
        try:
            with memory_bounded(40 * MEGABYTE), pytest.raises(ModelError, match="larger than"):
                await CALLS[call](connection)
        finally:
            await connection.close()


@pytest.mark.parametrize(
    "piece",
    [
        b"data: " + b"x" * MEGABYTE + b"\n",  # lines of one event that never ends
        b": keep-alive" * 80_000 + b"\n",
    ],
)
async def test_a_stream_that_says_nothing_without_end_is_trouble(monkeypatch: pytest.MonkeyPatch, piece: bytes) -> None:
    monkeypatch.setattr("gptbot.edges.openai_client.ANSWER_BYTES_MAX", 8 * MEGABYTE)
    async with serving(endless(piece, 200)) as url:
        connection = OpenAIConnection("sk-test", url, retries=0)
        try:
            with memory_bounded(40 * MEGABYTE), pytest.raises(ModelError, match="larger than"):
                await chat(connection)
        finally:
            await connection.close()


async def test_a_model_that_never_stops_talking_is_cut_as_at_its_limit() -> None:
    event = b'data: {"choices": [{"index": 0, "delta": {"content": "%s"}}]}\n\n' % (b"bla " * 10_000)
    async with serving(endless(event, 1000)) as url:
        connection = OpenAIConnection("sk-test", url, retries=0)
        events: list[TextDelta | Completed] = []
        try:
            with memory_bounded():
                events.extend([event async for event in OpenAIChatModel(connection).stream(QUESTION)])
        finally:
            await connection.close()
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert len(text) == TEXT_LENGTH_MAX
    assert isinstance(events[-1], Completed)
    assert events[-1].finish_reason == "length"
    assert TEXT_LENGTH_MAX < ANSWER_BYTES_MAX


@pytest.mark.parametrize("encoding", BOMBS)
async def test_a_compressed_answer_of_telegram_is_not_inflated(encoding: str) -> None:
    """What was asked for may have been done: that it is unknown is what the caller has to know."""
    async with serving(bomb(encoding)) as url:
        api = TelegramApi("1:t", url)
        try:
            with memory_bounded(), pytest.raises(TelegramUnknown):
                await api.call("getUpdates")
            with memory_bounded(), pytest.raises(TelegramUnknown):
                await api.download("documents/file_1.pdf", 20 * MEGABYTE)
        finally:
            await api.close()


async def test_an_answer_of_telegram_without_end_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gptbot.edges.telegram_api.ANSWER_BYTES_MAX", 8 * MEGABYTE)
    async with serving(endless(b" " * MEGABYTE, 200)) as url:
        api = TelegramApi("1:t", url)
        try:
            with memory_bounded(40 * MEGABYTE), pytest.raises(TelegramUnknown):
                await api.call("getUpdates")
            with memory_bounded():
                assert await api.download("documents/file_1.pdf", 4 * MEGABYTE) is None
        finally:
            await api.close()
