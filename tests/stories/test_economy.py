"""What things cost and who pays: favours, refills as the user sees them, charging after delivery, the ledger."""

import asyncio
import sqlite3
from collections.abc import Mapping
from contextlib import closing

from gptbot.playground.model_answers import default_answer, usage
from tests.stories.conftest import ADMIN, House
from tests.stories.kit import Person

POOR = {"NEW_USER_BALANCE": "9999"}
PURSES = ("balance", "premium_balance", "image_balance")


async def purse(person: Person, words: str) -> None:
    """/balance shows `words`."""
    await person.says("/balance")
    shown = await person.sees("Your balance")
    assert words in shown["text"]


def ledger(house: House) -> Mapping[tuple[str, str], int]:
    """The sum of every user's bookings by purse, as data.db has them."""
    path = house.folder / "data.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT user, purse, SUM(amount) FROM ledger GROUP BY user, purse").fetchall()
    return {(str(user), name): amount for user, name, amount in rows}


async def books_agree(house: House) -> None:
    """Stops the bot: for everybody the sum of the ledger is what data.json says (DESIGN §8, 5)."""
    await house.stop()
    sums = ledger(house)
    for user, entry in house.data().items():
        if user != "global":
            for name in PURSES:
                assert entry.get(name, 0) == sums.get((user, name), 0), (user, name)


# --- favours ---------------------------------------------------------------------------------------------------------


async def test_a_favour_is_for_those_below_the_limit(bot: House, alice: Person, admin: Person) -> None:
    await alice.says("/ask_favor")
    await alice.sees("You still have 30000 tokens. You can ask for a favour when fewer than 10000 tokens are left.")
    await admin.says("/refill alice -20000")
    await alice.sees("It is now: 10000 tokens.")
    await alice.says("/ask_favor")
    await alice.sees("You still have 10000 tokens.")
    await admin.says("/refill alice -1")
    await alice.sees("It is now: 9999 tokens.")
    await alice.says("/ask_favor")
    await alice.sees("I have asked the admin")
    await admin.says("/favor")
    await admin.sees("you need no favours")


async def test_a_favour_granted_reaches_the_user_and_the_admins_message_shows_it(house: House) -> None:
    await house.start(**POOR)
    admin, alice = await house.member(ADMIN, "Olga"), await house.member(101, "Alice", "alice")
    await alice.says("/favor")
    await alice.sees("I have asked the admin")
    request = await admin.sees("Request for tokens")
    assert "From: Alice (@alice, 101)" in request["text"]
    assert "Balance: 9999 tokens" in request["text"]
    await admin.presses("Yes", on=request)
    await admin.sees_popup("Granted.")
    decided = await admin.sees("Request for tokens: granted")
    assert decided["message_id"] == request["message_id"]
    assert not decided.get("reply_markup")
    await alice.sees("The admin said yes: you get 30000 tokens. Your balance now: 39999 tokens.")
    await books_agree(house)


async def test_a_favour_declined_gives_nothing_and_may_be_asked_again(house: House) -> None:
    await house.start(**POOR)
    admin, alice = await house.member(ADMIN, "Olga"), await house.member(101, "Alice")
    await alice.says("/askfavor")
    await admin.presses("No", on=await admin.sees("Request number: 1"))
    await admin.sees_popup("Declined.")
    await admin.sees("Request for tokens: declined")
    await alice.sees("The admin declined your request for 30000 tokens. Your balance: 9999 tokens.")
    await alice.says("/askfavor")
    await admin.sees("Request number: 2")
    await books_agree(house)


async def test_one_favour_at_a_time(house: House) -> None:
    await house.start(**POOR)
    admin, alice = await house.member(ADMIN, "Olga"), await house.member(101, "Alice")
    for _ in range(3):
        await alice.says("/favor")
    await alice.sees("I have asked the admin.")
    await alice.sees("I have asked the admin already")
    await alice.sees("I have asked the admin already")
    await house.restart()
    await alice.says("/favor")
    await alice.sees("I have asked the admin already")
    assert sum("Request for tokens" in shown.message["text"] for shown in admin.chat.shown) == 1


async def test_a_double_tap_pays_once(house: House) -> None:
    await house.start(**POOR)
    admin, alice = await house.member(ADMIN, "Olga"), await house.member(101, "Alice")
    await alice.says("/favor")
    request = await admin.sees("Request for tokens")
    first = await admin.presses("Yes", on=request)
    second = await admin.presses("Yes", on=request)
    third = await admin.presses("No", on=request)
    await house.telegram.until(lambda: first.answer and second.answer and third.answer)
    said = [callback.answer["text"] for callback in (first, second, third) if callback.answer]
    assert said[0] == "Granted."
    assert said[1] == said[2] == "This request has been decided already. Nothing was changed."
    await purse(alice, "39999 tokens")
    await books_agree(house)


async def test_the_button_of_an_older_request_decides_nothing(house: House) -> None:
    await house.start(**POOR)
    admin, alice = await house.member(ADMIN, "Olga"), await house.member(101, "Alice")
    await alice.says("/favor")
    old = await admin.sees("Request number: 1")
    yes = old["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    await admin.presses("No", on=old)
    await alice.sees("declined")
    await alice.says("/favor")
    new = await admin.sees("Request number: 2")
    await admin.presses(yes, on=old, forged=True)
    await admin.sees_popup("decided already")
    await purse(alice, "9999 tokens")
    await admin.presses("Yes", on=new)
    await alice.sees("39999 tokens")


async def test_a_favour_is_decided_after_a_restart(house: House) -> None:
    await house.start(**POOR)
    admin, alice = await house.member(ADMIN, "Olga"), await house.member(101, "Alice")
    await alice.says("/favor")
    request = await admin.sees("Request for tokens")
    await house.restart()
    await admin.presses("Yes", on=request)
    await alice.sees("39999 tokens")
    await books_agree(house)


async def test_an_open_request_goes_to_the_new_main_admin(house: House) -> None:
    await house.start(**POOR)
    await house.member(ADMIN, "Olga")
    second, alice = await house.member(778, "Oleg"), await house.member(101, "Alice")
    await alice.says("/favor")
    await alice.sees("I have asked the admin")
    await house.restart()
    await second.sees_nothing_until("/balance", "Your balance")
    await house.restart(ADMIN_CHAT_ID="778")
    await second.sees("Request for tokens")
    await second.presses("Yes")
    await alice.sees("39999 tokens")
    await books_agree(house)


async def test_a_request_goes_to_the_next_admin_when_the_first_one_can_not_be_reached(house: House) -> None:
    """The main admin has never opened the chat."""
    await house.start(ADMIN_CHAT_ID=f"{ADMIN},778", **POOR)
    second, alice = await house.member(778, "Oleg"), await house.member(101, "Alice")
    await alice.says("/favor")
    request = await second.sees("Request for tokens")
    main = await house.member(ADMIN, "Olga")
    yes, no = (button["callback_data"] for button in request["reply_markup"]["inline_keyboard"][0])
    await second.presses(yes, on=request)
    await second.sees_popup("Granted.")
    await alice.sees("39999 tokens")
    await main.presses(no, on=main.last, forged=True)
    await main.sees_popup("decided already")
    await books_agree(house)


async def test_a_request_that_reaches_no_admin_is_withdrawn_and_may_be_made_again(house: House) -> None:
    await house.start(ADMIN_CHAT_ID=f"{ADMIN},778", **POOR)
    alice = await house.member(101, "Alice")
    await alice.says("/favor")
    await alice.sees("I have asked the admin")
    await alice.sees("I could not reach an admin, so your request was withdrawn.")
    admin = await house.member(ADMIN, "Olga")
    await alice.says("/favor")
    await alice.sees("I have asked the admin")
    await admin.presses("Yes", on=await admin.sees("Request number: 2"))
    await alice.sees("39999 tokens")
    await books_agree(house)


async def test_a_forged_yes_of_somebody_else_is_nothing(house: House) -> None:
    await house.start(**POOR)
    admin, alice = await house.member(ADMIN, "Olga"), await house.member(101, "Alice")
    await alice.says("/favor")
    request = await admin.sees("Request for tokens")
    yes = request["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    await alice.presses(yes, on=alice.last, forged=True)
    await alice.sees_popup("This button is not for you.")
    await purse(alice, "9999 tokens")


async def test_a_blocked_user_gets_no_favour_until_unblocked(house: House) -> None:
    await house.start(**POOR)
    admin, alice = await house.member(ADMIN, "Olga"), await house.member(101, "Alice")
    await alice.says("/favor")
    request = await admin.sees("Request for tokens")
    await admin.says("/block 101")
    await admin.sees("Blocked")
    await admin.presses("Yes", on=request)
    await admin.sees_popup("This user is blocked and gets nothing.")
    await admin.says("/unblock 101")
    await admin.sees("Unblocked")
    await admin.presses("Yes", on=request)
    await alice.sees("39999 tokens")


# --- refills, as the user sees them ----------------------------------------------------------------------------------


async def test_a_refill_is_told_in_the_users_words(bot: House, alice: Person, admin: Person) -> None:
    for arguments, told in (
        ("101 500", "The admin gave you 500 tokens. Your balance now: 30500 tokens."),
        ("@alice -1000", "The admin took 1000 tokens off your balance. It is now: 29500 tokens."),
        ("ALICE 1 premium", "The admin gave you 1 premium token. Your balance now: 1 premium token."),
        ("@ALICE 7 img", "The admin gave you 7 images. Your balance now: 7 images."),
        ("101 -9 i", "The admin took 9 images off your balance. It is now: -2 images."),
    ):
        await admin.says(f"/refill {arguments}")
        await alice.sees(told)
        await admin.sees("Done: Alice (@alice, 101)")
    await books_agree(bot)


async def test_a_refill_survives_a_restart(bot: House, alice: Person, admin: Person) -> None:
    await admin.says("/refill 101 500")
    await alice.sees("30500 tokens")
    await bot.restart()
    await purse(alice, "30500 tokens")


# --- questions -------------------------------------------------------------------------------------------------------


async def test_a_purse_goes_below_zero_by_one_answer_and_the_next_is_refused(house: House) -> None:
    await house.start(NEW_USER_BALANCE="1")
    alice = await house.member(101, "Alice")
    await alice.says("How far is the moon?")
    await alice.sees("You asked: How far")
    body = house.model.requests[-1].body
    left = 1 - int(usage(body, default_answer(body))["total_tokens"])
    assert left < 0
    await alice.says("And the sun?")
    await alice.sees(f"Your tokens are used up (balance: {left})")
    assert len(house.model.requests) == 1
    await books_agree(house)


async def test_an_answer_is_sent_once_however_deep_the_purse_was_emptied_meanwhile(
    bot: House, alice: Person, admin: Person
) -> None:
    gate = bot.model.gate = asyncio.Event()
    await alice.says("How far is the moon?")
    await bot.model.requested()
    await admin.says("/refill alice -1000000000000000")
    await alice.sees("It is now")
    await admin.says("/refill alice -29999")
    await alice.sees("It is now: -999999999999999 tokens.")
    gate.set()
    await alice.sees("You asked: How far")
    await alice.sees_nothing_until("/balance", "-1000000000000000")
    await books_agree(bot)


async def test_questions_that_wait_are_refused_when_the_purse_is_empty(house: House) -> None:
    await house.start(NEW_USER_BALANCE="1")
    alice = await house.member(101, "Alice")
    gate = house.model.gate = asyncio.Event()
    for word in ("one", "two", "three"):
        await alice.says(word)
    await alice.sees("place in the queue: 2")
    gate.set()
    await alice.sees("You asked: one")
    await alice.sees("used up")
    await alice.sees("used up")
    assert len(house.model.requests) == 1
    await books_agree(house)


async def test_a_purse_at_zero_is_refused_and_a_favour_helps(house: House) -> None:
    await house.start(NEW_USER_BALANCE="0")
    admin, alice = await house.member(ADMIN, "Olga"), await house.member(101, "Alice")
    await alice.says("question")
    await alice.sees("ask with /ask_favor")
    await alice.says("/ask_favor")
    await admin.presses("Yes", on=await admin.sees("Request for tokens"))
    await alice.sees("you get 30000 tokens")
    await alice.says("question")
    await alice.sees("You asked: question")


async def test_what_could_not_be_delivered_costs_nothing(bot: House, alice: Person) -> None:
    gate = bot.model.gate = asyncio.Event()
    await alice.says("question")
    await bot.model.requested()
    bot.telegram.block(101)
    gate.set()
    await bot.telegram.until(lambda: [c for c in bot.telegram.calls_of("sendMessage") if c.answer and not c.ok])
    bot.telegram.unblock(101)
    await purse(alice, "30000 tokens")
    await alice.says("/stats")
    await alice.sees("Requests: 0")
    await books_agree(bot)


async def test_an_answer_is_charged_after_it_was_delivered(house: House) -> None:
    """Telegram holds the answer back: until it is through, nothing is taken; after a restart it comes, and is paid."""
    await house.start(STOP_GRACE_S="0.05")
    alice = await house.member(101, "Alice")
    house.telegram.faults.next("sendMessage", "hang", where=lambda params: "You asked" in str(params["text"]))
    await alice.says("question")
    calls = house.telegram.calls
    await house.telegram.until(lambda: [call for call in calls if "You asked" in str(call.params.get("text"))])
    assert ledger(house)["101", "balance"] == 30_000
    await house.restart()
    await alice.sees("You asked: question")
    await alice.says("/stats")
    await alice.sees("Requests: 1")
    assert len(house.model.requests) == 1
    assert ledger(house)["101", "balance"] < 30_000
    await books_agree(house)


async def test_each_model_has_its_purse(bot: House, alice: Person, admin: Person) -> None:
    await admin.says("/refill 101 5000 premium")
    await alice.sees("5000 premium tokens")
    await alice.says("/pro Why?")
    await alice.sees("You asked: Why?")
    await purse(alice, "30000 tokens")
    assert "5000 premium tokens" not in alice.last["text"]
    await alice.says("/switch_model premium")
    await alice.sees("Now active: premium model (gpt-6.2-sol)")
    await alice.says("And why?")
    await alice.sees("You asked: And why?")
    await purse(alice, "30000 tokens")
    await alice.says("/switch_model")
    await alice.sees("Now active: basic model (gpt-6-luna)")
    await alice.says("plain")
    await alice.sees("You asked: plain")
    await alice.says("/stats")
    await alice.sees("Requests: 3")
    await books_agree(bot)


async def test_a_model_without_tokens_is_named_so(bot: House, alice: Person) -> None:
    await alice.says("/switch_model")
    await alice.sees("That is not enough for an answer")
    await alice.says("question")
    await alice.sees("Your premium tokens are used up (balance: 0)")


async def test_a_picture_that_was_refused_or_not_delivered_is_free(bot: House, alice: Person, admin: Person) -> None:
    await admin.says("/refill 101 1 image")
    await alice.sees("1 image")
    bot.model.next_fault("content_policy", on="images")
    await alice.says("/imagine something forbidden")
    await alice.sees("refused this request")
    await purse(alice, "1 image:")
    bot.telegram.faults.next("sendPhoto", "refuse", status=403, description="Forbidden: bot was blocked by the user")
    await alice.says("/imagine a cat")
    await bot.telegram.until(lambda: [call for call in bot.telegram.calls_of("sendPhoto") if call.answer])
    await purse(alice, "1 image:")
    await alice.says("/imagine a cat")
    await alice.sees_file("photo")
    await alice.says("/imagine another")
    await alice.sees("Your images are used up (balance: 0)")
    await books_agree(bot)


async def test_an_admin_is_never_charged(bot: House, admin: Person) -> None:
    for said in ("question", "/pro question"):
        await admin.says(said)
        await admin.sees("You asked: question")
    await admin.says("/imagine a cat")
    await admin.sees_file("photo")
    await books_agree(bot)
    entry = bot.data()[str(ADMIN)]
    assert (entry["balance"], entry["premium_balance"], entry["image_balance"]) == (777777, 77777, 777)
    assert entry["requests"] == 3


async def test_the_books_agree_after_a_busy_day_with_a_restart(bot: House, alice: Person, admin: Person) -> None:
    bob = bot.person(102, "Bob", "bob")
    await bob.says("/start 101")
    await alice.sees("Bob came")
    for who, arguments in (("101", "3000 premium"), ("@bob", "2 image"), ("bob", "-49999"), ("101", "-5 i")):
        await admin.says(f"/refill {who} {arguments}")
        await admin.sees("Done")
    await alice.says("one")
    await alice.says("/pro two")
    await bob.says("three")
    await alice.sees("You asked: one")
    await alice.sees("You asked: two")
    await bob.sees("You asked: three")
    await bot.restart()
    await bob.says("/imagine a cat")
    await bob.sees_file("photo")
    await bob.says("/favor")
    await admin.presses("Yes", on=await admin.sees("Request for tokens"))
    await bob.sees("you get 30000 tokens")
    await bob.says("four")
    await bob.sees("You asked: four")
    await books_agree(bot)
    totals, entries = bot.data()["global"], [e for user, e in bot.data().items() if user != "global"]
    for counter in ("requests", "tokens", "premium_tokens", "images"):
        assert totals[counter] == sum(entry.get(counter, 0) for entry in entries)
    assert totals["requests"] == 5
