"""Counts tokens with tiktoken's o200k_base; until its table is there, or where it can't be had, with an estimate.

The table is downloaded at the first start (about 4 MB) and kept in a folder. Nobody ever waits for it.
"""

import asyncio
import os
import string
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from tiktoken import Encoding

log = structlog.get_logger()

ENCODING: Final = "o200k_base"
INLINE_CHARS_MAX: Final = 20_000
"""Up to so many characters (about 2 ms) are counted on the event loop."""
_SLICE_CHARS: Final = 200_000
_PUNCTUATION: Final = string.punctuation.encode()


def estimate(text: str) -> int:
    """A careful (high) number of tokens: one for every two bytes of UTF-8, and punctuation marks count whole.

    A byte-level BPE never makes more tokens than there are bytes, so that is the upper bound. Real texts have
    3 to 9 bytes a token, symbols and rare scripts about one to two; the estimate lies above all of these.
    """
    data = text.encode("utf-8", "replace")
    marks = len(data) - len(data.translate(None, _PUNCTUATION))
    return min(len(data), (len(data) + marks + 1) // 2)


class TiktokenCounter:
    """Carries out the TokenCounter port. `cache_dir` is where the table is kept (TIKTOKEN_CACHE_DIR)."""

    def __init__(self, cache_dir: Path | None = None, load: Callable[[], "Encoding"] | None = None) -> None:
        self._cache_dir = cache_dir
        self._load = load or self._from_tiktoken
        self._encoding: Encoding | None = None

    async def load(self) -> None:
        """Gets the table, however long that takes; logs once if it can't be had. Counting works meanwhile.

        A thread of its own that nobody joins: tiktoken downloads without a timeout, and a download that hangs must
        not keep the process from ending.
        """
        loop = asyncio.get_running_loop()
        loaded: asyncio.Future[Encoding | None] = loop.create_future()

        def finish(encoding: "Encoding | None") -> None:
            if not loaded.done():
                loaded.set_result(encoding)

        def work() -> None:
            encoding, reason = None, "unexpected error"
            try:
                encoding = self._load()
                encoding.encode("warm")
            except (OSError, ValueError, ImportError) as error:
                encoding, reason = None, type(error).__name__
            finally:
                if encoding is None:
                    log.warning("tokens.estimated", encoding=ENCODING, reason=reason)
                with suppress(RuntimeError):  # the loop was closed while this was under way
                    loop.call_soon_threadsafe(finish, encoding)

        threading.Thread(target=work, name="tiktoken", daemon=True).start()
        self._encoding = await loaded

    def count(self, text: str) -> int:
        """See the port."""
        encoding = self._encoding
        if encoding is None:
            return estimate(text)
        # In slices, because the cost of one long run of the same character grows faster than its length.
        slices = (text[start : start + _SLICE_CHARS] for start in range(0, len(text), _SLICE_CHARS))
        return sum(len(encoding.encode(part, disallowed_special=())) for part in slices)

    async def count_many(self, texts: Sequence[str]) -> list[int]:
        """See the port."""
        if sum(map(len, texts)) <= INLINE_CHARS_MAX:
            return [self.count(text) for text in texts]
        return await asyncio.to_thread(lambda: [self.count(text) for text in texts])

    def _from_tiktoken(self) -> "Encoding":
        if self._cache_dir is not None:
            # tiktoken knows no other way to be told.
            os.environ["TIKTOKEN_CACHE_DIR"] = str(self._cache_dir)
        import tiktoken  # not at start: it takes a while

        return tiktoken.get_encoding(ENCODING)
