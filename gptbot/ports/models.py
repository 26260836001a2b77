"""The models: questions, answers, their troubles, pictures, counting and rendering."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from gptbot.domain.outgoing import Text
from gptbot.domain.wish import Wish


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of the context sent to the model; `pictures` are image files, shown before the words."""

    role: str  # "system", "user" or "assistant"
    content: str
    pictures: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A question with its context. `max_output_tokens` and `reasoning_effort`: None leaves it to the server."""

    model: str
    messages: Sequence[ChatMessage]
    max_output_tokens: int | None = None
    reasoning_effort: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What the server reported, in tokens; `cached` is the part of `prompt` that was read from its cache."""

    prompt: int
    completion: int
    total: int
    cached: int = 0


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A further piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Completed:
    """The end of the answer. `usage` is None where the server reported none."""

    finish_reason: str
    usage: Usage | None
    refusal: str = ""


class ModelTrouble(StrEnum):
    """Each has its own text for the user (SPEC §8)."""

    BUSY = "busy"  # 429
    QUOTA = "quota"  # 429 insufficient_quota: the owner's money is used up
    SERVER = "server"  # 5xx, connection lost or never made, an answer that can't be read
    TIMEOUT = "timeout"
    CONTEXT = "context"  # the conversation is longer than the model takes
    CONTENT = "content"  # refused by the provider's rules
    MODEL = "model"  # unknown model
    PICTURES = "pictures"  # the model takes only text
    KEY = "key"  # 401, 403
    REQUEST = "request"  # any other 4xx
    EMPTY = "empty"  # finished without a word


class ModelError(Exception):
    """The model gave no (whole) answer. `detail` is for the log and the admin, never for the user."""

    def __init__(self, trouble: ModelTrouble, detail: str, retry_after_s: float | None = None) -> None:
        super().__init__(f"{trouble}: {detail}")
        self.trouble = trouble
        self.detail = detail
        self.retry_after_s = retry_after_s


class ChatModel(Protocol):
    def stream(self, request: ChatRequest) -> AsyncGenerator[TextDelta | Completed, None]:
        """The answer piece by piece; the last event is always `Completed`. Raises ModelError."""
        ...


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as bytes, with the name Telegram should show."""

    content: bytes
    filename: str


class ImageModel(Protocol):
    async def draw(self, wish: Wish, original: bytes | None = None) -> Picture:
        """Draws it; with `original`, that picture changed as the wish says. Raises ModelError."""
        ...


class TranscriptionModel(Protocol):
    async def transcribe(self, recording: bytes, filename: str) -> str:
        """What is said in it; empty if nothing is. `filename` tells the format. Raises ModelError."""
        ...


@dataclass(frozen=True, slots=True)
class Voice:
    """Speech as Telegram plays it as a voice message (Ogg Opus, MP3 or M4A)."""

    content: bytes
    filename: str


class SpeechModel(Protocol):
    async def speak(self, text: str) -> Voice:
        """The text read aloud. Raises ModelError."""
        ...


class TokenCounter(Protocol):
    """Counts tokens for trimming, previews and interrupted answers; bills come from the server's usage."""

    def count(self, text: str) -> int:
        """Tokens of `text`: exact when the table is loaded, else a careful (high) estimate; 10 ms per 100 KB."""
        ...

    async def count_many(self, texts: Sequence[str]) -> list[int]:
        """The same off the event loop where the texts are long."""
        ...


class Renderer(Protocol):
    def render(self, markdown: str) -> list[Text]:
        """A model's Markdown as messages with entities, each within Telegram's limits; never empty."""
        ...

    def plain(self, markdown: str) -> list[Text]:
        """The same text cut to messages without any formatting: what is sent when Telegram refuses the entities."""
        ...

    def rich(self, markdown: str) -> Mapping[str, Any] | None:
        """The same text as one rich message (Bot API, InputRichMessage).

        None where the settings, what it holds or Telegram's limits speak against it.
        """
        ...
