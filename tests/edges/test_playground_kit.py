"""The kit of the stories: what a person sees, and how a story fails."""

import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from gptbot.domain.updates import Me, MessageSent
from gptbot.edges.telegram_decode import decode
from gptbot.playground.bot_api import METHODS, BotApiServer
from gptbot.playground.params import Params
from tests.stories.kit import Person

GROUP = -100500
ME = Me(42, "playground_bot", "Playground")


@pytest.fixture
async def server() -> AsyncIterator[BotApiServer]:
    server = BotApiServer(strict=False)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def alice(server: BotApiServer) -> Person:
    return Person(server, 101, "Alice", "alice", timeout_s=0.05)


@pytest.fixture
def shows(server: BotApiServer) -> Callable[..., Any]:
    """What the bot does, without HTTP: `shows("sendMessage", text="hi")` to Alice."""
    return lambda method, **params: METHODS[method.lower()](server.world, Params({"chat_id": 101, **params}))


BUTTONS = {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes:1"}]]}


async def test_a_person_sees_each_message_once_and_skips_to_the_wanted(
    alice: Person, shows: Callable[..., Any]
) -> None:
    for text in ("one", "two", "three"):
        shows("sendMessage", text=text)
    assert (await alice.sees("two"))["text"] == "two"
    with pytest.raises(AssertionError, match="Alice did not see 'one'"):
        await alice.sees("one")
    assert (await alice.sees(re.compile("^th?ree")))["text"] == "three"
    assert alice.last["text"] == "three"


async def test_an_edit_is_news_and_a_message_of_ones_own_is_not(alice: Person, shows: Callable[..., Any]) -> None:
    sent = shows("sendMessage", text="drawing")
    await alice.sees("drawing")
    await alice.says("drawn?")
    shows("editMessageText", message_id=sent["message_id"], text="drawn!")
    assert (await alice.sees("drawn"))["text"] == "drawn!"


async def test_a_failure_shows_the_transcript(alice: Person, shows: Callable[..., Any]) -> None:
    await alice.says("hello?")
    shows("sendMessage", text="go away", reply_markup=BUTTONS)
    with pytest.raises(AssertionError, match=r"(?s)'welcome'.*Alice: 'hello\?'.*>> 2 Playground: 'go away' \[Yes\]"):
        await alice.sees("welcome")


async def test_buttons_are_pressed_by_label_or_data_and_popups_read(
    server: BotApiServer, alice: Person, shows: Callable[..., Any]
) -> None:
    shows("sendMessage", text="Sure?", reply_markup=BUTTONS)
    shows("sendMessage", text="by the way")
    pressed = await alice.presses("Yes")
    shows("answerCallbackQuery", callback_query_id=pressed.id, text="Done")
    assert await alice.sees_popup("Done") == "Done"
    assert (await alice.presses("yes:1")).data == "yes:1"
    assert (await alice.presses("forged", on=alice.last, forged=True)).data == "forged"
    with pytest.raises(AssertionError, match="a button 'No'"):
        await alice.presses("No")
    assert len(server.world.updates.pending) == 3


async def test_silence_is_proved_by_a_probe(server: BotApiServer, alice: Person, shows: Callable[..., Any]) -> None:
    shows("sendMessage", text="too early")
    with pytest.raises(AssertionError, match="expected silence, the bot said 'too early'"):
        await alice.sees_nothing_until("/balance", "tokens")
    await alice.sees("too early")
    shows("sendMessage", text="30000 tokens")
    await alice.sees_nothing_until("/balance", "tokens")


async def test_files_come_with_their_bytes(server: BotApiServer, alice: Person) -> None:
    file = server.world.store_file(b"{}", "data.json", "application/json")
    METHODS["senddocument"](server.world, Params({"chat_id": 101, "document": file.file_id, "caption": "2 users"}))
    message, content = await alice.sees_file("document", "2 users")
    assert (message["document"]["file_name"], content) == ("data.json", b"{}")


async def test_a_person_can_be_in_a_group(server: BotApiServer, alice: Person) -> None:
    server.add_group(GROUP, "Friends", [101])
    there = alice.in_chat(GROUP)
    await there.says("hi all")
    METHODS["sendmessage"](server.world, Params({"chat_id": GROUP, "text": "hi Alice"}))
    await there.sees("hi Alice")
    with pytest.raises(AssertionError):
        await alice.sees("hi Alice")


def last_sent(server: BotApiServer) -> MessageSent:
    """The newest update as the bot reads it."""
    update = decode(server.world.updates.pending[-1], ME)
    assert isinstance(update, MessageSent)
    return update


async def test_what_a_person_sends_is_what_the_bot_reads(server: BotApiServer, alice: Person) -> None:
    question = await alice.says("well?")
    for act, kind, file_kind, name, seconds in (
        (alice.sends_photo(caption="look", reply_to=question), "photo", "picture", "", 0),
        (alice.sends_voice(7, caption="hear", reply_to=question), "voice", "speech", "voice.ogg", 7),
        (alice.sends_audio(9, name="talk.mp3", reply_to=question), "audio", "speech", "talk.mp3", 9),
        (alice.sends_video_note(3, reply_to=question), "video_note", "speech", "video_note.mp4", 3),
        (alice.sends_document(b"%PDF", "a.pdf", "", reply_to=question), "document", "document", "a.pdf", 0),
    ):  # fmt: skip
        message = await act
        read = last_sent(server)
        (file,) = read.files
        assert (read.kind, file.kind, file.name, file.duration_s) == (kind, file_kind, name, seconds)
        assert (read.text, file.size) == (message.get("caption", ""), len(server.world.files[file.file_id].content))
        assert read.reply is not None
        assert read.reply.text == "well?"


async def test_what_the_bot_cannot_use_has_no_file(server: BotApiServer, alice: Person) -> None:
    for act in (alice.sends_sticker(), alice.sends_video("film")):
        await act
        assert last_sent(server).files == ()


@pytest.mark.parametrize(("names", "captions"), [((), ["both", ""]), (("a.txt", "b.pdf"), ["", "both"])])
async def test_an_album_comes_piece_by_piece(
    server: BotApiServer, alice: Person, names: tuple[str, ...], captions: list[str]
) -> None:
    album = await alice.sends_album([b"one", b"two"], "both", names)
    updates = [decode(item, ME) for item in server.world.updates.pending]
    read = [update for update in updates if isinstance(update, MessageSent)]
    assert [item.message_id for item in read] == [message["message_id"] for message in album]
    assert len({item.album for item in read} - {None}) == 1
    assert [item.text for item in read] == captions
    assert [file.name for item in read for file in item.files] == list(names or ("", ""))
    with pytest.raises(ValueError, match="2 to 10"):
        await alice.sends_album([b"one"])


async def test_a_caption_can_be_edited(server: BotApiServer, alice: Person) -> None:
    photo = await alice.sends_photo(caption="loook")
    assert (await alice.edits(photo, "look"))["caption"] == "look"


async def test_a_reply_to_a_picture_or_voice_of_the_bot_tells_its_file(
    server: BotApiServer, alice: Person, shows: Callable[..., Any]
) -> None:
    for kind, method, name in (("picture", "sendPhoto", "drawn.png"), ("speech", "sendVoice", "said.ogg")):
        file = server.world.store_file(b"content", name, "")
        field = method.removeprefix("send").lower()
        shown = shows(method, **{field: file.file_id, "caption": "Here"})
        await alice.says("and this?", reply_to=shown)
        reply = last_sent(server).reply
        assert reply is not None
        assert reply.file is not None
        assert (reply.by_us, reply.text, reply.file.kind, reply.file.file_id) == (True, "Here", kind, file.file_id)
