"""What the page shows beside the chat: what the bot logs, keeps, calls and is asked, as it happens.

It goes to the page over the same stream as the chats do (`/control/events`, events of type "inside"). A page that has
just been opened asks for all of it once (`everything`).
"""

import asyncio
import math
import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import orjson

from gptbot.playground.bot_api import Call
from gptbot.playground.model_api import ModelRequest, ModelServer
from gptbot.playground.world import Json

KEPT: Final = {"log": 600, "call": 400, "step": 200, "model": 40}
"""Lists that grow, and how many of each are kept."""
LATEST: Final = ("data", "flows", "actors", "bot", "trouble")
"""Of these only the newest counts."""
FILE_LOOKED_AT_EVERY_S = 0.2
WORDS_SHOWN = 160
INLINE_FILE = re.compile(r"^(data:[\w.+/-]+;base64,)(.{80}).*$", re.DOTALL)


class Inside:
    """`tell` is given every event; the items of a list carry `at` (seconds since 1970) and `n`, so that none is shown
    twice."""

    def __init__(self, tell: Callable[[Json], None]) -> None:
        self._tell = tell
        self._lists: dict[str, deque[Json]] = {kind: deque(maxlen=size) for kind, size in KEPT.items()}
        self._latest: dict[str, Any] = dict.fromkeys(LATEST)
        self._number = 0

    def add(self, kind: str, item: Json) -> None:
        """One more of a list of KEPT, or the newest of LATEST."""
        if kind in self._lists:
            self._number += 1
            item = {"n": self._number, "at": time.time(), **item}
            self._lists[kind].append(item)
        elif item == self._latest[kind]:
            return
        else:
            self._latest[kind] = item
        self._tell({"type": "inside", "kind": kind, "item": item})

    def everything(self) -> Json:
        return {**{kind: list(items) for kind, items in self._lists.items()}, **self._latest}


def described_call(call: Call) -> Json:
    """A call of the bot, short enough for a line; `took_ms` None: it was left without an answer."""
    params, answer = call.params, call.answer
    result = answer.get("result") if answer else None
    words = params.get("text") or params.get("caption") or params.get("action") or ""
    return {
        "method": call.method,
        "chat_id": params.get("chat_id"),
        "words": str(words)[:WORDS_SHOWN],
        "ok": call.ok,
        "problem": "" if call.ok else (answer or {}).get("description", "the connection broke"),
        "took_ms": None if call.took_s is None else round(call.took_s * 1000, 1),
        "updates": len(result) if call.method.lower() == "getupdates" and isinstance(result, list) else None,
    }


def described_request(request: ModelRequest) -> Json:
    """What the model was sent, whole but for the bytes of files."""
    files = [{"name": name, "bytes": len(content)} for name, content in request.files.items()]
    return {"path": request.path, "body": _without_bytes(dict(request.body)), "files": files}


async def watch_model(model: ModelServer, inside: Inside) -> None:
    """Shows each request to the stand-in; what was shown is forgotten there."""
    seen = 0
    while True:
        request = await model.requested(seen + 1, timeout_s=math.inf)
        inside.add("model", described_request(request))
        model.requests[seen] = replace(request, body={}, headers={}, files={})
        seen += 1


async def watch_data(path: Path, inside: Inside) -> None:
    """Shows data.json each time it has changed."""
    known: object = None
    while True:
        if (mark := _mark(path)) != known:
            known = mark
            if (content := _read(path)) is not None:
                inside.add("data", content)
        await asyncio.sleep(FILE_LOOKED_AT_EVERY_S)


def _mark(path: Path) -> object:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_mtime_ns, stat.st_ino


def _read(path: Path) -> Json | None:
    """The users as pairs: JavaScript would sort an object's numeric keys."""
    try:
        content: Json = orjson.loads(path.read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):  # it is edited by hand just now
        return None
    return {"entries": list(content.items())}


def _without_bytes(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_bytes(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_bytes(inner) for inner in value]
    if isinstance(value, str) and (found := INLINE_FILE.match(value)):
        return f"{found[1]}… ({len(value) * 3 // 4} bytes)"
    return value
