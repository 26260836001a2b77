"""The image of all accounts in memory: what storage keeps up to date and everybody else only reads.

Nobody but a `Transaction` (inside the storage actor) changes it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from gptbot.domain.pseudonyms import is_pseudonym, pseudonym
from gptbot.domain.records import Account, Totals


class DialogKey(NamedTuple):
    """A dialog belongs to a user in a chat and topic (SPEC §6); `thread_id` is 0 for none."""

    user: int
    chat_id: int
    thread_id: int


@dataclass(frozen=True, slots=True)
class Dialog:
    """A live dialog: the chart's snapshot, the token its buttons carry, when it last moved."""

    token: str
    snapshot: Mapping[str, Any]
    at: int


PermitState = Literal["waiting", "approved", "declined", "told", "greeted"]


@dataclass(frozen=True, slots=True)
class Permit:
    """Where a newcomer or a group stands (`domain/access`). `at`: since when, seconds since 1970."""

    state: PermitState
    details: Mapping[str, Any]
    at: int


@dataclass(slots=True)
class Book:
    """Accounts, totals, dialogs and permits with the indexes the rules need.

    `kept` is what is left of people who were forgotten, by pseudonym: their purses and whether they are blocked.
    """

    accounts: dict[int, Account] = field(default_factory=dict)
    totals: Totals = field(default_factory=Totals)
    dialogs: dict[DialogKey, Dialog] = field(default_factory=dict)
    permits: dict[int, Permit] = field(default_factory=dict)  # by the id of the newcomer or group
    usernames: dict[str, int] = field(default_factory=dict)  # lower case → id
    referrals: dict[int, int] = field(default_factory=dict)  # how many came through a user's link
    kept: dict[int, Account] = field(default_factory=dict)
    key: bytes = b""  # of the pseudonyms; made once, it stands in data.json and in data.db

    @classmethod
    def of(cls, accounts: dict[int, Account], totals: Totals) -> "Book":
        """`accounts` may hold pseudonyms, too, as data.json does."""
        book = cls(accounts, totals)
        for user in [user for user in accounts if is_pseudonym(user)]:
            book.kept[user] = accounts.pop(user)
        for user, account in accounts.items():
            if account.username:
                book.usernames[account.username.lower()] = user
            if account.referrer is not None:
                book.referrals[account.referrer] = book.referrals.get(account.referrer, 0) + 1
        return book

    def get(self, user: int) -> Account | None:
        return self.accounts.get(user)

    def entry(self, user: int) -> Account | None:
        """The same, where `user` may be a pseudonym."""
        return self.accounts.get(user) or self.kept.get(user)

    def pseudonym(self, user: int) -> int:
        return pseudonym(self.key, user)

    def left_of(self, user: int) -> int | None:
        """The pseudonym of somebody who was forgotten and hasn't come back."""
        if not self.kept or user in self.accounts or is_pseudonym(user):
            return None
        found = self.pseudonym(user)
        return found if found in self.kept else None

    def is_blocked(self, user: int) -> bool:
        """Who was blocked stays so after /forget (SPEC §4)."""
        account = self.accounts.get(user)
        if account is None and (left := self.left_of(user)) is not None:
            account = self.kept[left]
        return account is not None and account.blocked

    def find(self, who: str) -> int | None:
        """The user whom an admin means by an id, a @username in any case, or a username without the @."""
        name = who.strip().removeprefix("@").lower()
        if name.isascii() and name.isdigit():
            return int(name) if len(name) < 20 and int(name) in self.accounts else None
        return self.usernames.get(name)

    def find_left(self, who: str) -> int | None:
        """The pseudonym, where an admin means somebody by their id who was forgotten."""
        name = who.strip()
        return self.left_of(int(name)) if name.isascii() and name.isdigit() and len(name) < 20 else None

    def invited_by(self, user: int) -> Iterable[int]:
        return (other for other, account in self.accounts.items() if account.referrer == user)
