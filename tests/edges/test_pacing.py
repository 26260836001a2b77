"""How fast calls may leave: bursts, budgets, holds and who is bound by what."""

import asyncio
import itertools

from hypothesis import given
from hypothesis import strategies as st

from gptbot.edges.pacing import Backoff, Limits, Pace, TokenBucket, Window
from gptbot.ports import Urgency
from tests.edges.manual_clock import ManualClock

ANSWER, ANNOUNCEMENT = Urgency.ANSWER, Urgency.ANNOUNCEMENT


async def times(pace: Pace, clock: ManualClock, chats: list[int], urgency: Urgency = ANSWER) -> list[float]:
    """When each of these calls left, in seconds from now, each asking after the one before has left."""
    start, left = clock.monotonic(), []

    async def call() -> None:
        for chat in chats:
            await pace.turn(chat, urgency)
            left.append(round(clock.monotonic() - start, 3))

    await clock.finish(call())
    return left


async def test_a_private_chat_takes_a_burst_and_then_one_a_second() -> None:
    clock = ManualClock()
    assert await times(Pace(clock, Limits()), clock, [7] * 8) == [0, 0, 0, 0, 0, 1, 2, 3]


async def test_a_group_takes_twenty_a_minute() -> None:
    clock = ManualClock()
    assert await times(Pace(clock, Limits()), clock, [-7] * 21) == [0] * 20 + [60]


async def test_answers_to_many_chats_leave_at_once() -> None:
    clock = ManualClock()
    assert await times(Pace(clock, Limits()), clock, list(range(1, 501))) == [0] * 500


async def test_announcements_keep_the_pace() -> None:
    clock = ManualClock()
    left = await times(Pace(clock, Limits(announcements_per_s=10)), clock, list(range(1, 31)), ANNOUNCEMENT)
    assert left == [n / 10 for n in range(30)]


async def test_many_announcers_together_keep_the_pace() -> None:
    clock = ManualClock()
    pace, start, left = Pace(clock, Limits()), clock.monotonic(), []

    async def call(chat: int) -> None:
        await pace.turn(chat, ANNOUNCEMENT)
        left.append(clock.monotonic() - start)

    await clock.finish(asyncio.gather(*(call(chat) for chat in range(1, 101))))
    assert all(later - earlier > 0.039 for earlier, later in itertools.pairwise(left))


async def test_announcements_yield_to_answers_but_not_for_long_after_them() -> None:
    clock = ManualClock()
    pace = Pace(clock, Limits(overall_per_s=30))
    await times(pace, clock, list(range(1, 1001)))
    assert 0.5 < (await times(pace, clock, [5000], ANNOUNCEMENT))[0] <= 1.1


async def test_every_message_of_an_album_counts() -> None:
    clock = ManualClock()
    pace = Pace(clock, Limits(announcements_per_s=20, overall_per_s=1000))
    await pace.turn(7, ANNOUNCEMENT, 10)
    assert 0.4 < (await times(pace, clock, [8], ANNOUNCEMENT))[0] < 0.6


async def test_a_held_chat_waits_and_others_do_not() -> None:
    clock = ManualClock()
    pace = Pace(clock, Limits())
    pace.hold(7, 30, ANSWER)
    assert await times(pace, clock, [8]) == [0]
    assert not pace.hint(7)
    assert await times(pace, clock, [7]) == [30]
    assert pace.hint(7)


async def test_a_hold_on_an_announcement_holds_all_announcements() -> None:
    clock = ManualClock()
    pace = Pace(clock, Limits())
    pace.hold(7, 5, ANNOUNCEMENT)
    assert await times(pace, clock, [8]) == [0]
    assert (await times(pace, clock, [9], ANNOUNCEMENT))[0] == 5


async def test_hints_have_a_budget_of_their_own() -> None:
    clock = ManualClock()
    pace = Pace(clock, Limits())
    assert sum(pace.hint(7) for _ in range(30)) == 20
    assert await times(pace, clock, [7]) == [0]
    await clock.advance(5)
    assert sum(pace.hint(7) for _ in range(30)) == 20
    await clock.advance(5)
    assert not pace.hint(7)
    await clock.advance(20)
    assert pace.hint(7)
    assert all(pace.hint(0) for _ in range(100))


async def test_chats_are_forgotten_when_they_are_idle() -> None:
    clock = ManualClock()
    pace = Pace(clock, Limits())
    pace.hold(1, 1_000_000, ANSWER)
    for chat in range(1, 20_000):
        await pace.turn(chat, ANSWER) if chat > 1 else None
        assert pace.hint(chat) or chat == 1
        if chat % 100 == 0:
            await clock.advance(3)
    assert pace.chats < 5_000
    assert not pace.hint(1)


@given(st.lists(st.floats(0, 30), max_size=80), st.integers(1, 10), st.floats(0.5, 20))
def test_a_window_is_never_overdrawn(pauses: list[float], count: int, period_s: float) -> None:
    window, now, taken = Window(count, period_s), 0.0, []
    for pause in pauses:
        now += pause
        if window.wait_s(now) == 0:
            window.take(now)
            taken.append(now)
    assert all(later - earlier >= period_s * 0.999 for earlier, later in zip(taken, taken[count:], strict=False))


@given(st.lists(st.floats(0, 5), max_size=80), st.integers(1, 10), st.floats(0.2, 20))
def test_a_bucket_is_never_overdrawn(pauses: list[float], burst: int, per_s: float) -> None:
    bucket, now, taken = TokenBucket(per_s, burst), 1000.0, []
    for pause in pauses:
        now += pause
        if bucket.wait_s(now) == 0:
            bucket.take(now)
            taken.append(now)
    for index, first in enumerate(taken):
        for number, last in enumerate(taken[index:]):
            assert number + 1 <= burst + (last - first) * per_s + 1e-6


def test_backoff_grows_to_its_bound_and_starts_anew() -> None:
    backoff = Backoff(0.5, 30, chance=lambda: 0.0)
    assert [backoff.next_s() for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    backoff.reset()
    assert backoff.next_s() == 0.5
    assert Backoff(1, 30, chance=lambda: 1.0).next_s() == 0.75


# --- frames of growing answers ---------------------------------------------------------------------------------------


async def frames(pace: Pace, clock: ManualClock, chat: int, seconds: int, *, draft: bool) -> int:
    """How many left in that time, when one is tried ten times a second."""
    left = 0
    for _ in range(seconds * 10):
        left += pace.frame(chat, draft=draft)
        await clock.advance(0.1)
    return left


async def test_drafts_share_the_budget_of_chat_actions() -> None:
    clock = ManualClock()
    pace = Pace(clock, Limits())
    assert sum(pace.hint(7) for _ in range(15)) == 15
    assert await frames(pace, clock, 7, 4, draft=True) == 5
    assert await frames(pace, clock, 7, 24, draft=True) == 20
    await pace.turn(7, ANSWER)  # messages have a budget of their own


async def test_edits_leave_room_for_a_message_in_their_chat() -> None:
    clock = ManualClock()
    pace = Pace(clock, Limits())
    assert await frames(pace, clock, 7, 60, draft=False) in range(60, 66)
    assert await times(pace, clock, [7]) == [0]
    assert await frames(pace, clock, -7, 50, draft=False) == 16
    assert await times(pace, clock, [-7] * 4) == [0] * 4


async def test_a_group_with_a_tiny_budget_still_sees_frames() -> None:
    clock = ManualClock()
    assert await frames(Pace(clock, Limits(group_per_min=1)), clock, -7, 1, draft=False) == 1
    assert await frames(Pace(clock, Limits(chat_burst=1)), clock, 7, 1, draft=False) == 1


async def test_edits_of_all_chats_together_keep_below_the_overall_limit() -> None:
    clock = ManualClock()
    pace, left = Pace(clock, Limits()), 0
    for _ in range(100):
        left += sum(pace.frame(chat, draft=False) for chat in range(1, 101))
        await clock.advance(0.1)
    assert left <= 30 * 10 + 1
    assert await times(pace, clock, [777]) == [0]  # answers don't wait for them


async def test_no_frame_leaves_for_a_chat_that_is_held() -> None:
    clock = ManualClock()
    pace = Pace(clock, Limits())
    pace.hold(7, 5, ANSWER)
    assert await frames(pace, clock, 7, 5, draft=True) == 0
    pace.hold(7, 5, ANSWER)
    assert await frames(pace, clock, 7, 5, draft=False) == 0
    assert pace.frame(8, draft=True)
