"""/metrics and /health beside the running bot (SPEC §10)."""

import socket

import aiohttp
import orjson
import pytest

from gptbot.errors import OperatorError
from gptbot.playground.world import Json
from tests.domain.test_measures import read
from tests.stories.conftest import ADMIN, House

MODEL = ("model", "gpt-6-luna")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


async def ask(port: int, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as response:
        return response.status, await response.text()


async def health(port: int) -> tuple[int, Json]:
    status, text = await ask(port, "/health")
    return status, orjson.loads(text)


async def metrics(port: int) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    status, text = await ask(port, "/metrics")
    assert status == 200
    return read(text)


async def test_what_the_bot_does_is_counted(house: House) -> None:
    port = free_port()
    await house.start(METRICS_PORT=str(port))
    alice = await house.member(101, "Alice", "alice")
    assert await health(port) == (200, {"status": "ok"})
    await alice.says("What is 2 + 2?")
    await alice.sees("")
    await alice.says("/balance")
    await alice.sees("Your balance")
    found = await metrics(port)
    assert found["gptbot_turns_total", (MODEL, ("outcome", "settled"))] == 1
    assert found["gptbot_turn_seconds_count", ()] == found["gptbot_first_text_seconds_count", ()] == 1
    assert found["gptbot_tokens_total", (MODEL, ("kind", "output"))] > 0
    assert found["gptbot_cost_dollars_total", (MODEL,)] > 0
    assert found["gptbot_telegram_calls_total", (("method", "sendMessage"), ("outcome", "ok"))] >= 3
    assert found["gptbot_storage_commit_seconds_count", ()] > 3
    assert found["gptbot_users", ()] == 2
    assert found["gptbot_user_actors", ()] == 1
    assert found["gptbot_questions_waiting", ()] == 0
    assert found["gptbot_resident_memory_bytes", ()] > 10_000_000
    for name in ("outbox_waiting", "inbox_open", "reports_waiting", "storage_waiting", "data_file_lag_seconds"):
        assert (f"gptbot_{name}", ()) in found


async def test_nobody_else_can_reach_them(house: House) -> None:
    port = free_port()
    await house.start(METRICS_PORT=str(port))
    await house.member(101, "Alice")
    assert (await health(port))[0] == 200
    with socket.socket() as other, pytest.raises(ConnectionRefusedError):
        other.connect(("127.0.0.2", port))  # loopback too, but not the one address that was bound


async def test_nobody_is_named_in_the_metrics(house: House) -> None:
    port = free_port()
    await house.start(METRICS_PORT=str(port))
    alice = await house.member(10_101, "Alice", "alice")
    await alice.says("my secret question")
    await alice.sees("")
    _, text = await ask(port, "/metrics")
    assert not [word for word in ("Alice", "alice", "10101", str(ADMIN), "secret") if word in text]


async def test_troubles_show(house: House) -> None:
    port = free_port()
    await house.start(METRICS_PORT=str(port))
    alice = await house.member(101, "Alice")
    house.telegram.faults.next("sendMessage", "429", retry_after=1)
    house.model.next_fault("invalid_key")
    await alice.says("Hello?")
    await alice.sees("")
    status, told = await health(port)
    assert (status, told["status"]) == (503, "trouble")
    assert told["troubles"] == ["the model can't be used (key)"]
    found = await metrics(port)
    assert found["gptbot_model_troubles_total", (MODEL, ("trouble", "key"))] == 1
    assert found["gptbot_telegram_calls_total", (("method", "sendMessage"), ("outcome", "flood"))] == 1
    assert found["gptbot_telegram_flood_wait_seconds_total", ()] == 1
    await alice.says("And now?")
    await alice.sees("And now?")
    assert await health(port) == (200, {"status": "ok"})


async def test_lost_polling_is_a_trouble_until_updates_come_again(house: House) -> None:
    port = free_port()
    await house.start(METRICS_PORT=str(port))
    house.telegram.faults.next("getUpdates", "5xx")
    alice = await house.member(101, "Alice")  # what she says ends the poll that is open; the next one fails
    polls = house.telegram.calls_of
    failed = await house.telegram.until(lambda: [call for call in polls("getUpdates") if call.answer and not call.ok])
    await house.telegram.until(lambda: polls("getUpdates")[-1].at > failed[0].at)
    assert await health(port) == (503, {"status": "trouble", "troubles": ["no updates come (502: Bad Gateway)"]})
    await alice.says("/balance")
    await alice.sees("Your balance")
    assert await health(port) == (200, {"status": "ok"})


async def test_a_port_that_is_taken_stops_the_start_with_one_sentence(house: House) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        await house.start(METRICS_PORT=str(port))
        with pytest.raises(OperatorError, match=f"can't be offered at 127.0.0.1:{port} .*METRICS_PORT"):
            await house.ended()


async def test_without_the_setting_nothing_listens(house: House) -> None:
    await house.start()
    assert "metrics.listening" not in [line["event"] for line in house.logs]


@pytest.mark.parametrize("streaming", ["auto", "edits", "off"])
async def test_the_wide_event_of_a_turn_counts_its_telegram_calls(house: House, streaming: str) -> None:
    await house.start(STREAMING=streaming)
    alice = await house.member(101, "Alice")
    house.model.answer = lambda body: "word " * 2_000  # two messages
    house.model.tokens_per_s = 2_000.0
    before = len(house.telegram.calls)
    await alice.says("Tell me a lot")
    await alice.sees("word")
    await house.stop()  # lets the turn get through
    (turn,) = [line for line in house.logs if line["event"] == "turn.finished"]
    made = [call.method for call in house.telegram.calls[before:] if call.params.get("chat_id")]
    assert turn["telegram_calls"] == len(made) >= turn["messages"]
