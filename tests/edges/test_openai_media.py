"""Pictures over real HTTP: base64 and addresses, and what is said when there is none."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from aiohttp import web

from gptbot.domain.wish import Wish
from gptbot.edges import openai_media
from gptbot.edges.openai_client import OpenAIConnection
from gptbot.edges.openai_media import OpenAIImageModel
from gptbot.ports import ModelError, ModelTrouble, Picture
from tests.edges.servers import serving

KEY = "sk-test-key-1234567890"
PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100
JPG = b"\xff\xd8\xff" + b"y" * 100


class Server:
    def __init__(self, status: int, answer: Any) -> None:
        self._status, self._answer = status, answer
        self.requests: list[dict[str, Any]] = []
        self.download_headers: list[str | None] = []
        self.url = ""
        self.model: OpenAIImageModel

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/files/picture":
            self.download_headers.append(request.headers.get("Authorization"))
            return web.Response(body=JPG)
        if request.path == "/files/page":
            return web.Response(body=b"\n<!doctype html><title>expired</title>")
        if request.path == "/files/huge":
            return web.Response(body=b"z" * 5000)
        if request.path == "/v1/images/edits":
            form = dict(await request.post())
            image = form["image"]
            assert isinstance(image, web.FileField)
            self.requests.append(form | {"image": (image.filename, image.content_type, image.file.read())})
            return web.Response(body=orjson.dumps(self._answer), status=self._status)
        if request.path != "/v1/images/generations":
            return web.Response(status=404)
        self.requests.append(orjson.loads(await request.read()))
        answer = orjson.dumps(self._answer).replace(b"URL", self.url.encode())
        return web.Response(body=answer, status=self._status, headers={"retry-after-ms": "1"})


@asynccontextmanager
async def drawing(answer: Any, status: int = 200, **settings: Any) -> AsyncIterator[Server]:
    server = Server(status, answer)
    async with serving(server.handle) as server.url:
        connection = OpenAIConnection(KEY, f"{server.url}/v1")
        server.model = OpenAIImageModel(connection, "painter", **settings)
        try:
            yield server
        finally:
            await connection.close()


def base64_answer(content: bytes) -> dict[str, Any]:
    return {"data": [{"b64_json": base64.b64encode(content).decode()}], "usage": {"something": "new"}}


async def test_base64_is_the_picture() -> None:
    async with drawing(base64_answer(PNG)) as server:
        assert await server.model.draw(Wish("a cat\ud800")) == Picture(PNG, "picture.png")
        assert server.requests == [{"model": "painter", "prompt": "a cat\ufffd", "n": 1}]


async def test_base64_may_come_as_an_address() -> None:
    async with drawing({"data": [{"b64_json": "data:image/png;base64," + base64.b64encode(PNG).decode()}]}) as server:
        assert await server.model.draw(Wish("x")) == Picture(PNG, "picture.png")


async def test_size_and_quality_are_sent_when_set() -> None:
    async with drawing(base64_answer(PNG), size="512x512", quality="low") as server:
        await server.model.draw(Wish("x"))
        assert server.requests[0]["size"] == "512x512"
        assert server.requests[0]["quality"] == "low"
        await server.model.draw(Wish("x", "1024x1536", "high"))
        assert server.requests[1]["size"] == "1024x1536"
        assert server.requests[1]["quality"] == "high"


@pytest.mark.parametrize(("original", "kind"), [(PNG, "png"), (JPG, "jpeg")])
async def test_a_picture_to_be_changed_goes_along(original: bytes, kind: str) -> None:
    async with drawing(base64_answer(PNG), quality="low") as server:
        assert await server.model.draw(Wish("at night", "1024x1536"), original) == Picture(PNG, "picture.png")
        options = {"n": "1", "size": "1024x1536", "quality": "low"}
        image = (f"picture.{kind}", f"image/{kind}", original)
        assert server.requests == [{"model": "painter", "prompt": "at night", "image": image} | options]


async def test_a_change_that_is_refused_says_why() -> None:
    async with drawing({"error": {"code": "moderation_blocked", "message": "x"}}, 400) as server:
        with pytest.raises(ModelError) as caught:
            await server.model.draw(Wish("x"), PNG)
        assert caught.value.trouble is ModelTrouble.CONTENT


@pytest.mark.parametrize("url", ["URL/files/picture", "/files/picture"])
async def test_an_address_is_downloaded_without_the_key(url: str) -> None:
    async with drawing({"data": [{"url": url}]}) as server:
        assert await server.model.draw(Wish("x")) == Picture(JPG, "picture.jpeg")
        assert server.download_headers == [None]


async def test_a_data_address_is_decoded() -> None:
    url = "data:image/gif;base64," + base64.b64encode(b"GIF89a").decode()
    async with drawing({"data": [{"url": url}]}) as server:
        assert await server.model.draw(Wish("x")) == Picture(b"GIF89a", "picture.gif")


@pytest.mark.parametrize(
    ("status", "answer", "kind"),
    [
        (400, {"error": {"code": "moderation_blocked", "message": "Your request was rejected"}}, ModelTrouble.CONTENT),
        (400, {"error": {"code": "content_policy_violation", "message": "x"}}, ModelTrouble.CONTENT),
        (401, {"error": {"message": KEY}}, ModelTrouble.KEY),
        (404, {"error": {"message": "x"}}, ModelTrouble.MODEL),
        (429, {"error": {"message": "x", "code": "insufficient_quota"}}, ModelTrouble.QUOTA),
        (500, {"error": {"message": "x"}}, ModelTrouble.SERVER),
        (200, {"error": {"message": "flagged", "code": "content_filter"}}, ModelTrouble.CONTENT),
        (200, {}, ModelTrouble.SERVER),
        (200, {"data": []}, ModelTrouble.SERVER),
        (200, {"data": [{"b64_json": "%%%x"}]}, ModelTrouble.SERVER),
        (200, {"data": [{"b64_json": "===="}]}, ModelTrouble.SERVER),
        (200, {"data": [{"url": "URL/nowhere"}]}, ModelTrouble.SERVER),
        (200, {"data": [{"url": "URL/files/page"}]}, ModelTrouble.SERVER),
        (200, {"data": [{"url": "ftp://127.0.0.1/x"}]}, ModelTrouble.SERVER),
        (200, {"data": [{"url": "http://[broken"}]}, ModelTrouble.SERVER),
        (200, [1], ModelTrouble.SERVER),
    ],
)
async def test_no_picture_says_why(status: int, answer: Any, kind: ModelTrouble) -> None:
    async with drawing(answer, status) as server:
        with pytest.raises(ModelError) as caught:
            await server.model.draw(Wish("x"))
        assert caught.value.trouble is kind
        assert KEY not in str(caught.value)


async def test_the_providers_reason_is_kept_for_the_log() -> None:
    async with drawing({"error": {"code": "moderation_blocked", "message": "rejected: violence"}}, 400) as server:
        with pytest.raises(ModelError) as caught:
            await server.model.draw(Wish("x"))
        assert "rejected: violence" in caught.value.detail


async def test_a_picture_too_large_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_media, "PICTURE_MAX", 1000)
    for answer in ({"data": [{"url": "URL/files/huge"}]}, base64_answer(b"z" * 5000)):
        async with drawing(answer) as server:
            with pytest.raises(ModelError, match="larger"):
                await server.model.draw(Wish("x"))
