"""One change of everything, made whole or not at all.

A command or a rule gets a `Transaction`, reads `tx.book` and says what changes; the image in memory changes at once,
the rows are what storage writes in one commit. If the rule raises, or the commit is refused, `undo` takes the image
back to where it was. Runs only inside the storage actor, so what a rule has read can't change under it.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from gptbot.domain import rows
from gptbot.domain.book import Book, Dialog, DialogKey, Permit, PermitState
from gptbot.domain.image import Image
from gptbot.domain.outgoing import Outgoing
from gptbot.domain.records import AMOUNT_MAX, COUNTERS, FIELDS, PURSES, Account, Counter, Totals
from gptbot.domain.rules import Purse
from gptbot.domain.updates import Person

SUMS = frozenset((*PURSES, *COUNTERS))
"""Fields that only deltas change."""


class Counters:
    """Running numbers of rows: the next id of each kind. Gaps are harmless."""

    def __init__(self, seq: int = 0, outbox: int = 0, turn: int = 0, announcement: int = 0, report: int = 0) -> None:
        self.seq = seq
        self.outbox = outbox
        self.turn = turn
        self.announcement = announcement
        self.report = report


class Transaction(Image):
    """`now` is seconds since 1970. Ask for `rows()` once, at the end."""

    def __init__(self, book: Book, counters: Counters, now: int) -> None:
        super().__init__(book)
        self.now = now
        self.outbox: list[rows.OutboxRow] = []
        self._counters = counters
        self._rows: list[rows.Row] = []
        self._deltas: dict[int, dict[str, int]] = {}
        self._values: dict[int, dict[str, Any]] = {}
        self._removed: set[int] = set()

    # --- accounts -------------------------------------------------------------------------------------------------

    def register(self, user: int, account: Account) -> None:
        """A new account. Its purses are booked by `opening` rows of the ledger."""
        if user in self.book.accounts:
            raise ValueError(f"user {user} is registered already")
        self._enter(user, account)
        if account.username:
            self._take_username(user, account.username)
        if account.referrer is not None:
            self._count_referral(account.referrer, 1)

    def set(self, user: int, **values: Any) -> None:
        """Fields that are no sums: name, prompt, model, blocked, … Unchanged values cost nothing."""
        present = self._account(user)
        changed = {name: value for name, value in values.items() if getattr(present, name) != value}
        username = values.get("username")
        if username and self.book.usernames.get(username.lower()) != user:
            changed["username"] = username  # unchanged here, but an older account in the file claims it as well
        if not changed:
            return
        if sums := changed.keys() & SUMS:
            raise ValueError(f"{', '.join(sorted(sums))} are changed by count and book_purse")
        account = self._touch(user)
        for name, value in changed.items():
            if name == "username":
                self._take_username(user, value)
            setattr(account, name, value)
            self._values.setdefault(user, {})[name] = value

    def count(self, user: int, counter: Counter, amount: int) -> None:
        """Adds to a user's counter and to the total of the same name; both stop at AMOUNT_MAX."""
        account = self._touch(user)
        for owner, before in ((user, getattr(account, counter)), (rows.GLOBAL, getattr(self.book.totals, counter))):
            after = max(-AMOUNT_MAX, min(AMOUNT_MAX, before + amount))
            if owner == rows.GLOBAL:
                self._replace_total(counter, after)
            else:
                setattr(account, counter, after)
            self._add(owner, counter, after - before)

    def book_purse(self, user: int, purse: Purse, amount: int, *, reason: str, key: str) -> None:
        """Changes a purse, with its row in the ledger. `key` names the change once for all time."""
        account = self._touch(user)
        value = getattr(account, purse) + amount
        if abs(value) > AMOUNT_MAX:
            raise ValueError(f"purse {purse} of {user} would leave the bounds")
        setattr(account, purse, value)
        self._add(user, purse, amount)
        self._rows.append(rows.LedgerRow(key, user, purse, amount, reason, self.now))

    def opening(self, user: int, purse: Purse, amount: int, *, reason: str, key: str) -> None:
        """Books what an account was registered with: the purse holds it already.

        `key` must be of this registration: whoever was taken out of data.json by hand may register again.
        """
        if amount:
            self._rows.append(rows.LedgerRow(key, user, purse, amount, reason, self.now))

    def meet(self, person: Person) -> None:
        """Notes a known user's present name and username, and that they can be reached."""
        account = self.book.accounts.get(person.id)
        if account is None:
            return
        self.set(
            person.id,
            name=person.name,
            username=person.username or "",
            telegram_language=person.language or account.telegram_language,
            unreachable=False,
        )

    # --- what leaves, and what is finished -------------------------------------------------------------------------

    def send(
        self,
        outgoing: Outgoing,
        *,
        after: Mapping[str, Any] | None = None,
        group: int | None = None,
        settles: int | None = None,
    ) -> int:
        """A message that must arrive; the id of its row, to be the `group` of further ones.

        `after` and `settles`: see `OutboxRow`.
        """
        self._counters.outbox += 1
        row_id = self._counters.outbox
        attachment = outgoing.attachment
        row = rows.OutboxRow(
            row_id,
            outgoing.chat_id,
            row_id if group is None else group,
            outgoing.method,
            orjson.dumps(outgoing.params),
            attachment.field if attachment else None,
            attachment.filename if attachment else None,
            attachment.content if attachment else None,
            orjson.dumps(after) if after is not None else None,
            settles,
            self.now,
        )
        self._rows.append(row)
        self.outbox.append(row)
        return row_id

    def write(self, row: rows.Row) -> None:
        """A row that has no image in memory."""
        self._rows.append(row)

    def done(self, *update_ids: int) -> None:
        """The updates are finished in this very commit."""
        self._rows.extend(rows.InboxDone(self.now, update_id) for update_id in update_ids)

    def pin(self, update_id: int, asked: bytes) -> None:
        """Keeps the settings an unfinished question was asked with, for a replay after a crash."""
        self._rows.append(rows.InboxAsked(asked, update_id))

    def new_turn(self) -> int:
        self._counters.turn += 1
        return self._counters.turn

    def new_announcement(self) -> int:
        self._counters.announcement += 1
        return self._counters.announcement

    def report(self, line: Mapping[str, Any]) -> None:
        """A line for the admin's feed."""
        self._counters.report += 1
        self._rows.append(rows.ReportRow(self._counters.report, orjson.dumps(line)))

    # --- dialogs ----------------------------------------------------------------------------------------------------

    def save_dialog(self, key: DialogKey, token: str, snapshot: Mapping[str, Any]) -> None:
        self._replace_dialog(key, Dialog(token, snapshot, self.now))
        self._rows.append(rows.DialogRow(*key, token, orjson.dumps(snapshot), self.now))

    def end_dialog(self, key: DialogKey) -> None:
        if key in self.book.dialogs:
            self._replace_dialog(key, None)
            self._rows.append(rows.DialogGone(*key))

    # --- who may come in, and groups --------------------------------------------------------------------------------

    def permit(self, who: int, state: PermitState, **details: Any) -> None:
        """Notes where a newcomer or a group stands from now on; what was noted before is replaced."""
        self._replace_permit(who, Permit(state, details, self.now))
        self._rows.append(rows.PermitRow(who, state, orjson.dumps(details), self.now))

    def drop_permit(self, who: int) -> None:
        if who in self.book.permits:
            self._replace_permit(who, None)
            self._rows.append(rows.PermitGone(who))

    def move_chat(self, old: int, new: int) -> None:
        """A group goes on as a supergroup of another id, with all that is kept of it. May be done again."""
        self._rows.append(rows.ChatMoved(old, new))
        for key in [key for key in self.book.dialogs if key.chat_id == old]:
            dialog = self.book.dialogs[key]
            self._replace_dialog(key, None)
            moved = key._replace(chat_id=new)
            if moved not in self.book.dialogs:
                self._replace_dialog(moved, dialog)
        permit = self.book.permits.get(old)
        if permit is not None:
            self._replace_permit(old, None)
            if new not in self.book.permits:
                self._replace_permit(new, permit)

    # --- people who have everything about them deleted ----------------------------------------------------------------

    def forget(self, user: int, update_id: int) -> None:
        """Nothing of this person stays but purses and block, under the pseudonym; all in this one commit."""
        account, book = self.book.accounts[user], self.book
        for key in [key for key in book.dialogs if key.user == user]:
            self.end_dialog(key)
        theirs = [who for who, permit in book.permits.items() if who == user or permit.details.get("by") == user]
        for who in theirs:
            self.drop_permit(who)
        for who, permit in list(book.permits.items()):
            if permit.details.get("referrer") == user:
                self.permit(who, permit.state, **{**permit.details, "referrer": None})
        for invited in list(book.invited_by(user)):
            self.set(invited, referrer=None)
        self._count_referral(user, -book.referrals.get(user, 0))
        if account.referrer is not None:
            self._count_referral(account.referrer, -1)
        username = account.username
        self._claim_username(user, "")
        pseudonym = book.pseudonym(user)
        former = book.kept.get(pseudonym, Account())  # of an admin, whose entry is made at the start and not by /start
        kept = Account(blocked=account.blocked or former.blocked)
        for purse in PURSES:
            setattr(kept, purse, getattr(account, purse) + getattr(former, purse))
        self._remove(user)
        self._remove(pseudonym)
        self._enter(pseudonym, kept)
        self._rows.append(rows.PersonForgotten(user, username, pseudonym, update_id, self.now))

    def welcome_back(self, user: int, account: Account, *, key: str) -> None:
        """Registers somebody who was forgotten: `account` gets the purses that were kept, and the block."""
        pseudonym = self.book.pseudonym(user)
        kept = self.book.kept[pseudonym]
        account.blocked = kept.blocked
        for purse in PURSES:
            setattr(account, purse, getattr(kept, purse))
        self._remove(pseudonym)
        self.register(user, account)
        for purse in PURSES:
            self.opening(pseudonym, purse, -getattr(kept, purse), reason="returned", key=f"{key}:return:{purse}")
            self.opening(user, purse, getattr(kept, purse), reason="returned", key=f"{key}:open:{purse}")
        self._rows.append(rows.PersonBack(pseudonym))

    # --- for storage ------------------------------------------------------------------------------------------------

    def rows(self) -> list[rows.Row]:
        """Everything this transaction writes, the journal of the accounts included.

        Raises TypeError for a value that JSON can't hold.
        """
        before = self._counters.seq
        self._undo.append(lambda: setattr(self._counters, "seq", before))
        for user in self._removed | self._values.keys() | self._deltas.keys():
            patch: dict[str, Any] = {"-": True} if user in self._removed else {}
            if deltas := self._deltas.get(user):
                patch["+"] = deltas
            if (values := self._values.get(user)) is not None:  # a new entry may have nothing but defaults
                patch["="] = values
            self._counters.seq += 1
            self._rows.append(rows.JournalRow(self._counters.seq, user, orjson.dumps(patch)))
        return self._rows

    def _enter(self, user: int, account: Account) -> None:
        """A new entry; `user` may be a pseudonym."""
        self._put_account(user, account)
        self._values[user] = {
            name: value for name, default in FIELDS.items() if (value := getattr(account, name)) != default
        }

    def _remove(self, user: int) -> None:
        """Takes an entry away, with whatever this transaction has changed in it."""
        self._put_account(user, None)
        self._removed.add(user)
        self._values.pop(user, None)
        self._deltas.pop(user, None)

    def _add(self, user: int, name: str, amount: int) -> None:
        deltas = self._deltas.setdefault(user, {})
        deltas[name] = deltas.get(name, 0) + amount

    def _take_username(self, user: int, username: str) -> None:
        """The former owner is shown without."""
        former = self._claim_username(user, username)
        if former is not None:
            self._touch(former).username = ""
            self._values.setdefault(former, {})["username"] = ""


def apply_patch(accounts: dict[int, Account], totals: Totals, user: int, patch: Mapping[str, Any]) -> None:
    """A journal row onto the accounts read from data.json, at start (the indexes are built afterwards)."""
    if user == rows.GLOBAL:
        for name, amount in patch["+"].items():
            setattr(totals, name, getattr(totals, name) + amount)
        return
    if "-" in patch:
        accounts.pop(user, None)
        if len(patch) == 1:
            return
    account = accounts.setdefault(user, Account())
    for name, value in patch.get("=", {}).items():
        setattr(account, name, value)
    for name, amount in patch.get("+", {}).items():
        setattr(account, name, getattr(account, name) + amount)
