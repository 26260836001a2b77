"""The guided dialog of /prompt (SPEC §6): its buttons, what it does not take, how it ends, and that it survives."""

import re

import pytest

from gptbot.actors import directory
from gptbot.playground.world import Json
from tests.stories.conftest import House
from tests.stories.kit import Person

OVER = "This is over."
GROUP = -1001
FILE = {"file_id": "file-1", "file_unique_id": "1"}
UNREADABLE: tuple[Json, ...] = (
    {"sticker": FILE},
    {"photo": [FILE | {"width": 1, "height": 1}], "caption": "You are Marv"},
    {"voice": FILE | {"duration": 1}},
    {"document": FILE | {"file_name": "prompt.txt"}, "caption": "You are Marv"},
    {"location": {"latitude": 1.0, "longitude": 2.0}},
    {"contact": {"phone_number": "+100", "first_name": "Carol"}},
    {"poll": {"id": "1", "question": "You are Marv?", "options": []}},
    {"dice": {"emoji": "🎲", "value": 6}},
    {"a_kind_of_the_future": {}},
)


def labels(message: Json) -> list[str]:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button["text"] for row in rows for button in row]


async def opened(person: Person, command: str = "/prompt") -> Json:
    await person.says(command)
    return await person.sees("as a message: it tells the model")


async def system_prompt(bot: House, person: Person) -> str:
    """What the model is told with the next question."""
    await person.says("And now?")
    await person.sees("You asked: And now?")
    return str(bot.model.requests[-1].body["messages"][0]["content"])


# --- the whole way ---------------------------------------------------------------------------------------------------


async def test_a_prompt_is_asked_for_previewed_and_saved(bot: House, alice: Person) -> None:
    asked = await opened(alice)
    assert "You have no instruction of your own. The standard one (" in asked["text"]
    assert "You are a helpful assistant" in asked["text"]
    assert labels(asked) == ["Keep it", "Examples", "✖️ Cancel"]
    await alice.says("You are Marv, a sarcastic assistant")
    preview = await alice.sees(re.compile(r"This would be your instruction \(\d+ tokens\):"))
    assert preview["text"].endswith("You are Marv, a sarcastic assistant")
    assert labels(preview) == ["✅ Save", "Write again", "✖️ Cancel"]
    await alice.presses("✅ Save")
    saved = await alice.sees("Saved. It holds from your next question on.")
    assert saved["message_id"] == preview["message_id"]
    assert not labels(saved)
    assert await system_prompt(bot, alice) == "You are Marv, a sarcastic assistant"
    assert len(bot.model.requests) == 1
    asked = await opened(alice, "/p")
    assert re.search(r"Your standing instruction \(\d+ tokens\):\n\nYou are Marv", asked["text"])
    assert labels(asked) == ["Keep it", "Back to standard", "Examples", "✖️ Cancel"]


async def test_the_whole_way_in_russian(bot: House) -> None:
    ivan = await bot.member(103, "Иван", language="ru")
    await ivan.says("/prompt")
    asked = await ivan.sees("Своей инструкции у вас нет. Стандартная (")
    assert labels(asked) == ["Оставить", "Примеры", "✖️ Отмена"]
    await ivan.presses("Примеры")
    await ivan.sees("Примеры (нажмите, чтобы скопировать)")
    bot.telegram.send_sticker(103, 103)
    await ivan.sees("Инструкция должна быть текстом.")
    await ivan.says("слово " * 682)
    await ivan.sees("Слишком длинно: ")
    await ivan.says("Отвечай коротко")
    await ivan.sees(re.compile(r"Такой будет ваша инструкция \(\d+ токен(а|ов)?\)"))
    await ivan.presses("Написать заново")
    await ivan.sees("Пришлите свою сообщением")
    await ivan.says("Отвечай стихами")
    await ivan.presses("✅ Сохранить")
    await ivan.sees("Сохранено.")
    assert await system_prompt(bot, ivan) == "Отвечай стихами"
    for button, said in (
        ("Стандартная", "снова действует стандартная инструкция"),
        ("Оставить", "Всё осталось как было."),
        ("✖️ Отмена", "Отменено."),
    ):
        await ivan.says("/prompt")
        await ivan.presses(button, on=await ivan.sees("она говорит модели"))
        await ivan.sees(said)
    await ivan.presses("✖️ Отмена", on=asked)
    await ivan.sees_popup("Этот диалог уже завершён.")


async def test_keep_reset_and_cancel_end_it(bot: House, alice: Person) -> None:
    await alice.says("/prompt You are Marv")
    await alice.sees("Saved")
    for button, said in (("Keep it", "Nothing was changed."), ("✖️ Cancel", "Your instruction stays as it was.")):
        await opened(alice)
        await alice.presses(button)
        assert not labels(await alice.sees(said))
        assert await system_prompt(bot, alice) == "You are Marv"
    await opened(alice)
    await alice.presses("Back to standard")
    await alice.sees("the standard instruction holds again")
    assert await system_prompt(bot, alice) == "You are a helpful assistant"


async def test_examples_are_shown_in_place_and_can_be_sent(bot: House, alice: Person) -> None:
    asked = await opened(alice)
    await alice.presses("Examples")
    shown = await alice.sees("Examples (tap one to copy it)")
    assert shown["message_id"] == asked["message_id"]
    assert labels(shown) == ["Keep it", "✖️ Cancel"]
    assert {entity["type"] for entity in shown["entities"]} == {"bold", "code"}
    await alice.says("Answer in at most three sentences. If something is uncertain, say so.")
    await alice.presses("✅ Save")
    await alice.sees("Saved")


async def test_a_text_after_the_preview_is_a_new_preview_and_the_old_one_saves_nothing(
    bot: House, alice: Person
) -> None:
    await opened(alice)
    await alice.says("first")
    old = await alice.sees("This would be your instruction")
    await alice.says("second")
    new = await alice.sees("second")
    await alice.presses("✅ Save", on=old)
    await alice.sees_popup(OVER)
    await alice.presses("✅ Save", on=new)
    await alice.sees("Saved")
    assert await system_prompt(bot, alice) == "second"


async def test_write_again_asks_anew(bot: House, alice: Person) -> None:
    await opened(alice)
    await alice.says("first")
    preview = await alice.sees("This would be your instruction")
    await alice.presses("Write again")
    asked = await alice.sees("Send me yours as a message")
    assert asked["message_id"] == preview["message_id"]
    await alice.says("second")
    await alice.presses("✅ Save")
    await alice.sees("Saved")
    assert await system_prompt(bot, alice) == "second"


async def test_a_prompt_full_of_markup_is_shown_and_kept_as_it_is(bot: House, alice: Person) -> None:
    prompt = "<b>You</b> are *Marv* {name} </code>\n[x](y) `z` <script>\u202etxt 👩\u200d👩\u200d👧"
    await opened(alice)
    await alice.says(prompt)
    shown = await alice.sees("This would be your instruction")
    assert shown["text"].endswith(prompt)
    await alice.presses("✅ Save")
    await alice.sees("Saved")
    assert await system_prompt(bot, alice) == prompt


# --- what it does not take -------------------------------------------------------------------------------------------


async def test_too_long_is_said_with_the_numbers_and_asked_again(house: House) -> None:
    await house.start(PROMPT_TOKENS_MAX="20")
    alice = await house.member(101, "Alice")
    await opened(alice)
    await alice.says("word " * 100)
    await alice.sees(re.compile(r"This is too long: \d+ tokens, and at most 20 tokens are allowed"))
    await alice.says("short")
    await alice.presses("✅ Save")
    await alice.sees("Saved")


async def test_after_a_too_long_text_the_preview_before_it_is_over(house: House) -> None:
    await house.start(PROMPT_TOKENS_MAX="20")
    alice = await house.member(101, "Alice")
    await opened(alice)
    await alice.says("short")
    preview = await alice.sees("This would be")
    await alice.says("word " * 100)
    await alice.sees("too long")
    await alice.presses("✅ Save", on=preview)
    await alice.sees_popup(OVER)
    assert not [entry for entry in house.data().values() if "prompt" in entry]


async def test_too_long_at_once_changes_nothing(house: House) -> None:
    await house.start(PROMPT_TOKENS_MAX="20")
    alice = await house.member(101, "Alice")
    await alice.says("/prompt " + "word " * 100)
    await alice.sees("Your instruction stays as it was")
    assert await system_prompt(house, alice) == "You are a helpful assistant"


async def test_a_long_prompt_is_shown_cut_and_kept_whole(house: House) -> None:
    await house.start(PROMPT_TOKENS_MAX="1000000")
    alice = await house.member(101, "Alice")
    prompt = "🐈" * 2048
    await opened(alice)
    await alice.says(prompt)
    shown = await alice.sees("This would be your instruction")
    assert shown["text"].endswith("🐈…")
    await alice.presses("✅ Save")
    await alice.sees("Saved")
    assert await system_prompt(house, alice) == prompt
    await opened(alice)


async def test_what_is_no_text_is_said_and_asked_again(bot: House, alice: Person) -> None:
    await opened(alice)
    for content in UNREADABLE:
        bot.telegram.send(101, 101, content)
        await alice.sees("An instruction is a text.")
    await alice.says(" \n\t\u00a0 ")
    await alice.sees("There is no text in it.")
    await alice.says("You are Marv")
    await alice.presses("✅ Save")
    await alice.sees("Saved")


async def test_telegrams_own_notices_are_no_answer_to_the_question(bot: House, alice: Person) -> None:
    asked = await opened(alice)
    bot.telegram.send(101, 101, {"pinned_message": asked})
    bot.telegram.send(101, 101, {"message_auto_delete_timer_changed": {"message_auto_delete_time": 86400}})
    await alice.says("You are Marv")
    shown = await alice.sees("")
    assert "This would be your instruction" in shown["text"]


async def test_an_edited_message_is_no_input(bot: House, alice: Person) -> None:
    await opened(alice)
    written = await alice.says("first")
    await alice.sees("first")
    await alice.edits(written, "changed")
    await alice.sees_nothing_until("second", "This would be your instruction")


async def test_a_reply_and_a_forward_are_input_too(bot: House, alice: Person) -> None:
    await alice.says("question")
    answer = await alice.sees("You asked: question")
    await opened(alice)
    await alice.says("You are Marv", reply_to=answer)
    await alice.sees("This would be your instruction")
    bot.telegram.forward_text(101, 101, "/stop being polite")
    shown = await alice.sees("This would be your instruction")
    assert shown["text"].endswith("/stop being polite")
    assert len(bot.model.requests) == 1


# --- how it ends -----------------------------------------------------------------------------------------------------


async def test_any_other_command_leaves_it_and_runs(bot: House, alice: Person) -> None:
    for command, answer in (
        ("/balance", "Your balance"),
        ("/HELP@playground_bot", "Write me anything"),
        ("/start", "Good to see you again"),
        ("/imagine", "/imagine"),
        ("/pro", "/pro"),
        ("/nonsense", "I don't know this command"),
        ("/announce", "I don't know this command"),
        ("/reset_prompt", "You have no instruction"),
        ("/cancel nothing", "Your instruction stays as it was"),
    ):
        asked = await opened(alice)
        await alice.says(command)
        await alice.sees(answer)
        await alice.presses("Keep it", on=asked)
        await alice.sees_popup(OVER)
    assert await system_prompt(bot, alice) == "You are a helpful assistant"


async def test_prompt_with_a_text_leaves_it_and_sets(bot: House, alice: Person) -> None:
    asked = await opened(alice)
    await alice.says("/prompt You are Marv")
    await alice.sees("Saved")
    await alice.presses("Examples", on=asked)
    await alice.sees_popup(OVER)
    assert await system_prompt(bot, alice) == "You are Marv"


async def test_prompt_again_begins_anew_and_the_earlier_buttons_are_over(bot: House, alice: Person) -> None:
    first = await opened(alice)
    await opened(alice)
    for button in ("Keep it", "Examples", "✖️ Cancel"):
        await alice.presses(button, on=first)
        await alice.sees_popup(OVER)
    await alice.says("You are Marv")
    await alice.presses("✅ Save")
    await alice.sees("Saved")


async def test_cancel_leaves_it_and_the_next_text_is_a_question(bot: House, alice: Person) -> None:
    await opened(alice)
    await alice.says("/cancel")
    await alice.sees("Left. Your instruction stays as it was.")
    await alice.says("question")
    await alice.sees("You asked: question")
    await alice.says("/cancel")
    await alice.sees("There is nothing to cancel.")


async def test_a_double_tap_saves_once_and_says_it_is_over(bot: House, alice: Person) -> None:
    await opened(alice)
    await alice.says("You are Marv")
    preview = await alice.sees("This would be")
    first = await alice.presses("✅ Save", on=preview)
    second = await alice.presses("✅ Save", on=preview)
    await bot.telegram.until(lambda: first.answer and second.answer)
    assert first.answer is not None
    assert second.answer is not None
    assert (first.answer["text"], second.answer["text"]) == ("", OVER)


async def test_a_dialog_left_alone_ends_with_a_word(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "SWEEP_EVERY_S", 0.05)
    await house.start(DIALOG_IDLE_MINUTES="0.01")
    alice = await house.member(101, "Alice")
    await alice.says("/prompt You are Marv")
    await alice.sees("Saved")
    asked = await opened(alice)
    await alice.sees("I no longer wait for a new instruction. Yours stays as it was; /prompt starts again.")
    await alice.presses("Back to standard", on=asked)
    await alice.sees_popup(OVER)
    assert await system_prompt(house, alice) == "You are Marv"


async def test_a_block_ends_it_without_a_word(bot: House, alice: Person, admin: Person) -> None:
    asked = await opened(alice)
    await admin.says("/block 101")
    await admin.sees("Blocked")
    await alice.says("You are Marv")
    await alice.presses("Keep it", on=asked)
    await admin.says("/unblock 101")
    await admin.sees("Unblocked")
    await alice.sees_nothing_until("/balance", "Your balance")


# --- it survives -----------------------------------------------------------------------------------------------------


async def test_it_survives_a_restart_in_each_state(bot: House, alice: Person) -> None:
    asked = await opened(alice)
    await bot.restart()
    await alice.presses("Examples", on=asked)
    await alice.sees("Examples")
    await bot.restart()
    bot.telegram.send_sticker(101, 101)
    await alice.sees("An instruction is a text.")
    await alice.says("first")
    await alice.sees("This would be your instruction")
    await bot.restart()
    await alice.presses("Write again")
    await alice.sees("Send me yours")
    await alice.says("second")
    preview = await alice.sees("This would be your instruction")
    save = preview["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    await bot.restart()
    await alice.presses(save, on=preview)
    await alice.sees("Saved")
    await bot.restart()
    await alice.presses(save, on=preview, forged=True)
    await alice.sees_popup(OVER)
    assert await system_prompt(bot, alice) == "second"


# --- where it lives --------------------------------------------------------------------------------------------------


async def test_dialogs_in_two_chats_do_not_mix(bot: House, alice: Person) -> None:
    bot.telegram.add_group(GROUP, "Friends", [101])
    in_group = alice.in_chat(GROUP)
    await opened(alice)
    await in_group.says("/prompt")
    asked = await in_group.sees("as a message: it tells the model")
    await in_group.says("from the group")
    preview = await in_group.sees("This would be your instruction")
    assert preview["text"].endswith("from the group")
    await alice.says("from the private chat")
    assert (await alice.sees("This would be"))["text"].endswith("from the private chat")
    await in_group.presses("✖️ Cancel", on=asked)
    await in_group.sees("Left.")
    await alice.presses("✅ Save")
    await alice.sees("Saved")
    assert await system_prompt(bot, alice) == "from the private chat"


async def test_in_a_group_only_its_owners_messages_and_buttons_count(bot: House, alice: Person, bob: Person) -> None:
    bot.telegram.add_group(GROUP, "Friends", [101, 102])
    hers, his = alice.in_chat(GROUP), bob.in_chat(GROUP)
    await hers.says("/prompt")
    asked = await hers.sees("as a message: it tells the model")
    await his.says("You are Bob's")
    await his.presses("Examples", on=asked)
    await his.sees_popup(OVER)
    await hers.says("You are Alice's")
    preview = await hers.sees("")
    assert preview["text"].endswith("You are Alice's")
    await his.presses("✅ Save", on=preview)
    await his.sees_popup(OVER)
    await hers.presses("✅ Save", on=preview)
    await hers.sees("Saved")
    assert await system_prompt(bot, bob) == "You are a helpful assistant"


async def test_a_dialog_belongs_to_its_topic(bot: House, alice: Person) -> None:
    bot.telegram.add_group(GROUP, "Friends", [101], forum=True)
    cats, dogs = bot.telegram.add_topic(GROUP, "Cats"), bot.telegram.add_topic(GROUP, "Dogs")
    here = alice.in_chat(GROUP)
    await here.says("/prompt", thread_id=cats)
    asked = await here.sees("as a message: it tells the model")
    assert asked["message_thread_id"] == cats
    await here.says("talk about dogs", thread_id=dogs)
    await here.says("talk about everything")
    await here.says("talk about cats", thread_id=cats)
    preview = await here.sees("")
    assert preview["text"].endswith("talk about cats")
    assert preview["message_thread_id"] == cats
    await here.presses("✅ Save", on=preview)
    await here.sees("Saved")
