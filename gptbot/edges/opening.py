"""Opens the storage at start: lock, data.json, data.db, and one truth out of both, on the disk before anything runs."""

import secrets
import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, NamedTuple, cast

import orjson
import structlog

from gptbot.domain.book import Book, Dialog, DialogKey, Permit, PermitState
from gptbot.domain.document import Document
from gptbot.domain.importing import BadEntry, Imported, read_document
from gptbot.domain.recovery import Disagreement, Journal, Recovered, add_admins, forget_again, reconcile, unbooked
from gptbot.domain.rows import DialogRow, PermitRow
from gptbot.domain.transaction import Counters
from gptbot.edges.data_file import (
    JsonDataFile,
    Loaded,
    Paths,
    bad_entry,
    keep_original,
    load,
    newest_backup_hint,
    open_to_others,
    take_lock,
)
from gptbot.edges.database import SqliteDatabase, StartState, open_database, unusable
from gptbot.errors import OperatorError
from gptbot.ports import StorageConflict, StorageUnavailable

log = structlog.get_logger()


class OpenedStorage(NamedTuple):
    """Everything the storage actor starts from. Close it with `close_storage`."""

    book: Book
    document: Document
    counters: Counters
    database: SqliteDatabase
    data_file: JsonDataFile
    lock: IO[str]
    requests_to_show: bool


def open_storage(
    data_path: Path,
    *,
    bot_id: int,
    admins: Sequence[int],
    backup_count: int,
    backup_days: int,
    accept: bool = False,
) -> OpenedStorage:
    """Raises OperatorError with one sentence when the files can't be used; then nothing was changed."""
    paths = Paths.beside(data_path)
    if warning := open_to_others(data_path):
        log.warning("data_file.folder_open", problem=warning)
    with ExitStack() as on_failure:
        lock = on_failure.enter_context(take_lock(paths.lock))
        loaded = load(paths.data)
        imported = _read(paths.data, loaded)
        database = open_database(paths.database, bot_id)
        on_failure.callback(database.close)
        data_file = JsonDataFile(paths.data, backup_count=backup_count, backup_days=backup_days)
        try:
            state = database.start_state()
            recovered = _reconcile(paths, imported, state, accept=accept)
            document = _settle(paths, data_file, database, state, loaded, imported, recovered, admins)
            database.served_by(admins)
            _restore_dialogs(recovered.book, state.dialogs)
            _restore_permits(recovered.book, state.permits)
            to_show = database.requests_to_show()
        except (StorageUnavailable, StorageConflict) as error:
            if type(error.__cause__) is sqlite3.DatabaseError:  # damaged; a full disk is an OperationalError
                raise unusable(paths.database, error) from error
            raise OperatorError(f"{error}: the folder of DATA_FILE must be writable and its disk have room") from error
        except (sqlite3.Error, ValueError) as error:  # ValueError: what stands in a row is no JSON, no UTF-8
            raise unusable(paths.database, error) from error
        on_failure.pop_all()
    state.counters.seq = recovered.seq
    log.info(
        "storage.opened", users=len(recovered.book.accounts), replayed=len(state.patches), imported=recovered.imported
    )
    return OpenedStorage(recovered.book, document, state.counters, database, data_file, lock, to_show)


def inspect(data_path: Path, bot_id: int) -> list[str]:
    """For `--check`: what keeps data.db from going together with a data.json that is sound by itself, in sentences."""
    paths = Paths.beside(data_path)
    if not paths.database.exists():
        return []
    try:
        with ExitStack() as opened:
            opened.enter_context(take_lock(paths.lock))
            loaded = load(paths.data)
            imported = read_document(loaded.document) if loaded else None
            database = open_database(paths.database, bot_id)
            opened.callback(database.close)
            _reconcile(paths, imported, database.start_state(), accept=False)
    except OperatorError as error:
        return [str(error)]
    except (sqlite3.Error, ValueError) as error:
        return [str(unusable(paths.database, error))]
    return []


def close_storage(opened: OpenedStorage) -> None:
    """Ends the threads and gives the lock back."""
    opened.data_file.close()
    opened.database.close()
    opened.lock.close()


def _read(path: Path, loaded: Loaded | None) -> Imported | None:
    if loaded is None:
        return None
    try:
        imported = read_document(loaded.document)
    except BadEntry as error:
        raise bad_entry(path, error) from error
    for warning in imported.warnings:
        log.warning("data_file.odd_key", problem=warning)
    return imported


def _reconcile(paths: Paths, imported: Imported | None, state: StartState, *, accept: bool) -> Recovered:
    journal = Journal(state.journal, state.kept_seq, state.counters.seq, state.patches)
    try:
        return reconcile(imported, journal, new_id=secrets.token_hex(8), accept=accept)
    except Disagreement as error:
        raise OperatorError(f"{error}{newest_backup_hint(paths.data)}") from error


def _settle(
    paths: Paths,
    data_file: JsonDataFile,
    database: SqliteDatabase,
    state: StartState,
    loaded: Loaded | None,
    imported: Imported | None,
    recovered: Recovered,
    admins: Sequence[int],
) -> Document:
    """Writes the recovered truth to both files. A crash in between is mended by the next start."""
    now = int(time.time())
    book = recovered.book
    book.key = bytes.fromhex((imported and imported.key) or state.key or secrets.token_hex(32))
    untouched = loaded is not None and loaded.digest == state.digest and state.journal == recovered.journal
    sums: Mapping[int, Mapping[str, int]] = {} if untouched else database.ledger_sums()
    if not untouched and (forgotten := forget_again(book, state.forgotten, sums)):
        log.warning("data_file.forgotten_again", people=forgotten)
    new_admins = add_admins(book, admins, now)
    document = Document(book, imported.others if imported else {}, recovered.journal)
    if recovered.imported and loaded is not None:
        log.info("data_file.imported", original=keep_original(paths.data).name)
    digest = data_file.write_now(document.pieces(recovered.seq))
    booked = []
    if not untouched or new_admins:
        reason = "import" if state.journal is None else "manual"
        booked = unbooked(book, sums or database.ledger_sums(), reason=reason, seq=recovered.seq, now=now)
    back = [book.pseudonym(admin) for admin in admins]  # forgotten or not, they have an entry from now on
    database.adopt(recovered.journal, recovered.seq, digest, booked, book.key.hex(), back)
    return document


def _restore_dialogs(book: Book, dialogs: Sequence[DialogRow]) -> None:
    for row in dialogs:
        key = DialogKey(row.user, row.chat_id, row.thread_id)
        book.dialogs[key] = Dialog(row.token, orjson.loads(row.snapshot), row.at)


def _restore_permits(book: Book, permits: Sequence[PermitRow]) -> None:
    for row in permits:
        book.permits[row.id] = Permit(cast("PermitState", row.state), orjson.loads(row.details), row.at)
