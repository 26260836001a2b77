"""The chat model over real HTTP, against servers that speak the protocol well, badly and not at all."""

import asyncio
import base64
import gc
import itertools
import socket
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from gptbot.edges import openai_chat, openai_messages
from gptbot.edges.openai_chat import OpenAIChatModel
from gptbot.edges.openai_client import OpenAIConnection
from gptbot.edges.sse import SseReader
from gptbot.ports import ChatMessage, ChatRequest, Completed, ModelError, ModelTrouble, TextDelta, Usage
from tests.edges.servers import reset, serving

KEY = "sk-test-key-1234567890"
Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]


def delta(content: Any = None, finish: str | None = None, **more: Any) -> bytes:
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish}
    return b"data: " + orjson.dumps({"choices": [choice]} | more) + b"\n\n"


USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7, "prompt_tokens_details": {"cached_tokens": 3}}
USAGE_EVENT = b"data: " + orjson.dumps({"choices": [], "usage": USAGE}) + b"\n\n"
DONE = b"data: [DONE]\n\n"
GOOD = delta("Hel") + delta("lo") + delta(None, "stop") + USAGE_EVENT + DONE


def stream(*pieces: bytes, cut: bool = False) -> Reply:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
            await asyncio.sleep(0)
        if cut:
            assert request.transport is not None
            request.transport.abort()
        return response

    return handler


def error(status: int, headers: dict[str, str] | None = None, **fields: Any) -> Reply:
    async def handler(request: web.Request) -> web.StreamResponse:
        return web.json_response({"error": fields}, status=status, headers=headers)

    return handler


def body(content: bytes, status: int = 200, content_type: str = "application/json") -> Reply:
    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(body=content, status=status, content_type=content_type)

    return handler


class Server:
    def __init__(self, replies: tuple[Reply, ...]) -> None:
        self._replies = deque(replies)
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.types: list[str] = []
        self.ports: set[int] = set()
        self.model: OpenAIChatModel

    async def handle(self, request: web.Request) -> web.StreamResponse:
        assert request.path == "/v1/chat/completions"
        self.requests.append(orjson.loads(await request.read()))
        self.types.append(request.headers.get("Content-Type", ""))
        self.keys.append(request.headers.get("Authorization", ""))
        assert request.transport is not None
        self.ports.add(request.transport.get_extra_info("peername")[1])
        reply = self._replies.popleft() if len(self._replies) > 1 else self._replies[0]
        return await reply(request)

    async def ask(self, **fields: Any) -> list[TextDelta | Completed]:
        request = ChatRequest(**({"model": "m", "messages": [ChatMessage("user", "hi")]} | fields))
        return [event async for event in self.model.stream(request)]


@asynccontextmanager
async def answering(*replies: Reply, **settings: Any) -> AsyncIterator[Server]:
    server = Server(replies)
    async with serving(server.handle) as url:
        connection = OpenAIConnection(KEY, f"{url}/v1", **settings)
        server.model = OpenAIChatModel(connection)
        try:
            yield server
        finally:
            await connection.close()


def text(events: list[TextDelta | Completed]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def trouble(server: Server, **fields: Any) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await server.ask(**fields)
    assert KEY not in str(caught.value)
    return caught.value


async def test_an_answer_comes_in_pieces_and_ends_with_its_usage() -> None:
    async with answering(stream(GOOD)) as server:
        events = await server.ask(messages=[ChatMessage("system", "s\ud800"), ChatMessage("user", "hi")])
        assert text(events) == "Hello"
        assert events[-1] == Completed("stop", Usage(5, 2, 7, 3))
        assert server.requests == [
            {
                "model": "m",
                "messages": [{"role": "system", "content": "s\ufffd"}, {"role": "user", "content": "hi"}],
                "stream": True,
                "stream_options": {"include_usage": True},
            }
        ]
        assert server.keys == [f"Bearer {KEY}"]
        assert server.types == ["application/json"]


async def test_limits_are_sent_only_when_set() -> None:
    async with answering(stream(GOOD)) as server:
        await server.ask(max_output_tokens=100, reasoning_effort="low")
        assert server.requests[0]["max_completion_tokens"] == 100
        assert server.requests[0]["reasoning_effort"] == "low"
        assert "temperature" not in server.requests[0]


@pytest.mark.parametrize(
    "pieces",
    [
        [GOOD[index : index + 1] for index in range(len(GOOD))],
        [GOOD.replace(b"\n", b"\r\n")],
        [GOOD.replace(b"\n", b"\r")],
        [b"\xef\xbb\xbf: hello\n\n", b"event: message\nid: 1\nretry: 5\n", GOOD],
        [GOOD.replace(b"data: ", b"data:")],
        [GOOD.replace(b"\n\n", b"\n")],
        [GOOD.removesuffix(DONE)],
        [GOOD.removesuffix(DONE).rstrip()],
        [b"data: not json\n\n", b"data: 5\n\n", GOOD],
        [delta("Hello", "stop", usage=USAGE)],
        [delta("Hello"), b'data: {"choices":[{"index":0,"delta":{}}],"usage":' + orjson.dumps(USAGE) + b"}\n\n", DONE],
        [delta("Hello"), delta(None, "stop", x_groq={"id": "1", "usage": USAGE}), DONE],
        [delta("Hello"), b'data: {"choices":[{"delta":{},"usage":' + orjson.dumps(USAGE) + b"}]}\n\n", DONE],
        [GOOD, DONE, delta("after the end")],
        [b'data: {"choices":[{"index":1,"delta":{"content":"other"}}]}\n\n', GOOD],
        [delta([{"type": "text", "text": "Hello"}], "stop"), USAGE_EVENT],
        [delta("Hello", "stop", usage=None), USAGE_EVENT, b'data: {"choices":null}\n\n', DONE],
        [
            b'{"choices":[{"message":{"content":"Hel',
            b'lo"},"finish_reason":"stop"}],"usage":' + orjson.dumps(USAGE) + b"}",
        ],
        [b'\n {\n"choices":[{"index":0,"message":{"content":"Hello"}}], "usage": ' + orjson.dumps(USAGE) + b"}\n"],
    ],
)
async def test_the_protocol_is_read_in_all_its_dialects(pieces: list[bytes]) -> None:
    async with answering(stream(*pieces)) as server:
        events = await server.ask()
        assert text(events) == "Hello"
        assert events[-1] == Completed("stop", Usage(5, 2, 7, 3))


@pytest.mark.parametrize("encoding", ["", "none", "Identity", "utf-8"])
async def test_a_stream_that_only_seems_compressed_is_read(encoding: str) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(body=GOOD, headers={"Content-Encoding": encoding})

    async with answering(handler) as server:
        assert text(await server.ask()) == "Hello"


WHOLE = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": None}]}


async def test_an_answer_in_one_piece_is_whole_whatever_it_lacks() -> None:
    async with answering(body(orjson.dumps(WHOLE))) as server:
        assert await server.ask() == [TextDelta("Hello"), Completed("stop", None)]


async def test_an_answer_that_is_repeated_behind_its_pieces_is_read_once() -> None:
    repeated = b"data: " + orjson.dumps(WHOLE | {"usage": USAGE}) + b"\n\n"
    async with answering(stream(delta("Hel"), delta("lo"), repeated)) as server:
        events = await server.ask()
        assert (text(events), events[-1]) == ("Hello", Completed("stop", Usage(5, 2, 7, 3)))


@pytest.mark.parametrize(
    ("told", "usage"),
    [
        ({"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 40}, Usage(5, 35, 40)),  # 33 for reasoning
        ({"prompt_tokens": 5, "completion_tokens": 2}, Usage(5, 2, 7)),
        ({"completion_tokens": 2, "total_tokens": 7}, Usage(0, 2, 7)),
        ({"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 3}, Usage(5, 2, 3)),
    ],
)
async def test_what_was_thought_counts_as_written(told: dict[str, int], usage: Usage) -> None:
    async with answering(stream(delta("x", "stop", usage=told), DONE)) as server:
        assert (await server.ask())[-1] == Completed("stop", usage)


async def test_a_server_that_reports_no_usage_is_answered_without() -> None:
    async with answering(stream(delta("x", "length"), DONE)) as server:
        assert (await server.ask())[-1] == Completed("length", None)


async def test_a_refusal_and_an_empty_answer_are_the_turns_matter() -> None:
    refused = b'data: {"choices":[{"delta":{"refusal":"no"},"finish_reason":"stop"}]}\n\n'
    async with answering(stream(refused), stream(delta(None, "length"), DONE)) as server:
        assert await server.ask() == [Completed("stop", None, "no")]
        assert await server.ask() == [Completed("length", None)]


async def test_half_a_character_waits_for_its_other_half() -> None:
    halves = (
        b'data: {"choices":[{"delta":{"content":"a\\ud83d"}}]}\n\n',
        b'data: {"choices":[{"delta":{"content":"\\ude00"}}]}\n\n',
    )
    lone = b'data: {"choices":[{"delta":{"content":"\\ud83d"}}]}\n\n'
    async with answering(stream(*halves, lone, DONE)) as server:
        assert text(await server.ask()) == "a😀\ufffd"


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (error(429, message="You exceeded your current quota", code="insufficient_quota"), ModelTrouble.QUOTA),
        (error(402, message="Insufficient credits"), ModelTrouble.QUOTA),
        (error(400, message="too long", code="context_length_exceeded"), ModelTrouble.CONTEXT),
        (error(400, message="This model's maximum context length is 8192 tokens"), ModelTrouble.CONTEXT),
        (error(413, message="x"), ModelTrouble.CONTEXT),
        (error(400, message="x", code="content_filter"), ModelTrouble.CONTENT),
        (error(400, message="Rejected by our safety system"), ModelTrouble.CONTENT),
        (error(404, message="The model `x` does not exist", code="model_not_found"), ModelTrouble.MODEL),
        (error(404, message="x"), ModelTrouble.MODEL),
        (error(400, message="Model Not Exist"), ModelTrouble.MODEL),
        (error(401, message=f"Incorrect API key provided: {KEY}", code="invalid_api_key"), ModelTrouble.KEY),
        (error(400, message=f"Incorrect API key provided: {KEY}"), ModelTrouble.KEY),
        (body(b'[{"error":{"code":400,"message":"API key not valid. Pass a valid one."}}]', 400), ModelTrouble.KEY),
        (error(403, message="Country not supported"), ModelTrouble.KEY),
        (error(400, message="Unsupported value: temperature"), ModelTrouble.REQUEST),
        (error(422, message="x"), ModelTrouble.REQUEST),
        (body(b"<html>", 404, "text/html"), ModelTrouble.MODEL),
        (body(b'"words"', 418), ModelTrouble.REQUEST),
    ],
)
async def test_what_cant_succeed_is_told_apart_and_not_repeated(reply: Reply, kind: ModelTrouble) -> None:
    async with answering(reply) as server:
        assert (await trouble(server)).trouble is kind
        assert len(server.requests) == 1


SOON = {"retry-after-ms": "1"}

# --- pictures

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100
JPEG = b"\xff\xd8\xff" + b"y" * 101
LOOK = [ChatMessage("user", "What is it?", (PNG,))]


def address(kind: str, picture: bytes) -> dict[str, Any]:
    url = f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"
    return {"type": "image_url", "image_url": {"url": url}}


@pytest.mark.parametrize("inline", [True, False])
async def test_pictures_come_before_the_words_and_only_where_they_are(
    inline: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not inline:
        monkeypatch.setattr(openai_messages, "INLINE_MAX", 0)
    messages = [
        ChatMessage("system", "s"),
        ChatMessage("user", "What is\ud800 it?", (PNG, JPEG)),
        ChatMessage("assistant", "A cat."),
        ChatMessage("user", "", (b"RIFF\x00\x00\x00\x00WEBP",)),
        ChatMessage("user", ""),
    ]
    async with answering(stream(GOOD)) as server:
        await server.ask(messages=messages)
        assert [message["content"] for message in server.requests[0]["messages"]] == [
            "s",
            [address("png", PNG), address("jpeg", JPEG), {"type": "text", "text": "What is\ufffd it?"}],
            "A cat.",
            [address("webp", b"RIFF\x00\x00\x00\x00WEBP")],
            "",
        ]


@given(st.binary(max_size=40))
def test_a_picture_that_is_encoded_in_pieces_is_whole(picture: bytes) -> None:
    picture = JPEG + picture
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(openai_messages, "_STEP", 6)
        encoded = asyncio.run(openai_messages.messages_json([ChatMessage("user", "", (picture,))]))
    assert orjson.loads(encoded)[0]["content"] == [address("jpeg", picture)]


BLIND = [
    error(400, message="Invalid content type. image_url is only supported by certain models.", param="messages"),
    error(400, message="this model does not support image input (ref: b8bd630e)"),
    error(400, message="Model do not support image input."),
    error(404, message="No endpoints found that support image input", code=404),
    error(400, message="Image inputs are not supported by this model."),
    error(400, message="Model does not support images. Please use a model that does."),
    error(400, message="Image input is not enabled for this model"),
    error(400, message="llama-3-8b is not a multimodal model"),
    error(400, message="At most 0 image(s) may be provided in one prompt."),
    error(400, message="Unsupported content part type for text-only server: image_url"),
    error(422, message="Failed to deserialize: messages[0]: unknown variant `image_url`, expected `text` at line 1"),
    error(400, message="'messages.0' : for 'role:user' ('messages.0.content' : value must be a string)"),
    error(
        500,
        SOON,
        message="image input is not supported - hint: you may need to provide the mmproj",
        type="server_error",
    ),
    body(b'{"detail":[{"loc":["body","messages",0,"content"],"msg":"Input should be a valid string"}]}', 422),
]


@pytest.mark.parametrize("reply", BLIND)
async def test_a_model_that_can_not_see_says_so_in_many_words(reply: Reply) -> None:
    async with answering(reply) as server:
        assert (await trouble(server, messages=LOOK)).trouble is ModelTrouble.PICTURES


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (error(400, message="You uploaded an unsupported image. Please make sure it is valid."), ModelTrouble.REQUEST),
        (error(400, message="Invalid base64 image_url."), ModelTrouble.REQUEST),
        (error(400, message="This model does not support image format heic"), ModelTrouble.REQUEST),
        (error(404, message="The model `x` does not exist"), ModelTrouble.MODEL),
        (error(400, message="Rejected by our safety system: image input is not allowed"), ModelTrouble.CONTENT),
        (error(500, SOON, message="x"), ModelTrouble.SERVER),
    ],
)
async def test_other_complaints_about_a_question_with_pictures_stay_what_they_are(
    reply: Reply, kind: ModelTrouble
) -> None:
    async with answering(reply) as server:
        assert (await trouble(server, messages=LOOK)).trouble is kind


async def test_without_pictures_nobody_is_blind() -> None:
    async with answering(BLIND[0]) as server:
        assert (await trouble(server)).trouble is ModelTrouble.REQUEST


async def test_a_complaint_that_repeats_the_whole_question_is_cut() -> None:
    async with answering(error(422, message="x" * 3_000_000)) as server:
        assert len((await trouble(server, messages=LOOK)).detail) == 500


async def test_pictures_stay_when_a_parameter_has_to_go() -> None:
    complaint = error(400, message="Unrecognized request argument supplied: stream_options")
    async with answering(complaint, stream(GOOD)) as server:
        await server.ask(messages=LOOK)
        assert server.requests[1] == {"model": "m", "messages": server.requests[0]["messages"], "stream": True}


# --- troubles that pass


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503])
async def test_what_passes_is_tried_again_before_the_first_byte(status: int) -> None:
    async with answering(error(status, SOON, message="later"), error(status, SOON), stream(GOOD)) as server:
        assert text(await server.ask()) == "Hello"
        assert len(server.requests) == 3


@pytest.mark.parametrize(("status", "kind"), [(429, ModelTrouble.BUSY), (503, ModelTrouble.SERVER)])
async def test_what_does_not_pass_is_told_in_the_end(status: int, kind: ModelTrouble) -> None:
    async with answering(error(status, SOON, message="later")) as server:
        caught = await trouble(server)
        assert (caught.trouble, caught.retry_after_s) == (kind, 0.001)
        assert len(server.requests) == 3


async def test_a_long_wait_is_left_to_the_user() -> None:
    async with answering(error(429, {"retry-after": "60"}, message="later")) as server:
        caught = await trouble(server)
        assert (caught.trouble, caught.retry_after_s) == (ModelTrouble.BUSY, 60)
        assert len(server.requests) == 1


async def test_no_server_is_trouble_of_the_server() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        connection = OpenAIConnection(KEY, f"http://127.0.0.1:{unused.getsockname()[1]}", retries=0)
        with pytest.raises(ModelError) as caught:
            await anext(OpenAIChatModel(connection).stream(ChatRequest("m", [])))
        assert caught.value.trouble is ModelTrouble.SERVER
        await connection.close()


async def test_no_proxy_is_trouble_of_the_server() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        proxy = f"socks5://127.0.0.1:{unused.getsockname()[1]}"
        connection = OpenAIConnection(KEY, "http://127.0.0.1:1", proxy, retries=0)
        with pytest.raises(ModelError) as caught:
            await anext(OpenAIChatModel(connection).stream(ChatRequest("m", [])))
        assert caught.value.trouble is ModelTrouble.SERVER
        await connection.close()


async def test_a_reset_before_the_answer_is_no_timeout() -> None:
    async with answering(reset, retries=0) as server:
        assert (await trouble(server)).trouble is ModelTrouble.SERVER


async def test_a_silent_server_is_a_timeout() -> None:
    async def silent(request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        return web.Response()

    async with answering(silent, read_timeout_s=0.1, retries=0) as server:
        assert (await trouble(server)).trouble is ModelTrouble.TIMEOUT


async def partial(server: Server) -> tuple[str, ModelError]:
    """What came before the error, and the error."""
    came = ""

    async def listen() -> None:
        nonlocal came
        async for event in server.model.stream(ChatRequest("m", [])):
            assert isinstance(event, TextDelta)
            came += event.text

    with pytest.raises(ModelError) as caught:
        await listen()
    return came, caught.value


async def test_a_stalled_stream_is_a_timeout_after_what_came() -> None:
    async def stalled(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(delta("so far"))
        await asyncio.Event().wait()
        return response

    async with answering(stalled, read_timeout_s=0.2) as server:
        came, caught = await partial(server)
        assert (came, caught.trouble) == ("so far", ModelTrouble.TIMEOUT)
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "pieces",
    [
        (delta("Hello", "stop"),),
        (delta("Hello"), delta(None, "stop"), USAGE_EVENT),
    ],
)
async def test_no_word_is_missing_of_an_answer_that_told_its_end_before_the_cut(pieces: tuple[bytes, ...]) -> None:
    """As from servers that close the connection without the last, empty chunk (RFC 9112 §7.1)."""

    async def sloppy(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in pieces:
            request.transport.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        request.transport.close()
        return web.Response()

    async with answering(sloppy) as server:
        events = await server.ask()
        assert text(events) == "Hello"
        assert isinstance(events[-1], Completed)


async def test_an_answer_that_tells_its_end_and_then_nothing_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_chat, "TAIL_S", 0.2)

    async def stalled(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(delta("Hello", "stop"))
        await asyncio.Event().wait()
        return response

    async with answering(stalled) as server, asyncio.timeout(10):
        events = await server.ask()
        assert (text(events), events[-1]) == ("Hello", Completed("stop", None))


async def test_the_usage_so_far_is_no_end() -> None:
    """As with servers that tell it with every word: then a cut answer would pass for a whole one."""
    begun = delta("", usage=USAGE) + delta("so", usage=USAGE)
    async with answering(stream(begun, delta(" far", usage=USAGE))) as server:
        came, caught = await partial(server)
        assert (came, caught.trouble) == ("so far", ModelTrouble.SERVER)


@pytest.mark.parametrize("cut", [True, False])
async def test_a_cut_stream_gives_what_came_and_then_the_error(cut: bool) -> None:
    async with answering(stream(delta("so"), delta(" far"), cut=cut)) as server:
        came, caught = await partial(server)
        assert caught.trouble is ModelTrouble.SERVER
        assert came == "so far" or (cut and "so far".startswith(came))


@pytest.mark.parametrize(
    "reply", [stream(), body(b""), body(b"[]"), body(b"<html></html>", 200, "text/html"), body(b"{")]
)
async def test_an_answer_of_nothing_is_trouble_of_the_server(reply: Reply) -> None:
    async with answering(reply) as server:
        assert (await trouble(server)).trouble is ModelTrouble.SERVER


@pytest.mark.parametrize(
    ("reported", "kind"),
    [
        ({"error": {"message": "boom", "type": "server_error"}}, ModelTrouble.SERVER),
        ({"error": {"message": "slow down", "code": 429}}, ModelTrouble.BUSY),
        ({"error": "just words"}, ModelTrouble.SERVER),
        ({"object": "error", "message": "maximum context length is 5", "code": 400}, ModelTrouble.CONTEXT),
        ({"error": {"message": "flagged", "code": "content_filter"}, "choices": []}, ModelTrouble.CONTENT),
    ],
)
async def test_an_error_in_the_stream_is_told_after_what_came(reported: dict[str, Any], kind: ModelTrouble) -> None:
    event = b"event: error\ndata: " + orjson.dumps(reported) + b"\n\n"
    async with answering(stream(delta("so far") + event), body(orjson.dumps(reported))) as server:
        came, caught = await partial(server)
        assert (came, caught.trouble) == ("so far", kind)
        assert (await trouble(server)).trouble is kind


async def test_a_server_that_knows_only_max_tokens_is_remembered() -> None:
    complaint = error(400, message="Unrecognized request argument supplied: max_completion_tokens")
    async with answering(complaint, stream(GOOD)) as server:
        for _ in range(2):
            assert text(await server.ask(max_output_tokens=9)) == "Hello"
        assert ["max_completion_tokens" in request for request in server.requests] == [True, False, False]
        assert [request.get("max_tokens") for request in server.requests] == [None, 9, 9]


async def test_a_server_without_stream_options_is_remembered() -> None:
    complaint = error(422, message="extra fields not permitted", param="stream_options")
    async with answering(complaint, stream(GOOD)) as server:
        for _ in range(2):
            await server.ask()
        assert ["stream_options" in request for request in server.requests] == [True, False, False]


async def test_a_complaint_that_nothing_helps_against_is_not_remembered() -> None:
    complaint = error(400, message="max_completion_tokens, max_tokens, stream_options: all wrong")
    async with answering(complaint) as server:
        for _ in range(2):
            assert (await trouble(server, max_output_tokens=9)).trouble is ModelTrouble.REQUEST
        assert ["max_completion_tokens" in request for request in server.requests] == [True, False, False, False] * 2


async def test_a_limit_that_is_about_the_context_stays() -> None:
    async with answering(error(400, message="max_tokens too large: maximum context length is 5")) as server:
        assert (await trouble(server, max_output_tokens=9)).trouble is ModelTrouble.CONTEXT
        assert len(server.requests) == 1


async def test_connections_are_used_again() -> None:
    async def late_end(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(GOOD)
        await asyncio.sleep(0.02)
        return response

    async with answering(late_end) as server:
        for _ in range(3):
            await server.ask()
        assert len(server.ports) == 1


async def test_a_listener_who_leaves_closes_the_connection() -> None:
    gone = asyncio.Event()

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(delta("x"))
                await asyncio.sleep(0.005)
        except (ConnectionError, asyncio.CancelledError):
            gone.set()
            raise

    async with answering(endless) as server:
        events = server.model.stream(ChatRequest("m", []))
        await anext(events)
        await events.aclose()
        await asyncio.wait_for(gone.wait(), 5)
    gc.collect()


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=5))
def test_cuts_between_bytes_change_nothing(data: bytes, cuts: list[int]) -> None:
    """However the network cuts a stream, its events are the same."""
    data = b"data: {" + data + b"}\r\n\r\ndata: x\ndata: y\n\n"
    whole = SseReader()
    expected = [*whole.feed(data), *whole.close()]
    pieces = SseReader()
    bounds = [0, *sorted(cut for cut in cuts if cut <= len(data)), len(data)]
    found = [event for start, end in itertools.pairwise(bounds) for event in pieces.feed(data[start:end])]
    assert [*found, *pieces.close()] == expected


def test_a_line_without_end_is_an_error() -> None:
    reader = SseReader()
    reader.feed(b"data: " + b"x" * 16_000_000)
    with pytest.raises(ValueError, match="too long"):
        reader.feed(b"x" * 1_000_000)
