"""/start: registration, the friend's bonus, and the way there for strangers (SPEC §4)."""

import re

from gptbot.commands.people import display_name
from gptbot.commands.visit import Visit, tell
from gptbot.domain.accounts import Joined, register
from gptbot.domain.outgoing import Button
from gptbot.domain.records import Account
from gptbot.domain.transaction import Transaction
from gptbot.texts import join

_USER_ID = re.compile(r"[1-9][0-9]{0,18}")


def start(tx: Transaction, visit: Visit, args: str) -> None:
    """Registers in a private chat; `args` is the deep link's payload: a friend's id, or anything."""
    if not visit.place.private and tx.book.get(visit.user) is None:
        point_to_start(tx, visit)
        return
    joined = register(tx, visit.person, visit.rules, referrer=_referrer(args), key=str(visit.update.update_id))
    name = display_name(visit.user, tx.book.get(visit.user))
    if visit.rules.is_admin(visit.user):  # who has had an account since the first launch
        visit.say(tx, "start.welcome_admin", name=name)
    elif joined is None:
        visit.say(tx, "start.known", name=name)
    else:
        _welcome(tx, visit, joined, name)


def point_to_start(tx: Transaction, visit: Visit) -> None:
    """What somebody without an account is told; from a group the way leads to the private chat (SPEC §5)."""
    if visit.place.private:
        visit.say(tx, "start.needed")
        return
    button = Button(visit.words.plain("start.open_private"), url=f"https://t.me/{visit.me.username}")
    visit.say(tx, "start.group", [[button]])


def member(tx: Transaction, visit: Visit) -> Account | None:
    """The account of whoever is here; a stranger is pointed to /start."""
    account = tx.book.get(visit.user)
    if account is None:
        point_to_start(tx, visit)
    return account


def _welcome(tx: Transaction, visit: Visit, joined: Joined, name: str) -> None:
    words = visit.words
    account = tx.book.accounts[visit.user]
    parts = [words("start.welcome", name=name, balance=account.balance)]
    if joined.referrer is not None and joined.bonus:
        friend = display_name(joined.referrer, tx.book.get(joined.referrer))
        parts.append(words("start.invited", friend=friend, bonus=joined.bonus))
        tell(tx, visit.rules, joined.referrer, "referral.came", friend=name, bonus=joined.bonus)
    tx.send(visit.reply(join(*parts, by="\n\n")))


def _referrer(payload: str) -> int | None:
    """The user id in a deep link's payload; None where it holds anything else."""
    return int(payload) if _USER_ID.fullmatch(payload) and int(payload) < 2**63 else None
