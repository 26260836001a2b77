"""Files that people sent, from Telegram into memory (Bot API getFile)."""

from typing import Final

from gptbot.edges.lenient_json import as_dict, whole_number
from gptbot.edges.pacing import Backoff
from gptbot.edges.telegram_api import TelegramApi, TelegramError, TelegramRefusal
from gptbot.ports import Clock, FileError, FileTrouble

TRIES: Final = 4


class TelegramFiles:
    """Carries out the Files port: reading twice harms nobody, so what may pass is tried again a few times."""

    def __init__(self, api: TelegramApi, clock: Clock) -> None:
        self._api = api
        self._clock = clock

    async def download(self, file_id: str, size_max: int) -> bytes:
        """See the port."""
        backoff = Backoff()
        for _ in range(TRIES - 1):
            try:
                return await self._download(file_id, size_max)
            except TelegramError as error:
                if _is_final(error):
                    raise _file_error(error) from None
                told_s = error.retry_after_s if isinstance(error, TelegramRefusal) else None
            await self._clock.sleep(backoff.next_s() if told_s is None else told_s)
        try:
            return await self._download(file_id, size_max)
        except TelegramError as error:
            raise _file_error(error) from None

    async def _download(self, file_id: str, size_max: int) -> bytes:
        file = as_dict(await self._api.call("getFile", {"file_id": file_id}))
        path = file.get("file_path")
        if (whole_number(file.get("file_size")) or 0) > size_max:
            raise FileError(FileTrouble.TOO_LARGE, f"{file['file_size']} bytes")
        if not isinstance(path, str) or not path:
            raise FileError(FileTrouble.GONE, "no file_path")
        content = await self._api.download(path, size_max)
        if len(content) > size_max:
            raise FileError(FileTrouble.TOO_LARGE, f"more than {size_max} bytes")
        return content


def _is_final(error: TelegramError) -> bool:
    return isinstance(error, TelegramRefusal) and error.status != 429 and error.status < 500


def _file_error(error: TelegramError) -> FileError:
    too_large = isinstance(error, TelegramRefusal) and "too big" in error.description.lower()
    return FileError(FileTrouble.TOO_LARGE if too_large else FileTrouble.GONE, str(error))
