"""data.json on the disk is always one whole document, or the operator learns where it is broken (SPEC §3)."""

import errno
import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptbot.domain.importing import BadEntry, read_document
from gptbot.edges import data_file
from gptbot.edges.data_file import JsonDataFile, Paths
from gptbot.edges.data_json import Unreadable, parse
from gptbot.errors import OperatorError
from gptbot.ports import StorageUnavailable

GOOD = b'{"global": {}, "5": {"balance": 7}}'
STAMP = "2026-01-0{}_00-00-00"
NOW = 2_000_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data.json"


@pytest.fixture
def file(path: Path) -> Iterator[JsonDataFile]:
    made = JsonDataFile(path, backup_count=3, backup_days=30)
    yield made
    made.close()


def pieces(count: int, tokens: int = 0) -> list[bytes]:
    users = [b'"%d": {"tokens": %d}' % (user, tokens) for user in range(1, count + 1)]
    return [b'"global": {"tokens": %d}' % tokens, *users]


def load(path: Path) -> Any:
    loaded = data_file.load(path)
    assert loaded is not None
    return loaded.document


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


# --- the lock ---------------------------------------------------------------------------------------------------------


def test_a_second_bot_on_the_same_file_is_refused_with_the_first_one_s_pid(path: Path) -> None:
    lock = Paths.beside(path).lock
    script = "import sys; from pathlib import Path; from gptbot.edges.data_file import take_lock\n"
    script += "lock = take_lock(Path(sys.argv[1])); print('locked', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "locked\n"
        with pytest.raises(OperatorError) as caught:
            data_file.take_lock(lock)
        assert f"pid {first.pid}" in str(caught.value)
        assert data_file.inspect(path) == [str(caught.value)]
        first.kill()
    data_file.take_lock(lock).close()  # a killed bot leaves no lock behind


def test_the_lock_holds_while_it_is_open_and_is_private(path: Path) -> None:
    lock = Paths.beside(path).lock
    with data_file.take_lock(lock):
        assert lock.read_text() == str(os.getpid())
        assert mode(lock) == 0o600
        with pytest.raises(OperatorError):
            data_file.take_lock(lock)
    data_file.take_lock(lock).close()


def test_the_folder_is_made(tmp_path: Path) -> None:
    data_file.take_lock(tmp_path / "new" / "data.lock").close()
    assert mode(tmp_path / "new") == 0o700


def test_links_to_one_file_meet_at_one_lock(path: Path) -> None:
    path.write_bytes(GOOD)
    link = path.with_name("other.json")
    link.symlink_to(path)
    assert Paths.beside(link) == Paths.beside(path)


def test_a_folder_that_can_t_be_locked_is_told_apart_from_a_second_bot(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "flock", failing(errno.ENOLCK))
    with pytest.raises(OperatorError, match="can't be locked"):
        data_file.take_lock(Paths.beside(path).lock)


@pytest.mark.parametrize("name", ["data.db", "data.lock"])
def test_names_of_the_neighbours_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(OperatorError, match=r"ends in \.json"):
        Paths.beside(tmp_path / name)


# --- reading ----------------------------------------------------------------------------------------------------------


def test_no_file_is_no_fault(path: Path) -> None:
    assert data_file.load(path) is None


@pytest.mark.parametrize(
    ("content", "document"),
    [
        (GOOD, {"global": {}, "5": {"balance": 7}}),
        (b"\xef\xbb\xbf" + GOOD, {"global": {}, "5": {"balance": 7}}),
        (b'{\r\n\t"5": {}\r\n}\r\n', {"5": {}}),
        (rb'{"5": {"name": "a\ud83d"}}', {"5": {"name": "a�"}}),
        (rb'{"5": {"name": "\ude00\ud83d"}}', {"5": {"name": "��"}}),
        (rb'{"5": {"name": "\ud83d\ude00 \ud83d"}}', {"5": {"name": "😀 �"}}),
        (rb'{"5": {"name": "\\ud83d \ud83d"}}', {"5": {"name": "\\ud83d �"}}),
        (rb'{"5": {"a\ud83d": 1}}', {"5": {"a�": 1}}),
        (b'{"5": {"n": 123456789012345678}}', {"5": {"n": 123456789012345678}}),
        (b'{"5": {"n": 9223372036854775807}}', {"5": {"n": 2**63 - 1}}),
    ],
)
def test_odd_but_readable_files_are_read(path: Path, content: bytes, document: object) -> None:
    path.write_bytes(content)
    assert load(path) == document


@pytest.mark.parametrize("number", ["123456789012345678901234567890", "-9223372036854775809", "1e400", "-1E+999"])
def test_numbers_that_fit_nowhere_come_out_as_they_went_in(path: Path, number: str) -> None:
    path.write_text(f'{{"5": {{"wish": {number}}}}}')
    document = load(path)
    assert read_document(document).accounts[5].extra is not None
    assert orjson.dumps(document).decode() == f'{{"5":{{"wish":{number}}}}}'


def test_such_a_number_is_no_balance(path: Path) -> None:
    path.write_text('{"5": {"balance": 123456789012345678901234567890}}')
    with pytest.raises(BadEntry, match="whole number"):
        read_document(load(path))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["line 1, column 1"]),
        (b"{", ["line 1, column 2"]),
        (b'{\n"5": {"balance": 7,}\n}', ["line 2, column 20", "balance"]),
        (b'{\n"5": {"balance": 7}\n"6": {}\n}', ["line 3, column 1", "balance"]),
        (b'{"5": {"balance": NaN}}', ["NaN"]),
        (b'{"5": {"balance": -Infinity}}', ["Infinity"]),
        (b'{"5": {"balance": 07}}', ["line 1, column 20", "balance"]),
        (b'{"5": {"name": "a\nb"}}', ["line 1", "name"]),
        (b'{\n"5": {"name": "\xff"}}', ["line 2", "UTF-8"]),
        (GOOD.decode().encode("utf-16"), ["UTF-8"]),
        (GOOD[: len(GOOD) // 2], ["line 1"]),
        (GOOD + GOOD, ["line 1, column 36"]),
        (b"\x00" * 64, ["line 1, column 1"]),
        (b'{"5": ' + b"[" * 500 + b"]" * 500 + b"}", ["nested too deep"]),
        (b'{"5": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", ["nested too deep"]),
        (b"[" * 50_000, ["nested too deep"]),
    ],
)
def test_a_broken_file_is_refused_with_the_place_and_never_touched(
    path: Path, content: bytes, words: list[str]
) -> None:
    path.write_bytes(content)
    with pytest.raises(OperatorError) as caught:
        data_file.load(path)
    for word in [str(path), *words]:
        assert word in str(caught.value)
    assert caught.value.exit_status == 2
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ('{\n  "5": {\n    "balance": "lots"\n  }\n}', "line 3, column 5 (5 → balance)"),
        ('{"6": {"name": "balance", "balance": 1},\n "5": {"balance": "lots"}}', "line 2, column 8 (5 → balance)"),
        ('{"6": {"name": "5"},\n "5": {"name": "5", "balance": "lots"}}', "line 2, column 21 (5 → balance)"),
        ('\ufeff{"5" : {"balance" : []}}', "line 1, column 9 (5 → balance)"),
        ('{"global": {"seq": "x"}}', "line 1, column 13 (global → seq)"),
        ("[]", "line 1, column 1 (the file)"),
    ],
)
def test_an_entry_that_can_t_be_read_is_shown_by_line_column_and_key(path: Path, content: str, place: str) -> None:
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BadEntry) as caught:
        read_document(load(path))
    assert place in str(data_file.bad_entry(path, caught.value))
    assert [place in problem for problem in data_file.inspect(path)] == [True]


def test_the_newest_good_backup_is_named(path: Path) -> None:
    path.write_bytes(b"{")
    for number, content in enumerate([GOOD, GOOD, b"{", b'{"5": 3}'], 1):
        path.with_name(f"data.json.{STAMP.format(number)}.bak").write_bytes(content)
    with pytest.raises(OperatorError) as caught:
        data_file.load(path)
    assert f"newest good one is data.json.{STAMP.format(2)}.bak" in str(caught.value)


def test_the_imported_original_is_named_where_there_is_no_other(path: Path) -> None:
    path.write_bytes(GOOD)
    original = data_file.keep_original(path)
    path.write_bytes(b"{")
    with pytest.raises(OperatorError, match=original.name):
        data_file.load(path)


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_a_document_or_unreadable(content: bytes) -> None:
    try:
        document = parse(content)
    except Unreadable:
        return
    orjson.dumps(document)


# --- writing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 498, 499, 500, 1234])
async def test_the_file_is_valid_json_with_one_user_a_line(file: JsonDataFile, path: Path, count: int) -> None:
    digest = await file.write(pieces(count))
    document = json.loads(path.read_text())
    assert list(document) == ["global", *(str(user) for user in range(1, count + 1))]
    lines = path.read_text().splitlines()
    assert (lines[0], lines[-1]) == ("{", "}")
    assert len(lines) == count + 3
    loaded = data_file.load(path)
    assert loaded is not None
    assert loaded.digest == digest


def test_nothing_to_write_is_an_empty_document(file: JsonDataFile, path: Path) -> None:
    file.write_now([])
    assert load(path) == {}


async def test_the_file_is_private_even_where_an_older_one_was_not(file: JsonDataFile, path: Path) -> None:
    path.write_bytes(GOOD)
    path.chmod(0o644)
    leftover = path.with_name(".data.json.new")
    leftover.write_bytes(b"cut off by a crash")
    leftover.chmod(0o666)
    await file.write(pieces(1))
    await file.back_up(STAMP.format(1))
    assert mode(path) == 0o600
    assert [mode(backup) for backup in data_file.backups(path)] == [0o600]


def failing(code: int, after: int = 0) -> Callable[..., Any]:
    """A call of the system that fails with `code`, the first `after` times not."""
    calls = 0

    def call(*args: object, **_: object) -> int:
        nonlocal calls
        calls += 1
        if calls <= after:
            return len(args[1]) if len(args) > 1 and isinstance(args[1], bytes | memoryview) else 0
        raise OSError(code, os.strerror(code))

    return call


@pytest.mark.parametrize(
    ("call", "code", "after"),
    [
        ("open", errno.EACCES, 0),
        ("write", errno.ENOSPC, 0),
        ("write", errno.ENOSPC, 1),
        ("fsync", errno.EIO, 0),
        ("replace", errno.EROFS, 0),
    ],
)
async def test_a_failing_disk_leaves_the_old_document_and_nothing_else(
    file: JsonDataFile, path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int, after: int
) -> None:
    await file.write(pieces(2, tokens=1))
    before = path.read_bytes()
    with monkeypatch.context() as broken:
        broken.setattr(os, call, failing(code, after))
        with pytest.raises(StorageUnavailable):
            await file.write(pieces(600, tokens=2))
    assert path.read_bytes() == before
    assert sorted(other.name for other in path.parent.iterdir()) == ["data.json"]
    await file.write(pieces(3, tokens=3))  # and it works again as soon as the disk does
    assert load(path)["3"] == {"tokens": 3}


async def test_an_unsynced_folder_is_not_called_written(
    file: JsonDataFile, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync
    calls = 0

    def second_fails(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise OSError(errno.EIO, "I/O error")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", second_fails)
    with pytest.raises(StorageUnavailable):
        await file.write(pieces(1))
    assert "1" in load(path)


async def test_a_disk_that_takes_bytes_in_small_bits_gets_them_all(
    file: JsonDataFile, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, content: real(descriptor, bytes(content)[:100]))
    await file.write(pieces(200))
    assert len(load(path)) == 201


# --- backups ----------------------------------------------------------------------------------------------------------


async def test_the_oldest_backups_go_and_other_files_stay(file: JsonDataFile, path: Path) -> None:
    others = ["data.json.mine.bak", "data.json.imported-2020-01-01_00-00-00.bak", "other.json.2020-01-01_00-00-00.bak"]
    for name in others:
        path.with_name(name).write_bytes(b"keep me")
    for number in range(1, 6):
        await file.write(pieces(1, tokens=number))
        await file.back_up(STAMP.format(number))
    kept = data_file.backups(path)
    assert [backup.name for backup in kept] == [f"data.json.{STAMP.format(number)}.bak" for number in (3, 4, 5)]
    assert [load(backup)["1"]["tokens"] for backup in kept] == [3, 4, 5]
    assert all(path.with_name(name).exists() for name in others)


async def test_backups_beyond_their_age_go_but_never_the_newest(path: Path) -> None:
    file = JsonDataFile(path, backup_count=10, backup_days=30)
    path.write_bytes(GOOD)
    for number in (1, 2, 3):
        await file.back_up(STAMP.format(number))
        os.utime(data_file.backups(path)[-1], (0, 0))
    assert [backup.name for backup in data_file.backups(path)] == [f"data.json.{STAMP.format(3)}.bak"]
    assert await file.newest_backup_at(NOW) == 0
    file.close()


async def test_a_backup_that_a_wrong_clock_dated_into_the_future_keeps_no_further_ones_from_being_made(
    path: Path,
) -> None:
    file = JsonDataFile(path, backup_count=2, backup_days=30)
    path.write_bytes(GOOD)
    await file.back_up("2099-01-01_00-00-00")
    os.utime(data_file.backups(path)[0], (NOW + 1, NOW + 1))
    assert await file.newest_backup_at(NOW) == 0
    await file.back_up(STAMP.format(1))
    assert 0 < await file.newest_backup_at(NOW) <= NOW
    await file.back_up(STAMP.format(2))
    assert [backup.name for backup in data_file.backups(path)] == [
        f"data.json.{STAMP.format(number)}.bak" for number in (1, 2)
    ]
    file.close()


async def test_a_backup_that_fails_leaves_no_half_copy_and_the_others_stand(
    file: JsonDataFile, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_bytes(GOOD)
    await file.back_up(STAMP.format(1))
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", failing(errno.ENOSPC))
        with pytest.raises(StorageUnavailable):
            await file.back_up(STAMP.format(2))
    assert sorted(other.name for other in path.parent.iterdir()) == ["data.json", f"data.json.{STAMP.format(1)}.bak"]


async def test_there_is_nothing_to_back_up_before_the_first_write(file: JsonDataFile) -> None:
    assert await file.newest_backup_at(NOW) == 0
    with pytest.raises(StorageUnavailable):
        await file.back_up(STAMP.format(1))


def test_the_original_of_an_import_is_kept_byte_by_byte(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + GOOD)
    original = data_file.keep_original(path)
    assert original.read_bytes() == path.read_bytes()
    assert mode(original) == 0o600
    assert data_file.backups(path) == []


# --- what --check asks ------------------------------------------------------------------------------------------------


def test_a_sound_file_has_no_problems(path: Path) -> None:
    assert data_file.inspect(path) == []
    path.write_bytes(GOOD)
    assert data_file.inspect(path) == []


def test_a_broken_file_is_a_problem_in_one_sentence(path: Path) -> None:
    path.write_bytes(b"{")
    [problem] = data_file.inspect(path)
    assert "line 1, column 2" in problem
