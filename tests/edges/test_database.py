"""data.db: what a commit promised is there after a crash, and a refused one left nothing (DESIGN §5)."""

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from gptbot.domain import rows
from gptbot.edges.database import SqliteDatabase, open_database
from gptbot.errors import OperatorError
from gptbot.ports import InboxUpdate, StorageConflict, StorageUnavailable

BOT = 77
NOW = 1_800_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data.db"


@pytest.fixture
def database(path: Path) -> Iterator[SqliteDatabase]:
    made = open_database(path, BOT)
    yield made
    made.close()


def after_a_crash(path: Path, bot: int = BOT) -> SqliteDatabase:
    """What a new process finds if this one is cut off now: the files as they are, nothing closed."""
    copy = path.with_name("crashed")
    copy.mkdir()
    for part in (path, path.with_name(path.name + "-wal")):
        shutil.copy(part, copy / part.name)
    return open_database(copy / path.name, bot)


def update(update_id: int, user: int = 5) -> InboxUpdate:
    return InboxUpdate(update_id, user, b'{"update_id": %d}' % update_id)


def ledger(key: str, amount: int = 1, user: int = 5, purse: str = "balance") -> rows.LedgerRow:
    return rows.LedgerRow(key, user, purse, amount, "test", NOW)


def outbox(number: int, *, group: int | None = None, settles: int | None = None, chat: int = 5) -> rows.OutboxRow:
    group = number if group is None else group
    return rows.OutboxRow(number, chat, group, "sendMessage", b"{}", None, None, None, None, settles, NOW)


def turn(number: int, parent: int | None = None, *, user: int = 5, at: int = NOW) -> rows.TurnRow:
    return rows.TurnRow(number, user, 5, None, parent, f"q{number}", f"a{number}", "m", 10, at)


async def write(database: SqliteDatabase, *batch: rows.Row, updates: Sequence[InboxUpdate] = ()) -> set[int]:
    return await database.write(batch, updates, NOW)


async def pending(database: SqliteDatabase, after: int = 0, limit: int = 100) -> list[int]:
    return [waiting.update_id for _, waiting in await database.pending_updates(after, limit)]


# --- one commit -------------------------------------------------------------------------------------------------------


async def test_everything_of_a_batch_is_there_after_a_crash(database: SqliteDatabase, path: Path) -> None:
    report = rows.ReportRow(4, b'{"user": 5}')
    answer = rows.OutboxRow(3, 5, 3, "sendPhoto", b'{"a": 1}', "photo", "p.png", b"\x00\xff", b'{"turn": 1}', 9, NOW)
    dialog = rows.DialogRow(5, 5, 0, "tok", b'{"state": "asking"}', NOW)
    await write(database, updates=[update(8), update(9)])
    await write(
        database,
        rows.JournalRow(1, 5, b'{"+": {"balance": -3}}'),
        ledger("9:answer", -3),
        rows.InboxAsked(b'{"tier": "basic"}', 8),
        answer,
        turn(1),
        rows.MessageRow(5, 100, 1, "user", NOW),
        dialog,
        rows.AnnouncementRow(2, 5, 5, "all", b"{}", "sending", 0, NOW),
        rows.RecipientsAdded(2, (7, 5, 6)),
        report,
    )
    found = after_a_crash(path)
    state = found.start_state()
    assert state.patches == [rows.JournalRow(1, 5, b'{"+": {"balance": -3}}')]
    assert state.dialogs == [dialog]
    assert vars(state.counters) == {"seq": 1, "outbox": 3, "turn": 1, "announcement": 2, "report": 4}
    assert found.ledger_sums() == {5: {"balance": -3}}
    assert await found.outbox(0, 10) == [answer]
    assert await found.reports(10) == [report]
    assert await found.recipients(2, "pending", 10) == [7, 5, 6]
    assert [stored.id for stored in await found.announcements(["sending"])] == [2]
    message = await found.message(5, 100)
    assert message is not None
    assert (message.turn, message.role) == (1, "user")
    [(_, waiting)] = await found.pending_updates(0, 10)
    assert (waiting.update_id, waiting.raw, waiting.asked) == (8, b'{"update_id": 8}', b'{"tier": "basic"}')
    found.close()


@pytest.mark.parametrize(
    "misfit",
    [
        ledger("twice"),
        rows.JournalRow(1, 5, b"{}"),
        turn(1),
        rows.ReportRow(2**63, b"{}"),
        turn(9, user=2**70),
        rows.TurnRow(9, 5, 5, None, None, "\ud83d", "", "m", 1, NOW),
        rows.LedgerRow("new", 5, "balance", [1], "test", NOW),  # type: ignore[arg-type]  # a bug of the caller's
    ],
    ids=["ledger key", "journal", "turn", "id of 64 bits", "user of 70 bits", "half a character", "no number"],
)
async def test_a_row_that_never_fits_takes_the_whole_batch_back(database: SqliteDatabase, misfit: rows.Row) -> None:
    await write(database, ledger("twice"), rows.JournalRow(1, 5, b"{}"), turn(1))
    with pytest.raises(StorageConflict):
        await write(database, outbox(1), ledger("fine"), misfit, rows.ReportRow(1, b"{}"), updates=[update(1)])
    assert await database.outbox(0, 10) == []
    assert await database.reports(10) == []
    assert await pending(database) == []
    assert database.ledger_sums() == {5: {"balance": 1}}
    assert await write(database, ledger("fine"), updates=[update(1)]) == {1}


async def test_a_full_disk_is_said_and_it_works_again_when_there_is_room(database: SqliteDatabase) -> None:
    await write(database, ledger("before"))
    writer = database._writer
    room = writer.execute("PRAGMA page_count").fetchone()[0]
    writer.execute(f"PRAGMA max_page_count = {room}")
    big = rows.ReportRow(1, b"x" * 100_000)
    for _ in range(2):
        with pytest.raises(StorageUnavailable, match="full"):
            await write(database, ledger("while full"), big, updates=[update(1)])
    assert database.ledger_sums() == {5: {"balance": 1}}
    assert await pending(database) == []
    writer.execute("PRAGMA max_page_count = 1000000")
    assert await write(database, ledger("while full"), big, updates=[update(1)]) == {1}
    assert await database.reports(1) == [big]


async def test_a_locked_file_is_said_and_nothing_is_written(database: SqliteDatabase, path: Path) -> None:
    database._writer.execute("PRAGMA busy_timeout = 1")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageUnavailable, match="locked"):
        await write(database, ledger("a"))
    other.execute("ROLLBACK")
    other.close()
    await write(database, ledger("a"))
    assert database.ledger_sums() == {5: {"balance": 1}}


# --- the inbox --------------------------------------------------------------------------------------------------------


async def test_a_repeated_update_is_refused_while_it_waits_and_after_it_is_finished(database: SqliteDatabase) -> None:
    assert await write(database, updates=[update(1), update(2), update(1)]) == {1, 2}
    assert await write(database, updates=[update(2), update(3)]) == {3}
    await write(database, rows.InboxDone(NOW, 1))
    assert await write(database, updates=[update(1)]) == set()
    assert await pending(database) == [2, 3]


async def test_pending_updates_come_in_order_of_arrival_page_by_page(database: SqliteDatabase) -> None:
    await write(database, updates=[update(30), update(10), update(20)])
    first = await database.pending_updates(0, 2)
    rest = await database.pending_updates(first[-1][0], 2)
    assert [waiting.update_id for _, waiting in [*first, *rest]] == [30, 10, 20]


async def test_an_update_whose_answer_lies_in_the_outbox_is_not_handled_again(database: SqliteDatabase) -> None:
    await write(database, updates=[update(1), update(2)])
    await write(database, outbox(1, settles=1))
    assert await pending(database) == [2]
    await write(database, rows.OutboxGone(1), rows.InboxDone(NOW, 1))
    assert await pending(database) == [2]


async def test_an_update_may_arrive_and_be_finished_in_one_commit(database: SqliteDatabase) -> None:
    assert await write(database, rows.InboxDone(NOW, 1), updates=[update(1)]) == {1}
    assert await pending(database) == []


async def test_finished_updates_and_old_turns_are_forgotten_and_nothing_else(database: SqliteDatabase) -> None:
    await write(database, updates=[update(1), update(2), update(3)])
    await write(database, rows.InboxDone(NOW - 100, 1), rows.InboxDone(NOW, 2))
    for number, at in ((1, NOW - 100), (2, NOW)):
        await write(database, turn(number, at=at), rows.MessageRow(5, number, number, "user", at))
    await database.forget_before(NOW - 50, NOW - 50)
    assert await write(database, updates=[update(1), update(2), update(3)]) == {1}
    assert [await database.message(5, number) is not None for number in (1, 2)] == [False, True]
    assert [len(await database.chain(number, 5)) for number in (1, 2)] == [0, 1]


# --- chains -----------------------------------------------------------------------------------------------------------


async def test_a_chain_is_the_branch_back_to_its_root_oldest_first(database: SqliteDatabase) -> None:
    """1 ← 2 ← 3 ← 4, and 5, 6 fork off at 2; 7 stands alone."""
    parents = {1: None, 2: 1, 3: 2, 4: 3, 5: 2, 6: 5, 7: None}
    await write(database, *(turn(number, parent) for number, parent in parents.items()))
    branches = {4: [1, 2, 3, 4], 6: [1, 2, 5, 6], 2: [1, 2], 7: [7], 99: []}
    for end, expected in branches.items():
        assert [stored.id for stored in await database.chain(end, 50)] == expected
    assert [stored.id for stored in await database.chain(6, 2)] == [5, 6]
    assert (await database.chain(6, 1))[0].question == "q6"


async def test_a_chain_goes_as_far_as_its_turns_are_kept(database: SqliteDatabase) -> None:
    await write(database, turn(2, 1), turn(3, 2))
    assert [stored.id for stored in await database.chain(3, 50)] == [2, 3]


async def test_a_question_without_an_answer_is_kept_and_neither_remembered_nor_a_successor(
    database: SqliteDatabase,
) -> None:
    unanswered = turn(2, 1)._replace(answer="", message_id=7)
    await write(database, turn(1), unanswered)
    assert await database.turn(2) == unanswered
    assert await database.turn(3) is None
    assert not await database.followed(1)
    assert [stored.id for stored in await database.memory(5, None, before=None, tokens=1000, limit=10)] == [1]
    await write(database, turn(3, 1))
    assert await database.followed(1)


async def test_a_replaced_turn_is_kept_for_replies_and_remembered_no_more(database: SqliteDatabase) -> None:
    await write(database, turn(1), turn(2, 1), rows.TurnReplaced(2))
    kept = await database.turn(2)
    assert kept is not None
    assert kept.replaced
    assert [stored.id for stored in await database.chain(2, 50)] == [1, 2]
    assert [stored.id for stored in await database.memory(5, None, before=None, tokens=1000, limit=10)] == [1]
    await write(database, rows.ChatMoved(5, -100))
    assert [stored.id for stored in await database.memory(-100, None, before=None, tokens=1000, limit=10)] == [1]
    moved = await database.turn(2)
    assert moved is not None
    assert moved.replaced


async def test_a_circle_ends_at_the_limit(database: SqliteDatabase) -> None:
    await write(database, turn(1, 2), turn(2, 1))
    assert len(await database.chain(1, 7)) == 7


async def test_the_number_of_a_dropped_turn_is_not_given_to_another(database: SqliteDatabase, path: Path) -> None:
    """The question's message stays known; a new turn of somebody else must not be what it leads to."""
    await write(database, turn(8), rows.MessageRow(5, 100, 8, "user", NOW))
    await write(database, rows.TurnGone(8))
    found = after_a_crash(path)
    assert found.start_state().counters.turn == 8
    found.close()


# --- the outbox and the rest ------------------------------------------------------------------------------------------


async def test_another_message_takes_an_outbox_row_s_place_and_keeps_the_rest(database: SqliteDatabase) -> None:
    await write(database, outbox(1, settles=9), outbox(2))
    await write(database, rows.OutboxChanged("sendPhoto", b'{"a": 1}', b'{"turn": 1}', 1))
    changed = outbox(1, settles=9)._replace(method="sendPhoto", params=b'{"a": 1}', after=b'{"turn": 1}')
    assert await database.outbox(0, 10) == [changed, outbox(2)]


async def test_a_group_leaves_the_outbox_together(database: SqliteDatabase) -> None:
    await write(database, outbox(1), outbox(2, group=1), outbox(3))
    await write(database, rows.OutboxGroupGone(1))
    assert [row.id for row in await database.outbox(0, 10)] == [3]
    assert await database.outbox(3, 10) == []


async def test_the_outbox_comes_page_by_page(database: SqliteDatabase) -> None:
    await write(database, *(outbox(number) for number in (1, 2, 3)))
    assert [row.id for row in await database.outbox(0, 2)] == [1, 2]
    assert [row.id for row in await database.outbox(2, 2)] == [3]


async def test_reports_go_up_to_the_one_that_was_sent(database: SqliteDatabase) -> None:
    await write(database, *(rows.ReportRow(number, b"{}") for number in (1, 2, 3)))
    await write(database, rows.ReportsGone(2))
    assert [row.id for row in await database.reports(10)] == [3]


async def test_a_dialog_is_kept_as_it_stands_last(database: SqliteDatabase, path: Path) -> None:
    first = rows.DialogRow(5, 5, 0, "a", b"1", NOW)
    in_topic = rows.DialogRow(5, 5, 3, "b", b"2", NOW)
    await write(database, first, in_topic, rows.DialogRow(6, 6, 0, "c", b"3", NOW))
    await write(database, first._replace(token="d", snapshot=b"4"), rows.DialogGone(6, 6, 0))
    found = after_a_crash(path)
    assert found.start_state().dialogs == [first._replace(token="d", snapshot=b"4"), in_topic]
    found.close()


async def test_an_announcement_knows_who_got_it(database: SqliteDatabase) -> None:
    await write(
        database,
        rows.AnnouncementRow(1, 5, 5, "all", b'{"x": 1}', "sending", 0, NOW),
        rows.RecipientsAdded(1, (1, 2, 3, 2)),
    )
    await write(database, rows.RecipientState("delivered", 1, 1), rows.RecipientState("sending", 1, 2))
    await write(database, rows.AnnouncementState("paused", 1), rows.AnnouncementProgressMessage(33, 1))
    assert await database.recipient_counts(1) == {"delivered": 1, "sending": 1, "pending": 1}
    assert await database.recipients(1, "pending", 10) == [3]
    assert await database.announcements(["sending"]) == []
    [stored] = await database.announcements(["sending", "paused"])
    assert (stored.state, stored.progress_message, stored.content) == ("paused", 33, b'{"x": 1}')


# --- start ------------------------------------------------------------------------------------------------------------


async def test_the_journal_is_dropped_only_as_far_as_data_json_took_it(database: SqliteDatabase, path: Path) -> None:
    database.adopt("J", 0, "d0", [ledger("import", 100)])
    await write(database, *(rows.JournalRow(seq, 5, orjson.dumps({"+": {"tokens": seq}})) for seq in (1, 2, 3)))
    await database.note_data_file(2, "d2")
    found = after_a_crash(path)
    state = found.start_state()
    assert (state.journal, state.kept_seq, state.digest, state.counters.seq) == ("J", 2, "d2", 3)
    assert [row.seq for row in state.patches] == [3]
    assert found.ledger_sums() == {5: {"balance": 100}}
    found.close()


async def test_open_requests_are_to_be_shown_until_that_is_committed_also_after_a_crash(
    database: SqliteDatabase, path: Path
) -> None:
    database.adopt("J", 0, "d0", [])
    found = after_a_crash(path)
    assert found.requests_to_show()
    found.adopt("J", 0, "d0", [])
    assert found.requests_to_show()
    await write(found, rows.RequestsShown())
    found.adopt("J", 0, "d1", [])
    assert not found.requests_to_show()
    found.close()


async def test_numbers_go_on_after_everything_was_written_to_data_json(database: SqliteDatabase, path: Path) -> None:
    await write(database, rows.JournalRow(7, 5, b"{}"))
    await database.note_data_file(7, "d")
    found = after_a_crash(path)
    assert found.start_state().counters.seq == 7
    found.close()


async def test_each_bot_sees_its_own_updates_messages_dialogs_and_outbox(path: Path) -> None:
    ours, theirs = open_database(path, 1), open_database(path, 2)
    batch: tuple[Any, ...] = (rows.MessageRow(5, 100, 1, "user", NOW), rows.DialogRow(5, 5, 0, "t", b"{}", NOW))
    assert await write(ours, *batch, ledger("1:x"), outbox(1, settles=2), updates=[update(1), update(2)]) == {1, 2}
    assert await theirs.message(5, 100) is None
    assert await theirs.outbox(0, 10) == []
    assert theirs.start_state().dialogs == []
    assert await write(theirs, *batch, ledger("1:x"), updates=[update(1), update(2)]) == {1, 2}
    await write(ours, rows.InboxDone(NOW, 1))
    assert await pending(ours) == []
    assert await pending(theirs) == [1, 2]
    assert ours.ledger_sums() == {5: {"balance": 2}}  # one data.json: the purses are the same ones
    ours.close()
    theirs.close()


def test_the_file_is_private(path: Path) -> None:
    path.touch(mode=0o644)
    database = open_database(path, BOT)
    assert [part.stat().st_mode & 0o777 for part in sorted(path.parent.iterdir())] == [0o600] * 3
    database.close()


def test_commits_are_on_the_disk_when_they_return(database: SqliteDatabase) -> None:
    writer = database._writer
    assert writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert writer.execute("PRAGMA synchronous").fetchone() == (2,)


def test_a_newer_bot_s_file_is_refused_and_left_alone(path: Path) -> None:
    open_database(path, BOT).close()
    with sqlite3.connect(path) as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(OperatorError, match="newer gptbot"):
        open_database(path, BOT)
    with sqlite3.connect(path) as newer:
        assert newer.execute("PRAGMA user_version").fetchone() == (99,)
    newer.close()


def test_another_program_s_database_is_refused(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE songs(title)")
    other.close()
    with pytest.raises(OperatorError, match="another program"):
        open_database(path, BOT)


def test_what_is_no_database_is_refused(path: Path) -> None:
    path.write_text("hello, this is certainly not a database" * 100)
    with pytest.raises(OperatorError, match="can't be used"):
        open_database(path, BOT)
    path.unlink()
    path.mkdir()
    with pytest.raises(OperatorError, match="can't be used"):
        open_database(path, BOT)
