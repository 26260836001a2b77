"""Recordings and speech over real HTTP: what is sent, how answers are read, and what is said when there is none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from gptbot.edges import openai_audio
from gptbot.edges.media_kinds import sound_kind
from gptbot.edges.openai_audio import OpenAISpeechModel, OpenAITranscriptionModel, beginning
from gptbot.edges.openai_client import OpenAIConnection
from gptbot.playground.model_api import ModelServer
from gptbot.playground.ogg import silence
from gptbot.ports import ModelError, ModelTrouble, Voice
from tests.edges.servers import Handler, reset, serving

KEY = "sk-test-key-1234567890"
OGG = b"OggS" + b"x" * 100


class Server:
    def __init__(self, *answers: Handler) -> None:
        self._answers = list(answers)
        self.heard: list[dict[str, Any]] = []
        self.asked: list[dict[str, Any]] = []
        self.listener: OpenAITranscriptionModel
        self.speaker: OpenAISpeechModel

    async def handle(self, request: web.Request) -> web.StreamResponse:
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        if request.path == "/v1/audio/transcriptions":
            form = dict(await request.post())
            file = form["file"]
            assert isinstance(file, web.FileField)
            with file.file as opened:
                content = opened.read()
            self.heard.append(form | {"file": (file.filename, file.content_type, content)})
        else:
            assert request.path == "/v1/audio/speech"
            self.asked.append(orjson.loads(await request.read()))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return await answer(request)


@asynccontextmanager
async def answering(*answers: Handler, timeout_s: float = 10.0) -> AsyncIterator[Server]:
    server = Server(*answers)
    async with serving(server.handle) as url:
        connection = OpenAIConnection(KEY, f"{url}/v1")
        server.listener = OpenAITranscriptionModel(connection, "ear", timeout_s=timeout_s)
        server.speaker = OpenAISpeechModel(connection, "mouth", "alloy", timeout_s=timeout_s)
        try:
            yield server
        finally:
            await connection.close()


def answer(body: bytes, status: int = 200, content_type: str = "application/json") -> Handler:
    async def handler(_: web.Request) -> web.StreamResponse:
        headers = {"retry-after-ms": "1"}
        return web.Response(body=body, status=status, content_type=content_type, headers=headers)

    return handler


def error(status: int, **fields: Any) -> Handler:
    return answer(orjson.dumps({"error": fields}), status)


async def never(_: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    return web.Response()


async def trickle(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.02)


# --- recordings


async def test_a_recording_is_sent_with_a_name_that_servers_know() -> None:
    async with answering(answer(b'{"text":" Hello\\ud800 there.\\n","usage":{"new":1}}')) as server:
        assert await server.listener.transcribe(OGG, "voice/file_7.oga") == "Hello\ufffd there."
        file = ("recording.ogg", "audio/ogg", OGG)
        assert server.heard == [{"model": "ear", "response_format": "json", "file": file}]


@pytest.mark.parametrize(
    ("recording", "filename", "sent"),
    [
        (b"?", "file_7.oga", "recording.ogg"),
        (b"?", "song.OPUS", "recording.ogg"),
        (b"?", "note.mp4", "recording.mp4"),
        (b"?", "clip.MOV", "recording.mp4"),
        (b"?", "odd.xyz", "recording.xyz"),
        (b"?", "noending", "recording.ogg"),
        (b"?", "", "recording.ogg"),
        (b"ID3\x04", 'wrong "name".wav', "recording.mp3"),
    ],
)
async def test_what_it_is_decides_its_name(recording: bytes, filename: str, sent: str) -> None:
    async with answering(answer(b'{"text":"x"}')) as server:
        await server.listener.transcribe(recording, filename)
        assert server.heard[0]["file"][0] == sent


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"text":""}', ""),
        (b'{"text":" \\n "}', ""),
        (b'{"task":"transcribe","language":"english","duration":1.5,"text":"Hello","segments":[]}', "Hello"),
        (b"Hello there.\n", "Hello there."),
        (b'"Hello"', "Hello"),
        (b"1984", "1984"),
        (b"[laughs]", "[laughs]"),
        (b"Gr\xc3\xbc\xc3\x9fe \xff", "Grüße \ufffd"),
        (b"", ""),
    ],
)
async def test_transcripts_are_read_as_servers_write_them(body: bytes, text: str) -> None:
    async with answering(answer(body, content_type="text/plain")) as server:
        assert await server.listener.transcribe(OGG, "voice.ogg") == text


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (error(400, message="Audio file might be corrupted or unsupported"), ModelTrouble.REQUEST),
        (error(401, message=f"Incorrect API key provided: {KEY}"), ModelTrouble.KEY),
        (error(404, message="The model `ear` does not exist", code="model_not_found"), ModelTrouble.MODEL),
        (error(429, message="x", code="insufficient_quota"), ModelTrouble.QUOTA),
        (answer(b"<html>It works!</html>", content_type="text/html"), ModelTrouble.SERVER),
        (answer(b'{"error":{"message":"flagged","code":"content_filter"}}'), ModelTrouble.CONTENT),
        (answer(b'{"error":"no"}'), ModelTrouble.SERVER),
        (answer(b"{}"), ModelTrouble.SERVER),
        (answer(b'{"text":null}'), ModelTrouble.SERVER),
    ],
)
async def test_no_transcript_says_why_and_is_not_repeated(reply: Handler, kind: ModelTrouble) -> None:
    async with answering(reply) as server:
        with pytest.raises(ModelError) as caught:
            await server.listener.transcribe(OGG, "voice.ogg")
        assert caught.value.trouble is kind
        assert KEY not in str(caught.value)
        assert len(server.heard) == 1


async def test_a_recording_is_sent_twice_at_most() -> None:
    async with answering(error(503, message="later"), answer(b'{"text":"x"}')) as server:
        assert await server.listener.transcribe(OGG, "voice.ogg") == "x"
        assert server.heard[0] == server.heard[1]
    for reply in (error(503, message="later"), reset):
        async with answering(reply) as server:
            with pytest.raises(ModelError) as caught:
                await server.listener.transcribe(OGG, "voice.ogg")
            assert caught.value.trouble is ModelTrouble.SERVER
            assert len(server.heard) == 2


@pytest.mark.parametrize("reply", [never, trickle])
async def test_time_is_bounded_whatever_the_server_does(reply: Handler) -> None:
    async with answering(reply, timeout_s=0.2) as server:
        for call in (server.listener.transcribe(OGG, "voice.ogg"), server.speaker.speak("x")):
            with pytest.raises(ModelError) as caught:
                await call
            assert caught.value.trouble is ModelTrouble.TIMEOUT


async def test_answers_too_large_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_audio, "TRANSCRIPT_MAX", 1000)
    monkeypatch.setattr(openai_audio, "SPEECH_MAX", 1000)
    async with answering(answer(OGG * 50)) as server:
        for call in (server.listener.transcribe(OGG, "voice.ogg"), server.speaker.speak("x")):
            with pytest.raises(ModelError, match="larger than 1000 bytes"):
                await call


# --- speech


async def test_a_text_is_spoken() -> None:
    async with answering(answer(OGG, content_type="audio/opus")) as server:
        assert await server.speaker.speak("Hello\ud800") == Voice(OGG, "voice.ogg")
        wish = {"model": "mouth", "voice": "alloy", "input": "Hello\ufffd", "response_format": "opus"}
        assert server.asked == [wish]


SOUNDS = [
    (OGG, "ogg"),
    (b"ID3\x04", "mp3"),
    (b"\xff\xfb\x90\x64", "mp3"),
    (b"\xff\xf3\x40\xc4", "mp3"),
    (b"\xff\xf1\x50\x80", "aac"),
    (b"RIFF\x24\x00\x00\x00WAVE", "wav"),
    (b"fLaC", "flac"),
    (b"\x1a\x45\xdf\xa3", "webm"),
    (b"\x00\x00\x00\x20ftypM4A ", "m4a"),
    (b"\x00\x00\x00\x20ftypisom", "mp4"),
]


@pytest.mark.parametrize(("sound", "kind"), SOUNDS)
async def test_a_server_that_speaks_another_format_is_taken_at_its_bytes(sound: bytes, kind: str) -> None:
    async with answering(answer(sound)) as server:
        assert await server.speaker.speak("x") == Voice(sound, f"voice.{kind}")


@pytest.mark.parametrize("nothing", [b"", b"\xff", b"text", b"{}", b"<html>", b"\x00\x00"])
def test_what_is_no_sound_has_no_kind(nothing: bytes) -> None:
    assert sound_kind(nothing) is None


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (error(400, message="Invalid voice"), ModelTrouble.REQUEST),
        (error(404, message="x"), ModelTrouble.MODEL),
        (answer(b'{"error":{"message":"x","code":"insufficient_quota"}}'), ModelTrouble.QUOTA),
        (answer(b'{"audio":"T2dnUw=="}'), ModelTrouble.SERVER),
        (answer(b"[1]"), ModelTrouble.SERVER),
        (answer(b"<html>"), ModelTrouble.SERVER),
        (answer(b""), ModelTrouble.SERVER),
        (answer(b"\x00\x01raw samples"), ModelTrouble.SERVER),
    ],
)
async def test_no_speech_says_why(reply: Handler, kind: ModelTrouble) -> None:
    async with answering(reply) as server:
        with pytest.raises(ModelError) as caught:
            await server.speaker.speak("x")
        assert caught.value.trouble is kind
        assert len(server.asked) == 1


async def test_of_a_long_text_as_much_is_read_as_the_server_takes() -> None:
    async with answering(answer(OGG)) as server:
        await server.speaker.speak("A sentence of some words. " * 300)
        spoken = server.asked[0]["input"]
        assert 4000 < len(spoken) <= 4096
        assert spoken.endswith("words.")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("One two.", "One two."),
        ("One two. Three four five", "One two."),
        ("No. Three four five six", "No. Three"),
        ("abcdefghijklmnop", "abcdefghijkl"),
        ("ab cdefghijklmnop", "ab cdefghijk"),
        ("v1.2.3.4.5.6.7.8", "v1.2.3.4.5.6"),
        ("Строка раз\nстрока два", "Строка раз"),
    ],
)
def test_a_text_is_cut_between_sentences_or_words(text: str, read: str) -> None:
    assert beginning(text, 12) == read


@given(st.text(), st.integers(1, 50))
def test_a_cut_text_is_a_beginning_that_fits(text: str, length_max: int) -> None:
    cut = beginning(text, length_max)
    assert text.startswith(cut)
    assert len(cut) <= length_max
    assert cut or not text


# --- against the stand-in, which is strict


async def test_the_stand_in_hears_and_speaks() -> None:
    server = ModelServer(KEY)
    await server.start()
    server.transcript = lambda name, content: f"{name}: {len(content)} bytes"
    connection = OpenAIConnection(KEY, server.base_url)
    try:
        voice = await OpenAISpeechModel(connection, "mouth", "alloy").speak("Hello, world " * 400)
        assert voice.filename == "voice.ogg"
        assert len(server.requests[-1].body["input"]) <= 4096
        heard = await OpenAITranscriptionModel(connection, "ear").transcribe(silence(1), "file_7.oga")
        assert heard == f"recording.ogg: {len(silence(1))} bytes"
    finally:
        await connection.close()
        await server.stop()
