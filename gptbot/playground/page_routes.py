"""The page of the demo over HTTP: its files, what is inside, trouble and the bot's process."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from gptbot.playground.demo_bot import DemoBot
from gptbot.playground.inside import Inside
from gptbot.playground.inside_charts import charts
from gptbot.playground.methods_other import menu
from gptbot.playground.trouble import Trouble
from gptbot.playground.world import World

PAGE = Path(__file__).with_name("page")


def add_page(app: web.Application) -> None:
    """Adds `/` and `/page/<file>`; browsers ask each time whether a file has changed."""
    app.router.add_get("/", _index)
    app.router.add_static("/page", PAGE)
    app.on_response_prepare.append(_never_stale)


def add_menu(app: web.Application, world: World) -> None:
    """Adds `/inside/menu/<user>/<chat>`: the commands that this person is shown there."""

    async def commands(request: web.Request) -> web.Response:
        user_id, chat_id = (int(request.match_info[name]) for name in ("user", "chat"))
        if user_id not in world.users or chat_id not in world.chats:
            raise web.HTTPNotFound
        if world.chats[chat_id].private:
            return _json(menu(world, user_id))
        language = world.users[user_id].get("language_code", "")
        keys = [(scope, 0, 0, code) for scope in ("all_group_chats", "default") for code in (language, "")]
        return _json(next((world.commands[key] for key in keys if key in world.commands), []))

    app.router.add_get("/inside/menu/{user:\\d+}/{chat:-?\\d+}", commands)


def add_inside(app: web.Application, inside: Inside, trouble: Trouble, bot: DemoBot, about: dict[str, Any]) -> None:
    """Adds `/inside` (all of it; `about` is what never changes), `/inside/trouble`, `/inside/kill`, `/inside/start`.

    Only JSON is taken, as under `/control`: another site's page can't send that without asking first.
    """

    async def everything(_: web.Request) -> web.Response:
        return _json({**inside.everything(), "charts": charts(), "about": about})

    async def switch(request: web.Request) -> web.Response:
        try:
            wanted = orjson.loads(await request.read())
            await trouble.switch(str(wanted["name"]), on=bool(wanted["on"]))
        except (LookupError, TypeError, ValueError) as error:
            return _json({"ok": False, "description": str(error)}, status=400)
        inside.add("trouble", trouble.state)
        return _json({"ok": True})

    def act(what: Callable[[], None]) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def done(_: web.Request) -> web.Response:
            what()
            return _json({"ok": True})

        return done

    inside.add("trouble", trouble.state)
    app.router.add_get("/inside", everything)
    for name, handler in (("trouble", switch), ("kill", act(bot.kill)), ("start", act(bot.start))):
        app.router.add_post(f"/inside/{name}", _json_only(handler))


def _json_only(
    handler: Callable[[web.Request], Awaitable[web.Response]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def checked(request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType
        return await handler(request)

    return checked


async def _index(_: web.Request) -> web.FileResponse:
    return web.FileResponse(PAGE / "index.html")


async def _never_stale(request: web.Request, response: web.StreamResponse) -> None:
    if request.path == "/" or request.path.startswith("/page/"):
        response.headers["Cache-Control"] = "no-cache"


def _json(body: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")
