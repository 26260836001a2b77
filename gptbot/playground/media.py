"""Files as Telegram describes them in messages (Bot API, PhotoSize, Document, Voice, Audio, Video)."""

import hashlib
import mimetypes
from typing import Any

from gptbot.playground.params import Params
from gptbot.playground.refusals import Refusal, bad_request
from gptbot.playground.world import StoredFile, World

PHOTO_BYTES_MAX = 10_000_000
UPLOAD_BYTES_MAX = 50_000_000
DOWNLOAD_BYTES_MAX = 20_000_000


_REQUIRED: dict[str, dict[str, Any]] = {
    "voice": {"duration": 1},
    "audio": {"duration": 1},
    "video": {"duration": 1, "width": 640, "height": 360},
    "video_note": {"duration": 1, "length": 240},
}
"""Fields that such a file has in any case."""


def sent_file(world: World, params: Params, field: str, name: str) -> StoredFile:
    """The file that a send method brings along or names by its id, as `field` of a message. Raises Refusal."""
    upload = params.files.get(name.removeprefix("attach://") if name.startswith("attach://") else field)
    if upload is None:
        if not name:
            raise bad_request(f"there is no {field} in the request")
        known = world.files.get(name)
        if known is None:
            raise bad_request("wrong file identifier/HTTP URL specified")
        return known
    if not upload.content:
        raise bad_request("file must be non-empty")
    if len(upload.content) > (PHOTO_BYTES_MAX if field == "photo" else UPLOAD_BYTES_MAX):
        raise Refusal(413, "Request Entity Too Large")
    if field == "photo" and image_size(upload.content) is None:
        raise bad_request("IMAGE_PROCESS_FAILED")
    return world.store_file(upload.content, upload.filename, guessed_type(upload.filename))


def guessed_type(name: str) -> str:
    """The media type of a file by its name."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def described(field: str, file: StoredFile, **more: Any) -> dict[str, Any]:
    """`field` ("photo", "document", "voice", ...) of a message that shows this file."""
    unique = hashlib.sha256(file.content).hexdigest()[:16]
    base = {"file_id": file.file_id, "file_unique_id": unique, "file_size": len(file.content)}
    if field == "photo":
        width, height = image_size(file.content) or (512, 512)
        return {"photo": [{**base, "width": width, "height": height}]}
    if field in ("document", "audio", "video"):
        base |= {"file_name": file.name}
    if field in ("document", "audio", "video", "voice"):
        base |= {"mime_type": file.mime_type}
    return {field: {**base, **_REQUIRED.get(field, {}), **more}}


def file_path(file: StoredFile) -> str:
    """The path that getFile tells."""
    return f"files/{file.file_id}/{file.name}"


def image_size(content: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG or JPEG; (512, 512) for other known pictures, None for what is none."""
    if content.startswith(b"\x89PNG\r\n\x1a\n") and len(content) >= 24:
        return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
    if content.startswith((b"\xff\xd8", b"GIF8")) or content[8:12] == b"WEBP":
        return 512, 512
    return None
