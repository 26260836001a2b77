"""What a button carries can be forged by anybody with a client of their own: held for every button there is.

The pure handlers are called with the data directly, thousands of times; over HTTP it is in stories/test_bad_input.
"""

import copy
from typing import Final

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gptbot.actors.showing import STOP_AREA
from gptbot.commands import answer_buttons
from gptbot.commands.catalogue import BUTTONS
from gptbot.domain.book import Book, Permit
from gptbot.domain.records import Account
from gptbot.domain.updates import Place
from tests.commands.making_account import ADMIN, GROUP, World

MALLORY: Final = 666
ALICE: Final = 101
WORDS = (
    "yes", "no", "keep", "save", "reset", "edit", "pause", "resume", "cancel", "confirm", "all", "on", "off", "en",
    "ru", "premium", "basic", "tokens", "balance", "requests", "0", "1", "7", "60", str(ALICE), str(ADMIN),
    str(GROUP.chat_id), "", "-1", "00", "١", "1e9", "1.0", "0x1", "NaN", "\0", "\n1", "{0}", "../x", "9" * 30,
    str(MALLORY), str(2**63),
)  # fmt: skip
ARGUMENT = st.one_of(st.sampled_from(WORDS), st.integers(-(2**70), 2**70).map(str), st.text(max_size=8))
DATA = st.builds(
    lambda area, args: ":".join((area, *args)), st.sampled_from([*BUTTONS]), st.lists(ARGUMENT, max_size=5)
)


def world() -> World:
    """Alice has asked for tokens, a newcomer for an account, a group for the bot; Mallory is a user like others."""
    made = World()
    made.add(ALICE, favors=1, favor_pending=True, balance=5, prompt="Alice's secret prompt")
    made.add(MALLORY, balance=5)
    newcomer = {"request": 1, "name": "N", "username": None, "language": "en", "referrer": None}
    made.book.permits[555] = Permit("waiting", newcomer, 1)
    made.updates = 100
    return made


def others(book: Book) -> dict[int, Account]:
    return {user: copy.deepcopy(account) for user, account in book.accounts.items() if user != MALLORY}


@settings(max_examples=250)
@given(data=DATA, place=st.sampled_from([Place(MALLORY), GROUP, Place(ALICE)]))
@example(data=f"favor:{ALICE}:1:yes", place=Place(MALLORY))
@example(data=f"favor:{MALLORY}:1:yes", place=Place(MALLORY))
@example(data="acc:555:1:yes", place=Place(MALLORY))
@example(data=f"who:{ALICE}:0", place=Place(MALLORY))
def test_no_forged_button_reaches_into_anothers_affairs(data: str, place: Place) -> None:
    made = world()
    before, permits, purse = others(made.book), dict(made.book.permits), made.book.accounts[MALLORY].balance
    calls, popup = made.presses(MALLORY, BUTTONS[data.split(":")[0]], data, place=place)
    assert others(made.book) == before, "somebody else's account"
    assert made.book.permits == permits
    assert not made.ledger
    assert MALLORY not in made.book.accounts or made.book.accounts[MALLORY].balance == purse
    assert len(popup) <= 200, "Bot API, answerCallbackQuery"
    assert {call.chat for call in calls} <= {place.chat_id}, "a message to somebody else"
    assert "secret" not in popup + "".join(call.text for call in calls)


@settings(max_examples=250)
@given(data=DATA, user=st.sampled_from([ADMIN, MALLORY, 999]))
def test_no_data_breaks_a_button_whoever_presses_it(data: str, user: int) -> None:
    """Not an admin's either, nor that of somebody without an account."""
    made = world()
    made.presses(user, BUTTONS[data.split(":")[0]], data)


def test_every_button_there_is_was_meant() -> None:
    """The two areas that the user actor carries out itself are fuzzed over HTTP; the rest is in the table above."""
    assert {answer_buttons.AREA, STOP_AREA}.isdisjoint(BUTTONS)
    assert len(BUTTONS) >= 10
