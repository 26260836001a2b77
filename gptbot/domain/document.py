"""data.json as bytes, one line a user; the lines of unchanged users are not encoded again (DESIGN §5)."""

from collections.abc import Iterable
from typing import Any

import orjson

from gptbot.domain.book import Book
from gptbot.domain.records import to_json, totals_to_json


class Document:
    """Keeps the encoded line of every account. `others` are the file's foreign top-level keys, kept as they are."""

    def __init__(self, book: Book, others: dict[str, Any], journal: str) -> None:
        self._book = book
        self._journal = journal
        self._others = [_line(key, value) for key, value in others.items()]
        self._lines: dict[int, bytes] = {}
        self.refresh(book.accounts)
        self.refresh(book.kept)

    def refresh(self, users: Iterable[int]) -> None:
        """Encodes these users (or pseudonyms) anew."""
        for user in users:
            account = self._book.entry(user)
            if account is None:
                self._lines.pop(user, None)
            else:
                self._lines[user] = _line(str(user), to_json(account))

    def pieces(self, seq: int) -> list[bytes]:
        """The document's lines, for a file that contains every change up to `seq`."""
        totals = totals_to_json(self._book.totals) | {"journal": self._journal, "seq": seq}
        if self._book.key:
            totals["pseudonym_key"] = self._book.key.hex()
        return [_line("global", totals), *self._lines.values(), *self._others]


def _line(key: str, value: object) -> bytes:
    return orjson.dumps(key) + b": " + orjson.dumps(value)
