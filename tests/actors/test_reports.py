"""The admin's feed: one message a turn, joined only where Telegram's pace demands it, and never lost (SPEC §5)."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from gptbot.actors import reports
from gptbot.actors.reports import ReportActor
from gptbot.domain.outgoing import Outgoing
from gptbot.domain.records import Account
from gptbot.domain.rules import ReportMode, Rules
from gptbot.domain.transaction import Transaction
from gptbot.edges.database_reader import in_thread
from gptbot.ports import Outcome, RefusalKind, Refused, Unknown, Urgency
from tests.actors.fake_messenger import FakeMessenger
from tests.actors.making_storage import Made, storage_in
from tests.commands.making_account import ADMIN, RULES
from tests.edges.manual_clock import settle

FORMAT = Refused(RefusalKind.FORMAT, "can't parse entities")


class PacedMessenger(FakeMessenger):
    """As Telegram has it: a chat gets `burst` messages at once, then one a second."""

    def __init__(self, made: Made, burst: int) -> None:
        super().__init__()
        self._clock = made.clock
        self._burst = burst
        self._next = made.clock.monotonic()

    async def deliver(self, outgoing: Outgoing, urgency: Urgency = Urgency.ANSWER) -> Outcome:
        now = self._clock.monotonic()
        self._next = max(self._next + 1, now)
        if (wait := self._next - now - self._burst) > 0:
            await self._clock.sleep(wait)
        return await super().deliver(outgoing, urgency)


@dataclass
class Feed:
    made: Made
    messenger: FakeMessenger
    actor: ReportActor

    async def turn(self, *users: int, **values: Any) -> None:
        """Turns of these users are settled, each in a commit of its own."""
        for user in users:
            line = {"kind": "answer", "user": user, "where": "private", "model": "m", "text": f"q{user}"} | values
            await self.made.storage.commit(lambda tx, line=line: tx.report(line))  # type: ignore[misc]  # default

    async def chooses(self, mode: ReportMode) -> None:
        """The main admin picks a mode in /settings."""
        await self.made.storage.commit(lambda tx: tx.set(ADMIN, reports=mode))
        await self.rest()

    async def sent(self) -> list[list[int]]:
        """Whose turns each message tells of."""
        await self.rest()
        return [[int(user) for user in re.findall(r"^(\d+), ", text, re.MULTILINE)] for text in self.messenger.texts()]

    async def stored(self) -> int:
        return len(await self.made.real.reports(10_000))

    async def rest(self) -> None:
        """Until nobody has anything to do but to wait for time; the database works on two threads of its own."""
        real = self.made.real
        for _ in range(30):
            for thread in (real._write_thread, real._read_thread):
                await settle()
                await in_thread(thread, lambda: None)


@asynccontextmanager
async def feed_of(
    made: Made, *, rules: Rules = RULES, burst: int | None = None, messenger: FakeMessenger | None = None
) -> AsyncIterator[Feed]:
    taker = messenger or (FakeMessenger() if burst is None else PacedMessenger(made, burst))
    actor = ReportActor(made.storage, made.real, taker, made.clock, made.supervisor, rules)
    await actor.start()
    yield Feed(made, taker, actor)
    assert made.failures == []


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Made]:
    async with storage_in(tmp_path) as opened:
        yield opened


async def test_every_turn_has_a_message_of_its_own(made: Made) -> None:
    async with feed_of(made) as feed:
        for user in (1, 2, 3):
            await feed.turn(user)
            await feed.rest()
        assert await feed.sent() == [[1], [2], [3]]
        assert {outgoing.chat_id for outgoing, _ in feed.messenger.delivered} == {ADMIN}
        assert await feed.stored() == 0


async def test_what_gathers_while_telegram_lets_wait_is_joined(made: Made) -> None:
    async with feed_of(made, burst=2) as feed:
        for user in range(1, 9):
            await feed.turn(user)
            await feed.rest()
        assert await feed.sent() == [[1], [2]]
        await made.clock.advance(60)
        assert await feed.sent() == [[1], [2], [3], [4, 5, 6, 7, 8]]
        assert await feed.stored() == 0


async def test_a_joined_message_leaves_the_admin_s_chat_room(made: Made) -> None:
    """Under load the feed doesn't take the whole pace of the chat where the admin works."""
    async with feed_of(made) as feed:
        feed.messenger.gate.clear()
        await feed.turn(1)
        await feed.rest()
        await feed.turn(*range(2, 51))
        feed.messenger.gate.set()
        assert [len(users) for users in await feed.sent()] == [1, 20]
        await made.clock.advance(reports.JOINED_PAUSE_S)
        assert [len(users) for users in await feed.sent()] == [1, 20, 20]


async def test_turns_never_wait_for_the_feed(made: Made) -> None:
    async with feed_of(made) as feed:
        feed.messenger.gate.clear()
        await feed.turn(*range(100))  # returns, though Telegram takes nothing
        assert feed.messenger.delivered == []
        assert await feed.stored() == 100


async def test_a_flood_is_caught_up_with_and_nothing_is_left(made: Made) -> None:
    async with feed_of(made) as feed:
        feed.messenger.gate.clear()
        count = reports.BACKLOG_MAX + reports.ROWS_AT_ONCE + 50

        def flood(tx: Transaction) -> None:
            for user in range(count):
                tx.report({"user": user, "tokens": 1})

        await made.storage.commit(flood)
        feed.messenger.gate.set()
        for _ in range(20):
            await feed.rest()
            await made.clock.advance(10)
        assert await feed.stored() == 0
        texts = feed.messenger.texts()
        told = sum(len(users) for users in await feed.sent())
        summed = sum(int(found) for text in texts for found in re.findall(r"and (\d+) requests? more", text))
        assert told + summed == count
        assert len(texts) < 20


async def test_a_small_backlog_is_told_turn_by_turn(made: Made) -> None:
    async with feed_of(made) as feed:
        feed.messenger.gate.clear()
        await feed.turn(*range(1, reports.BACKLOG_MAX + 1))
        feed.messenger.gate.set()
        await feed.rest()
        for _ in range(20):
            await made.clock.advance(10)
            await feed.rest()
        assert [user for users in await feed.sent() for user in users] == list(range(1, reports.BACKLOG_MAX + 1))


async def test_after_a_restart_what_was_left_comes_first(made: Made) -> None:
    stuck = FakeMessenger()
    stuck.gate.clear()
    async with feed_of(made, messenger=stuck) as feed:
        await feed.turn(1, 2)
        await feed.rest()
    async with feed_of(made) as feed:
        await feed.rest()
        await made.clock.advance(10)
        await feed.turn(3)
        assert await feed.sent() == [[1, 2], [3]]


@pytest.mark.parametrize(
    "outcome",
    [
        Refused(RefusalKind.BLOCKED, "bot was blocked"),
        Refused(RefusalKind.GONE, "chat not found"),
        Unknown("connection reset"),
    ],
    ids=["blocked", "gone", "unknown"],
)
async def test_what_telegram_refused_or_may_have_taken_is_not_repeated(made: Made, outcome: Outcome) -> None:
    async with feed_of(made) as feed:
        feed.messenger.plan(ADMIN, outcome)
        await feed.turn(1)
        await feed.rest()
        await feed.turn(2)
        assert await feed.sent() == [[2]]
        assert len(feed.messenger.delivered) == 2
        assert await feed.stored() == 0


async def test_refused_formatting_is_sent_without(made: Made) -> None:
    async with feed_of(made) as feed:
        feed.messenger.plan(ADMIN, FORMAT)
        await feed.turn(1)
        assert await feed.sent() == [[1]]
        assert ["entities" in outgoing.params for outgoing, _ in feed.messenger.delivered] == [True, False]


async def test_a_row_goes_only_after_its_message_left(made: Made) -> None:
    async with feed_of(made) as feed:
        feed.messenger.gate.clear()
        await feed.turn(1)
        await feed.rest()
        assert await feed.stored() == 1
        feed.messenger.gate.set()
        assert await feed.sent() == [[1]]
        assert await feed.stored() == 0


async def test_a_full_disk_neither_repeats_nor_forgets(made: Made) -> None:
    async with feed_of(made) as feed:
        feed.messenger.gate.clear()
        await feed.turn(1)
        made.database.refuse = 3
        feed.messenger.gate.set()
        assert await feed.sent() == [[1]]
        await made.clock.advance(60)
        await feed.turn(2)
        assert await feed.sent() == [[1], [2]]
        assert await feed.stored() == 0


# --- the other settings -----------------------------------------------------------------------------------------------

DIGEST = replace(RULES, reports="digest", report_digest_s=3600.0)


async def test_a_digest_comes_at_its_time_only_if_there_is_something(made: Made) -> None:
    async with feed_of(made, rules=DIGEST) as feed:
        await feed.turn(1, 1, 2)
        await feed.rest()
        assert feed.messenger.texts() == []
        await made.clock.advance(3600)
        await feed.rest()
        assert [text.split("\n")[0] for text in feed.messenger.texts()] == ["3 requests by 2 users: 0 tokens, $0"]
        assert await feed.stored() == 0
        for _ in range(3):
            await made.clock.advance(3600)
            await feed.rest()
        assert len(feed.messenger.texts()) == 1


async def test_off_sends_nothing_and_keeps_nothing(made: Made) -> None:
    await made.storage.commit(lambda tx: tx.report({"user": 1}))
    async with feed_of(made, rules=replace(RULES, reports="off")) as feed:
        assert await feed.stored() == 0
        await made.clock.advance(7200)
        assert feed.messenger.texts() == []
        await feed.actor.stop()


# --- stopping ---------------------------------------------------------------------------------------------------------


async def test_stopping_sends_what_waits(made: Made) -> None:
    async with feed_of(made) as feed:
        await feed.turn(1)
        await feed.actor.stop()
        assert await feed.sent() == [[1]]
        assert await feed.stored() == 0


async def test_a_digest_that_is_not_due_waits_for_the_next_start(made: Made) -> None:
    async with feed_of(made, rules=DIGEST) as feed:
        await feed.turn(1)
        await feed.actor.stop()
        assert feed.messenger.texts() == []
        assert await feed.stored() == 1


async def test_the_main_admins_own_choice_holds_at_once(made: Made) -> None:
    await made.storage.commit(lambda tx: tx.register(ADMIN, Account()))
    async with feed_of(made, rules=DIGEST) as feed:
        await feed.turn(1)
        await made.clock.advance(1800)
        assert await feed.sent() == []
        await feed.chooses("each")
        assert await feed.sent() == [[1]]
        await feed.turn(2)
        assert await feed.sent() == [[1], [2]]
        await feed.chooses("digest")
        await feed.turn(3)
        await made.clock.advance(3599)
        assert len(await feed.sent()) == 2
        await feed.chooses("off")
        await feed.rest()
        assert await feed.stored() == 0
        await made.clock.advance(7200)
        assert len(await feed.sent()) == 2
        await feed.chooses("each")
        await feed.turn(4)
        assert (await feed.sent())[-1] == [4]
        await feed.actor.stop()


async def test_the_choice_outlives_a_restart(made: Made) -> None:
    await made.storage.commit(lambda tx: tx.register(ADMIN, Account(reports="off")))
    async with feed_of(made) as feed:
        await feed.turn(1)
        assert await feed.sent() == []
        assert await feed.stored() == 0
