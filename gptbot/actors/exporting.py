"""/export: everything that is kept of one person, as a JSON document (SPEC §4).

Turns are read and written down a page at a time, so that the event loop is never held for long.
"""

from collections.abc import Callable
from typing import Any

import orjson

from gptbot.actors.desk import Desk
from gptbot.commands.visit import Visit
from gptbot.domain.book import Book
from gptbot.domain.outgoing import media
from gptbot.domain.records import date_text, to_json
from gptbot.domain.rows import OutboxRow, TurnRow
from gptbot.domain.rules import Rules
from gptbot.domain.transaction import Transaction
from gptbot.ports import StorageUnavailable, StoredPerson

FILE_NAME = "gptbot-export.json"
BYTES_MAX = 40_000_000
"""Telegram takes files of 50 MB from bots (Bot API, sendDocument); older turns beyond this are left out and counted."""
TURNS_AT_ONCE = 200

Rule = Callable[[Transaction], None]


async def export_document(desk: Desk, visit: Visit) -> Rule:
    """Sends the document to the private chat; a second one only when the first has been delivered."""
    if not visit.place.private:
        return lambda tx: visit.say(tx, "private.only")
    try:
        stored = await desk.database.person(visit.user)
        if any(row.attachment_name == FILE_NAME for row in stored.outbox):
            return lambda tx: visit.say(tx, "export.wait")
        turns, count = await _turns(desk, visit.user)
    except StorageUnavailable:
        return lambda tx: visit.say(tx, "export.failed")
    head = _head(desk.storage.book, desk.rules, visit, desk.clock.now(), stored) | {
        "turns_left_out": stored.turns - count
    }
    content = orjson.dumps(head, option=orjson.OPT_INDENT_2)[:-2] + b',\n  "turns": [' + turns + b"]\n}\n"
    caption = visit.words("export.caption", turns=count)

    def send(tx: Transaction) -> None:
        tx.send(media(visit.place, "document", FILE_NAME, content, caption=caption))

    return send


async def _turns(desk: Desk, user: int) -> tuple[bytes, int]:
    """The person's turns, oldest first, and how many they are: the newest that fit into the file."""
    written: list[bytes] = []
    room, before = BYTES_MAX, None
    while page := await desk.database.turns_of(user, before, TURNS_AT_ONCE):
        before = page[-1].id
        for row in page:
            turn = orjson.dumps(_turn(row))
            room -= len(turn) + 2
            if room < 0:
                return b",\n".join(reversed(written)), len(written)
            written.append(turn)
    return b",\n".join(reversed(written)), len(written)


def _turn(row: TurnRow) -> dict[str, Any]:
    """`parent` is the turn that this one goes on from; so the chains can be put together."""
    return {
        "id": row.id,
        "parent": row.parent,
        "chat": row.chat_id,
        "topic": row.thread_id,
        "message": row.message_id,
        "at": date_text(row.at),
        "model": row.model,
        "tokens": row.tokens,
        "question": row.question,
        "files": orjson.loads(row.attached) if row.attached else None,
        "answer": row.answer,
    }


def _head(book: Book, rules: Rules, visit: Visit, now: int, stored: StoredPerson) -> dict[str, Any]:
    """All but the turns. Of the people somebody invited only their number: who they are is theirs."""
    user = visit.user
    account = book.accounts[user]
    return {
        "bot": visit.me.username,
        "at": date_text(now),
        "id": user,
        "account": to_json(account),
        "admin": rules.is_admin(user),
        "invited": book.referrals.get(user, 0),
        "favor_pending": account.favor_pending,
        "ledger": [
            {"at": date_text(at), "purse": purse, "amount": amount, "reason": reason}
            for at, purse, amount, reason in stored.ledger
        ],
        "dialogs": [
            {"chat": key.chat_id, "topic": key.thread_id, "at": date_text(dialog.at), "state": dialog.snapshot}
            for key, dialog in book.dialogs.items()
            if key.user == user
        ],
        "access": [
            {"id": who, "state": permit.state, "at": date_text(permit.at), "details": permit.details}
            for who, permit in book.permits.items()
            if who == user or permit.details.get("by") == user
        ],
        "waiting_updates": [orjson.loads(raw) for raw in stored.inbox],
        "waiting_messages": [_message(row) for row in stored.outbox],
        "announcements": [{"number": number, "state": state} for number, state in stored.announcements],
    }


def _message(row: OutboxRow) -> dict[str, Any]:
    return {
        "at": date_text(row.at),
        "method": row.method,
        "parameters": orjson.loads(row.params),
        "file": row.attachment_name,
    }
