"""Server-sent events as model servers really send them (WHATWG HTML, "Server-sent events"), from bytes cut anywhere."""

from typing import Final

LINE_MAX: Final = 16 * 1024 * 1024


class SseReader:
    """Takes bytes as they come and gives the data of each finished event. Comments, ids and event names are skipped.

    A body that is one JSON object instead of events is given as the data of one event when it ends: that is how a
    server answers that does not know `stream`.
    """

    def __init__(self) -> None:
        self._parts: list[bytes] = []  # of the line that has not ended yet
        self._size = 0
        self._data: list[bytes] = []
        self._started = False
        self._plain_json = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """The data of the events that `chunk` finishes. Raises ValueError for a line without end."""
        if not self._started:
            start = chunk.lstrip(b"\xef\xbb\xbf \t\r\n")
            if not start:
                return []
            self._started, self._plain_json = True, start.startswith(b"{")
            chunk = start
        self._parts.append(chunk)
        self._size += len(chunk)
        if self._size > LINE_MAX:
            raise ValueError("a line of the stream is too long")
        if self._plain_json or (b"\n" not in chunk and b"\r" not in chunk):
            return []
        lines = b"".join(self._parts).splitlines(keepends=True)
        # A line that ends in CR may have its LF in the next chunk.
        rest = b"" if lines[-1].endswith(b"\n") else lines.pop()
        self._parts, self._size = [rest], len(rest)
        return [data for line in lines for data in self._line(line.rstrip(b"\r\n"))]

    def close(self) -> list[bytes]:
        """The data of what was not finished when the stream ended."""
        rest = b"".join(self._parts)
        self._parts, self._size = [], 0
        if self._plain_json:
            return [rest]
        return [data for line in [*rest.splitlines(), b""] for data in self._line(line)]

    def _line(self, line: bytes) -> list[bytes]:
        if line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" "))
        elif not line and self._data:
            data, self._data = self._data, []
            # Some servers leave out the empty line between events: several whole objects are several events.
            if len(data) > 1 and all(item.endswith((b"}", b"]")) and item.startswith((b"{", b"[")) for item in data):
                return data
            return [b"\n".join(data)]
        return []
