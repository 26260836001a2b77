"""Text from the files that people send. PDFs are read in a process of their own, for they can be made to do harm."""

import asyncio
import json
import math
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from gptbot.edges.text_encoding import read_text
from gptbot.ports import DocumentError, DocumentText, DocumentTrouble

SCRIPT: Final = Path(__file__).with_name("pdf_text.py")
AT_ONCE: Final = 2
"""PDFs that are read at the same time; others wait."""
TIMEOUT_S: Final = 30.0
_HEADER_WITHIN: Final = 1024
"""Bytes that may stand before a PDF's header (PDF Reference 1.7, appendix H, note 13)."""
_CHARACTER_BYTES_MAX: Final = 6
"""Of one character in JSON: "\\u0001"."""
_FRAME_BYTES_MAX: Final = 1000


class LocalDocumentReader:
    """Carries out the DocumentReader port on this machine. `timeout_s` bounds the reading of one PDF."""

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._places = asyncio.Semaphore(AT_ONCE)

    async def read(self, content: bytes, characters_max: int) -> DocumentText:
        """See the port."""
        if not is_pdf(content):
            return await asyncio.to_thread(read_text, content, characters_max)
        async with self._places:
            return _outcome(await self._read_pdf(content, characters_max))

    async def _read_pdf(self, content: bytes, characters_max: int) -> bytes:
        """What the child says. It is gone, whatever happens, when this ends."""
        loop = asyncio.get_running_loop()
        most = _CHARACTER_BYTES_MAX * characters_max + _FRAME_BYTES_MAX
        command = _command(characters_max, self._timeout_s)
        try:
            # No environment: the child has no use for the bot's keys. A session of its own: Ctrl-C is for the bot,
            # which may still finish the answer.
            transport, child = await loop.subprocess_exec(
                lambda: _Child(most), *command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={}, start_new_session=True
            )
        except OSError as error:
            raise DocumentError(DocumentTrouble.BROKEN, f"no process: {type(error).__name__}") from error
        try:
            async with asyncio.timeout(self._timeout_s):
                child.feed(content)
                await asyncio.shield(child.ended)
        except TimeoutError:
            raise DocumentError(DocumentTrouble.BROKEN, f"not within {self._timeout_s:g} s") from None
        finally:
            transport.close()
            await child.ended
        if not child.said:
            raise DocumentError(DocumentTrouble.BROKEN, f"exit status {transport.get_returncode()}")
        return bytes(child.said)


class _Child(asyncio.SubprocessProtocol):
    """Collects what a child says, up to `most` bytes. `ended`: it was reaped and its pipes are closed."""

    def __init__(self, most: int) -> None:
        self.said = bytearray()
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._most = most
        self._transport: asyncio.SubprocessTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.SubprocessTransport)
        self._transport = transport

    def feed(self, content: bytes) -> None:
        assert self._transport is not None
        stdin = self._transport.get_pipe_transport(0)
        assert isinstance(stdin, asyncio.WriteTransport)
        stdin.write(content)
        stdin.write_eof()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self.said += data
        if len(self.said) > self._most:
            assert self._transport is not None
            self.said.clear()
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


def is_pdf(content: bytes) -> bool:
    """By a header near the start, but not inside a line: source code that only mentions one stays text."""
    return re.search(rb"(?:\A|[^\t -~])[\t ]*%PDF-", content[: _HEADER_WITHIN + 4]) is not None


def _command(characters_max: int, timeout_s: float) -> list[str]:
    """Isolated from environment and working folder (-I), without start-up files (-S)."""
    pypdf = find_spec("pypdf")
    assert pypdf is not None
    assert pypdf.origin is not None
    libraries = Path(pypdf.origin).parent.parent
    return [sys.executable, "-I", "-S", str(SCRIPT), str(characters_max), str(math.ceil(timeout_s)), str(libraries)]


def _outcome(said: bytes) -> DocumentText:
    outcome: dict[str, object] = {}
    with suppress(ValueError):  # it was killed in the middle of a word
        outcome = json.loads(said)
    match outcome:
        case {"text": str(text), "cut": bool(cut)}:
            return DocumentText(text, cut)
        case {"trouble": str(trouble), "detail": str(detail)}:
            raise DocumentError(DocumentTrouble(trouble), detail)
    raise DocumentError(DocumentTrouble.BROKEN, "ended in the middle")
