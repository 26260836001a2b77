"""/start: registration, the friend's bonus, and the way there for strangers (SPEC §4)."""

import re

from gptbot.commands.access import ask_to_join
from gptbot.commands.groups import private_chat
from gptbot.commands.people import display_name
from gptbot.commands.visit import Visit
from gptbot.commands.welcome import welcome
from gptbot.domain.access import joins_in_group, needs_no_yes
from gptbot.domain.accounts import register
from gptbot.domain.records import Account
from gptbot.domain.transaction import Transaction

_USER_ID = re.compile(r"[1-9][0-9]{0,18}")


def start(tx: Transaction, visit: Visit, args: str) -> None:
    """Registers in a private chat (with ACCESS=approval after the admin's yes).

    `args` is the deep link's payload: a friend's id, or anything.
    """
    rules, user = visit.rules, visit.user
    if tx.book.get(user) is None and not visit.place.private and not joins_in_group(rules, user, visit.place):
        point_to_start(tx, visit)
        return
    if tx.book.get(user) is None and rules.access == "approval" and not needs_no_yes(rules, user):
        ask_to_join(tx, visit, _referrer(args))
        return
    joined = register(tx, visit.person, rules, referrer=_referrer(args), key=str(visit.update.update_id))
    name = display_name(user, tx.book.get(user))
    if rules.is_admin(user):  # who has had an account since the first launch
        visit.say(tx, "start.welcome_admin", name=name)
    elif joined is None:
        visit.say(tx, "start.known", name=name)
    else:
        tx.drop_permit(user)
        tx.send(visit.reply(welcome(tx, rules, visit.words, user, joined)))


def point_to_start(tx: Transaction, visit: Visit) -> None:
    """What somebody without an account is told; from a group the way leads to the private chat (SPEC §5)."""
    permit = tx.book.permits.get(visit.user)
    if visit.place.private:
        waits = visit.rules.access == "approval" and permit is not None and permit.state == "waiting"
        visit.say(tx, "access.waiting" if waits else "start.needed")
    elif joins_in_group(visit.rules, visit.user, visit.place):
        visit.say(tx, "start.here", bot=visit.me.username)
    else:
        key = "start.group" if visit.user > 0 else "start.anonymous"
        visit.say(tx, key, [[private_chat(visit.words, visit.me)]])


def member(tx: Transaction, visit: Visit) -> Account | None:
    """The account of whoever is here; a stranger is pointed to /start."""
    account = tx.book.get(visit.user)
    if account is None:
        point_to_start(tx, visit)
    return account


def _referrer(payload: str) -> int | None:
    """The user id in a deep link's payload; None where it holds anything else."""
    return int(payload) if _USER_ID.fullmatch(payload) and int(payload) < 2**63 else None
