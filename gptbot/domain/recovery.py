"""How data.json and data.db become one truth at start (DESIGN §5). Pure: the edges read both, this decides.

data.json carries the journal's id and the last change it contains (`seq`); data.db has the changes since. Whatever
doesn't fit together that way is refused with the words that accept it, because guessing could lose somebody's money.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import orjson

from gptbot.domain.book import Book
from gptbot.domain.importing import Imported
from gptbot.domain.records import PURSES, Account, admin_account
from gptbot.domain.rows import JournalRow, LedgerRow
from gptbot.domain.transaction import apply_patch

ACCEPT = "To go on with data.json as it is, start once with --accept-data."


class Disagreement(Exception):
    """data.json and data.db don't belong together; the text tells the operator what is known and how to decide."""


@dataclass(frozen=True, slots=True)
class Journal:
    """What data.db knows: its id (None: a new file), what it has already handed to data.json, and what came since."""

    id: str | None
    kept_seq: int
    last_seq: int
    patches: Sequence[JournalRow]


@dataclass(slots=True)
class Recovered:
    """The truth to start from. `imported`: the file is the first bot's, keep the original; `seq` goes on from here."""

    book: Book
    journal: str
    seq: int
    imported: bool


def reconcile(file: Imported | None, journal: Journal, *, new_id: str, accept: bool) -> Recovered:
    """Raises Disagreement, unless `accept` takes data.json as it is."""
    if file is None:
        if journal.id is not None and not accept:
            raise Disagreement(
                "data.json is missing, but data.db has been in use: put a backup of data.json in its place. " + ACCEPT
            )
        return Recovered(Book(), journal.id or new_id, journal.last_seq, imported=False)
    problem = _disagreement(file, journal)
    if problem and not accept:
        raise Disagreement(f"{problem} {ACCEPT}")
    if not problem:
        for row in journal.patches:
            if row.seq > file.seq:
                _apply(file, row)
    return Recovered(
        Book.of(file.accounts, file.totals),
        journal.id or file.journal or new_id,
        max(file.seq, journal.last_seq),
        imported=file.journal is None,
    )


def _disagreement(file: Imported, journal: Journal) -> str:
    if journal.id is None:
        return ""
    if file.journal != journal.id:
        return 'data.json and the data.db beside it belong to different bots, or data.json lost its mark in "global".'
    if file.seq < journal.kept_seq:
        return (
            f"data.json is older than data.db (a restored backup?): changes {file.seq + 1} to {journal.kept_seq}"
            " are in neither of them."
        )
    if file.seq > journal.last_seq:
        return "data.db is older than data.json (a restored copy?): it would answer old questions again."
    return ""


def _apply(file: Imported, row: JournalRow) -> None:
    apply_patch(file.accounts, file.totals, row.user, orjson.loads(row.patch))


def add_admins(book: Book, admins: Sequence[int], now: int) -> set[int]:
    """Entries for admins who have none (SPEC §3); their ids. Who was blocked before they became one is no longer."""
    missing = {admin for admin in admins if admin not in book.accounts}
    for admin in missing:
        book.accounts[admin] = admin_account(now)
    for admin in admins:
        book.accounts[admin].blocked = False
    return missing


def forget_again(book: Book, forgotten: Collection[int], sums: Mapping[int, Mapping[str, int]]) -> int:
    """Takes out whom an older data.json (a restored backup) brings back although they are `forgotten` (pseudonyms).

    What they left is as the ledger has it, unless the file knows better. Returns how many they were.
    """
    if not forgotten:
        return 0
    back = {user: hidden for user in book.accounts if (hidden := book.pseudonym(user)) in forgotten}
    for user, hidden in back.items():
        account = book.accounts.pop(user)
        if book.usernames.get(account.username.lower()) == user:
            del book.usernames[account.username.lower()]
        if hidden not in book.kept:
            left = book.kept[hidden] = Account(blocked=account.blocked)
            for purse in PURSES:
                setattr(left, purse, sums.get(hidden, {}).get(purse, 0))
    if back:
        for account in book.accounts.values():
            if account.referrer in back:
                account.referrer = None
        renewed = Book.of(book.accounts, book.totals)
        book.usernames, book.referrals = renewed.usernames, renewed.referrals
    return len(back)


def unbooked(book: Book, sums: Mapping[int, Mapping[str, int]], *, reason: str, seq: int, now: int) -> list[LedgerRow]:
    """Ledger rows for what the purses hold beyond the ledger: hand edits, an import, a restored file."""
    booked = []
    for user, account in (*book.accounts.items(), *book.kept.items()):
        held = sums.get(user, {})
        for purse in PURSES:
            difference = getattr(account, purse) - held.get(purse, 0)
            if difference:
                key = f"{reason}:{seq}:{now}:{user}:{purse}"
                booked.append(LedgerRow(key, user, purse, difference, reason, now))
    for user, purses in sums.items():
        if book.entry(user) is None:  # the whole entry was taken out by hand
            booked += [
                LedgerRow(f"{reason}:{seq}:{now}:{user}:{purse}", user, purse, -amount, reason, now)
                for purse, amount in purses.items()
                if amount
            ]
    return booked
