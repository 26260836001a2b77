"""data.json on the disk: read once at start, replaced whole at each rewrite, kept as dated backups (SPEC §3).

Also the lock that keeps a second bot from the same file. All of it is mode 0600.
"""

import asyncio
import fcntl
import glob
import hashlib
import os
import re
import stat
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

from gptbot.domain.importing import BadEntry, read_document
from gptbot.edges.data_json import Unreadable, parse, place_of
from gptbot.errors import OperatorError
from gptbot.ports import StorageUnavailable

PIECES_AT_ONCE = 500


class Paths(NamedTuple):
    """data.json and what lies beside it."""

    data: Path
    database: Path
    lock: Path

    @classmethod
    def beside(cls, data: Path) -> "Paths":
        if data.suffix in {".db", ".lock"}:
            raise OperatorError(f"DATA_FILE={data}: take a name that ends in .json; the .db and .lock lie beside it")
        data = Path(os.path.realpath(data))  # two links to one file must find the same lock
        return cls(data, data.with_suffix(".db"), data.with_suffix(".lock"))


class Loaded(NamedTuple):
    """The parsed document and the digest of its bytes."""

    document: Any
    digest: str


def take_lock(path: Path) -> IO[str]:
    """Locks `path` for as long as the returned file is open. Raises OperatorError with the other bot's pid."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+")
        os.fchmod(file.fileno(), 0o600)
    except OSError as error:
        raise OperatorError(
            f"{path} can't be opened ({error.strerror}): the folder of DATA_FILE must be writable"
        ) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        pid = file.read(20).strip() or "unknown"
        file.close()
        raise OperatorError(
            f"another bot (pid {pid}) is running on {path.with_suffix('.json').name}: stop it first,"
            " or give this one a DATA_FILE of its own"
        ) from error
    except OSError as error:
        file.close()
        raise OperatorError(f"{path} can't be locked ({error.strerror}): keep DATA_FILE on a local disk") from error
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def load(path: Path) -> Loaded | None:
    """What stands in data.json; None if there is none. Raises OperatorError with the place of the fault."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OperatorError(f"{path} can't be read ({error.strerror}): mend its permissions") from error
    try:
        return Loaded(parse(content), hashlib.sha256(content).hexdigest())
    except Unreadable as error:
        raise OperatorError(
            f"{path} is broken at {error}. Mend it by hand, or put a backup in its place{newest_backup_hint(path)}"
        ) from error


def bad_entry(path: Path, error: BadEntry) -> OperatorError:
    """The error for an entry that can't be read, with the line and column of its key."""
    line, column = place_of(path.read_bytes(), error.path)
    key = " → ".join(error.path) or "the file"
    return OperatorError(
        f"{path} is broken at line {line}, column {column} ({key}): {error.problem}. Mend it by hand, or put"
        f" a backup in its place{newest_backup_hint(path)}"
    )


def newest_backup_hint(path: Path) -> str:
    """ ": the newest good one is NAME", or nothing when there is none."""
    originals = sorted(path.parent.glob(f"{glob.escape(path.name)}.imported-*.bak"))
    for backup in reversed([*originals, *backups(path)]):
        try:
            read_document(parse(backup.read_bytes()))
        except (OSError, ValueError):
            continue
        return f": the newest good one is {backup.name}"
    return ""


def backups(path: Path) -> list[Path]:
    """The rotating backups, oldest first; the copy of an imported file is not among them."""
    pattern = re.compile(re.escape(path.name) + r"\.\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d\.bak")
    found = path.parent.glob(f"{glob.escape(path.name)}.*.bak")
    return sorted(file for file in found if pattern.fullmatch(file.name))


def keep_original(path: Path) -> Path:
    """Keeps the first bot's file beside the new one, before the first write; such a copy is never rotated away."""
    copy = path.with_name(f"{path.name}.imported-{time.strftime('%Y-%m-%d_%H-%M-%S', time.gmtime())}.bak")
    _copy(path, copy)
    return copy


def open_to_others(path: Path) -> str:
    """A warning when other users of this machine can see into the folder of data.json; "" when all is well."""
    folder = Path(os.path.realpath(path)).parent
    try:
        mode = stat.S_IMODE(folder.stat().st_mode)
    except OSError:
        return ""
    if not mode & 0o007:
        return ""
    return (
        f"the folder {folder} is open to every user of this machine (mode {mode:04o}): the files in it are the owner's"
        f" alone (0600), their names and sizes are not. To close it: chmod 700 {folder}"
    )


def inspect(path: Path) -> list[str]:
    """What is wrong with data.json, its folder or its lock, for `--check`; each a sentence, none when all is well."""
    problems = []
    try:
        paths = Paths.beside(path)
        folder = paths.data.parent  # where a link leads to
        if not os.access(next(there for there in (folder, *folder.parents) if there.exists()), os.W_OK):
            problems.append(f"the folder {folder} is not writable: the bot keeps data.json, data.db and backups there")
        if paths.lock.exists():
            take_lock(paths.lock).close()
        if loaded := load(paths.data):
            read_document(loaded.document)
    except BadEntry as error:
        problems.append(str(bad_entry(path, error)))
    except OperatorError as error:
        problems.append(str(error))
    return problems


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """A new content for `path`: temp file, fsync, rename, fsync of the folder; a reader sees the old or the new, whole.

    When that fails nothing is left lying about, least of all on a full disk.
    """
    temporary = path.with_name(f".{path.name}.new")
    try:
        temporary.unlink(missing_ok=True)  # a crash left it, perhaps with another mode
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=0) as file:
            yield file
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as original, _replacing(target) as file:
        while portion := original.read(1 << 20):
            _write_all(file, portion)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class JsonDataFile:
    """The DataFile port: writes on a thread of its own."""

    def __init__(self, path: Path, *, backup_count: int, backup_days: int) -> None:
        self._path = path
        self._backup_count = backup_count
        self._backup_days = backup_days
        self._thread = ThreadPoolExecutor(1, "data.json")

    async def write(self, pieces: Sequence[bytes]) -> str:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self.write_now, pieces)

    async def back_up(self, stamp: str) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._back_up, stamp)

    async def newest_backup_at(self, now: int) -> int:
        try:
            made = [int(backup.stat().st_mtime) for backup in backups(self._path)]
        except OSError as error:
            raise StorageUnavailable(f"backups of {self._path}: {error.strerror}") from error
        return max((at for at in made if at <= now), default=0)

    def close(self) -> None:
        self._thread.shutdown()

    def write_now(self, pieces: Sequence[bytes]) -> str:
        """Replaces the file by the document of these pieces; its digest. Raises StorageUnavailable."""
        digest = hashlib.sha256()
        try:
            with _replacing(self._path) as file:
                for start in range(0, max(1, len(pieces)), PIECES_AT_ONCE):  # in portions: the join holds the GIL
                    chunk = pieces[start : start + PIECES_AT_ONCE]
                    opening = b"{\n" if start == 0 else b",\n"
                    closing = b"\n}\n" if start + PIECES_AT_ONCE >= len(pieces) else b""
                    portion = opening + b",\n".join(chunk) + closing
                    digest.update(portion)
                    _write_all(file, portion)
        except OSError as error:
            raise StorageUnavailable(f"{self._path}: {error.strerror}") from error
        return digest.hexdigest()

    def _back_up(self, stamp: str) -> None:
        try:
            made = self._path.with_name(f"{self._path.name}.{stamp}.bak")
            _copy(self._path, made)
            # What a wrong clock has dated later than this one is the first to go.
            kept = sorted(backups(self._path), key=lambda backup: (backup.name <= made.name, backup.name))
            oldest = time.time() - self._backup_days * 86400
            for place, backup in enumerate(kept):
                newer = len(kept) - place - 1
                if newer >= self._backup_count or (newer and backup.stat().st_mtime < oldest):
                    backup.unlink()
        except OSError as error:
            raise StorageUnavailable(f"backup of {self._path}: {error.strerror}") from error


def _write_all(file: IO[bytes], content: bytes) -> None:
    view = memoryview(content)
    while view:  # a raw file may take a part only
        view = view[os.write(file.fileno(), view) :]
