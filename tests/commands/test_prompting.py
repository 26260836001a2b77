"""The prompt dialog as its user sees it (SPEC §6, "Prompt entry")."""

import pytest

from gptbot.domain.book import Book, Dialog
from gptbot.domain.records import Account, Totals
from gptbot.domain.updates import Place, RepliedTo
from tests.commands.making_dialogs import ALICE, NOW, Chat


def chat(**values: object) -> Chat:
    return Chat(book=Book.of({ALICE: Account(**values)}, Totals()))  # type: ignore[arg-type]  # fields by name


def test_the_standard_prompt_is_shown_where_there_is_no_own_one() -> None:
    alice = chat()
    call = alice.opens_prompt(tokens=6)
    assert "You are a helpful assistant" in call.text
    assert "6 tokens" in call.text
    assert list(call.buttons) == ["Keep it", "Examples", "✖️ Cancel"]
    assert alice.has_dialog()


def test_the_own_prompt_is_shown_and_can_be_reset() -> None:
    alice = chat(prompt="You are Marv")
    call = alice.opens_prompt()
    assert "You are Marv" in call.text
    alice.presses(call.button("standard"))
    assert alice.book.accounts[ALICE].prompt is None
    assert alice.call.method == "editMessageText"
    assert "standard instruction holds again" in alice.call.text
    assert not alice.has_dialog()


def test_a_text_is_previewed_with_its_tokens_and_then_saved() -> None:
    alice = chat()
    alice.opens_prompt()
    (preview,) = alice.says("Be brief.", tokens=3)
    assert preview.method == "sendMessage"
    assert "Be brief." in preview.text
    assert "3 tokens" in preview.text
    assert alice.book.accounts[ALICE].prompt is None
    alice.presses(preview.button("Save"))
    assert alice.book.accounts[ALICE].prompt == "Be brief."
    assert alice.call.method == "editMessageText"
    assert alice.popup == ""
    assert not alice.has_dialog()


def test_a_reply_is_input_too() -> None:
    alice = chat()
    alice.opens_prompt()
    alice.says("Be brief.", reply=RepliedTo(4, "an old answer", by_us=True))
    assert alice.state == "previewing"


def test_written_again_asks_in_the_place_of_the_preview() -> None:
    alice = chat()
    alice.opens_prompt()
    (preview,) = alice.says("Be brief.")
    (again,) = alice.presses(preview.button("again"))
    assert again.method == "editMessageText"
    assert alice.state == "asking"


def test_the_save_button_of_an_older_preview_saves_nothing() -> None:
    alice = chat()
    alice.opens_prompt()
    (first,) = alice.says("The first text")
    alice.says("The second text")
    assert alice.presses(first.button("Save")) == []
    assert alice.popup == "This is over."
    assert alice.book.accounts[ALICE].prompt is None
    assert alice.state == "previewing"


def test_what_can_not_be_a_prompt_is_said_and_asked_again() -> None:
    alice = chat()
    alice.opens_prompt()
    assert "51 tokens, and at most 50 tokens" in alice.says("long", tokens=51)[0].text
    assert "no text" in alice.says("   ")[0].text
    assert "is a text" in alice.says("a caption", kind="photo")[0].text
    assert alice.state == "asking"


def test_too_long_after_a_preview_takes_the_preview_away() -> None:
    alice = chat()
    alice.opens_prompt()
    (preview,) = alice.says("Fine")
    alice.says("too long", tokens=1000)
    alice.presses(preview.button("Save"))
    assert alice.popup == "This is over."
    assert alice.book.accounts[ALICE].prompt is None


def test_examples_leave_the_dialog_where_it_is() -> None:
    alice = chat(prompt="Mine")
    call = alice.opens_prompt()
    (examples,) = alice.presses(call.button("Examples"))
    assert "patient teacher" in examples.text
    assert "Examples" not in examples.buttons
    alice.presses(examples.button("Keep"))
    assert alice.book.accounts[ALICE].prompt == "Mine"
    assert not alice.has_dialog()


def test_a_prompt_of_any_length_and_content_fits_into_one_message() -> None:
    alice = chat(prompt="😀<b>" * 4000)
    call = alice.opens_prompt(tokens=9000)
    assert call.text.rstrip().endswith("how to answer.")
    assert "…" in call.text
    (preview,) = alice.says("😀" * 2048, tokens=40)
    alice.presses(preview.button("Save"))
    assert alice.book.accounts[ALICE].prompt == "😀" * 2048


def test_markup_in_a_prompt_stays_text() -> None:
    alice = chat(prompt="<b>bold</b> {text} & more")
    call = alice.opens_prompt()
    assert "<b>bold</b> {text} & more" in call.text
    assert "parse_mode" not in call.params
    assert [entity["type"] for entity in call.params["entities"]] == ["code"]


def test_cancel_leaves_it_and_says_so() -> None:
    alice = chat()
    assert alice.cancels() is False
    alice.opens_prompt()
    assert alice.cancels() is True
    assert "stays as it was" in alice.call.text
    assert not alice.has_dialog()


def test_the_cancel_button_leaves_it_in_place() -> None:
    alice = chat()
    call = alice.opens_prompt()
    alice.presses(call.button("Cancel"))
    assert alice.call.method == "editMessageText"
    assert not alice.has_dialog()


def test_another_command_leaves_it_without_a_word() -> None:
    alice = chat()
    alice.opens_prompt()
    assert alice.leaves() == []
    assert not alice.has_dialog()
    assert alice.leaves() == []


def test_it_ends_with_a_word_after_the_idle_time_only() -> None:
    alice = chat()
    alice.opens_prompt()
    assert alice.idles(800) == []
    assert alice.has_dialog()
    alice.says("Be brief.")
    assert alice.idles(800) == []
    (word,) = alice.idles(100)
    assert "no longer wait" in word.text
    assert word.params["chat_id"] == ALICE
    assert not alice.has_dialog()
    assert alice.idles(1000) == []


def test_the_word_at_the_idle_end_goes_into_the_topic_in_their_language() -> None:
    alice = Chat(
        place=Place(-100, "supergroup", thread_id=4), book=Book.of({ALICE: Account(telegram_language="ru")}, Totals())
    )
    alice.opens_prompt()
    (word,) = alice.idles(900)
    assert (word.params["chat_id"], word.params["message_thread_id"]) == (-100, 4)
    assert "Больше не жду" in word.text


def test_a_blocked_person_is_not_told_that_it_ended() -> None:
    alice = chat()
    alice.opens_prompt()
    alice.book.accounts[ALICE].blocked = True
    assert alice.idles(900) == []
    assert not alice.has_dialog()


def test_it_goes_on_after_a_restart_where_it_was() -> None:
    alice = chat()
    alice.opens_prompt()
    (preview,) = alice.says("Be brief.")
    alice.restarts()
    alice.presses(preview.button("Save"))
    assert alice.book.accounts[ALICE].prompt == "Be brief."


def test_a_button_of_an_earlier_dialog_is_over() -> None:
    alice = chat(prompt="Mine")
    first = alice.opens_prompt()
    alice.opens_prompt()
    assert alice.presses(first.button("standard")) == []
    assert alice.popup == "This is over."
    assert alice.book.accounts[ALICE].prompt == "Mine"


def test_a_second_tap_is_over() -> None:
    alice = chat(prompt="Mine")
    call = alice.opens_prompt()
    alice.presses(call.button("standard"))
    assert alice.presses(call.button("standard")) == []
    assert alice.popup == "This is over."


def test_somebody_elses_button_is_over_for_them_and_stays_for_its_owner() -> None:
    group = Place(-100, "supergroup")
    alice = Chat(place=group, book=Book.of({ALICE: Account(prompt="Mine"), 11: Account(prompt="Hers")}, Totals()))
    call = alice.opens_prompt()
    bob = Chat(user=11, place=group, book=alice.book, updates=2_000_000)
    assert bob.presses(call.button("standard")) == []
    assert bob.popup == "This is over."
    bob.opens_prompt()
    assert bob.presses(call.button("standard")) == []
    assert (alice.book.accounts[ALICE].prompt, alice.book.accounts[11].prompt) == ("Mine", "Hers")
    alice.presses(call.button("standard"))
    assert alice.book.accounts[ALICE].prompt is None


@pytest.mark.parametrize("data", ["dlg", "dlg:", "dlg:x", "dlg:x:keep", "dlg:{t}", "dlg:{t}:nope", "dlg:{t}:save:1:2"])
def test_forged_buttons_do_nothing(data: str) -> None:
    alice = chat(prompt="Mine")
    alice.opens_prompt()
    token = alice.book.dialogs[alice.key].token
    assert alice.presses(data.format(t=token)) == []
    assert alice.popup == "This is over."
    assert alice.state == "asking"


def test_dialogs_of_different_topics_are_apart() -> None:
    one = Chat(place=Place(-100, "supergroup", thread_id=1), book=Book.of({ALICE: Account()}, Totals()))
    one.opens_prompt()
    other = Chat(place=Place(-100, "supergroup", thread_id=2), book=one.book)
    assert one.has_dialog()
    assert not other.has_dialog()


@pytest.mark.parametrize("snapshot", [{}, {"chart": "gone"}, {"chart": "prompt_entry", "version": 99}])
def test_a_dialog_that_can_not_be_restored_ends_politely(snapshot: dict[str, object]) -> None:
    alice = chat()
    for act in (lambda: alice.says("text"), lambda: alice.presses("dlg:t:keep"), alice.cancels):
        alice.book.dialogs[alice.key] = Dialog("t", snapshot, NOW)
        act()
        assert "start it again" in alice.call.text
        assert not alice.has_dialog()
    alice.book.dialogs[alice.key] = Dialog("t", snapshot, NOW)
    assert alice.leaves() == []
    assert not alice.has_dialog()


def test_the_command_with_a_text_sets_it_at_once() -> None:
    alice = chat()
    assert alice.sets_prompt("Be brief.").text.startswith("Saved.")
    assert alice.book.accounts[ALICE].prompt == "Be brief."
    assert "51 tokens" in alice.sets_prompt("long", tokens=51).text
    assert alice.book.accounts[ALICE].prompt == "Be brief."
