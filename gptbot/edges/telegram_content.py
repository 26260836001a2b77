"""What a message of Telegram's holds: of which kind it is, and its file if the bot can use that."""

from collections.abc import Mapping
from typing import Any, Final

from gptbot.domain.updates import ContentKind, SentFile
from gptbot.edges.lenient_json import as_dict, scrub, whole_number

Json = Mapping[str, Any]

_CONTENT_KINDS: Final[tuple[tuple[str, ContentKind], ...]] = (
    ("photo", "photo"), ("voice", "voice"), ("audio", "audio"), ("video", "video"), ("video_note", "video_note"),
    ("animation", "animation"),  # before "document", which comes along with it
    ("document", "document"), ("sticker", "sticker"), ("location", "location"), ("contact", "contact"),
    ("poll", "poll"), ("dice", "dice"), ("text", "text"),
)  # fmt: skip

_SERVICE_FIELDS: Final = """
    boost_added channel_chat_created chat_background_set chat_owner_changed chat_owner_left chat_shared
    checklist_tasks_added checklist_tasks_done connected_website delete_chat_photo direct_message_price_changed
    forum_topic_closed forum_topic_created forum_topic_edited forum_topic_reopened general_forum_topic_hidden
    general_forum_topic_unhidden gift gift_upgrade_sent giveaway_completed giveaway_created group_chat_created
    left_chat_member managed_bot_created message_auto_delete_timer_changed migrate_from_chat_id migrate_to_chat_id
    new_chat_members new_chat_photo new_chat_title paid_message_price_changed passport_data pinned_message
    poll_option_added poll_option_deleted proximity_alert_triggered refunded_payment successful_payment
    suggested_post_approval_failed suggested_post_approved suggested_post_declined suggested_post_paid
    suggested_post_refunded supergroup_chat_created unique_gift users_shared video_chat_ended
    video_chat_participants_invited video_chat_scheduled video_chat_started web_app_data write_access_allowed
"""
_SERVICE: Final = frozenset(_SERVICE_FIELDS.split())
"""Fields of Message that say "Service message" (Bot API 10.1)."""


def content_kind(message: Json) -> ContentKind:
    """By the first field that tells; "other" for what is not known here."""
    for field, kind in _CONTENT_KINDS:
        if message.get(field) is not None:
            return kind
    return "service" if _SERVICE.intersection(message) else "other"


_PICTURE_TYPES: Final = {
    "image/png": "image/png", "image/jpeg": "image/jpeg", "image/jpg": "image/jpeg", "image/webp": "image/webp",
    "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp",
}  # fmt: skip
"""By media type or, where none was told, by extension."""
SPEECH_EXTENSIONS: Final = frozenset(("flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm"))
"""By these a transcription server tells the format (OpenAI API, Create transcription)."""
_EXTENSION_OF: Final = {
    "oga": "ogg", "opus": "ogg", "audio/ogg": "ogg", "application/ogg": "ogg", "audio/opus": "ogg",
    "audio/mpeg": "mp3", "audio/mp3": "mp3", "audio/mp4": "m4a", "audio/m4a": "m4a", "audio/x-m4a": "m4a",
    "audio/aac": "m4a", "audio/wav": "wav", "audio/x-wav": "wav", "audio/wave": "wav", "audio/vnd.wave": "wav",
    "audio/flac": "flac", "audio/x-flac": "flac", "audio/webm": "webm", "video/mp4": "mp4", "video/webm": "webm",
}  # fmt: skip
"""The known extension for another one, or for a media type."""
_USUAL_NAMES: Final = {"voice": "voice.ogg", "audio": "audio.mp3", "video_note": "video_note.mp4"}
_UNTOLD: Final = ("", "application/octet-stream")
NAME_LENGTH_MAX: Final = 128


def file_of(message: Json) -> SentFile | None:
    """Its file, also of a message that was replied to (Bot API Message, ExternalReplyInfo); None for what is no use.

    Videos, animations and stickers are none.
    """
    match content_kind(message):
        case "photo":
            return _photo(message["photo"])
        case "document":
            return _document(as_dict(message["document"]))
        case "voice" | "audio" | "video_note" as kind:
            return _speech(as_dict(message[kind]), _USUAL_NAMES[kind])
        case _:
            return None


def _photo(sizes: object) -> SentFile | None:
    """The largest of its sizes (Bot API PhotoSize)."""
    sizes = [as_dict(size) for size in sizes] if isinstance(sizes, list) else []
    sizes = [size for size in sizes if _file_id(size)]
    if not sizes:
        return None
    largest = max(sizes, key=lambda size: (_count(size, "width") * _count(size, "height"), _count(size, "width")))
    return SentFile("picture", _file_id(largest), mime="image/jpeg", size=_count(largest, "file_size"))


def _document(file: Json) -> SentFile | None:
    """Telegram tells name and type as the sender did, and either may be wrong or missing."""
    name, mime, file_id = _name(file), _mime(file), _file_id(file)
    extension = _extension(name)
    named_so = extension in SPEECH_EXTENSIONS or extension in _EXTENSION_OF
    if mime.startswith("audio/") or (named_so and not mime.startswith(("video/", "image/", "text/"))):
        return _speech(file, _USUAL_NAMES["audio"])
    if not file_id:
        return None
    picture = _PICTURE_TYPES.get(extension if mime in _UNTOLD else mime)
    return SentFile("picture" if picture else "document", file_id, name, picture or mime, _count(file, "file_size"))


def _speech(file: Json, usual_name: str) -> SentFile | None:
    file_id = _file_id(file)
    if not file_id:
        return None
    name, mime = _name(file), _mime(file)
    told = _extension(name)
    if told not in SPEECH_EXTENSIONS:
        known = _EXTENSION_OF.get(told) or _EXTENSION_OF.get(mime) or _extension(usual_name)
        name = f"{(name or usual_name).rpartition('.')[0] or name}.{known}"
    return SentFile("speech", file_id, name, mime, _count(file, "file_size"), _count(file, "duration"))


def _file_id(file: Json) -> str:
    file_id = file.get("file_id")
    return scrub(file_id) if isinstance(file_id, str) else ""


def _name(file: Json) -> str:
    """On one line, and of a bearable length with its extension kept."""
    name = file.get("file_name")
    name = " ".join(scrub(name).split()) if isinstance(name, str) else ""
    return name if len(name) <= NAME_LENGTH_MAX else f"{name[: NAME_LENGTH_MAX - 17]}…{name[-16:]}"


def _extension(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""


def _mime(file: Json) -> str:
    """Without parameters ("audio/ogg; codecs=opus")."""
    mime = file.get("mime_type")
    return scrub(mime).partition(";")[0].strip().lower()[:NAME_LENGTH_MAX] if isinstance(mime, str) else ""


def _count(file: Json, field: str) -> int:
    """A size, width or duration; 0 for what is none."""
    return max(whole_number(file.get(field)) or 0, 0)
