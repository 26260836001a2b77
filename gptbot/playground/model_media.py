"""Pictures and sound of the model stand-in: what is asked for, checked as OpenAI does, and what comes of it."""

import base64
import time
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any

from aiohttp import web

from gptbot.playground.media import image_size
from gptbot.playground.model_answers import tokens
from gptbot.playground.model_faults import ModelRefusal
from gptbot.playground.ogg import silence

AUDIO_SUFFIXES = frozenset((".flac", ".mp3", ".mp4", ".mpeg", ".mpga", ".m4a", ".ogg", ".wav", ".webm"))
SPOKEN_LENGTH_MAX = 4096
LETTERS_PER_S = 15
_SOUNDS = {
    "mp3": ("audio/mpeg", b"\xff\xfb\x90\xc4" + bytes(413)),
    "aac": ("audio/aac", b"\xff\xf1\x50\x80" + bytes(60)),
    "flac": ("audio/flac", b"fLaC" + bytes(60)),
    "wav": ("audio/wav", b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(60)),
    "pcm": ("audio/pcm", bytes(60)),
}

Body = Mapping[str, Any]


def prompt_of(body: Body, images_as: str) -> str:
    """What to draw. GPT image models know no `response_format`. Raises ModelRefusal."""
    prompt = body.get("prompt")
    if not isinstance(prompt, str) or not prompt:
        raise ModelRefusal(400, "You must provide a prompt.", param="prompt")
    if body.get("response_format") is not None and images_as == "b64_json":
        raise ModelRefusal(400, "Unknown parameter: 'response_format'.", "unknown_parameter", param="response_format")
    return prompt


def check_originals(files: Mapping[str, bytes]) -> None:
    """Pictures that are to be changed. Raises ModelRefusal."""
    if not files or not all(map(image_size, files.values())):
        raise ModelRefusal(400, "Invalid image file or mode for image 1, please check your image file.")


def drawn(prompt: str, content: bytes) -> dict[str, Any]:
    """A picture as the GPT image models send it."""
    counts = {"input_tokens": tokens(prompt), "output_tokens": 1056, "total_tokens": tokens(prompt) + 1056}
    encoded = base64.b64encode(content).decode()
    return {"created": int(time.time()), "data": [{"b64_json": encoded}], "usage": counts}


def transcribed(files: Mapping[str, bytes], transcript: Callable[[str, bytes], str]) -> str:
    """What is said in the recording that came along. Raises ModelRefusal."""
    if not files:
        raise ModelRefusal(400, "Missing required parameter: 'file'.", param="file")
    name, content = next(iter(files.items()))
    if PurePath(name).suffix.lower() not in AUDIO_SUFFIXES:
        raise ModelRefusal(400, "Invalid file format. Supported formats: " + ", ".join(sorted(AUDIO_SUFFIXES)))
    if not content:
        raise ModelRefusal(400, "Audio file is too short. Minimum audio length is 0.1 seconds.", "audio_too_short")
    return transcript(name, content)


def spoken(body: Body) -> web.Response:
    """`input` read aloud: silence of a likely length where Opus is asked for, else a mere beginning of the format.

    Raises ModelRefusal.
    """
    text, voice, wanted = body.get("input"), body.get("voice"), body.get("response_format", "mp3")
    if not isinstance(text, str) or not text:
        raise ModelRefusal(400, "Invalid 'input': expected a string with minimum length 1.", param="input")
    if len(text) > SPOKEN_LENGTH_MAX:
        message = f"Invalid 'input': string too long. Expected a string with maximum length {SPOKEN_LENGTH_MAX}."
        raise ModelRefusal(400, message, "string_above_max_length", param="input")
    if not isinstance(voice, str) or not voice:
        raise ModelRefusal(400, "Missing required parameter: 'voice'.", "missing_required_parameter", param="voice")
    if wanted == "opus":
        return web.Response(body=silence(len(text) / LETTERS_PER_S), content_type="audio/opus")
    if wanted not in _SOUNDS:
        raise ModelRefusal(400, f"Invalid value: '{wanted}'.", "invalid_value", param="response_format")
    content_type, sound = _SOUNDS[wanted]
    return web.Response(body=sound, content_type=content_type)
