"""The tables of data.db, the statement that writes each kind of row, and how a connection is opened."""

import sqlite3
from pathlib import Path
from typing import Any

from gptbot.domain import rows
from gptbot.errors import OperatorError

SCHEMA_VERSION = 1

SCHEMA = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE inbox(
    place INTEGER PRIMARY KEY, bot INTEGER NOT NULL, update_id INTEGER NOT NULL, user INTEGER NOT NULL, raw BLOB,
    asked BLOB, done_at INTEGER, UNIQUE(bot, update_id));
CREATE INDEX inbox_open ON inbox(bot, place) WHERE done_at IS NULL;
CREATE INDEX inbox_done ON inbox(done_at) WHERE done_at IS NOT NULL;
CREATE TABLE journal(seq INTEGER PRIMARY KEY, user INTEGER NOT NULL, patch BLOB NOT NULL);
CREATE TABLE ledger(
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, user INTEGER NOT NULL, purse TEXT NOT NULL,
    amount INTEGER NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL);
CREATE INDEX ledger_user ON ledger(user);
CREATE TABLE outbox(
    id INTEGER PRIMARY KEY, bot INTEGER NOT NULL, chat INTEGER NOT NULL, grp INTEGER NOT NULL, method TEXT NOT NULL,
    params BLOB NOT NULL, attachment_field TEXT, attachment_name TEXT, attachment BLOB, after BLOB, settles INTEGER,
    at INTEGER NOT NULL);
CREATE INDEX outbox_group ON outbox(grp);
CREATE INDEX outbox_settles ON outbox(settles) WHERE settles IS NOT NULL;
CREATE TABLE turns(
    id INTEGER PRIMARY KEY, bot INTEGER NOT NULL, user INTEGER NOT NULL, chat INTEGER NOT NULL, thread INTEGER,
    parent INTEGER, question TEXT NOT NULL, answer TEXT NOT NULL, model TEXT NOT NULL, tokens INTEGER NOT NULL,
    at INTEGER NOT NULL, message INTEGER NOT NULL, attached BLOB);
CREATE INDEX turns_at ON turns(at);
CREATE INDEX turns_place ON turns(bot, chat, thread, id);
CREATE INDEX turns_user ON turns(user, id);
CREATE INDEX turns_parent ON turns(parent) WHERE parent IS NOT NULL;
CREATE TABLE forgotten(
    bot INTEGER NOT NULL, chat INTEGER NOT NULL, thread INTEGER NOT NULL, message INTEGER NOT NULL,
    at INTEGER NOT NULL, PRIMARY KEY(bot, chat, thread)) WITHOUT ROWID;
CREATE TABLE messages(
    bot INTEGER NOT NULL, chat INTEGER NOT NULL, message INTEGER NOT NULL, turn INTEGER NOT NULL, role TEXT NOT NULL,
    at INTEGER NOT NULL, PRIMARY KEY(bot, chat, message)) WITHOUT ROWID;
CREATE INDEX messages_at ON messages(at);
CREATE TABLE dialogs(
    bot INTEGER NOT NULL, user INTEGER NOT NULL, chat INTEGER NOT NULL, thread INTEGER NOT NULL, token TEXT NOT NULL,
    snapshot BLOB NOT NULL, at INTEGER NOT NULL, PRIMARY KEY(bot, user, chat, thread)) WITHOUT ROWID;
CREATE TABLE permits(
    bot INTEGER NOT NULL, id INTEGER NOT NULL, state TEXT NOT NULL, details BLOB NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY(bot, id)) WITHOUT ROWID;
CREATE TABLE forgotten_people(pseudonym INTEGER PRIMARY KEY, at INTEGER NOT NULL);
CREATE TABLE announcements(
    id INTEGER PRIMARY KEY, bot INTEGER NOT NULL, admin INTEGER NOT NULL, chat INTEGER NOT NULL, spec TEXT NOT NULL,
    content BLOB NOT NULL, state TEXT NOT NULL, progress_message INTEGER NOT NULL, at INTEGER NOT NULL);
CREATE TABLE recipients(
    announcement INTEGER NOT NULL, place INTEGER NOT NULL, user INTEGER NOT NULL, state TEXT NOT NULL,
    PRIMARY KEY(announcement, user)) WITHOUT ROWID;
CREATE INDEX recipients_state ON recipients(announcement, state, place);
CREATE TABLE reports(id INTEGER PRIMARY KEY, bot INTEGER NOT NULL, line BLOB NOT NULL);
"""

# {bot} is the bot's id, a number.
WRITES: dict[type[Any], str] = {
    rows.JournalRow: "INSERT INTO journal VALUES(?, ?, ?)",
    rows.LedgerRow: "INSERT INTO ledger(key, user, purse, amount, reason, at) VALUES('{bot}:' || ?, ?, ?, ?, ?, ?)",
    rows.InboxDone: "UPDATE inbox SET raw = NULL, asked = NULL, done_at = ? WHERE bot = {bot} AND update_id = ?",
    rows.InboxAsked: "UPDATE inbox SET asked = ? WHERE bot = {bot} AND update_id = ? AND done_at IS NULL",
    rows.OutboxRow: (
        "INSERT INTO outbox(id, bot, chat, grp, method, params, attachment_field, attachment_name, attachment, after,"
        " settles, at) VALUES(?, {bot}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ),
    rows.OutboxChanged: "UPDATE outbox SET method = ?, params = ?, after = ? WHERE id = ?",
    rows.OutboxGone: "DELETE FROM outbox WHERE id = ?",
    rows.OutboxGroupGone: "DELETE FROM outbox WHERE grp = ?",
    rows.TurnRow: (
        "INSERT INTO turns(id, bot, user, chat, thread, parent, question, answer, model, tokens, at,"
        " message, attached) VALUES(?, {bot}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    ),
    rows.TurnGone: "DELETE FROM turns WHERE id = ?",
    rows.TurnReplaced: f"UPDATE turns SET message = {rows.REPLACED} WHERE id = ?",  # noqa: S608 (own names)
    rows.Forgotten: "INSERT OR REPLACE INTO forgotten VALUES({bot}, ?, ?, ?, ?)",
    rows.MessageRow: "INSERT OR REPLACE INTO messages VALUES({bot}, ?, ?, ?, ?, ?)",
    rows.DialogRow: "INSERT OR REPLACE INTO dialogs VALUES({bot}, ?, ?, ?, ?, ?, ?)",
    rows.DialogGone: "DELETE FROM dialogs WHERE bot = {bot} AND user = ? AND chat = ? AND thread = ?",
    rows.PermitRow: "INSERT OR REPLACE INTO permits VALUES({bot}, ?, ?, ?, ?)",
    rows.PermitGone: "DELETE FROM permits WHERE bot = {bot} AND id = ?",
    rows.PersonBack: "DELETE FROM forgotten_people WHERE pseudonym = ?",
    rows.AnnouncementRow: "INSERT INTO announcements VALUES(?, {bot}, ?, ?, ?, ?, ?, ?, ?)",
    rows.AnnouncementState: "UPDATE announcements SET state = ? WHERE id = ?",
    rows.AnnouncementProgressMessage: "UPDATE announcements SET progress_message = ? WHERE id = ?",
    rows.RecipientState: "UPDATE recipients SET state = ? WHERE announcement = ? AND user = ?",
    rows.ReportRow: "INSERT INTO reports VALUES(?, {bot}, ?)",
    rows.ReportsGone: "DELETE FROM reports WHERE bot = {bot} AND id <= ?",
    rows.RequestsShown: "DELETE FROM meta WHERE key = 'requests_to_show'",
}

MEMORY = (
    "SELECT id, user, parent, question, answer, tokens, attached FROM turns"
    " WHERE bot = ? AND chat = ? AND thread IS ? AND id < ? AND answer <> '' AND message > COALESCE("
    "(SELECT message FROM forgotten WHERE bot = ? AND chat = ? AND thread = ?), -1)"
    " ORDER BY id DESC LIMIT ?"
)
"""The turns that dialog mode remembers in one chat and topic, newest first, by the index `turns_place`."""


# Message ids begin anew in the supergroup, so a mark of dialog mode can't move: the turns it forgets are marked
# themselves (-1). Otherwise what is kept under the new id already is the newer one and stays.
MOVES: tuple[str, ...] = (
    "UPDATE turns SET chat = :new, message = CASE WHEN message > COALESCE("
    "(SELECT message FROM forgotten WHERE bot = :bot AND chat = :old AND thread = 0), -1) THEN 0"
    " ELSE MIN(message, -1) END WHERE bot = :bot AND chat = :old",
    "DELETE FROM forgotten WHERE bot = :bot AND chat = :old",
    *(
        statement
        for table, column in (("messages", "chat"), ("dialogs", "chat"), ("permits", "id"))
        for statement in (
            f"UPDATE OR IGNORE {table} SET {column} = :new WHERE bot = :bot AND {column} = :old",  # noqa: S608 (own names)
            f"DELETE FROM {table} WHERE bot = :bot AND {column} = :old",  # noqa: S608 (own names)
        )
    ),
    "UPDATE outbox SET chat = :new,"
    " params = CAST(json_set(CAST(params AS TEXT), '$.chat_id', :new) AS BLOB) WHERE bot = :bot AND chat = :old",
)
"""The statements that carry out `rows.ChatMoved`."""


OUTBOX_OF = (
    "(chat = :user OR json_extract(CAST(after AS TEXT), '$.asker') = :user"
    " OR json_extract(CAST(after AS TEXT), '$.favor.user') = :user)"
)
"""Messages to one person, answers to their questions in groups, and what they asked of others."""

# Of all bots that this file has served (an owner may take another token): a person is the same to each of them.
# A pending recipient is gone, one that is just being written to becomes unknown at the next start. In keys of the
# ledger an id stands only where hand edits were booked. What the person sent after asking for this is new.
FORGETS: tuple[str, ...] = (
    "DELETE FROM messages WHERE chat = :user OR turn IN (SELECT id FROM turns WHERE user = :user)",
    "DELETE FROM turns WHERE user = :user",
    "DELETE FROM forgotten WHERE chat = :user",
    "DELETE FROM dialogs WHERE user = :user",
    "DELETE FROM permits WHERE id = :user",
    f"DELETE FROM outbox WHERE {OUTBOX_OF}",  # noqa: S608 (own names)
    "DELETE FROM reports WHERE json_extract(CAST(line AS TEXT), '$.user') = :user",
    "UPDATE inbox SET raw = NULL, asked = NULL, user = 0, done_at = COALESCE(done_at, :at)"
    " WHERE user = :user"
    " AND place <= (SELECT place FROM inbox WHERE bot = :bot AND update_id = :update_id)",
    "UPDATE recipients SET user = :pseudonym, state = CASE state WHEN 'pending' THEN 'gone' ELSE state END"
    " WHERE user = :user",
    "UPDATE announcements SET spec = 'forgotten' WHERE lower(spec) IN (CAST(:user AS TEXT), '@' || lower(:username))",
    "UPDATE ledger SET user = :pseudonym, key = CASE WHEN reason IN ('manual', 'import')"
    " THEN replace(key, ':' || :user || ':', ':' || :pseudonym || ':') ELSE key END WHERE user = :user",
    "DELETE FROM journal WHERE user = :user",
    "INSERT OR REPLACE INTO forgotten_people VALUES(:pseudonym, :at)",
)
"""The statements that carry out `rows.PersonForgotten`."""


def connect(path: Path) -> sqlite3.Connection:
    """A connection whose commits are on the disk when they return; for use from any one thread at a time."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA busy_timeout = 5000")
        connection.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Makes the tables in a new file. Raises OperatorError when the file is a newer bot's or another program's."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise OperatorError(f"{path} was written by a newer gptbot: run that one, or move the file away")
    if version == 0:
        if connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            raise OperatorError(f"{path} is another program's database: give the bot a DATA_FILE of its own")
        connection.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
