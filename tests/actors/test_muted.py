"""Where the bot can't write, models are asked at most once a minute (nobody would pay for the answers)."""

from pathlib import Path

from gptbot.actors.muted import PAUSE_S, REMEMBERED, MutedGroups
from gptbot.domain.updates import BotMembership, MessageSent, Person, Place
from gptbot.ports import RefusalKind, Refused, Sent, Unknown
from tests.actors.making_desk import Office, office_in
from tests.edges.manual_clock import ManualClock

GROUP = Place(-7, "supergroup")
TOPIC = Place(-7, "supergroup", thread_id=3)
NO_RIGHTS = Refused(RefusalKind.GONE, "Bad Request: not enough rights to send text messages to the chat")


async def asks(office: Office, number: int, place: Place = GROUP, text: str = "") -> None:
    words = text or f"q{number}"
    question = MessageSent(
        update_id=number, person=Person(1, "Ann"), place=place, message_id=number, text=words, mentions_us=True
    )
    await office.arrives(question)
    await office.quiet()


async def test_after_a_refusal_nothing_is_asked_for_a_minute(tmp_path: Path) -> None:
    async with office_in(tmp_path, 1) as office:
        office.messenger.plan(-7, NO_RIGHTS)
        await asks(office, 1)
        await asks(office, 2)
        assert office.model.asked == ["q1"]
        assert await office.unfinished() == []
        await asks(office, 3, TOPIC)
        await asks(office, 4, Place(1))
        await office.made.clock.advance(PAUSE_S)
        await asks(office, 5)
        assert office.model.asked == ["q1", "q3", "q4", "q5"]
        assert office.made.book.accounts[1].balance == 1000 - 30


async def test_a_picture_that_was_refused_counts_too(tmp_path: Path) -> None:
    async with office_in(tmp_path, 1) as office:
        await office.made.storage.commit(lambda tx: tx.book_purse(1, "image_balance", 1, reason="test", key="1"))
        office.messenger.plan(-7, NO_RIGHTS)
        await asks(office, 1, text="/imagine@thebot a cat")
        await asks(office, 2)
        assert office.model.asked == []
        assert office.made.book.accounts[1].image_balance == 1


async def test_when_telegram_says_that_it_may_write_again_it_does(tmp_path: Path) -> None:
    async with office_in(tmp_path, 1) as office:
        office.messenger.plan(-7, NO_RIGHTS)
        await asks(office, 1)
        await office.arrives(BotMembership(update_id=2, person=Person(9, "Admin"), place=GROUP, here=True))
        await asks(office, 3)
        assert office.model.asked == ["q1", "q3"]


def test_only_answers_that_could_not_be_written_in_groups_count() -> None:
    muted = MutedGroups(ManualClock())
    muted.learn(GROUP, Sent(1))
    muted.learn(GROUP, Unknown("reset"))
    muted.learn(GROUP, Refused(RefusalKind.FORMAT, "can't parse"))
    muted.learn(Place(1), NO_RIGHTS)
    assert GROUP not in muted
    assert Place(1) not in muted


def test_it_remembers_a_limited_number() -> None:
    muted = MutedGroups(ManualClock())
    for number in range(REMEMBERED + 1):
        muted.learn(Place(-number, "group"), NO_RIGHTS)
    assert Place(0, "group") not in muted
    assert Place(-1, "group") in muted
    assert Place(-REMEMBERED, "group") in muted
