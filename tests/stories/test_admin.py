"""The owner at work: data, refills, blocks, lists, status, stop; and nobody else may (SPEC §7, §5 "blocked")."""

import asyncio
import re
from typing import Any

import orjson
import pytest

from tests.stories.conftest import ADMIN, House
from tests.stories.kit import Person, to

GROUP = -1005
ADMINS_NAMES = (
    "data", "d", "refill", "r", "block", "ban", "unblock", "unban", "recent_users", "recent", "last", "top_users",
    "top", "status", "stop", "announce", "a", "notify", "alert", "broadcast",
)  # fmt: skip


def seed(house: House, accounts: dict[int, dict[str, Any]]) -> None:
    """A data.json as an earlier run left it."""
    usual = {"requests": 0, "tokens": 0, "balance": 30_000, "last_request": "2026-11-01 00:00:00"}
    entries = {str(user): usual | entry for user, entry in accounts.items()}
    (house.folder / "data.json").write_bytes(orjson.dumps({"global": {"requests": 0, "tokens": 0}, **entries}))


async def everything_handled(house: House) -> None:
    """Stops the bot once it has taken what people did; a clean stop finishes all of it."""
    await house.telegram.until(lambda: not house.telegram.world.updates.pending)
    await house.stop()


# --- /data -----------------------------------------------------------------------------------------------------------


async def test_data_sends_a_fresh_document_that_is_json(bot: House, alice: Person, admin: Person) -> None:
    await alice.says("Why?")
    await alice.sees("You asked: Why?")
    await alice.says("And then?")  # asked after the first one was charged
    await alice.sees("You asked: And then?")
    await admin.says("/data")
    message, content = await admin.sees_file("document", "2 users")
    assert message["document"]["file_name"] == "data.json"
    sent = orjson.loads(content)
    assert sent["101"]["requests"] >= 1
    assert sent["101"]["balance"] == 30_000 - sent["101"]["tokens"]
    assert sent["global"]["tokens"] == sent["101"]["tokens"]
    assert sent[str(ADMIN)]["balance"] == 777_777


async def test_data_shows_everything_about_a_user_with_the_invited_ones(
    bot: House, alice: Person, admin: Person
) -> None:
    carol = bot.person(103, "Carol", "carol")
    await carol.says("/start 101")
    await alice.sees("Carol came through your link")
    await alice.says("/prompt You are Marv")
    await alice.sees("Saved")
    for who in ("101", "@alice", "@ALICE", "Alice"):
        await admin.says(f"/d {who}")
        card = (await admin.sees("Alice (@alice, 101)"))["text"]
        for line in ("Balance: 50000 tokens", "Instruction: You are Marv", "Invited: 1\n• Carol (@carol, 103)"):
            assert line in card


async def test_a_username_that_moved_means_its_present_owner(bot: House, alice: Person, bob: Person) -> None:
    admin = await bot.member(ADMIN, "Olga")
    bot.telegram.world.users[alice.id]["username"] = "anna"
    bot.telegram.world.users[bob.id]["username"] = "Alice"
    await bob.says("/help")
    await bob.sees("Write me anything")
    await admin.says("/data @alice")
    await admin.sees("Bob (@Alice, 102)")
    await admin.says("/data 101")
    shown = await admin.sees("101")
    assert shown["text"].startswith("Alice (101)\n")
    await alice.says("/help")
    await alice.sees("Write me anything")
    await admin.says("/data @ANNA")
    await admin.sees("Alice (@anna, 101)")


# --- /refill ---------------------------------------------------------------------------------------------------------


async def test_refill_in_every_form_tells_both_sides(bot: House, alice: Person, admin: Person) -> None:
    kinds = {"": "tokens", **dict.fromkeys(("premium", "prem", "p"), "premium tokens")}
    kinds |= dict.fromkeys(("image", "images", "img", "I"), "images")
    held = {"tokens": 30_000, "premium tokens": 0, "images": 0}
    for command, who, amount in (("/refill", "@alice", 10), ("/r", "101", 10), ("/REFILL", "Alice", -4)):
        for kind, purse in kinds.items():
            held[purse] += amount
            await admin.says(f"{command} {who} {amount} {kind}")
            gave = f"gave you {amount} {purse}" if amount > 0 else f"took {-amount} {purse}"
            told = await alice.sees(gave)
            assert f"{held[purse]} {purse}." in told["text"]
            done = await admin.sees(f"Done: Alice (@alice, 101), {amount} {purse}")
            assert f"Balance now: {held[purse]} {purse}." in done["text"]
    await everything_handled(bot)
    entry = bot.data()["101"]
    assert [entry["balance"], entry["premium_balance"], entry["image_balance"]] == list(held.values())


async def test_the_admin_learns_that_a_refilled_user_can_not_be_reached(
    bot: House, alice: Person, admin: Person
) -> None:
    bot.telegram.block(alice.id)
    await admin.says("/refill @alice 500")
    await admin.sees("Balance now: 30500 tokens")
    await admin.sees("The balance of the user 101 was changed, but I could not tell them")


# --- /block, /unblock ------------------------------------------------------------------------------------------------


async def test_block_blocks_a_registered_user_whatever_they_send(bot: House, alice: Person, admin: Person) -> None:
    bot.telegram.add_group(GROUP, "Club", [ADMIN, alice.id])
    await alice.says("/language")
    with_buttons = await alice.sees("Which language")
    await alice.says("/prompt")
    await alice.sees("no instruction of your own")
    await admin.says("/block @ALICE")
    await admin.sees("Blocked: Alice (@alice, 101).")
    shown = len(alice.chat.shown)
    question = await alice.says("Why?")
    for text in ("/balance", "/start", "/start 777", "/help", "/imagine a cat", "/pro Why?", "/nonsense", "/cancel"):
        await alice.says(text)
    await alice.edits(question, "Why not?")
    bot.telegram.send_photo(alice.id, alice.id, b"picture", "What is this?")
    bot.telegram.send_voice(alice.id, alice.id, b"voice")
    bot.telegram.send_sticker(alice.id, alice.id)
    bot.telegram.send_document(alice.id, alice.id, b"text", "a.txt")
    bot.telegram.send_location(alice.id, alice.id)
    pressed = await alice.presses("English", with_buttons)
    in_group = alice.in_chat(GROUP)
    await in_group.says("/balance")
    await in_group.says("@playground_bot Why?")
    await everything_handled(bot)
    said = [shown.message for shown in alice.chat.shown[shown:] if shown.message["from"]["is_bot"]]
    assert said == []
    assert [message for message in in_group.chat.messages.values() if message["from"]["is_bot"]] == []
    assert pressed.answer is None
    assert not bot.model.requests
    assert bot.data()["101"]["blocked"] is True


async def test_an_unblocked_user_is_served_again_as_before(bot: House, alice: Person, admin: Person) -> None:
    await admin.says("/ban 101")
    await admin.sees("Blocked: Alice")
    await admin.says("/block 101")
    await admin.sees("Blocked before: Alice")
    await admin.says("/unban @alice")
    await admin.sees("Unblocked: Alice")
    await admin.says("/unblock @alice")
    await admin.sees("Not blocked: Alice")
    await alice.says("/balance")
    await alice.sees("30000 tokens")


async def test_an_admin_can_not_be_blocked(bot: House, admin: Person) -> None:
    await admin.says(f"/block {ADMIN}")
    await admin.sees("An admin can't be blocked")
    await admin.says("/balance")
    await admin.sees("Your balance")


@pytest.mark.parametrize("words_written", [None, 5])
async def test_a_block_ends_a_running_answer_at_once_and_what_waits_behind_it(
    bot: House, alice: Person, admin: Person, words_written: int | None
) -> None:
    bot.model.answer = lambda body: "word " * 400
    bot.model.gate, bot.model.holds_after = asyncio.Event(), words_written
    await alice.says("running")
    await bot.model.requested()
    await alice.says("waiting")
    await alice.says("/imagine waiting too")
    await alice.sees("place in the queue: 2")
    shown = len(alice.chat.shown)
    await admin.says("/block @alice")
    await admin.sees("Blocked: Alice")
    await everything_handled(bot)  # would take the whole grace if the answer was not broken off
    assert len(alice.chat.shown) == shown
    assert len(bot.model.requests) == 1
    assert bot.data()["101"]["balance"] == 30_000
    bot.model.gate = None
    await bot.start()
    await admin.says("/unblock @alice")
    await admin.sees("Unblocked")
    await alice.sees_nothing_until("/balance", "30000 tokens")


async def test_a_blocked_users_questions_of_a_group_stay_unanswered(bot: House, alice: Person, admin: Person) -> None:
    bot.telegram.add_group(GROUP, "Club", [ADMIN, alice.id])
    in_group = alice.in_chat(GROUP)
    bot.model.answer = lambda body: "word " * 2_000  # several messages
    bot.model.gate = asyncio.Event()
    await in_group.says("@playground_bot running")
    await bot.model.requested()
    await in_group.says("@playground_bot waiting")
    await in_group.sees("place in the queue: 1")
    bot.telegram.faults.next("sendMessage", "429", retry_after=1, where=to(GROUP))
    bot.model.gate.set()
    await bot.telegram.until(lambda: not bot.telegram.faults.left)
    await admin.says("/block 101")
    await admin.sees("Blocked")
    shown = len(in_group.chat.shown)
    await everything_handled(bot)
    assert len(in_group.chat.shown) == shown
    assert bot.data()["101"]["balance"] == 30_000


async def test_what_waited_for_telegram_is_not_delivered_after_a_block(
    bot: House, alice: Person, admin: Person
) -> None:
    bot.telegram.faults.next("sendMessage", "429", retry_after=1, where=to(alice.id))
    await alice.says("/help")
    await bot.telegram.until(lambda: not bot.telegram.faults.left)
    await admin.says("/block @alice")
    await admin.sees("Blocked: Alice")
    shown = len(alice.chat.shown)
    await everything_handled(bot)
    assert len(alice.chat.shown) == shown


# --- /stop -----------------------------------------------------------------------------------------------------------


async def test_stop_delivers_what_is_under_way_and_leaves_a_whole_data_json(
    bot: House, alice: Person, bob: Person, admin: Person
) -> None:
    bot.model.gate = asyncio.Event()
    await alice.says("running")
    await alice.says("waiting")
    await alice.sees("place in the queue")
    await bot.model.requested()
    await admin.says("/stop")
    await admin.sees("Stopping")
    await bob.says("too late for this run")
    bot.model.gate.set()
    await bot.ended()
    await alice.sees("You asked: running")
    data = bot.data()
    assert data["101"]["requests"] == 1
    assert data["101"]["balance"] + data["101"]["tokens"] == 30_000
    assert data["global"]["seq"] > 0
    await bot.start()
    await alice.sees("You asked: waiting")
    await bob.sees("You asked: too late for this run")


# --- lists -----------------------------------------------------------------------------------------------------------


async def test_recent_users_are_shown_newest_first_with_their_requests(house: House) -> None:
    seed(
        house,
        {
            201: {"name": "Old", "last_request": "2020-01-01 10:00:00", "requests": 1},
            202: {"name": "Newer", "last_request": "2026-10-02 10:00:00", "requests": 2},
            203: {"name": "New", "username": "@new", "last_request": "2026-10-01 10:00:00", "requests": 1},
        },
    )
    await house.start()
    admin = house.person(ADMIN, "Olga", "owner")
    for name in ("recent_users", "recent", "last"):
        await admin.says(f"/{name} 1500")
        shown = (await admin.sees("Active in the last 1500 days: 3 users"))["text"].splitlines()
        assert shown[-2:] == [
            "2026-10-02 10:00:00 Newer (202): 2 requests",
            "2026-10-01 10:00:00 New (@new, 203): 1 request",
        ]


async def test_top_users_rank_by_every_key_and_alias(house: House) -> None:
    keys = ("requests", "tokens", "balance", "premium_tokens", "premium_balance", "images", "image_balance", "favors")
    best = {key: 201 + number for number, key in enumerate([*keys, "cost", "referrals"])}
    accounts: dict[int, dict[str, Any]] = {user: {key: 900_000} for key, user in best.items()}
    accounts[best["cost"]] = {"cost": 12.5}
    accounts[best["referrals"]] = {}
    accounts |= {300 + number: {"referrer": best["referrals"]} for number in range(3)}
    accounts[ADMIN] = {}
    seed(house, accounts)
    await house.start()
    admin = house.person(ADMIN, "Olga")
    best |= dict.fromkeys(("ref", "refs", "invites"), best["referrals"]) | {"price": best["cost"]}
    for key, user in best.items():
        await admin.says(f"/top 2 {key}")
        shown = await admin.sees("Top 2")
        assert re.search(rf"^1\. {user}: ", shown["text"], re.MULTILINE), shown["text"]


async def test_lists_longer_than_a_message_are_turned_page_by_page(house: House) -> None:
    seed(house, {user: {"name": f"User {user} " + "x" * 30, "requests": user} for user in range(1001, 1101)})
    await house.start()
    admin = house.person(ADMIN, "Olga")
    seen: list[str] = []
    await admin.says("/top_users 100 requests")
    page = await admin.sees("Top 100")
    while True:
        seen += re.findall(r"\((1\d\d\d)\)", page["text"])
        last = "▶" not in [button["text"] for button in page["reply_markup"]["inline_keyboard"][0]]
        if last:
            break
        await admin.presses("▶", page)
        page = await admin.sees("Top 100")
    assert seen == [str(user) for user in range(1100, 1000, -1)]


async def test_status_shows_how_the_bot_is_doing(bot: House, alice: Person, admin: Person) -> None:
    await admin.says("/refill 101 1 image")
    await alice.sees("1 image")
    await alice.says("/imagine a cat")
    await alice.sees_file("photo")
    bot.model.next_fault("insufficient_quota")
    await alice.says("And?")
    await admin.sees("quota")
    await alice.sees("quota is used up")
    await admin.says("/status")
    shown = (await admin.sees("Running for"))["text"]
    for line in (
        "Users: 2",
        "1 answer, errors: 1, cost: $0.0130",
        "Model: trouble (quota)",
        "Telegram: well",
        "Growing answers: native drafts",
    ):
        assert line in shown


# --- who may, and how -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "usage"),
    [
        ("/data @alice @bob", "/data"),
        ("/refill", "/refill"),
        ("/refill @alice", "/refill"),
        ("/refill @alice many", "/refill"),
        ("/refill @alice 5 gold", "/refill"),
        ("/block", "/block"),
        ("/unblock a b", "/unblock"),
        ("/recent_users", "/recent_users"),
        ("/recent_users soon", "/recent_users"),
        ("/top_users 5", "/top_users"),
        ("/top_users 5 beauty", "/top_users"),
    ],
)
async def test_wrong_arguments_answer_with_usage_and_an_example(
    bot: House, admin: Person, text: str, usage: str
) -> None:
    await admin.says(text)
    shown = await admin.sees("Example: ")
    assert shown["text"].startswith(usage)


async def test_an_unknown_user_is_said_for_every_command(bot: House, admin: Person) -> None:
    for text in ("/data 999", "/refill @nobody 5", "/block 12345678901234567890123", "/unblock @nobody"):
        await admin.says(text)
        await admin.sees("I know no user")


async def test_several_admins_command_alike_and_the_first_gets_the_requests(house: House) -> None:
    await house.start(ADMIN_CHAT_ID=f"{ADMIN},778")
    first = await house.member(ADMIN, "Olga")
    second = await house.member(778, "Oleg")
    alice = await house.member(101, "Alice", "alice")
    await second.says("/refill @alice -29000")
    await alice.sees("took 29000 tokens")
    await alice.says("/ask_favor")
    await first.sees("Request for tokens")
    await second.says("/data")
    _, content = await second.sees_file("document", "3 users")
    assert orjson.loads(content)["778"]["balance"] == 777_777


async def test_an_admins_command_is_unknown_to_everybody_else(bot: House, alice: Person, admin: Person) -> None:
    for name in ADMINS_NAMES:
        await alice.sees_nothing_until(f"/{name} 101 5", "I don't know this command")
    await alice.says("/help")
    shown = await alice.sees("Write me anything")
    assert not [name for name in ADMINS_NAMES if f"/{name}\n" in shown["text"] or f"/{name} " in shown["text"]]


async def test_an_admins_command_works_in_the_private_chat_only(bot: House, alice: Person, admin: Person) -> None:
    bot.telegram.add_group(GROUP, "Club", [ADMIN, alice.id])
    in_group = admin.in_chat(GROUP)
    await in_group.says("/block 101")
    await in_group.sees_nothing_until("/block@playground_bot 101", "I don't know this command")
    await alice.says("/balance")
    await alice.sees("Your balance")


async def test_forged_buttons_of_the_admin_do_nothing_for_others(bot: House, alice: Person, admin: Person) -> None:
    await alice.says("/language")
    shown = await alice.sees("Which language")
    for data in ("top:100:balance:0", "recent:30:0", "who:777:0", "favor:101:1:yes", "ann:1:cancel", "dlg:1:send"):
        await alice.presses(data, shown, forged=True)
        popup = await alice.sees_popup()
        assert popup in ("This button is not for you.", "This button no longer works.", "This is over.")
    await alice.sees_nothing_until("/balance", "30000 tokens")
