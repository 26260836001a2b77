"""ImageModel over the images API: base64 as today's models answer, or an address as older servers do."""

import base64
import binascii
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import httpx2

from gptbot.domain.wish import Wish
from gptbot.edges.lenient_json import as_dict, loads, scrub
from gptbot.edges.openai_client import OpenAIConnection
from gptbot.ports import ModelError, ModelTrouble, Picture

PICTURE_MAX: Final = 20 * 1024 * 1024
DOWNLOAD_TIMEOUT_S: Final = 60.0

_SIGNATURES: Final = ((b"\x89PNG", "png"), (b"\xff\xd8", "jpeg"), (b"RIFF", "webp"), (b"GIF8", "gif"))


class OpenAIImageModel:
    """Carries out the ImageModel port. `size` and `quality` are sent, where a wish names none, if they are set.

    `timeout_s` is for one picture.
    """

    def __init__(
        self,
        connection: OpenAIConnection,
        model: str,
        *,
        size: str | None = None,
        quality: str | None = None,
        timeout_s: float = 180.0,
    ) -> None:
        self._connection = connection
        self._model = model
        self._size = size
        self._quality = quality
        # A picture that timed out may be paid for: once is enough.
        self._client = connection.client.with_options(timeout=timeout_s, max_retries=1)

    async def draw(self, wish: Wish, original: bytes | None = None) -> Picture:
        """See the port."""
        body: dict[str, Any] = {"model": self._model, "prompt": scrub(wish.prompt), "n": 1}
        options = (("size", wish.size or self._size), ("quality", wish.quality or self._quality))
        body |= {name: value for name, value in options if value is not None}
        with self._connection.errors_as_ports():
            if original is None:
                response = await self._client.post("/images/generations", cast_to=httpx2.Response, body=body)
            else:
                response = await self._client.post(
                    "/images/edits",
                    cast_to=httpx2.Response,
                    body=body,
                    files=[("image", (_filename(original), original, f"image/{_kind(original)}"))],
                    options={"headers": {"Content-Type": "multipart/form-data"}},
                )
            content = await self._content(response.content)
        if not content:
            raise _unreadable("an empty picture")
        return Picture(content, _filename(content))

    async def _content(self, body: bytes) -> bytes:
        try:
            answer = as_dict(loads(body))
        except ValueError as error:
            raise _unreadable(str(error)) from None
        if answer.get("error"):
            raise self._connection.reported(0, answer["error"])
        data = answer.get("data")
        item = as_dict(data[0]) if isinstance(data, list) and data else {}
        if isinstance(encoded := item.get("b64_json"), str) and encoded:
            return _decoded(encoded)
        if isinstance(url := item.get("url"), str) and url:
            return await self._download(url)
        raise _unreadable("no picture in the answer")

    async def _download(self, url: str) -> bytes:
        if url.startswith("data:"):
            head, _, content = url.partition(",")
            return _decoded(content) if head.endswith(";base64") else unquote_to_bytes(content)
        try:
            address = self._client.base_url.join(url)
        except httpx2.InvalidURL:
            raise _unreadable("the picture's address can't be read") from None
        picture = bytearray()
        async with self._connection.http.stream("GET", address, timeout=DOWNLOAD_TIMEOUT_S) as response:
            if response.status_code != 200:
                raise _unreadable(f"the picture's address answered {response.status_code}")
            async for chunk in response.aiter_bytes():
                picture += chunk
                if len(picture) > PICTURE_MAX:
                    raise _unreadable("the picture is larger than 20 MB")
        return bytes(picture)


def _kind(picture: bytes) -> str:
    return next((kind for signature, kind in _SIGNATURES if picture.startswith(signature)), "png")


def _filename(picture: bytes) -> str:
    return f"picture.{_kind(picture)}"


def _decoded(encoded: str) -> bytes:
    if len(encoded) > PICTURE_MAX * 4 // 3 + 4:
        raise _unreadable("the picture is larger than 20 MB")
    try:
        return base64.b64decode(encoded)
    except (binascii.Error, ValueError):
        raise _unreadable("a picture that is not base64") from None


def _unreadable(detail: str) -> ModelError:
    return ModelError(ModelTrouble.SERVER, detail)
