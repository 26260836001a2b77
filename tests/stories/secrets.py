"""Looks for the keys of the stories in everything that a run leaves: log, messages, files (DESIGN §8, 9)."""

import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import structlog

from gptbot.playground.bot_api import BotApiServer
from gptbot.redaction import Redactor


def written(records: Sequence[Any], keys: Iterable[str]) -> str:
    """Captured log records as the bot's own log would have them."""
    out = io.StringIO()
    redactor = Redactor(keys)
    for record in records:
        line = structlog.processors.JSONRenderer(default=repr)(None, "info", dict(record))
        out.write(redactor.text(line if isinstance(line, str) else line.decode()))
    return out.getvalue()


def leaks(
    keys: Sequence[str], telegram: BotApiServer, folder: Path, records: Sequence[Any] = (), log: str = ""
) -> list[str]:
    """Where a key is found; a key is also what stands behind a bot token's colon."""
    parts = {part for key in keys for part in (key, key.rpartition(":")[2])}
    places = list(_places(telegram, folder))
    places += [("the captured log", written(records, keys).encode()), ("the log", log.encode())]
    return [place for place, content in places if any(part.encode() in content for part in parts)]


def _places(telegram: BotApiServer, folder: Path) -> Iterator[tuple[str, bytes]]:
    for call in telegram.calls:
        yield f"the call {call.method}", repr(call.params).encode()
    for name, file in telegram.world.files.items():
        yield f"the file {name}", file.content
    for path in folder.rglob("*"):
        if path.is_file():
            yield f"{path.name}", path.read_bytes()
