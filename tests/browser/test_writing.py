"""What one writes, records or is about to press is neither lost nor sent to somebody else."""

import orjson
import pytest
from playwright.async_api import Route, expect

from gptbot.playground.png import picture
from tests.browser.window import Window

pytestmark = pytest.mark.asyncio(loop_scope="session")

CAT = {"name": "cat.png", "mimeType": "image/png", "buffer": picture("cat")}


async def refused(route: Route) -> None:
    await route.fulfill(content_type="application/json", body=orjson.dumps({"ok": False, "description": "not today"}))


async def test_what_could_not_be_sent_is_in_the_field_again(window: Window) -> None:
    await window.becomes("Ada")
    await window.page.route("**/control/send_*", refused)
    greeting = window.from_bot.first
    await greeting.locator(".bubble").click(position={"x": 8, "y": 8})
    await window.says("my long thoughts")
    await expect(window.toast).to_contain_text("not today")
    await expect(window.field).to_have_value("my long thoughts")
    await expect(window.page.get_by_test_id("context")).to_contain_text("Hi, Ada!")
    await window.attaches(CAT)
    await window.field.press("Enter")
    files = window.page.get_by_role("list", name="Files to send").get_by_role("listitem")
    await expect(files).to_contain_text(["cat.png"])
    await expect(window.field).to_have_value("my long thoughts")
    await window.page.unroute("**/control/send_*")
    await window.field.press("Enter")
    await expect(window.mine.last).to_contain_text("my long thoughts")
    await expect(window.mine.last.get_by_test_id("quoted")).to_contain_text("Hi, Ada!")
    await expect(window.field).to_have_value("")
    await expect(files).to_have_count(0)


async def test_a_file_waits_in_the_chat_where_it_was_attached(window: Window) -> None:
    ada, ben = await window.meets("Ada"), await window.meets("Ben")
    await window.attaches(CAT)
    files = window.page.get_by_role("list", name="Files to send")
    await expect(files).to_be_visible()
    await window.opens(ada)
    await expect(files).to_be_hidden()
    await window.opens(ben)
    await expect(files).to_contain_text("cat.png")
    await window.page.get_by_role("button", name="Remove cat.png").click()


async def test_a_recording_is_dropped_with_the_chat_it_was_meant_for(window: Window) -> None:
    ada = await window.meets("Ada")
    await window.meets("Ben")
    await window.page.get_by_role("button", name="Record a voice message").click()
    await expect(window.page.get_by_text("Recording …")).to_be_visible()
    await window.opens(ada)
    await expect(window.page.get_by_text("Recording …")).to_be_hidden()
    await window.says("hello")
    await expect(window.mine).to_have_count(1)
    await expect(window.page.get_by_role("button", name="Play: Voice message")).to_have_count(0)


async def test_a_button_that_edits_its_message_keeps_the_focus_of_the_keyboard(window: Window) -> None:
    await window.becomes("Ada")
    await window.says("/settings")
    await expect(window.button("Русский")).to_be_visible()
    await window.field.press("Shift+Tab")  # so that the focus is one of the keyboard
    await window.button("8000").focus()
    await window.page.keyboard.press("Enter")
    await expect(window.last).to_contain_text("edited")
    await expect(window.button("8000")).to_be_focused()


async def test_a_press_is_not_lost_while_the_message_is_edited(window: Window) -> None:
    ada = await window.becomes("Ada")
    buttons = {"inline_keyboard": [[{"text": "Keep it", "callback_data": "dlg:long-ago:keep"}]]}
    message = await window.demo.bot("sendMessage", chat_id=ada, text="grow", reply_markup=buttons)
    await window.button("Keep it").hover()
    await window.page.mouse.down()
    where = {"chat_id": ada, "message_id": message["message_id"]}
    await window.demo.bot("editMessageText", **where, text="grown", reply_markup=buttons)
    await expect(window.last.locator(".text")).to_have_text("grown")
    await window.page.mouse.up()
    await expect(window.toast).to_contain_text("This is over")


async def test_what_stands_below_the_messages_stays_while_others_write(window: Window) -> None:
    ben = await window.meets("Ben")
    ada = await window.demo.newcomer("Ada")
    await window.opens(ada)
    start = window.page.get_by_role("button", name="Start", exact=True)
    await start.focus()
    await window.demo.bot("sendMessage", chat_id=ben, text="meanwhile")
    await expect(window.room(ben)).to_contain_text("meanwhile")
    await expect(start).to_be_focused()
    await window.chats.get_by_role("button", name="Recipes").click()
    olga, alice = (window.page.get_by_role("radio", name=name) for name in ("Olga", "Alice"))
    await olga.focus()
    await window.demo.bot("sendMessage", chat_id=ben, text="once more")
    await expect(window.room(ben)).to_contain_text("once more")
    await expect(olga).to_be_focused()
    await olga.press("ArrowRight")
    await expect(alice).to_be_focused()


async def test_a_page_that_is_opened_again_is_in_the_same_chat(window: Window) -> None:
    ada = await window.meets("Ada")
    await window.page.reload()
    await expect(window.room(ada)).to_have_attribute("aria-current", "true")
