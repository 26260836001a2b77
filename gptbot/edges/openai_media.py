"""ImageModel over the images API: base64 as today's models answer, or an address as older servers do."""

import base64
import binascii
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import httpx2

from gptbot.domain.wish import Wish
from gptbot.edges.lenient_json import as_dict, loads, scrub
from gptbot.edges.media_kinds import picture_kind
from gptbot.edges.openai_client import OpenAIConnection, read_at_most, unreadable
from gptbot.ports import Picture

PICTURE_MAX: Final = 20 * 1024 * 1024
DOWNLOAD_TIMEOUT_S: Final = 60.0


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
                    files=[("image", (_filename(original), original, f"image/{picture_kind(original)}"))],
                    options={"headers": {"Content-Type": "multipart/form-data"}},
                )
            content = await self._content(response.content)
        if content.lstrip()[:1] in (b"", b"<", b"{"):
            raise unreadable("an empty picture, or a page and no picture")
        return Picture(content, _filename(content))

    async def _content(self, body: bytes) -> bytes:
        try:
            answer = as_dict(loads(body))
        except ValueError as error:
            raise unreadable(str(error)) from None
        if answer.get("error"):
            raise self._connection.reported(0, answer["error"])
        data = answer.get("data")
        item = as_dict(data[0]) if isinstance(data, list) and data else {}
        if isinstance(encoded := item.get("b64_json"), str) and encoded:
            return _decoded(encoded.partition(";base64,")[2] or encoded)  # some servers send a whole data: URL
        if isinstance(url := item.get("url"), str) and url:
            return await self._download(url)
        raise unreadable("no picture in the answer")

    async def _download(self, url: str) -> bytes:
        if url.startswith("data:"):
            head, _, content = url.partition(",")
            return _decoded(content) if head.endswith(";base64") else unquote_to_bytes(content)
        try:
            address = self._client.base_url.join(url)
        except httpx2.InvalidURL:
            raise unreadable("the picture's address can't be read") from None
        async with self._connection.http.stream("GET", address, timeout=DOWNLOAD_TIMEOUT_S) as response:
            if response.status_code != 200:
                raise unreadable(f"the picture's address answered {response.status_code}")
            return await read_at_most(response, PICTURE_MAX)


def _filename(picture: bytes) -> str:
    return f"picture.{picture_kind(picture)}"


def _decoded(encoded: str) -> bytes:
    if len(encoded) > PICTURE_MAX * 4 // 3 + 4:
        raise unreadable("the picture is larger than 20 MB")
    try:
        return base64.b64decode(encoded)
    except (binascii.Error, ValueError):
        raise unreadable("a picture that is not base64") from None
