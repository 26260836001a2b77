"""What people do while the bot may die at any step: each scenario works with a bot that comes back by itself."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from gptbot.playground.bot_api import BotApiServer
from gptbot.playground.model_api import ModelServer
from gptbot.playground.png import picture
from gptbot.playground.stars import pay
from gptbot.playground.world import Checkout
from tests.faults.answers import Answers, tag
from tests.faults.checker import Expected
from tests.faults.crowd import PATIENCE_S, member, whole_answer
from tests.faults.process import ADMIN, BotProcess
from tests.stories.kit import Person

ALICE, BOB = 101, 102
GROUP = -100500
READERS = range(201, 206)
QUESTION = tag(ALICE, 1)


@dataclass(slots=True)
class Cast:
    """Everybody and everything in a scenario; `people` are those who have pressed /start."""

    bot: BotProcess
    telegram: BotApiServer
    model: ModelServer
    answers: Answers
    expected: Expected = field(default_factory=Expected)
    people: dict[int, Person] = field(default_factory=dict)

    async def join(self, user: int, text: str = "/start") -> Person:
        self.people[user] = await member(self.telegram, user, text)
        return self.people[user]

    def person(self, user: int) -> Person:
        """Somebody who may not have pressed /start."""
        return Person(self.telegram, user, f"User {user}", timeout_s=PATIENCE_S)

    @property
    def alice(self) -> Person:
        return self.people[ALICE]

    @property
    def admin(self) -> Person:
        return self.people[ADMIN]


Part = Callable[[Cast], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Scenario:
    """`act` is what the steps are counted in, `prepare` comes before it. Without `prepare` all counts from the start.

    `settle` makes the world ready before the bot's first start; `first` is a step at which every run of it is killed
    before those that are tried: what is tried then is the recovery.
    """

    name: str
    act: Part
    prepare: Part | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    settle: Callable[[Cast], None] = lambda _: None
    first: str | None = None


def with_long_answers(cast: Cast) -> None:
    cast.answers.long = lambda _: True


async def alice_joins(cast: Cast) -> None:
    await cast.join(ALICE)


async def alice_and_admin_join(cast: Cast) -> None:
    await cast.join(ALICE)
    await cast.join(ADMIN)


async def ask(cast: Cast) -> None:
    await cast.alice.says(cast.expected.ask(ALICE, QUESTION))
    await cast.alice.sees(whole_answer(QUESTION))


# --- answers ---------------------------------------------------------------------------------------------------------


def a_group(cast: Cast) -> None:
    with_long_answers(cast)
    cast.model.tokens_per_s = 400.0
    cast.telegram.add_user(ALICE, "Alice")
    cast.telegram.add_group(GROUP, "Friends", [ALICE])
    cast.expected.chats[ALICE] = GROUP


async def ask_in_group(cast: Cast) -> None:
    alice = cast.alice.in_chat(GROUP)
    username = cast.telegram.world.me["username"]
    await alice.says(f"@{username} {cast.expected.ask(ALICE, QUESTION)}")
    await alice.sees(whole_answer(QUESTION))


def a_voice(cast: Cast) -> None:
    cast.model.transcript = lambda *_: f"Please answer {QUESTION}"


async def speak(cast: Cast) -> None:
    cast.expected.ask(ALICE, QUESTION)
    await cast.alice.sends_voice(10)
    await cast.alice.sees(whole_answer(QUESTION))


async def send_album(cast: Cast) -> None:
    await cast.alice.sends_album([picture("one"), picture("two")], caption=cast.expected.ask(ALICE, QUESTION))
    await cast.alice.sees(whole_answer(QUESTION))


async def draw(cast: Cast) -> None:
    await cast.alice.says("/imagine a cat")
    await cast.alice.sees_file("photo")


async def ask_thrice(cast: Cast) -> None:
    """One answer is delivered in parts, two wait in the queue, and a purse changes meanwhile."""
    names = [tag(ALICE, number) for number in (1, 2, 3)]
    for name in names:
        await cast.alice.says(cast.expected.ask(ALICE, name))
    await cast.admin.says(f"/refill {ALICE} 500")
    for name in names:
        await cast.alice.sees(whole_answer(name))


# --- accounts --------------------------------------------------------------------------------------------------------


async def bring_a_friend(cast: Cast) -> None:
    cast.expected.friends[BOB] = ALICE
    bob = await cast.join(BOB, f"/start {ALICE}")
    await cast.alice.sees("bonus")
    name = tag(BOB, 1)
    await bob.says(cast.expected.ask(BOB, name))
    await bob.sees(whole_answer(name))


async def grant_a_favour(cast: Cast) -> None:
    await cast.alice.says("/ask_favor")
    await cast.alice.sees("I have asked the admin")
    await cast.admin.presses("Yes")
    await cast.admin.sees("granted")
    await cast.alice.sees("The admin said yes")


async def refill(cast: Cast) -> None:
    await cast.admin.says(f"/refill {ALICE} 500 premium")
    await cast.admin.sees("Done:")
    await cast.alice.sees("The admin gave you")


async def pay_and_get_it_back(cast: Cast) -> None:
    """Alice has pressed Pay; then the admin gives the Stars back."""
    bill = {"currency": "XTR", "total_amount": 50, "invoice_payload": f"topup:tokens:100000:50:{ALICE}"}
    paid = pay(cast.telegram.world, Checkout("1", ALICE, ALICE, bill))["successful_payment"]
    await cast.alice.sees("Added for 50 ⭐")
    await cast.admin.says(f"/refund {ALICE} {paid['telegram_payment_charge_id']}")
    await cast.admin.sees("Stars given back")
    await cast.alice.sees("Taken off your balance")


async def set_prompt(cast: Cast) -> None:
    await cast.alice.says("/prompt You are Marv")
    await cast.alice.sees("Saved")
    await cast.alice.says("/switch_model")
    await cast.alice.sees("premium")
    await cast.alice.says("/switch_model")
    await cast.alice.sees("basic")
    await ask(cast)


async def talk_about_prompt(cast: Cast) -> None:
    await cast.alice.says("/prompt")
    await cast.alice.sees("Send me yours")
    await cast.alice.says("You are Marv")
    await cast.alice.sees("This would be your instruction")
    await cast.alice.presses("✅ Save")
    await cast.alice.sees("Saved")


async def forget_and_come_back(cast: Cast) -> None:
    """What she had spent stays spent: coming back mints nothing (SPEC §4)."""
    await cast.alice.says("/forget")
    await cast.alice.presses("Delete everything")
    await cast.alice.sees("Everything about you is deleted")
    await cast.alice.says("/start")
    await cast.alice.sees("Good to see you again")
    await cast.alice.says("/balance")
    await cast.alice.sees("Your balance\n\n29500 tokens")


async def alice_has_spent_something(cast: Cast) -> None:
    await alice_and_admin_join(cast)
    await cast.admin.says(f"/refill {ALICE} -500")
    await cast.admin.sees("Done:")


# --- the admin's -----------------------------------------------------------------------------------------------------


async def readers_join(cast: Cast) -> None:
    await cast.join(ADMIN)
    for user in READERS:
        await cast.join(user)


async def announce(cast: Cast) -> None:
    await cast.admin.says("/announce all")
    await cast.admin.sees("Now send me the message")
    await cast.admin.says("News for everybody")
    await cast.admin.sees("This is how it will arrive")
    await cast.admin.presses(f"✅ Send ({len(READERS) + 1})")
    await cast.admin.sees("The announcement was sent")


# --- files -----------------------------------------------------------------------------------------------------------


async def first_day(cast: Cast) -> None:
    """The first start of all: data.json and data.db are made; then the first change, and the first backup."""
    await cast.join(ALICE)
    await ask(cast)


def first_bots_file(cast: Cast) -> None:
    users = {str(ALICE): {"requests": 0, "tokens": 0, "balance": 777, "active_favor_request": True, "name": "Alice"}}
    document = {"global": {"requests": 0, "tokens": 0}, **users}
    cast.bot.data_file.write_text(json.dumps(document))
    cast.bot.data_file.chmod(0o600)
    cast.people = {user: cast.person(user) for user in (ALICE, ADMIN)}


async def take_over(cast: Cast) -> None:
    """The first bot's users go on, and the admin sees the request that was open."""
    await ask(cast)
    await cast.admin.sees("Request for tokens")


RICH = {"NEW_USER_PREMIUM_BALANCE": "30000", "NEW_USER_IMAGE_BALANCE": "5", "ALBUM_QUIET_S": "0.1"}
ANSWER_COMMITTED = "telegram:sendMessage:after#4"
"""The first message of a long answer, after three words: two places in the queue, and what the admin is told."""

SCENARIOS: Mapping[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        Scenario("turn", ask, alice_and_admin_join, settle=with_long_answers),
        Scenario("streaming", ask_in_group, alice_joins, settle=a_group, settings={"STREAMING": "edits"}),
        Scenario("voice", speak, alice_joins, RICH, settle=a_voice),
        Scenario("album", send_album, alice_joins, RICH),
        Scenario("picture", draw, alice_joins, RICH),
        Scenario("referral", bring_a_friend, alice_joins),
        Scenario("favour", grant_a_favour, alice_and_admin_join, {"NEW_USER_BALANCE": "5000"}),
        Scenario("refill", refill, alice_and_admin_join),
        Scenario("payment", pay_and_get_it_back, alice_and_admin_join),
        Scenario("prompt", set_prompt, alice_joins, RICH),
        Scenario("dialog", talk_about_prompt, alice_joins),
        Scenario("forget", forget_and_come_back, alice_has_spent_something),
        Scenario("announcement", announce, readers_join),
        Scenario("first_day", first_day),
        Scenario("import", take_over, settle=first_bots_file),
        Scenario("recovery", ask_thrice, alice_and_admin_join, settle=with_long_answers, first=ANSWER_COMMITTED),
    )
}
