"""data.json and data.db become one truth at start, or the operator is asked (DESIGN §5)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptbot.domain.book import Book
from gptbot.domain.importing import Imported, read_document
from gptbot.domain.records import PURSES, Account, new_account, to_json, totals_to_json
from gptbot.domain.recovery import ACCEPT, Disagreement, Journal, add_admins, reconcile, unbooked
from gptbot.domain.rows import GLOBAL, JournalRow, LedgerRow
from gptbot.domain.transaction import Counters, Transaction

NOW = 1_800_000_000


def patch(seq: int, user: int, **patches: Any) -> JournalRow:
    """`plus` are deltas, `to` are values."""
    names = {"plus": "+", "to": "="}
    return JournalRow(seq, user, orjson.dumps({names[name]: value for name, value in patches.items()}))


def data_file(journal: str | None = "J", seq: int = 10, **users: dict[str, Any]) -> Imported:
    document: dict[str, Any] = {user.removeprefix("u"): entry for user, entry in users.items()}
    document["global"] = {"requests": 1, "tokens": 100}
    if journal is not None:
        document["global"] |= {"journal": journal, "seq": seq}
    return read_document(document)


def journal(*patches: JournalRow, kept: int = 10, last: int | None = None, name: str | None = "J") -> Journal:
    return Journal(name, kept, last if last is not None else max([kept, *(row.seq for row in patches)]), patches)


NEW = Journal(None, 0, 0, ())


def test_a_first_launch_begins_empty_with_a_new_journal() -> None:
    recovered = reconcile(None, NEW, new_id="N", accept=False)
    assert (recovered.book.accounts, recovered.journal, recovered.seq, recovered.imported) == ({}, "N", 0, False)


def test_the_first_bot_s_file_begins_a_journal_and_is_called_imported() -> None:
    recovered = reconcile(data_file(journal=None, u5={"balance": 7}), NEW, new_id="N", accept=False)
    assert recovered.book.accounts[5].balance == 7
    assert (recovered.journal, recovered.seq, recovered.imported) == ("N", 0, True)


def test_a_new_data_db_goes_on_from_what_data_json_says() -> None:
    recovered = reconcile(data_file(seq=44, u5={"balance": 7}), NEW, new_id="N", accept=False)
    assert (recovered.journal, recovered.seq, recovered.imported) == ("J", 44, False)


def test_only_changes_after_the_file_s_are_applied() -> None:
    file = data_file(seq=12, u5={"balance": 100, "requests": 1})
    changes = journal(
        patch(11, 5, plus={"balance": -1000}),
        patch(12, 5, plus={"balance": -1000}, to={"prompt": "old"}),
        patch(13, 5, plus={"balance": -30, "requests": 1}, to={"prompt": "Be short"}),
        patch(14, 6, to={"balance": 500, "name": "Bob", "username": "Bob1", "referrer": 5}),
        patch(14, GLOBAL, plus={"requests": 1, "tokens": 30}),
        patch(15, 6, plus={"balance": -1}),
        kept=10,
    )
    recovered = reconcile(file, changes, new_id="N", accept=False)
    book = recovered.book
    assert (book.accounts[5].balance, book.accounts[5].requests, book.accounts[5].prompt) == (70, 2, "Be short")
    assert (book.accounts[6].balance, book.accounts[6].name) == (499, "Bob")
    assert (book.totals.requests, book.totals.tokens) == (2, 130)
    assert recovered.seq == 15
    assert book.find("@bob1") == 6  # the indexes know what came from the journal
    assert book.referrals == {5: 1}


def test_a_file_that_holds_everything_gets_nothing_twice() -> None:
    changes = journal(patch(11, 5, plus={"balance": -30}), kept=10)
    recovered = reconcile(data_file(seq=11, u5={"balance": 70}), changes, new_id="N", accept=False)
    assert recovered.book.accounts[5].balance == 70


DISAGREEMENTS = [
    pytest.param(None, journal(kept=10), "missing", id="data.json is gone"),
    pytest.param(data_file(journal="other"), journal(), "different bots", id="another bot's data.json"),
    pytest.param(data_file(journal=None), journal(), "lost its mark", id="the first bot's file over a used data.db"),
    pytest.param(data_file(seq=7), journal(kept=10), "changes 8 to 10", id="a restored data.json"),
    pytest.param(data_file(seq=11), journal(kept=10, last=10), "data.db is older", id="a restored data.db"),
]


@pytest.mark.parametrize(("file", "known", "words"), DISAGREEMENTS)
def test_what_does_not_fit_together_is_refused_with_the_words_that_accept_it(
    file: Imported | None, known: Journal, words: str
) -> None:
    with pytest.raises(Disagreement) as caught:
        reconcile(file, known, new_id="N", accept=False)
    assert words in str(caught.value)
    assert str(caught.value).endswith(ACCEPT)


@pytest.mark.parametrize(("file", "known", "words"), DISAGREEMENTS)
def test_accepting_takes_data_json_as_it_is_and_goes_on_above_both(
    file: Imported | None, known: Journal, words: str
) -> None:
    del words
    changes = [patch(known.last_seq, 5, plus={"balance": 1})]
    recovered = reconcile(file, replace(known, patches=changes), new_id="N", accept=True)
    assert recovered.journal == "J"
    assert recovered.seq >= max(known.last_seq, file.seq if file else 0)
    assert recovered.book.accounts == (file.accounts if file else {})


def test_accepting_the_first_bot_s_file_keeps_its_original() -> None:
    assert reconcile(data_file(journal=None), journal(), new_id="N", accept=True).imported


@pytest.mark.parametrize(("file_seq", "kept", "last"), [(10, 10, 10), (10, 8, 12), (12, 10, 12), (0, 0, 0)])
def test_a_file_between_what_was_kept_and_the_last_change_fits(file_seq: int, kept: int, last: int) -> None:
    known = journal(kept=kept, last=last)
    assert reconcile(data_file(seq=file_seq), known, new_id="N", accept=False).seq == last


def test_every_admin_without_an_entry_gets_one() -> None:
    book = Book({5: Account(balance=3)})
    assert add_admins(book, (5, 6), NOW) == {6}
    assert book.accounts[5].balance == 3
    admin = book.accounts[6]
    assert (admin.balance, admin.premium_balance, admin.image_balance) == (777777, 77777, 777)


def test_who_was_blocked_before_they_became_an_admin_is_no_longer() -> None:
    book = Book({5: Account(blocked=True)})
    assert add_admins(book, (5,), NOW) == set()
    assert not book.is_blocked(5)


# --- laws -------------------------------------------------------------------------------------------------------------


def _sums(ledger: Sequence[LedgerRow]) -> dict[int, dict[str, int]]:
    sums: dict[int, dict[str, int]] = {}
    for row in ledger:
        purses = sums.setdefault(row.user, {})
        purses[row.purse] = purses.get(row.purse, 0) + row.amount
    return sums


amounts = st.integers(-(10**6), 10**6)
purses = st.fixed_dictionaries(dict.fromkeys(PURSES, amounts))


@given(
    held=st.dictionaries(st.integers(1, 6), purses),
    booked=st.lists(st.tuples(st.integers(1, 6), st.sampled_from(PURSES), amounts), max_size=12),
)
def test_after_booking_the_unbooked_every_ledger_sums_up_to_its_purse(
    held: dict[int, dict[str, int]], booked: list[tuple[int, str, int]]
) -> None:
    ledger = [LedgerRow(str(n), user, purse, amount, "test", NOW) for n, (user, purse, amount) in enumerate(booked)]
    book = Book({user: Account(**amounts) for user, amounts in held.items()})  # type: ignore[arg-type]  # purses only
    ledger += unbooked(book, _sums(ledger), reason="manual", seq=3, now=NOW)
    sums = _sums(ledger)
    for user in {*sums, *held}:
        for purse in PURSES:
            assert sums.get(user, {}).get(purse, 0) == held.get(user, {}).get(purse, 0)
    assert len({row.key for row in ledger}) == len(ledger)
    assert unbooked(book, sums, reason="manual", seq=4, now=NOW) == []


@given(
    st.lists(
        st.tuples(
            st.integers(1, 3),
            st.sampled_from(["register", "set", "count", "purse", "rename", "forget"]),
            st.integers(-50, 50),
        ),
        max_size=25,
    ),
    st.integers(0, 25),
)
def test_a_file_of_any_moment_and_the_journal_after_it_give_the_last_state(
    steps: list[tuple[int, str, int]], kept: int
) -> None:
    """Whatever happened: a data.json written anywhere on the way, with the rows behind it, is what stood in memory."""
    book, counters = Book(), Counters()
    saved, saved_seq, changes = Book(), 0, list[JournalRow]()
    for number, (user, what, amount) in enumerate(steps):
        tx = Transaction(book, counters, NOW + number)
        _step(tx, user, what, amount)
        changes += [row for row in tx.rows() if isinstance(row, JournalRow)]
        if number == kept:
            saved, saved_seq = _copy(book), counters.seq
    file = Imported(saved.accounts, saved.totals, {}, "J", saved_seq)
    known = Journal("J", min(saved_seq, counters.seq), counters.seq, changes)
    recovered = reconcile(file, known, new_id="N", accept=False).book
    assert recovered.accounts == book.accounts
    assert recovered.kept == book.kept
    assert recovered.totals == book.totals
    assert recovered.usernames == book.usernames


def _step(tx: Transaction, user: int, what: str, amount: int) -> None:
    if what == "register":
        if tx.book.left_of(user) is not None:
            tx.welcome_back(user, new_account(tx.now, {}), key=f"{tx.now}")
        elif user not in tx.book.accounts:
            tx.register(user, new_account(tx.now, {"balance": 100 + amount}))
    elif user not in tx.book.accounts:
        return
    elif what == "set":
        tx.set(user, prompt=f"prompt {amount}", blocked=amount > 0)
    elif what == "forget":
        tx.forget(user, tx.now)
    elif what == "count":
        tx.count(user, "tokens", abs(amount))
    elif what == "purse":
        tx.book_purse(user, "balance", amount, reason="test", key=f"{tx.now}")
    else:
        tx.set(user, username=f"name{amount % 3}")


def _copy(book: Book) -> Book:
    document = {str(user): to_json(account) for user, account in (book.accounts | book.kept).items()}
    imported = read_document(document | {"global": totals_to_json(book.totals)})
    return Book(imported.accounts, imported.totals)
