"""The admin's commands that are one transaction (SPEC §7): refill, block, unblock; and the table of all of them.

What only shows something is in `admin_views`. Nobody but an admin in a private chat gets here by a command; buttons ask
themselves, because their data can be forged.
"""

import re
from collections.abc import Callable, Mapping

from gptbot.commands import admin_views
from gptbot.commands.people import identity
from gptbot.commands.registry import ButtonHandler, Command, Does, Group
from gptbot.commands.visit import Visit, tell_after
from gptbot.domain import accounts
from gptbot.domain.accounts import RefillRefusal
from gptbot.domain.pseudonyms import is_pseudonym
from gptbot.domain.records import AMOUNT_MAX
from gptbot.domain.rules import Purse
from gptbot.domain.transaction import Transaction
from gptbot.texts import join

_PURSES: dict[str, Purse] = {
    **dict.fromkeys(("premium", "prem", "p"), "premium_balance"),
    **dict.fromkeys(("image", "images", "img", "i"), "image_balance"),
}
_AMOUNT = re.compile(r"[+-]?[0-9]+")
_DIGITS_MAX = 18


def refill(tx: Transaction, visit: Visit, args: str) -> None:
    """/refill: changes a purse; both sides are told, and the admin also when the user can't be."""
    parts = args.split()
    if len(parts) not in (2, 3) or not _AMOUNT.fullmatch(parts[1]):
        visit.say(tx, "usage.refill")
        return
    purse = _PURSES.get(parts[2].lower()) if len(parts) == 3 else "balance"
    amount = int(parts[1]) if len(parts[1]) <= _DIGITS_MAX else AMOUNT_MAX + 1
    if purse is None or amount == 0:
        visit.say(tx, "usage.refill")
        return
    user = admin_views.found(tx, visit, parts[0])
    if user is None:
        return
    balance = accounts.refill(tx, user, purse, amount, key=str(visit.update.update_id))
    if isinstance(balance, RefillRefusal):
        visit.say(tx, "refill.out_of_bounds", largest=AMOUNT_MAX)
        return
    _tell_both(tx, visit, user, purse, amount, balance)


def _tell_both(tx: Transaction, visit: Visit, user: int, purse: Purse, amount: int, balance: int) -> None:
    account = tx.book.accounts[user]
    done = visit.words(f"refill.done.{purse}", who=identity(user, account), amount=amount, balance=balance)
    if account.blocked:  # gets nothing, this notice included (SPEC §5)
        done = join(done, visit.words("refill.blocked"))
    tx.send(visit.reply(done))
    if user == visit.user or account.blocked:
        return
    key = f"refill.given.{purse}" if amount > 0 else f"refill.taken.{purse}"
    after = {"refill_notice": {"admin": visit.user, "user": user}}
    tell_after(tx, visit.rules, user, key, after, amount=abs(amount), balance=balance)


def block(tx: Transaction, visit: Visit, args: str) -> None:
    """/block: from this commit on the user gets nothing; the user's actor ends what is under way."""
    if len(args.split()) != 1:
        visit.say(tx, "usage.block")
    elif (user := _blockable(tx, visit, args)) is not None:
        outcome = accounts.block(tx, user, visit.rules)
        visit.say(tx, f"block.{outcome.value}", who=_named(tx, user, args))


def unblock(tx: Transaction, visit: Visit, args: str) -> None:
    """/unblock: the user is served again, as before."""
    if len(args.split()) != 1:
        visit.say(tx, "usage.unblock")
    elif (user := _blockable(tx, visit, args)) is not None:
        outcome = accounts.unblock(tx, user)
        visit.say(tx, f"unblock.{outcome.value}", who=_named(tx, user, args))


def _blockable(tx: Transaction, visit: Visit, who: str) -> int | None:
    """Also the pseudonym of somebody who was forgotten: they may come back."""
    return tx.book.find_left(who) or admin_views.found(tx, visit, who)


def _named(tx: Transaction, user: int, who: str) -> str:
    return who.strip() if is_pseudonym(user) else identity(user, tx.book.get(user))


def _command(name: str, run: Callable[[Transaction, Visit, str], None] | Does, *aliases: str) -> Command:
    return Command(name, Group.ADMIN, run, aliases, registered=False, in_groups=False)


ADMIN_COMMANDS: tuple[Command, ...] = (
    _command("data", Does.DATA, "d"),
    _command("refill", refill, "r"),
    _command("block", block, "ban"),
    _command("unblock", unblock, "unban"),
    _command("recent_users", admin_views.recent_users, "recent", "last"),
    _command("top_users", admin_views.top_users, "top"),
    _command("status", Does.STATUS),
    _command("stop", Does.STOP),
)

ADMIN_BUTTONS: Mapping[str, ButtonHandler] = {
    admin_views.RECENT_AREA: admin_views.turn_recent,
    admin_views.TOP_AREA: admin_views.turn_top,
    admin_views.USER_AREA: admin_views.turn_user,
}
