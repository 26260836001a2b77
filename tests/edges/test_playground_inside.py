"""What the page of the demo shows beside the chat, and the trouble it can make."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import pytest
from aiohttp import web

from fsm.prompt_entry import Opened, PromptEntry
from gptbot.app import App
from gptbot.domain.book import DialogKey
from gptbot.playground.bot_api import BotApiServer, Call
from gptbot.playground.demo_bot import DemoBot
from gptbot.playground.inside import Inside, described_call, described_request, watch_data, watch_model
from gptbot.playground.inside_charts import charts
from gptbot.playground.model_api import ModelRequest, ModelServer
from gptbot.playground.page_routes import add_inside
from gptbot.playground.params import Params
from gptbot.playground.trouble import MODEL, TELEGRAM, Trouble
from gptbot.playground.watched_bot import Window

ALICE = 101


@pytest.fixture
async def telegram() -> AsyncIterator[BotApiServer]:
    server = BotApiServer(strict=False)
    server.add_user(ALICE, "Alice")
    await server.start()
    yield server
    await server.stop()


async def test_items_of_a_list_are_numbered_and_the_latest_is_told_when_it_changed() -> None:
    told: list[dict[str, Any]] = []
    inside = Inside(told.append)
    inside.add("log", {"record": 1})
    inside.add("actors", {"items": []})
    inside.add("actors", {"items": []})
    inside.add("log", {"record": 2})
    assert [(event["kind"], event["item"].get("n")) for event in told] == [("log", 1), ("actors", None), ("log", 2)]
    everything = inside.everything()
    assert [item["record"] for item in everything["log"]] == [1, 2]
    assert (everything["actors"], everything["data"]) == ({"items": []}, None)


async def test_data_json_is_shown_each_time_it_has_changed(tmp_path: Path) -> None:
    told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    file = tmp_path / "data.json"
    watching = asyncio.create_task(watch_data(file, Inside(told.put_nowait)))
    for number in (1, 2):
        (tmp_path / "new").write_text(json.dumps({"global": {"requests": number}, "7": {}}))
        (tmp_path / "new").rename(file)
        event = await asyncio.wait_for(told.get(), 5)
        assert event["item"]["entries"] == [("global", {"requests": number}), ("7", {})]
    watching.cancel()


async def test_the_model_is_watched_and_forgets_what_was_shown() -> None:
    model = ModelServer()
    told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    await model.start()
    watching = asyncio.create_task(watch_model(model, Inside(told.put_nowait)))
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{'A' * 400}"}}
    body = {"model": "m", "messages": [{"role": "user", "content": [picture]}]}
    async with aiohttp.ClientSession() as session:
        await (await session.post(f"{model.base_url}/chat/completions", json=body)).read()
    item = (await asyncio.wait_for(told.get(), 5))["item"]
    assert item["path"] == "/v1/chat/completions"
    assert item["body"]["messages"][0]["content"][0]["image_url"]["url"] == "data:image/png;base64,… (316 bytes)"
    assert model.requests[0].body == {}
    watching.cancel()
    await model.stop()


def test_uploads_are_told_by_name_and_size() -> None:
    request = ModelRequest("/v1/audio/transcriptions", {"model": "t"}, {}, 0.0, {"voice.ogg": b"12345"})
    assert described_request(request)["files"] == [{"name": "voice.ogg", "bytes": 5}]


def test_calls_are_told_in_a_line() -> None:
    sent = Call("sendMessage", Params({"chat_id": 5, "text": "x" * 500}), 1.0, {"ok": True, "result": {}}, 0.0123)
    told = described_call(sent)
    assert (told["ok"], told["took_ms"], len(told["words"]), told["updates"]) == (True, 12.3, 160, None)
    poll = Call("getUpdates", Params({}), 1.0, {"ok": True, "result": [{}, {}]}, 1.0)
    assert described_call(poll)["updates"] == 2
    broken = described_call(Call("sendPhoto", Params({}), 1.0))
    assert (broken["ok"], broken["problem"], broken["took_ms"]) == (False, "the connection broke", None)


def test_every_chart_is_told_whole() -> None:
    assert [chart["name"] for chart in charts()] == ["reply_chain", "prompt_entry", "announcement"]
    for chart in charts():
        states = {state["name"]: state for state in chart["states"]}
        last = max(state["rank"] for state in states.values())
        assert chart["steps"]
        assert chart["purpose"]
        assert all(step["source"] in states and step["to"] in states for step in chart["steps"])
        assert all(state["rank"] == last for state in states.values() if state["final"])


async def test_the_window_tells_each_step_and_whose_question_it_was(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    desk = SimpleNamespace(under_way={7: SimpleNamespace(asker=ALICE)})
    dialogs = {DialogKey(5, 5, 0): SimpleNamespace(snapshot={"chart": "announcement", "state": "preview"})}
    storage = SimpleNamespace(book=SimpleNamespace(dialogs=dialogs))
    window = Window(cast(App, SimpleNamespace(_desk=desk, storage=storage)))

    async def turn() -> list[str]:
        return [type(effect).__name__ for effect in window.handle(PromptEntry(), Opened(None, 3))]

    assert await asyncio.create_task(turn(), name="turn 7") == ["AskForPrompt"]
    assert await asyncio.create_task(turn(), name="storage") == ["AskForPrompt"]
    told = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert told[0] == {
        "inside": "step", "chart": "prompt_entry", "event": "Opened", "before": "new", "after": "asking",
        "effects": ["AskForPrompt"], "user": ALICE,
    }  # fmt: skip
    assert told[1]["user"] is None
    dialog = {"chart": "announcement", "state": "preview", "user": 5}
    assert list(window._flows()) == [{"chart": "reply_chain", "state": "asking", "user": ALICE}, dialog]
    del desk.under_way[7]
    assert list(window._flows()) == [dialog]


# --- trouble


async def call(telegram: BotApiServer, method: str, **params: Any) -> tuple[int, Any]:
    url = f"{telegram.url}/bot{telegram.token}/{method}"
    async with aiohttp.ClientSession() as session, session.post(url, json=params) as response:
        return response.status, await response.json()


async def test_while_telegram_answers_429_every_other_message_gets_through(telegram: BotApiServer) -> None:
    trouble = Trouble(telegram, None)
    await trouble.switch("telegram_429", on=True)
    statuses = [(await call(telegram, "sendMessage", chat_id=ALICE, text=text))[0] for text in "abcd"]
    assert statuses == [429, 200, 429, 200]
    assert (await call(telegram, "getMe"))[0] == 200
    await trouble.switch("telegram_429", on=False)
    assert (await call(telegram, "sendMessage", chat_id=ALICE, text="e"))[0] == 200


async def test_while_telegram_is_down_no_call_gets_through_and_the_waiting_poll_ends(telegram: BotApiServer) -> None:
    trouble = Trouble(telegram, None)
    polling = asyncio.create_task(call(telegram, "getUpdates", timeout=30))
    await telegram.until(lambda: telegram.world.updates.poll_waits)
    await trouble.switch("telegram_down", on=True)
    assert (await polling)[1]["result"] == []
    with pytest.raises(aiohttp.ClientError):
        await call(telegram, "getMe")
    await trouble.switch("telegram_down", on=False)
    assert (await call(telegram, "getMe"))[0] == 200


async def test_the_models_switches_set_the_stand_in_and_a_real_model_has_none(telegram: BotApiServer) -> None:
    model = ModelServer()
    trouble = Trouble(telegram, model)
    usual = (model.delay_s, model.tokens_per_s, model.answer)
    assert list(trouble.state) == [*TELEGRAM, *MODEL]
    for name in MODEL:
        await trouble.switch(name, on=True)
    assert model.always == {"cut", "server_error"}
    assert model.delay_s > usual[0]
    assert "never closed" in model.answer({})
    for name in MODEL:
        await trouble.switch(name, on=False)
    assert ((model.delay_s, model.tokens_per_s, model.answer), model.always) == (usual, set())
    assert list(Trouble(telegram, None).state) == list(TELEGRAM)


async def test_switches_are_pressed_over_http_by_json_alone() -> None:
    telegram = BotApiServer(strict=False)
    inside = Inside(telegram.world.changed)
    trouble = Trouble(telegram, None)
    add_inside(telegram.app, inside, trouble, DemoBot([], inside, lambda _: None), {"version": "1"})
    await telegram.start()
    url = f"{telegram.url}/inside/trouble"
    async with aiohttp.ClientSession() as session:
        for body, status in (
            ({"name": "telegram_429", "on": True}, 200),
            ({"name": "nothing", "on": True}, 400),
            ({"on": True}, 400),
        ):
            async with session.post(url, json=body) as response:
                assert response.status == status
        async with session.post(url, data='{"name": "telegram_down", "on": true}') as response:
            assert response.status == web.HTTPUnsupportedMediaType.status_code
        async with session.get(f"{telegram.url}/inside") as response:
            everything = await response.json()
    assert everything["trouble"] == {"telegram_429": True, "telegram_down": False}
    assert (everything["about"], len(everything["charts"])) == ({"version": "1"}, 3)
    await telegram.stop()
