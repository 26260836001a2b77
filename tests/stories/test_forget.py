"""/export and /forget (SPEC §4): all that is kept of a person, and nothing any more."""

import asyncio
import re
import sqlite3
from contextlib import closing
from typing import Any

import orjson
import pytest

from gptbot.actors import exporting
from gptbot.edges.opening import close_storage
from gptbot.playground.world import Json
from gptbot.settings import load_settings
from gptbot.wiring import open_data
from tests.stories.conftest import ADMIN, House
from tests.stories.kit import Person
from tests.stories.test_economy import books_agree, ledger

SECRET = "my grandmother's maiden name"


def forgotten(house: House) -> dict[str, Any]:
    """The entries of data.json that belong to nobody."""
    return {key: entry for key, entry in house.data().items() if key.startswith("-")}


async def forgets(person: Person) -> Json:
    await person.says("/forget")
    await person.presses("Delete everything")
    return await person.sees("Everything about you is deleted")


def dump(house: House) -> str:
    """Every value of every table of data.db, as text."""
    with closing(sqlite3.connect(house.folder / "data.db")) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {table: db.execute(f"SELECT * FROM {table}").fetchall() for table in tables}
    return repr(rows)


async def stopped(house: House) -> House:
    await house.stop()
    return house


# --- /export ---------------------------------------------------------------------------------------------------------


async def test_export_is_a_file_with_everything(bot: House, alice: Person) -> None:
    await alice.says("/p Be brief, please")
    await alice.sees("")
    await alice.says(SECRET)
    answer = await alice.sees(SECRET)
    await alice.says("And then?", reply_to=answer)
    await alice.sees("And then?")
    await alice.says("/export")
    _, content = await alice.sees_file("document", "Questions and answers: 2")
    about = orjson.loads(content)
    assert about["id"] == 101
    assert about["account"]["name"] == "Alice"
    assert about["account"]["prompt"] == "Be brief, please"
    first, second = about["turns"]
    assert first["question"] == SECRET
    assert SECRET in first["answer"]
    assert second["parent"] == first["id"]
    assert about["turns_left_out"] == 0
    assert sum(row["amount"] for row in about["ledger"] if row["purse"] == "balance") == about["account"]["balance"]


async def test_export_shows_nothing_of_others_and_nothing_in_groups(bot: House, alice: Person, bob: Person) -> None:
    await bob.says("Bob's own question")
    await bob.sees("Bob's own question")
    bot.telegram.add_group(-1001, "Friends", [101])
    her = alice.in_chat(-1001)
    await her.says("/export")
    await her.sees("in our private chat")
    await alice.says("/export")
    _, content = await alice.sees_file("document")
    assert b"Bob" not in content


async def test_a_long_history_is_exported_page_by_page_and_what_does_not_fit_is_counted(
    bot: House, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "TURNS_AT_ONCE", 2)
    for number in range(5):
        await alice.says(f"question {number}")
        await alice.sees(f"question {number}")
    await alice.says("/export")
    _, content = await alice.sees_file("document", "Questions and answers: 5")
    whole = orjson.loads(content)
    assert [turn["question"] for turn in whole["turns"]] == [f"question {number}" for number in range(5)]
    room = sum(len(orjson.dumps(turn)) + 2 for turn in whole["turns"][2:])
    monkeypatch.setattr(exporting, "BYTES_MAX", room)
    await alice.says("/export")
    _, content = await alice.sees_file("document", "Questions and answers: 3")
    newest = orjson.loads(content)
    assert newest["turns"] == whole["turns"][2:]
    assert newest["turns_left_out"] == 2


async def test_a_second_export_waits_for_the_first(bot: House, alice: Person) -> None:
    bot.telegram.faults.next("sendDocument", "hang")
    await alice.says("/export")
    await bot.telegram.until(lambda: bot.telegram.calls_of("sendDocument"))
    await alice.says("/export")
    await alice.says("The commands before are handled when this is asked")
    await bot.model.requested()
    await bot.restart(STOP_GRACE_S="0.05")
    await alice.sees_file("document", "Questions and answers")
    await alice.sees("has not been delivered yet")


async def test_export_in_russian_without_any_question(bot: House) -> None:
    ivan = await bot.member(103, "Иван", language="ru")
    await ivan.says("/export")
    _, content = await ivan.sees_file("document", "Вопросов с ответами: 0")
    assert orjson.loads(content)["turns"] == []


# --- /forget ---------------------------------------------------------------------------------------------------------


async def test_forgetting_leaves_nothing_but_purses_under_a_pseudonym(house: House) -> None:
    await house.start(REPORTS="each")
    await house.member(ADMIN, "Olga")
    alice = await house.member(101, "Alice", "alice_in_wonderland")
    await alice.says(f"/p {SECRET} prompt")
    await alice.sees("")
    await alice.says(SECRET)
    await alice.sees(SECRET)
    await forgets(alice)
    await books_agree(house)
    (entry,) = forgotten(house).values()
    assert entry.keys() == {"requests", "tokens", "balance", "last_request"}
    assert "101" not in house.data()
    assert house.data()["global"]["requests"] == 1, "the sums stay"
    left = (house.folder / "data.json").read_text() + dump(house)
    for trace in (SECRET, "Alice", "alice_in_wonderland"):
        assert trace not in left
        for name in ("data.db", "data.json"):
            assert trace.encode() not in (house.folder / name).read_bytes(), "deleted is overwritten"
    assert not re.search(r"\b101\b", dump(house))


async def test_coming_back_gives_what_was_left_and_no_bonus_to_anybody(bot: House, alice: Person, bob: Person) -> None:
    await alice.says("Hello")
    await alice.sees("Hello")
    await forgets(alice)
    await alice.says("Am I known?")
    await alice.sees("/start")
    await alice.says("/start 102")
    back = await alice.sees("Good to see you again")
    balance = int(re.findall(r"(\d+) tokens", back["text"])[0])
    assert 0 < balance < 30000
    await bob.sees_nothing_until("/invite", "0")
    await bot.stop()
    assert bot.data()["101"]["balance"] == balance
    assert "referrer" not in bot.data()["101"]
    assert bot.data()["102"]["balance"] == 30000
    assert not forgotten(bot)
    await books_agree(bot)


async def test_again_and_again_mints_nothing(bot: House, alice: Person) -> None:
    for _ in range(3):
        await forgets(alice)
        await alice.says("/start")
        await alice.sees("30000 tokens")
    await books_agree(bot)
    assert ledger(bot)["101", "balance"] == 30000


async def test_the_link_of_a_forgotten_friend_mints_nothing(bot: House, alice: Person) -> None:
    carol = bot.person(103, "Carol")
    await carol.says("/start 101")
    await carol.sees("bonus")
    await alice.sees("came through your link")
    await forgets(alice)
    dave = bot.person(104, "Dave")
    await dave.says("/start 101")
    await dave.sees("You have 30000 tokens to start with")
    await bot.restart()
    await books_agree(bot)
    assert bot.data()["104"]["balance"] == 30000
    assert "referrer" not in bot.data()["103"]


async def test_blocked_stays_blocked(bot: House, alice: Person, admin: Person) -> None:
    await forgets(alice)
    await admin.says("/data 101")
    await admin.sees("had everything about them deleted")
    await admin.says("/block 101")
    await admin.sees("101")
    await bot.restart()
    await alice.says("/start")
    before = len(bot.telegram.calls_of("getUpdates"))
    await bot.telegram.until(lambda: len(bot.telegram.calls_of("getUpdates")) > before)
    await bot.restart()
    assert "101" not in bot.data(), "who is blocked is not even registered"
    await admin.says("/unblock 101")
    await admin.sees("101")
    await alice.says("/start")
    shown = await alice.sees("")
    assert "Good to see you again" in shown["text"]
    assert sum("Good to see you" in s.message.get("text", "") for s in alice.chat.shown) == 1
    await books_agree(bot)


async def test_a_question_under_way_is_ended(bot: House, alice: Person) -> None:
    bot.model.gate = asyncio.Event()
    await alice.says(SECRET)
    await bot.model.requested()
    await alice.says("And this one waits")
    await alice.sees("queue")
    await forgets(alice)
    bot.model.gate.set()
    bot.model.gate = None
    await alice.sees_nothing_until("/start", "Good to see you again")
    await bot.restart()
    await alice.sees_nothing_until("/stats", "Requests")
    await books_agree(bot)
    assert SECRET not in dump(bot)


async def test_an_answer_that_telegram_holds_back_is_not_sent(bot: House, alice: Person) -> None:
    await alice.says("/forget")
    await alice.sees("Delete everything about you?")
    bot.telegram.faults.next("sendMessage", "hang", where=lambda params: "You asked" in str(params["text"]))
    await alice.says(SECRET)
    calls = bot.telegram.calls
    await bot.telegram.until(lambda: [call for call in calls if "You asked" in str(call.params.get("text"))])
    await alice.presses("Delete everything")
    await alice.sees("Everything about you is deleted")
    await alice.says("/start")
    assert "30000 tokens" in (await alice.sees("Good to see you again"))["text"], "what was not delivered costs nothing"
    await books_agree(bot)
    said = [str(shown.message) for shown in alice.chat.shown if shown.message["from"]["id"] != 101]
    assert not any(SECRET in text for text in said)
    assert SECRET not in dump(bot)


async def test_stale_buttons_and_cancel(bot: House, alice: Person) -> None:
    await alice.says("/forget")
    first = await alice.sees("Delete everything about you?")
    await alice.says("/forget")
    second = await alice.sees("Delete everything about you?")
    await alice.presses("Delete everything", on=first)
    await alice.sees_popup("over")
    await alice.says("/cancel")
    await alice.sees("Nothing was deleted")
    await alice.presses("Delete everything", on=second)
    await alice.sees_popup("over")
    await alice.says("/forget")
    third = await alice.sees("Delete everything about you?")
    await alice.says("/balance")
    await alice.sees("Your balance")
    await alice.presses("Delete everything", on=third)
    await alice.sees_popup("over")
    await alice.says("/balance")
    await alice.sees("30000")


async def test_the_question_survives_a_restart(bot: House, alice: Person) -> None:
    await alice.says("/forget")
    await alice.sees("Delete everything about you?")
    await bot.restart()
    await alice.presses("Delete everything")
    await alice.sees("Everything about you is deleted")
    assert "101" not in (await stopped(bot)).data()


async def test_forget_in_russian(bot: House) -> None:
    ivan = await bot.member(103, "Иван", language="ru")
    await ivan.says("/forget")
    await ivan.sees("Удалить всё о вас?")
    await ivan.presses("Оставить")
    await ivan.sees("Ничего не удалено")
    await ivan.says("/forget")
    await ivan.presses("Удалить всё")
    await ivan.sees("Всё о вас удалено")
    await ivan.says("/start")
    await ivan.sees("Рад видеть вас снова")


async def test_admins_can_not_be_forgotten(bot: House, admin: Person) -> None:
    await admin.says("/forget")
    await admin.sees("admins can't be forgotten")
    await bot.restart()
    assert str(ADMIN) in bot.data()


async def test_who_became_an_admin_after_being_forgotten_keeps_the_entry_when_a_hand_edits_the_file(
    bot: House, bob: Person
) -> None:
    await forgets(bob)
    await bot.restart(ADMIN_CHAT_ID=f"{ADMIN},{bob.id}")
    await bob.says("/prompt Be kind")
    await bob.sees("")
    await bot.stop()
    document = bot.data()
    document[str(ADMIN)]["balance"] = 5
    (bot.folder / "data.json").write_bytes(orjson.dumps(document))
    await bot.start(ADMIN_CHAT_ID=str(ADMIN))
    assert bot.data()[str(bob.id)]["prompt"] == "Be kind"
    await books_agree(bot)


async def test_a_restored_backup_brings_nobody_back(bot: House, alice: Person, bob: Person) -> None:
    await bot.stop()
    old = (bot.folder / "data.json").read_bytes()
    await bot.start()
    await forgets(alice)
    await bob.says("Hello")
    await bob.sees("Hello")
    await bot.stop()
    (bot.folder / "data.json").write_bytes(old)
    settings = load_settings(bot.folder / "none.env", bot.environ)
    close_storage(open_data(settings, accept=True))
    await bot.start()
    assert "101" not in bot.data()
    await alice.says("/start")
    await alice.sees("Good to see you again")
    await books_agree(bot)


async def test_without_data_db_the_pseudonyms_hold(bot: House, alice: Person) -> None:
    await alice.says("Hello")
    await alice.sees("Hello")
    await forgets(alice)
    await bot.stop()
    for path in bot.folder.glob("data.db*"):
        path.unlink()
    await bot.start()
    await alice.says("/start")
    shown = await alice.sees("Good to see you again")
    assert "30000" not in shown["text"]
    await books_agree(bot)


async def test_a_pending_favour_goes(house: House) -> None:
    await house.start(NEW_USER_BALANCE="500")
    admin, alice = await house.member(ADMIN, "Olga"), await house.member(101, "Alice")
    await alice.says("/favor")
    request = await admin.sees("Request for tokens")
    await forgets(alice)
    await admin.presses("Yes", on=request)
    await admin.sees_popup("decided already")
    await books_agree(house)


async def test_a_group_that_a_forgotten_person_asked_in_keeps_what_others_said(bot: House, alice: Person) -> None:
    bob = await bot.member(102, "Bob")
    bot.telegram.add_group(-1001, "Friends", [101, 102])
    hers, his = alice.in_chat(-1001), bob.in_chat(-1001)
    me = f"@{bot.telegram.world.me['username']}"
    await hers.says(f"{me} {SECRET}")
    answer = await hers.sees(SECRET)
    await his.says(f"{me} and what is it?", reply_to=answer)
    reply = await his.sees("and what is it?")
    await forgets(alice)
    await his.says("go on", reply_to=reply)
    await his.sees("go on")
    assert SECRET not in str(bot.model.requests[-1].body["messages"][1]), "the chain begins after what was forgotten"
    await bot.stop()
    with closing(sqlite3.connect(bot.folder / "data.db")) as db:
        assert db.execute("SELECT DISTINCT user FROM turns").fetchall() == [(102,)]
