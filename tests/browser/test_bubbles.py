"""Each kind of bubble, as people see it. What the bot seldom sends is sent in its name."""

import re
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from gptbot.playground.ogg import silence
from gptbot.playground.png import picture
from tests.browser.window import Window, has_loaded

pytestmark = pytest.mark.asyncio(loop_scope="session")


def entities(text: str, **kinds: str) -> list[dict[str, Any]]:
    """Entities over the first place of each word; the keys are their types."""
    return [{"type": kind, "offset": text.index(word), "length": len(word)} for kind, word in kinds.items()]


async def shown(window: Window, method: str, user_id: int, **params: Any) -> Locator:
    """The bubble of what the bot sends now."""
    message = await window.demo.bot(method, chat_id=user_id, **params)
    return window.message(message["message_id"])


# --- words


async def test_every_entity_is_rendered(window: Window) -> None:
    ada = await window.meets("Ada")
    text = "bold italic under struck code hidden plain-quote @ada #tag https://a.example /help a@b.example 😀 linked"
    kinds = {"bold": "bold", "italic": "italic", "underline": "under", "strikethrough": "struck", "code": "code",
             "spoiler": "hidden", "blockquote": "plain-quote"}  # fmt: skip
    link = {"type": "text_link", "offset": text.index("linked") + 1, "length": 6, "url": "https://c.example/x"}
    bubble = await shown(window, "sendMessage", ada, text=text, entities=[*entities(text, **kinds), link])
    tags = {"b": "bold", "i": "italic", "u": "under", "s": "struck", "code": "code", "blockquote": "plain-quote"}
    for tag, words in tags.items():
        await expect(bubble.locator(f".text {tag}")).to_have_text(words)
    await expect(bubble.locator(".mention")).to_have_text("@ada")
    await expect(bubble.locator(".hashtag")).to_have_text("#tag")
    for words, url in (("https://a.example", "https://a.example/"), ("linked", "https://c.example/x"),
                       ("a@b.example", "mailto:a@b.example")):  # fmt: skip
        anchor = bubble.get_by_role("link", name=words, exact=True)
        assert await anchor.evaluate("node => node.href") == url
        assert "noopener" in (await anchor.get_attribute("rel") or "")


async def test_what_looks_like_markup_is_only_text(window: Window) -> None:
    ada = await window.meets("Ada")
    text = "<img src=x onerror=alert(1)> <b>no</b> &amp; **no**"
    bubble = await shown(window, "sendMessage", ada, text=text, entities=entities(text, bold="&amp;"))
    await expect(bubble.locator(".text")).to_have_text(text)
    await expect(bubble.locator(".text img")).to_have_count(0)


async def test_a_spoiler_is_read_after_a_press_by_mouse_or_key(window: Window) -> None:
    ada = await window.meets("Ada")
    for press in ("click", "Enter"):
        bubble = await shown(
            window, "sendMessage", ada, text="psst secret", entities=entities("psst secret", spoiler="secret")
        )
        spoiler = bubble.get_by_role("button", name="Hidden text")
        before = await spoiler.evaluate("node => getComputedStyle(node).color")
        await (spoiler.click() if press == "click" else spoiler.press(press))
        revealed = bubble.locator(".spoiler")
        await expect(revealed).to_have_class(re.compile("revealed"))
        await expect(revealed).not_to_have_css("color", before)


async def test_code_names_its_language_and_can_be_copied(window: Window) -> None:
    ada = await window.meets("Ada")
    code = "def f():\n    return 1"
    pre = [{"type": "pre", "offset": 0, "length": len(code), "language": "python"}]
    bubble = await shown(window, "sendMessage", ada, text=f"{code}\nafter", entities=pre)
    await expect(bubble.locator("pre")).to_have_text(code)
    await expect(bubble.locator(".code-head")).to_contain_text("python")
    await window.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await bubble.get_by_role("button", name="Copy the code").click()
    await expect(bubble.get_by_role("button", name="Copy the code")).to_have_text("Copied")
    assert await window.page.evaluate("navigator.clipboard.readText()") == code


async def test_a_long_quote_unfolds(window: Window) -> None:
    ada = await window.meets("Ada")
    text = "\n".join(f"line {number} of what was said" for number in range(12))
    quote = [{"type": "expandable_blockquote", "offset": 0, "length": len(text)}]
    bubble = await shown(window, "sendMessage", ada, text=text, entities=quote)
    folded = await bubble.locator("blockquote").bounding_box()
    await bubble.get_by_role("button", name="Show more").click()
    await expect(bubble.get_by_role("button", name="Show less")).to_have_attribute("aria-expanded", "true")
    unfolded = await bubble.locator("blockquote").bounding_box()
    assert folded
    assert unfolded
    assert unfolded["height"] > folded["height"]


async def test_a_rich_message_has_a_real_table_lists_and_formulas(window: Window) -> None:
    ada = await window.meets("Ada")
    markdown = "# Tea\n\n| kind | °C |\n|---|---|\n| green | 75 |\n\n- [x] water\n- [ ] cup\n\n> hot\n\n---\n\n$$x^2$$"
    bubble = await shown(window, "sendRichMessage", ada, rich_message={"markdown": markdown})
    await expect(bubble.get_by_role("heading", name="Tea")).to_be_visible()
    await expect(bubble.get_by_role("columnheader")).to_have_text(["kind", "°C"])
    await expect(bubble.get_by_role("cell")).to_have_text(["green", "75"])
    await expect(bubble.get_by_role("listitem")).to_have_text([re.compile("☑.*water"), re.compile("☐.*cup")])
    await expect(bubble.locator("blockquote")).to_have_text("hot")
    await expect(bubble.locator(".formula")).to_have_text("x^2")


# --- files


async def test_a_photo_is_seen_and_shown_large(window: Window) -> None:
    await window.becomes("Ada")
    await window.attaches({"name": "cat.png", "mimeType": "image/png", "buffer": picture("cat")})
    await window.says("What is this?")
    mine = window.mine.last
    await expect(mine).to_contain_text("What is this?")
    await has_loaded(mine.get_by_role("img", name="What is this?"))
    await mine.get_by_role("button", name="Show the photo large").click()
    viewer = window.page.get_by_role("dialog", name="Photo")
    await has_loaded(viewer.get_by_role("img"))
    await window.page.keyboard.press("Escape")
    await expect(viewer).to_be_hidden()
    await expect(window.answer).to_contain_text("I see 1 picture")


async def test_photos_sent_together_are_one_bubble(window: Window) -> None:
    await window.becomes("Ada")
    files = [{"name": f"{name}.png", "mimeType": "image/png", "buffer": picture(name)} for name in "abc"]
    await window.attaches(*files)
    await expect(window.page.get_by_role("list", name="Files to send").get_by_role("listitem")).to_have_count(3)
    await window.page.get_by_role("button", name="Remove c.png").click()
    await window.says("Compare them")
    await expect(window.mine.get_by_role("group", name="Album").get_by_role("img")).to_have_count(2)
    await expect(window.page.get_by_role("group", name="Album")).to_have_count(1)
    await expect(window.answer).to_contain_text("I see 2 pictures")


async def test_a_document_can_be_sent_and_downloaded(window: Window) -> None:
    await window.becomes("Ada")
    await window.attaches({"name": "notes.txt", "mimeType": "text/plain", "buffer": b"Buy milk."})
    await window.says("What must I buy?")
    async with window.page.expect_download() as downloading:
        await window.mine.last.get_by_role("link", name="Download notes.txt, 9 B").click()
    assert (await (await downloading.value).path()).read_bytes() == b"Buy milk."
    await expect(window.answer).to_contain_text("You asked:")


async def test_a_voice_message_is_recorded_played_and_answered(window: Window) -> None:
    await window.becomes("Ada")
    await window.page.get_by_role("button", name="Record a voice message").click()
    await expect(window.page.get_by_text("Recording …")).to_be_visible()
    await window.page.get_by_role("button", name="Send the voice message").click()
    await expect(window.mine.last.get_by_role("button", name="Play: Voice message")).to_be_visible()
    await expect(window.from_bot.filter(has_text="This is what was said.")).not_to_have_count(0)


async def test_sound_of_the_bot_plays(window: Window) -> None:
    ada = await window.meets("Ada")
    message = await window.demo.uploads("sendVoice", {"chat_id": ada, "duration": 2}, voice=("a.ogg", silence(2.0)))
    bubble = window.message(message["message_id"])
    await expect(bubble).to_contain_text("0:02")
    await bubble.get_by_role("button", name="Play: Voice message").click()
    await expect(bubble.get_by_role("button", name="Pause: Voice message")).to_be_visible()


# --- buttons, replies, edits


async def test_a_pressed_button_acts_and_edits_in_place(window: Window) -> None:
    await window.becomes("Ada")
    await window.says("/language")
    choice = window.from_bot.last
    await expect(window.button("Русский")).to_be_visible()
    count = await window.messages.count()
    await window.button("Русский").click()
    await expect(choice).to_contain_text(re.compile("[а-я]{3}"))
    assert await window.messages.count() == count


async def test_a_button_of_a_dialog_that_is_over_says_so_in_a_popup(window: Window) -> None:
    ada = await window.becomes("Ada")
    button = {"text": "Keep it", "callback_data": "dlg:long-ago:keep"}
    await shown(window, "sendMessage", ada, text="Your prompt", reply_markup={"inline_keyboard": [[button]]})
    await window.button("Keep it").click()
    await expect(window.toast).to_contain_text("This is over")


async def test_a_reply_shows_what_it_answers_and_leads_there(window: Window) -> None:
    await window.becomes("Ada")
    greeting = window.from_bot.first
    await greeting.locator(".bubble").click(position={"x": 8, "y": 8})
    context = window.page.get_by_test_id("context")
    await expect(context).to_contain_text("Hi, Ada!")
    await window.says("How do you do?")
    await expect(context).to_be_hidden()
    quoted = window.mine.last.get_by_role("button", name="In reply to gptbot: show that message")
    await expect(quoted).to_contain_text("Hi, Ada!")
    await quoted.click()
    await expect(greeting).to_have_class(re.compile("found"))
    await expect(window.answer).to_contain_text("earlier messages: 1")


async def test_selected_words_become_the_quote(window: Window) -> None:
    ada = await window.meets("Ada")
    bubble = await shown(window, "sendMessage", ada, text="one two three")
    await bubble.locator(".text").evaluate(
        "node => getSelection().setBaseAndExtent(node.firstChild, 4, node.firstChild, 7)"
    )
    await bubble.hover()
    await bubble.get_by_role("button", name="Reply").click()
    await window.says("why?")
    await expect(window.mine.last.get_by_test_id("quoted")).to_contain_text("two")
    await expect(window.mine.last.get_by_test_id("quoted")).not_to_contain_text("three")


async def test_ones_last_message_is_edited_by_the_arrow_up(window: Window) -> None:
    await window.meets("Ada")
    await window.says("helo")
    await expect(window.mine.last).to_contain_text("helo")
    await window.field.press("ArrowUp")
    await expect(window.field).to_have_value("helo")
    await window.says("hello")
    await expect(window.mine).to_have_count(1)
    await expect(window.mine.last.locator(".text")).to_have_text("hello")
    await expect(window.mine.last).to_contain_text("edited")


async def test_an_edit_and_a_deletion_of_the_bots_are_seen(window: Window) -> None:
    ada = await window.meets("Ada")
    message = await window.demo.bot("sendMessage", chat_id=ada, text="one")
    where = {"chat_id": ada, "message_id": message["message_id"]}
    await expect(window.last.locator(".text")).to_have_text("one")
    await window.demo.bot("editMessageText", **where, text="two")
    await expect(window.last.locator(".text")).to_have_text("two")
    await window.demo.bot("deleteMessage", **where)
    await expect(window.messages).to_have_count(0)


# --- marks


async def test_reactions_are_given_taken_back_and_seen(window: Window) -> None:
    ada = await window.meets("Ada")
    bubble = await shown(window, "sendMessage", ada, text="Done")
    await bubble.hover()
    await bubble.get_by_role("button", name="React", exact=True).click()
    await bubble.get_by_role("group", name="React with").get_by_role("button", name="Heart").click()
    own = bubble.get_by_role("button", name="❤ from you")
    await expect(own).to_have_attribute("aria-pressed", "true")
    message_id = int(await bubble.get_attribute("data-id") or 0)
    heart = [{"type": "emoji", "emoji": "❤"}]
    await window.demo.bot("setMessageReaction", chat_id=ada, message_id=message_id, reaction=heart)
    await expect(bubble.get_by_test_id("reaction")).to_contain_text("2")
    await bubble.get_by_test_id("reaction").click()
    await expect(bubble.get_by_role("button", name="❤ from gptbot")).to_have_attribute("aria-pressed", "false")


async def test_a_pinned_message_is_told_of_and_found_from_the_bar_above(window: Window) -> None:
    ada = await window.meets("Ada")
    message = await window.demo.bot("sendMessage", chat_id=ada, text="The rules")
    await window.demo.bot("pinChatMessage", chat_id=ada, message_id=message["message_id"])
    bar = window.page.get_by_role("group", name="Pinned messages")
    await expect(bar).to_contain_text("The rules")
    await expect(window.page.get_by_test_id("service")).to_contain_text("pinned “The rules”")
    await bar.get_by_role("button", name="The rules").click()
    await expect(window.message(message["message_id"])).to_have_class(re.compile("found"))
    await bar.get_by_role("button", name="Unpin").click()
    await expect(bar).to_be_hidden()


# --- what passes


async def test_an_answer_grows_and_stop_keeps_what_was_written(window: Window) -> None:
    await window.becomes("Ada")
    await window.says("Tell me a long story, " * 9)  # the answer repeats it, so that there is time
    await expect(window.draft).to_contain_text("You asked:")
    await window.draft.get_by_role("button", name="Stop").click()
    await expect(window.draft).to_have_count(0)
    await expect(window.from_bot.last).to_contain_text("You asked: Tell me")
    await expect(window.from_bot.last).not_to_contain_text("context:")


async def test_a_press_of_stop_counts_though_the_answer_grows_meanwhile(window: Window) -> None:
    ada = await window.meets("Ada")
    await window.demo.bot("sendMessageDraft", chat_id=ada, draft_id=1, text="one", can_stop=True)
    stop = window.draft.get_by_role("button", name="Stop")
    await stop.hover()
    await window.page.mouse.down()
    await window.demo.bot("sendMessageDraft", chat_id=ada, draft_id=1, text="one two", can_stop=True)
    await expect(window.draft).to_contain_text("one two")
    await window.page.mouse.up()
    await expect(window.draft).to_have_count(0)


async def test_a_draft_says_that_it_thinks_and_what_is_done_is_seen_above(window: Window) -> None:
    ada = await window.meets("Ada")
    await window.demo.bot("sendMessageDraft", chat_id=ada, draft_id=1, text="")
    await expect(window.draft).to_contain_text("Thinking")
    await window.demo.bot("sendChatAction", chat_id=ada, action="upload_photo")
    await expect(window.page.get_by_test_id("chat-status")).to_have_text("sending a photo…")
    await window.demo.bot("sendMessage", chat_id=ada, text="here")
    await expect(window.draft).to_have_count(0)
    await expect(window.last).to_contain_text("here")


@pytest.mark.parametrize(
    ("act", "words"),
    [("send_location", "Location"), ("send_contact", "Contact"), ("send_poll", "Poll"), ("send_sticker", "👍")],
)
async def test_other_kinds_are_named(window: Window, act: str, words: str) -> None:
    ada = await window.meets("Ada")
    await window.demo.act(act, user_id=ada, chat_id=ada)
    await expect(window.mine.last).to_contain_text(words)


async def test_a_forwarded_message_names_its_author(window: Window) -> None:
    ada = await window.meets("Ada")
    await window.demo.act("forward_text", user_id=ada, chat_id=ada, text="They say", author="Grace")
    await expect(window.mine.last).to_contain_text("Forwarded from Grace")
