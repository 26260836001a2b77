"""Files of a question: what the model gets of them, what is charged, and what is said when they are of no use."""

from pathlib import Path
from typing import Any

import pytest

from gptbot.domain.records import Account
from gptbot.domain.updates import RepliedTo, SentFile
from gptbot.ports import DocumentError, DocumentTrouble, FileError, FileTrouble, ModelError, ModelTrouble
from tests.actors.making_desk import Office, office_in

PHOTO = SentFile("picture", "photo", "photo.jpg", "image/jpeg", 3)
VOICE = SentFile("speech", "voice", "voice.ogg", "audio/ogg", 3, 10)
PAPER = SentFile("document", "paper", "notes.txt", "text/plain", 3)
HEARS: dict[str, Any] = {"transcription_model": "ears", "transcription_price": 0.006}


async def sends(office: Office, *files: SentFile, text: str = "", **more: Any) -> None:
    """User 1, who has 500 premium tokens unless a test took them, sends the files in one message."""
    message = office.message(1, text, kind="photo" if files else "text", files=files, **more)
    await office.arrives(message)
    await office.quiet()


async def premium(office: Office, tokens: int = 500) -> None:
    await office.made.storage.commit(
        lambda tx: tx.book_purse(1, "premium_balance", tokens, reason="test", key="premium")
    )


def account(office: Office) -> Account:
    return office.made.book.accounts[1]


async def test_a_photo_goes_to_the_model_that_sees_and_is_paid_from_the_premium_purse(tmp_path: Path) -> None:
    async with office_in(tmp_path, 1) as office:
        await premium(office)
        office.model.files["photo"] = b"\xff\xd8pixels"
        await sends(office, PHOTO, text="what is it?")
        asked = office.model.requests[-1].messages[-1]
        assert (asked.content, asked.pictures) == ("what is it?", (b"\xff\xd8pixels",))
        assert (account(office).premium_balance, account(office).balance) == (490, 1000)


async def test_a_photo_without_a_word_is_asked_about(tmp_path: Path) -> None:
    async with office_in(tmp_path, 1) as office:
        await premium(office)
        await sends(office, PHOTO)
        assert office.model.asked == [office.words("media.question.picture")]


async def test_a_photo_needs_premium_tokens(tmp_path: Path) -> None:
    async with office_in(tmp_path, 1) as office:
        await sends(office, PHOTO, text="what is it?")
        assert office.model.asked == []
        assert office.messenger.texts(1) == [office.words("media.no_premium", purse="premium tokens", balance=0)]


async def test_a_follow_up_shows_the_picture_again_as_long_as_the_purse_goes(tmp_path: Path) -> None:
    async with office_in(tmp_path, 1) as office:
        await premium(office, 15)
        await sends(office, PHOTO, text="what is it?")
        for _ in range(2):
            answer = office.messenger.delivered[-1][1].message_id  # type: ignore[union-attr]  # it was sent
            await sends(office, text="and its colour?", reply=RepliedTo(answer, "", by_us=True))
        first, second = (request.messages for request in office.model.requests[1:])
        assert [message.pictures for message in first] == [(), (b"png",), (), ()]
        assert all(not message.pictures for message in second)
        assert (account(office).premium_balance, account(office).balance) == (-5, 990)


async def test_a_recording_is_shown_answered_and_paid_by_the_second(tmp_path: Path) -> None:
    async with office_in(tmp_path, 1, **HEARS) as office:
        await premium(office)
        await sends(office, VOICE)
        heard = "what voice.ogg says"
        assert office.messenger.texts(1) == [office.words("media.heard", text=heard), f"answer to {heard}"]
        owner = account(office)
        assert (owner.premium_balance, owner.balance, owner.audio_seconds) == (500 - 60, 990, 10)
        assert owner.cost == 1_000_000 + 10_000


async def test_a_recording_with_words_is_quoted_before_them(tmp_path: Path) -> None:
    async with office_in(tmp_path, 1, **HEARS) as office:
        await premium(office)
        await sends(office, VOICE, text="in one word?")
        assert office.model.asked == ["«what voice.ogg says»\n\nin one word?"]


async def test_what_was_heard_is_neither_heard_nor_shown_again_after_a_crash(tmp_path: Path) -> None:
    async with office_in(tmp_path, 1, **HEARS) as office:
        await premium(office)
        office.model.gate.clear()
        message = office.message(1, "", kind="voice", files=(VOICE,))
        await office.arrives(message)
        await office.until(lambda: bool(office.model.asked))
        [(_, pending)] = await office.made.real.pending_updates(0, 10)
        assert pending.asked is not None
        office.model.file_problem = ""  # whoever listened again would hear nothing
        office.directory.resume(message, pending.asked)
        office.model.gate.set()
        await office.quiet()
        assert office.model.asked == ["what voice.ogg says"] * 2
        assert office.messenger.texts(1).count(office.words("media.heard", text="what voice.ogg says")) == 1


async def test_a_document_is_read_before_the_question_and_known_to_the_next_one(tmp_path: Path) -> None:
    async with office_in(tmp_path, 1) as office:
        office.model.files["paper"] = b"buy milk"
        await sends(office, PAPER, text="what to buy?")
        head = office.words("media.document.head", name="notes.txt")
        assert office.model.asked == [f"{head}\nbuy milk\n\nwhat to buy?"]
        answer = office.messenger.delivered[-1][1].message_id  # type: ignore[union-attr]  # it was sent
        await sends(office, text="how much?", reply=RepliedTo(answer, "", by_us=True))
        assert [message.content for message in office.model.requests[-1].messages][1:] == [
            f"{head}\nbuy milk\n\nwhat to buy?", f"answer to {head}\nbuy milk\n\nwhat to buy?", "how much?",
        ]  # fmt: skip
        assert account(office).balance == 980


async def test_a_long_document_is_cut_with_a_word(tmp_path: Path) -> None:
    async with office_in(tmp_path, 1, file_tokens_max=10) as office:
        office.model.files["paper"] = b"word " * 40
        await sends(office, PAPER)
        assert office.messenger.texts(1)[0] == office.words("media.cut", name="notes.txt", tokens=10)
        assert office.model.asked[0].count("word") in (8, 9, 10)


async def test_the_files_of_a_question_share_one_limit_whatever_telegram_tells_of_their_sizes(tmp_path: Path) -> None:
    limits: list[int] = []

    class Shelf:
        async def download(self, file_id: str, size_max: int) -> bytes:
            limits.append(size_max)
            return b"12345"

    async with office_in(tmp_path, 1, file_bytes_max=12) as office:
        await premium(office)
        office.desk.files = Shelf()
        await sends(office, SentFile("picture", "one"), SentFile("picture", "two"))
        answer = office.messenger.delivered[-1][1].message_id  # type: ignore[union-attr]  # it was sent
        await sends(office, text="and now?", reply=RepliedTo(answer, "", by_us=True))
        assert limits == [12, 7] * 2


async def test_a_reply_to_an_unknown_message_uses_its_file(tmp_path: Path) -> None:
    async with office_in(tmp_path, 1) as office:
        await premium(office)
        await sends(office, text="who is this?", reply=RepliedTo(77, "", by_us=False, file=PHOTO))
        assert office.model.requests[-1].messages[-1].pictures == (b"png",)


@pytest.mark.parametrize(
    ("file", "problem", "said"),
    [
        (SentFile("speech", "x", "x.ogg", duration_s=301), None, ("media.too_long", {"limit": 300})),
        (SentFile("speech", "x", "x.ogg", size=700_000), None, ("media.too_long", {"limit": 300})),
        (SentFile("picture", "x", size=20_000_001), None, ("media.too_large", {"mb": "20"})),
        (PHOTO, FileError(FileTrouble.TOO_LARGE, ""), ("media.too_large", {"mb": "20"})),
        (PHOTO, FileError(FileTrouble.GONE, ""), ("media.gone", {})),
        (PAPER, DocumentError(DocumentTrouble.LOCKED, ""), ("media.document.locked", {"name": "notes.txt"})),
        (VOICE, "", ("media.nothing_heard", {})),
        (VOICE, ModelError(ModelTrouble.QUOTA, ""), ("turn.failed.quota", {})),
    ],
)
async def test_what_cannot_be_used_is_said_and_costs_nothing(
    tmp_path: Path, file: SentFile, problem: Exception | str | None, said: tuple[str, dict[str, Any]]
) -> None:
    async with office_in(tmp_path, 1, **HEARS) as office:
        await premium(office)
        office.model.file_problem = problem
        await sends(office, file)
        key, values = said
        assert office.messenger.texts(1) == [office.words(key, **values)]
        assert office.model.asked == []
        assert (account(office).premium_balance, account(office).balance) == (500, 1000)
        assert await office.unfinished() == []


async def test_recordings_are_declined_where_nobody_listens(tmp_path: Path) -> None:
    async with office_in(tmp_path, 1) as office:
        await premium(office)
        await sends(office, VOICE)
        assert office.messenger.texts(1) == [office.words("media.no_transcription")]


async def test_a_stop_ends_the_reading(tmp_path: Path) -> None:
    async with office_in(tmp_path, 1, **HEARS) as office:
        await premium(office)
        office.model.gate.clear()
        office.model.slow_files = True
        await office.arrives(office.message(1, "", kind="voice", files=(VOICE,)))
        await office.until(lambda: bool(office.desk.under_way))
        await office.says(1, "/cancel")
        await office.until(lambda: bool(office.messenger.texts(1)))
        assert office.messenger.texts(1) == [office.words("turn.stopped")]
        await office.quiet()
        assert account(office).premium_balance == 500
