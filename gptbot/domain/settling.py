"""What the arrival of a message means: the `after` of its outbox row, carried out in the commit that notes it.

An answer is charged here and nowhere else: in the one commit that also takes its last part out of the outbox and
finishes its update. So it is charged once, and only if it was delivered (SPEC §4).
"""

from collections.abc import Sequence
from typing import Any, Literal, TypedDict, cast

import orjson

from gptbot.domain.records import Counter, date_text
from gptbot.domain.rows import AnnouncementProgressMessage, MessageRow, OutboxGone, OutboxGroupGone, OutboxRow
from gptbot.domain.rules import Purse
from gptbot.domain.transaction import Transaction


class Charge(TypedDict):
    """What a delivered answer or picture costs its asker.

    `amount` leaves `purse` (0 for admins); `counted` is added to the counters; `report` goes to the admin's feed,
    None for the admins' own.
    """

    user: int
    purse: Purse
    amount: int
    counted: dict[Counter, int]
    reason: Literal["answer", "picture"]
    report: dict[str, Any] | None


class After(TypedDict, total=False):
    """All that `after` may hold."""

    turn: int  # the message is a part of this turn's answer
    charge: Charge
    asker: int  # who asked for the answer or picture that this message is a part of
    announcement: int  # the message is this announcement's progress message
    refill_notice: dict[str, int]  # a user was told of a refill by this admin
    if_refused: dict[str, Any]  # {"user": id, "key": text}: what to tell whom if Telegram won't take it


def arrived(tx: Transaction, row: OutboxRow, message_id: int) -> None:
    """The message was sent (`message_id` 0: it may have been, or the method makes none)."""
    after = _after(row)
    tx.write(OutboxGone(row.id))
    if message_id and "turn" in after:
        tx.write(MessageRow(row.chat_id, message_id, after["turn"], "assistant", tx.now))
    if message_id and "announcement" in after:
        tx.write(AnnouncementProgressMessage(message_id, after["announcement"]))
    if "charge" in after:
        _charge(tx, after["charge"], row)
    if row.settles is not None:
        tx.done(row.settles)


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


def _charge(tx: Transaction, charge: Charge, row: OutboxRow) -> None:
    user = charge["user"]
    account = tx.book.get(user)
    if account is None:
        return
    for counter, amount in charge["counted"].items():
        tx.count(user, counter, amount)
    tx.set(user, last_request=date_text(tx.now))
    if charge["amount"]:
        key = f"{row.settles}:{charge['reason']}"
        tx.book_purse(user, charge["purse"], -charge["amount"], reason=charge["reason"], key=key)
    report = charge["report"]
    if report is not None:
        balance = getattr(tx.book.accounts[user], charge["purse"])
        tx.report(report | {"balance": balance})
