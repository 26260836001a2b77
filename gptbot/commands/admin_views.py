"""What the admin looks at (SPEC §7): one user, who was active, the ranking.

Long lists are shown page by page; a page is made anew from the book each time its button is pressed.
"""

import heapq
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import orjson

from gptbot.commands.paging import pages, turning
from gptbot.commands.people import identity
from gptbot.commands.visit import Visit
from gptbot.domain.book import Book
from gptbot.domain.outgoing import Keyboard, Text
from gptbot.domain.pricing import dollars
from gptbot.domain.records import PURSES, Account, date_text
from gptbot.domain.transaction import Transaction
from gptbot.texts import Words, join
from gptbot.texts.names import safe_line, safe_name

T = TypeVar("T", str, int)

RECENT_AREA, TOP_AREA, USER_AREA = "recent", "top", "who"
"""The areas of the page buttons' data."""

LINES_A_PAGE = 30
"""A line is at most some 120 UTF-16 units, so that a page is within Telegram's 4096."""
_DAYS = range(1, 36_501)
_RANKS = range(1, 1_000_001)
_PAGES = range(1_000_001)
_USERS = range(1, 2**63)
INVITED_MAX = 1_000
_PROMPT_MAX = 16_000
_EXTRA_MAX = 300
_NUMBER = re.compile(r"[0-9]{1,19}")

_ALIASES = {"ref": "referrals", "refs": "referrals", "invites": "referrals", "price": "cost"}
_RANKED = (
    "requests", "tokens", "balance", "premium_tokens", "premium_balance", "images", "image_balance", "favors",
    "referrals", "cost",
)  # fmt: skip


class _Page(NamedTuple):
    text: Text
    keyboard: Keyboard


def found(tx: Transaction, visit: Visit, who: str) -> int | None:
    """The user that the admin means by an id or a @username in any case; says so if there is none."""
    user = tx.book.find(who)
    if user is None and (left := tx.book.find_left(who)) is not None:
        kept = tx.book.kept[left]
        purses = {purse: getattr(kept, purse) for purse in PURSES}
        blocked = visit.words.plain("user.yes" if kept.blocked else "user.no")
        visit.say(tx, "admin.forgotten_user", who=safe_name(who), blocked=blocked, **purses)
    elif user is None:
        visit.say(tx, "admin.unknown_user", who=safe_name(who))
    return user


# --- who was active ---------------------------------------------------------------------------------------------------


def recent_users(tx: Transaction, visit: Visit, args: str) -> None:
    """/recent_users <days>: newest first, with their requests."""
    numbers = _whole(args.split(), _DAYS)
    if numbers is None:
        visit.say(tx, "usage.recent_users")
    else:
        _show(tx, visit, _recent(tx.book, visit.words, tx.now, numbers[0], page=0))


def turn_recent(tx: Transaction, visit: Visit, args: Sequence[str]) -> str:
    """The button to another page; its data: days, page."""
    numbers = _whole(args, _DAYS, _PAGES)
    if not visit.is_admin or numbers is None:
        return _refusal(visit)
    days, page = numbers
    return _turn(tx, visit, _recent(tx.book, visit.words, tx.now, days, page=page))


def _recent(book: Book, words: Words, now: int, days: int, page: int) -> _Page | None:
    since = date_text(now - min(days, now // 86400) * 86400)
    # dates of this form are in order as texts are
    active = [(account.last_request, user) for user, account in book.accounts.items() if account.last_request >= since]
    if not active:
        return _Page(words("recent.nobody", days=days), [])
    shown = _slice(active, page, len(active))
    lines = [
        words.plain(
            "recent.line", who=identity(user, book.accounts[user]), requests=book.accounts[user].requests, last=last
        )
        for last, user in shown
    ]
    header = words("recent.header", days=days, users=len(active))
    return _page(header, lines, f"{RECENT_AREA}:{days}", page, len(active))


# --- the ranking ------------------------------------------------------------------------------------------------------


def top_users(tx: Transaction, visit: Visit, args: str) -> None:
    """/top_users <n> <what>: the ranking by a purse, a counter, favours, referrals or cost."""
    parts = args.lower().split()
    numbers = _whole(parts[:1], _RANKS)
    by = _ALIASES.get(parts[1], parts[1]) if len(parts) == 2 else ""
    if numbers is None or by not in _RANKED:
        visit.say(tx, "usage.top_users")
    else:
        _show(tx, visit, _top(tx.book, visit.words, numbers[0], by, page=0))


def turn_top(tx: Transaction, visit: Visit, args: Sequence[str]) -> str:
    """The button to another page; its data: how many, by what, page."""
    numbers = _whole([*args[:1], *args[2:]], _RANKS, _PAGES)
    if not visit.is_admin or numbers is None or args[1] not in _RANKED:
        return _refusal(visit)
    count, page = numbers
    return _turn(tx, visit, _top(tx.book, visit.words, count, args[1], page=page))


def _top(book: Book, words: Words, count: int, by: str, page: int) -> _Page | None:
    value_of = _value_of(book, by)
    # of equals the one who was here first
    ranked = [(value_of(user, account), -user) for user, account in book.accounts.items()]
    count = min(count, len(ranked))
    shown = _slice(ranked, page, count)
    lines = [
        words.plain(
            "top.line",
            rank=page * LINES_A_PAGE + place,
            who=identity(-user, book.accounts[-user]),
            value=dollars(value) if by == "cost" else value,
        )
        for place, (value, user) in enumerate(shown, 1)
    ]
    header = words("top.header", count=count, by=words.plain(f"top.by.{by}"))
    return _page(header, lines, f"{TOP_AREA}:{count}:{by}", page, count)


def _value_of(book: Book, by: str) -> Callable[[int, Account], int]:
    if by == "referrals":
        return lambda user, _: book.referrals.get(user, 0)
    return lambda _, account: int(getattr(account, by))


# --- one user ---------------------------------------------------------------------------------------------------------


def show_user(tx: Transaction, visit: Visit, who: str) -> None:
    """/data <who>: everything about that user, the invited ones included."""
    if len(who.split()) != 1:
        visit.say(tx, "usage.data")
        return
    user = found(tx, visit, who)
    if user is not None:
        _show(tx, visit, _user(tx.book, visit.words, user, page=0))


def turn_user(tx: Transaction, visit: Visit, args: Sequence[str]) -> str:
    """The button to another page; its data: user, page."""
    numbers = _whole(args, _USERS, _PAGES)
    if not visit.is_admin or numbers is None or tx.book.get(numbers[0]) is None:
        return _refusal(visit)
    user, page = numbers
    return _turn(tx, visit, _user(tx.book, visit.words, user, page=page))


def _user(book: Book, words: Words, user: int, page: int) -> _Page | None:
    account = book.accounts[user]
    lines = [words.plain("user.prompt", prompt=safe_line(account.prompt, _PROMPT_MAX) if account.prompt else "—")]
    for key, value in (account.extra or {}).items():
        shown = safe_line(orjson.dumps(value).decode(), _EXTRA_MAX)
        lines.append(words.plain("user.extra", key=safe_name(key), value=shown))
    invited = list(book.invited_by(user))
    lines.append(words.plain("user.invited", count=len(invited)))
    lines += [f"• {identity(other, book.accounts[other])}" for other in invited[:INVITED_MAX]]
    if len(invited) > INVITED_MAX:
        lines.append(words.plain("user.invited_more", more=len(invited) - INVITED_MAX))
    found_pages = pages(lines, _card(book, words, user, account))
    if page >= len(found_pages):
        return None
    return _Page(found_pages[page], turning(f"{USER_AREA}:{user}", page, len(found_pages)))


def _card(book: Book, words: Words, user: int, account: Account) -> Text:
    def yes(value: bool) -> str:
        return words.plain("user.yes" if value else "user.no")

    return words(
        "user.card",
        who=identity(user, account),
        joined=safe_name(account.joined),
        last_request=safe_name(account.last_request),
        requests=account.requests,
        tokens=account.tokens,
        premium_tokens=account.premium_tokens,
        images=account.images,
        audio_seconds=account.audio_seconds,
        cost=dollars(account.cost),
        balance=account.balance,
        premium_balance=account.premium_balance,
        image_balance=account.image_balance,
        model=words.plain(f"tier.{account.model}"),
        context_tokens=account.context_tokens,
        language=account.language or "—",
        telegram_language=safe_name(account.telegram_language),
        favors=account.favors,
        favor_pending=yes(account.favor_pending),
        blocked=yes(account.blocked),
        reachable=yes(not account.unreachable),
        referrer="—" if account.referrer is None else identity(account.referrer, book.get(account.referrer)),
    )


# --- pages ------------------------------------------------------------------------------------------------------------


def _whole(parts: Sequence[str], *bounds: range) -> list[int] | None:
    """As many whole numbers as there are bounds, each within its own; None for anything else."""
    if len(parts) != len(bounds) or not all(map(_NUMBER.fullmatch, parts)):
        return None
    numbers = [int(part) for part in parts]
    return numbers if all(number in bound for number, bound in zip(numbers, bounds, strict=True)) else None


def _slice(entries: list[tuple[T, int]], page: int, count: int) -> list[tuple[T, int]]:
    """The entries of a page of the `count` largest."""
    return heapq.nlargest(min((page + 1) * LINES_A_PAGE, count), entries)[page * LINES_A_PAGE :]


def _page(header: Text, lines: Sequence[str], area: str, page: int, count: int) -> _Page | None:
    if not lines:
        return None
    return _Page(join(header, Text("\n".join(lines)), by="\n\n"), turning(area, page, -(-count // LINES_A_PAGE)))


def _show(tx: Transaction, visit: Visit, page: _Page | None) -> None:
    if page is not None:
        tx.send(visit.reply(page.text, page.keyboard))


def _turn(tx: Transaction, visit: Visit, page: _Page | None) -> str:
    if page is None:
        return visit.words.plain("button.stale")
    visit.change(tx, page.text, page.keyboard)
    return ""


def _refusal(visit: Visit) -> str:
    return visit.words.plain("button.stale" if visit.is_admin else "button.not_yours")
