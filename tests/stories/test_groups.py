"""Groups (SPEC §5): answers when addressed, in the same topic and as a reply; silence otherwise; nothing private."""

import asyncio
from typing import Any

import pytest

from gptbot.playground.world import Json
from tests.stories.conftest import ADMIN, House
from tests.stories.kit import Person

GROUP = -1001


@pytest.fixture
async def friends(bot: House, alice: Person, bob: Person, admin: Person) -> Json:
    """A group with Alice, Bob, the admin and the bot; as a Chat object."""
    return bot.telegram.add_group(GROUP, "Friends", [101, 102, ADMIN]).info


@pytest.fixture
def hers(friends: Json, alice: Person) -> Person:
    """Alice in the group."""
    return alice.in_chat(GROUP)


@pytest.fixture
def his(friends: Json, bob: Person) -> Person:
    """Bob in the group."""
    return bob.in_chat(GROUP)


def asked(bot: House) -> list[str]:
    """What the model was sent last, without the system message."""
    return [message["content"] for message in bot.model.requests[-1].body["messages"] if message["role"] != "system"]


def answered(message: Json, question: Json) -> bool:
    return bool(message["reply_to_message"]["message_id"] == question["message_id"])


# --- addressed or not ------------------------------------------------------------------------------------------------


async def test_it_is_silent_unless_addressed(bot: House, hers: Person, his: Person) -> None:
    hello = await hers.says("Hello everybody")
    await his.says("Hello Alice", reply_to=hello)
    await hers.says("@playground_bot_2 and @other_bot, hello; playground_bot too")
    await hers.says("/etc/passwd is a file")
    bot.telegram.send_sticker(101, GROUP)
    bot.telegram.send_photo(101, GROUP, b"picture", "Look")
    bot.telegram.send_location(101, GROUP)
    bot.telegram.forward_text(101, GROUP, "/balance")
    await hers.sees_nothing_until("/balance", "Your balance")
    assert not bot.model.requests


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("@playground_bot what is it?", "what is it?"),
        ("@Playground_Bot, what is it?", "what is it?"),
        ("What is it, @playground_bot?", "What is it?"),
        ("😀 @playground_bot what is it?", "😀 what is it?"),
    ],
)
async def test_a_mention_is_answered_as_a_reply_without_the_mention(
    bot: House, hers: Person, text: str, question: str
) -> None:
    said = await hers.says(text)
    shown = await hers.sees("You asked:")
    assert answered(shown, said)
    assert asked(bot) == [question]


async def test_a_mention_in_a_caption_or_without_a_word_gets_a_polite_answer(bot: House, hers: Person) -> None:
    bot.telegram.send_photo(101, GROUP, b"picture", "@playground_bot what is this?")
    await hers.sees("take premium tokens")
    await hers.says("@playground_bot")
    await hers.sees("There are no words in this message")
    assert not bot.model.requests


async def test_a_reply_to_its_answer_continues_the_chain(bot: House, hers: Person) -> None:
    await hers.says("@playground_bot first")
    first = await hers.sees("You asked: first")
    said = await hers.says("second", reply_to=first)
    shown = await hers.sees("You asked: second")
    assert answered(shown, said)
    assert asked(bot)[0] == "first"
    assert len(asked(bot)) == 3


async def test_a_mention_in_a_reply_to_a_person_brings_what_they_said(bot: House, hers: Person, his: Person) -> None:
    claim = await his.says("The moon is made of cheese")
    await hers.says("@playground_bot is that so?", reply_to=claim)
    await hers.sees("You asked: is that so?")
    assert asked(bot) == ["The moon is made of cheese", "is that so?"]


async def test_a_long_answer_replies_once(bot: House, hers: Person) -> None:
    bot.model.answer = lambda body: "\n\n".join(f"Line {number}: " + "words " * 12 for number in range(100))
    said = await hers.says("@playground_bot tell me a lot")
    await hers.sees("Line 99:")
    parts = [shown.message for shown in hers.chat.shown if "Line" in shown.message.get("text", "")]
    assert answered(parts[0], said)
    assert not [part for part in parts[1:] if "reply_to_message" in part]


async def test_the_answer_comes_although_the_question_was_deleted(bot: House, hers: Person) -> None:
    gate = bot.model.gate = asyncio.Event()
    said = await hers.says("@playground_bot question")
    await bot.model.requested()
    bot.telegram.world.delete(hers.chat, said["message_id"])
    gate.set()
    shown = await hers.sees("You asked: question")
    assert "reply_to_message" not in shown


async def test_people_of_a_group_do_not_wait_for_each_other(bot: House, hers: Person, his: Person) -> None:
    gate = bot.model.gate = asyncio.Event()
    await hers.says("@playground_bot slow")
    await bot.model.requested()
    bot.model.gate = None
    await his.says("@playground_bot quick")
    await his.sees("You asked: quick")
    gate.set()
    await hers.sees("You asked: slow")


# --- topics ----------------------------------------------------------------------------------------------------------


async def test_the_answer_stays_in_the_topic(bot: House, hers: Person) -> None:
    bot.telegram.add_group(GROUP, "Forum", [101], forum=True)
    here = Person(bot.telegram, 101, chat_id=GROUP)
    cats = bot.telegram.add_topic(GROUP, "Cats")
    said = await here.says("@playground_bot why do they purr?", thread_id=cats)
    shown = await here.sees("You asked: why do they purr?")
    assert shown["message_thread_id"] == cats
    assert answered(shown, said)
    await here.says("/balance", thread_id=cats)
    assert (await here.sees("Your balance"))["message_thread_id"] == cats
    await here.says("/nonsense@playground_bot", thread_id=cats)
    assert (await here.sees("I don't know"))["message_thread_id"] == cats
    await here.says("@playground_bot in the general topic")
    assert "message_thread_id" not in await here.sees("You asked: in the general topic")


async def test_a_thread_of_replies_is_no_topic(bot: House, hers: Person) -> None:
    """In a group without topics Telegram counts replies in the same field; sending with it would be refused."""
    said = bot.telegram.send(
        101, GROUP, {"text": "@playground_bot hello", "message_thread_id": 5, "entities": mention(0)}
    )
    shown = await hers.sees("You asked: hello")
    assert "message_thread_id" not in bot.telegram.calls_of("sendMessage")[-1].params
    assert answered(shown, said)


def mention(offset: int) -> list[dict[str, Any]]:
    return [{"type": "mention", "offset": offset, "length": 15}]


# --- commands --------------------------------------------------------------------------------------------------------


async def test_commands_are_answered_as_replies(bot: House, hers: Person) -> None:
    for said, answer in (
        ("/balance", "Your balance"),
        ("/STATS@Playground_Bot", "Your statistics"),
        ("@playground_bot /balance", "Your balance"),
        ("/start@playground_bot", "Good to see you again, Alice!"),
        ("/pro", "/pro Why is the sky blue?"),
        ("/cancel", "nothing to cancel"),
    ):
        message = await hers.says(said)
        assert answered(await hers.sees(answer), message)


async def test_an_unknown_command_is_answered_only_when_the_bot_is_named(bot: House, hers: Person) -> None:
    await hers.says("/nonsense")
    await hers.says("/nonsense@other_bot")
    await hers.says("/balance@other_bot")
    said = await hers.says("/nonsense@playground_bot")
    shown = await hers.sees("")
    assert shown["text"] == "I don't know this command. Everything I can do: /help"
    assert answered(shown, said)


async def test_an_admins_commands_are_unknown_in_groups_even_to_the_admin(
    bot: House, admin: Person, his: Person
) -> None:
    here = admin.in_chat(GROUP)
    for command in ("/data", "/refill 102 5", "/block 102", "/stop", "/status", "/announce all", "/top 5 balance"):
        await here.says(command)
    for command in ("/data", "/refill", "/stop"):
        await here.says(f"{command}@playground_bot 102 500")
        assert "I don't know this command" in (await here.sees(""))["text"]
    await here.says("/help")
    assert "/refill" not in (await here.sees("Write me anything"))["text"]
    await his.says("/balance")
    await his.sees("30000 tokens")


async def test_a_picture_is_sent_as_a_reply(bot: House, hers: Person, admin: Person, alice: Person) -> None:
    await admin.says("/refill 101 1 image")
    await alice.sees("1 image")
    said = await hers.says("/imagine a cat")
    message, _ = await hers.sees_file("photo")
    assert answered(message, said)


# --- who -------------------------------------------------------------------------------------------------------------


async def test_a_person_unknown_to_the_bot_is_pointed_to_a_private_chat(bot: House, hers: Person) -> None:
    await hers.says("@playground_bot first")
    answer = await hers.sees("You asked: first")
    bot.person(500, "Stranger")
    bot.telegram.add_group(-1002, "Others", [500, 101])
    stranger = Person(bot.telegram, 500, chat_id=-1002)
    for text in ("@playground_bot hello", "/balance", "/start", "/start 101", "/prompt", "/pro why"):
        said = await stranger.says(text)
        shown = await stranger.sees("Please open a private chat with me and press Start there")
        assert answered(shown, said)
        assert shown["reply_markup"]["inline_keyboard"][0][0]["url"] == "https://t.me/playground_bot"
    await stranger.says("Hello everybody")
    await stranger.sees_nothing_until("/help", "Write me anything")
    assert answer
    await bot.stop()
    assert "500" not in bot.data()


async def test_who_writes_in_the_name_of_a_chat_is_nobody_in_particular(
    bot: House, hers: Person, friends: Json
) -> None:
    """Anonymous admins and linked channels: they are pointed to a private chat, and register nowhere."""
    anonymous = {
        "message_id": 9000,
        "from": {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"},
        "sender_chat": friends,
        "chat": friends,
        "date": 1,
        "text": "/balance",
        "entities": [{"type": "bot_command", "offset": 0, "length": 8}],
    }
    bot.telegram.push_raw({"message": anonymous})
    await hers.sees("Please open a private chat with me")
    channel = {"id": -1003, "type": "channel", "title": "News"}
    bot.telegram.push_raw({"message": {**anonymous, "sender_chat": channel, "text": "News!", "entities": []}})
    await hers.sees_nothing_until("/balance", "Your balance")


async def test_another_bot_is_never_answered(bot: House, hers: Person, friends: Json) -> None:
    sender = {"id": 43, "is_bot": True, "first_name": "Other", "username": "other_bot"}
    message = {"message_id": 9001, "from": sender, "chat": friends, "date": 1, "text": "/help"}
    bot.telegram.push_raw({"message": message})
    bot.telegram.push_raw({"message": {**message, "text": "@playground_bot hi", "entities": mention(0)}})
    await hers.sees_nothing_until("/balance", "Your balance")


async def test_the_blocked_get_nothing_in_groups_either(bot: House, hers: Person, his: Person, admin: Person) -> None:
    await admin.says("/block 102")
    await admin.sees("Blocked")
    await his.says("@playground_bot hello")
    await his.says("/balance@playground_bot")
    await his.says("/nonsense@playground_bot")
    await admin.says("/unblock 102")
    await admin.sees("Unblocked")
    await his.sees_nothing_until("/balance", "Your balance")
    assert not bot.model.requests


# --- private stays private -------------------------------------------------------------------------------------------


async def test_private_history_never_appears_in_a_group(bot: House, alice: Person, hers: Person, friends: Json) -> None:
    await alice.says("my secret")
    answer = await alice.sees("You asked: my secret")
    await hers.says("@playground_bot hello")
    await hers.sees("You asked: hello")
    assert asked(bot) == ["hello"]
    # Message ids are numbered per private chat and per supergroup: the same number means another message here.
    reply = {"message_id": answer["message_id"], "from": bot.telegram.world.bot, "chat": friends, "date": 1}
    bot.telegram.send(101, GROUP, {"text": "go on", "reply_to_message": reply | {"text": "Hello, group"}})
    await hers.sees("You asked: go on")
    assert asked(bot) == ["Hello, group", "go on"]


async def test_a_groups_history_is_not_continued_in_private(bot: House, alice: Person, hers: Person) -> None:
    await hers.says("@playground_bot in the group")
    answer = await hers.sees("You asked: in the group")
    reply = {"message_id": answer["message_id"], "from": bot.telegram.world.bot, "chat": alice.chat.info, "date": 1}
    bot.telegram.send(101, 101, {"text": "go on", "reply_to_message": reply | {"text": "Hello"}})
    await alice.sees("You asked: go on")
    assert asked(bot) == ["Hello", "go on"]


# --- the bot's own place ---------------------------------------------------------------------------------------------


async def test_put_out_of_the_group_while_answering_charges_nothing(bot: House, alice: Person, hers: Person) -> None:
    gate = bot.model.gate = asyncio.Event()
    await hers.says("@playground_bot question")
    await bot.model.requested()
    bot.telegram.remove_bot(101, GROUP)
    gate.set()
    await bot.telegram.until(lambda: [c for c in bot.telegram.calls_of("sendMessage") if c.answer and not c.ok])
    await alice.says("/balance")
    await alice.sees("30000 tokens")
