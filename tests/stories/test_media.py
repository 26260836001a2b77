"""What people send besides text (SPEC §5): recordings, photos, albums and files, alone, with words, and in replies."""

from collections.abc import Mapping
from typing import Any

import pytest

from gptbot.playground.png import picture
from gptbot.playground.world import Json
from tests.edges.making_pdf import encrypted, pdf
from tests.stories.conftest import ADMIN, House
from tests.stories.kit import Person

GROUP = -100500


@pytest.fixture
async def rich(house: House) -> Person:
    """Alice, who may have everything."""
    await house.start(NEW_USER_PREMIUM_BALANCE="5000", NEW_USER_IMAGE_BALANCE="5", ALBUM_QUIET_S="0.3")
    house.model.answer = lambda body: f"You asked: {content_of(body['messages'][-1])}"
    return await house.member(101, "Alice", "alice")


def content_of(message: Mapping[str, Any]) -> str:
    content = message["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def asked(house: House) -> list[str]:
    """The last question with its context, without the prompt."""
    last = [request for request in house.model.requests if "messages" in request.body][-1]
    return [content_of(message) for message in last.body["messages"][1:]]


def seen(house: House) -> list[bytes]:
    """The pictures that the model got with the last question."""
    return house.model.requests[-1].pictures


def purses(house: House, admin_too: str = "101") -> tuple[int, int]:
    account = house.data()[admin_too]
    return account["balance"], account.get("premium_balance", 0)


# --- recordings ------------------------------------------------------------------------------------------------------


async def test_a_voice_message_is_shown_as_a_quote_answered_and_paid_by_the_second(house: House, rich: Person) -> None:
    house.model.transcript = lambda *_: "What does it mean?"
    await rich.sends_voice(10)
    quote = await rich.sees("What does it mean?")
    assert [entity["type"] for entity in quote["entities"]] == ["expandable_blockquote"]
    await rich.sees("You asked: What does it mean?")
    await house.stop()
    account = house.data()["101"]
    assert account["premium_balance"] == 5000 - 10 * 6
    assert (account["audio_seconds"], house.data()["global"]["audio_seconds"]) == (10, 10)
    assert account["balance"] < 30000


@pytest.mark.parametrize("kind", ["audio", "video_note"])
async def test_audio_files_and_video_notes_are_heard_too(house: House, rich: Person, kind: str) -> None:
    await (rich.sends_audio(3) if kind == "audio" else rich.sends_video_note(3))
    await rich.sees("You asked: This is what was said.")


async def test_words_beside_a_recording_are_asked_about_it(house: House, rich: Person) -> None:
    await rich.sends_audio(3, caption="In one word?")
    await rich.sees("In one word?")
    assert asked(house) == ["«This is what was said.»\n\nIn one word?"]


async def test_a_caption_written_later_is_asked_about_what_was_heard(house: House, rich: Person) -> None:
    voice = await rich.sends_voice(5)
    await rich.sees("You asked: This is what was said.")
    await rich.edits(voice, "In one word?")
    offer = await rich.sees("You have changed your question")
    await rich.presses("Answer anew", offer)
    await rich.sees("In one word?")
    assert asked(house) == ["«This is what was said.»\n\nIn one word?"]


async def test_a_reply_to_a_recording_asks_about_it_and_a_follow_up_knows_it(house: House, rich: Person) -> None:
    voice = await rich.sends_voice(400)
    await rich.sees("I can listen to at most 300 seconds")
    short = await rich.sends_voice(5)
    heard = await rich.sees("You asked:")
    await rich.says("and in French?", reply_to=heard)
    await rich.sees("and in French?")
    assert asked(house)[0] == "This is what was said."
    await rich.says("what about this one?", reply_to=voice)
    await rich.sees("I can listen to at most 300 seconds")
    assert short["message_id"] != voice["message_id"]


async def test_recordings_need_premium_tokens_and_a_transcription_model(house: House) -> None:
    await house.start()
    alice = await house.member(101, "Alice")
    await alice.sends_voice(5)
    await alice.sees("take premium tokens")
    await house.restart(TRANSCRIPTION_MODEL="off")
    await alice.sends_voice(5)
    await alice.sees("I can't listen to recordings here")
    assert not house.model.requests


async def test_silence_and_trouble_cost_nothing(house: House, rich: Person) -> None:
    house.model.transcript = lambda *_: "  "
    await rich.sends_voice(5)
    await rich.sees("could not hear any words")
    house.model.next_fault("server_error", times=5, on="audio")
    await rich.sends_voice(5)
    await rich.sees("could not be reached")
    await house.stop()
    assert purses(house) == (30000, 5000)


async def test_a_restart_neither_hears_nor_shows_a_recording_again(house: House, rich: Person) -> None:
    house.model.next_fault("hang", on="chat")
    await rich.sends_voice(5)
    await rich.sees("This is what was said.")
    await house.model.requested(2)
    await house.restart(STOP_GRACE_S="0.05")
    shown = await rich.sees("")
    assert shown["text"].startswith("You asked: This is what was said.")
    assert len([request for request in house.model.requests if "audio" in request.path]) == 1


# --- pictures --------------------------------------------------------------------------------------------------------


async def test_a_photo_with_a_caption_goes_to_the_model_that_sees(house: House, rich: Person) -> None:
    await rich.sends_photo(picture("cat"), "What animal is this?")
    await rich.sees("What animal is this?")
    assert seen(house) == [picture("cat")]
    assert house.model.requests[-1].body["model"] == "gpt-6.2-sol"
    await house.stop()
    balance, premium = purses(house)
    assert (balance, premium < 5000) == (30000, True)


async def test_a_photo_without_a_word_and_a_photo_sent_as_a_file(house: House, rich: Person) -> None:
    await rich.sends_photo(picture("cat"))
    await rich.sees("What is in this picture?")
    await rich.sends_document(picture("dog"), "dog.png", "image/png", caption="And this?")
    await rich.sees("And this?")
    assert seen(house) == [picture("dog")]


async def test_an_album_is_one_question(house: House, rich: Person) -> None:
    pictures = [picture(name) for name in ("one", "two", "three")]
    await rich.sends_album(pictures, "Which is best?")
    await rich.sees("Which is best?")
    assert seen(house) == pictures
    await rich.sees_nothing_until("next", "You asked: next")
    await house.stop()
    assert house.data()["101"]["requests"] == 2


async def test_an_album_outlives_a_restart_whole(house: House, rich: Person) -> None:
    house.model.next_fault("hang", on="chat")
    pictures = [picture(name) for name in ("one", "two")]
    await rich.sends_album(pictures, "Which is best?")
    await house.model.requested()
    await house.restart(STOP_GRACE_S="0.05")
    await rich.sees("Which is best?")
    assert seen(house) == pictures
    await rich.sees_nothing_until("next", "You asked: next")


async def test_a_follow_up_sees_the_picture_again(house: House, rich: Person) -> None:
    await rich.sends_photo(picture("cat"), "What is it?")
    first = await rich.sees("What is it?")
    await rich.says("What colour?", reply_to=first)
    second = await rich.sees("What colour?")
    assert seen(house) == [picture("cat")]
    await rich.says("Sure?", reply_to=second)
    await rich.sees("Sure?")
    assert seen(house) == [picture("cat")]


async def test_regenerate_asks_about_the_same_picture(house: House, rich: Person) -> None:
    await rich.sends_photo(picture("cat"), "What is it?")
    answer = await rich.sees("What is it?")
    await rich.presses(button_of(answer))
    await rich.sees("What is it?")
    assert seen(house) == [picture("cat")]


def button_of(message: Json) -> str:
    return str(message["reply_markup"]["inline_keyboard"][0][0]["text"])


async def test_a_reply_to_somebody_elses_photo_uses_it(house: House, rich: Person) -> None:
    house.telegram.add_group(GROUP, "Friends", [101, 102])
    bob = house.person(102, "Bob", chat_id=GROUP)
    photo = await bob.sends_photo(picture("boat"), "my boat")
    hers = rich.in_chat(GROUP)
    await hers.says("@playground_bot how long is it?", reply_to=photo)
    await hers.sees("how long is it?")
    assert seen(house) == [picture("boat")]
    await hers.says("@playground_bot", reply_to=photo)
    await hers.sees("What is in this picture?")


async def test_an_album_in_a_group_comes_whole_though_one_caption_names_the_bot(house: House, rich: Person) -> None:
    house.telegram.add_group(GROUP, "Friends", [101, 102])
    hers = rich.in_chat(GROUP)
    pictures = [picture("one"), picture("two")]
    await hers.sends_album(pictures, "@playground_bot which?")
    await hers.sees("which?")
    assert seen(house) == pictures


async def test_of_documents_in_a_group_the_last_one_may_name_the_bot(house: House, rich: Person) -> None:
    house.telegram.add_group(GROUP, "Friends", [101, 102])
    hers = rich.in_chat(GROUP)
    await hers.sends_album([b"for others", b"as well"], "not the bot", names=("a.txt", "b.txt"))
    await hers.sends_album([b"first words", b"second words"], "@playground_bot which?", names=("a.txt", "b.txt"))
    await hers.sees("first words")
    (request,) = house.model.requests
    assert "second words" in str(request.body)
    assert "others" not in str(request.body)


async def test_pro_and_imagine_as_captions(house: House, rich: Person) -> None:
    await rich.sends_photo(picture("cat"), "/pro who is it?")
    await rich.sees("who is it?")
    assert seen(house) == [picture("cat")]
    await rich.sends_photo(picture("dog"), "/imagine with a hat")
    await rich.sees_file("photo")
    changed = [request for request in house.model.requests if request.path.endswith("/images/edits")]
    assert list(changed[0].files.values()) == [picture("dog")]


async def test_other_captions_are_no_commands(house: House, rich: Person) -> None:
    await rich.sends_photo(picture("cat"), "/balance")
    await rich.sees("You asked: /balance")


async def test_a_model_that_does_not_see_is_said_and_costs_nothing(house: House, rich: Person) -> None:
    house.model.blind = {"gpt-6.2-sol"}
    await rich.sends_photo(picture("cat"), "What is it?")
    await rich.sees("picture")
    await house.stop()
    assert purses(house) == (30000, 5000)


# --- documents -------------------------------------------------------------------------------------------------------


async def test_text_code_and_pdfs_are_read_from_the_basic_purse(house: House, rich: Person) -> None:
    await rich.sends_document("купить молоко".encode("cp1251"), "список.txt", caption="What to buy?")
    await rich.sees("What to buy?")
    assert asked(house) == ["File список.txt:\nкупить молоко\n\nWhat to buy?"]
    await rich.sends_document(b"print(6 * 7)\n", "answer.py", "text/x-python")
    await rich.sees("Please summarise this file.")
    paper = await rich.sends_document(pdf("The treasure is under the tree."), "map.pdf", "application/pdf")
    answer = await rich.sees("map.pdf")
    assert "The treasure is under the tree." in asked(house)[0]
    await rich.says("Where?", reply_to=answer)
    await rich.sees("Where?")
    assert "The treasure is under the tree." in asked(house)[0]
    await rich.says("Where is it?", reply_to=paper)
    await rich.sees("Where is it?")
    assert "The treasure is under the tree." in asked(house)[0]
    await house.stop()
    assert purses(house)[1] == 5000


async def test_a_long_file_is_cut_with_a_word(house: House) -> None:
    await house.start(FILE_TOKENS_MAX="50")
    alice = await house.member(101, "Alice")
    await alice.sends_document(b"word " * 5000, "long.txt")
    await alice.sees("long.txt is long, so I read only the beginning")
    await alice.sees("You asked: File long.txt")
    assert 100 < len(asked(house)[0]) < 600


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"PK\x03\x04" + bytes(range(256)), "letter.docx", "I can't read this kind of file"),
        (encrypted(pdf("secret"), "password"), "locked.pdf", "protected by a password"),
        (b"%PDF-1.7 rubbish", "broken.pdf", "seems to be damaged"),
        (b"", "empty.txt", "no"),
    ],
)
async def test_files_that_cannot_be_read_are_declined_by_their_reason(
    house: House, rich: Person, content: bytes, name: str, said: str
) -> None:
    await rich.sends_document(content, name, "application/octet-stream")
    await rich.sees(said)
    assert not house.model.requests


async def test_too_large_files_are_not_even_fetched(house: House) -> None:
    await house.start(FILE_MAX_MB="0.01")
    alice = await house.member(101, "Alice")
    await alice.sends_document(b"x" * 10_001, "large.txt")
    await alice.sees("up to 0.01 MB")
    assert not house.telegram.calls_of("getFile")


async def test_what_is_no_question_is_declined_politely(house: House, rich: Person) -> None:
    for send in (rich.sends_sticker, rich.sends_video):
        await send()
        await rich.sees("I can't read this kind of message")
    house.telegram.send_location(101, 101)
    await rich.sees("I can't read this kind of message")


async def test_the_words_are_russian_for_russians(house: House) -> None:
    await house.start(NEW_USER_PREMIUM_BALANCE="5000")
    ivan = await house.member(103, "Иван", language="ru")
    await ivan.sends_photo(picture("cat"))
    await ivan.sees("Что")
    await ivan.sends_voice(301)
    await ivan.sees("300 секунд")


async def test_the_admin_pays_nothing_and_reports_name_what_was_said(house: House) -> None:
    await house.start(NEW_USER_PREMIUM_BALANCE="5000", REPORTS="each")
    admin, alice = await house.member(ADMIN, "Olga"), await house.member(101, "Alice")
    await alice.sends_voice(5)
    await admin.sees("This is what was said.")
    await admin.sends_voice(5)
    await admin.sees("You asked:")
    await house.stop()
    assert house.data()[str(ADMIN)]["premium_balance"] == 77777
