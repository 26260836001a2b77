"""Who is served (SPEC §2, ACCESS): everybody, whom the admin let in, or a list. Pure rules on a transaction.

A person who was let in has an account. Whoever has none yet, and every group, has a permit: waiting, declined, ….
Blocks come before all of this.
"""

from enum import Enum
from typing import Any

from gptbot.domain.accounts import Joined, register
from gptbot.domain.book import Book, Permit
from gptbot.domain.rules import Rules
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import Person, Place

AGAIN_S = 86_400
"""Who was declined may ask again after a day; whoever is on no list gets the polite word again after a day."""


def served(book: Book, rules: Rules, person: int, place: Place) -> bool:
    """Whether the bot answers this person there. In private, approval shows at /start and not here."""
    if rules.access == "open" or needs_no_yes(rules, person) or place.chat_id in rules.allowed_ids:
        return True
    if rules.access == "list":
        return False
    permit = book.permits.get(place.chat_id)
    return place.private or (permit is not None and permit.state == "approved")


def needs_no_yes(rules: Rules, person: int) -> bool:
    """Whether nobody needs to be asked about this person, wherever they are."""
    return rules.access == "open" or rules.is_admin(person) or person in rules.allowed_ids


def joins_in_group(rules: Rules, person: int, place: Place) -> bool:
    """Whether /start registers in the group itself: those whom only the listed group lets in aren't served in private.

    Whoever writes in the name of a chat (a negative id) is nobody in particular and gets no account.
    """
    return rules.access == "list" and person > 0 and not place.private and not needs_no_yes(rules, person)


class Knock(Enum):
    """What asking to be let in came to."""

    ASKED = "asked"
    WAITING = "waiting"  # asked before, the admin hasn't decided
    DECLINED = "declined"  # the admin said no, less than AGAIN_S ago


def knock(tx: Transaction, who: int, request: int, **details: Any) -> Knock:
    """A newcomer or a group asks to be let in. `request` (an update's id) tells this request from earlier ones."""
    permit = tx.book.permits.get(who)
    if permit is not None and permit.state == "waiting":
        return Knock.WAITING
    if permit is not None and permit.state == "declined" and tx.now - permit.at < AGAIN_S:
        return Knock.DECLINED
    tx.permit(who, "waiting", request=request, **details)
    return Knock.ASKED


def decide(tx: Transaction, who: int, request: int, *, granted: bool) -> Permit | None:
    """The admin's yes or no to that request; what was waiting, None if it was decided before or has gone."""
    permit = tx.book.permits.get(who)
    if permit is None or permit.state != "waiting" or permit.details.get("request") != request:
        return None
    tx.permit(who, "approved" if granted else "declined")
    return permit


def let_in(tx: Transaction, rules: Rules, person: Person, *, referrer: int | None, key: str) -> Joined | None:
    """Registers a newcomer whom the admin approved; only now does the friend who brought them get the bonus.

    None for somebody who has got an account meanwhile.
    """
    tx.drop_permit(person.id)  # the account tells it from now on
    return register(tx, person, rules, referrer=referrer, key=key)


def polite_word_due(tx: Transaction, who: int) -> bool:
    """Whether somebody who isn't served is to be told so now; notes that they were."""
    permit = tx.book.permits.get(who)
    if permit is not None and permit.state == "told" and tx.now - permit.at < AGAIN_S:
        return False
    tx.permit(who, "told")
    return True
