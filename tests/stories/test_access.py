"""Who may use the bot (SPEC §2, ACCESS): the admin's yes, or a list; over restarts, in private and in groups."""

import pytest

from tests.stories.conftest import ADMIN, House
from tests.stories.kit import Person, to

BLOCKED_BOT = "Forbidden: bot was blocked by the user"

GROUP = -1001
PACE = {"RATE_GROUP_PER_MIN": "60000"}


@pytest.fixture
async def guarded(house: House) -> House:
    await house.start(ACCESS="approval", **PACE)
    return house


@pytest.fixture
def admin(house: House) -> Person:
    return house.person(ADMIN, "Olga", "owner")


@pytest.fixture
def alice(house: House) -> Person:
    return house.person(101, "Alice", "alice")


async def taken(house: House) -> None:
    """Returns when the bot has all that was said in its inbox; a stop works that off."""
    await house.telegram.until(lambda: not house.telegram.world.updates.pending)


# --- approval --------------------------------------------------------------------------------------------------------


async def test_a_newcomer_waits_for_the_admins_yes_over_a_restart(guarded: House, admin: Person, alice: Person) -> None:
    await alice.says("hello?")
    await alice.sees("Please press /start first")
    await alice.says("/start")
    await alice.sees("I have asked the admin to let you in.")
    await admin.sees("Alice (@alice, 101)")
    for said in ("what is 2+2?", "/start", "/balance"):
        await alice.says(said)
        await alice.sees("they have not decided yet")
    await guarded.restart()
    assert "101" not in guarded.data()
    await admin.presses("Let in")
    await admin.sees_popup("Let in.")
    await admin.sees("Let in.")
    await alice.sees("The admin has let you in.")
    await alice.says("hello")
    await alice.sees("You asked: hello")


async def test_status_counts_who_waits(guarded: House, admin: Person, alice: Person) -> None:
    for waiting in range(2):
        await admin.says("/status")
        shown = await admin.sees("Running for")
        assert f"Waiting for your yes (ACCESS=approval): {waiting}" in shown["text"]
        await alice.says("/start")
        await alice.sees("the admin")


async def test_a_double_tap_decides_once(guarded: House, admin: Person, alice: Person) -> None:
    await alice.says("/start")
    request = await admin.sees("Alice (@alice, 101)")
    yes, no = (button["callback_data"] for button in request["reply_markup"]["inline_keyboard"][0])
    await admin.presses(no, on=request)
    await admin.presses(yes, on=request, forged=True)
    await admin.sees_popup("decided already")
    await alice.sees("The admin has not let you in.")
    await alice.says("/start")
    await alice.sees("The admin has not let you in.")
    await guarded.stop()
    assert "101" not in guarded.data()


async def test_the_friends_bonus_comes_with_the_yes(guarded: House, admin: Person, alice: Person) -> None:
    await alice.says("/start")
    await admin.presses("Let in")
    await alice.sees("The admin has let you in.")
    bob = guarded.person(102, "Bob")
    await bob.says("/start 101")
    await admin.sees("Bob (102)")
    await bob.sees("I have asked the admin")
    await alice.sees_nothing_until("/balance", "30000 tokens")
    await admin.presses("Let in")
    await bob.sees("Your friend Alice invited you")
    await alice.sees("Bob came through your link")
    await alice.says("/balance")
    await alice.sees("50000 tokens")


async def test_nobody_else_can_let_in(guarded: House, admin: Person, alice: Person) -> None:
    await alice.says("/start")
    said = await alice.sees("I have asked the admin")
    request = await admin.sees("Alice (@alice, 101)")
    data = request["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    await alice.presses(data, on=said, forged=True)
    await alice.sees_popup("This button is not for you.")
    await alice.says("/balance")
    await alice.sees("they have not decided yet")


async def test_a_group_waits_for_the_yes_too(guarded: House, admin: Person, alice: Person) -> None:
    await alice.says("/start")
    await admin.presses("Let in")
    await alice.sees("The admin has let you in.")
    guarded.telegram.add_group(GROUP, "Friends", [101])
    here = alice.in_chat(GROUP)
    guarded.telegram.add_bot(101, GROUP)
    await here.sees("I have asked the admin whether I may answer in this group.")
    await admin.sees("Friends (-1001)")
    await here.says("@playground_bot hello")
    await here.says("/balance@playground_bot")
    await alice.says("in private")
    await alice.sees("You asked: in private")
    await guarded.restart()
    await admin.presses("Let in")
    await here.sees("Ask me something with @playground_bot")
    assert len([shown for shown in here.chat.shown if shown.message["from"]["is_bot"]]) == 2
    await here.says("@playground_bot hello")
    await here.sees("You asked: hello")
    assert len(guarded.model.requests) == 2


async def test_a_group_that_the_admin_brings_the_bot_into_needs_no_yes(guarded: House, admin: Person) -> None:
    await admin.says("/help")
    guarded.telegram.add_group(GROUP, "Friends", [ADMIN])
    guarded.telegram.add_bot(ADMIN, GROUP)
    here = admin.in_chat(GROUP)
    await here.sees("Ask me something with @playground_bot")
    await here.says("@playground_bot hello")
    await here.sees("You asked: hello")


async def test_a_block_stands_above_a_yes(guarded: House, admin: Person, alice: Person) -> None:
    await alice.says("/start")
    await admin.presses("Let in")
    await alice.sees("The admin has let you in.")
    await admin.says("/block 101")
    await admin.sees("Blocked")
    await alice.says("/start")
    await alice.says("hello")
    await taken(guarded)
    await guarded.restart()
    await admin.says("/unblock 101")
    await admin.sees("Unblocked")
    await alice.sees_nothing_until("/start", "Good to see you again, Alice!")


async def test_who_was_there_before_stays_in(house: House, alice: Person) -> None:
    await house.start()
    await alice.says("/start")
    await alice.sees("Hi, Alice!")
    await house.restart(ACCESS="approval")
    await alice.says("hello")
    await alice.sees("You asked: hello")


# --- list ------------------------------------------------------------------------------------------------------------


async def test_only_the_listed_and_admins_are_served(house: House, admin: Person, alice: Person) -> None:
    await house.start(ACCESS="list", ALLOWED_IDS="101", **PACE)
    await alice.says("/start")
    await alice.sees("Hi, Alice!")
    await alice.says("hello")
    await alice.sees("You asked: hello")
    await admin.says("hello")
    await admin.sees("You asked: hello")
    bob = house.person(102, "Bob")
    await bob.says("/start")
    await bob.sees("this bot is private")
    for said in ("hello", "/help", "/start 101"):
        await bob.says(said)
    await taken(house)
    await house.restart(ACCESS="open")
    await bob.sees_nothing_until("/help", "Write me anything")
    await house.stop()
    assert "102" not in house.data()


async def test_a_group_that_is_not_listed_hears_nothing(house: House, alice: Person) -> None:
    await house.start(ACCESS="list", ALLOWED_IDS="101", **PACE)
    await alice.says("/start")
    await alice.sees("Hi, Alice!")
    house.person(102, "Bob")
    house.telegram.add_group(GROUP, "Friends", [102, 101])
    house.telegram.add_bot(102, GROUP)
    his, hers = Person(house.telegram, 102, chat_id=GROUP), alice.in_chat(GROUP)
    await his.says("@playground_bot hello")
    await his.says("/start@playground_bot")
    await hers.says("@playground_bot and me?")
    await hers.sees("You asked: and me?")
    assert len([shown for shown in hers.chat.shown if shown.message["from"]["is_bot"]]) == 1


async def test_in_a_listed_group_everybody_is_served_there_and_only_there(house: House) -> None:
    await house.start(ACCESS="list", ALLOWED_IDS=str(GROUP), **PACE)
    bob = house.person(102, "Bob")
    house.telegram.add_group(GROUP, "Friends", [102])
    his = bob.in_chat(GROUP)
    await his.says("@playground_bot hello")
    await his.sees("/start@playground_bot")
    await his.says("/start@playground_bot")
    await his.sees("You have 30000 tokens to start with")
    await his.says("@playground_bot hello")
    await his.sees("You asked: hello")
    await bob.says("hello")
    await bob.sees("this bot is private")


async def test_an_open_request_goes_to_the_new_main_admin(house: House, admin: Person, alice: Person) -> None:
    await house.start()
    new = await house.member(778, "Oleg")
    await admin.says("/start")
    await admin.sees("")
    await house.restart(ACCESS="approval")
    await alice.says("/start")
    await admin.sees("Alice")
    await house.restart(ADMIN_CHAT_ID="778")
    await new.presses("Let in", on=await new.sees("Alice"))
    await alice.sees("30000 tokens")


async def test_a_request_goes_to_the_next_admin_when_one_can_not_be_reached(house: House) -> None:
    await house.start(ACCESS="approval", ADMIN_CHAT_ID=f"{ADMIN},778")
    house.telegram.faults.next("sendMessage", "refuse", status=403, description=BLOCKED_BOT, where=to(ADMIN))
    second, alice = await house.member(778, "Pavel"), house.person(101, "Alice")
    await alice.says("/start")
    await alice.sees("I have asked the admin")
    await second.presses("Let in", on=await second.sees("Alice"))
    await alice.sees("The admin has let you in")


async def test_a_request_that_reaches_no_admin_is_withdrawn_with_a_word(house: House) -> None:
    await house.start(ACCESS="approval")
    house.telegram.faults.next("sendMessage", "refuse", status=403, description=BLOCKED_BOT, where=to(ADMIN))
    ivan = house.person(101, "Иван", language="ru")
    await ivan.says("/start")
    await ivan.sees("Не получилось связаться с администратором")
    await ivan.says("/start")
    admin = house.person(ADMIN, "Olga")
    await admin.presses("Let in", on=await admin.sees("Иван"))
    await ivan.sees("")


async def test_a_groups_request_that_reaches_no_admin_may_be_made_again(house: House) -> None:
    await house.start(ACCESS="approval")
    house.telegram.faults.next("sendMessage", "refuse", status=403, description=BLOCKED_BOT, where=to(ADMIN))
    house.telegram.add_user(101, "Alice")
    house.telegram.add_group(-1001, "Friends", [101])
    alice = house.person(101, "Alice", chat_id=-1001)
    await alice.says("@playground_bot hello")
    await alice.sees("I have asked the admin")
    await house.telegram.until(lambda: not house.telegram.faults.left)
    await alice.says("@playground_bot hello?")
    admin = house.person(ADMIN, "Olga")
    await admin.sees("Friends")
