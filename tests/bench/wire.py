"""HTTP/1.1 in a few lines: as little work as possible per request, so that the stand-ins are never what is measured."""

import asyncio
import re
from collections.abc import Callable
from typing import Final

Handler = Callable[[str, bytes, asyncio.Transport], None]
"""Path, body, and where the answer goes; it may be written at once or later (the clients do not pipeline)."""

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED: Final = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_LAST_CHUNK: Final = b"0\r\n\r\n"


class HttpProtocol(asyncio.Protocol):
    """One connection of a client."""

    def __init__(self, handle: Handler) -> None:
        self._handle = handle
        self._buffer = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (request := self._next()) is not None:
            self._handle(*request, self._transport)

    def _next(self) -> tuple[str, bytes] | None:
        """Path and body of the next whole request."""
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return None
        length = _LENGTH.search(head)
        if length is None and _CHUNKED.search(head):
            end = rest.find(_LAST_CHUNK)
            if end < 0:
                return None
            body, self._buffer = _unchunked(rest[:end]), rest[end + len(_LAST_CHUNK) :]
        else:
            size = int(length[1]) if length else 0
            if len(rest) < size:
                return None
            body, self._buffer = rest[:size], rest[size:]
        return head.split(b" ", 2)[1].decode(), body


def _unchunked(chunks: bytes) -> bytes:
    body = []
    while chunks:
        size, _, chunks = chunks.partition(b"\r\n")
        body.append(chunks[: int(size, 16)])
        chunks = chunks[int(size, 16) + 2 :]
    return b"".join(body)


def whole(body: bytes) -> bytes:
    """A response of known length."""
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body


EVENT_STREAM_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
)
EVENT_STREAM_END: Final = _LAST_CHUNK


def event(data: bytes) -> bytes:
    """A server-sent event as a chunk of its own, as model servers send them."""
    return b"%x\r\ndata: %b\n\n\r\n" % (len(data) + 8, data)
