"""The directory and the user actors: order, isolation, bounds, and nobody kept who has nothing to do (DESIGN §4)."""

from dataclasses import replace
from pathlib import Path

from structlog.testing import capture_logs

from gptbot.domain.outgoing import Text, message
from gptbot.domain.updates import BotMembership, ButtonPressed, MessageEdited, Person, Place, Unread
from gptbot.limits import CHAT_BACKLOG, USER_MAILBOX
from tests.actors.making_desk import office_in


async def test_an_idle_actor_is_taken_away_and_a_busy_one_is_not(tmp_path: Path) -> None:
    async with office_in(tmp_path, 1, 2) as office:
        office.model.gate.clear()
        await office.says(1, "slow question")
        await office.says(2, "/balance")
        await office.until(lambda: bool(office.messenger.texts(2) and office.model.asked))
        await office.until(lambda: office.desk.delivery.waiting == 0)
        await office.made.clock.advance(50)
        office.directory.sweep()
        assert office.directory.active == 2
        await office.made.clock.advance(61)
        office.directory.sweep()
        assert office.directory.active == 1
        office.model.gate.set()
        await office.quiet()
        assert office.messenger.texts(1) == ["answer to slow question"]
        await office.made.clock.advance(61)
        office.directory.sweep()
        assert office.directory.active == 0
        await office.says(1, "another")
        await office.quiet()
        assert office.messenger.texts(1)[-1] == "answer to another"


async def test_a_flood_is_refused_in_one_commit_said_once_and_leaves_nothing(tmp_path: Path) -> None:
    async with office_in(tmp_path, 1) as office:
        office.model.gate.clear()
        with capture_logs() as logs:
            await office.says(1, *(f"question {number}" for number in range(USER_MAILBOX * 4)))
        assert [entry["event"] for entry in logs].count("user.flooded") == 1
        office.model.gate.set()
        await office.quiet()
        assert await office.unfinished() == []
        texts = office.messenger.texts(1)
        assert len([text for text in texts if text.startswith("Too many questions")]) == 1
        assert len([text for text in texts if text.startswith("answer to")]) == USER_MAILBOX
        assert office.made.book.accounts[1].balance == 1000 - 10 * USER_MAILBOX


async def test_where_too_much_waits_nobody_is_told_so_for_an_edit(tmp_path: Path) -> None:
    """Telegram takes 20 messages a minute of a group, and tells of everything that people change there."""
    async with office_in(tmp_path, 1) as office:
        office.messenger.gate.clear()
        group = Place(-1, "supergroup")
        for _ in range(CHAT_BACKLOG):
            await office.made.storage.commit(lambda tx: tx.send(message(group, Text("an answer"))))
        edit = MessageEdited(update_id=500, person=Person(2, "B"), place=group, message_id=7, text="between us")
        await office.arrives(edit, replace(office.message(1, "@thebot hello"), place=group, mentions_us=True))
        office.messenger.gate.set()
        await office.quiet()
        refused = [text for text in office.messenger.texts(-1) if text != "an answer"]
        assert refused == [office.words("turn.queue_full")]
        assert await office.unfinished() == []


async def test_where_too_much_waits_an_answer_can_still_be_stopped(tmp_path: Path) -> None:
    async with office_in(tmp_path, 1) as office:
        office.messenger.gate.clear()
        office.model.gate.clear()
        group = Place(-1, "supergroup")
        question = replace(office.message(1, "@thebot hello"), place=group, mentions_us=True)
        await office.arrives(question)
        await office.until(lambda: bool(office.model.asked))
        for _ in range(CHAT_BACKLOG):
            await office.made.storage.commit(lambda tx: tx.send(message(group, Text("an answer"))))
        data = f"stop:{question.update_id}"
        stop = ButtonPressed(
            update_id=500, person=question.person, place=group, callback_id="c", data=data, message_id=7
        )
        await office.arrives(stop)
        office.messenger.gate.set()
        await office.quiet()
        assert [text for text in office.messenger.texts(-1) if text != "an answer"] == [office.words("turn.stopped")]


async def test_questions_of_one_person_keep_their_order_while_commands_pass(tmp_path: Path) -> None:
    async with office_in(tmp_path, 1) as office:
        office.model.gate.clear()
        await office.says(1, "one", "two", "/stats", "three")
        await office.until(lambda: any("statistics" in text for text in office.messenger.texts(1)))
        assert office.model.asked == ["one"]
        office.model.gate.set()
        await office.quiet()
        answers = [text for text in office.messenger.texts(1) if text.startswith("answer")]
        assert answers == ["answer to one", "answer to two", "answer to three"]
        assert office.model.asked == ["one", "two", "three"]


async def test_five_hundred_people_are_asked_for_at_once(tmp_path: Path) -> None:
    async with office_in(tmp_path, *range(1, 501)) as office:
        office.model.gate.clear()
        for user in range(1, 501):
            await office.says(user, f"question {user}")
        await office.until(lambda: len(office.model.asked) == 500)
        office.model.gate.set()
        await office.quiet()
        assert all(office.messenger.texts(user) == [f"answer to question {user}"] for user in range(1, 501))


async def test_a_letter_that_breaks_the_actor_costs_an_apology_and_nothing_else(tmp_path: Path) -> None:
    async with office_in(tmp_path, 1) as office:
        office.model.fails_with = RuntimeError("a bug")
        with capture_logs() as logs:
            await office.says(1, "one")
            await office.quiet()
        broke = next(entry for entry in logs if entry["event"] == "turn.broke")
        assert broke["error_id"] in office.messenger.texts(1)[0]
        assert "bug" not in office.messenger.texts(1)[0]
        office.model.fails_with = None
        await office.says(1, "two")
        await office.quiet()
        assert office.messenger.texts(1)[-1] == "answer to two"
        assert await office.unfinished() == []
        assert office.made.book.accounts[1].balance == 990


async def test_a_block_ends_what_is_under_way_and_what_waits(tmp_path: Path) -> None:
    async with office_in(tmp_path, 1) as office:
        office.model.gate.clear()
        await office.says(1, "one", "two")
        await office.until(lambda: bool(office.model.asked))
        await office.made.storage.commit(lambda tx: tx.set(1, blocked=True))
        await office.quiet()
        assert [text for text in office.messenger.texts(1) if text.startswith("answer")] == []
        assert await office.unfinished() == []
        assert office.model.asked == ["one"]
        assert office.made.book.accounts[1].balance == 1000


async def test_what_means_nothing_to_the_bot_never_enters_the_inbox(tmp_path: Path) -> None:
    async with office_in(tmp_path, 1) as office:
        group = Place(-5, "supergroup")
        chatter = office.message(1, "hello everybody")
        assert office.directory.wanted(chatter)
        person = Person(1, "User 1")
        assert not office.directory.wanted(Unread(update_id=1, person=person, place=group, reason="a reaction"))
        assert office.directory.wanted(BotMembership(update_id=1, person=person, place=group, here=False))


async def test_a_stop_is_too_late_once_the_answer_is_on_its_way(tmp_path: Path) -> None:
    async with office_in(tmp_path, 1) as office:
        office.model.gate.clear()
        office.messenger.gate.clear()
        await office.says(1, "question")
        await office.until(lambda: bool(office.model.asked))
        office.model.gate.set()
        await office.until(lambda: office.desk.delivery.waiting > 0)
        assert office.desk.stop_answer(1, 1) == "button.stale"
        office.messenger.gate.set()
        await office.quiet()
        assert "answer to question" in office.messenger.texts(1)
