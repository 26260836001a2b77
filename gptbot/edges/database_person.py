"""What data.db holds of one person, for /export (SPEC §4)."""

import sqlite3

from gptbot.domain import rows
from gptbot.edges.database_schema import OUTBOX_OF
from gptbot.ports import StoredPerson

_TURNS = (
    "SELECT id, user, chat, thread, parent, question, answer, model, tokens, at, message, attached FROM turns"
    " WHERE user = ? AND id < ? ORDER BY id DESC LIMIT ?"
)
_OUTBOX = (
    "SELECT id, chat, grp, method, params, attachment_field, attachment_name, NULL, after, settles, at"  # noqa: S608 (own names)
    f" FROM outbox WHERE {OUTBOX_OF} ORDER BY id"
)


def person(connection: sqlite3.Connection, user: int) -> StoredPerson:
    """All but the turns, of all bots that this file has served; files in the outbox without their contents."""
    select = connection.execute
    who = {"user": user}
    return StoredPerson(
        ledger=select("SELECT at, purse, amount, reason FROM ledger WHERE user = :user ORDER BY id", who).fetchall(),
        outbox=[rows.OutboxRow(*row) for row in select(_OUTBOX, who)],
        inbox=[
            bytes(raw)
            for (raw,) in select("SELECT raw FROM inbox WHERE user = :user AND raw IS NOT NULL ORDER BY place", who)
        ],
        announcements=select("SELECT announcement, state FROM recipients WHERE user = :user", who).fetchall(),
        turns=int(select("SELECT COUNT(*) FROM turns WHERE user = :user", who).fetchone()[0]),
    )


def turns_of(connection: sqlite3.Connection, user: int, before: int, limit: int) -> list[rows.TurnRow]:
    """The newest turns of this person that are older than the turn `before`, newest first."""
    return [rows.TurnRow(*row) for row in connection.execute(_TURNS, (user, before, limit))]
