"""The kit of the stories: what a person sees, and how a story fails."""

import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from gptbot.playground.bot_api import METHODS, BotApiServer
from gptbot.playground.params import Params
from tests.stories.kit import Person

GROUP = -100500


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
