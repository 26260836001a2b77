"""What the panels beside the chat do with much to show."""

import pytest
from playwright.async_api import expect

from tests.browser.window import Window

pytestmark = pytest.mark.asyncio(loop_scope="session")

DRAWN = """
async () => {
  const { emit } = await import("/page/store.js");
  let drawn = 0;
  const rooms = document.getElementById("rooms");
  new MutationObserver(() => { drawn += 1; }).observe(rooms, { childList: true, subtree: true });
  for (let event = 0; event < 100; event += 1) {
    emit("list");
    await new Promise((resolve) => queueMicrotask(resolve));
  }
  await new Promise((resolve) => setTimeout(resolve, 200));
  return drawn;
}
"""
FEW = 5
BEGUN_ANEW = """
async (room) => {
  const { handlers, state } = await import("/page/store.js");
  const nothing = { members: {}, topics: {}, messages: [], drafts: [], pinned: [], reactions: {} };
  state.unread.set(room, 1);
  const chats = [...state.chats.values()].map((chat) => ({ ...nothing, chat: chat.info }));
  handlers.snapshot({ me: state.me, users: [...state.users.values()], chats });
}
"""


async def test_the_log_is_filtered_by_what_one_reads_there(window: Window) -> None:
    ada, ben = await window.becomes("Ada"), await window.becomes("Ben")
    await window.opens(ada)
    for user in (ada, ben):
        await window.demo.act("send_text", user_id=user, chat_id=user, text="hello")
    turns = window.page.locator('#log [data-event="turn.finished"]')
    search = window.page.get_by_role("searchbox", name="Filter the log")
    await window.page.get_by_role("tab", name="Log", exact=True).click()
    for words in (f"user={ada}", f"turn.finished user={ada} outcome=settled", f"USER={ada} info"):
        await search.fill(words)
        await expect(turns).to_have_count(1)
        await expect(turns).to_contain_text("Ada")
    await search.fill("no such words")
    await expect(window.page.get_by_test_id("log-event")).to_have_count(0)
    await search.fill("")
    await expect(turns.filter(has_text="Ben")).not_to_have_count(0)


async def test_the_list_of_chats_is_drawn_once_for_many_messages(window: Window) -> None:
    await window.meets("Ada")
    assert await window.page.evaluate(DRAWN) <= FEW


async def test_a_demo_that_was_started_anew_has_nothing_unread(window: Window) -> None:
    ada = await window.meets("Ada")
    await window.meets("Ben")
    await window.demo.bot("sendMessage", chat_id=ada, text="hello")
    await expect(window.room(ada).get_by_test_id("unread")).to_be_visible()
    await window.page.evaluate(BEGUN_ANEW, str(ada))
    await expect(window.room(ada)).to_contain_text("Has not pressed Start yet")
    await expect(window.room(ada).get_by_test_id("unread")).to_be_hidden()
    await window.page.reload()
