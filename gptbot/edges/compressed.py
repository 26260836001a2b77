"""Compressed answers: every request says that nobody wants one, for a few bytes of it can hold gigabytes."""

from typing import Final

_CODINGS: Final = frozenset(("gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress", "dcb", "dcz"))
"""RFC 9110 §8.4.1 and IANA's "HTTP Content Coding Registry", as far as they make a body smaller."""


def compressed(content_encoding: str) -> bool:
    """Whether this header says so; it may hold words that mean nothing ("none", "utf-8"), as servers of streams do."""
    return any(coding.strip().lower() in _CODINGS for coding in content_encoding.split(","))
