"""One demo and one browser for all tests of a worker; each test has a window of its own."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Error, Page, Request, async_playwright, expect

from tests.browser.chromium import FLAGS, MISSING, found
from tests.browser.demo import RunningDemo, start_demo
from tests.browser.window import Window

PATIENCE_MS = 15_000
LOCAL = frozenset(("127.0.0.1", ""))  # data: and blob: have no host
NO_TOUR = """localStorage.setItem("tour", localStorage.getItem("tour") ?? '{"mode": ""}')"""

expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    if not found():
        for item in items:
            if item.path.is_relative_to(here):
                item.add_marker(pytest.mark.skip(reason=MISSING))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[RunningDemo, Browser]]:
    """Both take seconds to start: side by side."""
    folder = tmp_path_factory.mktemp("demo")
    starting = asyncio.create_task(start_demo(folder))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found(), args=FLAGS)
        demo = await starting
        yield demo, browser
        await browser.close()
        await demo.close()


@pytest.fixture(scope="session")
def demo(stage: tuple[RunningDemo, Browser]) -> RunningDemo:
    return stage[0]


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: a temporary folder, or where `make screenshots` wants them."""
    wanted = os.environ.get("SCREENSHOTS")
    return Path(wanted) if wanted else tmp_path_factory.mktemp("screenshots")


class Watch:
    """What a page must not do: ask anybody outside, or complain on the console."""

    def __init__(self) -> None:
        self.outside: list[str] = []
        self.complaints: list[str] = []

    def on(self, page: Page) -> None:
        page.on("request", self._asked)
        page.on("console", self._said)
        page.on("pageerror", self._broke)

    def judge(self) -> None:
        """Once for each: the next test begins anew."""
        outside, complaints = self.outside, self.complaints
        self.outside, self.complaints = [], []
        assert outside == []
        assert complaints == []

    def _asked(self, request: Request) -> None:
        if urlsplit(request.url).hostname not in (*LOCAL, None):
            self.outside.append(request.url)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _broke(self, error: Error) -> None:
        self.complaints.append(str(error))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared(stage: tuple[RunningDemo, Browser]) -> AsyncIterator[tuple[Window, Watch]]:
    """One page for all tests, as opening it takes longer than most of them. Its tour is declined."""
    demo, browser = stage
    async with await browser.new_context(base_url=demo.url) as context:
        context.set_default_timeout(PATIENCE_MS)
        await context.add_init_script(NO_TOUR)
        page, watch = await context.new_page(), Watch()
        watch.on(page)
        await page.goto("/")
        await page.locator("body.ready").wait_for()
        yield Window(page, demo), watch


@pytest_asyncio.fixture(loop_scope="session")
async def window(shared: tuple[Window, Watch]) -> AsyncIterator[Window]:
    """The page as a test may expect it. It asks nobody but the demo and complains of nothing."""
    window, watch = shared
    await window.page.set_viewport_size({"width": 1280, "height": 800})
    await window.page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    await window.page.keyboard.press("Escape")  # whatever a failed test has left open
    yield window
    watch.judge()
