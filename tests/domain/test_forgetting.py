"""Who is forgotten leaves purses and block under a keyed hash, and coming back mints nothing (SPEC §4)."""

import re
from collections import defaultdict

import orjson
from hypothesis import given
from hypothesis import strategies as st

from gptbot.domain.accounts import (
    BlockOutcome,
    FavorDecision,
    Joined,
    ask_favor,
    block,
    decide_favor,
    refill,
    register,
    unblock,
)
from gptbot.domain.book import Book, DialogKey
from gptbot.domain.document import Document
from gptbot.domain.importing import read_document
from gptbot.domain.pseudonyms import HIGHEST, is_pseudonym, pseudonym
from gptbot.domain.records import PURSES, Account, Totals, to_json
from gptbot.domain.recovery import forget_again
from gptbot.domain.rows import JournalRow, LedgerRow, PersonForgotten
from gptbot.domain.transaction import Counters, Transaction, apply_patch
from gptbot.domain.updates import Person
from tests.commands.making_account import NOW, RULES

KEY = bytes(range(32))
ANN, BOB, CAT = 101, 102, 103


class Bank:
    """A book with its ledger, as data.db keeps it."""

    def __init__(self, *people: int) -> None:
        self.book = Book(key=KEY)
        self.counters = Counters()
        self.ledger: list[tuple[int, str, int]] = []
        self.updates = 0
        for user in people:
            self.start(user)

    def start(self, user: int, referrer: int | None = None) -> Joined | None:
        tx = self._tx()
        joined = register(tx, Person(user, f"User {user}"), RULES, referrer=referrer, key=str(self.updates))
        self._commit(tx)
        return joined

    def forget(self, user: int) -> None:
        tx = self._tx()
        tx.forget(user, self.updates)
        self._commit(tx)

    def spend(self, user: int, amount: int) -> None:
        tx = self._tx()
        tx.book_purse(user, "balance", -amount, reason="answer", key=f"{self.updates}:answer")
        self._commit(tx)

    def balance(self, user: int) -> int:
        return self.book.accounts[user].balance

    @property
    def money(self) -> int:
        return sum(account.balance for account in (self.book.accounts | self.book.kept).values())

    def check(self) -> None:
        sums: dict[tuple[int, str], int] = defaultdict(int)
        for user, purse, amount in self.ledger:
            sums[user, purse] += amount
        for user, account in (self.book.accounts | self.book.kept).items():
            for purse in PURSES:
                assert sums.pop((user, purse), 0) == getattr(account, purse)
        assert not any(sums.values())

    def _tx(self) -> Transaction:
        self.updates += 1
        return Transaction(self.book, self.counters, NOW)

    def _commit(self, tx: Transaction) -> None:
        for row in tx.rows():
            if isinstance(row, PersonForgotten):
                moved = {row.user: row.pseudonym}
                self.ledger = [(moved.get(user, user), purse, amount) for user, purse, amount in self.ledger]
            elif isinstance(row, LedgerRow):
                self.ledger.append((row.user, row.purse, row.amount))


def test_what_is_left_is_purses_and_block_and_nothing_else() -> None:
    bank = Bank(ANN)
    bank.book.accounts[ANN].prompt = "secret"
    bank.forget(ANN)
    assert ANN not in bank.book.accounts
    (left,) = bank.book.kept.values()
    assert left == Account(balance=30_000)


def test_coming_back_gives_what_was_left_and_no_bonus() -> None:
    bank = Bank(ANN, BOB)
    bank.spend(ANN, 12_345)
    bank.forget(ANN)
    assert bank.start(ANN, referrer=BOB) == Joined(back=True)
    assert (bank.balance(ANN), bank.balance(BOB)) == (30_000 - 12_345, 30_000)
    assert bank.book.accounts[ANN].referrer is None
    bank.check()


def test_debts_are_kept_too() -> None:
    bank = Bank(ANN)
    bank.spend(ANN, 30_100)
    bank.forget(ANN)
    bank.start(ANN)
    assert bank.balance(ANN) == -100


def test_who_left_nothing_comes_back_to_nothing_also_by_the_journal() -> None:
    bank = Bank(ANN)
    bank.spend(ANN, 30_000)
    tx = Transaction(bank.book, bank.counters, NOW)
    tx.forget(ANN, 1)
    accounts = {ANN: Account()}
    for row in tx.rows():
        if isinstance(row, JournalRow):
            apply_patch(accounts, Totals(), row.user, orjson.loads(row.patch))
    assert accounts == bank.book.kept


def test_the_forgotten_persons_link_mints_nothing_and_nobody_refers_to_them() -> None:
    bank = Bank(ANN)
    bank.start(BOB, referrer=ANN)
    bank.forget(ANN)
    assert bank.book.accounts[BOB].referrer is None
    assert bank.start(CAT, referrer=ANN) == Joined()
    bank.forget(BOB)
    assert bank.book.referrals == {}


def test_blocked_stays_blocked() -> None:
    bank = Bank(ANN)
    bank.book.accounts[ANN].blocked = True
    bank.forget(ANN)
    assert bank.book.is_blocked(ANN)
    bank.start(ANN)
    assert bank.book.accounts[ANN].blocked


def test_a_forgotten_person_can_be_blocked_and_unblocked_by_their_pseudonym() -> None:
    bank = Bank(ANN)
    bank.forget(ANN)
    left = bank.book.find_left(f" {ANN} ")
    assert left is not None
    tx = Transaction(bank.book, bank.counters, NOW)
    assert block(tx, left, RULES) is BlockOutcome.DONE
    assert bank.book.is_blocked(ANN)
    assert unblock(tx, left) is BlockOutcome.DONE
    assert not bank.book.is_blocked(ANN)
    assert bank.book.find_left(str(BOB)) is None


def test_a_pending_favour_a_dialog_and_permits_go() -> None:
    bank = Bank(ANN)
    bank.spend(ANN, 29_000)
    tx = Transaction(bank.book, bank.counters, NOW)
    assert ask_favor(tx, ANN, RULES) == 1
    tx.save_dialog(DialogKey(ANN, -5, 0), "t", {})
    tx.permit(-5, "waiting", request=1, by=ANN, name="Ann")
    tx.permit(-6, "waiting", request=2, by=BOB, name="Bob")
    tx.permit(BOB, "waiting", request=3, name="Bob", referrer=ANN)
    tx.forget(ANN, 9)
    assert not bank.book.dialogs
    assert list(bank.book.permits) == [-6, BOB]
    assert bank.book.permits[BOB].details == {"request": 3, "name": "Bob", "referrer": None}
    decided = decide_favor(tx, ANN, 1, granted=True, economy=RULES.economy, key="9")
    assert decided is FavorDecision.DECIDED_BEFORE


def test_an_admin_of_later_days_who_was_forgotten_before_loses_nothing() -> None:
    bank = Bank(CAT)
    bank.forget(CAT)
    bank.book.accounts[CAT] = Account(balance=5)
    bank.ledger.append((CAT, "balance", 5))
    bank.forget(CAT)
    bank.start(CAT)
    assert bank.balance(CAT) == 30_005
    bank.check()


@given(
    st.lists(
        st.tuples(st.sampled_from(["start", "forget", "spend", "refill"]), st.integers(11, 13), st.integers(11, 14)),
        max_size=40,
    )
)
def test_forgetting_and_coming_back_mint_nothing_however_often(steps: list[tuple[str, int, int]]) -> None:
    """Money comes from a first start, its bonus and refills alone; and each ledger sums up to its purse."""
    bank, known, expected = Bank(), set[int](), 0
    for what, user, other in steps:
        present = user in bank.book.accounts
        if what == "start":
            joined = bank.start(user, referrer=other)
            if user not in known:
                assert joined is not None
                expected += RULES.economy.new_user_balance + 2 * joined.bonus
                known.add(user)
            elif joined is not None:
                assert joined == Joined(back=True)
        elif present and what == "forget":
            bank.forget(user)
        elif present and what == "spend":
            bank.spend(user, 100 * other)
            expected -= 100 * other
        elif present:
            tx = Transaction(bank.book, bank.counters, NOW)
            refill(tx, user, "balance", other, key=f"r{len(bank.ledger)}")
            bank.ledger += [(row.user, row.purse, row.amount) for row in tx.rows() if isinstance(row, LedgerRow)]
            expected += other
        assert bank.money == expected
        bank.check()


# --- the pseudonym ---------------------------------------------------------------------------------------------------


@given(st.integers(1, 2**52), st.binary(min_size=32, max_size=32))
def test_a_pseudonym_is_no_id_of_telegram_and_fits_into_64_bits(user: int, key: bytes) -> None:
    hidden = pseudonym(key, user)
    assert -(2**63) < hidden <= HIGHEST
    assert is_pseudonym(hidden)
    assert not is_pseudonym(-user)
    assert not is_pseudonym(user)


def test_another_key_makes_another_pseudonym() -> None:
    assert pseudonym(KEY, ANN) == pseudonym(KEY, ANN)
    assert pseudonym(KEY, ANN) != pseudonym(b"x" * 32, ANN)
    assert pseudonym(KEY, ANN) != pseudonym(KEY, BOB)


def test_data_json_carries_the_kept_and_the_key_and_reads_them_again() -> None:
    bank = Bank(ANN, BOB)
    bank.forget(ANN)
    document = b"{" + b",".join(Document(bank.book, {}, "J").pieces(7)) + b"}"
    assert not re.search(rb"\b101\b", document)
    imported = read_document(orjson.loads(document))
    assert imported.key == KEY.hex()
    again = Book.of(imported.accounts, imported.totals)
    assert again.kept == bank.book.kept
    assert again.accounts == bank.book.accounts


def test_only_what_the_bot_wrote_is_a_pseudonym() -> None:
    document: dict[str, object] = {
        "global": {},
        "-100123": {},
        "-9223372036854775808": {},
        str(HIGHEST + 1): {},
        str(HIGHEST): {},
    }
    imported = read_document(document)
    assert list(imported.accounts) == [HIGHEST]
    assert len(imported.others) == 3


# --- an older data.json ----------------------------------------------------------------------------------------------


def test_an_older_file_brings_nobody_back() -> None:
    people = {ANN: Account(balance=9, username="ann", blocked=True), BOB: Account(referrer=ANN)}
    book = Book.of(people, Totals())
    book.key = KEY
    hidden = pseudonym(KEY, ANN)
    assert forget_again(book, {hidden}, {hidden: {"balance": 7}}) == 1
    assert list(book.accounts) == [BOB]
    assert to_json(book.kept[hidden])["balance"] == 7
    assert book.is_blocked(ANN)
    assert book.find("@ann") is None
    assert book.accounts[BOB].referrer is None
    assert forget_again(book, {hidden}, {}) == 0
