"""What people do in the playground's Telegram: each act becomes the update that Telegram would send."""

import re
from collections.abc import Sequence
from typing import Any

from gptbot.playground.media import described, guessed_type
from gptbot.playground.reactions import Reactors
from gptbot.playground.text_rules import found_entities, utf16_length
from gptbot.playground.world import Callback, Chat, Json

COMMAND = re.compile(r"/[A-Za-z0-9_]+(@[A-Za-z0-9_]+)?")


class People(Reactors):
    """The people's side of the stand-in. All is done at once and returns what the person then sees."""

    _next_callback = 1

    # --- messages

    def send(
        self,
        user_id: int,
        chat_id: int,
        content: Json,
        *,
        reply_to: Json | int | None = None,
        thread_id: int | None = None,
        quote: str | None = None,
    ) -> Json:
        """A message with any content (fields of the Bot API's Message), as an update `message`."""
        chat = self._chat_of(user_id, chat_id)
        content = dict(content)
        if thread_id is not None:
            content |= {"message_thread_id": thread_id, "is_topic_message": True}
        if reply_to is not None:
            content |= self._reply(chat, reply_to, quote)
        chat.started = True
        message = self.world.post(chat, self.world.users[user_id], content)
        if chat.private or not self.world.privacy_mode or self._meant_for_bot(message):
            self.world.updates.push("message", message)
        return message

    def send_text(
        self,
        user_id: int,
        chat_id: int,
        text: str,
        reply_to: Json | int | None = None,
        thread_id: int | None = None,
        quote: str | None = None,
    ) -> Json:
        """A text message; `quote` is the part of the replied message that was chosen."""
        content = _formatted("text", text)
        return self.send(user_id, chat_id, content, reply_to=reply_to, thread_id=thread_id, quote=quote)

    def forward_text(self, user_id: int, chat_id: int, text: str, author: str = "Somebody") -> Json:
        """A message forwarded from a person who hides their account."""
        origin = {"type": "hidden_user", "sender_user_name": author, "date": int(self.world.clock())}
        return self.send(user_id, chat_id, {**_formatted("text", text), "forward_origin": origin})

    def edit_text(self, user_id: int, chat_id: int, message_id: int, text: str) -> Json:
        chat = self._chat_of(user_id, chat_id)
        message = chat.messages[message_id]
        field = "text" if "text" in message else "caption"
        kept = {k: v for k, v in message.items() if k not in (field, "entities", "caption_entities")}
        edited = self.world.replace(chat, {**kept, **_formatted(field, text)})
        self.world.updates.push("edited_message", edited)
        return edited

    def send_photo(self, user_id: int, chat_id: int, content: bytes, caption: str = "", **where: Any) -> Json:
        photo = self._file("photo", content, "photo.jpg", "image/jpeg", caption)
        return self.send(user_id, chat_id, photo, **where)

    def send_album(
        self,
        user_id: int,
        chat_id: int,
        contents: Sequence[bytes],
        caption: str = "",
        names: Sequence[str] = (),
        **where: Any,
    ) -> list[Json]:
        """Photos, or documents if `names` are given, as separate updates with one media_group_id.

        Apps put the caption at the first photo, or at the last document.
        """
        if not 2 <= len(contents) <= 10:
            raise ValueError("an album has 2 to 10 items")
        album = {"media_group_id": str(self.world.next_message_id)}
        captioned = len(contents) - 1 if names else 0
        sent = []
        for index, content in enumerate(contents):
            kind = "document" if names else "photo"
            name, mime_type = (names[index], guessed_type(names[index])) if names else ("photo.jpg", "image/jpeg")
            words = caption if index == captioned else ""
            item = self._file(kind, content, name, mime_type, words)
            sent.append(self.send(user_id, chat_id, item | album, **where))
        return sent

    def send_voice(
        self,
        user_id: int,
        chat_id: int,
        content: bytes,
        duration_s: int = 1,
        caption: str = "",
        name: str = "voice.oga",
        mime_type: str = "audio/ogg",
        **where: Any,
    ) -> Json:
        """Apps record Ogg with Opus; a browser says by `name` and `mime_type` what it recorded."""
        voice = self._file("voice", content, name, mime_type, caption, duration=duration_s)
        return self.send(user_id, chat_id, voice, **where)

    def send_audio(
        self,
        user_id: int,
        chat_id: int,
        content: bytes,
        duration_s: int = 1,
        name: str = "audio.mp3",
        mime_type: str = "audio/mpeg",
        caption: str = "",
        **where: Any,
    ) -> Json:
        audio = self._file("audio", content, name, mime_type, caption, duration=duration_s)
        return self.send(user_id, chat_id, audio, **where)

    def send_video_note(self, user_id: int, chat_id: int, content: bytes, duration_s: int = 1, **where: Any) -> Json:
        """The round ones; Telegram tells neither name nor type of them, and they have no caption."""
        note = self._file("video_note", content, "note.mp4", "video/mp4", duration=duration_s)
        return self.send(user_id, chat_id, note, **where)

    def send_video(self, user_id: int, chat_id: int, content: bytes, caption: str = "", **where: Any) -> Json:
        video = self._file("video", content, "video.mp4", "video/mp4", caption)
        return self.send(user_id, chat_id, video, **where)

    def send_document(
        self,
        user_id: int,
        chat_id: int,
        content: bytes,
        name: str,
        mime_type: str = "text/plain",
        caption: str = "",
        **where: Any,
    ) -> Json:
        return self.send(user_id, chat_id, self._file("document", content, name, mime_type, caption), **where)

    def send_upload(
        self,
        user_id: int,
        chat_id: int,
        content: bytes,
        name: str,
        mime_type: str = "",
        caption: str = "",
        duration_s: int = 1,
        **where: Any,
    ) -> Json:
        """Any file as an app would send it: a picture as photo, music as audio, a video as video, else as document."""
        mime_type = mime_type or guessed_type(name)
        if mime_type in ("image/png", "image/jpeg", "image/webp"):
            return self.send_photo(user_id, chat_id, content, caption, **where)
        if mime_type.startswith("audio/"):
            return self.send_audio(user_id, chat_id, content, duration_s, name, mime_type, caption, **where)
        if mime_type == "video/mp4":
            return self.send_video(user_id, chat_id, content, caption, **where)
        return self.send_document(user_id, chat_id, content, name, mime_type, caption, **where)

    def send_sticker(self, user_id: int, chat_id: int, emoji: str = "👍", **where: Any) -> Json:
        file = self.world.store_file(b"sticker", "sticker.webp", "image/webp")
        kind = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
        return self.send(user_id, chat_id, described("sticker", file, emoji=emoji, **kind), **where)

    def send_location(self, user_id: int, chat_id: int, latitude: float = 0.0, longitude: float = 0.0) -> Json:
        return self.send(user_id, chat_id, {"location": {"latitude": latitude, "longitude": longitude}})

    def send_contact(self, user_id: int, chat_id: int, phone_number: str = "+100", first_name: str = "Carol") -> Json:
        return self.send(user_id, chat_id, {"contact": {"phone_number": phone_number, "first_name": first_name}})

    def send_poll(
        self, user_id: int, chat_id: int, question: str = "Tea?", options: tuple[str, ...] = ("a", "b")
    ) -> Json:
        poll = {
            "id": "1",
            "question": question,
            "options": [{"text": text, "voter_count": 0, "persistent_id": text} for text in options],
            "total_voter_count": 0,
            "is_closed": False,
            "is_anonymous": True,
            "type": "regular",
            "allows_multiple_answers": False,
            "allows_revoting": False,
            "members_only": False,
        }
        return self.send(user_id, chat_id, {"poll": poll})

    # --- buttons, drafts

    def press(self, user_id: int, chat_id: int, message_id: int, button: str, *, forged: bool = False) -> Callback:
        """Presses the button with this callback data or label; `forged` sends data that no button has.

        Raises LookupError when there is no such button. A button with a link opens it and tells the bot nothing; that
        of a bill pays it.
        """
        chat = self._chat_of(user_id, chat_id)
        message = chat.messages[message_id]
        found = None if forged else find_button(message, button)
        if not forged and found is None:
            raise LookupError(f"no button {button!r} under message {message_id}")
        data = button if found is None else found.get("callback_data", "")
        callback = Callback(str(self._next_callback), user_id, message, data)
        self._next_callback += 1
        if found is not None and found.get("pay"):
            self.pay_bill(user_id, chat_id, message_id)
        if found is not None and "callback_data" not in found:
            return callback
        self.world.callbacks[callback.id] = callback
        query = {
            "id": callback.id,
            "from": self.world.users[user_id],
            "message": message,
            "chat_instance": str(chat_id),
            "data": data,
        }
        self.world.updates.push("callback_query", query)
        return callback

    def expire_callbacks(self) -> None:
        """From now on answers to the buttons pressed so far are refused as too old."""
        for callback in self.world.callbacks.values():
            callback.expired = True

    def stop_draft(self, user_id: int, chat_id: int, draft_id: int) -> None:
        """Presses Telegram's own Stop under a draft (update stopped_message_generation)."""
        chat = self._chat_of(user_id, chat_id)
        draft = chat.drafts.pop(draft_id)
        stopped = {"chat": chat.info, "draft_id": draft_id}
        if "message_thread_id" in draft:
            stopped["message_thread_id"] = draft["message_thread_id"]
        self.world.updates.push("stopped_message_generation", stopped)

    def push_raw(self, update: Json) -> None:
        """An update of any form, as it is (`update_id` is added when absent)."""
        self.world.updates.push_raw(update)

    # --- helpers

    def _file(self, kind: str, content: bytes, name: str, mime_type: str, caption: str = "", **told: Any) -> Json:
        """A new file and its caption as fields of a message."""
        file = self.world.store_file(content, name, mime_type)
        return described(kind, file, **told) | _formatted("caption", caption)

    def _reply(self, chat: Chat, reply_to: Json | int, quote: str | None) -> Json:
        message_id = reply_to if isinstance(reply_to, int) else reply_to["message_id"]
        replied = chat.messages[message_id]
        reply: Json = {"reply_to_message": {k: v for k, v in replied.items() if k != "reply_to_message"}}
        if quote is not None:
            before, found, _ = str(replied.get("text", replied.get("caption", ""))).partition(quote)
            if not found:
                raise ValueError("the quote is not part of the message")
            reply["quote"] = {"text": quote, "position": utf16_length(before), "is_manual": True}
        return reply

    def _meant_for_bot(self, message: Json) -> bool:
        """What a bot in privacy mode is shown in a group: commands, mentions and replies to it."""
        text = message.get("text") or message.get("caption") or ""
        named = f"@{self.world.me['username']}".lower() in text.lower()
        replied = message.get("reply_to_message", {}).get("from", {}).get("id") == self.world.me["id"]
        command = COMMAND.match(text)
        return named or replied or bool(command and not command.group(1))


def find_button(message: Json, wanted: str) -> Json | None:
    """The inline button of `message` with this callback data, else with this label."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    buttons: list[Json] = [button for row in rows for button in row]
    by_data = [button for button in buttons if button.get("callback_data") == wanted]
    by_label = [button for button in buttons if button["text"] == wanted]
    return next(iter(by_data + by_label), None)


def _formatted(field: str, text: str) -> Json:
    if not text:
        return {}
    content: Json = {field: text}
    if entities := found_entities(text):
        content["entities" if field == "text" else "caption_entities"] = entities
    return content
