"""The rules of registration, bonuses, favours and refills (SPEC §4, §7); DESIGN §8.5: the ledger explains the purse."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptbot.domain.accounts import (
    BlockOutcome,
    FavorDecision,
    FavorRefusal,
    Joined,
    RefillRefusal,
    Standing,
    ask_favor,
    block,
    can_afford,
    credit,
    decide_favor,
    refill,
    register,
    standing,
    streaming,
    switch_model,
    unblock,
)
from gptbot.domain.book import Book, DialogKey
from gptbot.domain.records import AMOUNT_MAX, PURSES, Account, Totals, admin_account
from gptbot.domain.rows import DialogGone, LedgerRow
from gptbot.domain.rules import Economy, ModelSpec, Purse, Rules, Streaming
from gptbot.domain.transaction import Counters, Transaction
from gptbot.domain.updates import Person

NOW = 1_800_000_000
ADMIN, ANN, BOB = 1, 10, 11
MODEL = ModelSpec("m", 1000, 0.1, 0.01, 0.5)
RULES = Rules(admins=(ADMIN,), basic=MODEL, premium=MODEL, image_model="i", image_price=0.01)
ECONOMY = RULES.economy


def transaction(book: Book | None = None) -> Transaction:
    return Transaction(Book() if book is None else book, Counters(), NOW)


def join(tx: Transaction, user: int, referrer: int | None = None, rules: Rules = RULES) -> Joined | None:
    return register(tx, Person(user, f"User {user}"), rules, referrer=referrer, key=f"{user}")


def ledger(tx: Transaction) -> list[LedgerRow]:
    return [row for row in tx.rows() if isinstance(row, LedgerRow)]


def in_need(user: int = ANN) -> Transaction:
    """A transaction on a book with one user who has next to nothing."""
    return transaction(Book.of({user: Account(balance=1)}, Totals()))


# --- registration ----------------------------------------------------------------------------------------------------


def test_registration_gives_the_starting_balances() -> None:
    tx = transaction()
    rules = replace(RULES, economy=Economy(5, 6, 7))
    assert join(tx, ANN, rules=rules) == Joined()
    account = tx.book.accounts[ANN]
    assert [account.balance, account.premium_balance, account.image_balance] == [5, 6, 7]
    assert account.joined == account.last_request == "2027-01-15 08:00:00"
    assert {(row.purse, row.amount) for row in ledger(tx)} == {
        ("balance", 5),
        ("premium_balance", 6),
        ("image_balance", 7),
    }


def test_registration_keeps_how_telegram_names_the_person() -> None:
    tx = transaction()
    register(tx, Person(ANN, "Ann <b>", "Ann_1", "ru"), RULES, referrer=None, key="1")
    account = tx.book.accounts[ANN]
    assert (account.name, account.username, account.telegram_language) == ("Ann <b>", "Ann_1", "ru")
    assert tx.book.find("@aNN_1") == ANN


def test_an_admin_without_entry_gets_the_admins_purses() -> None:
    tx = transaction()
    assert join(tx, ADMIN) == Joined()
    account = tx.book.accounts[ADMIN]
    assert [account.balance, account.premium_balance, account.image_balance] == [777777, 77777, 777]


def test_whoever_is_known_stays_as_they_are() -> None:
    tx = transaction(Book.of({ANN: Account(balance=3, name="Old")}, Totals()))
    assert join(tx, ANN) is None
    assert tx.book.accounts[ANN] == Account(balance=3, name="Old")
    assert tx.rows() == []


def test_a_friends_link_pays_both() -> None:
    tx = transaction(Book.of({ANN: Account(balance=1)}, Totals()))
    assert join(tx, BOB, ANN) == Joined(ANN, ECONOMY.referral_bonus)
    assert tx.book.accounts[ANN].balance == 1 + ECONOMY.referral_bonus
    assert tx.book.accounts[BOB].balance == ECONOMY.new_user_balance + ECONOMY.referral_bonus
    assert tx.book.accounts[BOB].referrer == ANN
    assert tx.book.referrals == {ANN: 1}


def test_no_referral_credit_before_registration() -> None:
    """The first bot credited the referrer before the newcomer was saved."""
    tx = transaction(Book.of({ANN: Account()}, Totals()))
    join(tx, BOB, ANN)
    tx.undo()
    assert BOB not in tx.book.accounts
    assert tx.book.accounts[ANN].balance == 0
    assert tx.book.referrals == {}


def test_no_referral_credit_twice() -> None:
    tx = transaction(Book.of({ANN: Account(), 12: Account()}, Totals()))
    join(tx, BOB, ANN)
    assert join(tx, BOB, ANN) is None
    assert join(tx, BOB, 12) is None
    assert tx.book.accounts[ANN].balance == ECONOMY.referral_bonus
    assert tx.book.accounts[12].balance == 0


def test_no_referral_credit_for_oneself() -> None:
    tx = transaction()
    assert join(tx, ANN, ANN) == Joined()
    assert tx.book.accounts[ANN].balance == ECONOMY.new_user_balance
    assert tx.book.accounts[ANN].referrer is None


@pytest.mark.parametrize("referrer", [None, 999, 2**63 - 1, 12])
def test_no_referral_credit_by_an_unknown_or_blocked_referrer(referrer: int | None) -> None:
    tx = transaction(Book.of({12: Account(blocked=True)}, Totals()))
    assert join(tx, BOB, referrer) == Joined()
    assert tx.book.accounts[BOB].referrer is None
    assert tx.book.accounts[12].balance == 0


def test_without_a_bonus_the_friend_is_counted_all_the_same() -> None:
    tx = transaction(Book.of({ANN: Account()}, Totals()))
    rules = replace(RULES, economy=Economy(referral_bonus=0))
    assert join(tx, BOB, ANN, rules) == Joined(ANN, 0)
    assert tx.book.referrals == {ANN: 1}
    assert [row.user for row in ledger(tx)] == [BOB]


def test_whoever_was_taken_out_of_the_file_by_hand_can_register_again() -> None:
    first, second = transaction(), transaction()
    register(first, Person(ANN, "Ann"), RULES, referrer=None, key="100")
    register(second, Person(ANN, "Ann"), RULES, referrer=None, key="200")
    assert not {row.key for row in ledger(first)} & {row.key for row in ledger(second)}


# --- favours ---------------------------------------------------------------------------------------------------------


def test_a_favour_is_asked_only_below_the_limit() -> None:
    tx = transaction(
        Book.of({ANN: Account(balance=ECONOMY.favor_min_limit), BOB: Account(balance=9_999)}, Totals()),
    )
    assert ask_favor(tx, ANN, RULES) is FavorRefusal.ENOUGH
    assert ask_favor(tx, BOB, RULES) == 1
    assert tx.book.accounts[BOB].favor_pending


def test_one_favour_at_a_time() -> None:
    tx = in_need()
    assert ask_favor(tx, ANN, RULES) == 1
    assert ask_favor(tx, ANN, RULES) is FavorRefusal.PENDING
    assert tx.book.accounts[ANN].favors == 1


def test_an_admin_needs_no_favours() -> None:
    assert ask_favor(in_need(ADMIN), ADMIN, RULES) is FavorRefusal.ADMIN


def test_yes_pays_and_no_does_not() -> None:
    for granted, decision, amount in (
        (True, FavorDecision.GRANTED, ECONOMY.favor_amount),
        (False, FavorDecision.DENIED, 0),
    ):
        tx = in_need()
        ask_favor(tx, ANN, RULES)
        assert decide_favor(tx, ANN, 1, granted=granted, economy=ECONOMY, key="9") is decision
        assert tx.book.accounts[ANN].balance == 1 + amount
        assert not tx.book.accounts[ANN].favor_pending


@pytest.mark.parametrize("second", [True, False])
def test_a_double_tap_on_a_favour_does_not_pay_twice(second: bool) -> None:
    tx = in_need()
    ask_favor(tx, ANN, RULES)
    decide_favor(tx, ANN, 1, granted=True, economy=ECONOMY, key="9")
    assert decide_favor(tx, ANN, 1, granted=second, economy=ECONOMY, key="10") is FavorDecision.DECIDED_BEFORE
    assert tx.book.accounts[ANN].balance == 1 + ECONOMY.favor_amount


def test_an_old_message_does_not_decide_a_newer_request() -> None:
    tx = in_need()
    ask_favor(tx, ANN, RULES)
    decide_favor(tx, ANN, 1, granted=False, economy=ECONOMY, key="9")
    assert ask_favor(tx, ANN, RULES) == 2
    assert decide_favor(tx, ANN, 1, granted=True, economy=ECONOMY, key="10") is FavorDecision.DECIDED_BEFORE
    assert tx.book.accounts[ANN].favor_pending


def test_nothing_is_decided_about_a_stranger_or_about_what_nobody_asked() -> None:
    tx = in_need()
    assert decide_favor(tx, 99, 1, granted=True, economy=ECONOMY, key="9") is FavorDecision.DECIDED_BEFORE
    assert decide_favor(tx, ANN, 0, granted=True, economy=ECONOMY, key="9") is FavorDecision.DECIDED_BEFORE


def test_a_blocked_user_gets_no_favour() -> None:
    tx = in_need()
    ask_favor(tx, ANN, RULES)
    block(tx, ANN, RULES)
    assert decide_favor(tx, ANN, 1, granted=True, economy=ECONOMY, key="9") is FavorDecision.BLOCKED
    assert tx.book.accounts[ANN].balance == 1
    assert decide_favor(tx, ANN, 1, granted=False, economy=ECONOMY, key="9") is FavorDecision.DENIED


# --- refills, blocks, models -----------------------------------------------------------------------------------------


def test_a_refill_adds_and_takes_away() -> None:
    tx = in_need()
    assert refill(tx, ANN, "balance", 10, key="1") == 11
    assert refill(tx, ANN, "balance", -20, key="2") == -9
    assert refill(tx, ANN, "image_balance", 3, key="3") == 3
    assert [(row.amount, row.reason) for row in ledger(tx)] == [(10, "refill"), (-20, "refill"), (3, "refill")]


@pytest.mark.parametrize("amount", [AMOUNT_MAX, AMOUNT_MAX + 1, -(AMOUNT_MAX + 2), 10**30, -(10**30)])
def test_a_refill_that_leaves_the_bounds_is_refused(amount: int) -> None:
    tx = in_need()
    assert refill(tx, ANN, "balance", amount, key="1") is RefillRefusal.OUT_OF_BOUNDS
    assert tx.book.accounts[ANN].balance == 1
    assert tx.rows() == []


def test_a_refill_of_a_stranger_or_of_nothing_is_refused() -> None:
    tx = in_need()
    assert refill(tx, 99, "balance", 5, key="1") is RefillRefusal.UNKNOWN_USER
    assert refill(tx, ANN, "balance", 0, key="1") is RefillRefusal.NOTHING


def test_a_gift_stops_at_the_bound() -> None:
    tx = transaction(Book.of({ANN: Account(balance=AMOUNT_MAX - 5)}, Totals()))
    credit(tx, ANN, "balance", 20, reason="favor", key="1")
    credit(tx, ANN, "balance", 20, reason="favor", key="2")
    assert tx.book.accounts[ANN].balance == AMOUNT_MAX
    assert [row.amount for row in ledger(tx)] == [5]


def test_block_blocks_a_registered_user() -> None:
    """The first bot's /block changed nothing for those who were registered."""
    tx = transaction(Book.of({ANN: Account(balance=5, premium_balance=5)}, Totals()))
    assert standing(tx.book.get(ANN)) is Standing.MEMBER
    assert block(tx, ANN, RULES) is BlockOutcome.DONE
    assert standing(tx.book.get(ANN)) is Standing.BLOCKED
    assert not any(can_afford(tx.book.accounts[ANN], purse, is_admin=False) for purse in PURSES)
    assert block(tx, ANN, RULES) is BlockOutcome.ALREADY
    assert unblock(tx, ANN) is BlockOutcome.DONE
    assert unblock(tx, ANN) is BlockOutcome.ALREADY
    assert standing(tx.book.get(ANN)) is Standing.MEMBER


def test_block_ends_the_users_dialogs() -> None:
    tx = transaction(Book.of({ANN: Account(), BOB: Account()}, Totals()))
    for user in (ANN, BOB):
        tx.save_dialog(DialogKey(user, user, 0), "t", {})
    block(tx, ANN, RULES)
    assert list(tx.book.dialogs) == [DialogKey(BOB, BOB, 0)]
    assert DialogGone(ANN, ANN, 0) in tx.rows()


def test_neither_admins_nor_strangers_can_be_blocked() -> None:
    tx = transaction(Book.of({ADMIN: admin_account(NOW)}, Totals()))
    assert block(tx, ADMIN, RULES) is BlockOutcome.ADMIN
    assert block(tx, ANN, RULES) is BlockOutcome.UNKNOWN_USER
    assert unblock(tx, ANN) is BlockOutcome.UNKNOWN_USER
    assert standing(tx.book.get(ANN)) is Standing.STRANGER


@pytest.mark.parametrize(("value", "is_admin", "may"), [(1, False, True), (0, False, False), (-5, True, True)])
def test_a_turn_starts_only_with_a_positive_purse_unless_for_an_admin(value: int, is_admin: bool, may: bool) -> None:
    for purse in PURSES:
        account = Account()
        setattr(account, purse, value)
        assert can_afford(account, purse, is_admin=is_admin) is may


@pytest.mark.parametrize(
    ("own", "owners", "seen"),
    [
        (None, "auto", "auto"), (None, "edits", "edits"), ("off", "auto", "off"), ("off", "edits", "off"),
        (None, "off", "off"), ("auto", "off", "off"), ("edits", "auto", "edits"),
    ],
)  # fmt: skip
def test_how_an_answer_grows_is_ones_own_choice_within_the_owners(
    own: Streaming | None, owners: Streaming, seen: Streaming
) -> None:
    assert streaming(Account(streaming=own), replace(RULES, streaming=owners)) == seen
    assert streaming(None, replace(RULES, streaming=owners)) == owners


def test_the_model_is_switched_to_and_fro_or_to_the_one_named() -> None:
    tx = in_need()
    assert [switch_model(tx, ANN), switch_model(tx, ANN), switch_model(tx, ANN, "basic")] == [
        "premium",
        "basic",
        "basic",
    ]
    assert tx.book.accounts[ANN].model == "basic"


# --- the ledger -------------------------------------------------------------------------------------------------------

users = st.integers(ADMIN, 6)
purses = st.sampled_from(PURSES)
amounts = st.one_of(st.integers(-60_000, 60_000), st.integers(-2 * AMOUNT_MAX, 2 * AMOUNT_MAX))
Step = Callable[[Transaction, str], object]


def _join(user: int, referrer: int | None) -> Step:
    return lambda tx, key: register(tx, Person(user, "x"), RULES, referrer=referrer, key=key)


def _ask(user: int) -> Step:
    return lambda tx, key: ask_favor(tx, user, RULES) if tx.book.get(user) else None


def _decide(user: int, number: int, granted: bool) -> Step:
    return lambda tx, key: decide_favor(tx, user, number, granted=granted, economy=ECONOMY, key=key)


def _refill(user: int, purse: Purse, amount: int) -> Step:
    return lambda tx, key: refill(tx, user, purse, amount, key=key)


def _block(user: int, on: bool) -> Step:
    return lambda tx, key: block(tx, user, RULES) if on else unblock(tx, user)


steps = st.lists(
    st.one_of(
        st.builds(_join, users, st.none() | users),
        st.builds(_ask, users),
        st.builds(_decide, users, st.integers(0, 3), st.booleans()),
        st.builds(_refill, users, purses, amounts),
        st.builds(_block, users, st.booleans()),
    ),
    max_size=40,
)


@given(steps=steps)
def test_whatever_happens_in_whatever_order_the_ledger_explains_every_purse(steps: list[Step]) -> None:
    book, counters, rows = Book(), Counters(), list[LedgerRow]()
    for number, step in enumerate(steps):
        tx = Transaction(book, counters, NOW)
        step(tx, str(number))
        rows += [row for row in tx.rows() if isinstance(row, LedgerRow)]
    sums: dict[tuple[int, str], int] = defaultdict(int)
    for row in rows:
        sums[row.user, row.purse] += row.amount
    held = {(user, purse): getattr(account, purse) for user, account in book.accounts.items() for purse in PURSES}
    assert {place: value for place, value in held.items() if value} == {k: v for k, v in sums.items() if v}
    assert len({row.key for row in rows}) == len(rows)
    assert all(abs(value) <= AMOUNT_MAX for value in held.values())


@given(steps=steps)
def test_nobody_is_paid_for_the_same_friend_twice_or_for_themselves(steps: list[Step]) -> None:
    book, counters = Book(), Counters()
    paid: list[LedgerRow] = []
    for number, step in enumerate(steps):
        tx = Transaction(book, counters, NOW)
        step(tx, str(number))
        paid += [row for row in tx.rows() if isinstance(row, LedgerRow) and row.reason == "referral"]
    came = [account.referrer for account in book.accounts.values() if account.referrer is not None]
    assert sum(book.referrals.values()) == len(came) >= len(paid)
    assert all(user != account.referrer for user, account in book.accounts.items())
