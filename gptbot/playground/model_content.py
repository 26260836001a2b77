"""What the messages of a question may hold, checked as strictly as OpenAI does, and the pictures in them."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any

from gptbot.playground.media import image_size
from gptbot.playground.model_faults import ModelRefusal, cannot_see

ROLES = ("system", "developer", "user", "assistant", "tool", "function")
PARTS = ("text", "image_url", "input_audio", "refusal", "audio", "file")
_DATA_URL = re.compile(r"data:image/(png|jpeg|gif|webp);base64,(.*)", re.DOTALL)


def check_messages(body: Mapping[str, Any], *, sees: bool) -> None:
    """Raises ModelRefusal; `sees`: the model takes pictures."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise _invalid("messages", "empty array. Expected an array with minimum length 1.", "empty_array")
    for number, message in enumerate(messages):
        where = f"messages[{number}]"
        if not isinstance(message, dict) or message.get("role") not in ROLES:
            raise _invalid(f"{where}.role", "unsupported value.", "invalid_value")
        content = message.get("content")
        if isinstance(content, list) and not content:
            raise _invalid(f"{where}.content", "empty array. Expected an array with minimum length 1.", "empty_array")
        if isinstance(content, list):
            for place, part in enumerate(content):
                _check_part(part, f"{where}.content[{place}]", message["role"], sees=sees)
        elif not isinstance(content, str) and message["role"] != "assistant":
            raise _invalid(f"{where}.content", "expected a string or an array of objects.", "invalid_type")


def pictures_in(body: Mapping[str, Any]) -> Iterator[bytes]:
    """The pictures of all messages, in order."""
    for message in body.get("messages", ()):
        content = message.get("content")
        for part in content if isinstance(content, list) else ():
            if part.get("type") == "image_url":
                yield _picture(part["image_url"]["url"])


def _check_part(part: Any, where: str, role: str, *, sees: bool) -> None:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind == "text":
        if not isinstance(part.get("text"), str):
            raise _invalid(f"{where}.text", "expected a string.", "invalid_type")
        if not part["text"]:
            raise ModelRefusal(400, "text content blocks must be non-empty", param=where)
    elif kind == "image_url":
        if role != "user":
            message = f"Image URLs are only allowed for messages with role 'user', but this one is of '{role}'."
            raise ModelRefusal(400, message, "invalid_value", param=where)
        if not sees:
            raise cannot_see(where)
        image = part.get("image_url")
        if not isinstance(image, dict) or not isinstance(image.get("url"), str):
            raise _invalid(f"{where}.image_url", "expected an object with a 'url'.", "invalid_type")
        if image.get("detail", "auto") not in ("auto", "low", "high", "original"):
            raise _invalid(f"{where}.image_url.detail", "unsupported value.", "invalid_value")
        _picture(image["url"])
    else:
        known = ", ".join(f"'{name}'" for name in PARTS)
        message = f"Invalid value: '{kind}'. Supported values are: {known}."
        raise ModelRefusal(400, message, "invalid_value", param=f"{where}.type")


def _picture(url: str) -> bytes:
    """Raises ModelRefusal for what is no picture; the internet is out of reach here."""
    if url.startswith(("http://", "https://")):
        raise ModelRefusal(400, f"Error while downloading {url}.", "invalid_image_url", param="url")
    found = _DATA_URL.fullmatch(url)
    try:
        picture = base64.b64decode(found[2], validate=True) if found else b""
    except binascii.Error:
        picture = b""
    if not picture:
        message = "Invalid base64 image_url. Expected a base64-encoded data URL with an image MIME type."
        raise ModelRefusal(400, message, "invalid_base64", param="url")
    if image_size(picture) is None:
        message = (
            "You uploaded an unsupported image. Please make sure your image has of one the following formats: "
            "['png', 'jpeg', 'gif', 'webp']."
        )
        raise ModelRefusal(400, message, "invalid_image_format")
    return picture


def _invalid(param: str, problem: str, code: str) -> ModelRefusal:
    return ModelRefusal(400, f"Invalid '{param}': {problem}", code, param=param)
