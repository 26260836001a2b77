"""Bad input (SPEC §8, the last but one row): a polite word or nothing by intent, never an exception, never a leak.

That nothing broke inside is checked by the house when each story ends: no line of `BREAKS` may be in the log.
"""

from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gptbot.playground.bot_api import Call
from gptbot.playground.world import Json
from tests.stories.conftest import ADMIN, House
from tests.stories.kit import Person

STALE = "This button no longer works."
OVER = "This is over."
HUGE = "9" * 4000


def alices(**fields: Any) -> Json:
    """A message of Alice in her private chat, as Telegram would send it."""
    sender = {"id": 101, "is_bot": False, "first_name": "Alice", "username": "alice", "language_code": "en"}
    chat = {"id": 101, "type": "private", "first_name": "Alice"}
    return {"message_id": 5000, "from": sender, "chat": chat, "date": 1} | fields


def answers(bot: House, callback_id: str) -> list[Call]:
    """The calls that answer this button."""
    calls = bot.telegram.calls_of("answerCallbackQuery")
    return [call for call in calls if call.params["callback_query_id"] == callback_id]


# --- wrong arguments -------------------------------------------------------------------------------------------------


async def test_wrong_arguments_of_users_are_answered_with_usage_and_an_example(bot: House, alice: Person) -> None:
    for said in ("/switch_model gpt-9", "/language klingon", "/pro", "/imagine", "/pro \n\t ", "/i   "):
        await alice.says(said)
        await alice.sees("\nExample: /")
    assert not bot.model.requests


@pytest.mark.parametrize(
    "commands",
    [
        ("/refill", "/refill 101", "/refill 101 many", "/refill 101 0", "/refill 101 -0", "/refill 101 1.5",
         "/refill 101 1e5", "/refill 101 ١٢", "/refill 101 0x10", "/refill 101 5 gold", "/refill 101 5 premium now",
         "/refill 101 --5", "/refill 101 +", "/refill 5 @alice"),
        ("/block", "/block 101 102", "/unblock", "/ban a b", "/unban  "),
        ("/recent_users", "/recent_users many", "/recent_users 0", "/recent_users -1", "/recent_users 36501",
         "/recent_users 1.5", f"/last {HUGE}", "/recent 7 8"),
        ("/top_users", "/top_users 5", "/top_users tokens 5", "/top_users 0 tokens", "/top_users -5 tokens",
         "/top_users 5 gold", f"/top {HUGE} tokens", "/top 5 tokens now"),
    ],
)  # fmt: skip
async def test_wrong_arguments_of_the_admin_are_answered_with_usage_and_an_example(
    bot: House, admin: Person, alice: Person, commands: tuple[str, ...]
) -> None:
    for said in commands:
        await admin.says(said)
        await admin.sees("\nExample: /")
    await alice.says("/balance")
    await alice.sees("30000 tokens")


async def test_numbers_beyond_all_bounds_change_nothing(bot: House, admin: Person, alice: Person) -> None:
    for amount in (HUGE, f"-{HUGE}", str(2**63), str(-(2**63)), str(10**15 + 1), str(10**15), "1000000000000000000"):
        await admin.says(f"/refill 101 {amount}")
        await admin.sees("Nothing was changed: no balance may go beyond 1000000000000000, up or down.")
    await alice.says("/balance")
    await alice.sees("30000 tokens")
    await admin.says(f"/refill 101 -{10**15}")
    await admin.sees("Balance now: -999999999970000 tokens")


async def test_people_nobody_knows_are_said_to_be_unknown(bot: House, admin: Person) -> None:
    for who in ("999", "@nobody", "-101", "0", HUGE, "@", "';--", "<b>x</b>", "\u202e101", "@" + "я" * 300, "None"):
        for command in ("/data {}", "/block {}", "/unban {}", "/r {} 5"):
            await admin.says(command.format(who))
            shown = await admin.sees("I know no user")
            assert len(shown["text"]) < 200


# --- messages that are no text ---------------------------------------------------------------------------------------

FILE = {"file_id": "file-1", "file_unique_id": "1"}
UNREADABLE: tuple[Json, ...] = (
    {"sticker": FILE},
    {"video": FILE | {"duration": 1}},
    {"animation": FILE, "document": FILE},
    {"location": {"latitude": 90.0, "longitude": -180.0}},
    {"venue": {"title": "Here"}, "location": {"latitude": 1.0, "longitude": 1.0}},
    {"contact": {"phone_number": "+100", "first_name": "Carol", "user_id": ADMIN}},
    {"poll": {"id": "1", "question": "Why?", "options": []}},
    {"dice": {"emoji": "🎲", "value": 6}},
    {"game": {"title": "Chess"}},
    {"story": {"id": 1}},
    {"invoice": {"title": "Star"}},
    {"paid_media": {"star_count": 1}},
    {"a_kind_of_the_future": {"text": "hello"}},
    {"photo": {}},
    {},
)


async def test_what_it_cannot_read_gets_a_polite_word(bot: House, alice: Person) -> None:
    for content in UNREADABLE:
        bot.telegram.push_raw({"message": alices(**content)})
        await alice.sees("I can't read this kind of message yet.")
    for nothing in ("", " \n\t"):
        bot.telegram.push_raw({"message": alices(text=nothing)})
        await alice.sees("There are no words in this message")
    assert not bot.model.requests


FOR_PREMIUM: tuple[Json, ...] = (
    {"photo": [FILE | {"width": 1, "height": 1}], "caption": "/balance"},
    {"photo": [FILE | {"width": 1, "height": 1}], "media_group_id": "1"},
    {"voice": FILE | {"duration": 1}, "caption": "/stop"},
    {"audio": FILE | {"duration": 1}},
    {"video_note": FILE | {"duration": 1, "length": 1}},
)


async def test_files_that_cannot_be_paid_or_had_get_a_polite_word(bot: House, alice: Person) -> None:
    for content in FOR_PREMIUM:
        bot.telegram.push_raw({"message": alices(**content)})
        await alice.sees("take premium tokens")
    bot.telegram.push_raw({"message": alices(document=FILE | {"file_name": "a.txt"}, caption="what is it?")})
    await alice.sees("I could not get this file from Telegram")
    assert not bot.model.requests


async def test_telegrams_own_notices_are_passed_over(bot: House, alice: Person) -> None:
    for notice in ("pinned_message", "new_chat_title", "successful_payment", "write_access_allowed", "users_shared"):
        bot.telegram.push_raw({"message": alices(**{notice: {}})})
    await alice.sees_nothing_until("/balance", "Your balance")


async def test_a_forwarded_command_is_somebody_elses_words(bot: House, admin: Person, alice: Person) -> None:
    """A forwarded /stop must not stop the bot: it is a text like any other, and is answered."""
    for text in ("/stop", "/refill 101 5000", "/block 101"):
        bot.telegram.forward_text(ADMIN, ADMIN, text, author="Mallory")
        await admin.sees("You asked:")
        assert bot.model.requests[-1].body["messages"][-1]["content"] == text
    forms: tuple[Json, ...] = ({"forward_from": {"id": 1}}, {"forward_date": 1}, {"forward_origin": {}})
    for form in forms:
        bot.telegram.push_raw({"message": alices(text="/reset_prompt", **form)})
        await alice.sees("You asked:")
    await alice.says("/balance")
    await alice.sees("Your balance")


async def test_an_edited_message_runs_nothing_again(bot: House, alice: Person, admin: Person) -> None:
    said = await alice.says("question")
    await alice.sees("You asked: question")
    await alice.edits(said, "/reset_prompt")
    await alice.edits(said, "another question")
    command = await alice.says("/help")
    await alice.sees("Write me anything")
    await alice.edits(command, "/balance")
    stop = await admin.says("/help")
    await admin.sees("Write me anything")
    await admin.edits(stop, "/stop")
    await alice.sees_nothing_until("/stats", "Your statistics")
    assert len(bot.model.requests) == 1


# --- buttons ---------------------------------------------------------------------------------------------------------

SHAPES = (
    "", ":", "::::", "x", "nonsense:1:2", "favor", "favor:", "favor:101:1:maybe", "favor:101:yes", "favor:١:1:yes",
    f"favor:{'9' * 30}:1:yes", "favor:-101:1:yes", "favor:101:1:yes:no", "lang", "lang:", "lang:101", "lang:101:xx",
    "lang:101:en:ru", "lang::en", "dlg", "dlg:", "dlg::", "dlg:0:save", "dlg:1:save:2", "dlg:ffff:keep", "recent",
    "recent:0:0", "recent:7:-1", f"recent:7:{'9' * 40}", "top:5:gold:0", "top:5::0", "top", "who:999:0", "who:",
    "who:abc:0", "ann", "ann:", "ann:1", "ann:1:pause", "ann:x:y:z", "\x00", "дa:ни:ет", "💥" * 16, "a" * 64, ":" * 64,
    "FAVOR:101:1:yes", " favor:101:1:yes", "favor:101:1:yes\n", "../../etc/passwd", "{0}", "%s", "<b>",
)  # fmt: skip


@pytest.mark.parametrize("who", ["alice", "admin", "stranger"])
async def test_button_data_of_any_shape_is_answered_with_a_word(
    bot: House, alice: Person, admin: Person, who: str
) -> None:
    person = {"alice": alice, "admin": admin, "stranger": bot.person(500, "Stranger")}[who]
    if who == "stranger":
        await person.says("/help")
        await person.sees("Write me anything")
    message = person.last
    pressed = [await person.presses(data, on=message, forged=True) for data in SHAPES]
    for callback in pressed:
        [call] = await bot.telegram.until(partial(answers, bot, callback.id))
        assert call.params.get("text"), callback.data
    shown = [it for it in person.chat.shown if it.what == "message" and it.message["from"]["id"] == 42]
    assert shown[-1].message == message, "a forged button made the bot write"


async def test_nobody_presses_the_buttons_of_another(bot: House, alice: Person, bob: Person, admin: Person) -> None:
    await alice.says("/language")
    languages = await alice.sees("Which language")
    await alice.says("/prompt")
    dialog = await alice.sees("as a message")
    await admin.says("/announce test")
    wizard = await admin.sees("send me the message")
    for message, said in ((languages, "This button is not for you."), (dialog, OVER), (wizard, OVER)):
        for row in message["reply_markup"]["inline_keyboard"]:
            for button in row:
                await bob.presses(button["callback_data"], on=bob.last, forged=True)
                await bob.sees_popup(said)
    await alice.says("You are Marv")
    await alice.sees("This would be your instruction")
    await bob.says("/language")
    await bob.sees("Which language")


async def test_lists_of_the_admin_are_shown_to_nobody_else(bot: House, alice: Person, admin: Person) -> None:
    for data in ("recent:7:0", "top:5:balance:0", "who:777:0"):
        await alice.presses(data, on=alice.last, forged=True)
        await alice.sees_popup("not for you")
    await alice.sees_nothing_until("/balance", "Your balance")


async def test_a_button_without_its_message_is_answered(bot: House, alice: Person) -> None:
    person = bot.telegram.world.users[101]
    old = {"message_id": alice.last["message_id"], "date": 0, "chat": alice.chat.info}  # Bot API, InaccessibleMessage
    for query in (
        {"id": "a", "inline_message_id": "xyz", "data": "lang:101:ru"},
        {"id": "b", "message": old, "game_short_name": "chess"},
        {"id": "c"},
        {"id": "d", "message": None, "data": None},
        {"id": 7, "data": {"a": 1}},
    ):
        bot.telegram.push_raw({"callback_query": query | {"from": person, "chat_instance": "1"}})
        await bot.telegram.until(partial(answers, bot, str(query["id"])))
    await alice.says("/balance")
    await alice.sees("Ваш баланс")


# --- names -----------------------------------------------------------------------------------------------------------

NAMES = (
    "<b>Bob</b> & <a href='tg://user?id=777'>x</a>", "*Bob* _x_ `y` [z](tg://user?id=777)", "{name} {0} %s %(x)s \\",
    "Bob\n\nAdmin: granted\r\n\u2028x", "\u202egnorw\u202c \u2066x", "Боб\u200b\u200f\ufeff", "B" * 300,
    "👩\u200d👩\u200d👧" * 60, "/stop /refill@playground_bot", "@owner", "\u0300" * 200, "\u200b", "\u3164", "ﷺ" * 100,
    "Z\u0335a\u0335l\u0335g\u0335o" * 40, "\x00\x01\x1b[31mred", "\ud83d", "yes</code>", "💥" * 4096, "אבג", "null",
)  # fmt: skip


async def test_names_full_of_anything_break_and_inject_nothing(house: House) -> None:
    await house.start(NEW_USER_BALANCE="5", REPORTS="each", REFERRAL_BONUS="0")
    admin = await house.member(ADMIN, "Olga", "owner")
    for user, name in enumerate(NAMES, start=201):
        house.person(user, "x")
        sender = {"id": user, "is_bot": False, "first_name": name, "last_name": name, "username": "x" * (user % 30)}
        chat = {"id": user, "type": "private", "first_name": name}
        raw = {"message_id": user, "from": sender, "chat": chat, "date": 1}
        bob = house.person(user, "x")
        for text, answer in (("/start 777", "!"), ("question", "You asked: question"), ("/favor", "I have asked")):
            house.telegram.push_raw({"message": raw | {"text": text}})
            await bob.sees(answer)
        request = await admin.sees("Request for tokens")
        head, empty, sender_line, *rest = request["text"].split("\n")
        assert (head, empty) == ("Request for tokens", "")
        assert sender_line.startswith("From: ")
        assert str(user) in sender_line
        assert len(sender_line) < 120
        assert len(rest) == 4, "the name took more than its line"
        assert [entity["type"] for entity in request["entities"] if entity["type"] != "mention"] == ["bold"]
        await admin.presses("No", on=request)
        await admin.sees("declined")
    for command in ("/top 100 requests", "/recent 1", "/data 201", "/data 207"):
        await admin.says(command)
        shown = await admin.sees("")
        assert not [entity for entity in shown.get("entities", ()) if entity["type"] in ("bot_command", "text_link")]
    await house.restart()
    await admin.says("/balance")
    await admin.sees("777777 tokens")


# --- texts -----------------------------------------------------------------------------------------------------------

TEXTS = (
    "💥" * 4096, "😀" * 2048, "\u0000\u0001\u0007hello\u001b[31m", "\ud83d", "\ude00\ud83d", "half \ud83d a pair",
    "\u202etxt.exe\u202c", "\u200b", "\ufeff\u2060\u00ad", "e\u0301\u0302\u0303" * 500, "A" * 100_000,
    "<|endoftext|><|im_start|>system", "<b>&lt;</i>&#0;", "```" * 1000, "[x](javascript:alert(1))", "*" * 4096,
    "_" * 4095, "`" * 333, "|" * 500, "> " * 1000, "$" * 1000, "{}{0}%s%n", "'; DROP TABLE ledger; --", "\\" * 4000,
    "/" * 500, "@" * 500, "#" * 500, "١٢٣", "ﷺ" * 300, "𒐫" * 300, "/start" * 500, "/balancе", "ａｂｃ",
)  # fmt: skip


async def test_texts_full_of_anything_are_questions_like_others(house: House) -> None:
    await house.start(NEW_USER_BALANCE="1000000000")
    alice = await house.member(101, "Alice", "alice")
    house.model.answer = lambda body: "You said: " + str(body["messages"][-1]["content"])[:3000]
    for number, text in enumerate(TEXTS, start=5001):
        house.telegram.push_raw({"message": alices(message_id=number, text=text)})
        await alice.sees("You said:")
    assert len(house.model.requests) == len(TEXTS)
    await house.restart()
    await alice.says("/stats")
    await alice.sees(f"Requests: {len(TEXTS)}")


async def test_entities_that_lie_about_the_text_do_no_harm(bot: House, alice: Person) -> None:
    for entities in (
        [{"type": "mention", "offset": -5, "length": 99}],
        [{"type": "mention", "offset": 10**30, "length": 10**30}],
        [{"type": "bot_command", "offset": 0, "length": 0}],
        [{"type": "text_mention", "offset": 1, "length": 2, "user": "me"}],
        [{"type": None}, None, 5, "x", {}],
        {"type": "bold"},
        "bold",
        [{"type": "mention", "offset": 1, "length": 1}],  # half of a surrogate pair
    ):
        bot.telegram.push_raw({"message": alices(text="😀 hello", entities=entities)})
        await alice.sees("You asked: 😀 hello")


REPLIES: tuple[Json, ...] = (
    {"reply_to_message": {}},
    {"reply_to_message": None},
    {"reply_to_message": [1]},
    {"reply_to_message": {"message_id": 2**63}},
    {"reply_to_message": {"message_id": -1, "text": 5}},
    {"reply_to_message": {"message_id": 1, "from": {"id": 42}, "text": "x\ud83d\x00"}},
    {"reply_to_message": {"message_id": 1, "from": {"id": 42}, "text": "Z" * 100_000}},
    {"quote": {"text": None}, "reply_to_message": {"message_id": 3}},
    {"quote": "text", "external_reply": {"origin": {"type": "hidden_user"}}},
    {"external_reply": {"origin": {"sender_user": {"id": 42}}, "chat": {"id": -5}}, "quote": {"text": "said"}},
    {"reply_to_story": {"id": 1}, "reply_to_checklist_task_id": 5},
)


async def test_replies_and_quotes_of_any_shape_do_no_harm(bot: House, alice: Person) -> None:
    for fields in REPLIES:
        bot.telegram.push_raw({"message": alices(text="hello", **fields)})
        await alice.sees("You asked: hello")


# --- updates of any kind ---------------------------------------------------------------------------------------------


async def test_updates_that_name_nobody_or_nothing_are_passed_over(bot: House, alice: Person) -> None:
    channel = {"id": -100500, "type": "channel", "title": "News"}
    post = {"message_id": 1, "chat": channel, "date": 1, "text": "/stop"}
    nobody = {key: value for key, value in alices(text="/balance").items() if key != "from"}
    nowhere = {key: value for key, value in alices(text="/balance").items() if key != "chat"}
    updates: tuple[Json, ...] = (
        {"message": nobody},
        {"message": nowhere},
        {"message": {}},
        {"message": None},
        {"message": "text"},
        {"message": [alices(text="/balance")]},
        {"channel_post": post},
        {"edited_channel_post": post},
        {"message": post},
        {"message": post | {"sender_chat": channel, "text": "hello"}},
        {"edited_message": nobody},
        {"callback_query": {"id": "1", "data": "x"}},
        {"callback_query": {"from": {"id": 101}, "data": "x"}},
        {"inline_query": {"id": "1", "from": {"id": 101, "first_name": "Alice"}, "query": "", "offset": ""}},
        {"poll": {"id": "1"}},
        {"poll_answer": {"poll_id": "1", "user": {"id": 101}}},
        {"pre_checkout_query": {"id": "1", "from": {"id": 101}}},
        {"message_reaction": {"chat": {"id": 101}, "user": {"id": 101}}},
        {"chat_member": {"chat": {"id": -5}}},
        {"my_chat_member": {}},
        {"my_chat_member": {"from": {"id": 101}}},
        {"my_chat_member": {"from": {"id": 101}, "chat": {"id": 101, "type": "private"}, "new_chat_member": 5}},
        {"business_message": alices(text="/balance")},
        {"a_kind_of_the_future": alices(text="/balance")},
        {},
    )
    for update in updates:
        bot.telegram.push_raw(dict(update))
    await alice.sees_nothing_until("/balance", "Your balance")


IDS: tuple[Any, ...] = (
    0, -1, -101, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), 2**64, 10**400, 1.5, 1e300, True, "101", "", None, [],
    {},
)  # fmt: skip


async def test_absurd_ids_do_no_harm_not_even_to_the_next_start(bot: House, alice: Person) -> None:
    """Nobody registers under an id that no person has: data.json and data.db must be readable afterwards."""
    await alice.says("/prompt You are Marv")
    await alice.sees("Saved")
    for absurd in IDS:
        person, chat = {"id": absurd, "first_name": "X"}, {"id": absurd, "type": "private"}
        for fields in (
            {"from": person, "chat": chat, "text": "/start 101"},
            {"from": person, "text": "hello"},
            {"chat": chat, "text": "/help"},
            {"chat": {"id": absurd}, "text": "/prompt"},
            {"chat": {"id": absurd, "type": "supergroup"}, "text": "/prompt"},
            {"message_id": absurd, "text": "/help"},
            {"sender_chat": chat, "from": None, "text": "/start"},
            {"message_thread_id": absurd, "is_topic_message": True, "text": "/help"},
            {"date": absurd, "media_group_id": absurd, "text": "/help"},
        ):
            bot.telegram.push_raw({"message": alices(**fields)})
        query = {"id": "1", "from": person, "data": "lang:0:ru"}
        bot.telegram.push_raw({"callback_query": query})
        bot.telegram.push_raw({"my_chat_member": {"from": person, "chat": chat, "date": 1}})
    probe = await bot.member(102, "Bob")
    await bot.restart()
    await probe.says("/balance")
    await probe.sees("30000 tokens")
    await bot.stop()
    for key in bot.data().keys() - {"global"}:
        assert 0 < int(key) < 2**63
    assert bot.data()["101"]["prompt"] == "You are Marv"


# --- anything at all -------------------------------------------------------------------------------------------------

ANY_TEXT = st.text(st.characters(), max_size=20) | st.sampled_from([*TEXTS[:8], "/start 101", "/p", "/favor", "/i cat"])
NUMBERS = st.integers() | st.sampled_from([0, 1, 101, 102, -1001, 42, 777])
Strategy = st.SearchStrategy[Any]
JSON: Strategy = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.floats(allow_nan=False, allow_infinity=False) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=5,
)
USER_LIKE = st.fixed_dictionaries(
    {"id": st.sampled_from([101, 101, 103, 777, 42, 0, -1001]) | JSON},
    optional={
        "first_name": ANY_TEXT | JSON,
        "username": ANY_TEXT | JSON,
        "is_bot": JSON,
        "language_code": ANY_TEXT | JSON,
    },
)
CHAT_LIKE = st.fixed_dictionaries(
    {"id": st.sampled_from([101, 101, 103, -1001]) | JSON},
    optional={"type": st.sampled_from(["private", "group", "supergroup", "channel"]) | JSON, "title": JSON},
)
ENTITY_LIKE = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["mention", "bot_command", "text_mention"]),
        "offset": NUMBERS,
        "length": NUMBERS,
    },
)
COMMAND = st.builds(
    lambda name, rest: f"/{name} {rest}",
    st.sampled_from(
        ["start", "help", "balance", "stats", "invite", "prompt", "p", "reset_prompt", "topup", "favor", "sw",
         "language", "privacy", "cancel", "data", "refill", "block", "top", "recent", "announce", "pro", "i",
         "x@playground_bot"]
    ),
    ANY_TEXT,
)  # fmt: skip
DATA = st.sampled_from(SHAPES) | ANY_TEXT
CONTENT_LIKE = {
    "text": COMMAND | ANY_TEXT | JSON,
    "caption": ANY_TEXT | JSON,
    "media_group_id": JSON,
    "forward_origin": JSON,
    "photo": JSON,
    "sticker": JSON,
    "pinned_message": JSON,
    "sender_chat": CHAT_LIKE | JSON,
}
ABSURD_MESSAGE = st.fixed_dictionaries(
    {"message_id": NUMBERS | JSON, "from": USER_LIKE | JSON, "chat": CHAT_LIKE | JSON}, optional=CONTENT_LIKE
)
GROUP = {"id": -1001, "type": "supergroup", "title": "Friends"}
WHO_WHERE = st.sampled_from(
    [
        {"from": {"id": user, "is_bot": False, "first_name": "X"}, "chat": chat}
        for user in (101, ADMIN, 500)
        for chat in ({"id": user, "type": "private"}, GROUP)
    ]
)
"""Alice, the admin and a stranger, each in their private chat and in the group."""


def placed(sure: Mapping[str, Strategy], perhaps: Mapping[str, Strategy] | None = None) -> st.SearchStrategy[Json]:
    """Of one of them, there; with the fields `sure` and some of `perhaps`."""
    rest = st.fixed_dictionaries({"message_id": st.integers(1, 50), **sure}, optional=dict(perhaps or {}))
    return st.builds(lambda who, more: who | more, WHO_WHERE, rest)


ASIDE = {
    "entities": st.lists(ENTITY_LIKE, max_size=3) | JSON,
    "message_thread_id": NUMBERS | JSON,
    "is_topic_message": JSON,
    "quote": st.fixed_dictionaries({"text": JSON}) | JSON,
    "external_reply": JSON,
}
TEXT_SENT = placed({"text": COMMAND | ANY_TEXT}, ASIDE)
REPLY = placed(
    {"text": COMMAND | ANY_TEXT, "reply_to_message": placed({}, CONTENT_LIKE) | ABSURD_MESSAGE | JSON}, ASIDE
)
MESSAGE = placed({}, CONTENT_LIKE | ASIDE)
QUERY = st.builds(
    lambda query_id, message, data: {"id": query_id, "from": message["from"], "message": message, "data": data},
    ANY_TEXT | JSON,
    placed({}),
    DATA | JSON,
)
ABSURD_QUERY = st.fixed_dictionaries(
    {"id": ANY_TEXT | JSON, "from": USER_LIKE}, optional={"data": DATA | JSON, "message": ABSURD_MESSAGE | JSON}
)
MEMBERSHIP = placed(
    {"new_chat_member": st.fixed_dictionaries({"status": st.sampled_from(["member", "kicked"]) | JSON})}
)
UPDATES = st.one_of(
    st.fixed_dictionaries({"message": TEXT_SENT}),
    st.fixed_dictionaries({"message": REPLY}),
    st.fixed_dictionaries({"message": MESSAGE}),
    st.fixed_dictionaries({"callback_query": QUERY}),
    st.fixed_dictionaries({"edited_message": MESSAGE}),
    st.fixed_dictionaries({"my_chat_member": MEMBERSHIP}),
    st.fixed_dictionaries({"message": ABSURD_MESSAGE}),
    st.fixed_dictionaries({"callback_query": ABSURD_QUERY}),
    st.dictionaries(ANY_TEXT.filter(lambda key: key != "update_id"), JSON, max_size=3),
)
RICH = dict.fromkeys(("NEW_USER_BALANCE", "NEW_USER_PREMIUM_BALANCE", "NEW_USER_IMAGE_BALANCE"), "1000000000")


@pytest.fixture
async def lively(house: House) -> AsyncIterator[Person]:
    """Bob, who asks whether the bot lives, while Alice, the admin and a stranger do their worst; then it restarts."""
    await house.start(**RICH)
    for user in (101, ADMIN):
        await house.member(user, "X")
    house.person(500, "Stranger")
    house.telegram.add_group(-1001, "Friends", [101, ADMIN, 500])
    bob = await house.member(102, "Bob")
    yield bob
    await house.restart()
    await bob.says("/balance")
    await bob.sees("1000000000 tokens")


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(updates=st.lists(UPDATES, min_size=5, max_size=15))
async def test_after_any_updates_the_bot_lives_and_answers(lively: Person, updates: list[Json]) -> None:
    for update in updates:
        lively.server.push_raw(dict(update))
    await lively.says("/stats")
    await lively.sees("Your statistics")
