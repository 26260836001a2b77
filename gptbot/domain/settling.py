"""What the arrival of a message means: the `after` of its outbox row, carried out in the commit that notes it.

An answer is charged here and nowhere else: in the one commit that also takes its last part out of the outbox and
finishes its update. So it is charged once, and only if it was delivered (SPEC §4).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, TypedDict, cast

import orjson

from gptbot.domain.outgoing import copy
from gptbot.domain.records import AMOUNT_MAX, Counter, date_text
from gptbot.domain.rows import (
    AnnouncementProgressMessage,
    MessageRow,
    OutboxChanged,
    OutboxGone,
    OutboxGroupGone,
    OutboxRow,
)
from gptbot.domain.rules import Purse
from gptbot.domain.transaction import Transaction

Call = tuple[str, Mapping[str, Any]]
"""A Bot API method and its parameters, as `Outgoing` has them."""


class Charge(TypedDict):
    """What a delivered answer, picture or spoken answer costs its asker; `update_id` is the question's.

    `amount` leaves `purse` (0 for admins); `counted` is added to the counters; `report` goes to the admin's feed,
    None for the admins' own. `heard`: premium tokens for listening to the question, which is charged beside.
    """

    user: int
    update_id: int
    purse: Purse
    amount: int
    counted: dict[Counter, int]
    reason: Literal["answer", "picture", "speech"]
    report: dict[str, Any] | None
    heard: NotRequired[int]


class Preview(TypedDict):
    """The preview of an announcement: in which dialog (its key and token), and the mark of what it shows."""

    dialog: list[int]
    token: str
    shown: str


class FavorRequest(TypedDict):
    """Who asks for a favour, the request's number, and the admin whom it was sent to."""

    user: int
    number: int
    admin: int


class AccessRequest(TypedDict):
    """Who asks to be let in (a person or a group), the request's number, and the admin whom it was sent to."""

    who: int
    number: int
    admin: int


class After(TypedDict, total=False):
    """All that `after` may hold."""

    turn: int  # the message is a part of this turn's answer
    charge: Charge
    asker: int  # who asked for the answer or picture that this message is a part of
    announcement: int  # the message is this announcement's progress message
    refill_notice: dict[str, int]  # a user was told of a refill by this admin
    preview: Preview  # if Telegram won't take it, that dialog is told
    favor: FavorRequest  # if Telegram won't take it, another admin is asked
    access: AccessRequest  # likewise
    instead: Sequence[Call]  # what is sent, call by call, if Telegram doesn't take this form of the message
    then: Sequence[Call]  # what takes this message's place, call by call, once it has arrived
    anew: Mapping[str, Any]  # topic and reply of a new message, if the one to be edited is gone
    show_to: int  # a chat that gets a copy, which names nobody
    extra: bool  # the answer is whole without this message: its refusal changes nothing


def arrived(tx: Transaction, row: OutboxRow, message_id: int) -> OutboxRow | None:
    """The message was sent (`message_id` 0: it may have been, or the method makes none).

    Returns what the row is now, if a further message has taken its place. Only the last one charges.
    """
    after = _after(row)
    if message_id and "turn" in after:
        tx.write(MessageRow(row.chat_id, message_id, after["turn"], "assistant", tx.now))
    if message_id and "announcement" in after:
        tx.write(AnnouncementProgressMessage(message_id, after["announcement"]))
    if "then" in after:
        return _replaced(tx, row, after.pop("then"), after)
    tx.write(OutboxGone(row.id))
    if message_id and "show_to" in after:
        tx.send(copy(after["show_to"], row.chat_id, message_id))
    if "charge" in after:
        _charge(tx, after["charge"])
    if row.settles is not None:
        tx.done(row.settles)
    return None


def has_simpler(row: OutboxRow) -> bool:
    """Whether there is a simpler form of it (see `simplified`)."""
    return "instead" in _after(row)


def is_extra(row: OutboxRow) -> bool:
    """Whether the answer is whole without this message."""
    return _after(row).get("extra", False)


def anew(row: OutboxRow) -> Mapping[str, Any]:
    """What a new message needs beside its text, if the one to be edited is gone."""
    return _after(row).get("anew", {})


def simplified(tx: Transaction, row: OutboxRow) -> OutboxRow:
    """Telegram doesn't take this form: what the row is from now on.

    The simpler messages pass through this one row, one after the other: so they keep its place before whatever follows
    it, a crash forgets none and repeats at most the one in flight, and the charge stays with the last.
    """
    after = _after(row)
    return _replaced(tx, row, after.pop("instead"), after)


def refused(tx: Transaction, group: Sequence[OutboxRow], *, unreachable: bool) -> list[After]:
    """Telegram won't take a message: it and what belongs to it is dropped, nothing is charged.

    `unreachable` notes that this person can't be written to. Returns what the messages were for.
    """
    tx.write(OutboxGroupGone(group[0].group))
    user = group[0].chat_id
    if unreachable and tx.book.get(user) is not None:
        tx.set(user, unreachable=True)
    for row in group:
        if row.settles is not None:
            tx.done(row.settles)
    return [_after(row) for row in group]


def asker(row: OutboxRow) -> int | None:
    """Who asked for the answer that this message is a part of."""
    return _after(row).get("asker")


def _after(row: OutboxRow) -> After:
    return cast("After", orjson.loads(row.after)) if row.after else After()


def _replaced(tx: Transaction, row: OutboxRow, calls: Sequence[Call], after: After) -> OutboxRow:
    (method, params), *then = calls
    if then:
        after["then"] = then
    changed = row._replace(method=method, params=orjson.dumps(params), after=orjson.dumps(after))
    tx.write(OutboxChanged(changed.method, changed.params, changed.after, row.id))
    return changed


def _charge(tx: Transaction, charge: Charge) -> None:
    user = charge["user"]
    account = tx.book.get(user)
    if account is None:
        return
    for counter, amount in charge["counted"].items():
        tx.count(user, counter, amount)
    tx.set(user, last_request=date_text(tx.now))
    taken: list[tuple[Purse, int, str]] = [
        (charge["purse"], charge["amount"], charge["reason"]),
        ("premium_balance", charge.get("heard", 0), "voice"),
    ]
    for purse, amount, reason in taken:
        # The message has left: a purse at its lower bound must not keep it in the outbox, to be sent for ever.
        if fitting := min(amount, AMOUNT_MAX + getattr(account, purse)):
            tx.book_purse(user, purse, -fitting, reason=reason, key=f"{charge['update_id']}:{reason}")
    report = charge["report"]
    if report is not None:
        balance = getattr(tx.book.accounts[user], charge["purse"])
        tx.report(report | {"balance": balance})
