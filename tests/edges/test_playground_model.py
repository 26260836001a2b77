"""The model stand-in speaks as an OpenAI-compatible server does: streams, errors, images, transcriptions."""

import asyncio
import base64
import struct
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson
import pytest

from gptbot.playground.media import image_size
from gptbot.playground.model_answers import default_answer, pieces, short, tokens, usage
from gptbot.playground.model_api import ModelServer
from gptbot.playground.model_faults import ErrorKind
from gptbot.playground.ogg import silence
from gptbot.playground.png import picture

Json = dict[str, Any]
QUESTION: Json = {"model": "gpt-6-luna", "messages": [{"role": "user", "content": "How are you?"}]}
PICTURE: Json = {
    "type": "image_url",
    "image_url": {"url": f"data:image/png;base64,{base64.b64encode(picture('cat', 64)).decode()}"},
}
STREAM: Json = {**QUESTION, "stream": True, "stream_options": {"include_usage": True}}


class Client:
    def __init__(self, session: aiohttp.ClientSession, server: ModelServer) -> None:
        self.session = session
        self.server = server

    async def post(self, path: str, body: Json, key: str = "any") -> tuple[int, Json]:
        headers = {"Authorization": f"Bearer {key}"}
        async with self.session.post(f"{self.server.base_url}/{path}", json=body, headers=headers) as response:
            return response.status, orjson.loads(await response.read())

    async def chat(self, body: Json = QUESTION) -> Json:
        status, answer = await self.post("chat/completions", body)
        assert status == 200, answer
        return answer

    async def chunks(self, body: Json = STREAM) -> list[Json]:
        """The chunks of a stream; it must end with [DONE]."""
        chunks, done = [], False
        async with self.session.post(f"{self.server.base_url}/chat/completions", json=body) as response:
            assert response.content_type == "text/event-stream"
            async for line in response.content:
                if line.startswith(b"data: [DONE]"):
                    done = True
                elif line.startswith(b"data: "):
                    chunks.append(orjson.loads(line[6:]))
        assert done
        return chunks


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    server = ModelServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def client(server: ModelServer) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as session:
        yield Client(session, server)


def text_of(chunks: list[Json]) -> str:
    return "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])


def finish_of(chunks: list[Json]) -> str:
    return next(str(c["finish_reason"]) for chunk in chunks for c in chunk["choices"] if c["finish_reason"])


# --- answers


async def test_a_stream_says_what_a_whole_answer_says(client: Client, server: ModelServer) -> None:
    server.answer = lambda body: f"I heard **{body['messages'][-1]['content']}**\n\n- fine\n"
    whole = await client.chat()
    chunks = await client.chunks()
    assert whole["choices"][0]["message"]["content"] == "I heard **How are you?**\n\n- fine\n"
    assert text_of(chunks) == whole["choices"][0]["message"]["content"]
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert finish_of(chunks) == "stop"


async def test_usage_comes_last_with_empty_choices_and_only_when_asked_for(client: Client) -> None:
    chunks = await client.chunks()
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"] == (await client.chat())["usage"]
    assert all(chunk["usage"] is None for chunk in chunks[:-1])
    unasked = await client.chunks({**QUESTION, "stream": True})
    assert all("usage" not in chunk for chunk in unasked)


def test_usage_is_a_quarter_of_the_bytes() -> None:
    counted = usage({"messages": [{"role": "user", "content": "abcde"}, {"role": "user", "content": "жж"}]}, "abcd")
    assert (counted["prompt_tokens"], counted["completion_tokens"], counted["total_tokens"]) == (3, 1, 4)
    assert tokens("") == 0


def test_the_default_answer_shows_the_context() -> None:
    messages = [
        {"role": "system", "content": "You are Marv"},
        {"role": "user", "content": [PICTURE, PICTURE, {"type": "text", "text": "What is tea?"}]},
        {"role": "assistant", "content": "**You asked:** What is tea?\n\nmore"},
        {"role": "user", "content": [{"type": "text", "text": "And this?"}, {"type": "image_url", "image_url": {}}]},
    ]
    answer = default_answer({"model": "m", "messages": messages})
    for part in (
        "**You asked:** And this?",
        "I see 1 picture.",
        "You are Marv",
        "*you:* What is tea? (2 pictures)",
        "model: m",
    ):
        assert part in answer
    assert "*me:* You asked: What is tea?\n" in answer
    assert "*none*" in default_answer({"model": "m", "messages": [{"role": "user", "content": ""}]})


@pytest.mark.parametrize("text", ["", "one", " two  words \n", "a\n\n```py\nx = 1\n```", "\n"])
def test_the_pieces_of_a_stream_are_the_text(text: str) -> None:
    assert "".join(pieces(text)) == text


def test_short_is_one_plain_line() -> None:
    assert short("\n**bold** `code`\nsecond") == "bold code"
    assert short("x" * 100, 10) == "x" * 9 + "…"


async def test_a_paced_stream_shows_its_first_words_before_it_ends(client: Client, server: ModelServer) -> None:
    server.answer = lambda _: "one two three"
    server.tokens_per_s = 200.0
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert text_of(await client.chunks()) == "one two three"
    assert loop.time() - began >= 4 / 200.0


async def test_the_first_token_can_be_delayed(client: Client, server: ModelServer) -> None:
    server.delay_s = 0.02
    loop = asyncio.get_running_loop()
    began = loop.time()
    await client.chat()
    assert loop.time() - began >= 0.02


async def test_requests_are_recorded_and_can_be_waited_for(client: Client, server: ModelServer) -> None:
    waiting = asyncio.create_task(server.requested(2))
    await client.chat()
    await client.chunks()
    assert (await waiting).body == STREAM
    assert server.requests[0].path == "/v1/chat/completions"
    assert (await server.requested(1)).body == QUESTION
    with pytest.raises(TimeoutError):
        await server.requested(3, timeout_s=0.01)


# --- errors


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("rate_limit", 429, "rate_limit_exceeded"),
        ("insufficient_quota", 429, "insufficient_quota"),
        ("server_error", 500, None),
        ("context_length_exceeded", 400, "context_length_exceeded"),
        ("model_not_found", 404, "model_not_found"),
        ("invalid_key", 401, "invalid_api_key"),
        ("content_policy", 400, "content_policy_violation"),
    ],
)
async def test_an_error_comes_once_in_openais_form(
    client: Client, server: ModelServer, kind: ErrorKind, status: int, code: str | None
) -> None:
    server.next_fault(kind)
    got, body = await client.post("chat/completions", STREAM)
    assert (got, body["error"]["code"]) == (status, code)
    assert body["error"]["message"]
    await client.chat()


async def test_a_rate_limit_may_say_how_long_to_wait(client: Client, server: ModelServer) -> None:
    server.next_fault("rate_limit", retry_after=3)
    async with client.session.post(f"{server.base_url}/chat/completions", json=QUESTION) as response:
        assert response.headers["retry-after"] == "3"


async def test_a_fault_can_wait_for_its_endpoint(client: Client, server: ModelServer) -> None:
    server.next_fault("server_error", on="images", status=503)
    await client.chat()
    status, _ = await client.post("images/generations", {"model": "m", "prompt": "cat"})
    assert status == 503


async def test_any_key_is_taken_unless_one_is_set(client: Client, server: ModelServer) -> None:
    await client.chat()
    server.key = "right"
    status, body = await client.post("chat/completions", QUESTION, key="wrong-key")
    assert (status, body["error"]["code"]) == (401, "invalid_api_key")
    assert "wrong-key" not in body["error"]["message"]
    assert (await client.post("chat/completions", QUESTION, key="right"))[0] == 200


async def test_only_listed_models_are_known_when_there_is_a_list(client: Client, server: ModelServer) -> None:
    server.models = {"old": {"shutdown_date": "2026-10-23"}}
    async with client.session.get(f"{server.base_url}/models") as response:
        (model,) = orjson.loads(await response.read())["data"]
    assert (model["id"], model["shutdown_date"]) == ("old", "2026-10-23")
    assert (await client.post("chat/completions", QUESTION))[0] == 404
    assert (await client.post("chat/completions", {**QUESTION, "model": "old"}))[0] == 200


@pytest.mark.parametrize("body", [{"model": "m", "messages": []}, {"messages": QUESTION["messages"]}])
async def test_a_malformed_request_is_refused(client: Client, body: Json) -> None:
    assert (await client.post("chat/completions", body))[0] == 400


# --- odd streams


async def test_a_cut_stream_ends_in_the_middle(client: Client, server: ModelServer) -> None:
    server.answer = lambda _: "one two three four"
    server.next_fault("cut")
    lines: list[bytes] = []

    async def read() -> None:
        async with client.session.post(f"{server.base_url}/chat/completions", json=STREAM) as response:
            while line := await response.content.readline():
                lines.append(line)

    with pytest.raises(aiohttp.ClientPayloadError):
        await read()
    received = b"".join(lines)
    assert b" two" in received
    assert b" three" not in received
    assert b'finish_reason":"stop' not in received


async def test_a_stream_may_end_in_an_error_object(client: Client, server: ModelServer) -> None:
    server.answer = lambda _: "one two three four"
    server.next_fault("stream_error")
    async with client.session.post(f"{server.base_url}/chat/completions", json=STREAM) as response:
        lines = [line async for line in response.content if line.startswith(b"data: ")]
    assert orjson.loads(lines[-1][6:])["error"]["type"] == "server_error"
    assert b" two" in b"".join(lines)


async def test_a_reset_comes_before_anything_was_said(client: Client, server: ModelServer) -> None:
    server.next_fault("reset")
    with pytest.raises((aiohttp.ClientError, ConnectionError)):
        await client.post("chat/completions", STREAM)


async def test_a_hanging_request_ends_with_the_server(client: Client, server: ModelServer) -> None:
    server.next_fault("hang")
    hanging = asyncio.create_task(client.post("chat/completions", STREAM))
    await server.requested(1)
    await client.chat()
    assert not hanging.done()
    await server.stop()
    with pytest.raises((aiohttp.ClientError, ConnectionError)):
        await hanging


async def test_wrong_json_is_a_page(client: Client, server: ModelServer) -> None:
    server.next_fault("wrong_json")
    with pytest.raises(orjson.JSONDecodeError):
        await client.post("chat/completions", QUESTION)


async def test_an_answer_may_be_empty_refused_filtered_or_too_long(client: Client, server: ModelServer) -> None:
    server.answer = lambda _: "one two three four"
    server.next_fault("empty")
    assert text_of(await client.chunks()) == ""
    server.next_fault("refusal")
    refused = await client.chunks()
    assert [c["delta"]["refusal"] for chunk in refused for c in chunk["choices"] if c["delta"].get("refusal")]
    assert text_of(refused) == ""
    for kind in ("content_filter", "length"):
        server.next_fault(kind)
        chunks = await client.chunks()
        assert (text_of(chunks), finish_of(chunks)) == ("one two", kind)


async def test_usage_may_be_missing(client: Client, server: ModelServer) -> None:
    server.next_fault("no_usage", times=2)
    assert "usage" not in await client.chat()
    assert all(chunk.get("usage") is None for chunk in await client.chunks())


async def test_older_servers_do_not_know_newer_parameters(client: Client, server: ModelServer) -> None:
    server.always = {"only_max_tokens", "rejects_stream_options"}
    status, body = await client.post("chat/completions", {**QUESTION, "max_completion_tokens": 5})
    assert (status, body["error"]["message"]) == (400, "Unrecognized request argument supplied: max_completion_tokens")
    assert (await client.post("chat/completions", STREAM))[0] == 400
    await client.chat({**QUESTION, "max_tokens": 5})


async def test_newer_models_do_not_take_max_tokens(client: Client, server: ModelServer) -> None:
    server.always = {"only_max_completion_tokens"}
    status, body = await client.post("chat/completions", {**QUESTION, "max_tokens": 5})
    assert (status, body["error"]["code"], body["error"]["param"]) == (400, "unsupported_parameter", "max_tokens")


async def test_a_server_may_ignore_stream(client: Client, server: ModelServer) -> None:
    server.next_fault("ignores_stream")
    answer = await client.chat(STREAM)
    assert answer["object"] == "chat.completion"


# --- pictures and sound


def looking(*parts: Any, role: str = "user") -> Json:
    return {"model": "gpt-6.2-sol", "messages": [{"role": role, "content": list(parts)}]}


def image(url: Any, **more: Any) -> Json:
    return {"type": "image_url", "image_url": {"url": url, **more}}


async def test_pictures_in_a_question_are_seen_counted_and_kept(client: Client, server: ModelServer) -> None:
    answer = await client.chat(looking(PICTURE, PICTURE, {"type": "text", "text": "What is it?"}))
    assert "I see 2 pictures." in answer["choices"][0]["message"]["content"]
    assert answer["usage"]["prompt_tokens"] == tokens("What is it?") + 2 * 85
    assert server.requests[-1].pictures == [picture("cat", 64)] * 2
    await client.chat()
    assert server.requests[-1].pictures == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (looking(image("data:image/png;base64,")), "Invalid base64"),
        (looking(image("data:image/png;base64,%%%")), "Invalid base64"),
        (looking(image("data:image/heic;base64,AAAA")), "Invalid base64"),
        (looking(image("cat.png")), "Invalid base64"),
        (looking(image("data:image/png;base64,AAAA")), "unsupported image"),
        (looking(image("https://example.org/cat.png")), "downloading"),
        (looking(image(None)), "image_url"),
        (looking({"type": "image_url", "image_url": "data:"}), "image_url"),
        (looking(image(PICTURE["image_url"]["url"], detail="much")), "detail"),
        (looking({"type": "image", "source": {}}), "Supported values are"),
        (looking("words"), "Supported values are"),
        (looking({"type": "text"}), "text"),
        (looking({"type": "text", "text": ""}), "non-empty"),
        (looking(), "empty array"),
        (looking(PICTURE, role="assistant"), "role 'user'"),
        (looking(PICTURE, role="robot"), "role"),
        ({"model": "m", "messages": ["hello"]}, "role"),
        ({"model": "m", "messages": [{"role": "user", "content": None}]}, "expected a string"),
    ],
)
async def test_content_is_checked_as_openai_does(client: Client, body: Json, words: str) -> None:
    status, answer = await client.post("chat/completions", body)
    assert status == 400
    assert words in answer["error"]["message"]


async def test_a_blind_model_takes_only_words(client: Client, server: ModelServer) -> None:
    server.blind = {"gpt-6.2-sol"}
    status, answer = await client.post("chat/completions", looking(PICTURE))
    assert (status, answer["error"]["param"]) == (400, "messages[0].content[0].type")
    assert "image_url is only supported by certain models" in answer["error"]["message"]
    await client.chat(looking({"type": "text", "text": "Hello"}))
    await client.chat({**looking(PICTURE), "model": "gpt-6-luna"})


async def test_a_text_is_spoken_as_a_voice_message(client: Client, server: ModelServer) -> None:
    async def speak(**body: Any) -> tuple[int, bytes]:
        wish = {"model": "m", "voice": "alloy", "input": "Hello"} | body
        async with client.session.post(f"{server.base_url}/audio/speech", json=wish) as response:
            return response.status, await response.read()

    assert await speak(response_format="opus", input="x" * 30) == (200, silence(2))
    assert (await speak())[1].startswith(b"\xff\xfb")
    assert (await speak(input="x" * 4096))[0] == 200
    for wrong in ({"input": "x" * 4097}, {"input": ""}, {"voice": ""}, {"response_format": "ogg"}, {"model": None}):
        assert (await speak(**wrong))[0] == 400
    assert server.requests[-1].path == "/v1/audio/speech"


def test_silence_is_ogg_opus_page_by_page() -> None:
    """What RFC 3533 and RFC 7845 ask for: pages in order with true checksums, two headers, granule positions."""

    def crc(page: bytes) -> int:
        value = 0
        for bit in (byte >> place & 1 for byte in page for place in range(7, -1, -1)):
            value = (value << 1 & 0xFFFFFFFF) ^ (0x04C11DB7 if (value >> 31) ^ bit else 0)
        return value

    assert crc(b"123456789") == 0x89A1897F, "the check value of this polynomial"
    sound, pages, place = silence(6), [], 0
    while place < len(sound):
        head = struct.unpack_from("<4sBBqIIIB", sound, place)
        segments = sound[place + 27 : place + 27 + head[-1]]
        end = place + 27 + len(segments) + sum(segments)
        page = sound[place:end]
        assert head[0] == b"OggS"
        assert crc(page[:22] + bytes(4) + page[26:]) == head[6]
        pages.append((head[2], head[3], head[5], page[27 + len(segments) :]))
        place = end
    assert [(kind, position, number) for kind, position, number, _ in pages] == [
        (2, 0, 0), (0, 0, 1), (0, 255 * 960, 2), (4, 300 * 960, 3),
    ]  # fmt: skip
    assert pages[0][3] == b"OpusHead\x01\x01\x00\x00\x80\xbb\x00\x00\x00\x00\x00"
    assert pages[1][3].startswith(b"OpusTags")


async def test_a_picture_is_a_real_png_in_base64(client: Client) -> None:
    status, body = await client.post("images/generations", {"model": "m", "prompt": "cat"})
    assert status == 200
    assert image_size(base64.b64decode(body["data"][0]["b64_json"])) == (256, 256)
    status, _ = await client.post("images/generations", {"model": "m", "prompt": "cat", "response_format": "url"})
    assert status == 400


async def test_older_servers_answer_with_an_address(client: Client, server: ModelServer) -> None:
    server.images_as = "url"
    _, body = await client.post("images/generations", {"model": "dall-e-3", "prompt": "cat"})
    async with client.session.get(body["data"][0]["url"]) as response:
        assert image_size(await response.read()) == (256, 256)
    _, body = await client.post("images/generations", {"model": "m", "prompt": "cat", "response_format": "b64_json"})
    assert "b64_json" in body["data"][0]


async def test_sound_is_transcribed_when_its_name_tells_the_format(client: Client, server: ModelServer) -> None:
    server.transcript = lambda name, content: f"{name}: {len(content)} bytes"

    async def send(filename: str, content: bytes = b"12345") -> tuple[int, Json]:
        form = aiohttp.FormData({"model": "gpt-transcribe"})
        form.add_field("file", content, filename=filename)
        async with client.session.post(f"{server.base_url}/audio/transcriptions", data=form) as response:
            return response.status, orjson.loads(await response.read())

    status, body = await send("voice.ogg")
    assert (status, body["text"]) == (200, "voice.ogg: 5 bytes")
    assert server.requests[-1].files == {"voice.ogg": b"12345"}
    assert (await send("voice.oga"))[0] == 400
    assert (await send("voice.ogg", b""))[0] == 400
