"""The poll loop: recorded before it is confirmed, nothing blocks it, and the operator is told what is wrong."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from gptbot.domain.updates import Me
from gptbot.edges.telegram_api import TelegramApi
from gptbot.edges.telegram_decode import RawUpdate
from gptbot.edges.telegram_in import Poller
from gptbot.errors import OperatorError
from gptbot.ports import StorageUnavailable
from tests.edges.manual_clock import ManualClock, settle
from tests.edges.servers import Answer, FakeTelegram, no, ok, reset, serving, typed

ME = Me(42, "gptbot")


def update(update_id: Any, **fields: Any) -> dict[str, Any]:
    message = {"message_id": 1, "from": {"id": 7, "first_name": "A"}, "chat": {"id": 7, "type": "private"}, "text": "x"}
    return {"update_id": update_id, "message": message | fields}


class Inbox:
    """Records, or fails as often as it is told to."""

    def __init__(self) -> None:
        self.recorded: list[int] = []
        self.raw: list[bytes] = []
        self.failures = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked = asyncio.Event()

    async def record(self, updates: list[RawUpdate]) -> None:
        self.asked.set()
        await self.gate.wait()
        if self.failures:
            self.failures -= 1
            raise StorageUnavailable("disk full")
        self.recorded += [update.update_id for update in updates]
        self.raw += [update.raw for update in updates]


class Polling:
    def __init__(self, fake: FakeTelegram, inbox: Inbox, clock: ManualClock, poller: Poller) -> None:
        self.fake, self.inbox, self.clock, self.poller = fake, inbox, clock, poller

    @property
    def offsets(self) -> list[int | None]:
        return [params.get("offset") for params in self.fake.params("getUpdates")]

    async def until(self, done: Callable[[], bool]) -> None:
        """Runs the loop, with time jumping ahead, until `done`; then cancels it."""
        task = asyncio.ensure_future(self.poller.run())

        async def watch() -> None:
            while not done() and not task.done():
                await asyncio.sleep(0.001)

        try:
            await self.clock.finish(watch())
        finally:
            task.cancel()
            results = await asyncio.gather(task, return_exceptions=True)
        if not isinstance(results[0], asyncio.CancelledError):
            raise results[0]  # type: ignore[misc]  # run() ends by an exception only


@asynccontextmanager
async def polling(*answers: Answer) -> AsyncIterator[Polling]:
    fake, inbox, clock = FakeTelegram(), Inbox(), ManualClock()
    fake.will("getUpdates", *answers)

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("getUpdates") and not fake.answers["getUpdates"]:
            fake.note("getUpdates", {name: typed(name, str(value)) for name, value in (await request.post()).items()})
            await asyncio.Event().wait()  # a long poll without news
        return await fake.handle(request)

    async with serving(handle) as url:
        api = TelegramApi("1:t", url)
        try:
            yield Polling(fake, inbox, clock, Poller(api, ME, inbox.record, clock))
        finally:
            await api.close()


async def test_an_update_is_recorded_before_it_is_confirmed() -> None:
    async with polling(ok([update(10), update(11)])) as p:
        p.inbox.gate.clear()
        task = asyncio.ensure_future(p.poller.run())
        await p.inbox.asked.wait()
        await settle()
        assert p.offsets == [None]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        p.inbox.gate.set()
        p.fake.will("getUpdates", ok([update(10), update(11)]))
        await p.until(lambda: len(p.offsets) == 3)
        assert p.offsets == [None, None, 12]
        assert p.inbox.recorded == [10, 11]


async def test_the_json_is_handed_on_as_it_came() -> None:
    async with polling(ok([update(10, unheard_of={"x": 1.5})])) as p:
        await p.until(lambda: len(p.offsets) == 2)
        assert orjson.loads(p.inbox.raw[0]) == update(10, unheard_of={"x": 1.5})


async def test_it_asks_for_what_the_bot_reads_and_waits_long() -> None:
    async with polling() as p:
        await p.until(lambda: len(p.offsets) == 1)
        params = p.fake.params("getUpdates")[0]
        assert params["allowed_updates"] == [
            "message",
            "edited_message",
            "callback_query",
            "my_chat_member",
            "stopped_message_generation",
            "pre_checkout_query",
        ]
        assert params["timeout"] == 50


async def test_an_update_that_cant_be_read_is_skipped_and_said() -> None:
    with capture_logs() as logs:
        async with polling(ok([update(1), update(2, chat=None), update(3)]), ok([update(4, chat={})])) as p:
            await p.until(lambda: len(p.offsets) == 3)
            assert p.inbox.recorded == [1, 3]
            assert p.offsets == [None, 4, 5]
    assert [(line["event"], line["update_id"]) for line in logs] == [
        ("update.undecodable", 2),
        ("update.undecodable", 4),
    ]


async def test_what_cant_be_recorded_is_kept_and_recorded_later() -> None:
    with capture_logs() as logs:
        async with polling(ok([update(1), update(2)])) as p:
            p.inbox.failures = 5
            await p.until(lambda: len(p.offsets) == 2)
            assert p.inbox.recorded == [1, 2]
            assert p.offsets == [None, 3]
    assert [line["event"] for line in logs] == ["inbox.not_recorded", "inbox.recorded_again"]


async def test_trouble_is_waited_out_and_said_once() -> None:
    trouble: list[Answer] = [no(502, "Bad Gateway")] * 8
    with capture_logs() as logs:
        async with polling(*trouble, ok([update(1)])) as p:
            await p.until(lambda: len(p.offsets) == 10)
            assert p.inbox.recorded == [1]
            assert 20 < sum(p.clock.slept[:8]) < 120
            assert max(p.clock.slept) <= 30
    assert [line["event"] for line in logs] == ["poll.lost", "poll.back"]


async def test_a_cut_connection_is_no_reason_to_stop() -> None:
    async with polling(reset, ok({"not": "a list"}), ok([update(1)])) as p:
        await p.until(lambda: bool(p.inbox.recorded))


async def test_flood_control_is_obeyed() -> None:
    async with polling(no(429, "Too Many Requests", retry_after=13), ok([update(1)])) as p:
        await p.until(lambda: bool(p.inbox.recorded))
        assert p.clock.slept[0] == 13


@pytest.mark.parametrize("answer", [no(401, "Unauthorized"), no(404, "Not Found")])
async def test_a_refused_token_stops_with_a_clear_word(answer: Answer) -> None:
    async with polling(answer) as p:
        with pytest.raises(OperatorError, match="TELEGRAM_API_KEY") as caught:
            await p.until(lambda: False)
        assert caught.value.exit_status == 2


async def test_another_instance_is_explained_and_waited_for() -> None:
    conflict = no(409, "Conflict: terminated by other getUpdates request; make sure that only one bot is running")
    with capture_logs() as logs:
        async with polling(conflict, conflict, ok([update(1)])) as p:
            await p.until(lambda: bool(p.inbox.recorded))
    assert [line["event"] for line in logs] == ["poll.lost", "poll.back"]
    assert "another instance" in logs[0]["reason"]


async def test_a_webhook_in_the_way_is_deleted_without_losing_updates() -> None:
    conflict = no(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook")
    async with polling(conflict, ok([update(1)])) as p:
        await p.until(lambda: bool(p.inbox.recorded))
        assert p.fake.params("deleteWebhook") == [{"drop_pending_updates": False}]


async def test_a_server_that_does_not_wait_or_repeats_itself_is_not_run_hot() -> None:
    same: list[Answer] = [ok([update(1)])] * 3
    async with polling(ok([]), ok([]), *same, ok([update(2)])) as p:
        await p.until(lambda: 2 in p.inbox.recorded)
        assert len(p.clock.slept) >= 4
