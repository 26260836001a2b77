"""One person in a dialog with the bot: what they do, and what the bot's transaction writes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson

from gptbot.commands import dialogs
from gptbot.commands.announcement_sending import announcement_button
from gptbot.commands.visit import Visit
from gptbot.domain.book import Book, DialogKey
from gptbot.domain.records import Account, Totals, admin_account
from gptbot.domain.rows import Row
from gptbot.domain.rules import ModelSpec, Rules
from gptbot.domain.settling import Preview
from gptbot.domain.transaction import Counters, Transaction
from gptbot.domain.updates import ButtonPressed, ContentKind, Me, MessageSent, Person, Place, RepliedTo

T = TypeVar("T")

NOW = 1_800_000_000
ADMIN = 1
ALICE = 10
ME = Me(7, "TheBot", "The Bot")
MODEL = ModelSpec("m", 1000, 1, 1, 1)
RULES = Rules(
    admins=(ADMIN,),
    basic=MODEL,
    premium=MODEL,
    image_model="i",
    image_price=0.01,
    prompt_tokens_max=50,
    dialog_idle_s=900,
    announce_per_s=25,
)


@dataclass(frozen=True)
class Call:
    """One Bot API call that went into the outbox."""

    method: str
    params: dict[str, Any]
    after: dict[str, Any] | None
    group: int

    @property
    def text(self) -> str:
        return str(self.params.get("text", ""))

    @property
    def buttons(self) -> dict[str, str]:
        """Label → data."""
        rows = self.params.get("reply_markup", {}).get("inline_keyboard", ())
        return {button["text"]: button["callback_data"] for row in rows for button in row if "url" not in button}

    def button(self, part: str) -> str:
        """The data of the one button with `part` in its label."""
        (data,) = (data for label, data in self.buttons.items() if part in label)
        return data


@dataclass
class Chat:
    """A person in a chat. `calls` and `rows` are what the last thing they did led to; `popup` what a button said."""

    user: int = ALICE
    place: Place | None = None
    rules: Rules = RULES
    book: Book = field(default_factory=lambda: Book.of({ADMIN: admin_account(NOW), ALICE: Account()}, Totals()))
    counters: Counters = field(default_factory=Counters)
    language: str = "en"
    now: int = NOW
    updates: int = 1_000_000
    calls: list[Call] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    popup: str = ""

    @property
    def key(self) -> DialogKey:
        return DialogKey(self.user, self.where.chat_id, self.where.thread_id or 0)

    @property
    def where(self) -> Place:
        return self.place or Place(self.user)

    @property
    def state(self) -> str | None:
        dialog = self.book.dialogs.get(self.key)
        return None if dialog is None else str(dialog.snapshot["state"])

    @property
    def call(self) -> Call:
        (call,) = self.calls
        return call

    def opens_prompt(self, tokens: int = 5) -> Call:
        self._do(self._message(), lambda tx, visit: dialogs.open_prompt(tx, visit, tokens))
        return self.call

    def sets_prompt(self, text: str, tokens: int = 5) -> Call:
        self._do(self._message(), lambda tx, visit: dialogs.set_prompt(tx, visit, text, tokens))
        return self.call

    def announces(self, args: str = "") -> list[Call]:
        self._do(self._message(), lambda tx, visit: dialogs.open_announcement(tx, visit, args))
        return self.calls

    def says(
        self,
        text: str,
        *,
        tokens: int = 5,
        kind: ContentKind = "text",
        reply: RepliedTo | None = None,
        message_id: int = 50,
        joined: tuple[int, ...] = (),
    ) -> list[Call]:
        """`joined`: the further messages of an album."""
        message = self._message(text, kind, reply, message_id, joined)
        self._do(message, lambda tx, visit: dialogs.message_given(tx, visit, message, tokens))
        return self.calls

    def presses(self, data: str) -> list[Call]:
        area, *args = data.split(":")
        handler = {"dlg": dialogs.button, "ann": announcement_button}[area]
        press = ButtonPressed(
            update_id=self._next(), person=self._person(), place=self.where, callback_id="c", data=data, message_id=60
        )
        self.popup = self._do(press, lambda tx, visit: handler(tx, visit, args))
        return self.calls

    def cancels(self) -> bool:
        return self._do(self._message("/cancel"), dialogs.cancel)

    def leaves(self) -> list[Call]:
        self._do(self._message("/help"), dialogs.leave)
        return self.calls

    def refuses(self, preview: Call, *, gone: bool = False) -> list[Call]:
        """Telegram doesn't take this preview."""
        assert preview.after is not None
        told: Preview = preview.after["preview"]
        self._run(lambda tx: dialogs.preview_refused(tx, self.rules, told, gone=gone))
        return self.calls

    def idles(self, seconds: int) -> list[Call]:
        self.now += seconds
        self._run(lambda tx: dialogs.expire(tx, self.rules, self.key))
        return self.calls

    def has_dialog(self) -> bool:
        visit = Visit.of(self._message(), self.rules, ME, self.book)
        return dialogs.current(self.book, visit) is not None

    def restarts(self) -> None:
        """The dialogs come back out of data.db: as JSON."""
        for key, dialog in list(self.book.dialogs.items()):
            snapshot = orjson.loads(orjson.dumps(dialog.snapshot))
            self.book.dialogs[key] = type(dialog)(dialog.token, snapshot, dialog.at)

    def written(self, kind: type[T]) -> list[T]:
        return [row for row in self.rows if isinstance(row, kind)]

    def _do(self, update: MessageSent | ButtonPressed, change: Callable[[Transaction, Visit], T]) -> T:
        return self._run(lambda tx: change(tx, Visit.of(update, self.rules, ME, self.book)))

    def _run(self, change: Callable[[Transaction], T]) -> T:
        tx = Transaction(self.book, self.counters, self.now)
        result = change(tx)
        self.rows = tx.rows()
        self.calls = [
            Call(row.method, orjson.loads(row.params), orjson.loads(row.after) if row.after else None, row.group)
            for row in tx.outbox
        ]
        for call in self.calls:
            assert all(len(data.encode()) <= 64 for data in call.buttons.values())
            assert len(call.text.encode("utf-16-le")) <= 2 * 4096
        return result

    def _message(
        self,
        text: str = "",
        kind: ContentKind = "text",
        reply: RepliedTo | None = None,
        message_id: int = 50,
        joined: tuple[int, ...] = (),
    ) -> MessageSent:
        return MessageSent(
            update_id=self._next(),
            person=self._person(),
            place=self.where,
            message_id=message_id,
            kind=kind,
            text=text,
            album="an album" if joined else None,
            joined_messages=joined,
            reply=reply,
        )

    def _person(self) -> Person:
        return Person(self.user, f"User {self.user}", None, self.language)

    def _next(self) -> int:
        self.updates += 1
        return self.updates
