"""The image of all accounts in memory: what storage keeps up to date and everybody else only reads.

Nobody but a `Transaction` (inside the storage actor) changes it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

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
    """Accounts, totals, dialogs and permits with the indexes the rules need."""

    accounts: dict[int, Account] = field(default_factory=dict)
    totals: Totals = field(default_factory=Totals)
    dialogs: dict[DialogKey, Dialog] = field(default_factory=dict)
    permits: dict[int, Permit] = field(default_factory=dict)  # by the id of the newcomer or group
    usernames: dict[str, int] = field(default_factory=dict)  # lower case → id
    referrals: dict[int, int] = field(default_factory=dict)  # how many came through a user's link

    @classmethod
    def of(cls, accounts: dict[int, Account], totals: Totals) -> "Book":
        book = cls(accounts, totals)
        for user, account in accounts.items():
            if account.username:
                book.usernames[account.username.lower()] = user
            if account.referrer is not None:
                book.referrals[account.referrer] = book.referrals.get(account.referrer, 0) + 1
        return book

    def get(self, user: int) -> Account | None:
        return self.accounts.get(user)

    def find(self, who: str) -> int | None:
        """The user whom an admin means by an id, a @username in any case, or a username without the @."""
        name = who.strip().removeprefix("@").lower()
        if name.isascii() and name.isdigit():
            return int(name) if len(name) < 20 and int(name) in self.accounts else None
        return self.usernames.get(name)

    def invited_by(self, user: int) -> Iterable[int]:
        return (other for other, account in self.accounts.items() if account.referrer == user)
