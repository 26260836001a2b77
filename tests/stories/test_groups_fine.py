"""Groups, the finer points (SPEC §5): whose answer it was, topics, privacy mode, moving house, voice taken away."""

import asyncio
from typing import Any

import pytest

from gptbot.playground.world import Json
from tests.stories.conftest import ADMIN, House
from tests.stories.kit import Person

GROUP, MOVED = -1001, -1009
BOT = "@playground_bot"


@pytest.fixture
async def bot(house: House) -> House:
    await house.start(RATE_GROUP_PER_MIN="60000")
    return house


@pytest.fixture
def friends(bot: House, alice: Person, bob: Person, admin: Person) -> Json:
    return bot.telegram.add_group(GROUP, "Friends", [101, 102, ADMIN]).info


@pytest.fixture
def hers(friends: Json, alice: Person) -> Person:
    return alice.in_chat(GROUP)


@pytest.fixture
def his(friends: Json, bob: Person) -> Person:
    return bob.in_chat(GROUP)


def asked(bot: House) -> list[str]:
    """What the model was sent last, without the system message."""
    return [message["content"] for message in bot.model.requests[-1].body["messages"] if message["role"] != "system"]


# --- whose answer ----------------------------------------------------------------------------------------------------


async def test_a_reply_to_somebody_elses_answer_is_talk_among_people(bot: House, hers: Person, his: Person) -> None:
    await hers.says(f"{BOT} first")
    answer = await hers.sees("You asked: first")
    await his.sees("You asked: first")
    await his.says("I don't think so", reply_to=answer)
    bot.telegram.send_sticker(102, GROUP, reply_to=answer)
    await his.sees_nothing_until("/balance", "Your balance")
    assert len(bot.model.requests) == 1


async def test_so_is_a_reply_to_somebody_elses_answer_that_still_grows(bot: House, hers: Person, his: Person) -> None:
    bot.model.answer = lambda body: f"{'word ' * 100}{body['messages'][-1]['content']}"
    gate = bot.model.gate = asyncio.Event()
    bot.model.holds_after = 5
    await hers.says(f"{BOT} first")
    growing = await his.sees("word")
    bot.model.gate = None
    await his.says("nonsense", reply_to=growing)
    await his.sees_nothing_until(f"{BOT} probe", "probe")
    await hers.says("second", reply_to=growing)
    await hers.sees("place in the queue")
    gate.set()
    await hers.sees("second")
    assert [text[-5:] for text in asked(bot)] == ["first", "first", "econd"]


async def test_a_stranger_who_replies_to_somebody_elses_answer_is_not_bothered(bot: House, hers: Person) -> None:
    await hers.says(f"{BOT} first")
    answer = await hers.sees("You asked: first")
    bot.person(500, "Stranger")
    hers.chat.members[500] = "member"
    stranger = Person(bot.telegram, 500, chat_id=GROUP)
    await stranger.says("nonsense", reply_to=answer)
    await stranger.sees_nothing_until("/help", "Write me anything")


async def test_naming_the_bot_continues_somebody_elses_answer_and_who_asks_pays(
    bot: House, hers: Person, his: Person, alice: Person, bob: Person
) -> None:
    await hers.says(f"{BOT} first")
    answer = await hers.sees("You asked: first")
    await alice.says("/balance")
    before = (await alice.sees("Your balance"))["text"]
    await his.says(f"{BOT} second", reply_to=answer)
    second = await his.sees("You asked: second")
    assert asked(bot)[0] == "first"
    await hers.says("not mine", reply_to=second)
    await hers.says(f"third {BOT}", reply_to=second)
    await hers.sees("You asked: third")
    assert [text for text in asked(bot) if text in ("first", "second", "third", "not mine")] == [
        "first",
        "second",
        "third",
    ]
    await bob.says("/balance")
    assert "30000 tokens" not in (await bob.sees("Your balance"))["text"]
    await alice.says("/balance")
    assert (await alice.sees("Your balance"))["text"] != before


async def test_one_may_always_reply_to_ones_own(bot: House, hers: Person) -> None:
    await hers.says(f"{BOT} first")
    answer = await hers.sees("You asked: first")
    await hers.says("second", reply_to=answer)
    await hers.sees("You asked: second")
    assert len(asked(bot)) == 3


# --- topics ----------------------------------------------------------------------------------------------------------


async def test_each_topic_has_its_own_dialog(bot: House, hers: Person) -> None:
    bot.telegram.add_group(GROUP, "Forum", [101], forum=True)
    here = Person(bot.telegram, 101, chat_id=GROUP)
    cats, dogs = (bot.telegram.add_topic(GROUP, name) for name in ("Cats", "Dogs"))
    await here.says("/prompt@playground_bot", thread_id=cats)
    await here.sees("instruction")
    await here.says(f"{BOT} what do they eat?", thread_id=dogs)
    assert (await here.sees("You asked: what do they eat?"))["message_thread_id"] == dogs
    await here.says("/cancel", thread_id=dogs)
    await here.sees("nothing to cancel")
    await here.says("You are a cat", thread_id=cats)
    assert (await here.sees("You are a cat"))["message_thread_id"] == cats
    assert len(bot.model.requests) == 1


async def test_a_reply_from_another_topic_continues_the_chain(bot: House, hers: Person, his: Person) -> None:
    """Telegram tells of it as of a reply to another chat's message (Bot API ExternalReplyInfo)."""
    bot.telegram.add_group(GROUP, "Forum", [101, 102], forum=True)
    here, there = (Person(bot.telegram, person, chat_id=GROUP) for person in (101, 102))
    cats, dogs = (bot.telegram.add_topic(GROUP, name) for name in ("Cats", "Dogs"))
    await here.says(f"{BOT} first", thread_id=cats)
    answer = await here.sees("You asked: first")
    origin = {"type": "user", "sender_user": bot.telegram.world.bot, "date": 1}
    reply = {"external_reply": {"origin": origin, "chat": here.chat.info, "message_id": answer["message_id"]}}
    bot.telegram.send(102, GROUP, {"text": "not meant for the bot", **reply}, thread_id=dogs)
    bot.telegram.send(101, GROUP, {"text": "second", **reply}, thread_id=dogs)
    assert (await there.sees("You asked: "))["message_thread_id"] == cats
    second = await there.sees("You asked: ")
    assert second["text"].startswith("You asked: second")
    assert second["message_thread_id"] == dogs
    assert (asked(bot)[0], asked(bot)[2:]) == ("first", ["second"])


async def test_a_private_topic_has_its_own_dialog_and_answers_stay_in_it(bot: House, alice: Person) -> None:
    work, play = (bot.telegram.add_topic(101, name) for name in ("Work", "Play"))
    await alice.says("/prompt", thread_id=work)
    await alice.sees("instruction")
    await alice.says("hello", thread_id=play)
    first = await alice.sees("You asked: hello")
    assert first["message_thread_id"] == play
    await alice.says("go on", thread_id=play, reply_to=first)
    assert (await alice.sees("You asked: go on"))["message_thread_id"] == play
    assert asked(bot)[0] == "hello"
    await alice.says("You are a clerk", thread_id=work)
    assert (await alice.sees("You are a clerk"))["message_thread_id"] == work


async def test_the_first_message_of_a_topic_is_not_what_is_replied_to(bot: House, hers: Person) -> None:
    bot.telegram.add_group(GROUP, "Forum", [101], forum=True)
    here = Person(bot.telegram, 101, chat_id=GROUP)
    cats = bot.telegram.add_topic(GROUP, "Cats")
    root = {"message_id": cats, "from": bot.telegram.world.bot, "chat": here.chat.info, "date": 1, "text": "Cats"}
    words = {"text": f"{BOT} hello", "entities": [{"type": "mention", "offset": 0, "length": len(BOT)}]}
    bot.telegram.send(101, GROUP, {**words, "reply_to_message": root}, thread_id=cats)
    await here.sees("You asked: hello")
    assert asked(bot) == ["hello"]


# --- privacy mode ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("privacy", [True, False])
async def test_privacy_mode_changes_nothing_that_people_see(
    bot: House, hers: Person, his: Person, *, privacy: bool
) -> None:
    bot.telegram.world.privacy_mode = privacy
    await hers.says("just talking")
    await hers.says(f"{BOT} first")
    answer = await hers.sees("You asked: first")
    await hers.says("second", reply_to=answer)
    await hers.sees("You asked: second")
    await his.sees("You asked: second")
    await his.says("no", reply_to=answer)
    await his.sees_nothing_until("/balance@playground_bot", "Your balance")
    assert len(bot.model.requests) == 2


# --- in the name of a chat --------------------------------------------------------------------------------------------


async def test_anonymous_admins_and_channels_have_no_account_and_no_dialog(
    bot: House, hers: Person, friends: Json
) -> None:
    stand_in = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
    channel = {"id": -1003, "type": "channel", "title": "News"}
    for sender_chat in (friends, channel):
        for text in (f"{BOT} hello", "/balance@playground_bot", "/start@playground_bot", "/prompt@playground_bot x"):
            push_named(bot, friends, stand_in, sender_chat, text)
            await hers.sees("under your own name")
    post = {"is_automatic_forward": True, "forward_origin": {"type": "channel", "chat": channel, "date": 1}}
    push_named(bot, friends, {"id": 777000, "is_bot": False, "first_name": "Telegram"}, channel, f"{BOT} news", **post)
    await hers.sees_nothing_until("/balance", "Your balance")
    assert not bot.model.requests
    await bot.stop()
    assert {key for key in bot.data() if key != "global"} == {"101", "102", str(ADMIN)}


def push_named(bot: House, chat: Json, sender: Json, sender_chat: Json, text: str, **more: Any) -> None:
    kind, length = ("mention", len(BOT)) if text.startswith("@") else ("bot_command", len(text.split()[0]))
    message = {
        "message_id": 9000,
        "from": sender,
        "sender_chat": sender_chat,
        "chat": chat,
        "date": 1,
        "text": text,
        "entities": [{"type": kind, "offset": 0, "length": length}],
        **more,
    }
    bot.telegram.push_raw({"message": message})


# --- the bot's own place ----------------------------------------------------------------------------------------------


async def test_it_greets_once_when_it_is_added(bot: House, hers: Person) -> None:
    bot.telegram.add_bot(101, GROUP)
    await hers.sees("Ask me something with @playground_bot")
    bot.telegram.mute_bot(101, GROUP)
    bot.telegram.add_bot(101, GROUP)
    await bot.restart()
    bot.telegram.remove_bot(101, GROUP)
    bot.telegram.add_bot(101, GROUP)
    await hers.sees_nothing_until("/balance", "Your balance")


async def test_where_it_is_muted_a_question_costs_nothing_and_nothing_loops(
    bot: House, hers: Person, alice: Person
) -> None:
    bot.telegram.mute_bot(101, GROUP)
    await hers.says(f"{BOT} hello")
    await bot.telegram.until(lambda: [call for call in bot.telegram.calls_of("sendMessage") if not call.ok])
    await alice.says("/balance")
    await alice.sees("30000 tokens")
    await hers.says(f"{BOT} still there?")
    await hers.says(f"/imagine{BOT} a dog")
    await alice.says("/balance")
    await alice.sees("30000 tokens")
    refused = [call for call in bot.telegram.calls_of("sendMessage") if not call.ok]
    assert len(refused) <= 2
    assert len(bot.model.requests) == 1  # nothing is asked for nobody
    bot.telegram.add_bot(101, GROUP)
    await hers.says(f"{BOT} again")
    await hers.sees("You asked: again")


async def test_where_only_words_may_be_sent_it_says_so_and_goes_on_with_words(
    bot: House, hers: Person, admin: Person, alice: Person
) -> None:
    await admin.says("/refill 101 1 image")
    await alice.sees("1 image")
    for method, what in (("sendPhoto", "photos"), ("sendDocument", "documents")):
        no_rights = f"Bad Request: not enough rights to send {what} to the chat"
        bot.telegram.faults.next(method, "refuse", status=400, description=no_rights)
    await hers.says(f"/imagine{BOT} a dog")
    await hers.sees("could not be shown here")
    await hers.says(f"{BOT} in words, please")
    await hers.sees("You asked: in words, please")
    await alice.says("/balance")
    assert "1 image:" in (await alice.sees("Your balance"))["text"]


# --- a group becomes a supergroup -------------------------------------------------------------------------------------


@pytest.fixture
def basic(bot: House, alice: Person, bob: Person) -> Person:
    """Alice in a basic group, with Bob."""
    bot.telegram.add_group(GROUP, "Friends", [101, 102], basic=True)
    return alice.in_chat(GROUP)


async def test_a_supergroup_goes_on_where_the_group_was(bot: House, basic: Person, bob: Person) -> None:
    await basic.says(f"{BOT} first")
    answer = await basic.sees("You asked: first")
    await basic.says("/prompt@playground_bot")
    await basic.sees("instruction")
    bot.telegram.upgrade_group(101, GROUP, MOVED)
    hers = basic.in_chat(MOVED)
    await hers.says("You are a cat")  # the dialog has moved along
    await hers.sees("You are a cat")
    await hers.says("/cancel@playground_bot")
    await hers.sees("Left")
    await bot.restart()
    his = bob.in_chat(MOVED)
    bot.telegram.send(102, MOVED, {"text": "hm", "reply_to_message": answer})
    await his.sees_nothing_until("/balance@playground_bot", "Your balance")
    bot.telegram.send(101, MOVED, {"text": "second", "reply_to_message": answer})
    await hers.sees("You asked: second")
    assert asked(bot)[0] == "first"
    assert len(asked(bot)) == 3


async def test_an_answer_under_way_arrives_in_the_supergroup_and_is_known_there(bot: House, basic: Person) -> None:
    """Even if Telegram's own notice of the move never comes."""
    old = basic.chat
    bot.telegram.upgrade_group(101, GROUP, MOVED, notices=False)
    hers = basic.in_chat(MOVED)
    sender = bot.telegram.world.users[101]
    late = {"text": f"{BOT} late", "entities": [{"type": "mention", "offset": 0, "length": len(BOT)}]}
    bot.telegram.push_raw({"message": {**late, "message_id": 9000, "chat": old.info, "from": sender, "date": 1}})
    answer = await hers.sees("You asked: late")
    await hers.says("go on", reply_to=answer)
    await hers.sees("You asked: go on")
    assert asked(bot)[0] == "late"
