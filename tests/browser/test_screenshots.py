"""What README shows, taken anew each time. `make screenshots` keeps them; look at them before you commit them."""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from gptbot.playground.demo import ADMIN_ID, ALICE_ID
from tests.browser.window import Window

pytestmark = pytest.mark.asyncio(loop_scope="session")

PHONE = {"width": 390, "height": 760}


async def taken(window: Window, pictures: Path, name: str) -> None:
    path = pictures / f"{name}.png"
    await window.page.mouse.move(0, 0)
    await window.page.screenshot(path=path, animations="disabled", caret="hide")


async def alice(window: Window) -> None:
    """Alice's chat, who has started the bot."""
    await window.opens(ALICE_ID)
    start = window.page.get_by_role("button", name="Start", exact=True)
    await expect(start.or_(window.field)).to_be_visible()
    if await start.is_visible():
        await start.click()
    await expect(window.field).to_be_visible()
    await expect(window.from_bot).not_to_have_count(0)
    await expect(window.draft).to_have_count(0)


async def inside(window: Window, tab: str) -> None:
    await window.page.get_by_role("tab", name=tab, exact=True).click()


async def test_a_dialog_in_the_dark(window: Window, pictures: Path) -> None:
    await window.page.emulate_media(color_scheme="dark")
    await alice(window)
    await inside(window, "States")
    await window.says("/prompt")
    await expect(window.from_bot.last.get_by_role("group", name="Buttons")).to_be_visible()
    await window.says("You are Marv, a sarcastic reluctant assistant.")
    await expect(window.from_bot.last).to_contain_text("Marv")
    await expect(window.button("Save")).to_be_visible()
    await expect(window.page.get_by_test_id("state-previewing")).to_have_attribute("aria-current", "true")
    await taken(window, pictures, "dialog")
    await window.button("Save").click()
    await expect(window.button("Save")).to_be_hidden()


async def test_an_answer_grows_while_its_states_are_seen(window: Window, pictures: Path) -> None:
    await alice(window)
    await inside(window, "States")
    await window.says("Which tea for the afternoon?")
    first = window.from_bot.last
    await expect(first).to_contain_text("context:")
    await first.hover()
    await first.get_by_role("button", name="Reply").click()
    await window.says("And how hot should the water be?")
    await expect(window.answer).to_contain_text(re.compile(r"And how hot[\s\S]*This is what I was given"))
    await taken(window, pictures, "conversation")


async def test_a_picture_on_a_phone(window: Window, pictures: Path) -> None:
    await window.page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    await window.page.get_by_role("navigation", name="Views").get_by_role("button", name="Chats").click()
    await alice(window)
    await window.says("/imagine a lighthouse in the morning")
    picture = window.from_bot.get_by_role("img").last
    await expect(picture).to_be_visible()
    await picture.evaluate("image => image.decode()")
    await taken(window, pictures, "phone")


async def test_an_announcement_and_the_log(window: Window, pictures: Path) -> None:
    await window.opens(ADMIN_ID)
    await inside(window, "Log")
    await window.says("/announce all")
    await expect(window.from_bot.last).to_contain_text(re.compile("announce|send", re.IGNORECASE))
    count = await window.from_bot.count()
    await window.says("Tea is served at five. Bring your questions!")
    await expect(window.from_bot).not_to_have_count(count)
    await expect(window.from_bot.last.get_by_role("group", name="Buttons")).to_be_visible()
    await taken(window, pictures, "announcement")
    await window.says("/cancel")
