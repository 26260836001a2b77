"""The queue of updates: long polling with Telegram's semantics, or a webhook (Bot API, "Getting updates")."""

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from gptbot.playground.refusals import bad_request, conflict

NOT_BY_DEFAULT = frozenset(("chat_member", "message_reaction", "message_reaction_count"))
BATCH_MAX = 100
POLL_TIMEOUT_MAX_S = 50
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header


def encoded(value: Any) -> bytes:
    """`value` as JSON; half surrogate pairs, which orjson refuses, as the escapes that a server may send."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value).encode()


@dataclass(slots=True)
class Webhook:
    url: str
    secret: str = ""
    last_error: str = ""


class UpdateQueue:
    """Updates stay until a later getUpdates confirms them or the webhook has taken them."""

    def __init__(self, first_update_id: int = 1, webhook_retry_s: float = 0.05) -> None:
        self.pending: deque[dict[str, Any]] = deque()
        self.allowed: frozenset[str] | None = None
        self.webhook: Webhook | None = None
        self.webhook_retry_s = webhook_retry_s
        self.on_wait: Callable[[], None] = lambda: None
        self._next_id = first_update_id
        self._poll: asyncio.Future[None] | None = None
        self._arrived = asyncio.Event()
        self._delivery: asyncio.Task[None] | None = None

    def push(self, kind: str, payload: Any) -> int:
        """Adds an update and returns its id; 0 when `allowed_updates` leaves that kind out."""
        if kind in NOT_BY_DEFAULT if self.allowed is None else kind not in self.allowed:
            return 0
        update_id = self._next_id
        self.push_raw({"update_id": update_id, kind: payload})
        return update_id

    def push_raw(self, update: dict[str, Any]) -> None:
        """Adds an update of any form; its `update_id` (the next one when absent) may repeat an earlier one."""
        update.setdefault("update_id", self._next_id)
        self._next_id = max(self._next_id, int(update["update_id"]) + 1)
        self.pending.append(update)
        self._arrived.set()
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)

    @property
    def poll_waits(self) -> bool:
        """Whether a long poll is open now."""
        return self._poll is not None and not self._poll.done()

    def allow(self, kinds: Sequence[str] | None) -> None:
        """`allowed_updates`: None keeps the setting, an empty list restores the default."""
        if kinds is not None:
            self.allowed = frozenset(kinds) if kinds else None

    async def fetch(self, offset: int, limit: int, timeout_s: float) -> list[dict[str, Any]]:
        """getUpdates. Confirms what is below `offset`; a poll that waits already is refused with 409."""
        if self.webhook is not None:
            raise conflict(
                "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
            )
        self._end_poll("terminated by other getUpdates request; make sure that only one bot instance is running")
        if offset < 0:
            self._forget_but_last(-offset)
        else:
            while self.pending and self.pending[0]["update_id"] < offset:
                self.pending.popleft()
        limit = limit if 1 <= limit <= BATCH_MAX else BATCH_MAX
        if not self.pending and timeout_s > 0:
            await self._wait(min(timeout_s, POLL_TIMEOUT_MAX_S))
        return [self.pending[index] for index in range(min(limit, len(self.pending)))]

    async def _wait(self, timeout_s: float) -> None:
        poll = self._poll = asyncio.get_running_loop().create_future()
        self.on_wait()
        try:
            async with asyncio.timeout(timeout_s):
                await poll
        except TimeoutError:
            pass
        finally:
            if self._poll is poll:
                self._poll = None

    def _end_poll(self, reason: str) -> None:
        if self._poll is not None and not self._poll.done():
            self._poll.set_exception(conflict(reason))
        self._poll = None

    def _forget_but_last(self, count: int) -> None:
        while len(self.pending) > count:
            self.pending.popleft()

    # --- webhook

    async def set_webhook(self, url: str, secret: str, kinds: Sequence[str] | None, *, drop_pending: bool) -> None:
        """setWebhook; an empty `url` removes it. Loopback addresses may be plain http here."""
        if url and not url.startswith(("https://", "http://127.0.0.1", "http://localhost", "http://[::1]")):
            raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
        if url:
            self._end_poll("terminated by setWebhook request")
        await self.close()
        self.allow(kinds)
        if drop_pending:
            self.pending.clear()
        if not url:
            self.webhook = None
            return
        self.webhook = Webhook(url, secret)
        self._delivery = asyncio.create_task(self._deliver(self.webhook), name="playground webhook")

    def info(self) -> dict[str, Any]:
        """getWebhookInfo."""
        hook = self.webhook or Webhook("")
        info = {"url": hook.url, "has_custom_certificate": False, "pending_update_count": len(self.pending)}
        return info | ({"last_error_message": hook.last_error} if hook.last_error else {})

    async def close(self) -> None:
        """Ends the delivery to a webhook and a waiting poll (with what there is)."""
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)
        if self._delivery is not None:
            self._delivery.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._delivery
            self._delivery = None

    async def _deliver(self, webhook: Webhook) -> None:
        """One update after the other; one that is not taken with 2xx comes again."""
        headers = {"Content-Type": "application/json"}
        if webhook.secret:
            headers[SECRET_HEADER] = webhook.secret
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
            while True:
                while not self.pending:
                    self._arrived.clear()
                    await self._arrived.wait()
                update = self.pending[0]
                webhook.last_error = await self._post(session, webhook.url, headers, update)
                if webhook.last_error:
                    await asyncio.sleep(self.webhook_retry_s)
                elif self.pending and self.pending[0] is update:
                    self.pending.popleft()

    @staticmethod
    async def _post(session: aiohttp.ClientSession, url: str, headers: dict[str, str], update: dict[str, Any]) -> str:
        """What went wrong, or nothing."""
        try:
            async with session.post(url, data=encoded(update), headers=headers) as response:
                if 200 <= response.status < 300:
                    return ""
                return f"Wrong response from the webhook: {response.status} {response.reason}"
        except (aiohttp.ClientError, TimeoutError) as error:
            return f"Connection failed: {error}"
