"""Pinned messages and reactions, as people see them and make them."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.browser.conftest import NO_TOUR
from tests.browser.demo import RunningDemo
from tests.browser.window import Window

pytestmark = pytest.mark.asyncio(loop_scope="session")
GROUP, OLGA, ALICE, BOB = -1001000001001, 1001, 1002, 1003


async def joins_the_group(window: Window) -> None:
    """Is Olga in the general topic."""
    await window.chats.get_by_role("button", name="General").click()
    await window.page.get_by_role("radio", name="Olga").click()


async def said(window: Window, user_id: int, text: str) -> Locator:
    message = await window.demo.act("send_text", user_id=user_id, chat_id=GROUP, text=text)
    return window.message(message["message_id"])


async def id_of(message: Locator) -> int:
    return int(await message.get_attribute("data-id") or 0)


# --- pins


async def test_pinned_messages_are_shown_one_after_the_other(window: Window) -> None:
    await joins_the_group(window)
    messages = [await said(window, BOB, text) for text in ("one", "two", "three")]
    bar = window.page.get_by_role("group", name="Pinned messages")
    await expect(bar).to_be_hidden()
    for message in messages[:2]:
        await message.hover()
        await message.get_by_role("button", name="Pin").click()
    await expect(bar).to_contain_text("Pinned message 2 of 2")
    await expect(bar).to_contain_text("two")
    service = window.page.get_by_test_id("service")
    await expect(service).to_have_text(["Olga pinned “one”", "Olga pinned “two”"])
    for message, words in ((messages[1], "one"), (messages[0], "two")):
        await bar.get_by_role("button", name="Pinned message").click()
        await expect(message).to_have_class(re.compile("found"))
        await expect(bar).to_contain_text(words)
    await window.chats.get_by_role("button", name="Recipes").click()
    await expect(bar).to_be_hidden()  # they are of the other topic
    await window.chats.get_by_role("button", name="General").click()
    await bar.get_by_role("button", name="Unpin").click()
    await expect(bar).to_contain_text("one")
    await messages[0].hover()
    await messages[0].get_by_role("button", name="Unpin").click()
    await expect(bar).to_be_hidden()


async def test_the_line_that_tells_of_a_pin_leads_to_the_message(window: Window) -> None:
    ada = await window.meets("Ada")
    message = await window.demo.bot("sendMessage", chat_id=ada, text="Read this first")
    where = {"chat_id": ada, "message_id": message["message_id"]}
    await window.demo.bot("pinChatMessage", **where)
    await window.page.get_by_role("button", name="gptbot pinned “Read this first”").click()
    await expect(window.message(message["message_id"])).to_have_class(re.compile("found"))
    await expect(window.room(ada)).to_contain_text("Pinned a message")
    bar = window.page.get_by_test_id("pinned")
    await expect(bar).to_contain_text("Read this first")
    await window.page.reload()
    await window.opens(ada)
    await expect(bar).to_be_visible()
    await window.demo.bot("deleteMessage", **where)
    await expect(bar).to_be_hidden()


# --- reactions


async def test_a_reaction_is_given_and_taken_back(window: Window) -> None:
    await window.becomes("Ada")
    greeting = window.from_bot.first
    await greeting.locator(".bubble").hover()
    await greeting.get_by_role("button", name="React").click()
    await greeting.get_by_role("button", name="Fire").click()
    chip = greeting.get_by_role("button", name="🔥 from you")
    await expect(chip).to_have_attribute("aria-pressed", "true")
    await expect(greeting.get_by_test_id("picker")).to_be_hidden()
    await chip.click()
    await expect(greeting.get_by_test_id("reaction")).to_have_count(0)


async def test_the_bots_reaction_is_a_chip_too_which_one_can_join(window: Window) -> None:
    ada = await window.meets("Ada")
    message = await window.demo.act("send_text", user_id=ada, chat_id=ada, text="Thank you")
    thumb = [{"type": "emoji", "emoji": "👍"}]
    where = {"chat_id": ada, "message_id": message["message_id"]}
    await window.demo.bot("setMessageReaction", **where, reaction=thumb)
    chip = window.message(message["message_id"]).get_by_test_id("reaction")
    await expect(chip).to_have_accessible_name("👍 from gptbot")
    await expect(chip).to_have_attribute("aria-pressed", "false")
    await chip.click()
    await expect(chip).to_have_accessible_name("👍 from gptbot, you")
    await expect(chip).to_contain_text("2")
    await window.page.reload()
    await window.opens(ada)
    await expect(chip).to_have_attribute("aria-pressed", "true")


async def test_in_a_group_each_has_a_reaction_of_their_own(window: Window) -> None:
    await joins_the_group(window)
    message = await said(window, BOB, "Soup?")
    for user_id, emoji in ((ALICE, "👍"), (OLGA, "❤")):
        where = {"user_id": user_id, "chat_id": GROUP, "message_id": await id_of(message)}
        await window.demo.act("react", **where, emoji=emoji)
    chips = message.get_by_test_id("reaction")
    await expect(chips).to_have_count(2)
    await expect(chips.first).to_have_accessible_name("👍 from Alice")
    await expect(chips.last).to_have_attribute("aria-pressed", "true")
    await window.page.get_by_role("radio", name="Alice").click()
    await expect(chips.first).to_have_attribute("aria-pressed", "true")
    await expect(chips.last).to_have_accessible_name("❤ from Olga")


async def test_one_reacts_by_the_keyboard(window: Window) -> None:
    ada = await window.meets("Ada")
    message = await window.demo.bot("sendMessage", chat_id=ada, text="one")
    bubble = window.message(message["message_id"])
    react = bubble.get_by_role("button", name="React")
    await react.focus()
    await react.press("Enter")
    await expect(bubble.get_by_role("button", name="Thumbs up")).to_be_focused()
    await window.page.keyboard.press("Escape")
    await expect(react).to_be_focused()
    await react.press("Enter")
    await window.page.keyboard.press("ArrowLeft")
    await expect(bubble.get_by_role("button", name="Sad")).to_be_focused()
    await window.page.keyboard.press("Enter")
    await expect(bubble.get_by_test_id("reaction")).to_have_accessible_name("😢 from you")
    await expect(react).to_be_focused()


# --- without a mouse


async def test_on_a_touch_screen_a_tap_shows_what_can_be_done_with_a_message(
    stage: tuple[RunningDemo, Browser], pictures: Path
) -> None:
    demo, browser = stage
    async with await browser.new_context(
        base_url=demo.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    ) as context:
        await context.add_init_script(NO_TOUR)
        page = await context.new_page()
        await page.goto("/")
        await page.locator("body.ready").wait_for()
        window = Window(page, demo)
        user = await demo.member("Tapia")
        await page.get_by_role("navigation", name="Views").get_by_role("button", name="Chats").tap()
        await window.room(user).tap()
        message = window.from_bot.first
        react = message.get_by_role("button", name="React", exact=True)
        await expect(react).to_be_hidden()
        await message.locator(".foot").tap()
        await page.screenshot(path=pictures / "touch.png")
        await react.tap()
        await page.get_by_test_id("picker").get_by_role("button", name="Heart").tap()
        await expect(message.get_by_test_id("reaction")).to_have_attribute("aria-label", "❤ from you")
        await expect(page.locator("#context")).to_contain_text("Reply")  # as a click does with a mouse
