"""/ask_favor and the admin's yes or no (SPEC §4).

The main admin is asked; whom Telegram can't reach is passed over, so that a request never waits for somebody who has
never opened the chat.
"""

import re
from collections.abc import Sequence

from gptbot.commands.people import identity
from gptbot.commands.start import member
from gptbot.commands.visit import Visit, tell, words_for
from gptbot.domain import outgoing
from gptbot.domain.accounts import FavorDecision, FavorRefusal, decide_favor
from gptbot.domain.accounts import ask_favor as open_request
from gptbot.domain.outgoing import Button
from gptbot.domain.rows import RequestsShown
from gptbot.domain.rules import Rules
from gptbot.domain.settling import FavorRequest
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import Place

AREA = "favor"
_NUMBER = re.compile(r"[0-9]{1,18}")


def ask_favor(tx: Transaction, visit: Visit, args: str) -> None:
    """Asks the main admin, once at a time and only below the limit."""
    account = member(tx, visit)
    if account is None:
        return
    economy = visit.rules.economy
    number = open_request(tx, visit.user, visit.rules)
    if isinstance(number, FavorRefusal):
        visit.say(tx, f"favor.{number.value}", balance=account.balance, limit=economy.favor_min_limit)
        return
    visit.say(tx, "favor.sent")
    show_request(tx, visit.rules, visit.user, visit.rules.main_admin)


def show_request(tx: Transaction, rules: Rules, user: int, admin: int) -> None:
    """The open request of `user`, with its buttons, to an admin."""
    account = tx.book.accounts[user]
    words = words_for(rules, tx.book.get(admin))
    number = account.favors
    text = words(
        "favor.request",
        who=identity(user, account),
        number=number,
        balance=account.balance,
        amount=rules.economy.favor_amount,
    )
    buttons = [Button(words.plain(f"favor.{it}"), f"{AREA}:{user}:{number}:{it}") for it in ("yes", "no")]
    request = FavorRequest(user=user, number=number, admin=admin)
    tx.send(outgoing.message(Place(admin), text, keyboard=[buttons]), after={"favor": request})


def admin_unreachable(tx: Transaction, rules: Rules, request: FavorRequest) -> None:
    """Telegram didn't take the request: the next admin is asked; after the last one it is withdrawn, with a word."""
    user = request["user"]
    account = tx.book.get(user)
    if account is None or not account.favor_pending or account.favors != request["number"]:
        return
    further = rules.admins
    if request["admin"] in further:
        further = further[further.index(request["admin"]) + 1 :]
    if further:
        show_request(tx, rules, user, further[0])
        return
    tx.set(user, favor_pending=False)
    if not account.blocked:
        tell(tx, rules, user, "favor.nobody_reached")


def show_open_requests(tx: Transaction, rules: Rules) -> None:
    """All open requests, once: after an import nobody handles the first bot's buttons any more, without the data.db
    that they were sent from it isn't known whether they arrived, and who got them may be no admin any more.

    Those of blocked people are withdrawn: once unblocked they could never ask again.
    """
    tx.write(RequestsShown())
    for user, account in tx.book.accounts.items():
        if account.favor_pending and account.blocked:
            tx.set(user, favor_pending=False)
        elif account.favor_pending:
            show_request(tx, rules, user, rules.main_admin)


def decide(tx: Transaction, visit: Visit, args: Sequence[str]) -> str:
    """The admin's button; its data: the user, the number of the request, "yes" or "no"."""
    words = visit.words
    if not visit.is_admin:
        return words.plain("button.not_yours")
    if len(args) != 3 or not all(map(_NUMBER.fullmatch, args[:2])) or args[2] not in ("yes", "no"):
        return words.plain("button.stale")
    user, number, economy = int(args[0]), int(args[1]), visit.rules.economy
    key = str(visit.update.update_id)
    decision = decide_favor(tx, user, number, granted=args[2] == "yes", economy=economy, key=key)
    if decision in (FavorDecision.GRANTED, FavorDecision.DENIED):
        account = tx.book.accounts[user]
        values: dict[str, object] = {"balance": account.balance, "amount": economy.favor_amount}
        visit.change(tx, words(f"favor.request.{decision.value}", who=identity(user, account), number=number, **values))
        if not account.blocked:
            tell(tx, visit.rules, user, f"favor.{decision.value}", None, **values)
    return words.plain(f"favor.popup.{decision.value}")
