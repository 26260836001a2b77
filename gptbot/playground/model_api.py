"""A stand-in for an OpenAI-compatible server on loopback: chat completions, images, sound, models.

By default any key and any model are taken and the answer shows which context it was given.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import BodyPartReader, web

from gptbot.playground.model_answers import default_answer, tokens
from gptbot.playground.model_content import check_messages, pictures_in
from gptbot.playground.model_faults import (
    ERROR_KINDS,
    KINDS,
    ModelFault,
    ModelFaultKind,
    ModelRefusal,
    invalid_key,
    model_not_found,
    refusal_of,
    unknown_argument,
    unsupported_parameter,
)
from gptbot.playground.model_media import check_originals, drawn, prompt_of, spoken, transcribed
from gptbot.playground.model_stream import reply_to, stream_reply
from gptbot.playground.png import picture
from gptbot.playground.serving import LoopbackServer, reset_connection


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """A request that came. `at`: monotonic seconds; `body`: its JSON, or the form fields of an upload."""

    path: str
    body: Mapping[str, Any]
    headers: Mapping[str, str]
    at: float
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def pictures(self) -> list[bytes]:
        """The pictures in the messages of a question, in order. Raises ModelRefusal where one is none."""
        return list(pictures_in(self.body))


class ModelServer:
    """The server. Settable at any time:

    `answer` (request body → text), `transcript` (file name, bytes → text), `delay_s` before the first token,
    `tokens_per_s` (None: at once), `gate` (answers wait for this event: before the first token, or, streaming, after
    `holds_after` of them), `models` (None: any), `key` (None: any), `images_as` ("b64_json" like the GPT
    image models, "url" like older servers), `blind` (ids of models that take no pictures), `always` (fault kinds that
    each request meets), `next_fault(...)`.
    To look at: `requests`.
    """

    def __init__(self, key: str | None = None, *, record: bool = True) -> None:
        self.key = key
        self.record = record
        self.answer: Callable[[Mapping[str, Any]], str] = default_answer
        self.transcript: Callable[[str, bytes], str] = lambda _name, _content: "This is what was said."
        self.delay_s = 0.0
        self.tokens_per_s: float | None = None
        self.gate: asyncio.Event | None = None
        self.holds_after: int | None = None
        self.models: dict[str, dict[str, Any]] | None = None
        self.images_as = "b64_json"
        self.blind: set[str] = set()
        self.always: set[ModelFaultKind] = set()
        self.requests: list[ModelRequest] = []
        self._faults: list[ModelFault] = []
        self._pictures: dict[str, bytes] = {}
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []
        self._number = 0
        app = self.app = web.Application(client_max_size=60_000_000)
        app.router.add_post("/v1/chat/completions", self._handler(self._chat))
        app.router.add_post("/v1/images/generations", self._handler(self._image))
        app.router.add_post("/v1/images/edits", self._handler(self._edit))
        app.router.add_post("/v1/audio/transcriptions", self._handler(self._transcribe))
        app.router.add_post("/v1/audio/speech", self._handler(self._speak))
        app.router.add_get("/v1/models", self._handler(self._list_models))
        app.router.add_get("/v1/models/{model}", self._handler(self._one_model))
        app.router.add_get("/pictures/{name}", self._serve_picture)
        self._server = LoopbackServer(app)

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Starts to listen (port 0: any free one) and returns the address. Raises OSError when the port is taken."""
        return await self._server.start(host, port)

    @property
    def url(self) -> str:
        """`http://host:port`."""
        return self._server.url

    @property
    def base_url(self) -> str:
        """What OPENAI_BASE_URL takes: the address with `/v1`."""
        return f"{self.url}/v1"

    async def stop(self) -> None:
        await self._server.stop()

    def next_fault(self, kind: ModelFaultKind, times: int = 1, *, on: str = "", **options: Any) -> None:
        """The next `times` POST requests, those on a path with `on` in it ("chat", "images"), meet this fault."""
        if kind not in KINDS:
            raise ValueError(f"unknown fault {kind!r}")
        self._faults.extend([ModelFault(kind, options, on)] * times)

    async def requested(self, count: int = 1, timeout_s: float = 5.0) -> ModelRequest:
        """Waits until `count` requests have come in all; returns the last of them. Raises TimeoutError."""
        if len(self.requests) < count:
            arrival: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((count, arrival))
            async with asyncio.timeout(timeout_s):
                await arrival
        return self.requests[count - 1]

    # --- requests

    def _handler(
        self, endpoint: Callable[[web.Request, ModelRequest, ModelFault | None], Any]
    ) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                came = await self._read(request)
                self._check_key(request)
                fault = self._take_fault(came) if request.method == "POST" else None
                if fault is not None and fault.kind == "hang":
                    await self._server.closing.wait()
                if fault is not None and fault.kind in ("hang", "reset"):
                    return reset_connection(request)
                if fault is not None and fault.kind == "wrong_json":
                    return web.Response(text="<html>It works!</html>", content_type="text/html")
                response: web.StreamResponse = await endpoint(request, came, fault)
            except ModelRefusal as refusal:
                return _refused(refusal)
            return response

        return handle

    async def _read(self, request: web.Request) -> ModelRequest:
        body: dict[str, Any] = {}
        files: dict[str, bytes] = {}
        if request.content_type == "multipart/form-data":
            async for part in await request.multipart():
                if isinstance(part, BodyPartReader) and part.filename is not None:
                    files[part.filename] = bytes(await part.read())
                elif isinstance(part, BodyPartReader):
                    body[part.name or ""] = await part.text()
        elif request.can_read_body:
            try:
                body = orjson.loads(await request.read())
            except orjson.JSONDecodeError:
                raise ModelRefusal(400, "We could not parse the JSON body of your request.") from None
        came = ModelRequest(request.path, body, dict(request.headers), time.monotonic(), files)
        if self.record:
            self.requests.append(came)
            for count, arrival in [waiting for waiting in self._waiting if len(self.requests) >= waiting[0]]:
                self._waiting.remove((count, arrival))
                if not arrival.done():
                    arrival.set_result(None)
        return came

    def _check_key(self, request: web.Request) -> None:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.key is not None and given != self.key:
            raise invalid_key(f"{given[:3]}***")

    def _take_fault(self, came: ModelRequest) -> ModelFault | None:
        """The next fault, or one that is there always. Errors are raised here."""
        body = came.body
        fault = next((waiting for waiting in self._faults if waiting.on in came.path), None)
        if fault is not None:
            self._faults.remove(fault)
        kinds = self.always | ({fault.kind} if fault else set())
        if "only_max_tokens" in kinds and "max_completion_tokens" in body:
            raise unknown_argument("max_completion_tokens")
        if "only_max_completion_tokens" in kinds and "max_tokens" in body:
            raise unsupported_parameter("max_tokens", "max_completion_tokens")
        if "rejects_stream_options" in kinds and "stream_options" in body:
            raise unknown_argument("stream_options")
        if fault is None:
            fault = next((ModelFault(kind) for kind in sorted(self.always)), None)
        if fault is not None and fault.kind in ERROR_KINDS:
            raise refusal_of(fault, body)
        return fault

    def _check_model(self, body: Mapping[str, Any]) -> None:
        model = body.get("model")
        if not isinstance(model, str):
            raise ModelRefusal(400, "you must provide a model parameter", param="model")
        if self.models is not None and model not in self.models:
            raise model_not_found(model)

    # --- endpoints

    async def _chat(self, request: web.Request, came: ModelRequest, fault: ModelFault | None) -> web.StreamResponse:
        body = came.body
        self._check_model(body)
        check_messages(body, sees=body["model"] not in self.blind)
        if body.get("stream_options") and not body.get("stream"):
            raise ModelRefusal(400, "The 'stream_options' parameter is only allowed when 'stream' is enabled.")
        self._number += 1
        reply = reply_to(body, self.answer, fault, self._number)
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        gate, holds_after = self.gate, self.holds_after
        if gate is not None and holds_after is None:
            await gate.wait()
        kind = fault.kind if fault else None
        if body.get("stream") and kind != "ignores_stream":
            hold = (holds_after, gate) if gate is not None and holds_after is not None else None
            return await stream_reply(request, reply, self.tokens_per_s, hold)
        if kind == "cut":
            return reset_connection(request)
        return _json(reply.whole())

    async def _image(self, _: web.Request, came: ModelRequest, __: ModelFault | None) -> web.Response:
        self._check_model(came.body)
        prompt = prompt_of(came.body, self.images_as)
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        content = picture(prompt)
        if (came.body.get("response_format") or self.images_as) != "url":
            return _json(drawn(prompt, content))
        name = f"{len(self._pictures) + 1}.png"
        self._pictures[name] = content
        return _json({"created": int(time.time()), "data": [{"url": f"{self.url}/pictures/{name}"}]})

    async def _edit(self, request: web.Request, came: ModelRequest, fault: ModelFault | None) -> web.Response:
        """A change of the pictures that came along: looks at them, and draws the prompt."""
        check_originals(came.files)
        return await self._image(request, came, fault)

    async def _transcribe(self, _: web.Request, came: ModelRequest, __: ModelFault | None) -> web.Response:
        self._check_model(came.body)
        text = transcribed(came.files, self.transcript)
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        if came.body.get("response_format") == "text":
            return web.Response(text=text)
        return _json({"text": text, "usage": {"type": "tokens", "total_tokens": tokens(text)}})

    async def _speak(self, _: web.Request, came: ModelRequest, __: ModelFault | None) -> web.Response:
        self._check_model(came.body)
        answer = spoken(came.body)
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        return answer

    async def _list_models(self, _: web.Request, __: ModelRequest, ___: ModelFault | None) -> web.Response:
        models = self.models if self.models is not None else {"playground": {}}
        return _json({"object": "list", "data": [_model(name, more) for name, more in models.items()]})

    async def _one_model(self, request: web.Request, _: ModelRequest, __: ModelFault | None) -> web.Response:
        name = request.match_info["model"]
        if self.models is not None and name not in self.models:
            raise model_not_found(name)
        return _json(_model(name, (self.models or {}).get(name, {})))

    async def _serve_picture(self, request: web.Request) -> web.Response:
        content = self._pictures.get(request.match_info["name"])
        if content is None:
            raise web.HTTPNotFound
        return web.Response(body=content, content_type="image/png")


def _model(name: str, more: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "playground", **more}


def _json(body: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")


def _refused(refusal: ModelRefusal) -> web.Response:
    response = _json(refusal.body(), refusal.status)
    if refusal.retry_after_s is not None:
        response.headers["retry-after"] = str(refusal.retry_after_s)
    return response
