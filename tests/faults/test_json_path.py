"""A disk that fails at any one operation of writing data.json or a backup: the file stays whole, the next try works."""

import errno
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from gptbot.edges.data_file import JsonDataFile, backups
from gptbot.ports import StorageUnavailable
from tests.faults.steps import file_edges

OLD, NEW = [b'"global": {}', b'"1": {"balance": 1}'], [b'"global": {}', *(b'"%d": {}' % user for user in range(1200))]
STAMP = "2026-01-02_03-04-05"


class Disk:
    """Counts the operations, and refuses the `bad` one; those after it as well if it is `full`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bad: int | None = None
        self.full = False
        self.met: list[str] = []
        for owner, name, stand_in in file_edges(self._step):
            monkeypatch.setattr(owner, name, stand_in)

    def _step(self, name: str) -> None:
        self.met.append(name)
        number = len(self.met) - 1
        if self.bad is not None and (number >= self.bad if self.full else number == self.bad):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def data_file(folder: Path) -> JsonDataFile:
    folder.mkdir()
    file = JsonDataFile(folder / "data.json", backup_count=3, backup_days=30)
    file.write_now(OLD)
    return file


def everywhere(disk: Disk, folder: Path, work: Callable[[JsonDataFile], object]) -> list[tuple[JsonDataFile, Path]]:
    """Does the work once for each operation that it consists of, refused alone and with all that follow."""
    disk.bad = None
    rehearsal = data_file(folder / "rehearsal")
    disk.met.clear()
    work(rehearsal)
    operations = len(disk.met)
    assert operations > 8
    tried = []
    for full in (False, True):
        for number in range(operations):
            disk.bad = None
            where = folder / f"{number} {full}"
            file = data_file(where)
            disk.met.clear()
            disk.bad, disk.full = number, full
            with pytest.raises(StorageUnavailable, match="No space left on device"):
                work(file)
            disk.bad = None
            assert full or not list(where.glob(".*")), "room is not taken by what failed"
            tried.append((file, where))
    return tried


def whole(path: Path) -> bool:
    document = json.loads(path.read_bytes())
    return len(document) in (len(OLD), len(NEW)) and stat.S_IMODE(path.stat().st_mode) == 0o600


def test_wherever_the_disk_refuses_a_rewrite_data_json_is_the_old_or_the_new_one_and_the_next_rewrite_works(
    disk: Disk, tmp_path: Path
) -> None:
    for file, folder in everywhere(disk, tmp_path, lambda file: file.write_now(NEW)):
        assert whole(folder / "data.json")
        file.write_now(NEW)
        assert len(json.loads((folder / "data.json").read_bytes())) == len(NEW)
        assert [path.name for path in folder.iterdir()] == ["data.json"], "nothing is left lying about"


def test_wherever_the_disk_refuses_a_backup_there_is_a_whole_one_or_none_and_the_next_one_works(
    disk: Disk, tmp_path: Path
) -> None:
    for file, folder in everywhere(disk, tmp_path, lambda file: file._back_up(STAMP)):
        assert all(whole(kept) for kept in backups(folder / "data.json"))
        assert whole(folder / "data.json")
        file._back_up(STAMP)
        assert sorted(path.name for path in folder.iterdir()) == ["data.json", f"data.json.{STAMP}.bak"]
