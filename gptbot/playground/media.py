"""Files as Telegram describes them in messages (Bot API, PhotoSize, Document, Voice)."""

import hashlib
import mimetypes
from typing import Any

from gptbot.playground.params import Params
from gptbot.playground.refusals import Refusal, bad_request
from gptbot.playground.world import StoredFile, World

UPLOAD_BYTES_MAX = {"photo": 10_000_000, "document": 50_000_000, "voice": 50_000_000}
DOWNLOAD_BYTES_MAX = 20_000_000


def sent_file(world: World, params: Params, field: str) -> StoredFile:
    """The file that a send method brings along or names by its id. Raises Refusal."""
    upload = params.files.get(field)
    name = params.text(field)
    if name.startswith("attach://"):
        upload = params.files.get(name.removeprefix("attach://"))
    if upload is None:
        if not name:
            raise bad_request(f"there is no {field} in the request")
        known = world.files.get(name)
        if known is None:
            raise bad_request("wrong file identifier/HTTP URL specified")
        return known
    if not upload.content:
        raise bad_request("file must be non-empty")
    if len(upload.content) > UPLOAD_BYTES_MAX[field]:
        raise Refusal(413, "Request Entity Too Large")
    if field == "photo" and image_size(upload.content) is None:
        raise bad_request("IMAGE_PROCESS_FAILED")
    guessed = mimetypes.guess_type(upload.filename)[0] or "application/octet-stream"
    return world.store_file(upload.content, upload.filename, guessed)


def described(field: str, file: StoredFile, **more: Any) -> dict[str, Any]:
    """`field` ("photo", "document", "voice", ...) of a message that shows this file."""
    unique = hashlib.sha256(file.content).hexdigest()[:16]
    base = {"file_id": file.file_id, "file_unique_id": unique, "file_size": len(file.content)}
    if field == "photo":
        width, height = image_size(file.content) or (512, 512)
        return {"photo": [{**base, "width": width, "height": height}]}
    if field == "document":
        return {"document": {**base, "file_name": file.name, "mime_type": file.mime_type, **more}}
    if field == "voice":
        return {"voice": {**base, "duration": 1, "mime_type": "audio/ogg", **more}}
    return {field: {**base, **more}}


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
