"""The shape of data.json (SPEC §3): one account per user, the totals, and how each is read and written.

Pure: text and files are the edges' business. `importing` reads the first bot's odd forms into these.
"""

from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from gptbot.domain.rules import ADMIN_PURSES, Language, Purse, ReportMode, Streaming, Tier

DATE_FORMAT = "%Y-%m-%d %H:%M:%S"
NANO = 1_000_000_000
AMOUNT_MAX = 10**15
"""No purse, counter or refill is larger, so that every sum stays far inside SQLite's 64 bits."""

PURSES: tuple[Purse, ...] = get_args(Purse)
Counter = Literal["requests", "tokens", "premium_tokens", "images", "audio_seconds", "cost"]
COUNTERS: tuple[Counter, ...] = get_args(Counter)


@dataclass(slots=True)
class Account:
    """What is kept of one user. Absent keys of data.json are the defaults here; unknown ones are in `extra`.

    `username` is without the @; dates are texts in `DATE_FORMAT`, UTC; `cost` is in billionths of a dollar;
    `language` is the user's choice, `telegram_language` the code Telegram tells; `reports` the main admin's choice;
    `streaming` None is as the owner has set it; `voice`: answers come spoken, too.
    """

    requests: int = 0
    tokens: int = 0
    balance: int = 0
    name: str = ""
    username: str = ""
    last_request: str = ""
    prompt: str | None = None
    premium_tokens: int = 0
    premium_balance: int = 0
    images: int = 0
    image_balance: int = 0
    audio_seconds: int = 0
    cost: int = 0
    model: Tier = "basic"
    referrer: int | None = None
    blocked: bool = False
    unreachable: bool = False
    favors: int = 0
    favor_pending: bool = False
    language: Language | None = None
    telegram_language: str = ""
    context_tokens: int = 0
    reports: ReportMode | None = None
    streaming: Streaming | None = None
    voice: bool = False
    joined: str = ""
    extra: dict[str, Any] | None = None


@dataclass(slots=True)
class Totals:
    """The sums over all users, deleted ones included, and what else `"global"` held."""

    requests: int = 0
    tokens: int = 0
    premium_tokens: int = 0
    images: int = 0
    audio_seconds: int = 0
    cost: int = 0
    extra: dict[str, Any] = field(default_factory=dict)


ALWAYS_WRITTEN = {"requests", "tokens", "balance", "last_request"}
FIELDS = {f.name: f.default for f in fields(Account) if f.name != "extra"}
_OPTIONAL = [(name, default) for name, default in FIELDS.items() if name not in ALWAYS_WRITTEN]


def date_text(seconds: int) -> str:
    """Seconds since 1970 as data.json writes dates (UTC)."""
    return datetime.fromtimestamp(seconds, UTC).strftime(DATE_FORMAT)


def new_account(now: int, purses: dict[Purse, int]) -> Account:
    """An account as registration makes it."""
    today = date_text(now)
    account = Account(last_request=today, joined=today)
    for purse, amount in purses.items():
        setattr(account, purse, amount)
    return account


def admin_account(now: int) -> Account:
    """An admin's entry at the first launch (SPEC §3)."""
    return new_account(now, ADMIN_PURSES)


def to_json(account: Account) -> dict[str, Any]:
    """The account as its entry in data.json: what always stands there, then whatever differs from the default."""
    entry: dict[str, Any] = {
        "requests": account.requests,
        "tokens": account.tokens,
        "balance": account.balance,
    }
    for name, default in _OPTIONAL:
        value = getattr(account, name)
        if value != default:
            entry[name] = value
    entry["last_request"] = account.last_request
    if "username" in entry:
        entry["username"] = "@" + account.username
    if "cost" in entry:
        entry["cost"] = account.cost / NANO
    for name, value in (account.extra or {}).items():
        if not entry.get(name):  # a known key with a value nobody understands stands there until it gets a good one
            entry[name] = value
    return entry


def totals_to_json(totals: Totals) -> dict[str, Any]:
    entry: dict[str, Any] = {name: getattr(totals, name) for name in COUNTERS}
    entry["cost"] = totals.cost / NANO
    return entry | totals.extra
