"""Whatever Telegram, or what stands between, does to any call: all arrives, once, in order (SPEC §8)."""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from gptbot.actors.user_updates import UserUpdates
from gptbot.domain.updates import MessageSent
from gptbot.edges.telegram_in import read_updates
from gptbot.errors import OperatorError
from gptbot.playground.faults import Fault, Faults
from tests.faults_outside.chance import FLOODS, REFUSED, SLOW, UNKNOWN, flood
from tests.faults_outside.household import Household, household
from tests.faults_outside.trouble import random_trouble
from tests.stories.conftest import ADMIN, TOKEN
from tests.stories.kit import Person, to
from tests.stories.test_announcements import send_it, to_the_preview

DAY_S = 86_400.0
METHODS = frozenset(
    (
        "getMe", "getUpdates", "setMyCommands", "sendMessage", "editMessageText", "sendChatAction", "sendMessageDraft",
        "answerCallbackQuery", "getFile", "sendPhoto", "sendDocument", "copyMessage",
    )
)  # fmt: skip
"""Every method that the tour below leads to."""


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Household]:
    async with household(tmp_path) as made:
        yield made


class FirstCalls(Faults):
    """The first calls of every method to a chat meet a few of these faults, every method others."""

    def __init__(self, faults: Sequence[Fault], each: int) -> None:
        super().__init__()
        self._faults = cycle(faults)
        self._each = each
        self.met: Counter[str] = Counter()
        self._count: Counter[tuple[str, str]] = Counter()

    def take(self, method: str, params: Mapping[str, Any]) -> Fault | None:
        key = method, str(params.get("chat_id", ""))
        self._count[key] += 1
        if self._count[key] > self._each:
            return super().take(method, params)
        self.met[method] += 1
        return next(self._faults)


def words_of(person: Person) -> list[str]:
    """What the bot has sent to them, edits left out."""
    from_bot = [s.message for s in person.chat.shown if s.what == "message" and s.message["from"]["is_bot"]]
    return [str(message.get("text", message.get("caption", ""))) for message in from_bot]


def count(person: Person, words: str) -> int:
    return sum(words in text for text in words_of(person))


async def tour(house: Household) -> tuple[Person, Person]:
    """Somebody and the admin do something of everything."""
    await house.start(NEW_USER_PREMIUM_BALANCE="5000", NEW_USER_IMAGE_BALANCE="5")
    admin = await house.member(ADMIN, "Olga", "owner")
    alice = await house.member(101, "Alice", "alice")
    house.model.gate, house.model.holds_after = asyncio.Event(), 8  # so that a draft is shown
    await alice.says("first question")
    await house.telegram.until(lambda: house.telegram.calls_of("sendMessageDraft"))
    house.model.gate.set()
    await alice.sees("You asked: first question")
    await alice.sends_photo(caption="second question")
    await alice.sees("You asked: second question")
    await alice.says("/imagine a cat")
    await alice.sees_file("photo")
    await alice.says("/settings")
    await alice.presses("⚡ off")
    await alice.sees("before your eyes: off")
    await admin.says("/data")
    await admin.sees_file("document")
    await send_it(admin, await to_the_preview(admin, "all", "Good news"))
    await admin.sees("The announcement was sent.")
    await alice.says("last question")
    await alice.sees("You asked: last question")
    return alice, admin


# --- each fault at each method ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("faults", "each"),
    [(FLOODS, 2), (FLOODS[5:], 2), (REFUSED[len(FLOODS) :], 2), ([SLOW], 1), (UNKNOWN, 1)],
    ids=["flood", "nonsense", "refused", "slow", "unknown"],
)
async def test_each_method_may_fail_in_any_way_and_everything_arrives(
    house: Household, faults: Sequence[Fault], each: int
) -> None:
    met = house.telegram.faults = FirstCalls(faults, each)
    alice, admin = await tour(house)
    await house.at_rest()
    assert met.met.keys() >= METHODS
    doubtful = faults is UNKNOWN  # an announcement is not repeated then, and any message may have come twice
    for words in ("first question", "second question", "last question"):
        assert 1 <= count(alice, f"You asked: {words}") <= 1 + doubtful, alice.transcript()
    assert 1 - doubtful <= count(alice, "Good news") <= 1
    assert count(admin, "The announcement was sent.") >= 1
    await house.stop()
    house.assert_nothing_is_left_in_the_books()


# --- waits without end -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [10**400, 1e300, 999_999])
async def test_a_429_that_asks_for_years_is_waited_out_for_a_day_and_other_chats_go_on(
    house: Household, seconds: float
) -> None:
    await house.start()
    alice, bob = await house.member(101, "Alice"), await house.member(102, "Bob")
    fault = flood("Too Many Requests: retry after 999999") if seconds == 999_999 else huge(seconds)
    house.telegram.faults.next("sendMessage", "raw", where=to(alice.id), **fault.options)
    sent = len(house.telegram.calls_of("sendMessage"))
    await alice.says("Why?")
    await house.telegram.until(lambda: len(house.telegram.calls_of("sendMessage")) > sent)
    await bob.says("And me?")
    await bob.sees("You asked: And me?")
    assert not count(alice, "You asked")
    house.clock.skip(DAY_S)
    await alice.sees("You asked: Why?")
    assert count(alice, "You asked") == 1


def huge(seconds: float) -> Fault:
    number = f"{seconds:d}" if isinstance(seconds, int) else repr(seconds)
    body = f'{{"ok":false,"error_code":429,"description":"Flood","parameters":{{"retry_after":{number}}}}}'
    return Fault("raw", {"status": 429, "body": body.encode()})


# --- the network, the token, another instance ------------------------------------------------------------------------


async def test_when_the_network_is_gone_for_minutes_nothing_is_lost(house: Household) -> None:
    await house.start()
    alice, bob = await house.member(101, "Alice"), await house.member(102, "Bob")
    house.model.gate = asyncio.Event()
    await alice.says("Before")
    await house.model.requested(1)
    port = int(house.telegram.url.rpartition(":")[2])
    await house.telegram.stop()
    house.model.gate.set()
    await alice.says("Meanwhile")  # Telegram's people can write all the time
    await bob.says("/balance")
    for _ in range(10):
        house.clock.skip(60)
        await asyncio.sleep(0)
    await house.telegram.start(port=port)
    await alice.sees("You asked: Before")
    await alice.sees("You asked: Meanwhile")
    await bob.sees("Your balance")
    await house.at_rest()
    assert (count(alice, "You asked: Before"), count(alice, "You asked: Meanwhile")) == (1, 1)
    house.assert_nothing_is_left_inside()


async def test_a_token_revoked_while_it_runs_ends_it_with_one_sentence_and_the_next_token_finds_everything(
    house: Household,
) -> None:
    await house.start()
    alice = await house.member(101, "Alice")
    house.model.gate = asyncio.Event()
    await alice.says("Why?")
    await house.model.requested(1)
    house.telegram.token = "4242:another"
    await alice.says("/balance")  # ends the poll that waits
    house.model.gate.set()
    with pytest.raises(OperatorError, match="TELEGRAM_API_KEY") as refused:
        await house.ended()
    assert refused.value.exit_status == 2
    assert TOKEN not in str(refused.value)
    house.telegram.token = TOKEN
    await house.start()
    await alice.sees("You asked: Why?")
    await house.at_rest()
    assert (count(alice, "You asked"), count(alice, "Your balance")) == (1, 1)
    await house.stop()
    house.assert_nothing_is_left_in_the_books()


async def test_with_a_webhook_a_revoked_token_is_noticed_and_a_webhook_that_was_taken_away_is_set_again(
    house: Household,
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/hook"
    await house.start(UPDATES="webhook", WEBHOOK_URL=url, WEBHOOK_SECRET="s" * 20, WEBHOOK_PORT=str(port))
    alice = await house.member(101, "Alice")
    await house.telegram.world.updates.set_webhook("", "", None, drop_pending=False)  # by another instance that polls
    await alice.says("Why?")
    house.clock.skip(301)
    await alice.sees("You asked: Why?")
    house.telegram.token = "4242:another"
    house.clock.skip(301)
    with pytest.raises(OperatorError, match="TELEGRAM_API_KEY"):
        await house.ended()


async def test_two_instances_on_one_token_say_so_and_answer_everybody(house: Household, tmp_path: Path) -> None:
    await house.start()
    alice = await house.member(101, "Alice")
    folder = tmp_path / "second"
    folder.mkdir()
    first = house.app
    second = Household(folder, house.telegram, house.model, house.logs)
    await second.start()
    for number in range(4):
        await alice.says(f"Question {number}")
        await alice.sees("")
    await second.stop()
    reasons = {line["reason"] for line in house.logs if line["event"] == "poll.lost"}
    assert any("another instance" in reason for reason in reasons), reasons
    house.app = first
    await alice.says("At last")
    await alice.sees("You asked: At last")


# --- odd updates -----------------------------------------------------------------------------------------------------


async def test_updates_come_twice_at_once_in_disorder_and_days_late_and_are_handled_once_in_order(
    house: Household,
) -> None:
    await house.start()
    alice = await house.member(101, "Alice")
    await house.at_rest()
    await house.stop()
    for number in range(4):
        await alice.says(f"Question {number}")
    pending = house.telegram.world.updates.pending
    pending[0]["message"]["date"] -= 2 * DAY_S
    updates = list(pending)
    pending.clear()
    pending.extend([updates[2], updates[0], updates[0], updates[3], updates[1], updates[2], updates[3]])
    await house.start()
    for number in range(4):
        await alice.sees(f"You asked: Question {number}")
    await house.at_rest()
    assert count(alice, "You asked") == 4
    assert len(house.model.requests) == 4


async def test_an_update_that_is_posted_twice_at_once_is_handled_once(house: Household) -> None:
    """A webhook is posted to again when the first answer takes too long: both may stand in one commit."""
    await house.start()
    alice = await house.member(101, "Alice")
    await house.at_rest()
    await alice.says("Why?")
    update = read_updates(list(house.telegram.world.updates.pending), house.app._edges.me)
    await asyncio.gather(*(house.app.intake.take(update) for _ in range(3)))
    await alice.sees("You asked: Why?")
    await house.at_rest()
    assert count(alice, "You asked") == len(house.model.requests) == 1


async def test_a_poison_update_gets_an_apology_and_does_not_come_back(
    house: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = UserUpdates.handle

    async def poisoned(self: UserUpdates, update: Any, asked: Any) -> None:
        if isinstance(update, MessageSent) and update.text == "poison":
            raise RuntimeError("a bug")
        await handle(self, update, asked)

    monkeypatch.setattr(UserUpdates, "handle", poisoned)
    await house.start()
    alice = await house.member(101, "Alice")
    await alice.says("poison")
    await alice.says("Why?")
    await alice.sees("You asked: Why?")
    await house.restart()
    await house.at_rest()
    assert count(alice, "Something went wrong") == 1
    broke = [line for line in house.logs if line["event"] == "user.letter_broke"]
    assert len(broke) == 1
    assert broke[0]["error_id"] in "".join(words_of(alice))
    house.logs.clear()


# --- by chance -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
async def test_by_chance_at_any_call_under_load_nothing_is_lost_doubled_or_charged_twice(
    tmp_path: Path, seed: int
) -> None:
    figures = await random_trouble(seed, 2.0, folder=tmp_path, telegram_rate=0.25, model_rate=0.1)
    assert figures.telegram.total() > 20
