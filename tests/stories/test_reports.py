"""The owner's feed: every request is reported to the main admin's private chat, and delays no answer (SPEC §5)."""

import asyncio

import pytest

from gptbot.actors import reports
from gptbot.playground.model_answers import default_answer, usage
from tests.stories.conftest import ADMIN, House
from tests.stories.kit import Person, to

GROUP = -1005


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """The feed rests after a message that several turns share; stories don't."""
    monkeypatch.setattr(reports, "JOINED_PAUSE_S", 0.0)


async def admin_and_alice(house: House, **settings: str) -> tuple[Person, Person]:
    await house.start(REPORTS="each", **settings)
    return await house.member(ADMIN, "Olga"), await house.member(101, "Alice", "alice")


async def test_each_request_is_reported_with_who_where_what_and_what_it_took(house: House) -> None:
    admin, alice = await admin_and_alice(house)
    await alice.says("How far is the moon?")
    await alice.sees("You asked")
    report = (await admin.sees("Alice (@alice, 101), private chat"))["text"]
    body = house.model.requests[-1].body
    tokens = usage(body, default_answer(body))["total_tokens"]
    assert report.splitlines()[1:] == [
        "How far is the moon?",
        f"gpt-6-luna: {tokens} tokens, <$0.0001. Balance: {30_000 - tokens}",
    ]
    await admin.says("/refill 101 1 image")
    await alice.says("/imagine a cat")
    await alice.sees_file("photo")
    report = (await admin.sees("a cat"))["text"]
    assert "gpt-image-2.6-flare: picture, $0.0130. Balance: 0" in report


async def test_a_request_in_a_group_is_reported_with_the_groups_name(house: House) -> None:
    admin, alice = await admin_and_alice(house)
    house.telegram.add_group(GROUP, "Moon & <b>Stars</b>", [alice.id])
    await alice.in_chat(GROUP).says("@playground_bot Why?")
    report = await admin.sees("Alice (@alice, 101), ")
    assert "Moon & <b>Stars</b>" in report["text"]


async def test_reports_come_without_the_text_where_the_setting_says_so(house: House) -> None:
    admin, alice = await admin_and_alice(house, REPORT_TEXTS="false")
    await alice.says("A secret question")
    await alice.sees("You asked")
    report = await admin.sees("Alice (@alice, 101)")
    assert "secret" not in report["text"]
    assert len(report["text"].splitlines()) == 2


async def test_a_digest_sums_up_what_came_also_before_a_restart(house: House) -> None:
    await house.start(REPORTS="digest", REPORT_DIGEST_MINUTES="60")
    admin = house.person(ADMIN, "Olga")
    people = [await house.member(101, "Alice", "alice"), await house.member(102, "Bob")]
    await asyncio.gather(*(person.says("A secret question") for person in people))
    await asyncio.gather(*(person.sees("You asked") for person in people))
    await house.stop()
    assert not admin.chat.shown
    await house.start(REPORT_DIGEST_MINUTES="0.01")
    shown = (await admin.sees("2 requests by 2 users: "))["text"]
    assert "Alice (@alice, 101): 1 request, " in shown
    assert "secret" not in shown


async def test_reports_can_be_off(house: House) -> None:
    await house.start(REPORTS="off")
    admin, alice = await house.member(ADMIN, "Olga"), await house.member(101, "Alice")
    await alice.says("Why?")
    await alice.sees("You asked")
    await house.restart(REPORTS="each")  # nothing was kept for later either
    await admin.sees_nothing_until("/balance", "Your balance")


async def test_the_admins_own_requests_are_not_reported(house: House) -> None:
    await house.start(REPORTS="each", ADMIN_CHAT_ID=f"{ADMIN},778")
    first, second = await house.member(ADMIN, "Olga"), await house.member(778, "Oleg")
    for admin in (first, second):
        await admin.says("Why?")
        await admin.sees("You asked")
    await house.stop()  # sends what waits
    assert "778" not in first.transcript()
    await house.start()
    for admin in (first, second):
        await admin.sees_nothing_until("/balance", "Your balance")


async def test_a_burst_is_joined_and_nobody_is_left_out(house: House) -> None:
    await house.start(REPORTS="each")
    admin = await house.member(ADMIN, "Olga")
    people = [await house.member(201 + number, f"Person {number}") for number in range(12)]
    house.telegram.faults.next("sendMessage", "429", times=1, retry_after=1, where=to(ADMIN))
    house.model.gate = asyncio.Event()
    for person in people:
        await person.says("Why?")
    await house.model.requested(12)
    house.model.gate.set()
    for person in people:
        await person.sees("You asked")  # no answer waits for the admin's chat
    text = ""
    while text.count("Why?") < 12:
        text += (await admin.sees("Person"))["text"] + "\n"
    assert [text.count(f"({person.id})") for person in people] == [1] * 12
    reports_made = [shown for shown in admin.chat.shown if "Why?" in shown.message["text"]]
    assert len(reports_made) <= 3


async def test_names_and_texts_full_of_markup_do_no_harm(house: House) -> None:
    await house.start(REPORTS="each")
    admin = await house.member(ADMIN, "Olga")
    eve = await house.member(666, "<b>Eve</b>\n/stop *x* [a](tg://user?id=1)\u202e\u0000", "eve")
    await eve.says("</i><a href='http://evil'>click</a>\n\n/stop now `x` \u202e")
    await eve.sees("You asked")
    report = await admin.sees("Eve")
    assert "<b>Eve</b> /\u2060stop *x* [a](tg://user?id=1)" in report["text"]
    assert "</i><a href='http://evil'>click</a> /\u2060stop now `x`" in report["text"]
    assert len(report["text"].splitlines()) == 3
    assert not {"bot_command", "text_link"} & {entity["type"] for entity in report["entities"]}
    await house.restart()
    await admin.sees_nothing_until("/balance", "Your balance")  # the bot was not stopped


async def test_a_report_that_could_not_be_sent_comes_after_a_restart(house: House) -> None:
    admin, alice = await admin_and_alice(house, STOP_GRACE_S="0.2")
    house.telegram.faults.next("sendMessage", "5xx", times=50, where=to(ADMIN))
    await alice.says("Why?")
    await alice.sees("You asked")
    await house.telegram.until(lambda: house.telegram.faults.left < 50)
    await house.stop()
    house.telegram.faults.clear()
    await house.start()
    await admin.sees("Alice (@alice, 101)")
    await house.restart()
    await admin.sees_nothing_until("/balance", "Your balance")  # it came once


async def test_an_admin_who_never_opened_the_chat_holds_nobody_up(house: House) -> None:
    house.telegram.add_user(ADMIN, "Olga", started=False)
    await house.start(REPORTS="each")
    alice = await house.member(101, "Alice")
    for text in ("one", "two"):
        await alice.says(text)
        await alice.sees(f"You asked: {text}")
    admin = house.person(ADMIN, "Olga")
    await admin.says("/start")
    await admin.sees("/help")
