"""The Messenger: everything that leaves for Telegram, paced, and sent again while that is certain to be harmless."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import structlog

from gptbot.domain.outgoing import Outgoing
from gptbot.edges.lenient_json import as_dict, whole_number
from gptbot.edges.pacing import Backoff, Limits, Pace
from gptbot.edges.telegram_api import TelegramApi, TelegramError, TelegramRefusal, TelegramUnknown, TelegramUnreachable
from gptbot.edges.telegram_refusals import THREAD_NOT_FOUND, refusal_kind
from gptbot.ports import Clock, Outcome, RefusalKind, Refused, Sent, Unknown, Urgency

log = structlog.get_logger()

HINT_TIMEOUT_S: Final = 5.0
HOLD_MIN_S: Final = 0.05
UPLOAD_BYTES_PER_S: Final = 50_000
"""A bot at home may have a slow line: a file for which it takes too long would be given up each time."""
MIGRATIONS_MAX: Final = 3


class TelegramMessenger:
    """Carries out the Messenger port. `timeout_s` is for one try of a call; a file has time to leave on top of it."""

    def __init__(
        self,
        api: TelegramApi,
        clock: Clock,
        limits: Limits | None = None,
        *,
        timeout_s: float = 60.0,
        backoff: Callable[[], Backoff] = Backoff,
    ) -> None:
        self._api = api
        self._clock = clock
        self._pace = Pace(clock, limits or Limits())
        self._timeout_s = timeout_s
        self._backoff = backoff
        self.trouble = ""

    async def deliver(self, outgoing: Outgoing, urgency: Urgency = Urgency.ANSWER) -> Outcome:
        """See the port. A 401 counts as trouble that passes: whoever polls stops the bot, and what waits is kept."""
        backoff, migrations = self._backoff(), 0
        while True:
            await self._pace.turn(outgoing.chat_id, urgency, outgoing.messages)
            try:
                result = await self._call(outgoing, self._timeout_s + _upload_s(outgoing))
            except TelegramUnreachable:
                await self._clock.sleep(backoff.next_s())
            except TelegramUnknown as unknown:
                log.warning("delivery.unknown", method=outgoing.method, chat_id=outgoing.chat_id, reason=str(unknown))
                return Unknown(str(unknown))
            except TelegramRefusal as refusal:
                if refusal.migrate_to_chat_id is not None and migrations < MIGRATIONS_MAX:
                    migrations += 1
                    outgoing = _changed(outgoing, chat_id=refusal.migrate_to_chat_id)
                elif _topic_is_gone(refusal, outgoing):
                    outgoing = _changed(outgoing, message_thread_id=None)
                elif _passes(refusal):
                    await self._wait(refusal, outgoing, urgency, backoff)
                else:
                    return self._refused(refusal, outgoing)
            else:
                return Sent(_message_id(result), outgoing.chat_id if migrations else None)

    async def hint(self, outgoing: Outgoing) -> None:
        """See the port."""
        if not self._pace.hint(outgoing.chat_id):
            return
        try:
            await self._call(outgoing, HINT_TIMEOUT_S)
        except TelegramRefusal as refusal:
            if refusal.retry_after_s is not None:
                self._hold(outgoing, refusal.retry_after_s, Urgency.ANSWER)
            log.debug("delivery.hint_lost", method=outgoing.method, reason=refusal.description)
        except TelegramError as error:
            log.debug("delivery.hint_lost", method=outgoing.method, reason=str(error))

    def frame_may_leave(self, chat_id: int, *, draft: bool) -> bool:
        """See the port."""
        return self._pace.frame(chat_id, draft=draft)

    async def frame(self, outgoing: Outgoing) -> Outcome | None:
        """See the port. A frame for a topic that is gone does not wander into the chat itself."""
        try:
            result = await self._call(outgoing, HINT_TIMEOUT_S)
        except TelegramUnreachable:
            return None
        except TelegramUnknown as unknown:
            return Unknown(str(unknown))
        except TelegramRefusal as refusal:
            if refusal.retry_after_s is not None:
                self._hold(outgoing, refusal.retry_after_s, Urgency.ANSWER)
            if _passes(refusal):
                return None
            if _topic_is_gone(refusal, outgoing) or refusal.migrate_to_chat_id is not None:
                return Refused(RefusalKind.GONE, refusal.description)
            return self._refused(refusal, outgoing)
        return Sent(_message_id(result))

    async def reachable(self) -> None:
        """See the port."""
        backoff = self._backoff()
        while True:
            try:
                await self._call(Outgoing("getMe", {}), HINT_TIMEOUT_S)
            except TelegramRefusal as refusal:
                if refusal.status < 500:
                    return
            except TelegramError:
                pass
            else:
                return
            await self._clock.sleep(backoff.next_s())

    async def _call(self, outgoing: Outgoing, timeout_s: float) -> Any:
        """One try; notes when Telegram stops answering and when it is back."""
        try:
            result = await self._api.call(outgoing.method, outgoing.params, outgoing.attachment, timeout_s=timeout_s)
        except TelegramRefusal as refusal:
            self._note(f"{refusal}" if refusal.status >= 500 else "")
            raise
        except TelegramError as error:
            self._note(str(error) or "no answer")
            raise
        self._note()
        return result

    def _note(self, trouble: str = "") -> None:
        if trouble and not self.trouble:
            log.warning("delivery.lost", reason=trouble)
        elif self.trouble and not trouble:
            log.info("delivery.back")
        self.trouble = trouble

    async def _wait(self, refusal: TelegramRefusal, outgoing: Outgoing, urgency: Urgency, backoff: Backoff) -> None:
        if refusal.retry_after_s is not None:
            self._hold(outgoing, refusal.retry_after_s, urgency)
            if not outgoing.chat_id:
                await self._clock.sleep(max(refusal.retry_after_s, HOLD_MIN_S))
        else:
            await self._clock.sleep(backoff.next_s())

    def _hold(self, outgoing: Outgoing, seconds: float, urgency: Urgency) -> None:
        log.info("delivery.held", method=outgoing.method, chat_id=outgoing.chat_id, retry_after_s=seconds)
        self._pace.hold(outgoing.chat_id, max(seconds, HOLD_MIN_S), urgency)

    def _refused(self, refusal: TelegramRefusal, outgoing: Outgoing) -> Refused:
        kind = refusal_kind(refusal)
        log.info(
            "delivery.refused",
            method=outgoing.method,
            chat_id=outgoing.chat_id,
            kind=kind.value,
            description=refusal.description,
        )
        return Refused(kind, refusal.description)


def _upload_s(outgoing: Outgoing) -> float:
    return len(outgoing.attachment.content) / UPLOAD_BYTES_PER_S if outgoing.attachment else 0.0


def _passes(refusal: TelegramRefusal) -> bool:
    """Whether the same call may succeed later: flood control, trouble of the server, a token that is being mended."""
    return refusal.retry_after_s is not None or refusal.status in (401, 429) or refusal.status >= 500


def _topic_is_gone(refusal: TelegramRefusal, outgoing: Outgoing) -> bool:
    """The topic was deleted: the message may still reach the chat itself."""
    if outgoing.params.get("message_thread_id") is None:
        return False
    return any(wording in refusal.description.lower() for wording in THREAD_NOT_FOUND)


def _changed(outgoing: Outgoing, **params: object) -> Outgoing:
    return replace(outgoing, params={**outgoing.params, **params})


def _message_id(result: object) -> int:
    """Of a Message, a MessageId, or the first of a list of them; 0 where the method makes no message."""
    first = result[0] if isinstance(result, list) and result else result
    return whole_number(as_dict(first).get("message_id")) or 0
