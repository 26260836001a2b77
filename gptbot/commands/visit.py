"""One update of one person while it is handled: who, where, in which language, by which rules.

Command handlers are pure functions `(tx, visit, args)`; the visit gives them the words and the ways to answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gptbot.domain import outgoing
from gptbot.domain.book import Book
from gptbot.domain.outgoing import Keyboard, Outgoing, Text
from gptbot.domain.records import Account
from gptbot.domain.rules import Rules
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import AnyUpdate, ButtonPressed, Me, MessageEdited, MessageSent, Person, Place
from gptbot.texts import Words, language_for


def words_for(rules: Rules, account: Account | None, code: str | None = None) -> Words:
    """The texts for somebody; `code` is Telegram's language code where an update tells it."""
    if account is None:
        return Words(language_for(None, rules.language, code))
    return Words(language_for(account.language, rules.language, code or account.telegram_language))


@dataclass(frozen=True, slots=True)
class Visit:
    """`words` is the person's language; `update` is what they did."""

    update: AnyUpdate
    rules: Rules
    me: Me
    words: Words

    @classmethod
    def of(cls, update: AnyUpdate, rules: Rules, me: Me, book: Book) -> "Visit":
        return cls(update, rules, me, words_for(rules, book.get(update.person.id), update.person.language))

    @property
    def person(self) -> Person:
        return self.update.person

    @property
    def place(self) -> Place:
        return self.update.place

    @property
    def user(self) -> int:
        return self.update.person.id

    @property
    def is_admin(self) -> bool:
        """Admin's commands work in the private chat only (SPEC §7)."""
        return self.rules.is_admin(self.user) and self.place.private

    def reply(self, text: Text, keyboard: Keyboard | None = None) -> Outgoing:
        """A message into the same chat and topic; in groups as a reply to what was said."""
        reply_to = None
        if not self.place.private and isinstance(self.update, MessageSent | MessageEdited):
            reply_to = self.update.message_id
        return outgoing.message(self.place, text, reply_to=reply_to, keyboard=keyboard)

    def say(self, tx: Transaction, key: str, /, keyboard: Keyboard | None = None, **values: object) -> None:
        """Answers with the text `key`."""
        tx.send(self.reply(self.words(key, **values), keyboard))

    def change(self, tx: Transaction, text: Text, keyboard: Keyboard | None = None) -> None:
        """Puts `text` in the place of the message whose button was pressed; else sends it."""
        if isinstance(self.update, ButtonPressed) and self.update.message_id:
            tx.send(outgoing.edit(self.place.chat_id, self.update.message_id, text, keyboard=keyboard))
        else:
            tx.send(self.reply(text, keyboard))


def tell(
    tx: Transaction, rules: Rules, user: int, key: str, /, keyboard: Keyboard | None = None, **values: object
) -> None:
    """A notice to somebody else's private chat, in their language."""
    words = words_for(rules, tx.book.get(user))
    tx.send(outgoing.message(Place(user), words(key, **values), keyboard=keyboard))


def tell_after(
    tx: Transaction, rules: Rules, user: int, key: str, /, after: Mapping[str, Any], **values: object
) -> None:
    """The same, with a meaning for its arrival or refusal (`domain/settling`)."""
    words = words_for(rules, tx.book.get(user))
    tx.send(outgoing.message(Place(user), words(key, **values)), after=after)
