"""The image in memory while one transaction changes it: every change can be taken back.

Knows of accounts, dialogs, permits and their indexes, and nothing of rows.
"""

import copy
from collections.abc import Callable, Mapping
from typing import TypeVar

from gptbot.domain.book import Book, Dialog, DialogKey, Permit
from gptbot.domain.pseudonyms import is_pseudonym
from gptbot.domain.records import Account

K = TypeVar("K")
V = TypeVar("V")


class Image:
    """`book` is changed at once; `undo` takes it back to where it was."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self._undo: list[Callable[[], object]] = []
        self._touched: set[int] = set()

    @property
    def touched(self) -> set[int]:
        """Users (and pseudonyms) whose entry in data.json is another one now."""
        return self._touched

    def undo(self) -> None:
        """Takes the image in memory, and the number of the last change, back to where they were."""
        while self._undo:
            self._undo.pop()()

    def _account(self, user: int) -> Account:
        """`user` may be a pseudonym. Raises KeyError where there is neither."""
        account = self.book.entry(user)
        if account is None:
            raise KeyError(user)
        return account

    def _touch(self, user: int) -> Account:
        account = self._account(user)
        if user not in self._touched:
            self._touched.add(user)
            before = copy.copy(account)
            self._undo.append(lambda: self._holder(user).__setitem__(user, before))
        return account

    def _holder(self, user: int) -> dict[int, Account]:
        return self.book.kept if is_pseudonym(user) else self.book.accounts

    def _put_account(self, user: int, account: Account | None) -> None:
        """A new entry, or none any more; `user` may be a pseudonym."""
        holder = self._holder(user)
        before = holder.get(user)
        self._touched.add(user)
        self._undo.append(lambda: _put(holder, user, before))
        _put(holder, user, account)

    def _replace_total(self, name: str, value: int) -> None:
        totals = self.book.totals
        before = getattr(totals, name)
        self._undo.append(lambda: setattr(totals, name, before))
        setattr(totals, name, value)

    def _claim_username(self, user: int, username: str) -> int | None:
        """Telegram's usernames move between people; the newest owner has it. Returns the former one."""
        index = self.book.usernames
        before = dict.fromkeys((self.book.accounts[user].username.lower(), username.lower()))
        before.update({name: index.get(name) for name in before})
        self._undo.append(lambda: self._restore_usernames(before))
        old = self.book.accounts[user].username.lower()
        if old and old != username.lower() and index.get(old) == user:
            del index[old]
        if not username:
            return None
        former = index.get(username.lower())
        index[username.lower()] = user
        return former if former != user and former in self.book.accounts else None

    def _restore_usernames(self, before: Mapping[str, int | None]) -> None:
        for name, user in before.items():
            _put(self.book.usernames, name, user)

    def _count_referral(self, referrer: int, amount: int) -> None:
        referrals = self.book.referrals
        before = referrals.get(referrer)
        self._undo.append(lambda: _put(referrals, referrer, before))
        _put(referrals, referrer, ((before or 0) + amount) or None)

    def _replace_dialog(self, key: DialogKey, dialog: Dialog | None) -> None:
        dialogs = self.book.dialogs
        before = dialogs.get(key)
        self._undo.append(lambda: _put(dialogs, key, before))
        _put(dialogs, key, dialog)

    def _replace_permit(self, who: int, permit: Permit | None) -> None:
        permits = self.book.permits
        before = permits.get(who)
        self._undo.append(lambda: _put(permits, who, before))
        _put(permits, who, permit)


def _put(into: dict[K, V], key: K, value: V | None) -> None:
    """None takes the key out."""
    if value is None:
        into.pop(key, None)
    else:
        into[key] = value
