"""Pins and reactions in the stand-in: Telegram's refusals, what the chat shows and what the bot is told."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiogram import types as t

from gptbot.playground.bot_api import METHODS, BotApiServer
from gptbot.playground.params import Params
from gptbot.playground.png import picture
from gptbot.playground.refusals import Refusal
from gptbot.playground.world import Chat, Json

ALICE, BOB, GROUP = 101, 102, -100500
RIGHTS = "not enough rights to manage pinned messages in the chat"


@pytest.fixture
async def server() -> AsyncIterator[BotApiServer]:
    server = BotApiServer(strict=False)
    server.add_user(ALICE, "Alice")
    server.add_user(BOB, "Bob")
    server.add_group(GROUP, "Friends", [ALICE, BOB], forum=True)
    server.world.updates.allow(["message", "message_reaction"])
    yield server
    await server.stop()


def call(server: BotApiServer, method: str, **params: Any) -> Any:
    return METHODS[method.lower()](server.world, Params(params))


def refused(server: BotApiServer, method: str, **params: Any) -> str:
    with pytest.raises(Refusal) as refusal:
        call(server, method, **params)
    assert refusal.value.code == 400
    return refusal.value.description.removeprefix("Bad Request: ")


def told(server: BotApiServer, kind: str) -> list[Json]:
    """The updates of this kind that wait for the bot; each is one for aiogram as well."""
    found = [update for update in server.world.updates.pending if kind in update]
    for update in found:
        t.Update.model_validate(update)
    return [update[kind] for update in found]


def private(server: BotApiServer) -> Chat:
    return server.world.chats[ALICE]


# --- pins


def test_a_pin_is_said_in_the_chat_and_told_by_get_chat(server: BotApiServer) -> None:
    first = server.send_text(ALICE, ALICE, "first")
    second = server.send_text(ALICE, ALICE, "second", reply_to=first)
    assert call(server, "pinChatMessage", chat_id=ALICE, message_id=second["message_id"]) is True
    call(server, "pinChatMessage", chat_id=ALICE, message_id=first["message_id"])
    notice = told(server, "message")[2]
    assert (notice["from"]["id"], notice["pinned_message"]["text"]) == (server.world.me["id"], "second")
    assert "reply_to_message" not in notice["pinned_message"]
    assert call(server, "getChat", chat_id=ALICE)["pinned_message"] == second
    call(server, "unpinChatMessage", chat_id=ALICE)
    assert call(server, "getChat", chat_id=ALICE)["pinned_message"] == first
    call(server, "unpinAllChatMessages", chat_id=ALICE)
    assert "pinned_message" not in call(server, "getChat", chat_id=ALICE)


def test_what_is_pinned_already_is_not_said_again(server: BotApiServer) -> None:
    where = {"chat_id": ALICE, "message_id": server.send_text(ALICE, ALICE, "one")["message_id"]}
    for _ in range(2):
        assert call(server, "pinChatMessage", **where) is True
    assert len(private(server).messages) == 2


def test_what_can_not_be_pinned_is_refused(server: BotApiServer) -> None:
    assert refused(server, "pinChatMessage", chat_id=ALICE, message_id=99) == "message to pin not found"
    assert refused(server, "unpinChatMessage", chat_id=ALICE, message_id=99) == "message to unpin not found"
    assert refused(server, "unpinChatMessage", chat_id=ALICE) == "message to unpin not found"
    message = server.send_text(ALICE, ALICE, "one")
    server.pin(ALICE, ALICE, message["message_id"])
    notice = message["message_id"] + 1
    assert refused(server, "pinChatMessage", chat_id=ALICE, message_id=notice) == "message to pin not found"
    with pytest.raises(LookupError):
        server.pin(ALICE, ALICE, notice)


def test_in_a_group_the_bot_pins_only_as_an_admin(server: BotApiServer) -> None:
    where = {"chat_id": GROUP, "message_id": server.send_text(BOB, GROUP, "one")["message_id"]}
    assert refused(server, "pinChatMessage", **where) == RIGHTS
    assert refused(server, "unpinAllChatMessages", chat_id=GROUP) == RIGHTS
    server.promote_bot(ALICE, GROUP)
    assert call(server, "pinChatMessage", **where) is True
    member = call(server, "getChatMember", chat_id=GROUP, user_id=server.world.me["id"])
    assert t.ChatMemberAdministrator.model_validate(member).can_pin_messages


def test_people_pin_in_a_topic_and_the_bot_is_told_there(server: BotApiServer) -> None:
    topic = server.add_topic(GROUP, "Recipes")
    server.world.privacy_mode = True
    message = server.send_text(BOB, GROUP, "Soup", thread_id=topic)
    server.pin(ALICE, GROUP, message["message_id"])
    (notice,) = told(server, "message")
    assert (notice["from"]["id"], notice["message_thread_id"], notice["is_topic_message"]) == (ALICE, topic, True)
    server.unpin(BOB, GROUP, message["message_id"])
    assert server.world.chats[GROUP].pinned == set()
    with pytest.raises(LookupError):
        server.pin(BOB, ALICE, message["message_id"])


def test_what_is_deleted_is_neither_pinned_nor_reacted_to(server: BotApiServer) -> None:
    where = {"chat_id": ALICE, "message_id": server.send_text(ALICE, ALICE, "one")["message_id"]}
    call(server, "pinChatMessage", **where)
    server.react(ALICE, ALICE, where["message_id"], "👍")
    call(server, "deleteMessage", **where)
    shown = server.world.chat_snapshot(private(server))
    assert (shown["pinned"], shown["reactions"]) == ([], {})


# --- reactions


def test_the_bot_has_one_reaction_which_it_can_change_and_take_back(server: BotApiServer) -> None:
    message_id = server.send_text(ALICE, ALICE, "one")["message_id"]
    for emoji in ("👍", "🔥"):
        reaction = [{"type": "emoji", "emoji": emoji}]
        assert call(server, "setMessageReaction", chat_id=ALICE, message_id=message_id, reaction=reaction) is True
    server.react(ALICE, ALICE, message_id, "🔥")
    shown = server.world.chat_snapshot(private(server))["reactions"]
    assert shown == {str(message_id): [{"emoji": "🔥", "by": [server.world.me["id"], ALICE]}]}
    call(server, "setMessageReaction", chat_id=ALICE, message_id=message_id)
    assert private(server).reactions == {message_id: {ALICE: "🔥"}}


@pytest.mark.parametrize(
    ("reaction", "description"),
    [
        ([{"type": "emoji", "emoji": "🐢"}], "REACTION_INVALID"),
        ([{"type": "emoji"}], "REACTION_INVALID"),
        ([{"type": "custom_emoji", "custom_emoji_id": "1"}], "REACTION_INVALID"),
        ([{"type": "paid"}], "REACTION_INVALID"),
        ([{"type": "emoji", "emoji": "👍"}, {"type": "emoji", "emoji": "🔥"}], "REACTIONS_TOO_MANY"),
        ([{"type": "smile"}], "can't parse ReactionType: invalid reaction type specified"),
        (["👍"], "can't parse ReactionType: invalid reaction type specified"),
        ("👍", "can't parse reaction: expected an Array"),
    ],
)
def test_what_is_no_reaction_of_a_bots_is_refused(server: BotApiServer, reaction: Any, description: str) -> None:
    message_id = server.send_text(ALICE, ALICE, "one")["message_id"]
    assert refused(server, "setMessageReaction", chat_id=ALICE, message_id=message_id, reaction=reaction) == description
    assert private(server).reactions == {}


def test_there_must_be_a_message_to_react_to(server: BotApiServer) -> None:
    assert refused(server, "setMessageReaction", chat_id=ALICE, message_id=99) == "message to react not found"
    with pytest.raises(LookupError):
        server.react(ALICE, ALICE, 99, "👍")


def test_a_persons_reaction_is_told_if_the_bot_asks_for_it(server: BotApiServer) -> None:
    message_id = server.send_text(ALICE, ALICE, "one")["message_id"]
    for emoji in ("👍", "👍", ""):
        server.react(ALICE, ALICE, message_id, emoji)
    given, taken = told(server, "message_reaction")
    thumb = [{"type": "emoji", "emoji": "👍"}]
    assert (given["old_reaction"], given["new_reaction"]) == ([], thumb)
    assert (taken["old_reaction"], taken["new_reaction"], taken["user"]["id"]) == (thumb, [], ALICE)
    server.world.updates.allow([])
    server.react(ALICE, ALICE, message_id, "🔥")
    assert len(told(server, "message_reaction")) == 2
    with pytest.raises(ValueError, match="no reaction"):
        server.react(ALICE, ALICE, message_id, "🐢")


def test_in_a_group_only_an_admin_is_told_of_reactions(server: BotApiServer) -> None:
    message_id = server.send_text(ALICE, GROUP, "one")["message_id"]
    server.react(BOB, GROUP, message_id, "👍")
    assert told(server, "message_reaction") == []
    server.promote_bot(ALICE, GROUP)
    server.react(BOB, GROUP, message_id, "🔥")
    assert [update["message_id"] for update in told(server, "message_reaction")] == [message_id]


def test_an_album_bears_its_reactions_at_its_first_message(server: BotApiServer) -> None:
    first, second = server.send_album(ALICE, ALICE, [picture("a"), picture("b")])
    server.react(ALICE, ALICE, second["message_id"], "👍")
    reaction = [{"type": "emoji", "emoji": "🔥"}]
    call(server, "setMessageReaction", chat_id=ALICE, message_id=second["message_id"], reaction=reaction)
    assert private(server).reactions == {first["message_id"]: {ALICE: "👍", server.world.me["id"]: "🔥"}}
