"""The parameters of a Bot API request, however they were sent (Bot API, "Making requests")."""

from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import BodyPartReader, web

from gptbot.playground.refusals import bad_request

JSON_PARAMETERS = frozenset(
    [
        "allowed_updates",
        "caption_entities",
        "commands",
        "entities",
        "ephemeral_message_parameters",
        "explanation_entities",
        "link_preview_options",
        "media",
        "menu_button",
        "message_ids",
        "options",
        "permissions",
        "prices",
        "question_entities",
        "reaction",
        "reply_markup",
        "reply_parameters",
        "results",
        "rich_message",
        "scope",
        "suggested_post_parameters",
        "suggested_tip_amounts",
        "text_entities",
    ]
)
"""Those that travel as JSON inside a form or query string."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came along in a multipart request."""

    filename: str
    content: bytes
    content_type: str


class Params(dict[str, Any]):
    """Decoded parameters by name; `files` holds what was uploaded, by the name of its part."""

    def __init__(self, values: dict[str, Any], files: dict[str, Upload] | None = None) -> None:
        super().__init__(values)
        self.files = files or {}

    def integer(self, name: str, default: int = 0) -> int:
        """Raises Refusal when it is not a number."""
        value = self.get(name)
        if value is None or value == "":
            return default
        try:
            return int(value)
        except (TypeError, ValueError):
            raise bad_request(f"can't parse parameter {name}: expected a number") from None

    def text(self, name: str) -> str:
        value = self.get(name)
        return "" if value is None else str(value)

    def flag(self, name: str) -> bool:
        return str(self.get(name, "")).lower() in ("true", "1", "yes")

    def array(self, name: str) -> list[Any]:
        value = self.get(name)
        if value is None or value == "":
            return []
        if not isinstance(value, list):
            raise bad_request(f"can't parse {name}: expected an Array")
        return value

    def mapping(self, name: str) -> dict[str, Any]:
        value = self.get(name)
        if value is None or value == "":
            return {}
        if not isinstance(value, dict):
            raise bad_request(f"can't parse {name}: expected an Object")
        return value


async def decode(request: web.Request) -> Params:
    """Query string, form, multipart or JSON body as one set of parameters. Raises Refusal on broken JSON."""
    values: dict[str, Any] = dict(request.query)
    files: dict[str, Upload] = {}
    if request.method == "POST" and request.can_read_body:
        kind = request.content_type
        if kind == "application/json":
            body = _from_json(await request.read(), "request body")
            if not isinstance(body, dict):
                raise bad_request("can't parse request body: expected an Object")
            values |= body
        elif kind == "multipart/form-data":
            await _read_multipart(request, values, files)
        else:
            values |= dict(await request.post())
    for name, value in values.items():
        if isinstance(value, str) and name in JSON_PARAMETERS and value:
            values[name] = _from_json(value.encode(), name)
    return Params(values, files)


async def _read_multipart(request: web.Request, values: dict[str, Any], files: dict[str, Upload]) -> None:
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            raise bad_request("nested multipart is not supported")
        name = part.name or ""
        if part.filename is None:
            values[name] = await part.text()
        else:
            content_type = part.headers.get("Content-Type", "application/octet-stream")
            files[name] = Upload(part.filename, bytes(await part.read()), content_type)


def _from_json(data: bytes, name: str) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise bad_request(f"can't parse {name} JSON object: {error}") from None
