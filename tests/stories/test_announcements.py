"""An announcement from the wizard to the report, over real HTTP (SPEC §6, §7 "Announcement")."""

import asyncio
import re
from collections import Counter
from typing import Any

import orjson
import pytest

from gptbot.actors import broadcast
from gptbot.playground.faults import RateLimits
from gptbot.playground.world import Json
from tests.stories.conftest import ADMIN, House
from tests.stories.kit import Person, to

GROUP = -1005
FAST = {"ANNOUNCE_PER_S": "2000", "RATE_OVERALL_PER_S": "2000"}
SEND = re.compile(r"✅ Send \((\d+)\)")


@pytest.fixture(autouse=True)
def quick_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """The progress message keeps up, as it would after some seconds."""
    monkeypatch.setattr(broadcast, "EDIT_EVERY_S", 0.02)


def crowd(house: House, count: int, **entry: Any) -> list[int]:
    """So many people who have pressed /start before, and the admin; their ids."""
    users = list(range(1001, 1001 + count))
    usual = {"requests": 0, "tokens": 0, "balance": 30_000, "last_request": "2026-01-01 00:00:00"} | entry
    house.person(ADMIN, "Olga", "owner")
    for user in users:
        house.telegram.add_user(user, f"User {user}")
    document = {"global": {"requests": 0, "tokens": 0}, **{str(user): usual for user in users}}
    (house.folder / "data.json").write_bytes(orjson.dumps(document))
    return users


def got(house: House, user: int) -> list[Json]:
    """What the bot has sent somebody."""
    return [message for message in house.telegram.world.chats[user].messages.values() if message["from"]["is_bot"]]


def reached(house: House, users: list[int]) -> int:
    """How many messages these people have got in all."""
    return sum(len(got(house, user)) for user in users)


def the_admin(house: House) -> Person:
    return house.person(ADMIN, "Olga", "owner")


async def to_the_preview(admin: Person, audience: str, text: str = "News!") -> Json:
    """The question below the preview."""
    await admin.says(f"/announce {audience}")
    await admin.sees("Now send me the message")
    await admin.says(text)
    await admin.sees(text)
    return await admin.sees("This is how it will arrive")


async def send_it(admin: Person, question: Json) -> Json:
    """Presses the send button; the progress message."""
    button = next(
        b["text"] for row in question["reply_markup"]["inline_keyboard"] for b in row if SEND.match(b["text"])
    )
    await admin.presses(button, question)
    await admin.sees("Confirmed")
    return await admin.sees("📣")


async def shows(person: Person, message: Json, wanted: str) -> Json:
    """The message when it has been edited to this."""
    messages, message_id = person.chat.messages, message["message_id"]
    await person.server.until(lambda: wanted in messages[message_id]["text"])
    return messages[message_id]


def figures(report: Json) -> dict[str, int]:
    """The report's lines: "Delivered: 3"."""
    return {name: int(number) for name, number in re.findall(r"^(\w+)[^:\n]*: (\d+)$", report["text"], re.MULTILINE)}


# --- the wizard ------------------------------------------------------------------------------------------------------


async def test_by_buttons_from_the_audience_to_the_report(
    bot: House, alice: Person, bob: Person, admin: Person
) -> None:
    await admin.says("/announce")
    await admin.sees("Who shall get the announcement?")
    await admin.presses("Everybody")
    await admin.sees("Recipients: 3\nLeft out (blocked or unreachable): 0\nSending takes about 1 second.")
    await admin.says("The bot moves on Monday")
    await admin.sees("The bot moves on Monday")
    await admin.sees("Recipients: 3")
    await admin.presses("✅ Send (3)")
    await admin.sees("Confirmed. Audience: everybody; recipients: 3")
    report = await admin.sees("The announcement was sent.")
    assert figures(report) == {"Delivered": 3, "Blocked": 0, "Gone": 0, "Failed": 0, "Unknown": 0}
    for person in (alice, bob):
        await person.sees("The bot moves on Monday")


AUDIENCES = [
    ("all", 6, 2),
    ("test", 1, 0),
    ("req10", 2, 0),
    ("bal50000", 2, 1),
    ("active30", 2, 0),
    ("langru", 1, 0),
    ("1001", 1, 0),
    ("@SECOND", 1, 0),
    (str(GROUP), 1, 0),
]


async def test_every_form_of_an_audience_is_counted_exactly(house: House) -> None:
    """Those left out (blocked, or they blocked the bot) are counted, too."""
    people: dict[str, dict[str, Any]] = {
        "1001": {"requests": 10},
        "1002": {"requests": 11, "username": "@Second", "language": "ru"},
        "1003": {"balance": 50_000},
        "1004": {"requests": 9, "last_request": "2099-01-01 00:00:00"},
        "1005": {"blocked": True, "balance": 60_000},
        "1006": {"unreachable": True},
        "1007": {"balance": 49_999},
    }
    usual = {"requests": 0, "tokens": 0, "balance": 30_000, "last_request": "2020-01-01 00:00:00"}
    document = {"global": {}, **{user: usual | entry for user, entry in people.items()}}
    (house.folder / "data.json").write_bytes(orjson.dumps(document))
    await house.start()
    admin = the_admin(house)
    for audience, recipients, left_out in AUDIENCES:
        for text in (f"/announce {audience}", f"/a {audience.upper()}"):
            await admin.says(text)
            shown = (await admin.sees("Now send me the message"))["text"]
            assert f"Recipients: {recipients}\nLeft out (blocked or unreachable): {left_out}\n" in shown, audience
        await admin.says("/announce")
        await admin.sees("Who shall get")
        await admin.says(audience)
        await admin.sees(f"Recipients: {recipients}\n")
    for audience in ("everyone", "req", "active0", "bal", "lang", "@", "req999999999999999999"):
        await admin.says(f"/announce {audience}")
        await admin.sees(re.compile("No such audience|A number is missing"))
        await admin.says("test")  # asked again
        await admin.sees("Recipients: 1")
    for audience in ("999", "@nobody"):
        await admin.says(f"/announce {audience}")
        await admin.sees("I don't know this person")
    await admin.says("/announce 1005")
    await admin.sees("Nobody would get this. Audience: the user 1005; left out because blocked or unreachable: 1")


async def test_the_preview_is_the_real_content_and_so_is_what_arrives(bot: House, alice: Person, admin: Person) -> None:
    telegram = bot.telegram
    bold = {"text": "Big news", "entities": [{"type": "bold", "offset": 0, "length": 3}]}
    contents = [
        telegram.send(ADMIN, ADMIN, bold),
        telegram.send_photo(ADMIN, ADMIN, b"photo", "Look *here*"),
        telegram.send_document(ADMIN, ADMIN, b"%PDF", "paper.pdf", "application/pdf", "Read it"),
        telegram.send_voice(ADMIN, ADMIN, b"voice"),
        telegram.send_sticker(ADMIN, ADMIN),
        telegram.send_poll(ADMIN, ADMIN),
    ]
    await telegram.until(lambda: not telegram.world.updates.pending)
    for content in contents:  # sent before the wizard; now once more in it
        kinds = ("text", "entities", "photo", "document", "voice", "sticker", "poll", "caption", "caption_entities")
        wanted = {kind: content[kind] for kind in kinds if kind in content}
        await admin.says("/announce @alice")
        await admin.sees("Now send me the message")
        telegram.send(ADMIN, ADMIN, wanted)
        question = await admin.sees("This is how it will arrive")
        preview = admin.chat.messages[question["message_id"] - 1]
        await send_it(admin, question)
        await admin.sees("Delivered: 1")
        for copy in (preview, got(bot, alice.id)[-1]):
            assert {kind: copy[kind] for kind in kinds if kind in copy} == wanted


ALBUM_FIELDS = ("photo", "caption", "caption_entities")


def albums(messages: list[Json]) -> list[list[Json]]:
    """The content of the albums among these messages."""
    found: dict[str, list[Json]] = {}
    for message in messages:
        if "media_group_id" in message:
            shown = {field: message[field] for field in ALBUM_FIELDS if field in message}
            found.setdefault(message["media_group_id"], []).append(shown)
    return list(found.values())


async def test_an_album_arrives_whole_and_without_buttons(
    bot: House, alice: Person, bob: Person, admin: Person
) -> None:
    await admin.says("/announce all")
    await admin.sees("Now send me the message")
    sent = bot.telegram.send_album(ADMIN, ADMIN, [b"one", b"two", b"three"], "Look *here*")
    question = await admin.sees("This is how it will arrive")
    assert "Telegram allows no buttons under an album." in question["text"]
    labels = [button["text"] for row in question["reply_markup"]["inline_keyboard"] for button in row]
    assert "🔗 Add link buttons" not in labels
    assert albums(got(bot, ADMIN)) == albums(sent)
    await bot.restart()
    await send_it(admin, question)
    await admin.sees("Delivered: 3")
    for person in (alice, bob):
        assert albums(got(bot, person.id)) == albums(sent)
    assert len(bot.telegram.calls_of("copyMessages")) == 4


async def test_an_album_that_was_deleted_ends_the_sending(bot: House, alice: Person, admin: Person) -> None:
    await admin.says("/announce @alice")
    await admin.sees("Now send me the message")
    sent = bot.telegram.send_album(ADMIN, ADMIN, [b"one", b"two"])
    question = await admin.sees("This is how it will arrive")
    for message in sent:
        del admin.chat.messages[message["message_id"]]
    await send_it(admin, question)
    await admin.sees("The announcement was stopped.")


async def test_what_was_deleted_before_the_preview_is_asked_for_again(bot: House, admin: Person) -> None:
    await admin.says("/announce test")
    await admin.sees("Now send me the message")
    bot.telegram.faults.next("copyMessage", "refuse", description="Bad Request: message to copy not found")
    await admin.says("News!")
    await admin.sees("This message can't be shown again")
    await admin.says("Other news!")
    await send_it(admin, await admin.sees("This is how it will arrive"))
    await admin.sees("Delivered: 1")


async def test_link_buttons_are_added_shown_and_arrive(bot: House, alice: Person, admin: Person) -> None:
    question = await to_the_preview(admin, "@alice")
    await admin.presses("🔗 Add link buttons", question)
    await admin.sees("a line for each row")
    await admin.says("Our site - example.org")
    await admin.sees("Line 1: each button must end with a link that begins with https://")
    await bot.restart()
    await admin.says("Our site – https://example.org | Shop - https://example.org/shop\nNews: https://t.me/example")
    preview = await admin.sees("News!")
    question = await admin.sees("This is how it will arrive")
    await bot.restart()
    await send_it(admin, question)
    await admin.sees("Delivered: 1")
    arrived = await alice.sees("News!")
    for shown in (preview, arrived):
        assert shown["reply_markup"]["inline_keyboard"] == [
            [{"text": "Our site", "url": "https://example.org"}, {"text": "Shop", "url": "https://example.org/shop"}],
            [{"text": "News", "url": "https://t.me/example"}],
        ]


async def test_link_buttons_are_changed_and_removed(bot: House, alice: Person, admin: Person) -> None:
    await admin.presses("🔗 Add link buttons", await to_the_preview(admin, "@alice"))
    await admin.says("Our site - https://example.org")
    await admin.sees("This is how it will arrive")
    await admin.presses("🔗 Change buttons")
    await admin.sees("Our site - https://example.org")
    await admin.presses("⬅️ Back")
    assert "reply_markup" in await admin.sees("News!")
    await admin.sees("This is how it will arrive")
    await admin.presses("Remove buttons")
    assert "reply_markup" not in await admin.sees("News!")
    await send_it(admin, await admin.sees("This is how it will arrive"))
    await admin.sees("Delivered: 1")
    assert "reply_markup" not in await alice.sees("News!")


async def test_link_buttons_that_telegram_refuses_are_asked_for_again(bot: House, alice: Person, admin: Person) -> None:
    await admin.presses("🔗 Add link buttons", await to_the_preview(admin, "@alice"))
    await admin.sees("a line for each row")
    bot.telegram.faults.next("copyMessage", "refuse", description="Bad Request: BUTTON_URL_INVALID")
    await admin.says("Our site - https://example.org")
    await admin.sees("Telegram did not take the message with these buttons")
    await admin.says("Our site - https://example.com")
    await send_it(admin, await admin.sees("This is how it will arrive"))
    await admin.sees("Delivered: 1")
    assert "reply_markup" in await alice.sees("News!")


async def test_content_and_audience_can_be_changed_and_only_the_last_preview_sends(
    bot: House, alice: Person, admin: Person
) -> None:
    old = await to_the_preview(admin, "all", "First version")
    await admin.says("Second version")
    await admin.sees("Second version")
    await admin.sees("This is how it will arrive")
    await admin.presses("✅ Send (2)", old)
    assert await admin.sees_popup() == "This is over."
    await admin.presses("Another audience")
    await admin.sees("Who shall get")
    await admin.presses("Only me (test)")
    await admin.sees("Second version")
    question = await admin.sees("Recipients: 1\n")
    await admin.presses("Another message", question)
    await admin.sees("Now send me the message")
    await admin.says("Third version")
    await admin.sees("Third version")
    await send_it(admin, await admin.sees("Recipients: 1\n"))
    await admin.sees("Delivered: 1")
    await alice.sees_nothing_until("/balance", "Your balance")


@pytest.mark.parametrize("by", ["button", "command"])
@pytest.mark.parametrize("step", ["audience", "content", "preview"])
async def test_it_can_be_cancelled_at_each_step(bot: House, alice: Person, admin: Person, step: str, by: str) -> None:
    if step == "preview":
        await to_the_preview(admin, "all")
    else:
        await admin.says("/announce" + " all" * (step == "content"))
        await admin.sees("Recipients: 2" if step == "content" else "Who shall get")
    if by == "command":
        await admin.says("/cancel")
    else:
        await admin.presses("✖️ Cancel")
    await admin.sees("Cancelled. Nothing was sent.")
    await admin.says("Am I asking the model again?")
    await admin.sees("You asked: Am I asking the model again?")
    await alice.sees_nothing_until("/balance", "Your balance")


async def test_the_wizard_does_not_swallow_a_command_typed_in_the_middle(
    bot: House, alice: Person, admin: Person
) -> None:
    for begun in ("/announce", "/announce all"):
        await admin.says(begun)
        asked = await admin.sees(re.compile("Who shall get|Now send me"))
        await admin.says("/balance")
        await admin.sees("Your balance")
        await admin.says("This is a question")
        await admin.sees("You asked: This is a question")
        await admin.presses("✖️ Cancel", asked)
        assert await admin.sees_popup() == "This is over."
    question = await to_the_preview(admin, "all")
    await admin.says("/help")
    await admin.sees("Write me anything")
    await admin.presses("✅ Send (2)", question)
    assert await admin.sees_popup() == "This is over."
    await alice.sees_nothing_until("/balance", "Your balance")


async def test_the_wizard_goes_on_after_a_restart_in_the_state_it_was_in(
    bot: House, alice: Person, admin: Person
) -> None:
    await admin.says("/announce")
    await admin.sees("Who shall get")
    await bot.restart()
    await admin.says("all")
    await admin.sees("Recipients: 2")
    await bot.restart()
    await admin.says("News!")
    question = await admin.sees("This is how it will arrive")
    await bot.restart()
    await send_it(admin, question)
    await admin.sees("Delivered: 2")
    await alice.sees("News!")


# --- the sending -----------------------------------------------------------------------------------------------------


async def test_the_report_counts_each_fate_and_those_who_are_gone_are_noted(house: House) -> None:
    delivered, blocked, gone, failed, unknown, blocked_here = crowd(house, 6)
    await house.start(**FAST)
    admin = the_admin(house)
    await admin.says(f"/block {blocked_here}")
    await admin.sees("Blocked")
    telegram = house.telegram
    telegram.world.chats[blocked].blocked = True  # without a word to the bot
    telegram.faults.next(
        "copyMessage", "refuse", where=to(gone), status=403, description="Forbidden: user is deactivated"
    )
    telegram.faults.next("copyMessage", "refuse", where=to(failed), description="Bad Request: STICKERS_FORBIDDEN")
    telegram.faults.next("copyMessage", "reset_after", where=to(unknown))
    question = await to_the_preview(admin, "all")
    assert "Recipients: 6\nLeft out (blocked or unreachable): 1\n" in question["text"]
    await send_it(admin, question)
    report = await admin.sees("The announcement was sent.")
    assert figures(report) == {"Delivered": 2, "Blocked": 1, "Gone": 1, "Failed": 1, "Unknown": 1}
    assert len(got(house, delivered)) == len(got(house, unknown)) == 1
    assert got(house, blocked_here) == []
    await admin.says("/announce all")
    await admin.sees("Recipients: 4\nLeft out (blocked or unreachable): 3\n")


async def test_people_who_blocked_the_bot_are_left_out_until_they_come_back(
    bot: House, alice: Person, bob: Person, admin: Person
) -> None:
    bot.telegram.block(alice.id)
    bot.telegram.block(bob.id)
    await admin.says("/announce all")
    await admin.sees("Recipients: 1\nLeft out (blocked or unreachable): 2\n")
    bot.telegram.unblock(bob.id)
    await admin.says("/announce all")
    await admin.sees("Recipients: 2\nLeft out (blocked or unreachable): 1\n")
    bot.telegram.world.chats[alice.id].blocked = False
    await alice.says("/help")  # whoever writes can be written to
    await alice.sees("Write me anything")
    await admin.says("/announce all")
    await admin.sees("Recipients: 3\nLeft out (blocked or unreachable): 0\n")


async def test_a_blocked_user_gets_no_announcement_not_even_one_that_is_under_way(house: House) -> None:
    users = crowd(house, 40)
    await house.start(ANNOUNCE_PER_S="5", RATE_OVERALL_PER_S="2000")
    admin = the_admin(house)
    await send_it(admin, await to_the_preview(admin, "all"))
    await house.telegram.until(lambda: reached(house, users))
    await admin.says(f"/block {users[-1]}")
    await admin.sees("Blocked")
    await house.restart(**FAST)
    report = await admin.sees("The announcement was sent.")
    assert figures(report) == {"Delivered": 40, "Blocked": 1, "Gone": 0, "Failed": 0, "Unknown": 0}
    assert got(house, users[-1]) == []


async def test_who_is_forgotten_while_it_is_on_its_way_to_them_is_counted(
    bot: House, alice: Person, admin: Person
) -> None:
    question = await to_the_preview(admin, "all")
    bot.telegram.faults.next("copyMessage", "slow", seconds=1.5, where=to(alice.id))
    await send_it(admin, question)
    await bot.telegram.until(lambda: not bot.telegram.faults.left)
    await alice.says("/forget")
    await alice.presses("Delete everything")
    await alice.sees("Everything about you is deleted")
    report = await admin.sees("The announcement was sent.")
    assert sum(figures(report).values()) == 2


async def test_an_answer_does_not_wait_behind_200_recipients(house: House) -> None:
    users = crowd(house, 200)
    await house.start()  # 25 a second, as Telegram allows
    admin = the_admin(house)
    alice = house.person(users[-1], "Alice")
    progress = await send_it(admin, await to_the_preview(admin, "all"))
    await house.telegram.until(lambda: reached(house, users))
    await alice.says("Why?")
    await alice.sees("You asked: Why?")
    assert reached(house, users) < 100
    await admin.presses("✖️ Stop", progress)
    assert await admin.sees_popup() == "The announcement is being stopped"
    report = await admin.sees("The announcement was stopped.")
    counts = figures(report)
    assert counts["Delivered"] + counts["Not"] == 201
    assert counts["Not"] > 100


async def test_it_is_paused_over_a_restart_and_resumed_and_everybody_gets_it_once(house: House) -> None:
    users = crowd(house, 30)
    await house.start(ANNOUNCE_PER_S="8", RATE_OVERALL_PER_S="2000")
    admin = the_admin(house)
    progress = await send_it(admin, await to_the_preview(admin, "all"))
    await house.telegram.until(lambda: reached(house, users))
    await admin.presses("⏸ Pause")
    assert await admin.sees_popup() == "The announcement is paused"
    await admin.sees("The announcement is paused")
    await house.stop()  # what was in flight lands
    landed = reached(house, users)
    assert 0 < landed < 30
    await house.start(**FAST)
    await admin.says("/status")
    await admin.sees("Running for")
    assert reached(house, users) == landed
    await admin.presses("▶️ Resume")
    assert await admin.sees_popup() == "The announcement is being sent"
    report = await admin.sees("The announcement was sent.")
    assert figures(report)["Delivered"] == 31
    assert [len(got(house, user)) for user in users] == [1] * 30
    over = await shows(admin, progress, "The announcement is over: 31 of 31 (100 %)")
    assert "reply_markup" not in over


async def test_after_a_restart_in_the_middle_it_goes_on_and_nobody_gets_it_twice(house: House) -> None:
    users = crowd(house, 60)
    await house.start(ANNOUNCE_PER_S="20", RATE_OVERALL_PER_S="2000")
    admin = the_admin(house)
    await send_it(admin, await to_the_preview(admin, "all"))
    await house.telegram.until(lambda: reached(house, users) > 5)
    await house.stop()
    assert reached(house, users) < 60
    await house.start(**FAST)
    report = await admin.sees("The announcement was sent.")
    assert figures(report) == {"Delivered": 61, "Blocked": 0, "Gone": 0, "Failed": 0, "Unknown": 0}
    assert Counter(len(got(house, user)) for user in users) == {1: 60}


async def test_that_of_somebody_who_is_no_admin_any_more_is_stopped_at_the_start(house: House) -> None:
    users = crowd(house, 60)
    await house.start(ANNOUNCE_PER_S="20", RATE_OVERALL_PER_S="2000", ADMIN_CHAT_ID=f"{ADMIN},888")
    former = house.person(888, "Mallory")
    await send_it(former, await to_the_preview(former, "all"))
    await house.telegram.until(lambda: reached(house, users) > 5)
    await house.restart(ADMIN_CHAT_ID=str(ADMIN))
    report = await former.sees("The announcement was stopped.")
    assert figures(report)["Delivered"] == reached(house, users) < 60


async def test_a_stop_whose_grace_an_answer_takes_up_leaves_nobody_out(house: House) -> None:
    users = crowd(house, 100)
    await house.start(ANNOUNCE_PER_S="40", RATE_OVERALL_PER_S="2000", STOP_GRACE_S="2")
    admin, alice = the_admin(house), await house.member(101, "Alice")
    question = await to_the_preview(admin, "all")
    house.model.gate = asyncio.Event()
    await alice.says("Hello")
    await send_it(admin, question)
    await house.telegram.until(lambda: reached(house, users) > 5)
    await house.stop()
    assert reached(house, users) < 100
    house.model.gate = None
    await house.start(**FAST)
    report = await admin.sees("The announcement was sent.")
    assert figures(report)["Unknown"] == 0
    assert Counter(len(got(house, user)) for user in users) == {1: 100}


async def test_it_keeps_within_telegrams_limit_without_one_flood_error(house: House) -> None:
    users = crowd(house, 80)
    await house.start(ANNOUNCE_PER_S="80", RATE_OVERALL_PER_S="2000")
    admin = the_admin(house)
    question = await to_the_preview(admin, "all")
    limits = house.telegram.limits = RateLimits(overall_per_s=100, private_burst=100)
    await send_it(admin, question)
    await admin.sees("Delivered: 81")
    assert limits.refused == 0
    assert Counter(len(got(house, user)) for user in users) == {1: 80}


async def test_429s_in_the_middle_lose_and_repeat_nothing(house: House) -> None:
    users = crowd(house, 40)
    await house.start(**FAST)
    admin = the_admin(house)
    question = await to_the_preview(admin, "all")
    house.telegram.faults.next("copyMessage", "429", times=7, retry_after=0)
    house.telegram.faults.next("copyMessage", "5xx", times=2)
    await send_it(admin, question)
    await admin.sees("Delivered: 41")
    assert house.telegram.faults.left == 0
    assert Counter(len(got(house, user)) for user in users) == {1: 40}


async def test_a_group_can_be_written_to_by_its_id(bot: House, alice: Person, admin: Person) -> None:
    group = bot.telegram.add_group(GROUP, "Club", [ADMIN, alice.id])
    await send_it(admin, await to_the_preview(admin, str(GROUP), "Hello, club"))
    await admin.sees("Delivered: 1")
    assert [message["text"] for message in group.messages.values()] == ["Hello, club"]


async def test_buttons_of_an_announcement_that_is_over_are_stale(bot: House, alice: Person, admin: Person) -> None:
    question = await to_the_preview(admin, "all")
    progress = await send_it(admin, question)
    await admin.sees("The announcement was sent.")
    for data in ("ann:1:pause", "ann:1:cancel", "ann:7:resume", "ann:x:cancel"):
        await admin.presses(data, progress, forged=True)
        assert await admin.sees_popup() == "This is over."
    send = question["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    await admin.presses(send, question, forged=True)  # a second tap
    assert await admin.sees_popup() == "This is over."
    assert len(got(bot, alice.id)) == 2  # the welcome and the announcement


async def test_people_talk_to_the_bot_as_ever_while_it_is_sent(house: House) -> None:
    """The admin, too: once it is being sent the wizard is out of the way."""
    users = crowd(house, 30)
    await house.start(ANNOUNCE_PER_S="20", RATE_OVERALL_PER_S="2000")
    admin = the_admin(house)
    await send_it(admin, await to_the_preview(admin, "all"))
    people = [house.person(user, "") for user in users[-5:]]
    await asyncio.gather(*(person.says("Why?") for person in [*people, admin]))
    await asyncio.gather(*(person.sees("You asked: Why?") for person in [*people, admin]))
    await admin.sees("Delivered: 31")
