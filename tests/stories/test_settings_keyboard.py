"""/settings: one message with a keyboard that is edited in place (SPEC §4)."""

from gptbot.playground.world import Json
from tests.stories.conftest import ADMIN, House
from tests.stories.kit import Person


def labels(shown: Json) -> list[str]:
    return [str(button["text"]) for row in shown["reply_markup"]["inline_keyboard"] for button in row]


async def test_each_choice_is_made_in_the_same_message(bot: House, alice: Person) -> None:
    await alice.says("/settings")
    shown = await alice.sees("Model: basic")
    assert "✓ basic" in labels(shown)
    assert not [label for label in labels(shown) if "digest" in label], "the reports are the admin's"
    await alice.presses("🤖 premium")
    assert "not enough" in await alice.sees_popup()
    edited = await alice.sees("Model: premium")
    assert edited["message_id"] == shown["message_id"]
    await alice.presses("💬 8000")
    await alice.sees("tokens remembered: 8000")
    await alice.presses("🌐 Русский")
    edited = await alice.sees("Модель: премиум")
    assert edited["message_id"] == shown["message_id"]
    assert "✓ Русский" in labels(edited)
    await bot.restart()
    await alice.says("/settings")
    again = await alice.sees("токенов в памяти: 8000")
    assert "✓ премиум" in labels(again)


async def test_a_number_of_ones_own_is_shown_and_kept(bot: House, alice: Person) -> None:
    await alice.says("/context 4000")
    await alice.sees("Dialog mode is on")
    await alice.says("/settings")
    shown = await alice.sees("tokens remembered: 4000")
    assert [label for label in labels(shown) if "000" in label] == ["💬 2000", "✓ 4000", "💬 8000", "💬 32000"]


async def test_stale_and_foreign_buttons_are_answered(bot: House, alice: Person, admin: Person) -> None:
    await alice.says("/settings")
    shown = await alice.sees("Settings")
    for data in ("set", "set:101", "set:101:model:huge", "set:101:colour:red", "set:101:reports:off"):
        await alice.presses(data, on=shown, forged=True)
        await alice.sees_popup("no longer works")
    await alice.presses("set:102:model:premium", on=shown, forged=True)
    await alice.sees_popup("not for you")
    await alice.says("/settings")
    await alice.sees("Model: basic")


async def test_the_main_admin_switches_the_reports_at_once_and_for_good(bot: House, alice: Person) -> None:
    admin = await bot.member(ADMIN, "Olga", "owner")
    await alice.says("unreported")
    await alice.sees("You asked: unreported")
    await admin.says("/settings")
    shown = await admin.sees("Reports of requests: off")
    await admin.presses("set:777:reports:each", on=shown)
    await admin.sees("Reports of requests: each")
    await alice.says("reported")
    await alice.sees("You asked: reported")
    report = await admin.sees("reported")
    assert "unreported" not in report["text"]
    await alice.says("/privacy")
    await alice.sees("gets a report of each request")
    await bot.restart()
    assert bot.data()["777"]["reports"] == "each"
    await alice.says("reported again")
    await admin.sees("reported again")
    await admin.presses("set:777:reports:off", on=shown, forged=True)
    await admin.sees("Reports of requests: off")
    await alice.says("nobody hears of this")
    await alice.sees("You asked: nobody hears of this")
    await admin.sees_nothing_until("/help", "Write me anything")


async def test_whoever_does_not_want_to_see_an_answer_grow_sees_it_when_it_is_whole(bot: House, alice: Person) -> None:
    await alice.says("/settings")
    await alice.sees("Answers grow before your eyes: on")
    await alice.presses("⚡ off")
    await alice.sees("Answers grow before your eyes: off")
    await bot.restart()
    assert bot.data()["101"]["streaming"] == "off"
    bot.model.answer, bot.model.tokens_per_s = lambda body: "word " * 20, 20.0
    await alice.says("How are you?")
    await alice.sees("word word")
    assert not bot.telegram.calls_of("sendMessageDraft")
    await alice.says("/settings")
    await alice.presses("⚡ on")
    await alice.sees("Answers grow before your eyes: on")
    await alice.says("And now?")
    await alice.sees("word word")
    assert bot.telegram.calls_of("sendMessageDraft")


async def test_where_the_owner_has_neither_there_are_no_rows_for_streaming_and_voice(house: House) -> None:
    await house.start(STREAMING="off")
    alice = await house.member(101, "Alice")
    await alice.says("/settings")
    shown = await alice.sees("Settings")
    assert "grow" not in shown["text"]
    assert "aloud" not in shown["text"]
    assert len(shown["reply_markup"]["inline_keyboard"]) == 3
