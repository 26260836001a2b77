"""The growing answer: its paces, its budgets, its ends, and what it does where Telegram says no (SPEC §5, §8)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from gptbot.actors.desk import UnderWay
from gptbot.actors.question import Question
from gptbot.actors.showing import FRAMES_PER_S, RENDER_SLOW_S, SHOW_AFTER_EACH_S, WINDOW, AnswerView
from gptbot.domain.asking import Asked
from gptbot.domain.outgoing import Outgoing, Text
from gptbot.domain.updates import Place
from gptbot.ports import RefusalKind, Refused, Sent, Unknown
from gptbot.texts import Words
from tests.actors.making_desk import Office, Plain, office_in
from tests.edges.manual_clock import settle

PRIVATE = Place(1)
GROUP = Place(-100, "supergroup", title="Friends")
NOW, NEVER = 0.0, 3600.0


class Stage:
    """An answer that a test lets grow, and what was shown of it."""

    def __init__(self, office: Office, place: Place, preview: int | None) -> None:
        self.office = office
        self.messenger = office.messenger
        self.pieces: list[str] = []
        update = replace(office.message(1, "question"), place=place)
        self.question = Question(update, "question", Asked("basic", None, preview))
        self.view = AnswerView(office.desk, self.question, Words("en"), self.pieces)

    async def after(self, seconds: float) -> list[str]:
        """What was shown in that time."""
        before = len(self.messenger.frames)
        await self.office.made.clock.advance(seconds)
        await self._settled()
        return self.texts[before:]

    async def writes(self, *pieces: str) -> None:
        self.pieces.extend(pieces)
        self.view.begin()
        await asyncio.sleep(0.001)  # the timer of the view is the loop's
        await self._settled()

    async def _settled(self) -> None:
        """The note about a new message is written by a thread of the database; whatever comes after it is later."""
        await settle()
        await self.office.made.storage.commit(lambda tx: None)
        await settle()

    @property
    def texts(self) -> list[str]:
        return [str(frame.params["text"]) for frame in self.messenger.frames]

    @property
    def methods(self) -> list[str]:
        return [frame.method for frame in self.messenger.frames]


@asynccontextmanager
async def stage(
    folder: Path, place: Place = PRIVATE, *, preview: int | None = None, **rules: Any
) -> AsyncIterator[Stage]:
    chosen = {"typing_after_s": NEVER, "show_after_s": NOW} | rules
    async with office_in(folder, 1, **chosen) as office:
        made = Stage(office, place, preview)
        async with made.view:
            yield made


def under_way(it: Stage, count: int) -> None:
    """So many answers are being written."""
    it.office.desk.under_way.update(dict.fromkeys(range(1, count + 1), UnderWay(1, lambda: True)))


@pytest.mark.parametrize(
    ("place", "streaming", "paces"),
    [
        (Place(1), "auto", [0, 0.4, 0.4, 1.0, 1.0]),
        (Place(1), "edits", [0, 1.5, 1.5, 1.5]),
        (GROUP, "auto", [0, 3.5, 3.5, 3.5]),
    ],
)
async def test_frames_keep_the_pace_that_telegram_bears(
    tmp_path: Path, place: Place, streaming: str, paces: list[float]
) -> None:
    async with stage(tmp_path, place, streaming=streaming) as it:
        await it.writes("word ")
        await it.after(0)
        assert len(it.texts) == 1
        for number, pace in enumerate(paces[1:], start=2):
            it.pieces.append("word ")
            assert await it.after(pace - 0.05) == []
            assert await it.after(0.050001) == ["word " * number]


async def test_frames_of_many_answers_share_what_all_may_have(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        under_way(it, int(FRAMES_PER_S) * 4)
        await it.writes("word ")
        assert len(it.texts) == 1
        it.pieces.append("word ")
        assert await it.after(3.5) == []
        assert len(await it.after(1)) == 1


async def test_first_words_are_seen_at_once_where_few_answers_are_under_way(tmp_path: Path) -> None:
    async with stage(tmp_path, show_after_s=NEVER) as it:
        under_way(it, 1)
        it.pieces.append("a")
        it.view.begin()
        async with asyncio.timeout(5):
            while not it.texts:
                await asyncio.sleep(SHOW_AFTER_EACH_S)


async def test_a_frame_shows_the_newest_text_and_nothing_twice(tmp_path: Path) -> None:
    async with stage(tmp_path, streaming="edits") as it:
        await it.writes("a")
        it.pieces.extend("bcdefg")
        assert await it.after(1.5) == ["abcdefg"]
        assert await it.after(60) == []
        it.pieces.append("h")
        assert await it.after(1.5) == ["abcdefgh"]


async def test_a_frame_over_the_budget_is_dropped_for_a_newer_one(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        it.messenger.frames_may_leave = False
        await it.writes("a")
        it.pieces.append("b")
        assert await it.after(5) == []
        it.messenger.frames_may_leave = True
        assert await it.after(0.25) == ["ab"]


async def test_a_draft_that_does_not_grow_is_kept_alive(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        await it.writes("a")
        assert await it.after(19) == []
        assert await it.after(2) == ["a"]


async def test_thinking_is_kept_alive_and_gives_way_to_the_first_words(tmp_path: Path) -> None:
    async with stage(tmp_path, typing_after_s=NOW) as it:
        await asyncio.sleep(0.001)
        assert await it.after(0) == [] or it.texts == [""]
        assert await it.after(20) == [""]
        await it.writes("a")
        assert it.texts == ["", "", "a"]
        assert await it.after(19) == []
        assert not it.messenger.hints


@pytest.mark.parametrize(("place", "streaming"), [(GROUP, "auto"), (Place(1), "edits"), (Place(1), "off")])
async def test_typing_is_shown_where_there_are_no_drafts(tmp_path: Path, place: Place, streaming: str) -> None:
    async with stage(tmp_path, place, typing_after_s=NOW, streaming=streaming) as it:
        await asyncio.sleep(0.001)
        await it.after(8)
        assert [hint.method for hint in it.messenger.hints] == ["sendChatAction"] * 3
        await it.writes("a")
        await it.after(8)
        assert len(it.messenger.hints) == (5 if streaming == "off" else 3)
        assert it.texts == ([] if streaming == "off" else ["a"])


async def test_an_answer_that_is_whole_soon_makes_no_task_and_no_call(tmp_path: Path) -> None:
    async with stage(tmp_path, show_after_s=NEVER) as it:
        under_way(it, 10**6)
        tasks = asyncio.all_tasks()
        await it.writes("a", "b", "c")
        assert asyncio.all_tasks() == tasks
    assert it.texts == []
    assert not it.messenger.hints


async def test_words_that_are_all_here_before_they_are_shown_wait_for_the_whole_answer(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        it.pieces.append("a")
        it.view.begin()
        it.view.written()
        await asyncio.sleep(0.001)
        assert await it.after(60) == []


async def test_frames_due_at_the_same_moment_are_spread_over_rounds_of_the_loop(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        it.office.desk.frame_turns = asyncio.Semaphore(2)
        views = [AnswerView(it.office.desk, it.question, Words("en"), ["a"]) for _ in range(9)]
        for view in views:
            view.begin()
        rounds = []
        while len(it.texts) < len(views):
            before = len(it.texts)
            await asyncio.sleep(0)
            rounds.append(len(it.texts) - before)
        assert max(rounds) == 2
        for view in views:
            await view.__aexit__(None, None, None)


async def test_an_answer_that_ends_does_not_wait_for_its_frames_turn(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        it.office.desk.frame_turns = asyncio.Semaphore(0)
        await it.writes("a")
        await it.view.__aexit__(None, None, None)
        assert it.texts == []


async def test_the_end_waits_for_the_call_under_way_and_lets_none_follow(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        it.messenger.frame_gate.clear()
        await it.writes("a")
        it.pieces.append("b")
        ending = asyncio.ensure_future(it.view.__aexit__(None, None, None))
        await settle()
        assert not ending.done()
        it.messenger.frame_gate.set()
        await ending
        assert await it.after(60) == []
        assert it.texts == ["a"]


# --- where Telegram says no ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [RefusalKind.UNSUPPORTED, RefusalKind.OTHER])
async def test_refused_drafts_are_off_for_the_run_and_the_answer_grows_by_edits(
    tmp_path: Path, kind: RefusalKind
) -> None:
    async with stage(tmp_path) as it:
        it.messenger.planned_frames.extend([Refused(kind, "no"), Sent(7)])
        with capture_logs() as logs:
            await it.writes("a")
            await it.after(0)
        assert [entry["event"] for entry in logs] == ["streaming.drafts_off"]
        it.pieces.append("b")
        await it.after(1.5)
        assert it.methods == ["sendMessageDraft", "sendMessage", "editMessageText"]
        assert not it.office.desk.drafts
        assert it.view.take_message() == 7
        assert it.view.take_message() is None


@pytest.mark.parametrize("kind", [RefusalKind.BLOCKED, RefusalKind.GONE])
async def test_whoever_cannot_be_reached_is_left_alone(tmp_path: Path, kind: RefusalKind) -> None:
    async with stage(tmp_path) as it:
        it.messenger.planned_frames.append(Refused(kind, "no"))
        await it.writes("a")
        it.pieces.append("b")
        assert await it.after(60) == []
        assert it.office.desk.drafts


async def test_a_refused_form_goes_on_plain(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        it.office.desk.renderer = Fancy()
        it.messenger.planned_frames.append(Refused(RefusalKind.FORMAT, "can't parse entities"))
        await it.writes("a")
        assert await it.after(0.25) == ["plain a"]
        it.messenger.planned_frames.append(Refused(RefusalKind.FORMAT, "can't parse entities"))
        it.pieces.append("b")
        await it.after(1)
        it.pieces.append("c")
        assert await it.after(60) == []  # it would not be taken either


async def test_a_429_drops_the_frame_and_a_later_one_shows_all(tmp_path: Path) -> None:
    async with stage(tmp_path, streaming="edits") as it:
        it.messenger.planned_frames.append(None)
        await it.writes("a")
        it.pieces.append("b")
        assert await it.after(0.25) == ["ab"]
        assert it.methods == ["sendMessage", "sendMessage"]


async def test_a_first_message_that_may_have_arrived_is_not_sent_again(tmp_path: Path) -> None:
    async with stage(tmp_path, streaming="edits") as it:
        it.messenger.planned_frames.append(Unknown("reset"))
        await it.writes("a")
        it.pieces.append("b")
        assert await it.after(60) == []
        assert it.view.take_message() is None


async def test_a_deleted_message_is_not_written_anew_while_it_grows(tmp_path: Path) -> None:
    async with stage(tmp_path, streaming="edits") as it:
        it.messenger.planned_frames.extend([Sent(7), Refused(RefusalKind.MESSAGE_GONE, "message to edit not found")])
        await it.writes("a")
        it.pieces.append("b")
        await it.after(1.5)
        it.pieces.append("c")
        assert await it.after(60) == []
        assert it.view.take_message() is None


async def test_an_edit_that_changes_nothing_visible_is_no_trouble(tmp_path: Path) -> None:
    async with stage(tmp_path, preview=7) as it:
        it.messenger.planned_frames.append(Refused(RefusalKind.NOT_MODIFIED, "message is not modified"))
        await it.writes("a")
        it.pieces.append("b")
        assert await it.after(1.5) == ["ab"]


# --- the message that is edited --------------------------------------------------------------------------------------


async def test_the_message_is_stored_with_the_question_and_taken_over_after_a_crash(tmp_path: Path) -> None:
    async with stage(tmp_path, streaming="edits") as it:
        it.messenger.planned_frames.append(Sent(7))
        await it.writes("a")
        await it.after(0)
        assert Asked.from_bytes(it.question.asked.to_bytes()).preview == 7
        assert it.question.pinned


async def test_a_message_from_before_the_crash_is_edited_even_where_there_are_drafts(tmp_path: Path) -> None:
    async with stage(tmp_path, preview=7) as it:
        await it.writes("a")
        (frame,) = it.messenger.frames
        assert (frame.method, frame.params["message_id"]) == ("editMessageText", 7)


async def test_a_message_that_became_nothing_is_taken_away(tmp_path: Path) -> None:
    async with stage(tmp_path, preview=7) as it:
        it.view.remove()
        it.view.remove()
        await settle()
        assert [call for call, _ in it.messenger.delivered] == [
            Outgoing("deleteMessage", {"chat_id": 1, "message_id": 7})
        ]


async def test_frames_carry_the_stop_of_this_very_answer(tmp_path: Path) -> None:
    async with stage(tmp_path, GROUP) as it:
        await it.writes("a")
        (button,) = it.messenger.frames[0].params["reply_markup"]["inline_keyboard"][0]
        assert button["callback_data"] == f"stop:{it.question.update.update_id}"


async def test_stop_is_for_the_asker_and_admins_and_for_what_is_under_way(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        desk, stopped = it.office.desk, []

        def stop() -> bool:
            stopped.append("stop")
            return len(stopped) < 3

        desk.under_way[5] = UnderWay(1, stop)
        assert desk.stop_answer(4, 1) == "button.stale"
        assert desk.stop_answer(5, 2) == "button.not_yours"
        assert stopped == []
        assert desk.stop_answer(5, 1) == desk.stop_answer(5, 9) == "turn.stopped"
        assert stopped == ["stop", "stop"]
        assert desk.stop_answer(5, 1) == "button.stale"  # it was too late


# --- what a frame shows ----------------------------------------------------------------------------------------------


class Fancy(Plain):
    """Says which way a text was rendered, and remembers what it was given."""

    def __init__(self) -> None:
        self.rendered: list[str] = []

    def render(self, markdown: str) -> list[Text]:
        self.rendered.append(markdown)
        if not markdown.strip():
            raise ValueError("there is nothing to show")
        return [Text("head"), Text(f"fancy {markdown}")]

    def plain(self, markdown: str) -> list[Text]:
        return [Text(f"plain {markdown}")]


async def test_a_long_answer_is_shown_by_its_end_and_rendered_no_further_back(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        fancy = it.office.desk.renderer = Fancy()
        await it.writes("```python\n" + "print()\n" * WINDOW)
        it.pieces.append("the end")
        await it.after(1)
        assert all(len(markdown) <= WINDOW + 10 for markdown in fancy.rendered)
        assert it.texts[-1].startswith("fancy ```\nprint()\n")
        assert it.texts[-1].endswith("the end")


async def test_nothing_is_shown_of_blanks(tmp_path: Path) -> None:
    async with stage(tmp_path) as it:
        it.office.desk.renderer = Fancy()
        await it.writes(" ")
        assert it.texts == []
        it.pieces.append("a")
        assert await it.after(1) == ["fancy  a"]


async def test_an_answer_that_is_slow_to_render_goes_on_plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with stage(tmp_path) as it:
        it.office.desk.renderer = Fancy()
        clock = it.office.made.clock
        time = [clock.monotonic()]

        def later() -> float:
            time[0] += RENDER_SLOW_S * 2
            return time[0]

        await it.writes("a")
        monkeypatch.setattr(clock, "monotonic", later)
        it.pieces.append("b")
        await it.after(0.5)
        it.pieces.append("c")
        await it.after(0.5)
        assert it.texts == ["fancy a", "fancy ab", "plain abc"]
