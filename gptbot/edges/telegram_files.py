"""Files that people sent, from Telegram into memory (Bot API getFile)."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Final

from gptbot.edges.lenient_json import as_dict, whole_number
from gptbot.edges.pacing import Backoff
from gptbot.edges.telegram_api import TelegramApi, TelegramError, TelegramRefusal, TelegramUnknown
from gptbot.ports import Clock, FileError, FileTrouble

TRIES: Final = 4
DOWNLOADS_AT_ONCE: Final = 4
"""Each may hold a file of the largest size: so the memory stays bounded however many people send files at once."""
WAIT_MAX_S: Final = 60.0
"""Nobody waits longer than that for the next try: they are told instead, and can send the file again."""


class TelegramFiles:
    """Carries out the Files port: reading twice harms nobody, so what may pass is tried again a few times."""

    def __init__(self, api: TelegramApi, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._slots = asyncio.Semaphore(DOWNLOADS_AT_ONCE)

    async def download(self, file_id: str, size_max: int) -> bytes:
        """See the port."""
        backoff = Backoff()
        tries = 0
        while True:
            tries += 1
            try:
                async with self._slots:  # not while waiting for the next try: others may have more luck
                    return await self._download(file_id, size_max)
            except TelegramError as error:
                wait_s = _told_s(error) or backoff.next_s()
                if tries == TRIES or _is_final(error) or wait_s > WAIT_MAX_S:
                    raise _file_error(error) from None
            await self._clock.sleep(wait_s)

    async def _download(self, file_id: str, size_max: int) -> bytes:
        file = as_dict(await self._api.call("getFile", {"file_id": file_id}))
        path, size = file.get("file_path"), whole_number(file.get("file_size")) or 0
        if size > size_max:
            raise FileError(FileTrouble.TOO_LARGE, f"{size} bytes")
        if not isinstance(path, str) or not path:
            raise FileError(FileTrouble.GONE, "no file_path")
        content = await self._content(path, size_max)
        if content is None:
            raise FileError(FileTrouble.TOO_LARGE, f"more than {size_max} bytes")
        if len(content) < size:
            raise TelegramUnknown(f"{len(content)} of {size} bytes")
        return content

    async def _content(self, file_path: str, size_max: int) -> bytes | None:
        """A server in local mode tells where on the disk it is, and serves nothing (Bot API, "Using a Local Bot API
        Server"). No server gets any other file read than those it keeps for this bot."""
        path = Path(file_path)
        if path.is_absolute() and any(map(self._api.owns, path.parts)) and ".." not in path.parts:
            with suppress(FileNotFoundError):  # it is on another machine: perhaps somebody serves its files
                return await asyncio.to_thread(_read, path, size_max)
        return await self._api.download(file_path, size_max)


def _read(path: Path, size_max: int) -> bytes | None:
    """The file; None if it is larger than `size_max` bytes. Raises FileNotFoundError or FileError."""
    try:
        with path.open("rb") as file:
            content = file.read(size_max + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        # Not its path, of which the token is a part.
        raise FileError(FileTrouble.GONE, f"the Bot API server's own file: {error.strerror}") from None
    return content if len(content) <= size_max else None


def _told_s(error: TelegramError) -> float | None:
    return error.retry_after_s if isinstance(error, TelegramRefusal) else None


def _is_final(error: TelegramError) -> bool:
    return isinstance(error, TelegramRefusal) and error.status != 429 and error.status < 500


def _file_error(error: TelegramError) -> FileError:
    too_large = isinstance(error, TelegramRefusal) and "too big" in error.description.lower()
    return FileError(FileTrouble.TOO_LARGE if too_large else FileTrouble.GONE, str(error))
