"""The people's side over HTTP, for the page of the demo: acts at `/control/<act>`, what happens as server-sent events.

Only JSON requests are taken: another site's page in the same browser can't send those without asking first. Bytes in
them (`content`, and each of `contents`) are base64.
"""

import asyncio
import base64
import binascii
import inspect
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from gptbot.playground.methods_other import menu
from gptbot.playground.people import People
from gptbot.playground.world import Callback, Checkout, Json

if TYPE_CHECKING:
    from gptbot.playground.bot_api import BotApiServer

ACTS = frozenset(
    [
        "send_text",
        "edit_text",
        "send_photo",
        "send_album",
        "send_document",
        "send_voice",
        "send_audio",
        "send_video",
        "send_video_note",
        "send_upload",
        "send_sticker",
        "send_location",
        "send_contact",
        "send_poll",
        "press",
        "pay_bill",
        "stop_draft",
        "pin",
        "unpin",
        "react",
        "block",
        "unblock",
        "forward_text",
        "add_user",
        "add_topic",
        "push_raw",
    ]
)


def add_routes(app: web.Application, server: "BotApiServer", closing: asyncio.Event) -> None:
    """Adds `/control/events`, `/control/menu/<user>`, `/control/files/<id>` and `/control/<act>`."""

    async def events(request: web.Request) -> web.StreamResponse:
        return await _stream_events(request, server, closing)

    async def act(request: web.Request) -> web.Response:
        return await _act(request, server)

    async def commands(request: web.Request) -> web.Response:
        user_id = int(request.match_info["user_id"])
        return _json(menu(server.world, user_id) if user_id in server.world.users else [])

    async def file(request: web.Request) -> web.Response:
        found = server.world.files.get(request.match_info["file_id"])
        if found is None:
            raise web.HTTPNotFound
        headers = {"X-Content-Type-Options": "nosniff"}
        if not found.mime_type.startswith("image/") or "svg" in found.mime_type:
            headers["Content-Disposition"] = "attachment"
        return web.Response(body=found.content, content_type=found.mime_type, headers=headers)

    app.router.add_get("/control/events", events)
    app.router.add_get("/control/menu/{user_id:\\d+}", commands)
    app.router.add_get("/control/files/{file_id}", file)
    app.router.add_post("/control/{act}", act)


async def _act(request: web.Request, server: People) -> web.Response:
    name = request.match_info["act"]
    if name not in ACTS:
        raise web.HTTPNotFound
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    method = getattr(server, name)
    try:
        arguments = orjson.loads(await request.read())
        if "content" in arguments:
            arguments["content"] = base64.b64decode(arguments["content"], validate=True)
        if "contents" in arguments:
            arguments["contents"] = [base64.b64decode(content, validate=True) for content in arguments["contents"]]
        bound = inspect.signature(method).bind(**arguments)
        result = method(*bound.args, **bound.kwargs)
    except (TypeError, ValueError, LookupError, binascii.Error) as error:
        return _json({"ok": False, "description": str(error)}, status=400)
    return _json({"ok": True, "result": _plain(result)})


def _plain(result: Any) -> Any:
    return result.id if isinstance(result, Callback | Checkout) else result


async def _stream_events(request: web.Request, server: People, closing: asyncio.Event) -> web.StreamResponse:
    """Everything at first (so that a page that comes back is right again), then each change."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await response.prepare(request)
    queue: asyncio.Queue[Json] = asyncio.Queue()
    queue.put_nowait(server.world.snapshot())
    server.world.listeners.add(queue)
    closed = asyncio.create_task(closing.wait(), name="playground events end")
    arrival: asyncio.Task[Json] | None = None
    try:
        while not closing.is_set():
            arrival = asyncio.create_task(queue.get(), name="playground event")
            await asyncio.wait((arrival, closed), return_when=asyncio.FIRST_COMPLETED)
            if not arrival.done():
                break
            await response.write(b"data: " + orjson.dumps(arrival.result()) + b"\n\n")
    except ConnectionResetError:
        pass  # the page was closed
    finally:
        closed.cancel()
        if arrival is not None:
            arrival.cancel()
        server.world.listeners.discard(queue)
    return response


def _json(body: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")
