"""What a message of Telegram's holds: of which kind it is, and its picture."""

from collections.abc import Mapping
from typing import Any, Final

from gptbot.domain.updates import ContentKind
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


def picture_of(message: Json) -> str | None:
    """The file_id of its picture: of the largest size (Bot API PhotoSize), or of an image that was sent as a file."""
    sizes = message.get("photo")
    sizes = [as_dict(size) for size in sizes] if isinstance(sizes, list) else []
    document = as_dict(message.get("document"))
    if document.get("mime_type") in ("image/png", "image/jpeg", "image/webp"):
        sizes.append(document)
    file_ids = [
        (whole_number(size.get("width")) or 0, scrub(size["file_id"]))
        for size in sizes
        if isinstance(size.get("file_id"), str) and size["file_id"]
    ]
    return max(file_ids)[1] if file_ids else None
