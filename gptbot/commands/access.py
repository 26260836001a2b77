"""Newcomers and groups that wait for the admin's yes, and what those are told who aren't served (SPEC §2, ACCESS).

The main admin is asked; whom Telegram can't reach is passed over, so that nobody waits for ever.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from gptbot.commands.groups import greeting
from gptbot.commands.people import identity, shown_name
from gptbot.commands.visit import Visit, words_for
from gptbot.commands.welcome import welcome
from gptbot.domain import access, outgoing
from gptbot.domain.access import Knock
from gptbot.domain.book import Permit
from gptbot.domain.outgoing import Button, Text
from gptbot.domain.records import Account
from gptbot.domain.rules import Rules
from gptbot.domain.settling import AccessRequest
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import Person, Place
from gptbot.texts import Words, join

AREA = "acc"
_NUMBER = re.compile(r"-?[0-9]{1,18}")


def ask_to_join(tx: Transaction, visit: Visit, referrer: int | None) -> None:
    """A newcomer pressed /start: the main admin decides, and only then is there an account."""
    person = visit.person
    outcome = access.knock(
        tx,
        visit.user,
        visit.update.update_id,
        name=person.name,
        username=person.username,
        language=person.language,
        referrer=referrer,
    )
    visit.say(tx, f"access.{outcome.value}")
    if outcome is Knock.ASKED:
        _show_request(tx, visit.rules, visit.user, visit.rules.main_admin)


def group_knocks(tx: Transaction, visit: Visit) -> None:
    """Somebody wants the bot in a group nobody approved: the admin is asked, the group gets one polite word."""
    person = visit.person
    outcome = access.knock(
        tx,
        visit.place.chat_id,
        visit.update.update_id,
        title=visit.place.title,
        by=visit.user,
        name=person.name,
        username=person.username,
        language=person.language,
    )
    if outcome is Knock.ASKED:
        visit.say(tx, "access.group_asked")
        _show_request(tx, visit.rules, visit.place.chat_id, visit.rules.main_admin)


def membership_changed(tx: Transaction, visit: Visit, *, here: bool) -> None:
    """The bot was blocked, unblocked, added, removed or given other rights; `here`: it can write now."""
    account = tx.book.get(visit.user)
    if visit.place.private:
        if account is not None:
            tx.set(visit.user, unreachable=not here)
    elif not here or visit.place.kind == "channel" or tx.book.is_blocked(visit.user):
        pass  # nothing to be said there, or not to them
    elif access.served(tx.book, visit.rules, visit.user, visit.place):
        _arrive(tx, visit)
    else:
        turn_away(tx, visit)


def _arrive(tx: Transaction, visit: Visit) -> None:
    """Greets once, however often rights change. A group that an admin brings the bot into needs no further yes."""
    rules, group = visit.rules, visit.place.chat_id
    permit = tx.book.permits.get(group)
    state = permit.state if permit else None
    if rules.access == "approval" and rules.is_admin(visit.user) and state != "approved":
        tx.permit(group, "approved")
    elif state not in ("approved", "greeted"):
        tx.permit(group, "greeted")
    if state not in ("approved", "greeted"):
        text, keyboard = greeting(visit.words, visit.me)
        tx.send(visit.reply(text, keyboard))


def turn_away(tx: Transaction, visit: Visit) -> None:
    """Somebody who isn't served wants something: a word now and then in private, silence in groups."""
    if visit.place.private:
        if access.polite_word_due(tx, visit.user):
            visit.say(tx, "access.closed")
    elif visit.rules.access == "approval":
        group_knocks(tx, visit)


def decide(tx: Transaction, visit: Visit, args: Sequence[str]) -> str:
    """The admin's button; its data: who, the number of the request, "yes" or "no"."""
    words = visit.words
    if not visit.is_admin:
        return words.plain("button.not_yours")
    if len(args) != 3 or not all(map(_NUMBER.fullmatch, args[:2])) or args[2] not in ("yes", "no"):
        return words.plain("button.stale")
    who, granted = int(args[0]), args[2] == "yes"
    permit = access.decide(tx, who, int(args[1]), granted=granted)
    if permit is None:
        return words.plain("access.popup.decided_before")
    decision = "approved" if granted else "declined"
    visit.change(tx, join(_described(words, who, permit.details), words(f"access.request.{decision}"), by="\n\n"))
    if who > 0:
        _tell_newcomer(tx, visit, who, permit, granted=granted)
    elif granted:
        adder = permit.details
        theirs = words_for(visit.rules, tx.book.get(adder["by"]), adder["language"])
        text, keyboard = greeting(theirs, visit.me)
        tx.send(outgoing.message(Place(who, "supergroup"), text, keyboard=keyboard))
    return words.plain(f"access.popup.{decision}")


def _tell_newcomer(tx: Transaction, visit: Visit, user: int, permit: Permit, *, granted: bool) -> None:
    asked = permit.details
    theirs = words_for(visit.rules, tx.book.get(user), asked["language"])
    text = theirs("access.declined")
    if granted:
        person = Person(user, asked["name"], asked["username"], asked["language"])
        key = str(visit.update.update_id)
        joined = access.let_in(tx, visit.rules, person, referrer=asked["referrer"], key=key)
        if joined is None:  # they got an account while everybody was let in; nothing is new for them
            return
        text = join(theirs("access.approved"), welcome(tx, visit.rules, theirs, user, joined), by="\n\n")
    tx.send(outgoing.message(Place(user), text))


def _show_request(tx: Transaction, rules: Rules, who: int, admin: int) -> None:
    """To an admin, with its buttons."""
    words = words_for(rules, tx.book.get(admin))
    details = tx.book.permits[who].details
    text = _described(words, who, details)
    data = f"{AREA}:{who}:{details['request']}"
    buttons = [Button(words.plain(f"access.{answer}"), f"{data}:{answer}") for answer in ("yes", "no")]
    request = AccessRequest(who=who, number=details["request"], admin=admin)
    tx.send(outgoing.message(Place(admin), text, keyboard=[buttons]), after={"access": request})


def show_open_requests(tx: Transaction, rules: Rules) -> None:
    """All who wait: the admin who was shown their requests may be none any more."""
    for who, permit in tx.book.permits.items():
        if rules.access == "approval" and permit.state == "waiting":
            _show_request(tx, rules, who, rules.main_admin)


def admin_unreachable(tx: Transaction, rules: Rules, request: AccessRequest) -> None:
    """Telegram didn't take the request: the next admin is asked. After the last one it is withdrawn.

    A person is told so; who is in a group may just use the bot again, which asks anew.
    """
    who = request["who"]
    permit = tx.book.permits.get(who)
    if permit is None or permit.state != "waiting" or permit.details.get("request") != request["number"]:
        return
    further = rules.admins
    if request["admin"] in further:
        further = further[further.index(request["admin"]) + 1 :]
    if further:
        _show_request(tx, rules, who, further[0])
        return
    tx.drop_permit(who)
    if who > 0:
        theirs = words_for(rules, tx.book.get(who), permit.details["language"])
        tx.send(outgoing.message(Place(who), theirs("access.nobody_reached")))


def _described(words: Words, who: int, details: Mapping[str, Any]) -> Text:
    """Who asks, as the admin sees it."""
    account = Account(name=details["name"], username=details["username"] or "")
    if who > 0:
        return words("access.request.person", who=identity(who, account))
    title = shown_name(details["title"]) or str(who)
    return words("access.request.group", title=title, id=who, who=identity(details["by"], account))
