"""What somebody does who has the page before them."""

from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.browser.demo import RunningDemo


class Window:
    """`page` is Playwright's. Things are found as people find them: by role and name, else by `data-testid`.

    `answer` is the bot's newest message, or the one that is being written.
    """

    def __init__(self, page: Page, demo: RunningDemo) -> None:
        self.page = page
        self.demo = demo
        self.chats = page.get_by_role("navigation", name="Chats")
        self.field = page.get_by_role("textbox", name="Message", exact=True)
        self.messages = page.get_by_test_id("message")
        self.from_bot = page.locator('[data-testid="message"][data-from="bot"]')
        self.mine = page.locator('[data-testid="message"].mine')
        self.draft = page.get_by_test_id("draft")
        self.answer = page.locator('[data-testid="draft"], [data-testid="message"][data-from="bot"]').last
        self.toast = page.get_by_test_id("toast")

    @property
    def last(self) -> Locator:
        """The newest message."""
        return self.messages.last

    def message(self, message_id: int) -> Locator:
        return self.page.locator(f"#message-{message_id}")

    def button(self, name: str) -> Locator:
        """The newest button with this name under a message."""
        return self.page.get_by_test_id("button").filter(has_text=name).last

    def room(self, user_id: int) -> Locator:
        return self.page.locator(f'#rooms [data-room="{user_id}"]')

    # --- who one is

    async def opens(self, user_id: int) -> None:
        """Somebody's chat: from now on one is that person."""
        await self.room(user_id).click()
        await expect(self.room(user_id)).to_have_attribute("aria-current", "true")

    async def meets(self, name: str) -> int:
        """Is somebody new, whose chat is open and empty; the bot does not know them."""
        user_id = await self.demo.newcomer(name, started=True)
        await self.opens(user_id)
        return user_id

    async def becomes(self, name: str) -> int:
        """Is somebody new whom the bot has welcomed."""
        user_id = await self.demo.member(name)
        await self.opens(user_id)
        await expect(self.from_bot).not_to_have_count(0)
        return user_id

    # --- what one does

    async def says(self, text: str) -> None:
        await self.field.fill(text)
        await self.field.press("Enter")

    async def attaches(self, *files: Any) -> None:
        """Files as Playwright takes them: {"name", "mimeType", "buffer"}."""
        async with self.page.expect_file_chooser() as choosing:
            await self.page.get_by_role("button", name="Attach files").click()
        await (await choosing.value).set_files(list(files))


async def has_loaded(image: Locator) -> None:
    """Waits for the picture's bytes."""
    await expect(image).to_be_visible()
    await image.evaluate("image => image.decode()")
    assert await image.evaluate("image => image.naturalWidth") > 0
