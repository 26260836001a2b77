"""What outlives a stop, an old data.json, a hand that edits it, and a Telegram that misbehaves (SPEC §3, §8)."""

import asyncio
import socket
import sqlite3
from contextlib import closing
from typing import Any

import aiohttp
import orjson
import pytest

from gptbot.playground.faults import FaultKind
from tests.stories.conftest import ADMIN, House
from tests.stories.kit import Person, to

SECRET = "a_secret_of_the_webhook"


def dropped_in(house: House, text: str) -> None:
    """A data.json is put into the folder before the start."""
    (house.folder / "data.json").write_text(text, encoding="utf-8")


def ledger(house: House) -> dict[tuple[int, str], int]:
    """The sum of the ledger's rows for each purse of each user, of a bot that is stopped."""
    with closing(sqlite3.connect(house.folder / "data.db")) as database:
        rows = database.execute("SELECT user, purse, sum(amount) FROM ledger GROUP BY user, purse").fetchall()
    return {(user, purse): amount for user, purse, amount in rows}


def reasons(house: House, user: int) -> list[tuple[str, int]]:
    with closing(sqlite3.connect(house.folder / "data.db")) as database:
        rows = database.execute("SELECT reason, amount FROM ledger WHERE user = ? ORDER BY id", (user,))
        return [(reason, amount) for reason, amount in rows]


def assert_books_agree(house: House) -> None:
    """Sum of a user's ledger = purse (DESIGN §8)."""
    sums = ledger(house)
    for key, entry in house.data().items():
        if key.isdigit():
            for purse in ("balance", "premium_balance", "image_balance"):
                assert entry.get(purse, 0) == sums.get((int(key), purse), 0), (key, purse)


# --- questions -------------------------------------------------------------------------------------------------------


async def test_what_was_accepted_is_answered_after_the_restart_in_order_and_charged_once(house: House) -> None:
    await house.start(STOP_GRACE_S="0.1")
    alice = await house.member(101, "Alice")
    house.model.gate = asyncio.Event()
    for word in ("one", "two", "three"):
        await alice.says(word)
    await alice.sees("place in the queue: 2")
    await house.stop()
    assert len(house.model.requests) == 1
    house.model.gate = None
    await house.start()
    for word in ("one", "two", "three"):
        await alice.sees(f"You asked: {word}")
    await house.stop()
    entry = house.data()["101"]
    assert entry["requests"] == 3
    assert entry["balance"] == 30_000 - entry["tokens"]
    assert [reason for reason, _ in reasons(house, 101)] == ["start", "answer", "answer", "answer"]
    assert_books_agree(house)


async def test_waiting_questions_keep_their_model_and_prompt_over_a_restart(house: House) -> None:
    await house.start(STOP_GRACE_S="0.1", NEW_USER_PREMIUM_BALANCE="5000")
    alice = await house.member(101, "Alice")
    house.model.gate = asyncio.Event()
    for word in ("running", "waiting", "/pro premium"):
        await alice.says(word)
    await alice.sees("place in the queue: 2")
    await alice.says("/switch_model premium")
    await alice.sees("Now active: premium")
    await alice.says("/prompt You are Marv")
    await alice.sees("Saved")
    await house.stop()
    house.model.gate = None
    await house.start()
    await alice.sees("You asked: running")
    await alice.sees("You asked: waiting")
    await alice.sees("You asked: premium")
    asked = [(call.body["model"], call.body["messages"][0]["content"]) for call in house.model.requests[-3:]]
    assert asked == [
        ("gpt-6-luna", "You are a helpful assistant"),
        ("gpt-6-luna", "You are a helpful assistant"),
        ("gpt-6.2-sol", "You are a helpful assistant"),
    ]


async def test_an_answer_that_telegram_did_not_take_before_the_stop_is_delivered_without_asking_again(
    house: House,
) -> None:
    await house.start(STOP_GRACE_S="0.1")
    alice = await house.member(101, "Alice")
    house.telegram.faults.next("sendMessage", "5xx", times=50, where=to(alice.id))
    await alice.says("Why?")
    await house.telegram.until(lambda: house.telegram.faults.left < 50)
    await house.stop()
    assert house.data()["101"]["balance"] == 30_000
    house.telegram.faults.clear()
    await house.start()
    await alice.sees("You asked: Why?")
    await house.stop()
    assert len(house.model.requests) == 1
    assert house.data()["101"]["requests"] == 1
    assert_books_agree(house)


async def test_what_people_wrote_while_the_bot_was_away_is_answered(bot: House, alice: Person) -> None:
    await bot.stop()
    await alice.says("Anybody there?")
    await alice.says("/balance")
    await bot.start()
    await alice.sees("You asked: Anybody there?")
    assert "Your balance" in alice.transcript()


async def test_a_prompt_dialog_goes_on_after_a_restart(bot: House, alice: Person) -> None:
    await alice.says("/prompt")
    await alice.sees("Send me yours")
    await bot.restart()
    await alice.says("You are Marv")
    await alice.sees("This would be your instruction")
    await bot.restart()
    await alice.presses("✅ Save")
    await alice.sees("Saved")
    await bot.stop()
    assert bot.data()["101"]["prompt"] == "You are Marv"


# --- data.json -------------------------------------------------------------------------------------------------------

FIRST_BOTS = {
    "documented": """{
      "global": {"requests": 7, "tokens": 900},
      "101": {"requests": 3, "tokens": 500, "balance": 777, "name": "Alice", "username": "@alice",
              "last_request": "2021-01-01 00:00:00", "prompt": "You are Marv"}
    }""",
    "with dots, None and the first model": """{
      "101": {"requests": 3, "tokens": 500, "balance": 777, "name": "Alice", "username": "None",
              "prompt": "You are Marv", "lastdate": "31.12.2023 23:59:58", "ref_id": 102, "lang_model": "default",
              "blacklist": false, "active_favor_request": false, "whisper_seconds": 12.5, "max_context_length": 5000},
      "102": {"requests": 0, "tokens": 0, "balance": 5, "name": "Bob", "username": "@bob", "lastdate": "None"},
      "global": {"requests": 7, "tokens": 900}
    }""",
    "with dashes, a list of the blocked and odd keys": """\ufeff{
      "global": {"requests": 7, "tokens": 900, "blacklist": [102, "103"]},
      "blacklist": ["102"], "version": 3,
      "101": {"requests": 3, "tokens": 500, "balance": "777", "lastdate": "31-12-2023 23:59:58", "favourite": "tea",
              "prompt": "You are Marv", "lang_model": "default", "ref_id": null},
      "102": {"balance": 5, "requests": 0, "tokens": 0}
    }""",
}


@pytest.mark.parametrize("text", FIRST_BOTS.values(), ids=FIRST_BOTS)
async def test_a_first_bots_data_json_is_taken_over_and_its_users_just_go_on(house: House, text: str) -> None:
    dropped_in(house, text)
    await house.start()
    alice = house.person(101, "Alice", "alice")
    await alice.says("Why?")
    await alice.sees("You asked: Why?")
    assert house.model.requests[0].body["messages"][0]["content"] == "You are Marv"
    await house.stop()
    data = house.data()
    entry = data["101"]
    assert entry["requests"] == 4
    assert entry["balance"] + entry["tokens"] == 777 + 500
    assert data["global"]["requests"] == 8
    assert data[str(ADMIN)]["balance"] == 777_777
    for key in ("lastdate", "ref_id", "lang_model", "blacklist", "active_favor_request"):
        assert key not in entry
    assert entry.get("favourite") == ("tea" if "favourite" in text else None)
    assert data.get("version") == (3 if "version" in text else None)
    kept = [path.read_text("utf-8") for path in house.folder.glob("data.json.imported-*")]
    assert kept == [text]
    assert_books_agree(house)
    await house.start()  # and once more, as our own file
    await alice.sees_nothing_until("/balance", f"{entry['balance']} tokens")


async def test_whoever_the_first_bot_blocked_stays_blocked_and_open_requests_reach_the_admin(house: House) -> None:
    dropped_in(
        house,
        """{"global": {"requests": 0, "tokens": 0, "blacklist": [103]},
            "101": {"requests": 1, "tokens": 1, "balance": 9, "name": "Alice", "active_favor_request": true},
            "102": {"requests": 1, "tokens": 1, "balance": 9, "blacklist": true},
            "103": {"requests": 1, "tokens": 1, "balance": 9}}""",
    )
    admin, alice = house.person(ADMIN, "Olga"), house.person(101, "Alice")
    await house.start()
    await admin.sees("From: Alice (101)")
    await admin.presses("Yes")
    await admin.sees("granted")
    await alice.sees("30009 tokens")
    blocked = [house.person(102, "Bob"), house.person(103, "Carol")]
    for person in blocked:
        await person.says("/balance")
    await house.telegram.until(lambda: not house.telegram.world.updates.pending)
    await house.restart()
    assert not [shown for person in blocked for shown in person.chat.shown if shown.message["from"]["is_bot"]]
    await admin.sees_nothing_until("/balance", "Your balance")  # the request isn't shown again


async def test_a_hand_edited_data_json_is_taken_as_it_is_and_booked_as_manual(
    bot: House, alice: Person, bob: Person
) -> None:
    await alice.says("Why?")
    await alice.sees("You asked: Why?")
    await bot.stop()
    data = bot.data()
    before = data["101"]["balance"]
    data["101"] |= {"balance": 12, "prompt": "You are Marv", "note": "a friend"}
    data["555"] = {"requests": 0, "tokens": 0, "balance": 100, "last_request": ""}
    del data["102"]
    dropped_in(bot, orjson.dumps(data, option=orjson.OPT_INDENT_2).decode())
    await bot.start()
    await alice.says("/balance")
    await alice.sees("12 tokens")
    await bob.says("/balance")
    await bob.sees("/start first")
    dan = bot.person(555, "Dan")
    await dan.says("/balance")
    await dan.sees("100 tokens")
    await alice.says("And now?")
    await alice.sees("You asked: And now?")
    assert bot.model.requests[-1].body["messages"][0]["content"] == "You are Marv"
    await bot.stop()
    assert ("manual", 12 - before) in reasons(bot, 101)
    assert reasons(bot, 555) == [("manual", 100)]
    assert reasons(bot, 102)[-1] == ("manual", -30_000)
    assert bot.data()["101"]["note"] == "a friend"
    assert_books_agree(bot)


async def test_a_user_taken_out_by_hand_can_register_again(bot: House, alice: Person) -> None:
    await bot.stop()
    data = bot.data()
    del data["101"]
    dropped_in(bot, orjson.dumps(data).decode())
    await bot.start()
    await alice.says("/start")
    await alice.sees("You have 30000 tokens to start with")
    await bot.stop()
    assert_books_agree(bot)


async def test_the_dialog_of_a_user_taken_out_by_hand_is_over(bot: House, alice: Person) -> None:
    await alice.says("/prompt")
    await alice.sees("as a message")
    await alice.says("You are Marv")
    preview = await alice.sees("This would be your instruction")
    await bot.stop()
    document = bot.data()
    del document["101"]
    (bot.folder / "data.json").write_bytes(orjson.dumps(document))
    await bot.start()
    await alice.presses("✅ Save", on=preview)
    await alice.sees_popup("This is over")
    await alice.says("You are Marvin")
    await alice.sees("Please press /start first")


async def test_data_json_can_be_read_at_any_moment_of_a_busy_time(bot: House, alice: Person, bob: Person) -> None:
    people = [alice, bob]
    for number in range(5):
        await asyncio.gather(*(person.says(f"{number}?") for person in people))
        await asyncio.gather(*(person.sees(f"You asked: {number}?") for person in people))
        assert bot.data()["global"]
    await bot.stop()
    data = bot.data()
    assert data["global"]["requests"] == 10
    assert data["global"]["tokens"] == data["101"]["tokens"] + data["102"]["tokens"]
    assert (bot.folder / "data.json").stat().st_mode & 0o777 == 0o600
    assert_books_agree(bot)


# --- a Telegram that misbehaves --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("5xx", {}),
        ("429", {"retry_after": 1}),
        ("reset_before", {}),
        ("reset_after", {}),  # the same updates come again
        ("wrong_json", {}),
        ("refuse", {"status": 409, "description": "Conflict: terminated by other getUpdates request"}),
        ("refuse", {"status": 400, "description": "Bad Request: something new"}),
    ],
)
async def test_polling_goes_on_after_trouble_and_nothing_is_handled_twice(
    bot: House, alice: Person, kind: FaultKind, options: dict[str, Any]
) -> None:
    bot.telegram.faults.next("getUpdates", kind, **options)
    await alice.says("/balance")  # ends the poll that waits; the next one meets the fault
    await alice.sees("Your balance")
    await alice.says("Why?")
    await alice.sees("You asked: Why?")
    await alice.sees_nothing_until("/help", "Write me anything")
    assert bot.telegram.faults.left == 0
    assert len(bot.model.requests) == 1


async def test_a_second_instance_is_explained_in_the_log_once(bot: House, alice: Person) -> None:
    conflict = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    bot.telegram.faults.next("getUpdates", "refuse", times=2, status=409, description=conflict)
    await alice.says("/balance")
    await alice.sees("Your balance")
    await alice.sees_nothing_until("/help", "Write me anything")
    (lost,) = [line for line in bot.logs if line["event"] == "poll.lost"]
    assert "another instance polls with the same token" in lost["reason"]


async def test_an_update_that_can_not_be_read_holds_nobody_up(bot: House, alice: Person) -> None:
    poisons: tuple[dict[str, Any], ...] = (
        {"message": {"text": "no chat, no sender"}},
        {"message": {"message_id": "x", "chat": {"id": []}, "from": None, "text": {"a": 1}}},
        {"callback_query": {"id": None, "from": 5}},
        {"message": None},
        {"a_kind_of_next_year": {"from": {"id": 101}}},
        {},
    )
    for poison in poisons:
        bot.telegram.push_raw(poison)
    await alice.sees_nothing_until("/balance", "Your balance")


async def test_an_update_that_comes_again_after_days_is_handled_once(bot: House, alice: Person) -> None:
    await alice.says("Why?")
    await alice.sees("You asked: Why?")
    answers = [call.answer for call in bot.telegram.calls_of("getUpdates") if call.answer]
    question = next(update for answer in answers for update in answer["result"] if "Why?" in str(update))
    await bot.restart()
    bot.telegram.push_raw(question)
    await alice.sees_nothing_until("/help", "Write me anything")
    assert len(bot.model.requests) == 1


@pytest.mark.parametrize("kind", ["5xx", "reset_before", "wrong_json"])
async def test_an_answer_is_sent_again_after_trouble(bot: House, alice: Person, kind: FaultKind) -> None:
    bot.telegram.faults.next("sendMessage", kind, where=to(alice.id))
    await alice.says("Why?")
    await alice.sees("You asked: Why?")
    assert len(bot.model.requests) == 1


async def test_an_answer_whose_arrival_is_unknown_is_sent_once_more(bot: House, alice: Person) -> None:
    bot.telegram.faults.next("sendMessage", "reset_after", where=to(alice.id))
    await alice.says("Why?")
    await alice.sees("You asked: Why?")
    await alice.sees("You asked: Why?")
    await alice.sees_nothing_until("/help", "Write me anything")
    await bot.stop()
    assert bot.data()["101"]["requests"] == 1
    assert_books_agree(bot)


# --- webhook ---------------------------------------------------------------------------------------------------------


async def test_by_webhook_everything_works_and_a_wrong_secret_is_refused(house: House) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/hook"
    settings = {"UPDATES": "webhook", "WEBHOOK_URL": url, "WEBHOOK_SECRET": SECRET, "WEBHOOK_PORT": str(port)}
    await house.start(**settings)
    alice = await house.member(101, "Alice")
    await alice.says("Why?")
    await alice.sees("You asked: Why?")
    forged = {
        "update_id": 10**6,
        "message": {
            "message_id": 10**6,
            "from": {"id": 101, "is_bot": False, "first_name": "Alice"},
            "chat": {"id": 101, "type": "private"},
            "date": 1,
            "text": "forged",
        },
    }
    async with aiohttp.ClientSession() as session:
        for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": "guess"}):
            async with session.post(url, json=forged, headers=headers) as response:
                assert response.status == 404
    await alice.sees_nothing_until("/balance", "Your balance")
    assert len(house.model.requests) == 1
    await house.stop()
    await alice.says("Are you there?")  # Telegram keeps it
    await house.start()
    await alice.sees("You asked: Are you there?")
    await house.restart(UPDATES="polling")  # the webhook is taken away
    await alice.says("/help")
    await alice.sees("Write me anything")
