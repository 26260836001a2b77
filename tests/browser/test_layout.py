"""Nothing runs over or lies over something else, however small the window and long the names."""

import pytest
from playwright.async_api import expect

from tests.browser.window import Window

pytestmark = pytest.mark.asyncio(loop_scope="session")

TELEGRAMS_LONGEST_NAME = "Maximiliana " * 5
SIZES = {
    "a desktop at 200 %": (640, 400),
    "a small tablet": (690, 900),
    "three columns, just": (701, 900),
    "a phone on its side": (844, 390),
    "the smallest phone": (320, 640),
}

PARTS = "#top > *, #chats, #chat, #inside, #chat-head > *, #messages, #composer, #closed button"
OVER_THE_EDGE = f"""
[...document.querySelectorAll("{PARTS}")].filter((node) => node.checkVisibility())
  .filter((node) => node.getBoundingClientRect().right > innerWidth + 0.5).map((node) => node.id)
"""


@pytest.mark.parametrize("size", SIZES)
async def test_all_of_the_page_is_inside_the_window(window: Window, size: str) -> None:
    page, (width, height) = window.page, SIZES[size]
    await window.becomes(TELEGRAMS_LONGEST_NAME)
    await page.set_viewport_size({"width": width, "height": height})
    assert await page.evaluate(OVER_THE_EDGE) == []
    title, you = page.get_by_test_id("chat-title"), page.locator("#you-are")
    left, right = await title.bounding_box(), await you.bounding_box()
    assert left
    assert right
    assert left["width"] > 0
    assert left["x"] + left["width"] <= right["x"]


@pytest.mark.parametrize("size", SIZES)
async def test_a_strangers_start_button_lies_under_nothing(window: Window, size: str) -> None:
    page, (width, height) = window.page, SIZES[size]
    await window.opens(await window.demo.newcomer("Ada"))
    await page.set_viewport_size({"width": width, "height": height})
    start = page.get_by_role("button", name="Start", exact=True)
    await expect(start).to_be_in_viewport(ratio=1)
    words, button = await page.locator("#empty").bounding_box(), await start.bounding_box()
    assert words
    assert button
    assert words["y"] + words["height"] <= button["y"]


async def test_the_account_that_has_just_changed_is_scrolled_to(window: Window) -> None:
    await window.page.set_viewport_size({"width": 1280, "height": 400})
    await window.page.get_by_role("tab", name="data.json").click()
    ada = await window.becomes("Ada")
    account = window.page.get_by_test_id(f"data-{ada}")
    await expect(account).to_be_in_viewport()
    await window.says("/language")
    await window.button("Русский").click()
    await expect(account.locator(".changed").last).to_be_in_viewport()


async def test_many_files_leave_room_to_write(window: Window) -> None:
    await window.becomes("Ada")
    await window.attaches(*({"name": f"{n}.txt", "mimeType": "text/plain", "buffer": b"x"} for n in range(80)))
    await expect(window.page.get_by_role("button", name="Remove 79.txt")).to_be_attached()
    await expect(window.field).to_be_in_viewport(ratio=1)
    await expect(window.page.get_by_test_id("chat-title")).to_be_in_viewport(ratio=1)
    await window.page.reload()
