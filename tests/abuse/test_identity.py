"""Who somebody is, is their numeric id and nothing else: not a name, not a username, not words in a message."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gptbot.commands.catalogue import COMMANDS
from gptbot.playground.world import Json
from tests.stories.conftest import ADMIN, House
from tests.stories.kit import Person

ADMIN_COMMANDS = [name for command in COMMANDS if command.admin for name in (command.name, *command.aliases)]
UNKNOWN = "I don't know this command"


def message(sender: Json, text: str, **fields: Any) -> Json:
    chat = {"id": sender["id"], "type": "private", "first_name": sender["first_name"]}
    return {"message": {"message_id": 5000, "from": sender, "chat": chat, "date": 1, "text": text} | fields}


MALLORY: Json = {"id": 666, "is_bot": False, "first_name": "Olga", "username": "owner", "language_code": "en"}
"""Calls herself as the admin does."""


async def test_every_admin_command_is_unknown_to_everybody_else(bot: House, admin: Person) -> None:
    """Whatever they call themselves and however the message claims to have come about."""
    mallory = await bot.member(666, "Olga", "owner")
    ways: tuple[Json, ...] = (
        {},
        {"via_bot": {"id": 42, "is_bot": True, "first_name": "Playground", "username": "playground_bot"}},
        {"sender_chat": {"id": ADMIN, "type": "private", "first_name": "Olga"}},
        {"author_signature": "Olga", "sender_business_bot": {"id": ADMIN}},
        {"from": MALLORY | {"id": 666, "is_premium": True, "admin": True, "user_id": ADMIN}},
    )
    for name in ADMIN_COMMANDS:
        for way in ways:
            bot.telegram.push_raw(message(MALLORY, f"/{name} 666 5000", **way))
            await mallory.sees(UNKNOWN)
    await mallory.says("/balance")
    await mallory.sees("30000 tokens")
    assert not [shown for shown in admin.chat.shown if "666" in str(shown.message.get("text"))]


@pytest.mark.parametrize("field", ["edited_message", "channel_post", "edited_channel_post", "business_message"])
async def test_an_admin_command_in_another_kind_of_update_runs_nothing(bot: House, admin: Person, field: str) -> None:
    mine = {"id": ADMIN, "is_bot": False, "first_name": "Olga", "username": "owner", "language_code": "en"}
    [raw] = message(mine, f"/refill {ADMIN} 5").values()
    bot.telegram.push_raw({field: raw})
    inline = {"id": "1", "from": mine, "query": "/stop", "offset": "", "result_id": "1"}
    bot.telegram.push_raw({"inline_query": inline})
    bot.telegram.push_raw({"chosen_inline_result": inline})
    await admin.sees_nothing_until("/balance", "777777 tokens")


async def test_an_admin_command_in_a_caption_or_in_a_group_runs_nothing(bot: House, admin: Person) -> None:
    await admin.sends_photo(caption=f"/refill {ADMIN} 5")
    bot.telegram.add_group(-100500, "Friends", [ADMIN])
    there = admin.in_chat(-100500)
    await there.says(f"/refill@playground_bot {ADMIN} 5")
    await there.sees(UNKNOWN)
    await admin.says("/balance")
    await admin.sees("777777 tokens")


@pytest.mark.parametrize("claimed", [str(ADMIN), float(ADMIN), [ADMIN], {"id": ADMIN}, True, ADMIN + 2**64, -ADMIN])
async def test_an_id_that_is_no_whole_number_is_nobodys(bot: House, admin: Person, claimed: object) -> None:
    """ "777" and 777.0 are not the admin; what can't be an id is no person, and blocks nothing."""
    bot.telegram.push_raw(message(MALLORY | {"id": claimed}, "/refill 777 5"))
    chat = {"id": ADMIN, "type": "private", "first_name": "Olga"}
    bot.telegram.push_raw(message(MALLORY | {"id": claimed}, "/refill 777 5", chat=chat))
    await admin.says("/balance")
    await admin.sees("777777 tokens")


async def test_a_username_that_moves_takes_nothing_with_it(bot: House, admin: Person, alice: Person) -> None:
    """@alice was 101's; 666 takes the name: admins who write @alice mean 666 now, and 101 keeps what is theirs."""
    mallory = await bot.member(666, "Mallory", "ALICE")
    await admin.says("/refill @alice 5")
    await admin.sees("(@ALICE, 666)")
    await mallory.sees("5 tokens")
    bot.telegram.push_raw(message(MALLORY | {"username": None}, "/balance"))  # and she gives it up again
    await mallory.sees("30005 tokens")
    await admin.says("/refill @alice 5")
    await admin.sees("I know no user")
    await alice.says("/balance")  # who is alice again
    await alice.sees("30000 tokens")
    await admin.says("/refill @alice 7")
    await admin.sees("(@alice, 101)")


PAYLOADS = st.one_of(
    st.text(max_size=70),
    st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True),
    st.integers(-(2**70), 2**70).map(str),
    st.sampled_from(
        ["101", " 101", "101 ", "+101", "1_0_1", "١٠١", "101\n", "0101", "101.0", "0x65", "1e2", "101 102"]
    ),
)
FUZZ = settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
async def fuzzed(house: House) -> AsyncIterator[Person]:
    """Carol, who has the id that many payloads name, and who asks whether the bot lives."""
    await house.start(REFERRAL_BONUS="10")
    yield await house.member(101, "Carol", "carol")
    await house.stop()
    minted = [user for user, account in house.data().items() if user.isdigit() and account["balance"] > 30010]
    assert set(minted) <= {"101", str(ADMIN)}
    invited = sum(account.get("referrer") == 101 for account in house.data().values())
    assert house.data()["101"]["balance"] == 30000 + 10 * invited


@FUZZ
@given(payloads=st.lists(st.tuples(PAYLOADS, st.booleans()), min_size=1, max_size=5))
async def test_no_payload_of_a_link_breaks_or_mints_anything(fuzzed: Person, payloads: list[tuple[str, bool]]) -> None:
    for number, (payload, known) in enumerate(payloads):
        newcomer = 10_000 * fuzzed.server.world.next_message_id + number
        fuzzed.server.push_raw(message(MALLORY | {"id": 666 if known else newcomer}, f"/start {payload}"))
    await fuzzed.says("/balance")
    await fuzzed.sees("Your balance")
