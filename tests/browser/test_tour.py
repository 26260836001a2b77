"""The guided tour: each step is done by its own button, seen by the page, and survives a reload."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import PATIENCE_MS, Watch
from tests.browser.demo import RunningDemo, start_demo

STEPS = ("register", "fork", "prompt", "premium", "picture", "favor", "announcement", "crash")
STEP_MS = 60_000
QUICK_TOKENS_PER_S = 200.0
IMPATIENT = """
const later = window.setTimeout;
window.setTimeout = (work, ms, ...rest) => later(work, Math.min(ms ?? 0, 60), ...rest);
"""
"""People are given time to follow the tour's hands; a test needs none."""


@pytest.mark.timeout(150)
@pytest.mark.asyncio(loop_scope="session")
async def test_the_tour_leads_through_all_eight_steps_a_crash_included(
    stage: tuple[RunningDemo, Browser], tmp_path: Path
) -> None:
    demo, watch = await start_demo(tmp_path, QUICK_TOKENS_PER_S), Watch()
    async with AsyncExitStack() as cleaning:
        cleaning.push_async_callback(demo.close)
        context = await stage[1].new_context(base_url=demo.url, viewport={"width": 1280, "height": 800})
        await cleaning.enter_async_context(context)
        context.set_default_timeout(PATIENCE_MS)
        await context.add_init_script(IMPATIENT)
        page = await context.new_page()
        watch.on(page)
        await page.goto("/")
        card = page.get_by_test_id("tour")
        await expect(card).to_have_attribute("data-step", "offer")
        await page.get_by_test_id("tour-do").click()
        for step in STEPS:
            await expect(card).to_have_attribute("data-step", step)
            await page.get_by_test_id("tour-do").click()
            await expect(card).to_have_attribute("data-done", "true", timeout=STEP_MS)
            if step == "fork":
                await page.reload()
                await expect(card).to_have_attribute("data-step", step)
            await page.get_by_test_id("tour-next").click()
        await expect(card).to_have_attribute("data-step", "end")
        await page.get_by_test_id("tour-leave").click()
        await expect(card).to_be_hidden()
    watch.judge()
