"""A small world for pure command handlers: a book, people in it, and what the bot wrote to whom."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from gptbot.commands.visit import Visit
from gptbot.domain.book import Book
from gptbot.domain.records import Account, Totals, admin_account
from gptbot.domain.rows import LedgerRow
from gptbot.domain.rules import ModelSpec, Rules
from gptbot.domain.transaction import Counters, Transaction
from gptbot.domain.updates import ButtonPressed, Me, MessageSent, Person, Place

NOW = 1_800_000_000
ADMIN = 1
ME = Me(7, "TheBot", "The Bot")
GROUP = Place(-100, "supergroup", title="Friends")
RULES = Rules(
    admins=(ADMIN, 2),
    basic=ModelSpec("basic-1", 1000, 0.1, 0.01, 0.5),
    premium=ModelSpec("premium-1", 1000, 2, 0.1, 10),
    image_model="image-1",
    image_price=0.013,
)


@dataclass(frozen=True)
class Call:
    """One Bot API call that went into the outbox."""

    method: str
    params: dict[str, Any]

    @property
    def chat(self) -> int:
        return int(self.params["chat_id"])

    @property
    def text(self) -> str:
        return str(self.params.get("text", ""))

    @property
    def buttons(self) -> list[dict[str, str]]:
        return [button for row in self.params.get("reply_markup", {}).get("inline_keyboard", ()) for button in row]


@dataclass
class World:
    rules: Rules = RULES
    book: Book = field(default_factory=lambda: Book.of({ADMIN: admin_account(NOW)}, Totals()))
    counters: Counters = field(default_factory=Counters)
    calls: list[Call] = field(default_factory=list)
    ledger: list[LedgerRow] = field(default_factory=list)
    updates: int = 0

    def add(self, user: int, **values: Any) -> Account:
        """Somebody who is registered already."""
        account = Account(name=f"User {user}", balance=30_000)
        for name, value in values.items():
            setattr(account, name, value)
        accounts = self.book.accounts | {user: account}
        dialogs, permits = self.book.dialogs, self.book.permits
        self.book = Book.of(accounts, self.book.totals)
        self.book.dialogs, self.book.permits = dialogs, permits
        return self.book.accounts[user]

    def says(
        self,
        user: int,
        handler: Callable[[Transaction, Visit, str], None],
        args: str = "",
        *,
        place: Place | None = None,
        person: Person | None = None,
    ) -> list[Call]:
        """What the bot writes when `user` gives the command."""
        self.updates += 1
        who = person or Person(user, f"User {user}", None, "en")
        update = MessageSent(update_id=self.updates, person=who, place=place or Place(user), message_id=50)
        return self._run(update, lambda tx, visit: handler(tx, visit, args))[0]

    def presses(
        self,
        user: int,
        handler: Callable[[Transaction, Visit, Sequence[str]], str],
        data: str,
        *,
        place: Place | None = None,
    ) -> tuple[list[Call], str]:
        """What the bot writes when `user` presses a button with these `data`, and the pop-up's text."""
        self.updates += 1
        person = Person(user, f"User {user}", None, "en")
        update = ButtonPressed(
            update_id=self.updates, person=person, place=place or Place(user), callback_id="c", data=data, message_id=60
        )
        return self._run(update, lambda tx, visit: handler(tx, visit, data.split(":")[1:]))

    def _run(
        self, update: MessageSent | ButtonPressed, change: Callable[[Transaction, Visit], Any]
    ) -> tuple[list[Call], Any]:
        tx = Transaction(self.book, self.counters, NOW)
        result = change(tx, Visit.of(update, self.rules, ME, self.book))
        calls = [Call(row.method, orjson.loads(row.params)) for row in tx.outbox]
        self.calls += calls
        self.ledger += [row for row in tx.rows() if isinstance(row, LedgerRow)]
        keys = [row.key for row in self.ledger]
        assert len(keys) == len(set(keys)), "data.db refuses a key twice"
        return calls, result
