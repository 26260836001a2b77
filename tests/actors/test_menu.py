"""The command menus: set at start, and again for an admin who opens the chat later."""

from gptbot.actors.menu import RETRY_S, keep_menu, menus
from gptbot.ports import RefusalKind, Refused, Unknown
from tests.actors.fake_messenger import FakeMessenger
from tests.actors.making_desk import RULES
from tests.edges.manual_clock import ManualClock


def planned(kind: RefusalKind) -> FakeMessenger:
    """Refuses every menu the first time."""
    messenger = FakeMessenger()
    messenger.plan(0, *[Refused(kind, "Bad Request: chat not found")] * len(menus(RULES)))
    return messenger


async def test_an_admin_who_has_not_opened_the_chat_yet_gets_the_menu_later() -> None:
    messenger, clock = planned(RefusalKind.GONE), ManualClock()
    took = await clock.finish(keep_menu(messenger, clock, RULES))
    assert took == RETRY_S
    assert len(messenger.delivered) == 2 * len(menus(RULES))


async def test_a_menu_whose_fate_is_unknown_is_set_again() -> None:
    messenger, clock = FakeMessenger(), ManualClock()
    messenger.plan(0, Unknown("reset"))
    await clock.finish(keep_menu(messenger, clock, RULES))
    first, *others, again = [call for call, _ in messenger.delivered]
    assert len(others) == len(menus(RULES)) - 1
    assert again == first


async def test_a_server_without_menus_is_asked_once() -> None:
    messenger, clock = planned(RefusalKind.UNSUPPORTED), ManualClock()
    assert await clock.finish(keep_menu(messenger, clock, RULES)) == 0
    assert len(messenger.delivered) == len(menus(RULES))


def test_only_admins_chats_have_the_admins_commands() -> None:
    with_refill = [call.params["scope"] for call in menus(RULES) if "refill" in str(call.params["commands"])]
    assert {(scope["type"], scope.get("chat_id")) for scope in with_refill} == {("chat", 9)}
