"""The page around the bubbles: who one is, where one writes, how it looks, and that everybody can use it."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.window import Window

pytestmark = pytest.mark.asyncio(loop_scope="session")

NARROW = {"width": 360, "height": 740}
LOUDEST_DARK, FAINTEST_LIGHT = 80, 200
"""Of a background, as the mean of red, green and blue."""


# --- people


async def test_start_welcomes_and_brings_the_field(window: Window) -> None:
    ada = await window.demo.newcomer("Ada")
    await window.opens(ada)
    await expect(window.page.get_by_role("heading", name="What can this bot do?")).to_be_visible()
    await expect(window.field).to_be_hidden()
    await window.page.get_by_role("button", name="Start", exact=True).click()
    await expect(window.from_bot.last).to_contain_text("Hi, Ada!")
    await expect(window.field).to_be_visible()


async def test_a_friends_link_brings_both_a_bonus(window: Window) -> None:
    ada = await window.becomes("Ada")
    ben = await window.demo.newcomer("Ben")
    await window.opens(ben)
    await window.page.get_by_role("button", name="Join through Ada’s link").last.click()
    await expect(window.from_bot.last).to_contain_text("20000")
    await expect(window.room(ada)).to_contain_text("Ben")
    await expect(window.room(ada).get_by_test_id("unread")).to_be_visible()


async def test_a_deep_link_in_a_message_asks_who_opens_it(window: Window) -> None:
    ada = await window.becomes("Ada")
    ben = await window.demo.newcomer("Ben")
    await window.says("/invite")
    await window.from_bot.last.get_by_role("link", name=f"start={ada}").first.click()
    who = window.page.get_by_role("dialog", name="Who opens this link?")
    await who.get_by_role("button", name="Ben").last.click()
    await expect(window.room(ben)).to_have_attribute("aria-current", "true")
    await expect(window.mine.last).to_contain_text(f"/start {ada}")
    await expect(window.from_bot.last).to_contain_text("20000")


async def test_who_has_blocked_the_bot_can_only_unblock_it(window: Window) -> None:
    ada = await window.becomes("Ada")
    await window.page.get_by_role("button", name="Block the bot").click()
    await expect(window.field).to_be_hidden()
    await expect(window.room(ada)).to_contain_text("has blocked the bot")
    await window.page.locator("#closed").get_by_role("button", name="Unblock the bot").click()
    await expect(window.field).to_be_visible()
    await window.says("/balance")
    await expect(window.from_bot.last).to_contain_text("30000")


async def test_in_the_group_one_chooses_who_writes_and_the_bot_answers_who_names_it(window: Window) -> None:
    await window.demo.act("send_text", user_id=1002, chat_id=1002, text="/start")
    await window.chats.get_by_role("button", name="Recipes").click()
    await expect(window.page.get_by_test_id("chat-title")).to_have_text("Book club › Recipes")
    alice = window.page.get_by_role("radio", name="Alice")
    await alice.click()
    await expect(alice).to_be_checked()
    count = await window.from_bot.count()
    await window.says("Just talking")
    await window.says("@playground_bot what shall we cook?")
    await expect(window.from_bot).to_have_count(count + 1)
    await expect(window.from_bot.last.get_by_test_id("quoted")).to_contain_text("what shall we cook?")


# --- writing


async def test_commands_are_completed_as_one_types(window: Window) -> None:
    await window.becomes("Ada")
    menu = window.page.get_by_role("listbox", name="Commands")
    await window.field.press_sequentially("/ba")
    await expect(menu.get_by_role("option")).to_have_text([re.compile("/balance")])
    await window.field.press("Tab")
    await expect(window.field).to_have_value("/balance ")
    await expect(menu).to_be_hidden()
    await window.field.fill("/")
    await expect(menu.get_by_role("option", selected=True)).to_have_count(1)
    first = await menu.get_by_role("option", selected=True).inner_text()
    await window.field.press("ArrowDown")
    await expect(menu.get_by_role("option", selected=True)).not_to_have_text(first)
    await window.field.press("Escape")
    await expect(menu).to_be_hidden()
    await window.page.get_by_role("button", name="Commands", exact=True).click()
    await menu.get_by_role("option", name="/balance").click()
    await expect(window.from_bot.last).to_contain_text("30000")


async def test_what_was_begun_in_a_chat_waits_there(window: Window) -> None:
    ada, ben = await window.meets("Ada"), await window.meets("Ben")
    await window.field.fill("for Ben")
    await window.opens(ada)
    await expect(window.field).to_have_value("")
    await window.opens(ben)
    await expect(window.field).to_have_value("for Ben")


async def test_lines_are_broken_with_shift(window: Window) -> None:
    await window.meets("Ada")
    await window.field.press_sequentially("one")
    await window.field.press("Shift+Enter")
    await window.field.press_sequentially("two")
    await expect(window.messages).to_have_count(0)
    await window.field.press("Enter")
    await expect(window.mine.last.locator(".text")).to_have_text("one\ntwo", use_inner_text=True)


async def test_a_page_that_is_opened_again_shows_the_same(window: Window) -> None:
    ada = await window.becomes("Ada")
    said = await window.from_bot.all_inner_texts()
    await window.page.reload()
    await window.opens(ada)
    await expect(window.from_bot).to_have_text(said, use_inner_text=True)


async def test_a_press_is_not_lost_while_the_list_is_drawn_anew(window: Window) -> None:
    ada = await window.meets("Ada")
    ben = await window.meets("Ben")
    await window.room(ada).hover()
    await window.page.mouse.down()
    await window.demo.bot("sendMessage", chat_id=ben, text="meanwhile")
    await expect(window.room(ben)).to_contain_text("meanwhile")
    await window.page.mouse.up()
    await expect(window.room(ada)).to_have_attribute("aria-current", "true")


# --- looks


async def lightness(page: Page, selector: str) -> float:
    """0 to 255."""
    color = await page.locator(selector).evaluate("node => getComputedStyle(node).backgroundColor")
    channels = [float(number) for number in re.findall(r"[\d.]+", color)[:3]]
    if color.startswith(("color(", "oklch(")):
        channels = [channel * 255 for channel in channels]
    return sum(channels) / 3


async def test_the_theme_follows_the_system_until_one_chooses(window: Window) -> None:
    await window.meets("Ada")
    assert await lightness(window.page, "body") > FAINTEST_LIGHT
    await window.page.emulate_media(color_scheme="dark")
    assert await lightness(window.page, "body") < LOUDEST_DARK
    await window.page.emulate_media(color_scheme="light")
    await window.page.get_by_role("button", name="Theme: as the system").click()
    await expect(window.page.get_by_role("button", name="Theme: dark")).to_be_visible()
    assert await lightness(window.page, "body") < LOUDEST_DARK
    await window.page.reload()
    await expect(window.page.get_by_role("button", name="Theme: dark")).to_be_visible()
    assert await lightness(window.page, "body") < LOUDEST_DARK
    for name in ("Theme: light", "Theme: as the system"):
        await window.page.get_by_test_id("theme").click()
        await expect(window.page.get_by_role("button", name=name)).to_be_visible()
    assert await lightness(window.page, "body") > FAINTEST_LIGHT


async def test_on_a_narrow_screen_one_part_is_seen_and_nothing_runs_over(window: Window) -> None:
    await window.becomes("Ada")
    await window.page.set_viewport_size({"width": NARROW["width"], "height": NARROW["height"]})
    await window.demo.bot("sendMessage", chat_id=1001, text="wide " * 40 + "x" * 200)
    parts = {
        "Chats": window.chats,
        "Chat": window.page.locator("#chat"),
        "Inside": window.page.locator("#inside"),
    }
    for name in parts:
        await window.page.get_by_role("navigation", name="Views").get_by_role("button", name=name, exact=True).click()
        for other, part in parts.items():
            await expect(part).to_be_visible(visible=other == name)
        assert await window.page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    await window.page.get_by_role("navigation", name="Views").get_by_role("button", name="Chats").click()
    await window.chats.get_by_role("button", name="Olga").click()
    await expect(window.page.locator("#chat")).to_be_visible()
    assert await window.page.locator("#messages").evaluate("node => node.scrollWidth <= node.clientWidth")


# --- for everybody


async def test_one_can_do_everything_by_the_keyboard(window: Window) -> None:
    ada = await window.demo.newcomer("Ada")
    keys, focused = window.page.keyboard, window.page.locator("*:focus")
    await window.room(1002).focus()
    for _ in range(200):
        await keys.press("ArrowDown")
        if await focused.get_attribute("data-room") == str(ada):
            break
    await keys.press("Enter")
    await expect(window.room(ada)).to_have_attribute("aria-current", "true")
    start = window.page.get_by_role("button", name="Start", exact=True)
    await tab_to(window, start_name="Start")
    await expect(start).to_be_focused()
    await keys.press("Enter")
    await expect(window.from_bot.last).to_contain_text("Hi, Ada!")
    await window.field.focus()
    await keys.type("/prompt")
    await keys.press("Escape")
    await keys.press("Enter")
    await expect(window.from_bot.last.get_by_role("group", name="Buttons")).to_be_visible()
    await keys.press("Shift+Tab")
    for _ in range(20):
        if await focused.get_attribute("data-testid") == "button":
            break
        await keys.press("Shift+Tab")
    await expect(focused).to_have_attribute("data-testid", "button")


async def tab_to(window: Window, start_name: str) -> None:
    """Presses Tab until a control of this name has the focus."""
    for _ in range(40):
        if (await window.page.locator("*:focus").inner_text()).strip() == start_name:
            return
        await window.page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {start_name}")


async def test_a_screen_reader_finds_its_way(window: Window) -> None:
    await window.becomes("Ada")
    page = window.page
    await expect(page.get_by_role("navigation", name="Chats", exact=True)).to_be_visible()
    await expect(page.get_by_role("region", name="Chat", exact=True)).to_be_visible()
    await expect(page.get_by_role("log", name="Messages")).to_be_visible()
    await expect(page.get_by_role("textbox", name="Message", exact=True)).to_be_visible()
    await expect(page.get_by_role("complementary", name="See inside")).to_be_visible()
    await expect(page.get_by_role("tablist", name="See inside")).to_be_visible()
    await expect(page.get_by_role("heading", level=1)).to_have_count(1)
    unnamed = await page.evaluate(UNNAMED)
    assert unnamed == []
    ids = await page.evaluate("[...document.querySelectorAll('[id]')].map(node => node.id)")
    assert len(ids) == len(set(ids))


UNNAMED = """
[...document.querySelectorAll("button, a, input, select, textarea, [role=button]")]
  .filter((node) => node.checkVisibility())
  .filter((node) => !(node.ariaLabel || node.innerText?.trim() || node.title || node.labels?.length))
  .map((node) => node.outerHTML.slice(0, 120))
"""


async def test_who_wants_less_motion_gets_less(window: Window) -> None:
    await window.page.emulate_media(reduced_motion="reduce")
    await window.meets("Ada")
    await window.says("hello")
    moving = await window.mine.last.evaluate("node => parseFloat(getComputedStyle(node).animationDuration)")
    assert moving <= 0.01


# --- inside


async def test_an_answer_is_formatted_and_all_that_made_it_is_seen_inside(window: Window) -> None:
    await window.becomes("Ada")
    await window.says("What is seen inside?")
    await expect(window.from_bot.last.locator("pre")).to_contain_text("context:")
    await expect(window.from_bot.last.locator("b", has_text="You asked:")).to_be_visible()
    page = window.page
    tabs = {
        "Log": "turn.finished",
        "data.json": "Ada",
        "States": "reply",
        "Actors": "Storage",
        "Bot API": "sendMessage",
        "Model": "What is seen inside?",
    }
    for name, words in tabs.items():
        await page.get_by_role("tab", name=name, exact=True).click()
        await expect(page.get_by_role("tabpanel", name=name, exact=True)).to_contain_text(
            re.compile(words, re.IGNORECASE)
        )
    log = page.get_by_role("tab", name="Log", exact=True)
    await log.click()
    await log.press("ArrowRight")
    await expect(page.get_by_role("tab", name="data.json")).to_be_focused()


async def test_trouble_is_switched_on_and_off_and_every_window_sees_it(window: Window) -> None:
    await window.becomes("Ada")
    other = await window.page.context.new_page()
    await other.goto("/")
    await other.get_by_role("tab", name="Trouble").click()
    await window.page.bring_to_front()  # one behind is slow
    await window.page.get_by_role("tab", name="Trouble").click()
    switch = window.page.get_by_role("switch", name=re.compile("Bad Markdown"))
    await switch.check()
    await expect(other.get_by_role("switch", name=re.compile("Bad Markdown"))).to_be_checked()
    await other.close()
    await window.says("Format something")
    await expect(window.answer).to_contain_text("A heading without an end")
    await switch.uncheck()
