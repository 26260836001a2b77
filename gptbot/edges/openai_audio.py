"""TranscriptionModel and SpeechModel over the audio API of OpenAI-compatible servers."""

import asyncio
import re
from pathlib import PurePath
from typing import Any, Final

from gptbot.edges.lenient_json import as_dict, loads, scrub
from gptbot.edges.media_kinds import sound_kind
from gptbot.edges.openai_client import OpenAIConnection, opened, read_at_most, unreadable
from gptbot.ports import ModelError, Voice

TRANSCRIPT_MAX: Final = 4 * 1024 * 1024
SPEECH_MAX: Final = 20 * 1024 * 1024
SPOKEN_LENGTH_MAX: Final = 4096
"""Characters that one call reads aloud (OpenAI, Create speech, `input`)."""

_ENDINGS: Final = {"oga": "ogg", "opus": "ogg", "m4b": "m4a", "mov": "mp4"}
"""Endings that servers do not know, and theirs for the same kind of file."""


class _AudioModel:
    def __init__(self, connection: OpenAIConnection, model: str, timeout_s: float) -> None:
        self._connection = connection
        self._model = model
        self._timeout_s = timeout_s
        # What timed out may be paid for: once is enough.
        self._client = connection.client.with_options(timeout=timeout_s, max_retries=1)

    async def _post(self, path: str, size_max: int, **sent: Any) -> bytes:
        """The answer's body. Raises ModelError."""
        with self._connection.errors_as_ports():
            async with asyncio.timeout(self._timeout_s):
                response = await opened(self._client, path, **sent)
                try:
                    return await read_at_most(response, size_max)
                finally:
                    await response.aclose()

    def _trouble(self, answer: Any) -> ModelError:
        """What a JSON answer means that holds nothing of what was asked for."""
        told = as_dict(answer)
        if error := told.get("error"):
            return self._connection.reported(0, error)
        return unreadable(f"JSON with {scrub(', '.join(sorted(told)))[:100] or 'nothing'} in it")


class OpenAITranscriptionModel(_AudioModel):
    """Carries out the TranscriptionModel port. `timeout_s` is for one recording, a second try included."""

    def __init__(self, connection: OpenAIConnection, model: str, *, timeout_s: float = 120.0) -> None:
        super().__init__(connection, model, timeout_s)

    async def transcribe(self, recording: bytes, filename: str) -> str:
        """See the port. Servers go by the file's name, so it gets one that says what it is."""
        kind = sound_kind(recording) or _ending(filename)
        body = await self._post(
            "/audio/transcriptions",
            TRANSCRIPT_MAX,
            body={"model": self._model, "response_format": "json"},
            files=[("file", (f"recording.{kind}", recording, f"audio/{kind}"))],
            options={"headers": {"Content-Type": "multipart/form-data"}},
        )
        return scrub(self._words(body)).strip()

    def _words(self, body: bytes) -> str:
        """`text` of a JSON object, or the body itself: older servers answer with plain text whatever is asked for."""
        plain = body.decode("utf-8", "replace")
        if plain.lstrip().startswith("<"):
            raise unreadable("a page and no transcript")
        try:
            answer = loads(body)
        except ValueError:
            return plain
        if not isinstance(answer, dict):
            return answer if isinstance(answer, str) else plain
        if not isinstance(text := answer.get("text"), str):
            raise self._trouble(answer)
        return text


class OpenAISpeechModel(_AudioModel):
    """Carries out the SpeechModel port. `timeout_s` is for one text, a second try included."""

    def __init__(self, connection: OpenAIConnection, model: str, voice: str, *, timeout_s: float = 120.0) -> None:
        super().__init__(connection, model, timeout_s)
        self._voice = voice

    async def speak(self, text: str) -> Voice:
        """See the port. Of a longer text, the first SPOKEN_LENGTH_MAX characters are read, up to a sentence's end."""
        wish = {"model": self._model, "voice": self._voice, "input": beginning(scrub(text)), "response_format": "opus"}
        sound = await self._post("/audio/speech", SPEECH_MAX, body=wish)
        if kind := sound_kind(sound):
            return Voice(sound, f"voice.{kind}")
        try:
            answer = loads(sound)
        except ValueError:
            raise unreadable(f"no sound that is known: it begins with {sound[:8].hex() or 'nothing'}") from None
        raise self._trouble(answer)


def beginning(text: str, length_max: int = SPOKEN_LENGTH_MAX) -> str:
    """As much of `text` as fits, up to the end of a sentence, or at least of a word where one is in its second half."""
    head = text[:length_max]
    if len(text) > length_max:
        for end in (r".*[.!?…](?=\s)", r".*(?=\s)"):
            found = re.match(end, head, re.DOTALL)
            if found and found.end() > length_max // 2:
                return found[0]
    return head


def _ending(filename: str) -> str:
    ending = PurePath(filename).suffix.removeprefix(".").lower()
    return _ENDINGS.get(ending, ending) or "ogg"
