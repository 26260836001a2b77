"""Announcements are sent once to each, at their pace, through pauses and crashes (SPEC §7)."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from itertools import pairwise

import pytest

from fsm.announcement_parts import Content, Link
from gptbot.actors.broadcast import EDIT_EVERY_S
from gptbot.domain.book import Dialog
from gptbot.domain.records import Account
from gptbot.domain.rows import AnnouncementProgressMessage
from gptbot.ports import RefusalKind, Refused, Unknown, Urgency
from tests.actors.fakes_broadcast import ADMIN, RULES, Fuse, Stage


@asynccontextmanager
async def staged(stage: Stage) -> AsyncIterator[Stage]:
    await stage.start()
    try:
        yield stage
    finally:
        await stage.supervisor.stop()
    assert stage.fatal == []


async def test_everybody_gets_it_once_below_answers_in_priority() -> None:
    async with staged(Stage(people=10)) as stage:
        await stage.begin()
        await stage.ends()
        assert stage.telegram.got == list(stage.people)
        assert stage.telegram.urgencies == {Urgency.ANNOUNCEMENT}
        assert stage.telegram.copies[0] == ("copyMessage", {"chat_id": 0, "from_chat_id": ADMIN, "message_id": 77})
        assert stage.counts() == {"delivered": 10}
        assert stage.database.stored[1].state == "done"
        assert stage.database.dialogs == {}
        (report,) = stage.reports
        assert "Delivered: 10" in report


async def test_a_message_goes_out_with_its_link_buttons_and_an_album_as_one() -> None:
    links = ((Link("Go", "https://x.org"),),)
    async with staged(Stage(people=3)) as stage:
        await stage.begin(links=links)
        await stage.begin(content=Content(ADMIN, 77, "photo", (77, 78)))
        await stage.ends(reports=2)
        button = {"text": "Go", "url": "https://x.org"}
        message = {
            "chat_id": 0,
            "from_chat_id": ADMIN,
            "message_id": 77,
            "reply_markup": {"inline_keyboard": [[button]]},
        }
        album = {"chat_id": 0, "from_chat_id": ADMIN, "message_ids": [77, 78]}
        assert stage.telegram.copies == [("copyMessage", message)] * 3 + [("copyMessages", album)] * 3


async def test_a_restart_keeps_the_link_buttons() -> None:
    stage = Stage(people=9)
    await stage.start()
    await stage.begin(links=((Link("Go", "https://x.org"),),))
    await stage.crash()
    await stage.restart()
    await stage.ends()
    assert all(params["reply_markup"] for _, params in stage.telegram.copies)
    await stage.supervisor.stop()


async def test_nobody_is_written_to_before_a_commit_says_so() -> None:
    async with staged(Stage(people=10)) as stage:
        await stage.begin()
        await stage.runs_until(lambda: stage.telegram.begun)
        for user in stage.telegram.begun:
            assert stage.database.states[1][user] == "sending"
        assert len(stage.telegram.begun) == 4, "a portion is a second's worth"


async def test_a_slow_telegram_does_not_lower_the_pace() -> None:
    async with staged(Stage(people=100)) as stage:
        await stage.begin()
        took_s = await stage.ends()
        assert took_s <= 100 / RULES.announce_per_s + 1  # each call takes half a second; 4 at once make 8 a second


async def test_results_are_noted_in_few_commits() -> None:
    async with staged(Stage(people=200, rules=replace(RULES, announce_per_s=25))) as stage:
        await stage.begin()
        before = len(stage.database.commits)
        await stage.ends()
        assert len(stage.database.commits) - before <= 200 / 25 * 2 + 2


async def test_each_outcome_is_counted_and_reported() -> None:
    async with staged(Stage(people=10)) as stage:
        refused = {100: RefusalKind.BLOCKED, 101: RefusalKind.GONE, 102: RefusalKind.OTHER, 103: RefusalKind.FORMAT}
        stage.telegram.outcomes = {user: Refused(kind, "no") for user, kind in refused.items()}
        stage.telegram.outcomes[104] = Unknown("reset")
        stage.telegram.outcomes[105] = RuntimeError("a fault of ours")
        await stage.begin()
        await stage.ends()
        assert stage.counts() == {"blocked": 1, "gone": 1, "failed": 2, "unknown": 2, "delivered": 4}
        assert Counter(stage.telegram.begun) == Counter(stage.people), "an unknown one is not repeated"
        (report,) = stage.reports
        for line in ("Delivered: 4", "Blocked: 1", "Gone: 1", "Failed: 2", "not repeated): 2"):
            assert line in report


async def test_who_blocked_the_bot_is_left_out_next_time() -> None:
    async with staged(Stage(people=4)) as stage:
        stage.telegram.outcomes = {100: Refused(RefusalKind.BLOCKED, "no"), 101: Refused(RefusalKind.GONE, "no")}
        await stage.begin()
        await stage.ends()
        unreachable = [user for user, account in stage.storage.book.accounts.items() if account.unreachable]
        assert unreachable == [100, 101]


async def test_who_was_blocked_since_gets_nothing() -> None:
    async with staged(Stage(people=10)) as stage:
        await stage.begin()
        await stage.runs_until(lambda: stage.telegram.begun)
        await stage.storage.commit(lambda tx: tx.set(109, blocked=True))
        await stage.ends()
        assert 109 not in stage.telegram.begun
        assert stage.counts() == {"delivered": 9, "blocked": 1}
        assert not stage.storage.book.accounts[109].unreachable


async def test_a_group_and_a_stranger_can_be_recipients() -> None:
    async with staged(Stage()) as stage:
        stage.telegram.outcomes = {-100: Refused(RefusalKind.GONE, "kicked")}
        await stage.begin(users=(-100, 12345))
        await stage.ends()
        assert stage.counts() == {"gone": 1, "delivered": 1}


async def test_an_announcement_to_nobody_ends() -> None:
    async with staged(Stage()) as stage:
        await stage.begin(users=())
        await stage.ends()
        assert "Delivered: 0" in stage.reports[0]


async def test_pause_lets_only_what_is_in_flight_land_and_resume_goes_on() -> None:
    async with staged(Stage(people=20)) as stage:
        await stage.begin()
        await stage.runs_until(lambda: len(stage.telegram.begun) >= 6)
        assert "paused" in await stage.press("pause")
        begun = len(stage.telegram.begun)
        await stage.clock.advance(60)
        assert len(stage.telegram.begun) == begun
        assert stage.counts() == {"delivered": begun, "pending": 20 - begun}
        assert stage.database.stored[1].state == "paused"
        assert stage.reports == []
        await stage.press("resume")
        await stage.ends()
        assert stage.telegram.got == list(stage.people)


async def test_a_pause_between_reading_and_claiming_is_obeyed() -> None:
    async with staged(Stage(people=20)) as stage:
        stage.database.after_finding = lambda: stage.press("pause")
        await stage.begin()
        await stage.clock.advance(60)
        assert stage.telegram.begun == []
        assert stage.counts() == {"pending": 20}


async def test_cancel_lets_only_what_is_in_flight_land_and_reports() -> None:
    async with staged(Stage(people=20)) as stage:
        await stage.begin()
        await stage.runs_until(lambda: len(stage.telegram.begun) >= 6)
        await stage.press("cancel")
        begun = len(stage.telegram.begun)
        await stage.ends()
        await stage.clock.advance(60)
        assert len(stage.telegram.begun) == len(stage.telegram.got) == begun
        (report,) = stage.reports
        assert "was stopped" in report
        assert f"Delivered: {begun}" in report
        assert f"Not sent: {20 - begun}" in report
        assert stage.database.stored[1].state == "cancelled"


async def test_a_paused_one_can_be_cancelled() -> None:
    async with staged(Stage(people=20)) as stage:
        await stage.begin()
        await stage.press("pause")
        await stage.clock.advance(10)
        await stage.press("cancel")
        await stage.ends()
        assert "was stopped" in stage.reports[0]


async def test_one_announcement_after_the_other() -> None:
    async with staged(Stage(people=8)) as stage:
        await stage.begin(users=stage.people[:4])
        await stage.begin(users=stage.people[4:])
        await stage.ends(reports=2)
        assert stage.telegram.begun == list(stage.people)


async def test_a_paused_one_makes_way_for_the_next() -> None:
    async with staged(Stage(people=20)) as stage:
        await stage.begin()
        await stage.press("pause")
        await stage.begin(users=[ADMIN])
        await stage.ends()
        assert stage.counts(2) == {"delivered": 1}
        await stage.press("resume")
        await stage.ends(reports=2)
        assert stage.counts(1) == {"delivered": 20}


async def test_when_the_message_was_deleted_the_rest_is_not_tried() -> None:
    async with staged(Stage(people=100)) as stage:
        gone = Refused(RefusalKind.MESSAGE_GONE, "message to copy not found")
        stage.telegram.outcomes = dict.fromkeys(stage.people, gone)
        await stage.begin()
        await stage.ends()
        assert "was stopped" in stage.reports[0]
        assert stage.counts()["pending"] >= 90


# --- the progress message --------------------------------------------------------------------------------------------


async def test_the_progress_message_is_edited_at_a_modest_pace_and_loses_its_buttons_at_the_end() -> None:
    async with staged(Stage(people=100)) as stage:
        await stage.begin()
        await stage.ends()
        await stage.clock.advance(10)
        times = [at for at, _, _ in stage.telegram.edits]
        assert len(times) > 3
        assert all(later - earlier >= EDIT_EVERY_S for earlier, later in pairwise(times))
        texts = [text for _, text, _ in stage.telegram.edits]
        assert "being sent" in texts[0]
        assert texts[-1] == "📣 The announcement is over: 100 of 100 (100 %)"
        assert [buttons for _, _, buttons in stage.telegram.edits] == [True] * (len(times) - 1) + [False]


async def test_a_pause_is_shown_with_where_it_stands() -> None:
    async with staged(Stage(people=20)) as stage:
        await stage.begin()
        await stage.runs_until(lambda: len(stage.telegram.got) >= 6)
        await stage.press("pause")
        await stage.clock.advance(10)
        done = len(stage.telegram.got)
        assert stage.telegram.edits[-1][1] == f"📣 The announcement is paused: {done} of 20 ({5 * done} %)"
        edits = len(stage.telegram.edits)
        await stage.clock.advance(100)
        assert len(stage.telegram.edits) == edits, "nothing new, nothing to say"


async def test_a_progress_message_that_arrives_after_the_end_is_still_brought_up_to_date() -> None:
    async with staged(Stage(people=1)) as stage:
        number = await stage.begin(progress_message=0)
        await stage.ends()
        await stage.clock.advance(10)
        assert stage.telegram.edits == []
        await stage.storage.commit(lambda tx: tx.write(AnnouncementProgressMessage(500, number)))
        await stage.clock.advance(10)
        assert [text for _, text, _ in stage.telegram.edits] == ["📣 The announcement is over: 1 of 1 (100 %)"]


# --- crashes, restarts, stops ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["database", "telegram"])
async def test_after_a_crash_at_any_step_nobody_gets_it_twice_and_nobody_is_forgotten(where: str) -> None:
    steps = 0
    while True:
        steps += 1
        stage = Stage(people=9)
        await stage.start()
        await stage.begin()
        fuse = Fuse(steps)
        if where == "database":
            stage.database.fuse = fuse
        else:
            stage.telegram.fuse = fuse
        await stage.runs_until(partial(_ended, stage, fuse))
        survived = not fuse.through
        await stage.crash()
        await stage.restart()
        await stage.ends()
        await stage.supervisor.stop()
        counts = stage.counts()
        assert set(counts) <= {"delivered", "unknown"}, steps
        assert sum(counts.values()) == 9, steps
        assert counts.get("unknown", 0) <= 4, "only what was in flight"
        assert max(Counter(stage.telegram.begun).values()) == 1, steps
        delivered = {user for user, state in stage.database.states[1].items() if state == "delivered"}
        assert delivered <= set(stage.telegram.got), steps
        assert len(stage.reports) == 1, steps
        assert f"Delivered: {len(delivered)}" in stage.reports[0]
        if survived:
            break
    assert steps > 5


def _ended(stage: Stage, fuse: Fuse) -> bool:
    return fuse.through or bool(stage.reports)


async def test_a_crash_in_a_pause_leaves_it_paused() -> None:
    stage = Stage(people=20)
    await stage.start()
    await stage.begin()
    await stage.runs_until(lambda: len(stage.telegram.begun) >= 6)
    await stage.press("pause")
    await stage.crash()
    begun = len(stage.telegram.begun)
    await stage.restart()
    await stage.clock.advance(60)
    assert len(stage.telegram.begun) == begun
    assert "paused" in stage.telegram.edits[-1][1]
    await stage.press("resume")
    await stage.ends()
    assert sum(stage.counts().values()) == stage.counts()["delivered"] + stage.counts()["unknown"] == 20
    await stage.supervisor.stop()


async def test_a_crash_after_cancel_still_brings_the_report() -> None:
    stage = Stage(people=20)
    await stage.start()
    await stage.begin()
    await stage.runs_until(lambda: len(stage.telegram.begun) >= 6)
    await stage.press("cancel")
    await stage.crash()
    await stage.restart()
    await stage.ends()
    assert "was stopped" in stage.reports[0]
    await stage.crash()
    await stage.restart()
    await stage.clock.advance(60)
    assert len(stage.reports) == 1
    await stage.supervisor.stop()


async def test_a_clean_stop_waits_for_what_is_in_flight_and_leaves_no_unknowns() -> None:
    stage = Stage(people=20)
    await stage.start()
    await stage.begin()
    await stage.runs_until(lambda: len(stage.telegram.begun) >= 6)
    assert await stage.clock.finish(stage.actor.stop()) <= 1
    assert set(stage.counts()) == {"delivered", "pending"}
    assert stage.reports == []
    await stage.supervisor.stop()
    await stage.restart()
    await stage.ends()
    assert stage.counts() == {"delivered": 20}
    await stage.supervisor.stop()


async def test_a_stop_does_not_wait_longer_than_the_grace() -> None:
    stage = Stage(people=20)
    stage.telegram.latency_s = 3000
    await stage.start()
    await stage.begin()
    await stage.runs_until(lambda: stage.telegram.begun)
    assert await stage.clock.finish(stage.actor.stop()) == pytest.approx(RULES.stop_grace_s)
    stage.telegram.latency_s = 0.5
    await stage.supervisor.stop()
    await stage.restart()
    await stage.ends()
    assert stage.counts() == {"delivered": 16, "unknown": 4}
    await stage.supervisor.stop()


async def test_stopping_what_was_never_started_returns() -> None:
    await Stage().actor.stop()


async def test_a_disk_that_can_not_be_read_is_tried_again() -> None:
    async with staged(Stage(people=10)) as stage:
        stage.database.refuse_reads = 3
        await stage.begin()
        await stage.ends()
        assert stage.counts() == {"delivered": 10}


@pytest.mark.parametrize("spoil", [lambda _: {"chart": "announcement", "version": 99}, lambda _: {}])
async def test_one_that_can_not_be_restored_is_stopped_with_a_word(
    spoil: Callable[[object], dict[str, object]],
) -> None:
    stage = Stage(people=20)
    await stage.start()
    await stage.begin()
    await stage.crash()
    key = stage.under_way().key
    stage.database.dialogs[key] = Dialog("1", spoil(key), 0)
    await stage.restart()
    await stage.ends()
    assert "could not be continued" in stage.reports[0]
    assert stage.database.stored[1].state == "cancelled"
    assert stage.database.dialogs == {}
    await stage.supervisor.stop()


async def test_a_new_account_with_the_id_of_a_recipient_is_no_trouble() -> None:
    async with staged(Stage(people=3)) as stage:
        await stage.begin(users=(*stage.people, 999))
        await stage.storage.commit(lambda tx: tx.register(999, Account()))
        await stage.ends()
        assert stage.counts() == {"delivered": 4}
