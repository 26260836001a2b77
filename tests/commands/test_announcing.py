"""The announcement wizard and the buttons of the sending, as the admin sees them (SPEC §6, §7)."""

from dataclasses import replace

import orjson
import pytest

from gptbot.commands import announcement_sending, dialogs
from gptbot.commands.announcement_sending import UnderWay
from gptbot.domain.book import Book
from gptbot.domain.records import Account, Totals
from gptbot.domain.rows import AnnouncementRow, AnnouncementState, DialogRow, RecipientsAdded
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import ContentKind, Place
from tests.commands.making_dialogs import ADMIN, NOW, RULES, Call, Chat


def admin(people: int = 30) -> Chat:
    """An admin with that many other users, of whom 5 is blocked and 6 has blocked the bot."""
    accounts = {ADMIN: Account()} | {user: Account(requests=user) for user in range(2, people + 2)}
    accounts[5].blocked = True
    accounts[6].unreachable = True
    return Chat(user=ADMIN, book=Book.of(accounts, Totals()))


def confirmed(chat: Chat, spec: str = "all") -> list[Call]:
    """Through the wizard until the sending begins."""
    chat.announces(spec)
    _, question = chat.says("Hello all", message_id=77)
    return chat.presses(question.button("Send"))


def under_way(chat: Chat, number: int = 1) -> UnderWay:
    return UnderWay(number, chat.user, chat.where.chat_id)


# --- audience --------------------------------------------------------------------------------------------------------


def test_without_an_argument_it_asks_for_the_audience() -> None:
    chat = admin()
    (question,) = chat.announces()
    assert list(question.buttons) == [
        "Everybody", "Only me (test)", "Active in 7 days", "Active in 30 days", "Russian", "English", "✖️ Cancel",
    ]  # fmt: skip
    assert chat.state == "audience"


def test_a_button_chooses_the_audience_in_place() -> None:
    chat = admin()
    (question,) = chat.announces()
    (next_question,) = chat.presses(question.button("Everybody"))
    assert next_question.method == "editMessageText"
    assert "Recipients: 29" in next_question.text
    assert "Left out (blocked or unreachable): 2" in next_question.text
    assert "about 2 seconds" in next_question.text
    assert chat.state == "content"


def test_a_typed_audience_is_as_good() -> None:
    chat = admin()
    chat.announces()
    (question,) = chat.says("req30")
    assert question.method == "sendMessage"
    assert "at least 30 requests" in question.text
    assert "Recipients: 2" in question.text


def test_the_argument_skips_the_first_question() -> None:
    chat = admin()
    (question,) = chat.announces("test")
    assert "only you" in question.text
    assert "Recipients: 1" in question.text
    assert chat.state == "content"


@pytest.mark.parametrize(
    ("args", "said"),
    [("nonsense", "No such audience"), ("req", "A number is missing"), ("@stranger", "don't know this person")],
)
def test_a_bad_audience_is_said_and_asked_again(args: str, said: str) -> None:
    chat = admin()
    answer, question = chat.announces(args)
    assert said in answer.text
    assert "Who shall get" in question.text
    (again,) = chat.says(args)
    assert said in again.text
    assert chat.says("a caption", kind="photo")
    assert chat.state == "audience"


def test_an_audience_of_nobody_is_said_and_asked_again() -> None:
    chat = admin()
    chat.announces()
    (answer,) = chat.says("5")
    assert "Nobody would get this" in answer.text
    assert "unreachable: 1" in answer.text
    assert chat.state == "audience"


def test_a_long_sending_is_told_in_minutes() -> None:
    (question,) = admin(people=3000).announces("all")
    assert "about 2 minutes" in question.text


# --- content and preview ---------------------------------------------------------------------------------------------


def test_the_preview_is_a_copy_with_the_question_below_it() -> None:
    chat = admin()
    chat.announces("all")
    copy, question = chat.says("Hello all", message_id=77)
    assert (copy.method, copy.params) == ("copyMessage", {"chat_id": ADMIN, "from_chat_id": ADMIN, "message_id": 77})
    assert "Recipients: 29" in question.text
    assert list(question.buttons) == [
        "✅ Send (29)", "🔗 Add link buttons", "Another message", "Another audience", "✖️ Cancel",
    ]  # fmt: skip
    assert question.group == copy.group, "what can't be shown can't be confirmed"


def test_the_preview_goes_into_the_topic() -> None:
    chat = replace(admin(), place=Place(ADMIN, thread_id=9))
    chat.announces("all")
    assert [call.params["message_thread_id"] for call in chat.says("Hello")] == [9, 9]


@pytest.mark.parametrize("kind", ["photo", "video", "document", "voice", "sticker", "location", "poll", "animation"])
def test_any_content_that_can_be_copied_is_taken(kind: ContentKind) -> None:
    chat = admin()
    chat.announces("all")
    assert chat.says("", kind=kind)[0].method == "copyMessage"


@pytest.mark.parametrize("kind", ["service", "other"])
def test_what_can_not_be_copied_is_refused(kind: ContentKind) -> None:
    chat = admin()
    chat.announces("all")
    (answer,) = chat.says("", kind=kind)
    assert "can't be copied" in answer.text
    assert chat.state == "content"


def test_an_album_is_copied_whole_and_takes_its_time() -> None:
    chat = admin()
    chat.announces("all")
    copy, question = chat.says("", kind="photo", message_id=77, joined=(79, 78))
    assert (copy.method, copy.params) == (
        "copyMessages",
        {"chat_id": ADMIN, "from_chat_id": ADMIN, "message_ids": [77, 78, 79]},
    )
    assert "about 6 seconds" in question.text
    assert "no buttons under an album" in question.text
    assert list(question.buttons) == ["✅ Send (29)", "Another message", "Another audience", "✖️ Cancel"]
    chat.presses(question.button("Send"))
    (row,) = chat.written(AnnouncementRow)
    assert orjson.loads(row.content)["album"] == [77, 78, 79]


# --- link buttons ----------------------------------------------------------------------------------------------------

LINES = "Our site - https://a.org | Shop - https://b.org\nNews - https://c.org"


def with_links(chat: Chat) -> tuple[Call, Call]:
    """The preview of a message with link buttons, and the question below it."""
    chat.announces("all")
    _, question = chat.says("Hello all", message_id=77)
    chat.presses(question.button("Add link buttons"))
    copy, question = chat.says(LINES)
    return copy, question


def labels(copy: Call) -> list[list[str]]:
    rows = copy.params.get("reply_markup", {}).get("inline_keyboard", [])
    return [[button["text"] for button in row] for row in rows]


def test_link_buttons_are_asked_for_and_shown_in_a_new_preview() -> None:
    chat = admin()
    chat.announces("all")
    _, first = chat.says("Hello all", message_id=77)
    (asked,) = chat.presses(first.button("Add link buttons"))
    assert asked.method == "editMessageText"
    assert "a line for each row" in asked.text
    assert list(asked.buttons) == ["⬅️ Back", "✖️ Cancel"]
    copy, question = chat.says(LINES, message_id=80)
    assert copy.params["message_id"] == 77
    assert labels(copy) == [["Our site", "Shop"], ["News"]]
    assert copy.params["reply_markup"]["inline_keyboard"][0][1] == {"text": "Shop", "url": "https://b.org"}
    assert list(question.buttons) == [
        "✅ Send (29)", "🔗 Change buttons", "Remove buttons", "Another message", "Another audience", "✖️ Cancel",
    ]  # fmt: skip
    assert chat.presses(first.button("Send")) == [], "that one was without buttons"
    chat.presses(question.button("Send"))
    assert chat.written(RecipientsAdded)
    (row,) = chat.written(AnnouncementRow)
    assert orjson.loads(row.content)["links"][1] == [{"label": "News", "url": "https://c.org"}]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("A - https://a.org\nB - b.org", "Line 2: each button must end with a link"),
        ("https://a.org", "Line 1: the words on the button are missing"),
        ("A - https://a", "Line 1: Telegram takes no such link"),
        (f"{'x' * 65} - https://a.org", "Line 1: the words on a button may have at most 64 characters"),
        (" | ".join(["A - https://a.org"] * 4), "Line 1: at most 3 buttons"),
        ("\n".join(["A - https://a.org"] * 9), "Line 9: there may be at most 8 rows"),
        ("\u200b", "no button in it"),
    ],
)
def test_bad_lines_are_told_and_asked_for_again(lines: str, said: str) -> None:
    chat = admin()
    chat.announces("all")
    chat.presses(chat.says("Hello all")[1].button("Add link buttons"))
    (answer,) = chat.says(lines)
    assert said in answer.text
    assert chat.state == "links"
    assert labels(chat.says(LINES)[0])


def test_buttons_are_written_as_text() -> None:
    chat = admin()
    chat.announces("all")
    chat.presses(chat.says("Hello all")[1].button("Add link buttons"))
    assert "written as a text" in chat.says(LINES, kind="photo")[0].text


def test_the_question_for_buttons_survives_a_restart_and_shows_those_there_are() -> None:
    chat = admin()
    _, question = with_links(chat)
    chat.restarts()
    (asked,) = chat.presses(question.button("Change buttons"))
    assert LINES in asked.text
    assert list(asked.buttons) == ["Remove buttons", "⬅️ Back", "✖️ Cancel"]
    chat.restarts()
    copy, _ = chat.says("Only - https://d.org")
    assert labels(copy) == [["Only"]]


def test_many_long_buttons_are_shown_within_telegrams_limit() -> None:
    chat = admin()
    chat.announces("all")
    chat.presses(chat.says("Hello all")[1].button("Add link buttons"))
    _, question = chat.says("\n".join([f"A - https://a.org/{'x' * 490}"] * 8))
    chat.presses(question.button("Change buttons"))


def test_back_and_remove_lead_to_the_preview() -> None:
    chat = admin()
    _, question = with_links(chat)
    (asked,) = chat.presses(question.button("Change buttons"))
    copy, question = chat.presses(asked.button("Back"))
    assert labels(copy) == [["Our site", "Shop"], ["News"]]
    assert chat.presses(asked.button("Back")) == []
    bare, last = chat.presses(question.button("Remove buttons"))
    assert "reply_markup" not in bare.params
    assert chat.presses(question.button("Remove buttons")) == [], "a second tap"
    assert chat.presses(question.button("Send")) == []
    chat.presses(last.button("Send"))
    assert chat.written(RecipientsAdded)


def test_buttons_stay_with_another_message_but_not_with_an_album() -> None:
    chat = admin()
    _, question = with_links(chat)
    copy, _ = chat.says("Hello again", message_id=90)
    assert labels(copy)
    album, _ = chat.says("", kind="photo", message_id=91, joined=(92,))
    assert "reply_markup" not in album.params
    (answer,) = chat.presses(question.button("Change buttons"))
    assert "no buttons under an album" in answer.text
    assert chat.state == "preview"


def test_a_preview_that_telegram_refuses_asks_for_what_was_at_fault() -> None:
    chat = admin()
    copy, _ = with_links(chat)
    (answer,) = chat.refuses(copy)
    assert "did not take the message with these buttons" in answer.text
    bare, _ = chat.presses(answer.button("Remove buttons"))
    assert chat.refuses(copy) == [], "it no longer stands"
    (answer,) = chat.refuses(bare, gone=True)
    assert "can't be shown again" in answer.text
    assert chat.state == "content"
    chat.cancels()
    assert chat.refuses(bare) == []


def test_another_message_replaces_the_one_shown() -> None:
    chat = admin()
    chat.announces("all")
    _, first = chat.says("one", message_id=70)
    _, second = chat.says("two", message_id=71)
    assert chat.presses(first.button("Send")) == []
    assert chat.popup == "This is over."
    chat.presses(second.button("Send"))
    (row,) = chat.written(AnnouncementRow)
    assert orjson.loads(row.content)["message_id"] == 71


def test_another_audience_leads_to_a_new_preview() -> None:
    chat = admin()
    chat.announces("all")
    _, first = chat.says("one")
    (audiences,) = chat.presses(first.button("audience"))
    copy, second = chat.presses(audiences.button("Only me"))
    assert copy.method == "copyMessage"
    assert "✅ Send (1)" in second.buttons
    assert chat.presses(first.button("Send")) == []


def test_another_message_can_be_asked_for() -> None:
    chat = admin()
    chat.announces("all")
    _, question = chat.says("one")
    (asked,) = chat.presses(question.button("message"))
    assert "Now send me the message" in asked.text
    assert chat.presses(question.button("Send")) == []


# --- confirm ---------------------------------------------------------------------------------------------------------


def test_confirming_fixes_recipients_and_shows_the_progress_in_one_commit() -> None:
    chat = admin()
    confirmation, progress = confirmed(chat)
    assert confirmation.method == "editMessageText"
    assert not confirmation.buttons
    assert progress.text == "📣 The announcement is being sent: 0 of 29 (0 %)"
    assert progress.after == {"announcement": 1}
    assert progress.buttons == {"⏸ Pause": "ann:1:pause", "✖️ Stop": "ann:1:cancel"}
    (row,) = chat.written(AnnouncementRow)
    assert (row.id, row.admin, row.chat_id, row.spec, row.state, row.progress_message) == (
        1,
        ADMIN,
        1,
        "all",
        "sending",
        0,
    )
    (added,) = chat.written(RecipientsAdded)
    assert added == RecipientsAdded(1, tuple(user for user in range(1, 32) if user not in (5, 6)))
    assert not chat.has_dialog(), "the next messages of the admin are their own again"


def test_confirming_counts_again() -> None:
    chat = admin()
    chat.announces("all")
    _, question = chat.says("Hello")
    chat.book.accounts[7].blocked = True
    confirmation, progress = chat.presses(question.button("Send"))
    assert "recipients: 28; left out: 3" in confirmation.text
    assert "of 28" in progress.text
    (added,) = chat.written(RecipientsAdded)
    assert 7 not in added.users


def test_confirming_when_nobody_is_left_sends_nothing() -> None:
    chat = admin()
    chat.announces("7")
    _, question = chat.says("Hello")
    chat.book.accounts[7].blocked = True
    (answer,) = chat.presses(question.button("Send"))
    assert "Nobody would get this" in answer.text
    assert not chat.written(AnnouncementRow)


def test_a_double_tap_sends_once() -> None:
    chat = admin()
    chat.announces("all")
    _, question = chat.says("Hello")
    chat.presses(question.button("Send"))
    assert chat.presses(question.button("Send")) == []
    assert chat.popup == "This is over."
    assert not chat.rows


def test_the_wizard_goes_on_after_a_restart() -> None:
    chat = admin()
    chat.announces("all")
    _, question = chat.says("Hello", message_id=77)
    chat.restarts()
    chat.presses(question.button("Send"))
    assert chat.written(RecipientsAdded)


def test_somebody_who_is_no_admin_any_more_can_not_go_on() -> None:
    chat = admin()
    chat.announces("all")
    _, question = chat.says("Hello")
    chat.rules = replace(RULES, admins=(2,))
    (answer,) = chat.presses(question.button("Send"))
    assert "start it again" in answer.text
    assert not chat.written(AnnouncementRow)
    assert not chat.has_dialog()


def test_the_wizard_is_left_by_cancel_by_a_command_and_by_idling() -> None:
    chat = admin()
    chat.announces("all")
    assert chat.cancels()
    assert "Nothing was sent" in chat.call.text
    (question,) = chat.announces("all")
    chat.presses(question.button("Cancel"))
    assert chat.call.method == "editMessageText"
    chat.announces("all")
    assert chat.leaves() == []
    chat.announces("all")
    assert "Nothing was sent" in chat.idles(900)[0].text
    assert not chat.has_dialog()


# --- the sending's buttons -------------------------------------------------------------------------------------------


def test_pause_resume_and_cancel_are_written_and_said() -> None:
    chat = admin()
    confirmed(chat)
    for action, state, said in (
        ("pause", "paused", "paused"),
        ("resume", "sending", "being sent"),
        ("pause", "paused", "paused"),
        ("cancel", "cancelled", "being stopped"),
    ):
        assert chat.presses(f"ann:1:{action}") == [], "the broadcast actor edits the message"
        assert said in chat.popup
        assert chat.written(AnnouncementState) == [AnnouncementState(state, 1)]
        assert len(chat.written(DialogRow)) == 1


@pytest.mark.parametrize(
    "data",
    [
        "ann:1:resume",
        "ann:2:pause",
        "ann:1:explode",
        "ann:x:pause",
        "ann:1",
        "ann:",
        "ann:²:pause",
        "ann:" + "9" * 50 + ":pause",
    ],
)
def test_stale_and_forged_buttons_of_a_sending_change_nothing(data: str) -> None:
    chat = admin()
    confirmed(chat)
    chat.presses(data)
    assert chat.popup == "This is over."
    assert chat.rows == []


def test_only_the_admin_in_their_own_chat_has_the_buttons() -> None:
    chat = admin()
    confirmed(chat)
    for other in (
        replace(chat, user=2, updates=2_000_000),
        replace(chat, place=Place(-5, "group"), updates=3_000_000),
        replace(chat, rules=replace(RULES, admins=(2,)), updates=4_000_000),  # an admin no more
    ):
        other.presses("ann:1:cancel")
        assert (other.popup, other.rows) == ("This is over.", [])


def test_a_sending_has_no_idle_end_and_leaves_room_for_another_wizard() -> None:
    chat = admin()
    confirmed(chat)
    assert confirmed(chat, "test")[1].after == {"announcement": 2}
    tx = Transaction(chat.book, chat.counters, NOW + 10_000)
    dialogs.expire(tx, RULES, under_way(chat).key)
    assert tx.rows() == []
    chat.presses("ann:1:pause")
    chat.presses("ann:2:cancel")
    assert not announcement_sending.is_sending(chat.book, under_way(chat, 1))


def test_the_end_is_reported_and_its_buttons_are_stale() -> None:
    chat = admin()
    confirmed(chat)
    tx = Transaction(chat.book, chat.counters, NOW)
    counts = {"delivered": 20, "blocked": 3, "gone": 2, "failed": 1, "unknown": 3}
    announcement_sending.finish(tx, RULES, under_way(chat), counts)
    assert AnnouncementState("done", 1) in tx.rows()
    report = orjson.loads(tx.outbox[0].params)
    for line in ("was sent", "Audience: everybody", "Delivered: 20", "Blocked: 3", "Gone: 2", "Failed: 1"):
        assert line in report["text"]
    assert "not repeated): 3" in report["text"]
    chat.presses("ann:1:cancel")
    assert chat.popup == "This is over."


def test_a_stopped_one_says_how_many_did_not_get_it() -> None:
    chat = admin()
    confirmed(chat)
    chat.presses("ann:1:cancel")
    tx = Transaction(chat.book, chat.counters, NOW)
    announcement_sending.finish(tx, RULES, under_way(chat), {"delivered": 9, "pending": 20})
    assert AnnouncementState("cancelled", 1) in tx.rows()
    text = orjson.loads(tx.outbox[0].params)["text"]
    assert "was stopped" in text
    assert "Not sent: 20" in text


def test_russian_words_have_their_plural_forms() -> None:
    chat = admin()
    chat.language = "ru"
    (question,) = chat.announces("req21")
    assert "не меньше чем 21 запрос\n" in question.text
    assert "1 секунда" in question.text
