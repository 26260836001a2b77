"""Where a dialog speaks and to whom: what the interpreters of charts (`prompting`, `announcing`) write with."""

import zlib
from dataclasses import dataclass

from gptbot.commands.visit import Visit
from gptbot.domain import outgoing
from gptbot.domain.book import DialogKey
from gptbot.domain.outgoing import Button, Keyboard, Outgoing, Text
from gptbot.domain.rules import Rules
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import Place
from gptbot.texts import Words

TEXT_UNITS_MAX = 4096
"""Bot API: the length of a message's text, in UTF-16 units."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One step of one dialog. `visit` is what the person did, None where only time has passed.

    `token` is what the buttons of this dialog carry, so that those of an earlier one are known as such.
    """

    tx: Transaction
    rules: Rules
    key: DialogKey
    token: str
    words: Words
    visit: Visit | None

    @property
    def place(self) -> Place:
        return self.visit.place if self.visit else Place(self.key.chat_id, thread_id=self.key.thread_id or None)

    def button(self, label: str, action: str, **values: object) -> Button:
        """A button with the text `label`; `action` comes back to the dialog when it is pressed."""
        return Button(self.words.plain(label, **values), data=f"dlg:{self.token}:{action}")

    def say(self, text: Text, keyboard: Keyboard | None = None) -> None:
        """A message of its own."""
        self.tx.send(self.message(text, keyboard))

    def show(self, text: Text, keyboard: Keyboard | None = None) -> None:
        """In the place of the message whose button was pressed, where one was; else a message of its own."""
        if self.visit:
            self.visit.change(self.tx, text, keyboard)
        else:
            self.say(text, keyboard)

    def message(self, text: Text, keyboard: Keyboard | None = None) -> Outgoing:
        if self.visit:
            return self.visit.reply(text, keyboard)
        return outgoing.message(self.place, text, keyboard=keyboard)

    def fitting(self, key: str, long: str, /, **values: object) -> Text:
        """The text `key` with `long` as its {text}, which is cut where the message would be too long for Telegram."""
        room = TEXT_UNITS_MAX - units(self.words.plain(key, text="", **values))
        return self.words(key, text=shortened(long, room), **values)


def units(text: str) -> int:
    """Its length as Telegram counts: in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def shortened(text: str, units_max: int) -> str:
    """`text`, or its beginning and "…" if it is longer than that many UTF-16 units."""
    if units(text) <= units_max:
        return text
    kept = text.encode("utf-16-le", "surrogatepass")[: 2 * (units_max - 1)]
    return kept.decode("utf-16-le", "ignore") + "…"


def mark(shown: str) -> str:
    """Ties a button to what stands above it: that of an older preview must not act on a newer one."""
    return f"{zlib.crc32(shown.encode('utf-8', 'surrogatepass')):x}"
