"""The child that reads a PDF: its limits, and what it says."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pypdf
import pytest
from pypdf import PdfReader

from gptbot.edges import pdf_text
from tests.edges.making_pdf import Algorithm, encrypted, pdf

LIBRARIES = str(Path(pypdf.__file__).parent.parent)
LIMITED = f"import sys; sys.path.append({str(Path(pdf_text.__file__).parent)!r}); import pdf_text; "


def said(content: bytes, characters_max: int = 1000, cwd: Path | None = None) -> dict[str, object]:
    command = [sys.executable, "-I", "-S", pdf_text.__file__, str(characters_max), "10", LIBRARIES]
    child = subprocess.run(command, input=content, capture_output=True, env={}, cwd=cwd, timeout=30, check=False)
    outcome: dict[str, object] = json.loads(child.stdout)
    return outcome


def run(code: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-I", "-c", LIMITED + code], capture_output=True, env={}, cwd=cwd, timeout=30, check=False
    )


def test_it_reads_from_stdin_and_tells_on_stdout(tmp_path: Path) -> None:
    assert said(pdf("Hello", "World"), cwd=tmp_path) == {"text": "Hello\n\nWorld", "cut": False}
    assert list(tmp_path.iterdir()) == []


def test_an_error_is_told_by_its_kind_only() -> None:
    assert said(b"%PDF-1.7\nsecret words") == {"trouble": "broken", "detail": "PdfStreamError"}


@pytest.mark.parametrize(
    ("most", "text", "cut"),
    [
        (1, "a", True),
        (3, "abc", True),
        (4, "abc\n", True),
        (7, "abc\n\nde", True),
        (8, "abc\n\ndef", False),
        (9, "abc\n\ndef", False),
    ],
)
def test_cut_is_exact_and_pages_without_words_leave_no_gap(most: int, text: str, cut: bool) -> None:
    reader = PdfReader(io.BytesIO(pdf("", "abc", "", "def", "")))
    assert pdf_text.words(reader, most) == {"text": text, "cut": cut}


def test_no_page_is_read_after_enough() -> None:
    class Page:
        def __init__(self, text: str | None) -> None:
            self._text = text

        def extract_text(self) -> str:
            assert self._text is not None, "read too far"
            return self._text

    class Reader:
        pages = (Page("abc"), Page("def"), Page(None))

    assert pdf_text.words(Reader(), 4) == {"text": "abc\n", "cut": True}  # type: ignore[arg-type]  # a stand-in


def test_odd_characters_are_made_whole() -> None:
    assert pdf_text.clean(" a\0b\r\nc\rd\ud800 \ud83d\ude00\n") == "ab\nc\nd\ufffd 😀"


@pytest.mark.parametrize("algorithm", get_args(Algorithm))
def test_a_password_is_asked_for_only_where_it_is_needed(algorithm: Algorithm) -> None:
    assert said(encrypted(pdf("Words"), "", algorithm)) == {"text": "Words", "cut": False}
    assert said(encrypted(pdf("Words"), "secret", algorithm))["trouble"] == "locked"


def test_memory_ends_somewhere() -> None:
    assert b"MemoryError" in run("pdf_text.give_up_rights(10); bytearray(2 << 30)").stderr


def test_no_file_can_be_written(tmp_path: Path) -> None:
    child = run("pdf_text.give_up_rights(10)\nwith open('left', 'w') as file: file.write('words')", tmp_path)
    assert child.returncode != 0
    assert all(path.stat().st_size == 0 for path in tmp_path.iterdir())


def test_processor_time_ends_somewhere() -> None:
    child = run("pdf_text.give_up_rights(1)\nwhile True: pass")
    assert child.returncode < 0


def test_the_limits_stand_before_the_file_is_looked_at() -> None:
    code = f"""{LIMITED}
import resource
sys.argv = ["pdf_text.py", "100", "7", {LIBRARIES!r}]
try:
    pdf_text.main()
except Exception as error:
    print(type(error).__name__, *(resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_CPU, resource.RLIMIT_FSIZE)))
"""
    child = subprocess.run(
        [sys.executable, "-I", "-c", code], input=b"%PDF-1.7\nwords", capture_output=True, check=True
    )
    assert child.stdout.split() == [b"PdfStreamError", b"7", b"0"]


def test_a_lower_limit_that_stands_already_is_no_error() -> None:
    code = "import resource; resource.setrlimit(resource.RLIMIT_CPU, (5, 5)); pdf_text.give_up_rights(10)"
    assert run(code).returncode == 0
