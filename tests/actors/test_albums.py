"""Albums: their items come one by one and are one question (SPEC §5), whatever comes between, and after a crash."""

from pathlib import Path

from gptbot.actors.albums import put_together
from gptbot.domain.updates import MessageSent, Person, Place, SentFile
from tests.actors.making_desk import Office, office_in

PERSON, PLACE = Person(1, "A"), Place(1)


def item(office: Office, name: str, text: str = "", album: str = "a") -> MessageSent:
    return office.message(1, text, kind="photo", album=album, files=(SentFile("picture", name),))


async def seeing(office: Office) -> None:
    await office.made.storage.commit(lambda tx: tx.book_purse(1, "premium_balance", 500, reason="test", key="premium"))


async def test_an_album_is_one_question_with_all_its_pictures(tmp_path: Path) -> None:
    async with office_in(tmp_path, 1) as office:
        await seeing(office)
        for name in ("one", "two", "three"):
            office.model.files[name] = name.encode()
            await office.arrives(item(office, name, "what are these?" if name == "two" else ""))
        await office.made.clock.advance(0.5)
        assert office.model.asked == []
        await office.made.clock.advance(0.5)
        await office.quiet()
        assert office.model.asked == ["what are these?"]
        assert office.model.requests[0].messages[-1].pictures == (b"one", b"two", b"three")
        assert office.made.book.accounts[1].requests == 1
        assert await office.unfinished() == []


async def test_each_item_begins_the_waiting_anew(tmp_path: Path) -> None:
    async with office_in(tmp_path, 1) as office:
        await seeing(office)
        for name in ("one", "two", "three"):
            await office.arrives(item(office, name, "look"))
            await office.made.clock.advance(0.6)
        await office.made.clock.advance(0.5)
        await office.quiet()
        assert [len(request.messages[-1].pictures) for request in office.model.requests] == [3]


async def test_another_message_ends_the_waiting_and_keeps_the_order(tmp_path: Path) -> None:
    async with office_in(tmp_path, 1) as office:
        await seeing(office)
        await office.arrives(item(office, "one", "first"))
        await office.arrives(item(office, "two"))
        await office.arrives(item(office, "three", "second", album="b"))
        await office.says(1, "third")
        await office.quiet()
        assert office.model.asked == ["first", "second", "third"]
        assert [len(request.messages[-1].pictures) for request in office.model.requests] == [2, 1, 0]


async def test_more_than_ten_items_are_no_single_album(tmp_path: Path) -> None:
    async with office_in(tmp_path, 1) as office:
        await seeing(office)
        for number in range(12):
            await office.arrives(item(office, f"{number}", "look"))
        await office.made.clock.advance(1)
        await office.quiet()
        assert [len(request.messages[-1].pictures) for request in office.model.requests] == [10, 2]


async def test_an_album_in_the_making_keeps_its_actor(tmp_path: Path) -> None:
    async with office_in(tmp_path, 1, actor_idle_s=0.1, album_quiet_s=5) as office:
        await seeing(office)
        await office.arrives(item(office, "one", "look"))
        await office.made.clock.advance(1)
        office.directory.sweep()
        assert office.directory.active == 1
        await office.made.clock.advance(5)
        await office.quiet()
        assert office.model.asked == ["look"]


async def test_a_crash_before_the_answer_loses_no_item(tmp_path: Path) -> None:
    async with office_in(tmp_path, 1) as office:
        await seeing(office)
        office.model.gate.clear()
        items = [item(office, name, "look") for name in ("one", "two")]
        for each in items:
            await office.arrives(each)
        await office.made.clock.advance(1)
        await office.until(lambda: bool(office.model.asked))
        await office.made.storage.commit(lambda tx: None)  # whatever was handed in before is on the disk now
        assert await office.unfinished() == [each.update_id for each in items]


def test_the_first_words_and_the_first_reply_count() -> None:
    first = MessageSent(update_id=5, person=PERSON, place=PLACE, message_id=50, album="a")
    second = MessageSent(update_id=4, person=PERSON, place=PLACE, message_id=51, album="a", text="hm", mentions_us=True)
    whole = put_together([second, first])
    assert (whole.update_id, whole.joined, whole.joined_messages) == (5, (4,), (51,))
    assert (whole.text, whole.mentions_us, whole.update_ids) == ("hm", True, (5, 4))
