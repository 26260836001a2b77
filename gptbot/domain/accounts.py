"""What people get, may spend and may ask for (SPEC §4, §7): pure rules on a transaction, without any words.

Every change of a purse has its row in the ledger. `key` begins the row's unique name and must name one update.
"""

from dataclasses import dataclass
from enum import Enum

from gptbot.domain.book import Book
from gptbot.domain.records import AMOUNT_MAX, PURSES, Account, admin_account, new_account
from gptbot.domain.rules import Economy, Purse, ReportMode, Rules, Streaming, Tier
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import Person

PURSE_OF: dict[Tier, Purse] = {"basic": "balance", "premium": "premium_balance"}
"""The purse that a model's answers are taken from."""


class Standing(Enum):
    """How the bot meets somebody, whatever they send (SPEC §4 `/start`, §5 blocked)."""

    STRANGER = "stranger"
    MEMBER = "member"
    BLOCKED = "blocked"


def standing(account: Account | None) -> Standing:
    """`account` is None for somebody who never pressed /start."""
    if account is None:
        return Standing.STRANGER
    return Standing.BLOCKED if account.blocked else Standing.MEMBER


def can_afford(account: Account, purse: Purse, *, is_admin: bool) -> bool:
    """May a turn start? Only with a positive purse; admins are never charged (SPEC §3, §4)."""
    value: int = getattr(account, purse)
    return is_admin or (value > 0 and not account.blocked)


# --- registration ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Joined:
    """A new account was made. `referrer` brought them (None: nobody did); each of the two got `bonus` tokens.

    `back`: they had everything deleted before, and have the purses that they left.
    """

    referrer: int | None = None
    bonus: int = 0
    back: bool = False


def register(tx: Transaction, person: Person, rules: Rules, *, referrer: int | None, key: str) -> Joined | None:
    """Makes the account, the only way to get one; None for somebody who has one: nothing changes then.

    The bonus is given here and nowhere else, so never twice, and never for oneself, an unknown or a blocked referrer.
    Whoever comes back after /forget gets what they left, and nobody gets a bonus (SPEC §4).
    """
    if tx.book.get(person.id) is not None:
        return None
    account = _first_account(tx, person.id, rules)
    account.name = person.name
    account.username = person.username or ""
    account.telegram_language = person.language or ""
    if tx.book.left_of(person.id) is not None:
        tx.welcome_back(person.id, account, key=key)
        return Joined(back=True)
    account.referrer = referrer if _may_refer(tx, referrer, person.id) else None
    tx.register(person.id, account)
    for purse in PURSES:
        tx.opening(person.id, purse, getattr(account, purse), reason="start", key=f"{key}:open:{purse}")
    if account.referrer is None:
        return Joined()
    bonus = rules.economy.referral_bonus
    credit(tx, person.id, "balance", bonus, reason="invited", key=f"{key}:invited")
    credit(tx, account.referrer, "balance", bonus, reason="referral", key=f"{key}:referral")
    return Joined(account.referrer, bonus)


def _first_account(tx: Transaction, user: int, rules: Rules) -> Account:
    if rules.is_admin(user):
        return admin_account(tx.now)
    economy = rules.economy
    return new_account(
        tx.now,
        {
            "balance": economy.new_user_balance,
            "premium_balance": economy.new_user_premium_balance,
            "image_balance": economy.new_user_image_balance,
        },
    )


def _may_refer(tx: Transaction, referrer: int | None, newcomer: int) -> bool:
    if referrer is None or referrer == newcomer:
        return False
    return standing(tx.book.get(referrer)) is Standing.MEMBER


# --- favours ---------------------------------------------------------------------------------------------------------


class FavorRefusal(Enum):
    """Why a favour can't be asked for."""

    ADMIN = "admin"  # pays nothing anyway
    PENDING = "pending"  # one at a time
    ENOUGH = "enough"  # not below the limit


class FavorDecision(Enum):
    """What became of an admin's yes or no."""

    GRANTED = "granted"
    DENIED = "denied"
    DECIDED_BEFORE = "decided_before"  # this request is not open (any more): nothing changed
    BLOCKED = "blocked"  # a blocked user gets nothing: the request stays open


def ask_favor(tx: Transaction, user: int, rules: Rules) -> int | FavorRefusal:
    """Opens a request; its number (counted by the account's `favors`) tells it from earlier ones of the same user."""
    account = tx.book.accounts[user]
    if rules.is_admin(user):
        return FavorRefusal.ADMIN
    if account.favor_pending:
        return FavorRefusal.PENDING
    if account.balance >= rules.economy.favor_min_limit:
        return FavorRefusal.ENOUGH
    tx.set(user, favor_pending=True, favors=account.favors + 1)
    return account.favors


def decide_favor(
    tx: Transaction, user: int, number: int, *, granted: bool, economy: Economy, key: str
) -> FavorDecision:
    """Closes the request `number` of `user`, if it is the open one; pays when `granted`."""
    account = tx.book.get(user)
    if account is None or not account.favor_pending or account.favors != number:
        return FavorDecision.DECIDED_BEFORE
    if granted and account.blocked:
        return FavorDecision.BLOCKED
    tx.set(user, favor_pending=False)
    if not granted:
        return FavorDecision.DENIED
    credit(tx, user, "balance", economy.favor_amount, reason="favor", key=f"{key}:favor")
    return FavorDecision.GRANTED


# --- the admin's changes ---------------------------------------------------------------------------------------------


class RefillRefusal(Enum):
    """Why a refill changes nothing."""

    UNKNOWN_USER = "unknown_user"
    NOTHING = "nothing"  # an amount of 0
    OUT_OF_BOUNDS = "out_of_bounds"  # the amount, or the purse after it, is beyond AMOUNT_MAX


class BlockOutcome(Enum):
    """What `block` and `unblock` came to."""

    DONE = "done"
    ALREADY = "already"
    UNKNOWN_USER = "unknown_user"
    ADMIN = "admin"  # admins can't be blocked


def refill(tx: Transaction, user: int, purse: Purse, amount: int, *, key: str) -> int | RefillRefusal:
    """Changes a purse by `amount` (negative takes away); what the purse holds then."""
    account = tx.book.get(user)
    if account is None:
        return RefillRefusal.UNKNOWN_USER
    if amount == 0:
        return RefillRefusal.NOTHING
    value: int = getattr(account, purse) + amount
    if abs(amount) > AMOUNT_MAX or abs(value) > AMOUNT_MAX:
        return RefillRefusal.OUT_OF_BOUNDS
    tx.book_purse(user, purse, amount, reason="refill", key=f"{key}:refill")
    return value


def block(tx: Transaction, user: int, rules: Rules) -> BlockOutcome:
    """From now on the user gets nothing; their open dialogs end without a word. `user` may be a pseudonym."""
    account = tx.book.entry(user)
    if rules.is_admin(user):
        return BlockOutcome.ADMIN
    if account is None:
        return BlockOutcome.UNKNOWN_USER
    if account.blocked:
        return BlockOutcome.ALREADY
    tx.set(user, blocked=True)
    for dialog in [key for key in tx.book.dialogs if key.user == user]:
        tx.end_dialog(dialog)
    return BlockOutcome.DONE


def unblock(tx: Transaction, user: int) -> BlockOutcome:
    account = tx.book.entry(user)
    if account is None:
        return BlockOutcome.UNKNOWN_USER
    if not account.blocked:
        return BlockOutcome.ALREADY
    tx.set(user, blocked=False)
    return BlockOutcome.DONE


# --- small things ----------------------------------------------------------------------------------------------------


def switch_model(tx: Transaction, user: int, tier: Tier | None = None) -> Tier:
    """Takes `tier`, or the other one than now; which is active then."""
    account = tx.book.accounts[user]
    chosen = tier or ("basic" if account.model == "premium" else "premium")
    tx.set(user, model=chosen)
    return chosen


def report_mode(book: Book, rules: Rules) -> ReportMode:
    """What the main admin hears of requests: their own choice in /settings, else the setting."""
    account = book.get(rules.main_admin)
    return (account.reports if account else None) or rules.reports


def streaming(account: Account | None, rules: Rules) -> Streaming:
    """How somebody sees an answer grow: their own choice in /settings, else the owner's, whose "off" holds for all."""
    if account is None or account.streaming is None or rules.streaming == "off":
        return rules.streaming
    return account.streaming


def credit(tx: Transaction, user: int, purse: Purse, amount: int, *, reason: str, key: str) -> None:
    """Adds `amount`, or what a purse at its upper bound still takes: a gift must not fail because somebody is rich."""
    room = AMOUNT_MAX - getattr(tx.book.accounts[user], purse)
    if fitting := min(amount, room):
        tx.book_purse(user, purse, fitting, reason=reason, key=key)
