"""The messages of a question as JSON, with pictures as data: URLs, and how servers say that a model can't see."""

import asyncio
import re
from base64 import b64encode
from collections.abc import Sequence
from typing import Any, Final

import orjson

from gptbot.edges.lenient_json import scrub
from gptbot.edges.media_kinds import picture_kind
from gptbot.ports import ChatMessage, ModelError, ModelTrouble

INLINE_MAX: Final = 200_000
"""Bytes of pictures that are encoded on the event loop (about 0.5 ms); more is done in a thread."""

_STEP: Final = 3 * 65_536
"""Encoding holds the interpreter's lock for so many bytes at a time; a multiple of 3, so that pieces fit together."""

_BLIND: Final = re.compile(
    r"(?:not|n't|that|to) (?:support|accept|allow|process|handle)(?:ed|s|ing)? (?:the |any )?"
    r"(?:images?|image_url|pictures|vision|visual|multi-?modal)\b(?! (?:format|type|media|size|resol))"
    r"|\bimages?(?:[_ ]url|[_ ]inputs?|[_ ]content)?\W{1,3}(?:is|are) (?:not|only) "
    r"(?:\w+ )?(?:support|enabl|allow|accept)ed"
    r"|unknown variant .?image"
    r"|not a (?:multi-?modal|vision|visual)|text-only"
    r"|at most 0 images?"
    r"|unsupported content (?:part )?type.{0,60}image"
    r"|content.{0,80}(?:must be a|valid) string"
    r"|required for image input|mmproj"
)
"""Words of OpenAI, OpenRouter, DeepSeek, Groq, Ollama, LM Studio, llama.cpp, vLLM; the last but one of servers that
know only strings."""


async def messages_json(messages: Sequence[ChatMessage]) -> bytes:
    """`messages` of Chat Completions. Content is a string where there are no pictures: many servers know only that."""
    size = sum(len(picture) for message in messages for picture in message.pictures)
    return _encoded(messages) if size <= INLINE_MAX else await asyncio.to_thread(_encoded, messages)


def as_blindness(error: ModelError) -> ModelError:
    """What a question with pictures failed of: PICTURES if that is what the server's words mean, else `error`."""
    vague = error.trouble in (ModelTrouble.REQUEST, ModelTrouble.MODEL, ModelTrouble.SERVER)
    return ModelError(ModelTrouble.PICTURES, error.detail) if vague and _BLIND.search(error.detail.lower()) else error


def _encoded(messages: Sequence[ChatMessage]) -> bytes:
    return orjson.dumps([{"role": message.role, "content": _content(message)} for message in messages])


def _content(message: ChatMessage) -> str | list[dict[str, Any]]:
    words = scrub(message.content)
    if not message.pictures:
        return words
    parts: list[dict[str, Any]] = [
        {"type": "image_url", "image_url": {"url": _address(picture)}} for picture in message.pictures
    ]
    return [*parts, {"type": "text", "text": words}] if words else parts  # servers refuse an empty text


def _address(picture: bytes) -> orjson.Fragment:
    """A data: URL as JSON: nothing in it needs escaping."""
    pieces = (b64encode(picture[start : start + _STEP]) for start in range(0, len(picture), _STEP))
    return orjson.Fragment(b'"data:image/%b;base64,%b"' % (picture_kind(picture).encode(), b"".join(pieces)))
