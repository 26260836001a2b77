"""Stories in a few words: people who write to the bot and see what it shows them, over the playground's Bot API.

    alice = Person(server, 101, "Alice")
    await alice.says("/prompt")
    await alice.sees("Send me your new prompt")
    await alice.presses("Keep")

Nothing sleeps: each wait ends with the change of state that it waits for, or fails with the transcript.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from gptbot.playground.bot_api import BotApiServer
from gptbot.playground.ogg import silence
from gptbot.playground.people import find_button
from gptbot.playground.png import picture
from gptbot.playground.rich_rules import rich_text
from gptbot.playground.world import Callback, Checkout, Json, Shown

T = TypeVar("T")
Wanted = str | re.Pattern[str]
"""A part of the text, or a regular expression that is found in it."""

TIMEOUT_S = 10.0
WORDS_MAX = 500
"""A longer text is cut in transcripts."""


def to(chat_id: int) -> Callable[[Mapping[str, Any]], bool]:
    """For `faults.next(where=...)`: calls that write to this chat."""
    return lambda params: str(params.get("chat_id")) == str(chat_id)


class Person:
    """A person in one chat (their private one unless told otherwise). Made on first use if the server has none."""

    def __init__(
        self,
        server: BotApiServer,
        user_id: int,
        name: str = "",
        username: str | None = None,
        *,
        chat_id: int | None = None,
        language: str | None = "en",
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        if user_id not in server.world.users:
            server.add_user(user_id, name or f"User {user_id}", username, language)
        self.server = server
        self.id = user_id
        self.name = str(server.world.users[user_id]["first_name"])
        self.timeout_s = timeout_s
        self.chat = server.world.chats[user_id if chat_id is None else chat_id]
        self._seen = len(self.chat.shown)
        self._pressed: Callback | None = None

    def in_chat(self, chat_id: int) -> "Person":
        """The same person in a group."""
        return Person(self.server, self.id, chat_id=chat_id, timeout_s=self.timeout_s)

    # --- what the person does

    async def says(
        self, text: str, reply_to: Json | int | None = None, thread_id: int | None = None, quote: str | None = None
    ) -> Json:
        """Writes a text message and returns it."""
        return self.server.send_text(self.id, self.chat.id, text, reply_to, thread_id, quote)

    async def edits(self, message: Json, text: str) -> Json:
        """Changes the text, or the caption of a message with a file."""
        return self.server.edit_text(self.id, self.chat.id, message["message_id"], text)

    async def sends_photo(
        self,
        content: bytes | None = None,
        caption: str = "",
        reply_to: Json | int | None = None,
        thread_id: int | None = None,
    ) -> Json:
        """Unless told otherwise, a photo like no other."""
        content = picture(str(self.server.world.next_message_id)) if content is None else content
        return self.server.send_photo(self.id, self.chat.id, content, caption, reply_to=reply_to, thread_id=thread_id)

    async def sends_album(
        self,
        contents: Sequence[bytes],
        caption: str = "",
        names: Sequence[str] = (),
        reply_to: Json | int | None = None,
        thread_id: int | None = None,
    ) -> list[Json]:
        """Photos, or documents if `names` are given."""
        where = {"reply_to": reply_to, "thread_id": thread_id}
        return self.server.send_album(self.id, self.chat.id, contents, caption, names, **where)

    async def sends_voice(
        self,
        seconds: int = 2,
        content: bytes | None = None,
        caption: str = "",
        reply_to: Json | int | None = None,
        thread_id: int | None = None,
    ) -> Json:
        """Unless told otherwise, silence, of which `seconds` are told but at most 2 there."""
        content = silence(min(seconds, 2)) if content is None else content
        where: dict[str, Any] = {"reply_to": reply_to, "thread_id": thread_id}
        return self.server.send_voice(self.id, self.chat.id, content, seconds, caption, **where)

    async def sends_audio(
        self,
        seconds: int = 2,
        content: bytes = b"ID3 audio",
        name: str = "audio.mp3",
        mime_type: str = "audio/mpeg",
        caption: str = "",
        reply_to: Json | int | None = None,
        thread_id: int | None = None,
    ) -> Json:
        where = {"reply_to": reply_to, "thread_id": thread_id}
        return self.server.send_audio(self.id, self.chat.id, content, seconds, name, mime_type, caption, **where)

    async def sends_video_note(
        self,
        seconds: int = 2,
        content: bytes = b"\0\0\0\x18ftypmp42",
        reply_to: Json | int | None = None,
        thread_id: int | None = None,
    ) -> Json:
        where = {"reply_to": reply_to, "thread_id": thread_id}
        return self.server.send_video_note(self.id, self.chat.id, content, seconds, **where)

    async def sends_video(
        self, caption: str = "", reply_to: Json | int | None = None, thread_id: int | None = None
    ) -> Json:
        where = {"reply_to": reply_to, "thread_id": thread_id}
        return self.server.send_video(self.id, self.chat.id, b"\0\0\0\x18ftypmp42", caption, **where)

    async def sends_document(
        self,
        content: bytes,
        name: str = "notes.txt",
        mime_type: str = "text/plain",
        caption: str = "",
        reply_to: Json | int | None = None,
        thread_id: int | None = None,
    ) -> Json:
        where = {"reply_to": reply_to, "thread_id": thread_id}
        return self.server.send_document(self.id, self.chat.id, content, name, mime_type, caption, **where)

    async def sends_sticker(
        self, emoji: str = "👍", reply_to: Json | int | None = None, thread_id: int | None = None
    ) -> Json:
        return self.server.send_sticker(self.id, self.chat.id, emoji, reply_to=reply_to, thread_id=thread_id)

    async def presses(self, button: str, on: Json | None = None, *, forged: bool = False) -> Callback:
        """Presses a button (label or data) of `on`, else of the newest message that has it; waits for one to come."""
        if forged:
            assert on is not None, "forged data needs a message to come from"
            message: Json = on
        elif on is not None:
            message = on
        else:
            message = await self._wait(lambda: self._with_button(button), f"a button {button!r}")
        message_id = int(message["message_id"])
        self._pressed = self.server.press(self.id, self.chat.id, message_id, button, forged=forged)
        return self._pressed

    async def pays(self, bill: Json) -> Checkout:
        """Presses Pay; the result's `answer` is what the bot says to that."""
        return self.server.pay_bill(self.id, self.chat.id, int(bill["message_id"]))

    # --- what the person sees

    async def sees(self, wanted: Wanted) -> Json:
        """The next message or edit of the bot with `wanted` in it after what was seen last; skips what lies between."""
        shown = await self._wait(lambda: self._next(lambda s: _has(s.message, wanted)), f"{wanted!r}")
        self._seen = shown.position + 1
        return shown.message

    async def sees_file(self, kind: str, wanted: Wanted = "") -> tuple[Json, bytes]:
        """The next message of the bot with a "photo", "document", "voice" or "audio", and the file's bytes."""
        shown = await self._wait(
            lambda: self._next(lambda s: kind in s.message and _has(s.message, wanted)), f"a {kind} with {wanted!r}"
        )
        self._seen = shown.position + 1
        described = shown.message[kind]
        file_id = (described[-1] if isinstance(described, list) else described)["file_id"]
        return shown.message, self.server.world.files[file_id].content

    async def sees_bill(self) -> Json:
        """The next bill after what was seen last."""
        shown = await self._wait(lambda: self._next(lambda s: "invoice" in s.message), "a bill")
        self._seen = shown.position + 1
        return shown.message

    async def sees_bill_declined(self, checkout: Checkout, wanted: Wanted) -> None:
        """What Telegram shows in the place of a payment that the bot does not want."""
        answer = await self._wait(lambda: checkout.answer, "an answer to the checkout")
        assert answer is not None
        assert not answer["ok"], f"{self.name} could pay"
        assert _found(wanted, str(answer["error_message"])), answer

    async def sees_popup(self, wanted: Wanted = "") -> str:
        """The answer to the button pressed last."""
        callback = self._pressed
        assert callback is not None, f"{self.name} has pressed no button"
        answer = await self._wait(lambda: callback.answer, f"an answer to the button {callback.data!r}")
        text = str(answer["text"])
        assert _found(wanted, text), f"{self.name} expected a pop-up with {wanted!r}, it says {text!r}"
        return text

    async def sees_nothing_until(self, probe: str, answer: Wanted) -> Json:
        """Proves silence: says `probe` and finds that its answer is the next thing shown since what was seen last.

        The bot handles one person's updates in order, so whatever it had to say before would have come first. Choose
        a probe that waits its turn behind what is under test (a question behind questions).
        """
        await self.says(probe)
        shown = await self._wait(lambda: self._next(lambda _: True), f"the answer {answer!r} to the probe")
        words = _words(shown.message)
        assert _found(answer, words), f"{self.name} expected silence, the bot said {words!r}\n{self.transcript()}"
        self._seen = shown.position + 1
        return shown.message

    @property
    def last(self) -> Json:
        """The newest message of the bot in the chat, as it is now."""
        from_bot = [m for m in self.chat.messages.values() if self._by_bot(m)]
        assert from_bot, f"the bot has said nothing to {self.name} yet"
        return from_bot[-1]

    def transcript(self) -> str:
        """All that was shown in the chat, a line each, oldest first; `>>` marks what was not yet seen."""
        return "\n".join(self._line(shown) for shown in self.chat.shown) or "(nothing was said)"

    # --- helpers

    async def _wait(self, predicate: Callable[[], T | None], what: str) -> T:
        try:
            found = await self.server.until(predicate, self.timeout_s)
        except TimeoutError:
            text = f"{self.name} did not see {what} within {self.timeout_s} s. The chat:\n{self.transcript()}"
            raise AssertionError(text) from None
        assert found is not None
        return found

    def _next(self, condition: Callable[[Shown], bool]) -> Shown | None:
        news = self.chat.shown[self._seen :]
        return next((s for s in news if s.what != "delete" and self._by_bot(s.message) and condition(s)), None)

    def _with_button(self, button: str) -> Json | None:
        newest_first = reversed(self.chat.messages.values())
        return next((m for m in newest_first if self._by_bot(m) and find_button(m, button)), None)

    def _by_bot(self, message: Json) -> bool:
        return bool(message["from"]["id"] == self.server.world.me["id"])

    def _line(self, shown: Shown) -> str:
        message = shown.message
        new = ">>" if shown.position >= self._seen else "  "
        verb = {"message": "", "edit": " (edits)", "delete": " (deleted)"}[shown.what]
        rows = message.get("reply_markup", {}).get("inline_keyboard", [])
        buttons = "".join(f" [{button['text']}]" for row in rows for button in row)
        words = _words(message)
        if len(words) > WORDS_MAX:
            words = f"{words[:WORDS_MAX]}… ({len(words)} characters)"
        return f"{new} {message['message_id']} {message['from']['first_name']}{verb}: {words!r}{buttons}"


def _words(message: Json) -> str:
    rich = rich_text(message.get("rich_message", {}).get("blocks", ()))
    return str(message.get("text", message.get("caption", rich)))


def _has(message: Json, wanted: Wanted) -> bool:
    return _found(wanted, _words(message))


def _found(wanted: Wanted, text: str) -> bool:
    return wanted in text if isinstance(wanted, str) else wanted.search(text) is not None
