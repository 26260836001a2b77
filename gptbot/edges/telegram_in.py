"""The poll loop: updates are fetched, read one by one and recorded BEFORE the next fetch confirms them (DESIGN §5).

The offset is not stored: what was recorded but not confirmed comes again after a crash, and the inbox knows its id.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

import structlog

from gptbot.domain.updates import Me
from gptbot.edges.lenient_json import as_dict, dumps, whole_number
from gptbot.edges.pacing import Backoff
from gptbot.edges.telegram_api import TelegramApi, TelegramError, TelegramRefusal
from gptbot.edges.telegram_decode import ALLOWED_UPDATES, RawUpdate, Undecodable, decode
from gptbot.errors import OperatorError
from gptbot.ports import Clock, StorageUnavailable

log = structlog.get_logger()

BATCH_MAX: Final = 100
ANSWER_SLACK_S: Final = 15.0
EMPTY_POLL_MIN_S: Final = 0.1
HOLD_MIN_S: Final = 0.05

Record = Callable[[list[RawUpdate]], Awaitable[object]]
"""Returns when the updates are durable and handed on. Raises StorageUnavailable when they could not be recorded."""


def read_updates(raw_updates: Iterable[Any], me: Me) -> list[RawUpdate]:
    """Those that can be read, in their order; the others are logged and left out, so that they block nothing."""
    readable = []
    for raw in raw_updates:
        try:
            update = decode(raw, me)
        except Undecodable as undecodable:
            log.error("update.undecodable", update_id=_update_id(raw), reason=str(undecodable))
        else:
            readable.append(RawUpdate(update.update_id, dumps(raw), update))
    return sorted(readable, key=lambda update: update.update_id)


def _update_id(raw: object) -> int | None:
    return whole_number(as_dict(raw).get("update_id"))


class Poller:
    """Fetches updates by long polling (Bot API getUpdates) and records them. `poll_s` is how long Telegram may wait."""

    def __init__(
        self,
        api: TelegramApi,
        me: Me,
        record: Record,
        clock: Clock,
        *,
        poll_s: int = 50,
        backoff: Backoff | None = None,
    ) -> None:
        self._api = api
        self._me = me
        self._record = record
        self._clock = clock
        self._poll_s = poll_s
        self._backoff = backoff or Backoff()
        self._offset: int | None = None
        self._troubles: set[str] = set()

    @property
    def trouble(self) -> str:
        """Why no updates come; empty while they do."""
        return "; ".join(sorted(self._troubles))

    async def run(self) -> None:
        """Polls until it is cancelled. May be run again after that; it goes on where it was.

        Raises OperatorError when Telegram refuses the token.
        """
        while True:
            asked_at = self._clock.monotonic()
            raw_updates = await self._fetch()
            if not raw_updates:
                if self._clock.monotonic() - asked_at < EMPTY_POLL_MIN_S:
                    await self._clock.sleep(EMPTY_POLL_MIN_S)  # a server that does not wait must not be run hot
                continue
            readable = read_updates(raw_updates, self._me)
            if readable:
                await record_for_certain(self._record, readable, self._clock)
            # From here on, and not before, the next fetch tells Telegram that it may forget them.
            ids = [update_id for raw in raw_updates if (update_id := _update_id(raw)) is not None]
            if not ids or max(ids) + 1 == self._offset:
                await self._wait("the server sends the same updates again, or updates without id")
            else:
                self._offset = max(ids) + 1

    async def _fetch(self) -> list[Any]:
        params = {
            "offset": self._offset,
            "limit": BATCH_MAX,
            "timeout": self._poll_s,
            "allowed_updates": list(ALLOWED_UPDATES),
        }
        try:
            answer = await self._api.call("getUpdates", params, timeout_s=self._poll_s + ANSWER_SLACK_S)
        except TelegramRefusal as refusal:
            await self._refused(refusal)
            return []
        except TelegramError as error:
            await self._wait(str(error))
            return []
        if not isinstance(answer, list):
            await self._wait("getUpdates returned no list")
            return []
        if self._troubles:
            log.info("poll.back")
            self._troubles.clear()
        self._backoff.reset()
        return answer

    async def _refused(self, refusal: TelegramRefusal) -> None:
        if refusal.status in (401, 404):
            raise OperatorError(token_refused(refusal))
        if refusal.retry_after_s is not None:
            await self._hold(refusal.retry_after_s)
        elif refusal.status == 409 and "webhook" in refusal.description.lower():
            log.warning("poll.webhook_in_the_way", action="deleting it, so that updates can be polled")
            await self._delete_webhook()
        elif refusal.status == 409:
            await self._wait("another instance polls with the same token: stop it, or give this one a token of its own")
        else:
            await self._wait(str(refusal))

    async def _delete_webhook(self) -> None:
        try:
            await self._api.call("deleteWebhook", {"drop_pending_updates": False})
        except TelegramError as error:
            if isinstance(error, TelegramRefusal) and error.retry_after_s is not None:
                await self._hold(error.retry_after_s)
            else:
                await self._wait(str(error))

    async def _hold(self, seconds: float) -> None:
        log.info("poll.held", retry_after_s=seconds)
        await self._clock.sleep(max(seconds, HOLD_MIN_S))

    async def _wait(self, reason: str) -> None:
        """Back-off; each reason is one line in the log until Telegram answers again."""
        if reason not in self._troubles:
            log.warning("poll.lost", reason=reason)
            self._troubles.add(reason)
        await self._clock.sleep(self._backoff.next_s())


async def record_for_certain(record: Record, updates: list[RawUpdate], clock: Clock) -> None:
    """Records these updates, however often it takes: nothing is confirmed that was not recorded (SPEC §8)."""
    backoff, failed = Backoff(), False
    while True:
        try:
            await record(updates)
        except StorageUnavailable as trouble:
            if not failed:
                log.error("inbox.not_recorded", updates=len(updates), reason=str(trouble))
            failed = True
            await clock.sleep(backoff.next_s())
        else:
            if failed:
                log.info("inbox.recorded_again", updates=len(updates))
            return


def token_refused(refusal: TelegramRefusal) -> str:
    """What the operator reads when Telegram does not know the token (SPEC §2)."""
    return (
        f"Telegram refused the bot's token ({refusal.status} {refusal.description or 'without a word'}): "
        "check TELEGRAM_API_KEY (@BotFather shows the token) and, with a server of your own, TELEGRAM_API_URL."
    )
