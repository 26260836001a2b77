"""A stand-in for Telegram's Bot API on loopback: the bot talks to it over HTTP as it would to Telegram.

The demo and the tests use the same one. `BotApiServer` has two sides: the bot's (HTTP, `/bot<token>/<method>`) and
the people's (`send_text`, `press`, `block`, ... of `People`; over HTTP under `/control`). Texts of refusals are
Telegram's own. What it does not know: parse_mode (refused), rich messages but as Markdown, payments but in
Stars, inline mode.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from aiohttp import web

from gptbot.playground import control, methods, methods_files, methods_other, pins, reactions, stars
from gptbot.playground.faults import Fault, Faults, RateLimits
from gptbot.playground.params import Params, decode
from gptbot.playground.people import People
from gptbot.playground.refusals import Refusal, too_many_requests
from gptbot.playground.serving import LoopbackServer, reset_connection
from gptbot.playground.updates import UpdateQueue, encoded
from gptbot.playground.world import Json, World

T = TypeVar("T")

TOKEN = "42:stand-in-token"  # noqa: S105 - opens nothing but this stand-in
METHODS = {
    name.lower(): method
    for module in (methods, methods_files, methods_other, stars, pins, reactions)
    for name, method in module.METHODS.items()
}
UPDATE_METHODS = frozenset(("getupdates", "setwebhook", "deletewebhook", "getwebhookinfo"))
HINTS = frozenset(("sendchataction", "sendmessagedraft"))
PACED = ("send", "copy", "forward", "editmessage")
BODY_BYTES_MAX = 60_000_000


@dataclass(slots=True)
class Call:
    """A request of the bot. `at`: monotonic seconds when it came; `answer`: the JSON sent back, None until then.

    `took_s`: until the answer was ready (or the connection broken).
    """

    method: str
    params: Params
    at: float
    answer: Json | None = None
    took_s: float | None = None

    @property
    def ok(self) -> bool:
        return bool(self.answer and self.answer["ok"])


class BotApiServer(People):
    """The server. `strict` checks each request against aiogram's classes (slow to start: imports aiogram).

    Settable at any time: `delay_s` before each answer, `limits` (None: no rate limits), `without` (methods that this
    server does not know), `faults`, `on_call` (told each call when it is over). To look at: `calls`,
    `unknown_parameters`, `world`.
    """

    def __init__(
        self,
        token: str = TOKEN,
        *,
        strict: bool = True,
        record: bool = True,
        bot_id: int = 42,
        username: str = "playground_bot",
        name: str = "Playground",
        first_update_id: int = 1,
        first_message_id: int = 1,
    ) -> None:
        me = {
            "id": bot_id,
            "is_bot": True,
            "first_name": name,
            "username": username,
            "can_join_groups": True,
            "can_read_all_group_messages": True,
            "supports_inline_queries": False,
        }
        world = World(me, UpdateQueue(first_update_id), next_message_id=first_message_id, record=record)
        world.updates.on_wait = world.wake
        super().__init__(world)
        self.token = token
        self.strict = strict
        self.faults = Faults()
        self.limits: RateLimits | None = None
        self.without: set[str] = set()
        self.delay_s = 0.0
        self.calls: list[Call] = []
        self.on_call: Callable[[Call], None] = lambda _: None
        self.unknown_parameters: list[str] = []
        self.app = web.Application(client_max_size=BODY_BYTES_MAX)
        self.app.router.add_route("*", "/bot{token}/{method}", self._serve_method)
        self.app.router.add_get("/file/bot{token}/{kind}/{file_id}/{name}", self._serve_file)
        self._server = LoopbackServer(self.app)
        control.add_routes(self.app, self, self._server.closing)
        self._monotonic: Callable[[], float] = time.monotonic

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Starts to listen (port 0: any free one) and returns the address. Raises OSError when the port is taken."""
        if self.strict:
            await asyncio.to_thread(__import__, "gptbot.playground.strict")
        return await self._server.start(host, port)

    @property
    def url(self) -> str:
        """`http://host:port`, what TELEGRAM_API_URL takes."""
        return self._server.url

    async def stop(self) -> None:
        """Ends waiting polls and hanging requests and frees the port. What is in `world` stays."""
        await self.world.updates.close()
        await self._server.stop()

    async def until(self, predicate: Callable[[], T], timeout_s: float = 5.0) -> T:
        """The first true value of `predicate`, looked at at each change of the state or of `calls`."""
        return await self.world.until(predicate, timeout_s)

    def calls_of(self, *names: str) -> list[Call]:
        """The recorded calls of these methods, oldest first."""
        wanted = {name.lower() for name in names}
        return [call for call in self.calls if call.method.lower() in wanted]

    # --- the bot's side

    async def _serve_method(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        if request.match_info["token"] != self.token:
            return _response(Refusal(401, "Unauthorized").answer())
        try:
            params = await decode(request)
        except Refusal as refusal:
            return _response(refusal.answer())
        call = Call(method, params, self._monotonic())
        if self.world.record:
            self.calls.append(call)
        self.world.wake()
        fault = self.faults.take(method, params)
        try:
            if fault is not None:
                return await self._fail(request, call, fault)
            return await self._answer(call, await self._perform(call))
        finally:
            call.took_s = self._monotonic() - call.at
            self.on_call(call)

    async def _answer(self, call: Call, body: Json) -> web.Response:
        call.answer = body
        self.world.wake()
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        return _response(body)

    async def _perform(self, call: Call) -> Json:
        """Carries the call out; a refusal is an answer as well."""
        method, params = call.method.lower(), call.params
        try:
            known = method in METHODS or method in UPDATE_METHODS
            if not known or method in {name.lower() for name in self.without}:
                raise Refusal(404, "Not Found: method not found")
            if self.strict:
                self._check(call)
            self._pace(method, params)
            if method in UPDATE_METHODS:
                return {"ok": True, "result": await self._updates_method(method, params)}
            return {"ok": True, "result": METHODS[method](self.world, params)}
        except Refusal as refusal:
            return refusal.answer()

    def _check(self, call: Call) -> None:
        from gptbot.playground import strict  # aiogram takes seconds to import: only where it was asked for

        unknown = strict.unknown_parameters(call.method, call.params)
        self.unknown_parameters.extend(f"{call.method}.{name}" for name in unknown)

    def _pace(self, method: str, params: Params) -> None:
        if self.limits is None or not method.startswith(PACED):
            return
        chat = self.world.chats.get(params.integer("chat_id"))
        if chat is not None:
            now, hint = self._monotonic(), method in HINTS
            wait_s = self.limits.retry_after(chat.id, now, private=chat.private, hint=hint)
            if wait_s is not None:
                raise too_many_requests(wait_s)

    async def _updates_method(self, method: str, params: Params) -> Any:
        updates = self.world.updates
        kinds = params.array("allowed_updates") if "allowed_updates" in params else None
        if method == "getupdates":
            updates.allow(kinds)
            limit, timeout_s = params.integer("limit", 100), params.integer("timeout")
            return await updates.fetch(params.integer("offset"), limit, timeout_s)
        if method == "getwebhookinfo":
            return updates.info()
        url = params.text("url") if method == "setwebhook" else ""
        await updates.set_webhook(
            url, params.text("secret_token"), kinds, drop_pending=params.flag("drop_pending_updates")
        )
        return True

    async def _fail(self, request: web.Request, call: Call, fault: Fault) -> web.StreamResponse:
        options = fault.options
        match fault.kind:
            case "429":
                return await self._answer(call, too_many_requests(int(options.get("retry_after", 1))).answer())
            case "5xx":
                return await self._answer(call, Refusal(int(options.get("status", 502)), "Bad Gateway").answer())
            case "refuse":
                status, description = int(options.get("status", 400)), str(options["description"])
                return await self._answer(call, Refusal(status, description).answer())
            case "slow":
                body = await self._perform(call)
                await asyncio.sleep(float(options.get("seconds", 1.0)))
                return await self._answer(call, body)
            case "raw":
                return web.Response(body=options["body"], status=int(options.get("status", 200)))
            case "wrong_json":
                return web.Response(text="<html><body>It works!</body></html>", content_type="text/html")
            case "reset_after":
                call.answer = await self._perform(call)
            case "hang":
                await self._server.closing.wait()
        return reset_connection(request)

    async def _serve_file(self, request: web.Request) -> web.Response:
        file = self.world.files.get(request.match_info["file_id"])
        if request.match_info["token"] != self.token or file is None:
            return _response(Refusal(404, "Not Found").answer())
        return web.Response(body=file.content, content_type="application/octet-stream")


def _response(body: Json) -> web.Response:
    status = 200 if body["ok"] else body["error_code"]
    return web.Response(body=encoded(body), status=status, content_type="application/json")
