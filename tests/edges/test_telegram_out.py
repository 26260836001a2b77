"""The Messenger over real HTTP: what is waited out, what is told, and what is never sent twice."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from gptbot.domain import outgoing
from gptbot.domain.outgoing import Outgoing, Text
from gptbot.domain.updates import Place
from gptbot.edges.pacing import Limits
from gptbot.edges.telegram_api import TelegramApi, TelegramRefusal
from gptbot.edges.telegram_out import TelegramMessenger
from gptbot.edges.telegram_refusals import refusal_kind
from gptbot.ports import Outcome, RefusalKind, Refused, Sent, Unknown, Urgency
from tests.edges.manual_clock import ManualClock
from tests.edges.servers import Answer, FakeTelegram, no, ok, reset, serving

HELLO = outgoing.message(Place(7), Text("hello"))


class Line:
    def __init__(self, fake: FakeTelegram, clock: ManualClock, messenger: TelegramMessenger) -> None:
        self.fake, self.clock, self.messenger = fake, clock, messenger

    async def deliver(self, *calls: Outgoing, urgency: Urgency = Urgency.ANSWER) -> tuple[list[Outcome], float]:
        """The outcomes and the seconds that it took."""
        outcomes: list[Outcome] = []

        async def work() -> None:
            outcomes.extend([await self.messenger.deliver(call, urgency) for call in calls])

        return outcomes, await self.clock.finish(work())


@asynccontextmanager
async def line(*answers: Answer, method: str = "sendMessage") -> AsyncIterator[Line]:
    fake, clock = FakeTelegram(), ManualClock()
    fake.will(method, *answers)
    async with serving(fake.handle) as url:
        api = TelegramApi("1:t", url)
        try:
            yield Line(fake, clock, TelegramMessenger(api, clock, Limits()))
        finally:
            await api.close()


@pytest.mark.parametrize(
    ("result", "message_id"),
    [({"message_id": 9}, 9), ([{"message_id": 9}, {"message_id": 10}], 9), (True, 0), ({}, 0), ([], 0)],
)
async def test_what_was_sent_has_its_message_id(result: object, message_id: int) -> None:
    async with line(ok(result)) as tg:
        assert (await tg.deliver(HELLO))[0] == [Sent(message_id)]


async def test_a_large_file_has_time_to_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    """20 MB on a line of 1 Mbit/s take 160 s."""
    allowed: list[float] = []

    async def call(*_: object, timeout_s: float) -> dict[str, int]:
        allowed.append(timeout_s)
        return {"message_id": 1}

    monkeypatch.setattr(TelegramApi, "call", call)
    async with line() as tg:
        await tg.deliver(HELLO, outgoing.media(Place(7), "document", "x", bytes(20_000_000)))
    assert allowed[0] == 60
    assert allowed[1] > 160


async def test_flood_control_is_a_wait_and_not_a_failure() -> None:
    flood = no(429, "Too Many Requests: retry after 8", retry_after=8)
    async with line(flood, flood, ok({"message_id": 1})) as tg:
        outcomes, seconds = await tg.deliver(HELLO)
        assert outcomes == [Sent(1)]
        assert seconds == pytest.approx(16)
        assert len(tg.fake.calls) == 3


async def test_only_the_flooded_chat_waits() -> None:
    async with line(no(429, "Too Many Requests", retry_after=60)) as tg:
        held = asyncio.ensure_future(tg.messenger.deliver(HELLO))
        await tg.fake.called()
        assert isinstance(await tg.messenger.deliver(outgoing.message(Place(8), Text("x"))), Sent)
        assert not held.done()
        await tg.clock.finish(held)


async def test_a_429_without_a_time_is_waited_out_too() -> None:
    async with line(no(429, "Flood"), no(429, "Flood")) as tg:
        outcomes, seconds = await tg.deliver(HELLO)
        assert isinstance(outcomes[0], Sent)
        assert seconds > 1


async def test_server_trouble_and_a_token_being_mended_are_waited_out() -> None:
    trouble: list[Answer] = [no(502, "Bad Gateway"), no(500, "Internal"), no(401, "Unauthorized"), no(503, "x")]
    with capture_logs() as logs:
        async with line(*trouble) as tg:
            outcomes, seconds = await tg.deliver(HELLO)
            assert isinstance(outcomes[0], Sent)
            assert seconds > 4
    assert [entry["event"] for entry in logs][:1] == ["delivery.lost"]
    assert [entry["event"] for entry in logs][-1:] == ["delivery.back"]


async def test_an_unreachable_server_is_tried_until_cancelled() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        api, clock = TelegramApi("1:t", f"http://127.0.0.1:{unused.getsockname()[1]}"), ManualClock()
        messenger = TelegramMessenger(api, clock)
        task = asyncio.ensure_future(messenger.deliver(HELLO))
        while len(clock.slept) < 10:
            await asyncio.sleep(0.002)
            await clock.advance(30)
        assert max(clock.slept) <= 30
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await api.close()


async def test_an_unknown_outcome_is_told_and_never_sent_again() -> None:
    async with line(reset) as tg:
        outcomes, _ = await tg.deliver(HELLO)
        assert isinstance(outcomes[0], Unknown)
        assert len(tg.fake.calls) == 1


async def test_a_group_that_moved_is_followed() -> None:
    async with line(no(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1009)) as tg:
        outcomes, _ = await tg.deliver(outgoing.message(Place(-9, "group"), Text("x")))
        assert isinstance(outcomes[0], Sent)
        assert outcomes[0].moved_to == -1009
        assert [params["chat_id"] for params in tg.fake.params("sendMessage")] == [-9, -1009]


async def test_a_group_that_moves_for_ever_is_given_up() -> None:
    moved: list[Answer] = [no(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-9)] * 9
    async with line(*moved) as tg:
        outcomes, _ = await tg.deliver(outgoing.message(Place(-9, "group"), Text("x")))
        assert isinstance(outcomes[0], Refused)


async def test_a_deleted_topic_is_left_out_once() -> None:
    gone = no(400, "Bad Request: message thread not found")
    async with line(gone, ok({"message_id": 3}), gone) as tg:
        topic = outgoing.message(Place(-9, "supergroup", 5), Text("x"))
        assert (await tg.deliver(topic))[0] == [Sent(3)]
        assert "message_thread_id" not in tg.fake.params("sendMessage")[1]
        assert isinstance((await tg.deliver(outgoing.message(Place(-9, "supergroup"), Text("x"))))[0][0], Refused)


REFUSALS = [
    (400, "Bad Request: can't parse entities: Can't find end of the entity", RefusalKind.FORMAT),
    (400, "Bad Request: message is too long", RefusalKind.FORMAT),
    (400, "Bad Request: message text is empty", RefusalKind.FORMAT),
    (400, "Bad Request: text must be non-empty", RefusalKind.FORMAT),
    (400, "Bad Request: MESSAGE_TOO_LONG", RefusalKind.FORMAT),
    (400, "Bad Request: ENTITY_BOUNDS_INVALID", RefusalKind.FORMAT),
    (400, "Bad Request: ENTITIES_TOO_LONG", RefusalKind.FORMAT),
    (400, "Bad Request: BUTTON_DATA_INVALID", RefusalKind.FORMAT),
    (400, "Bad Request: message caption is too long", RefusalKind.FORMAT),
    (400, "Bad Request: PHOTO_INVALID_DIMENSIONS", RefusalKind.FORMAT),
    (400, "Bad Request: file of size 14000000 bytes is too big for a photo; the maximum size is", RefusalKind.FORMAT),
    (400, "Bad Request: not enough rights to send photos to the chat", RefusalKind.FORMAT),
    (400, "Bad Request: CHAT_SEND_PHOTOS_FORBIDDEN", RefusalKind.FORMAT),
    (403, "Forbidden: bot was blocked by the user", RefusalKind.BLOCKED),
    (403, "Forbidden: bot can't initiate conversation with a user", RefusalKind.BLOCKED),
    (403, "Forbidden: user is deactivated", RefusalKind.GONE),
    (400, "Bad Request: chat not found", RefusalKind.GONE),
    (403, "Forbidden: bot was kicked from the supergroup chat", RefusalKind.GONE),
    (403, "Forbidden: bot is not a member of the channel chat", RefusalKind.GONE),
    (400, "Bad Request: not enough rights to send text messages to the chat", RefusalKind.GONE),
    (400, "Bad Request: PEER_ID_INVALID", RefusalKind.GONE),
    (400, "Bad Request: CHAT_WRITE_FORBIDDEN", RefusalKind.GONE),
    (403, "Forbidden: something new", RefusalKind.GONE),
    (400, "Bad Request: message to edit not found", RefusalKind.MESSAGE_GONE),
    (400, "Bad Request: message to copy not found", RefusalKind.MESSAGE_GONE),
    (400, "Bad Request: there are no messages to forward", RefusalKind.MESSAGE_GONE),  # what copyMessages says
    (400, "Bad Request: message can't be edited", RefusalKind.MESSAGE_GONE),
    (400, "Bad Request: MESSAGE_ID_INVALID", RefusalKind.MESSAGE_GONE),
    (
        400,
        "Bad Request: query is too old and response timeout expired or query ID is invalid",
        RefusalKind.MESSAGE_GONE,
    ),
    (400, "Bad Request: message is not modified: specified new message content and", RefusalKind.NOT_MODIFIED),
    (404, "Not Found: method not found", RefusalKind.UNSUPPORTED),
    (404, "Not Found", RefusalKind.UNSUPPORTED),
    (413, "Request Entity Too Large", RefusalKind.FORMAT),
    (400, "Bad Request: wrong file identifier/HTTP URL specified", RefusalKind.OTHER),
    (400, "", RefusalKind.OTHER),
]


@pytest.mark.parametrize(("status", "description", "kind"), REFUSALS)
def test_a_refusal_is_told_by_its_wording(status: int, description: str, kind: RefusalKind) -> None:
    assert refusal_kind(TelegramRefusal(status, description)) is kind


async def test_a_refusal_is_an_outcome_with_its_kind() -> None:
    async with line(no(403, "Forbidden: bot was blocked by the user")) as tg:
        outcomes, _ = await tg.deliver(HELLO)
        assert outcomes == [Refused(RefusalKind.BLOCKED, "Forbidden: bot was blocked by the user")]


async def test_a_call_that_is_not_valid_is_a_matter_of_form() -> None:
    async with line() as tg:
        outcomes, _ = await tg.deliver(Outgoing("sendMessage", {"chat_id": 7, "text": None}))
        assert isinstance(outcomes[0], Refused)
        assert outcomes[0].kind is RefusalKind.FORMAT
        assert tg.fake.calls == []


async def test_answers_leave_in_a_burst_and_then_by_the_second() -> None:
    async with line() as tg:
        outcomes, seconds = await tg.deliver(*[HELLO] * 8)
        assert len(outcomes) == 8
        assert seconds == pytest.approx(3)


async def test_a_hint_is_tried_once_and_its_loss_harms_nobody() -> None:
    typing = outgoing.chat_action(Place(7), "typing")
    answers: list[Answer] = [reset, no(500, "x"), no(400, "y"), no(429, "z", retry_after=5)]
    async with line(*answers, method="sendChatAction") as tg:
        for _ in range(6):
            await tg.messenger.hint(typing)
        assert len(tg.fake.calls) == 4  # after the 429 the chat is left alone
        await tg.clock.advance(5)
        for _ in range(60):
            await tg.messenger.hint(typing)
        assert len(tg.fake.calls) == 4 + 20


async def test_answers_to_buttons_are_not_bound_to_a_chat() -> None:
    async with line() as tg:
        for n in range(50):
            await tg.messenger.hint(outgoing.callback_answer(str(n)))
        assert len(tg.fake.calls) == 50


async def test_reachable_returns_when_telegram_answers() -> None:
    async with line(no(502, "Bad Gateway"), reset, no(502, "x"), ok({"id": 1}), method="getMe") as tg:
        assert await tg.clock.finish(tg.messenger.reachable()) > 1
        assert len(tg.fake.calls) == 4


# --- frames of a growing answer --------------------------------------------------------------------------------------

GONE_TOPIC = "Bad Request: message thread not found"
DRAFT = outgoing.draft(Place(7, thread_id=3), 5, Text("so far"))


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (ok(True), Sent()),
        (no(500, "x"), None),
        (no(429, "Too Many Requests", retry_after=5), None),
        (no(404, "Not Found: method not found"), Refused(RefusalKind.UNSUPPORTED, "Not Found: method not found")),
        # nor does it wander out of its topic
        (no(400, GONE_TOPIC), Refused(RefusalKind.GONE, GONE_TOPIC)),
    ],
)
async def test_a_frame_is_tried_once(answer: Answer, outcome: Outcome | None) -> None:
    async with line(answer, method="sendMessageDraft") as tg:
        assert await tg.messenger.frame(DRAFT) == outcome
        assert len(tg.fake.calls) == 1


async def test_a_frame_whose_connection_broke_may_have_been_shown() -> None:
    async with line(reset) as tg:
        assert isinstance(await tg.messenger.frame(HELLO), Unknown)


async def test_a_429_of_a_frame_holds_the_chat() -> None:
    async with line(no(429, "Too Many Requests", retry_after=5), method="sendMessageDraft") as tg:
        assert tg.messenger.frame_may_leave(7, draft=True)
        await tg.messenger.frame(DRAFT)
        assert not tg.messenger.frame_may_leave(7, draft=True)
        assert not tg.messenger.frame_may_leave(7, draft=False)
        assert tg.messenger.frame_may_leave(8, draft=True)
        _, seconds = await tg.deliver(HELLO)
        assert seconds == pytest.approx(5)
