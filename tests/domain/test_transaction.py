"""A transaction is made whole or not at all, and its journal tells the same story as the image (DESIGN §5)."""

import copy
from collections.abc import Callable, Sequence

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptbot.domain import outgoing
from gptbot.domain.book import Book, DialogKey
from gptbot.domain.importing import read_account
from gptbot.domain.outgoing import Text
from gptbot.domain.records import AMOUNT_MAX, COUNTERS, PURSES, Account, Counter, Totals, to_json
from gptbot.domain.rows import GLOBAL, DialogGone, InboxDone, JournalRow, LedgerRow, OutboxRow
from gptbot.domain.rules import Purse
from gptbot.domain.transaction import Counters, Transaction, apply_patch
from gptbot.domain.updates import Person, Place

NOW = 1_800_000_000
Step = Callable[[Transaction], object]


def first_book() -> Book:
    accounts = {
        1: Account(balance=10, username="Ann", name="Ann"),
        2: Account(balance=20, username="bob", referrer=1, requests=3),
        3: Account(referrer=9),
    }
    book = Book.of(accounts, Totals(requests=3))
    Transaction(book, Counters(), NOW).save_dialog(DialogKey(1, 1, 0), "t", {"state": "asking"})
    return book


# --- random transactions ---------------------------------------------------------------------------------------------

users = st.integers(1, 5)
usernames = st.sampled_from(["", "ann", "ANN", "Bob", "cat"])
amounts = st.integers(-1000, 1000) | st.sampled_from([AMOUNT_MAX, -AMOUNT_MAX, 10**30])
dialog_keys = st.builds(DialogKey, users, users, st.integers(0, 1))


def _register(user: int, username: str, referrer: int | None, balance: int) -> Step:
    return lambda tx: tx.register(user, Account(username=username, referrer=referrer, balance=balance))


def _meet(user: int, username: str, language: str | None) -> Step:
    return lambda tx: tx.meet(Person(user, f"name of {username}", username or None, language))


def _set(user: int, username: str, prompt: str | None, blocked: bool) -> Step:
    return lambda tx: tx.set(user, username=username, prompt=prompt, blocked=blocked)


def _count(user: int, counter: Counter, amount: int) -> Step:
    return lambda tx: tx.count(user, counter, amount)


def _book(user: int, purse: Purse, amount: int) -> Step:
    return lambda tx: tx.book_purse(user, purse, amount, reason="test", key=f"{id(tx)}:{user}:{amount}")


def _save(key: DialogKey, state: str) -> Step:
    return lambda tx: tx.save_dialog(key, "token", {"state": state})


def _end(key: DialogKey) -> Step:
    return lambda tx: tx.end_dialog(key)


def _forget(user: int) -> Step:
    return lambda tx: tx.forget(user, 1)


def _come_back(user: int, username: str) -> Step:
    def step(tx: Transaction) -> None:
        if tx.book.left_of(user) is not None:
            tx.welcome_back(user, Account(username=username), key=f"{id(tx)}:{user}")

    return step


steps = st.lists(
    st.one_of(
        st.builds(_register, users, usernames, st.none() | users, st.integers(-5, 5)),
        st.builds(_meet, users, usernames, st.sampled_from([None, "ru"])),
        st.builds(_set, users, usernames, st.sampled_from([None, "p"]), st.booleans()),
        st.builds(_count, users, st.sampled_from(COUNTERS), amounts),
        st.builds(_book, users, st.sampled_from(PURSES), amounts),
        st.builds(_save, dialog_keys, st.sampled_from(["a", "b"])),
        st.builds(_end, dialog_keys),
        st.builds(_forget, users),
        st.builds(_come_back, users, usernames),
    ),
    max_size=25,
)


def run(tx: Transaction, steps: Sequence[Step]) -> bool:
    """False when a step was refused, as storage would then undo everything."""
    try:
        for step in steps:
            step(tx)
    except (ValueError, KeyError):
        return False
    return True


@given(steps=steps)
def test_undo_restores_the_book_exactly(steps: list[Step]) -> None:
    book = first_book()
    before = copy.deepcopy(book)
    tx = Transaction(book, Counters(), NOW)
    run(tx, steps)
    tx.undo()
    assert book == before


@given(transactions=st.lists(steps, max_size=4))
def test_transactions_undone_in_reverse_order_leave_no_trace(transactions: list[list[Step]]) -> None:
    book = first_book()
    before = copy.deepcopy(book)
    made = []
    for steps in transactions:
        made.append(Transaction(book, Counters(), NOW))
        run(made[-1], steps)
    for tx in reversed(made):
        tx.undo()
    assert book == before


@given(transactions=st.lists(steps, max_size=6))
def test_the_journal_makes_the_same_accounts_and_totals(transactions: list[list[Step]]) -> None:
    book, counters = first_book(), Counters()
    accounts, totals = copy.deepcopy(book.accounts), copy.deepcopy(book.totals)
    numbers = []
    for steps in transactions:
        tx = Transaction(book, counters, NOW)
        if not run(tx, steps):
            tx.undo()
            continue
        for row in tx.rows():
            if isinstance(row, JournalRow):
                numbers.append(row.seq)
                apply_patch(accounts, totals, row.user, orjson.loads(row.patch))
    assert accounts == book.accounts | book.kept
    assert totals == book.totals
    assert numbers == sorted(set(numbers))


@given(transactions=st.lists(steps, max_size=6))
def test_the_indexes_are_those_of_a_fresh_start(transactions: list[list[Step]]) -> None:
    book = first_book()
    for steps in transactions:
        tx = Transaction(book, Counters(), NOW)
        if not run(tx, steps):
            tx.undo()
    fresh = Book.of(book.accounts, book.totals)
    assert book.usernames == fresh.usernames
    assert book.referrals == fresh.referrals


@given(steps=steps)
def test_every_changed_account_is_named_as_touched(steps: list[Step]) -> None:
    book = first_book()
    before = copy.deepcopy(book.accounts)
    tx = Transaction(book, Counters(), NOW)
    run(tx, steps)
    after = book.accounts | book.kept
    assert {user for user in after.keys() | before.keys() if after.get(user) != before.get(user)} <= tx.touched


# --- usernames -------------------------------------------------------------------------------------------------------


def test_a_username_is_found_in_any_case() -> None:
    """The first bot compared usernames letter by letter."""
    book = first_book()
    assert [book.find(who) for who in ("ann", "@ANN", " @Ann ", "Ann", "1", "@nobody", "", "@", "77", "-1", "٣")] == [
        1, 1, 1, 1, 1, None, None, None, None, None, None,
    ]  # fmt: skip


def test_a_username_that_moved_belongs_to_its_newest_owner() -> None:
    book = first_book()
    tx = Transaction(book, Counters(), NOW)
    tx.meet(Person(2, "Bob", "ann"))
    assert book.find("@Ann") == 2
    assert book.find("@bob") is None
    assert (book.accounts[1].username, book.accounts[2].username) == ("", "ann")
    tx.meet(Person(1, "Ann", "Ann"))
    assert book.find("@ann") == 1
    assert book.accounts[2].username == ""


def test_of_two_who_claim_a_username_in_the_file_the_one_who_shows_up_has_it() -> None:
    book = Book.of({1: Account(username="ann"), 2: Account(username="Ann")}, Totals())
    Transaction(book, Counters(), NOW).meet(Person(1, "", "ann"))
    assert book.find("@ann") == 1
    assert book.accounts[2].username == ""


# --- small rules -----------------------------------------------------------------------------------------------------


def test_what_does_not_change_is_not_written() -> None:
    book = first_book()
    tx = Transaction(book, Counters(), NOW)
    tx.set(1, name="Ann", username="Ann")
    tx.meet(Person(1, "Ann", "Ann"))
    tx.meet(Person(99, "Stranger"))
    tx.end_dialog(DialogKey(7, 7, 0))
    assert tx.rows() == []
    assert tx.touched == set()


def test_nobody_registers_twice() -> None:
    with pytest.raises(ValueError):
        Transaction(first_book(), Counters(), NOW).register(1, Account())


@pytest.mark.parametrize("name", ["balance", "premium_balance", "image_balance", "requests", "cost"])
def test_purses_and_counters_are_never_set(name: str) -> None:
    book = first_book()
    tx = Transaction(book, Counters(), NOW)
    with pytest.raises(ValueError):
        tx.set(1, **{name: 12345})
    assert book == first_book()


def test_a_purse_stays_within_its_bounds() -> None:
    book = first_book()
    with pytest.raises(ValueError):
        Transaction(book, Counters(), NOW).book_purse(1, "balance", AMOUNT_MAX, reason="test", key="k")


def test_a_counter_stops_at_its_bound_and_can_be_read_back() -> None:
    book = first_book()
    tx = Transaction(book, Counters(), NOW)
    tx.count(1, "tokens", 10**30)
    assert book.accounts[1].tokens == book.totals.tokens == AMOUNT_MAX
    assert read_account("1", to_json(book.accounts[1])) == book.accounts[1]


def test_a_counter_goes_into_the_totals_too() -> None:
    book = first_book()
    tx = Transaction(book, Counters(), NOW)
    tx.count(2, "requests", 2)
    assert (book.accounts[2].requests, book.totals.requests) == (5, 5)
    assert {row.user for row in tx.rows() if isinstance(row, JournalRow)} == {2, GLOBAL}


def test_one_commit_holds_the_change_its_ledger_row_what_leaves_and_that_the_update_is_done() -> None:
    tx = Transaction(first_book(), Counters(seq=4, outbox=8), NOW)
    tx.book_purse(1, "balance", -3, reason="answer", key="77:answer")
    row_id = tx.send(outgoing.message(Place(1), Text("hello")), after={"turn": 5}, settles=77)
    tx.send(outgoing.message(Place(1), Text("more")), group=row_id)
    tx.done(77)
    rows = tx.rows()
    assert LedgerRow("77:answer", 1, "balance", -3, "answer", NOW) in rows
    assert InboxDone(NOW, 77) in rows
    assert JournalRow(5, 1, b'{"+":{"balance":-3}}') in rows
    first, second = (row for row in rows if isinstance(row, OutboxRow))
    assert (first.id, first.group, first.after, first.settles) == (9, 9, b'{"turn":5}', 77)
    assert (second.id, second.group, second.after, second.settles) == (10, 9, None, None)
    assert tx.outbox == [first, second]


def test_the_end_of_a_dialog_is_written() -> None:
    tx = Transaction(first_book(), Counters(), NOW)
    tx.end_dialog(DialogKey(1, 1, 0))
    assert tx.rows() == [DialogGone(1, 1, 0)]


@pytest.mark.parametrize(
    ("entry", "changes", "expected"),
    [
        ({"last_request": "some day"}, {}, {"last_request": "some day"}),
        (
            {"last_request": "some day"},
            {"last_request": "2027-01-15 08:00:00"},
            {"last_request": "2027-01-15 08:00:00"},
        ),
        ({"language": "de"}, {}, {"language": "de"}),
        ({"language": "de"}, {"language": "ru"}, {"language": "ru"}),
        ({"model": "gpt9", "mine": 1}, {"model": "premium"}, {"model": "premium", "mine": 1}),
    ],
)
def test_a_value_that_nobody_understood_is_kept_until_a_good_one_comes(
    entry: dict[str, object], changes: dict[str, object], expected: dict[str, object]
) -> None:
    account = read_account("5", entry)
    for name, value in changes.items():
        setattr(account, name, value)
    assert expected.items() <= to_json(account).items()
