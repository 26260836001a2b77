"""Who sees little, or is made dizzy by what moves."""

import pytest
from playwright.async_api import expect

from tests.browser.window import Window

pytestmark = pytest.mark.asyncio(loop_scope="session")

READABLE = 4.5
"""Of text against what it stands on, as WCAG 2 asks (1.4.3)."""

CONTRAST = """
node => {
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const paint = (color) => { context.fillStyle = color; context.fillRect(0, 0, 1, 1); };
  const light = () => {
    const [red, green, blue] = [...context.getImageData(0, 0, 1, 1).data].slice(0, 3).map((byte) => byte / 255)
      .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05;
  };
  const grounds = [];
  for (let at = node; at; at = at.parentElement) grounds.unshift(getComputedStyle(at).backgroundColor);
  grounds.forEach(paint);
  const ground = light();
  paint(getComputedStyle(node).color);
  const text = light();
  return Math.max(ground, text) / Math.min(ground, text);
}
"""
LIT = f"""
key => {{
  key.parentElement.classList.add("changed"); // as what has just changed; drawn anew with the next change
  return ({CONTRAST})(key);
}}
"""


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_coloured_words_can_be_read(window: Window, theme: str) -> None:
    await window.page.emulate_media(color_scheme="light" if theme == "light" else "dark")
    await window.becomes("Ada")
    await window.page.get_by_role("tab", name="data.json").click()
    await window.from_bot.first.locator(".bubble").click(position={"x": 8, "y": 8})
    await window.says("/language")
    mine = window.mine.last
    await expect(mine.locator(".command")).to_be_visible()
    places = [
        mine.locator(".command"), mine.locator(".quoted b"), mine.locator(".foot"),
        window.from_bot.first.locator(".command"), window.page.locator("#you-are"), window.page.locator("#block"),
    ]  # fmt: skip
    for place in places:
        assert await place.evaluate(CONTRAST) >= READABLE, place
    assert await window.page.locator("#data .key").first.evaluate(LIT) >= READABLE


async def test_who_wants_less_motion_is_not_scrolled_through_the_chat(window: Window) -> None:
    await window.page.emulate_media(reduced_motion="reduce")
    ada = await window.meets("Ada")
    for _ in range(30):
        await window.demo.bot("sendMessage", chat_id=ada, text="line\n" * 5)
    await expect(window.messages).to_have_count(30)
    await window.page.locator("#messages").evaluate("list => { list.scrollTop = 0; }")
    await window.demo.bot("sendMessage", chat_id=ada, text="the newest")
    to_end = window.page.get_by_role("button", name="To the newest message")
    await expect(to_end).to_be_visible()
    left = await to_end.evaluate("""
        async node => {
          node.click();
          await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
          const list = document.getElementById("messages");
          return list.scrollHeight - list.scrollTop - list.clientHeight;
        }""")
    assert left < 2
