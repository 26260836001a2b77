"""Small servers on loopback that answer what a test tells them to."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Answer = dict[str, Any] | Handler


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """The base URL of a server on loopback that hands every request to `handler`."""
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


def ok(result: Any = True) -> dict[str, Any]:
    return {"ok": True, "result": result}


def no(code: int, description: str, **parameters: Any) -> dict[str, Any]:
    answer: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
    return answer | ({"parameters": parameters} if parameters else {})


async def reset(request: web.Request) -> web.StreamResponse:
    """Reads the request and cuts the connection."""
    await request.read()
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def typed(name: str, value: str) -> Any:
    """A form's field as the JSON it was made of."""
    if name in ("text", "caption", "callback_query_id", "url", "secret_token", "action"):
        return value
    return orjson.loads(value)


class FakeTelegram:
    """Answers each method by what was put into `answers`, else with ok; `calls` is what arrived."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, deque[Answer]] = {}
        self.content_types: list[str] = []
        self._arrival = asyncio.Event()

    def will(self, method: str, *answers: Answer) -> None:
        self.answers.setdefault(method, deque()).extend(answers)

    def params(self, method: str) -> list[dict[str, Any]]:
        return [params for name, params in self.calls if name == method]

    async def called(self, times: int = 1) -> None:
        """Returns when so many calls have arrived."""
        while len(self.calls) < times:
            self._arrival.clear()
            await self._arrival.wait()

    def note(self, method: str, params: dict[str, Any]) -> None:
        self.calls.append((method, params))
        self._arrival.set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        method = request.path.rpartition("/")[2]
        self.content_types.append(request.content_type)
        form = await request.post()
        if request.content_type == "application/x-www-form-urlencoded":
            params = {name: typed(name, str(value)) for name, value in form.items()}
        else:
            params = {
                name: (value.filename, value.file.read()) if isinstance(value, web.FileField) else value
                for name, value in form.items()
            }
        self.note(method, params)
        waiting = self.answers.get(method)
        answer = waiting.popleft() if waiting else ok({"message_id": 100 + len(self.calls)})
        if not isinstance(answer, dict):
            return await answer(request)
        return web.json_response(answer, status=200 if answer["ok"] else answer["error_code"])
