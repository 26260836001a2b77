"""Reading documents: what a file is, in which encoding, how much of it; and no PDF can hurt the bot."""

import asyncio
import codecs
import gc
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gptbot.edges.documents import AT_ONCE, LocalDocumentReader, is_pdf
from gptbot.edges.text_encoding import SAMPLE_BYTES, read_text
from gptbot.ports import DocumentError, DocumentText, DocumentTrouble
from tests.edges.making_pdf import CATALOG, bomb, document, encrypted, pdf, slow_pdf

RUSSIAN = "Привет, мир! Это обычный текст на русском языке.\nВторая строка: цена 100 рублей.\n"
FRENCH = "Une journée à la plage était très agréable pour les élèves.\n"
EVERYTHING = 10_000_000


async def read(content: bytes, characters_max: int = EVERYTHING) -> DocumentText:
    return await LocalDocumentReader().read(content, characters_max)


async def trouble_of(content: bytes, timeout_s: float = 30) -> DocumentTrouble:
    with pytest.raises(DocumentError) as caught:
        await LocalDocumentReader(timeout_s).read(content, 1000)
    return caught.value.trouble


# --- text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (RUSSIAN, "utf-8"), (RUSSIAN, "utf-8-sig"), (RUSSIAN, "utf-16"), (RUSSIAN, "utf-16-le"),
        (RUSSIAN, "utf-16-be"), (RUSSIAN, "utf-32"), (RUSSIAN, "cp1251"), (RUSSIAN, "koi8_r"), (RUSSIAN, "cp866"),
        ("Привет", "utf-16-le"), ("Привет", "cp1251"), ("x = 5  # цена\n", "cp1251"),
        ("print('hello')\n", "utf-16-le"), ("print('hello')\n", "utf-16-be"), ("a", "utf-16-le"),
        (FRENCH, "latin-1"), (FRENCH, "cp1252"), ("Zażółć gęślą jaźń\n", "cp1250"),
        ("これは日本語のテキストです。漢字も含まれています。", "shift_jis"),
        ("这是一个中文文本，用于测试编码检测。", "gb18030"),
        ("\x1b[31mred\x1b[0m\n", "ascii"), ("%PDF is how they begin\n", "ascii"),
        ("header = b'%PDF-1.7'\n", "ascii"), ("😀 é\n", "utf-8"),
    ],
)  # fmt: skip
async def test_text_is_read_in_its_encoding(text: str, encoding: str) -> None:
    assert await read(text.encode(encoding)) == DocumentText(text, cut=False)


async def test_utf_16_of_the_other_order_has_its_mark() -> None:
    assert (await read(codecs.BOM_UTF16_BE + RUSSIAN.encode("utf-16-be"))).text == RUSSIAN


async def test_other_letters_may_come_late() -> None:
    code = "x = 1\n" * (SAMPLE_BYTES // 3)
    assert (await read((code + RUSSIAN).encode("cp1251"))).text == code + RUSSIAN


@pytest.mark.parametrize("offset", range(4))
async def test_a_character_across_the_end_of_what_is_looked_at_is_no_fault(offset: int) -> None:
    """Of a long file only a head is looked at; that may end inside of a character."""
    text = "a" * (SAMPLE_BYTES + 400 - offset) + "😀" * 10
    assert await read(text.encode(), 100) == DocumentText("a" * 100, cut=True)


async def test_a_few_faults_do_not_change_the_encoding() -> None:
    cut = RUSSIAN.encode()[:-1].removesuffix(b".") + "ж".encode()[:1]
    assert (await read(cut)).text == RUSSIAN.removesuffix(".\n") + "\ufffd"


async def test_line_ends_become_one_kind() -> None:
    assert (await read(b"a\r\nb\rc\nd\r\n")).text == "a\nb\nc\nd\n"
    assert (await read("a\r\nя\r\n".encode("utf-16-le"))).text == "a\nя\n"


async def test_a_late_nul_is_left_out() -> None:
    text = "line\n" * SAMPLE_BYTES
    assert (await read(text.encode() + b"\0\0\0" + b"end")).text == text + "end"


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01", b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01",
        b"GIF89a\x01\0\x01\0\x80\0\0", b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0[Content_Types].xml",
        b"\x7fELF\x02\x01\x01\0" + bytes(64), b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0",
        b"\x1f\x8b\x08\0\0\0\0\0\0\x03", b"BZh91AY&SY\x01\x02\x03\x9c\xfe", b"\0", b"\0" * 1000, b"text\0",
        b"\x01\x02\x03\x04", bytes(range(256)),
        codecs.BOM_UTF16_LE + b"\x01\0\0\0" * 20, codecs.BOM_UTF8 + b"\xff\xd8\0\x01\x02",
    ],
)  # fmt: skip
async def test_what_is_no_text_is_told_apart(content: bytes) -> None:
    assert await trouble_of(content) is DocumentTrouble.NOT_TEXT


@pytest.mark.parametrize("content", [b"", b" \r\n\t", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, b"\xff\xfe\0\0"])
async def test_nothing_to_read_is_empty(content: bytes) -> None:
    assert await trouble_of(content) is DocumentTrouble.EMPTY


@pytest.mark.parametrize("text", ["abcdef", "яблоко", "😀😀😀😀😀😀", "a\r\nb\r\ncd"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
async def test_cut_is_exact(text: str, encoding: str) -> None:
    plain = text.replace("\r\n", "\n")
    assert await read(text.encode(encoding), 7) == DocumentText(plain, cut=False)
    assert await read(text.encode(encoding), 6) == DocumentText(plain, cut=False)
    assert await read(text.encode(encoding), 5) == DocumentText(plain[:5], cut=True)
    assert await read(text.encode(encoding), 1) == DocumentText(plain[:1], cut=True)


async def test_of_a_long_file_only_the_asked_part_is_decoded() -> None:
    content = RUSSIAN.encode() * 150_000  # more than 20 MB
    tracemalloc.start()
    try:
        outcome = await read(content, 1000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert outcome == DocumentText((RUSSIAN * 20)[:1000], cut=True)
    assert peak < 5_000_000


WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")).filter(str.strip)
CONTROLS = {*map(chr, range(32)), "\x7f"} - set("\b\t\n\v\f\r\x1a\x1b")


@given(WORDS, st.integers(1, 300))
@example("a" * 10 + "\r", 11)
@example("\ufeff\ufffd", 11)
def test_any_words_in_utf_8_come_back(text: str, most: int) -> None:
    """Up to line ends and a leading mark; what has many control characters may count as no text."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    controls = sum(char in CONTROLS for char in text)
    try:
        outcome = read_text(text.encode(), most)
    except DocumentError:
        assert controls or not plain.strip()
    else:
        assert controls or outcome == DocumentText(plain[:most], len(plain) > most)


def test_a_few_control_characters_make_no_binary() -> None:
    text = "a" * 20 + "\x01" * 2
    assert read_text(text.encode(), 100).text == text


@given(st.binary() | st.text().map(lambda text: text.encode("utf-16-le", "surrogatepass")), st.integers(1, 300))
def test_any_bytes_are_text_or_a_document_error(content: bytes, most: int) -> None:
    try:
        outcome = read_text(content, most)
    except DocumentError:
        return
    assert len(outcome.text) <= most
    assert "\0" not in outcome.text
    assert "\r" not in outcome.text
    outcome.text.encode()  # no half surrogate pair


# --- PDF


@pytest.mark.parametrize(
    ("content", "is_it"),
    [
        (b"%PDF-1.7", True), (b" \n%PDF-1.7", True), (codecs.BOM_UTF8 + b"%PDF-", True), (b"\0\xff%PDF-", True),
        (b"x" * 1022 + b"\n%PDF-", True), (b"x" * 1023 + b"\n%PDF-", False), (b"see %PDF-1.7", False), (b"PDF", False),
    ],
)  # fmt: skip
def test_a_pdf_is_known_by_its_header(content: bytes, is_it: bool) -> None:
    assert is_pdf(content) is is_it


async def test_pages_are_joined_by_blank_lines() -> None:
    assert await read(pdf("Hello", "", "World")) == DocumentText("Hello\n\nWorld", cut=False)


async def test_a_pdf_is_cut_where_asked() -> None:
    assert await read(pdf("Hello", "World"), 12) == DocumentText("Hello\n\nWorld", cut=False)
    assert await read(pdf("Hello", "World"), 11) == DocumentText("Hello\n\nWorl", cut=True)


async def test_bytes_before_and_after_a_pdf_do_no_harm() -> None:
    assert (await read(b"HTTP/1.0 200 OK\r\n\r\n" + pdf("Hello") + b"\0" * 3_000_000)).text == "Hello"


async def test_the_working_folder_does_not_matter(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(str(tmp_path))
    assert (await read(pdf("Hello"))).text == "Hello"


LOOP = document([CATALOG, b"<< /Type /Pages /Count 2 /Kids [2 0 R 3 0 R] >>", b"<< /Type /Pages /Kids [2 0 R] >>"])


@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        (encrypted(pdf("Words"), "secret"), DocumentTrouble.LOCKED),
        (pdf("", ""), DocumentTrouble.EMPTY),
        (pdf("Words")[:200], DocumentTrouble.BROKEN),
        (b"%PDF-", DocumentTrouble.BROKEN),
        (b"%PDF-1.7\n" + bytes(range(256)) * 50, DocumentTrouble.BROKEN),
        (LOOP, DocumentTrouble.BROKEN),
    ],
)
async def test_a_pdf_without_words_to_be_had(content: bytes, trouble: DocumentTrouble) -> None:
    assert await trouble_of(content) is trouble


async def test_a_bomb_bursts_outside() -> None:
    content = bomb(gigabytes=4)
    tracemalloc.start()
    try:
        assert await trouble_of(content) is DocumentTrouble.BROKEN
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 * len(content) + 5_000_000


class Births:
    """Notes the pid of every child; `of` waits for the n-th."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop: Any = asyncio.get_running_loop()
        begin: Callable[..., Awaitable[tuple[asyncio.SubprocessTransport, Any]]] = loop.subprocess_exec
        self.pids: list[int] = []
        self._born = asyncio.Condition()

        async def noted(*args: Any, **kwargs: Any) -> tuple[asyncio.SubprocessTransport, Any]:
            transport, protocol = await begin(*args, **kwargs)
            async with self._born:
                self.pids.append(transport.get_pid())
                self._born.notify_all()
            return transport, protocol

        monkeypatch.setattr(loop, "subprocess_exec", noted)

    async def of(self, count: int) -> list[int]:
        async with self._born:
            await self._born.wait_for(lambda: len(self.pids) >= count)
        return self.pids


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def test_who_takes_too_long_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    births = Births(monkeypatch)
    assert await trouble_of(slow_pdf(), timeout_s=0.3) is DocumentTrouble.BROKEN
    assert [gone(pid) for pid in births.pids] == [True]


async def test_a_child_that_only_waits_is_killed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """It uses no processor time, so none of its own limits ends it."""
    waiting = [sys.executable, "-c", "import time; time.sleep(600)"]
    monkeypatch.setattr("gptbot.edges.documents._command", lambda *_: waiting)
    births = Births(monkeypatch)
    async with asyncio.timeout(10):
        assert await trouble_of(pdf("Hello"), timeout_s=0.3) is DocumentTrouble.BROKEN
    assert [gone(pid) for pid in births.pids] == [True]


async def test_a_cancelled_read_leaves_nobody_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    births = Births(monkeypatch)
    # Much more than fits into the pipe: the child is killed while it is still being fed.
    reading = asyncio.ensure_future(read(slow_pdf() + b"%" * 10_000_000))
    [pid] = await births.of(1)
    assert not gone(pid)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert gone(pid)


def readers_left() -> list[str]:
    """Children of this process that read a PDF, or have ended and were not reaped; others may have theirs here."""
    left = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, parent = status.read_text().rpartition(")")[2].split()[:2]
            command = (status.parent / "cmdline").read_bytes()
            if parent == str(os.getpid()) and (b"pdf_text" in command or state == "Z"):
                left.append(status.parent.name)
    return left


async def test_a_read_can_be_cancelled_at_any_step() -> None:
    reader = LocalDocumentReader()
    for steps in range(12):
        reading = asyncio.ensure_future(reader.read(pdf("Hello"), 100))
        for _ in range(steps):
            await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert readers_left() == []
        gc.collect()  # an open pipe would warn now
    assert (await reader.read(pdf("Hello"), 100)).text == "Hello"
    assert readers_left() == []


async def test_only_so_many_are_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    births, reader, content = Births(monkeypatch), LocalDocumentReader(), slow_pdf()
    reading = [asyncio.ensure_future(reader.read(content, 100)) for _ in range(AT_ONCE + 1)]
    await births.of(AT_ONCE)
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(births.pids) == AT_ONCE
    reading[0].cancel()
    await births.of(AT_ONCE + 1)
    for read_now in reading:
        read_now.cancel()
    await asyncio.gather(*reading, return_exceptions=True)
    assert all(gone(pid) for pid in births.pids)


async def test_where_no_process_can_be_had_the_pdf_counts_as_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert await trouble_of(pdf("Hello")) is DocumentTrouble.BROKEN


async def test_a_child_that_says_too_much_is_not_listened_to(monkeypatch: pytest.MonkeyPatch) -> None:
    tell = "import json; print(json.dumps({'text': 'word' * 100_000, 'cut': False}))"
    for code in ("while True: print('word' * 1000)", tell):
        command = [sys.executable, "-c", code]
        monkeypatch.setattr("gptbot.edges.documents._command", lambda *_, command=command: command)
        assert await trouble_of(pdf("Hello")) is DocumentTrouble.BROKEN


async def test_a_child_that_dies_in_the_middle_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gptbot.edges.documents._command", lambda *_: [sys.executable, "-c", "print('{\"text\": ')"])
    assert await trouble_of(pdf("Hello")) is DocumentTrouble.BROKEN


async def test_the_child_knows_nothing_of_the_bot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    tell = "import json, os; print(json.dumps({'text': ' '.join(sorted(os.environ)), 'cut': False}))"
    monkeypatch.setattr("gptbot.edges.documents._command", lambda *_: [sys.executable, "-c", tell])
    assert not {"OPENAI_API_KEY", "PATH", "HOME"} & set((await read(pdf("Hello"))).text.split())


def test_the_libraries_are_loaded_only_when_needed() -> None:
    code = (
        "import sys, gptbot.edges.documents, gptbot.edges.pdf_text;"
        "sys.exit(bool({'pypdf', 'charset_normalizer'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=30).returncode == 0
