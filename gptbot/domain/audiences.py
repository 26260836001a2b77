"""Whom an announcement is for: what the admin writes ("req10"), and the people that means at this moment (SPEC §7)."""

import re
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Final, Literal, NamedTuple

from gptbot.domain.book import Book
from gptbot.domain.records import Account, date_text

Kind = Literal["all", "test", "requests", "balance", "active", "language", "user", "username", "group"]

DAY_S = 86400
DAYS_MAX = 36500


class Audience(NamedTuple):
    """`value` is the number, language code, id or username (without the @) that goes with the kind; "" where none."""

    kind: Kind
    value: str = ""

    @property
    def spec(self) -> str:
        """As it is written; `parse` makes the same audience of it."""
        return _PREFIXES[self.kind] + self.value


class BadSpec(StrEnum):
    """Why a text means no audience."""

    UNKNOWN = "unknown"  # no such word
    NUMBER = "number"  # the number is missing or out of bounds


class Selection(NamedTuple):
    """Who shall get it, in the order of sending, and how many of the audience shall not."""

    users: tuple[int, ...]
    left_out_blocked: int = 0
    left_out_unreachable: int = 0

    @property
    def left_out(self) -> int:
        return self.left_out_blocked + self.left_out_unreachable


_PREFIXES: Final[dict[Kind, str]] = {
    "all": "all", "test": "test", "requests": "req", "balance": "bal", "active": "active", "language": "lang",
    "user": "", "username": "@", "group": "",
}  # fmt: skip

_FORMS: Final[tuple[tuple[Kind, re.Pattern[str]], ...]] = (
    ("all", re.compile(r"all()")),
    ("test", re.compile(r"test()")),
    ("requests", re.compile(r"req\s*([0-9]{1,15})")),
    ("balance", re.compile(r"bal\s*(-?[0-9]{1,15})")),
    ("active", re.compile(r"active\s*([0-9]{1,5})")),
    ("language", re.compile(r"lang\s*([a-z]{2,3}(?:-[a-z0-9]{2,8})?)")),
    ("user", re.compile(r"([1-9][0-9]{0,15})")),
    ("username", re.compile(r"@([a-z0-9_]{1,32})")),
    ("group", re.compile(r"(-[1-9][0-9]{0,15})")),
)
_NUMBER_MISSING = re.compile(r"(?:req|bal|active)[\s0-9-]*|-?[0-9]+")


def parse(spec: str) -> Audience | BadSpec:
    """What an admin wrote, in any case, as an audience."""
    spec = spec.strip().lower()
    for kind, form in _FORMS:
        if match := form.fullmatch(spec):
            return _checked(kind, match.group(1))
    return BadSpec.NUMBER if _NUMBER_MISSING.fullmatch(spec) else BadSpec.UNKNOWN


def _checked(kind: Kind, value: str) -> Audience | BadSpec:
    if kind in ("requests", "balance", "active"):
        value = str(int(value))
    if kind == "active" and not 1 <= int(value) <= DAYS_MAX:
        return BadSpec.NUMBER
    return Audience(kind, value)


def select(book: Book, audience: Audience, now: int, admins: Sequence[int]) -> Selection:
    """The people (or the group) that `audience` means now; "test" means `admins`.

    Blocked users and people who can't be written to are left out and counted. One pass over the accounts: about 10 ms
    per 100,000 of them.
    """
    match audience.kind:
        case "test":
            return _writable((admin, book.accounts.get(admin, Account())) for admin in admins)
        case "group":
            return Selection((int(audience.value),))
        case "user" | "username":
            user = book.find(("@" if audience.kind == "username" else "") + audience.value)
            return _writable([] if user is None else [(user, book.accounts[user])])
    fits = _condition(audience, now)
    return _writable((user, account) for user, account in book.accounts.items() if fits(account))


def _writable(people: Iterable[tuple[int, Account]]) -> Selection:
    users: list[int] = []
    blocked = unreachable = 0
    for user, account in people:
        if account.blocked:
            blocked += 1
        elif account.unreachable:
            unreachable += 1
        else:
            users.append(user)
    return Selection(tuple(users), blocked, unreachable)


def _condition(audience: Audience, now: int) -> Callable[[Account], bool]:
    match audience.kind:
        case "requests":
            least = int(audience.value)
            return lambda account: account.requests >= least
        case "balance":
            least = int(audience.value)
            return lambda account: account.balance >= least
        case "active":
            # Dates compare as texts; one that was made by hand and is no date is later than any year.
            since, end = date_text(max(0, now - int(audience.value) * DAY_S)), "9999"
            return lambda account: since <= account.last_request < end
        case "language":
            code = audience.value
            return lambda account: _speaks(account, code)
    return lambda account: True


def _speaks(account: Account, code: str) -> bool:
    """By the language they chose here, else by Telegram's code ("pt" means "pt-br" too)."""
    if account.language is not None:
        return account.language == code
    theirs = account.telegram_language.lower()
    return theirs == code or theirs.startswith(code + "-")
