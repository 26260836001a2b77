"""Stand-ins that an announcement can be made through: copies, the admin's buttons, and what the admin is told."""

import asyncio
import re
from collections import Counter
from typing import Any, Final

import orjson

from tests.bench.bots import ADMIN
from tests.bench.servers import StandIns, params_of, result
from tests.soak.limits import BULK

SEEN_WITHIN_S: Final = 120.0
LOOK_EVERY_S: Final = 0.01
SENT: Final = "The announcement was sent."


class AnnouncingStandIns(StandIns):
    """`copies`: messages copied into each chat. `told`: the admin's messages and edits, oldest first."""

    def __init__(self) -> None:
        super().__init__()
        self.copies: Counter[int] = Counter()
        self.told: list[str] = []
        self._buttons: list[tuple[str, str, int]] = []
        """Label, data and message of those that the admin has seen."""
        self._presses = 0

    async def admin_sees(self, pattern: str, since: int = 0, within_s: float = SEEN_WITHIN_S) -> int:
        """Waits until the admin is told this, from `told[since]` on; the number of messages by then."""
        try:
            async with asyncio.timeout(within_s):
                while not any(re.search(pattern, text) for text in self.told[since:]):
                    await asyncio.sleep(LOOK_EVERY_S)
        except TimeoutError:
            raise AssertionError(f"the admin never saw {pattern!r}, but {self.told[since:][-5:]}") from None
        return len(self.told)

    @property
    def all_sent(self) -> bool:
        """Whether the announcement's report has come."""
        return any(SENT in text for text in self.told)

    def admin_presses(self, label: str) -> str:
        """The newest button whose label begins so; its whole label."""
        whole, data, message_id = next(button for button in reversed(self._buttons) if button[0].startswith(label))
        self._presses += 1
        admin = {"id": ADMIN, "is_bot": False, "first_name": "Admin"}
        chat = {"id": ADMIN, "type": "private", "first_name": "Admin"}
        query = {
            "id": str(self._presses),
            "from": admin,
            "chat_instance": "1",
            "data": data,
            "message": {"message_id": message_id, "chat": chat, "date": 1_790_000_000, "text": "buttons"},
        }
        self.push("callback_query", query)
        return whole

    def _handle(self, path: str, body: bytes, client: asyncio.Transport) -> None:
        method = path.rpartition("/")[2].partition("?")[0].lower()
        if method == BULK:
            self._into_chat(method, params_of(body), client)
        else:
            super()._handle(path, body, client)

    def _carry_out(self, method: str, params: dict[str, Any], client: asyncio.Transport) -> None:
        chat_id = int(params["chat_id"])
        if method == BULK:
            self._message_id += 1
            self.copies[chat_id] += 1
            client.write(result({"message_id": self._message_id}))
            return
        super()._carry_out(method, params, client)
        if chat_id == ADMIN and method in ("sendmessage", "editmessagetext"):
            self.told.append(str(params["text"]))
            self._note_buttons(params, int(params.get("message_id") or self._message_id))

    def _note_buttons(self, params: dict[str, Any], message_id: int) -> None:
        markup = params.get("reply_markup") or {}
        keyboard = orjson.loads(markup) if isinstance(markup, str) else markup
        for row in keyboard.get("inline_keyboard", ()):
            self._buttons += [(button["text"], button.get("callback_data", ""), message_id) for button in row]
