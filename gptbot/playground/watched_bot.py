"""The bot's process in the demo: main.py as it is, with a window into it (`python -m ... <main.py> <arguments>`).

Beside the log it writes lines {"inside": kind, ...} to stdout: each step of a chart, the live flows, the actors.
"""

import asyncio
import os
import runpy
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

import orjson

from fsm.flow import Flow
from gptbot.app import App

Work = Callable[[], Awaitable[None]]

LOOK_EVERY_S = 0.1
LASTING = ("updates", "directory", "storage", "data_writer", "reports", "broadcast", "menu")
"""Actors that live as long as the bot, in the order of an update's way."""

run_app, handle_event = App.run, Flow.handle


async def run_watched(self: App, updates: Work, beside: Sequence[Work] = ()) -> None:
    """App.run, with the window open."""
    window = Window(self)
    setattr(Flow, "handle", window.handle)  # noqa: B010 (not typed as a method; the only way to see each step)
    await run_app(self, updates, [*beside, window.look])


class Window:
    """Reads what the app holds, changes nothing."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._turns: dict[str, str] = {}  # the state of each turn under way, by its task's name
        self._told: dict[str, Any] = {}

    @property
    def handle(self) -> Callable[[Flow[Any, Any], Any], list[Any]]:
        def handle(flow: Flow[Any, Any], event: Any) -> list[Any]:
            before = flow.state
            effects = handle_event(flow, event)
            self._stepped(flow, event, before, effects)
            return effects

        return handle

    async def look(self) -> None:
        demo = os.getppid()
        while True:
            if os.getppid() != demo:  # killed without a word: the bot must not stay behind
                self._app.request_stop()
            self._tell_news("actors", list(self._actors()))
            self._tell_news("flows", list(self._flows()))
            await asyncio.sleep(LOOK_EVERY_S)

    def _stepped(self, flow: Flow[Any, Any], event: Any, before: str, effects: list[Any]) -> None:
        task = asyncio.current_task()
        name = task.get_name() if task else ""
        if name.startswith("turn "):
            self._turns[name] = flow.state
        step = {"chart": flow.chart.name, "event": type(event).__name__, "before": before, "after": flow.state}
        tell("step", step | {"effects": [type(effect).__name__ for effect in effects], "user": self._asker(name)})
        if flow.done:
            self._turns.pop(name, None)

    def _asker(self, task: str) -> int | None:
        update_id = task.removeprefix("turn ")
        found = self._app._desk.under_way.get(int(update_id)) if update_id.isdigit() else None
        return found.asker if found else None

    def _flows(self) -> Iterator[dict[str, Any]]:
        self._turns = {name: state for name, state in self._turns.items() if self._asker(name) is not None}
        for name, state in self._turns.items():
            yield {"chart": "reply_chain", "state": state, "user": self._asker(name)}
        for key, dialog in self._app.storage.book.dialogs.items():
            yield {"chart": dialog.snapshot["chart"], "state": dialog.snapshot["state"], "user": key.user}

    def _actors(self) -> Iterator[dict[str, Any]]:
        app = self._app
        alive = {task.get_name() for task in app._above._tasks | app._below._tasks}
        for name in LASTING:
            if name in alive:
                yield {"name": name, "waiting": app.storage.waiting if name == "storage" else 0, "busy": False}
        for user, (actor, _) in app._directory._actors.items():
            current = actor._queue._current
            doing = type(current[1]).__name__.lower() if current else ""
            waiting = actor._mailbox.qsize()
            yield {
                "name": f"user {user}", "waiting": waiting, "busy": actor._busy, "user": user,
                "questions": len(actor._queue._waiting), "doing": doing,
            }  # fmt: skip
        for chat, lane in app._delivery._lanes.items():
            yield {"name": f"delivery {chat}", "waiting": len(lane), "busy": True, "chat": chat}

    def _tell_news(self, kind: str, items: list[dict[str, Any]]) -> None:
        if items != self._told.get(kind):
            self._told[kind] = items
            tell(kind, {"items": items})


def tell(kind: str, what: dict[str, Any]) -> None:
    """A line for the demo, whole, so that it never mixes with the log's."""
    sys.stdout.buffer.write(orjson.dumps({"inside": kind, **what}) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    App.run = run_watched  # type: ignore[method-assign]  # that is how the window gets in
    sys.argv = sys.argv[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")
