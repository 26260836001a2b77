"""Lean stand-ins for Telegram's Bot API and for the model, both on one port of loopback.

The playground's are made to be looked at and check everything; these are made to be faster than any bot under test.
They answer what a bot calls while it answers questions, nothing more.
"""

import asyncio
import heapq
import re
import time
from collections import Counter, deque
from collections.abc import Callable
from itertools import count
from typing import Any, Final
from urllib.parse import parse_qs

import orjson

from tests.bench.budgets import RETRY_AFTER_S, Budgets
from tests.bench.model import PROSE, Answer
from tests.bench.wire import HttpProtocol, whole

BOT_ID: Final = 4242
TOKEN: Final = f"{BOT_ID}:AAbench_bench_bench_bench"
USERNAME: Final = "bench_bot"
_ME: Final = {"id": BOT_ID, "is_bot": True, "first_name": "Bench", "username": USERNAME}
_MARK: Final = re.compile(rb"\((\d+)/\d+\)")
_TRUE: Final = whole(b'{"ok":true,"result":true}')
_FLOOD: Final = whole(
    b'{"ok":false,"error_code":429,"description":"Too Many Requests: retry after %d","parameters":{"retry_after":%d}}'
    % (RETRY_AFTER_S, RETRY_AFTER_S)
)


class StandIns:
    """The two servers of one bot. `on_message(chat id, text)` is told what the bot sends, `on_draft` what it shows.

    Settable at any time: `model_delay_s` before an answer, `answer`, `tokens_per_s` of a stream (0: all at once),
    `budgets` (None: none are kept). To look at: `spent`, the tokens that the model reported, by user; `polled`, set
    with the first getUpdates; `first_told_at`, `last_told_at`, when the first and the latest token of each user's paced
    answer was written.
    """

    def __init__(self) -> None:
        self.on_message: Callable[[int, str], None] = lambda _chat, _text: None
        self.on_draft: Callable[[int, str], None] = lambda _chat, _text: None
        self.model_delay_s = 0.0
        self.tokens_per_s = 0.0
        self.budgets: Budgets | None = None
        self.first_told_at: dict[int, float] = {}
        self.last_told_at: dict[int, float] = {}
        self._pacer: asyncio.TimerHandle | None = None
        self._paced: list[tuple[float, int, int, list[bytes], asyncio.Transport]] = []
        self._numbers = count()
        self.answer = Answer(PROSE)
        self.spent: Counter[int] = Counter()
        self.polled = asyncio.Event()
        self.url = ""
        self._updates: deque[dict[str, Any]] = deque()
        self._poll: asyncio.Transport | None = None
        self._poll_timer: asyncio.TimerHandle | None = None
        self._message_id = 1_000_000
        self._update_id = 0
        self._server: asyncio.Server | None = None

    async def start(self) -> "StandIns":
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: HttpProtocol(self._handle), "127.0.0.1", 0, backlog=2048)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    def put(self, user: int, text: str, group: int = 0) -> None:
        """A message of this user, in their private chat or in a group (by its id), becomes available to the bot."""
        self._message_id += 1
        person = {"id": user, "is_bot": False, "first_name": f"User {user}", "username": f"u{user}"}
        private = {**person, "type": "private"}
        message = {
            "message_id": self._message_id,
            "from": {**person, "language_code": "en"},
            "chat": {"id": group, "type": "supergroup", "title": f"Group {-group}"} if group else private,
            "date": 1_790_000_000,
            "text": text,
        }
        if text.startswith("@"):
            message["entities"] = [{"type": "mention", "offset": 0, "length": len(text.split()[0])}]
        self.push("message", message)

    def push(self, kind: str, content: dict[str, Any]) -> None:
        """An update of this kind becomes available to the bot."""
        self._update_id += 1
        self._updates.append({"update_id": self._update_id, kind: content})
        if len(self._updates) == 1:
            # What comes up in the same moment goes out together, as it would from Telegram.
            asyncio.get_running_loop().call_soon(self._answer_poll)

    # --- Bot API -----------------------------------------------------------------------------------------------------

    def _handle(self, path: str, body: bytes, client: asyncio.Transport) -> None:
        method = path.rpartition("/")[2].partition("?")[0].lower()
        match method:
            case "completions":
                self._complete(body, client)
            case "sendmessage" | "sendmessagedraft" | "sendchataction" | "editmessagetext":
                self._into_chat(method, params_of(body), client)
            case "getupdates":
                self._get_updates(params_of(body), client)
            case "getme":
                client.write(result(_ME))
            case _:
                client.write(_TRUE)

    def _get_updates(self, params: dict[str, Any], client: asyncio.Transport) -> None:
        self.polled.set()
        offset = int(params.get("offset") or 0)
        while self._updates and self._updates[0]["update_id"] < offset:
            self._updates.popleft()
        self._poll = client
        if self._poll_timer is not None:
            self._poll_timer.cancel()
        loop = asyncio.get_running_loop()
        self._poll_timer = loop.call_later(float(params.get("timeout") or 0), self._end_poll)
        if self._updates:
            self._answer_poll()

    def _answer_poll(self) -> None:
        if self._poll is not None and self._updates:
            client, self._poll = self._poll, None
            client.write(result([self._updates[place] for place in range(min(100, len(self._updates)))]))

    def _end_poll(self) -> None:
        if self._poll is not None:
            client, self._poll = self._poll, None
            client.write(result([]))

    def _into_chat(self, method: str, params: dict[str, Any], client: asyncio.Transport) -> None:
        chat_id = int(params["chat_id"])
        if self.budgets is not None and not self.budgets.allow(method, chat_id, time.monotonic()):
            client.write(_FLOOD)
        else:
            self._carry_out(method, params, client)

    def _carry_out(self, method: str, params: dict[str, Any], client: asyncio.Transport) -> None:
        if method == "sendmessage":
            self._send_message(params, client)
            return
        client.write(_TRUE)
        if method == "sendmessagedraft":
            self.on_draft(int(params["chat_id"]), str(params.get("text") or ""))

    def _send_message(self, params: dict[str, Any], client: asyncio.Transport) -> None:
        self._message_id += 1
        chat_id, text = int(params["chat_id"]), str(params["text"])
        message = {
            "message_id": self._message_id,
            "from": _ME,
            "chat": {"id": chat_id, "type": "private", "first_name": f"User {chat_id}"},
            "date": 1_790_000_000,
            "text": text,
        }
        client.write(result(message))
        self.on_message(chat_id, text)

    # --- the model ---------------------------------------------------------------------------------------------------

    def _complete(self, body: bytes, client: asyncio.Transport) -> None:
        mark = _MARK.findall(body)[-1]
        prompt_tokens = 20 + len(body) % 50
        user = int(mark)
        question = [match[0] for match in _MARK.finditer(body)][-1].decode()
        streamed = b'"stream":true' in body.replace(b": ", b":")
        self.spent[user] += self.answer.total(prompt_tokens)
        if streamed and self.tokens_per_s:
            self._stream(user, self.answer.paced(question, prompt_tokens), client)
            return
        told = (self.answer.streamed if streamed else self.answer.complete)(question, prompt_tokens)
        if self.model_delay_s:
            asyncio.get_running_loop().call_later(self.model_delay_s, client.write, told)
        else:
            client.write(told)

    def _stream(self, user: int, parts: list[bytes], client: asyncio.Transport) -> None:
        """Each part is written by itself, when it is due."""
        parts.reverse()
        self.first_told_at.pop(user, None)
        heapq.heappush(self._paced, (time.monotonic() + self.model_delay_s, next(self._numbers), user, parts, client))
        if self._pacer is not None:
            self._pacer.cancel()
        self._pace()

    def _pace(self) -> None:
        """One timer for all streams."""
        now = time.monotonic()
        while self._paced and self._paced[0][0] <= now:
            due, _, user, parts, client = heapq.heappop(self._paced)
            client.write(parts.pop())
            self.last_told_at[user] = time.monotonic()
            self.first_told_at.setdefault(user, self.last_told_at[user])
            if parts:
                heapq.heappush(self._paced, (due + 1 / self.tokens_per_s, next(self._numbers), user, parts, client))
        self._pacer = None
        if self._paced:
            self._pacer = asyncio.get_running_loop().call_later(max(0.0, self._paced[0][0] - now), self._pace)


def params_of(body: bytes) -> dict[str, Any]:
    """Of a JSON body, or of a form as aiogram sends it."""
    if not body:
        return {}
    if body.startswith(b"{"):
        params = orjson.loads(body)
        assert isinstance(params, dict)
        return params
    return {name: values[0] for name, values in parse_qs(body.decode()).items()}


def result(value: object) -> bytes:
    """Bot API's answer to a call that was carried out."""
    return whole(b'{"ok":true,"result":' + orjson.dumps(value) + b"}")
