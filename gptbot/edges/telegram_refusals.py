"""What Telegram's refusals mean, told by their status and description: the one place where its wording is known."""

from typing import Final

from gptbot.edges.telegram_api import TelegramRefusal
from gptbot.ports import RefusalKind

_K = RefusalKind

_DESCRIPTIONS: Final[tuple[tuple[RefusalKind, tuple[str, ...]], ...]] = (
    (_K.NOT_MODIFIED, ("message is not modified", "message_not_modified")),
    (
        _K.MESSAGE_GONE,
        (
            "message to edit not found", "message to copy not found", "message to forward not found",
            "there are no messages to forward", "there are no messages to copy",  # of an album (copyMessages)
            "message to delete not found", "message to be replied not found", "message to reply not found",
            "replied message not found", "message to react not found", "message_id_invalid", "reply_message_id_invalid",
            "message can't be edited", "message can't be copied", "message can't be deleted",
            "message can't be forwarded", "message identifier is not specified", "message_edit_time_expired",
            "query is too old", "query id is invalid", "query_id_invalid", "message not found",
        ),
    ),
    (
        _K.BLOCKED,
        (
            "bot was blocked by the user", "user_is_blocked", "you_blocked_user",
            "bot can't initiate conversation with a user", "user_privacy_restricted",
        ),
    ),
    (  # no photos, but perhaps files or words: before what shuts the whole chat
        _K.FORMAT,
        (
            "photo_", "image_process_failed", "too big for a photo", "rights to send photos", "chat_send_photos_",
            "rights to send documents", "chat_send_docs_", "chat_send_media_",
        ),
    ),
    (
        _K.GONE,
        (
            "user is deactivated", "input_user_deactivated", "user_deactivated", "chat not found", "user not found",
            "peer_id_invalid", "bot was kicked", "bot is not a member", "not enough rights", "have no rights",
            "need administrator rights", "not a chat member", "chat_write_forbidden", "chat_restricted",
            "chat_forbidden", "chat_admin_required", "channel_private", "chat_send_", "group chat was deactivated",
            "group chat was deleted", "chat was deleted", "topic_closed", "topic_deleted", "topic closed",
            "can't send messages to bots", "can't send messages to the user",
        ),
    ),
    (
        _K.FORMAT,
        (
            "can't parse", "entity_", "entities_", "entity ", "message is too long", "message_too_long",
            "text is too long", "text must be non-empty", "text is empty", "message_empty", "caption is too long",
            "caption_too_long", "button_", "button ", "reply_markup_", "inline keyboard", "keyboard", "wrong http url",
            "url_invalid", "strings must be encoded in utf-8", "not a valid call of", "richmessage", "rich_",
        ),
    ),
    (_K.NO_VOICE, ("voice_messages_forbidden", "restricted receiving of voice")),
    (_K.ALREADY_REFUNDED, ("charge_already_refunded",)),
    (_K.UNSUPPORTED, ("method not found", "method_invalid")),
)  # fmt: skip

THREAD_NOT_FOUND: Final = ("message thread not found", "message_thread_not_found", "topic_id_invalid")


def refusal_kind(refusal: TelegramRefusal) -> RefusalKind:
    """Which of the port's kinds a refusal is that waiting won't mend."""
    description = refusal.description.lower()
    for kind, wordings in _DESCRIPTIONS:
        if any(wording in description for wording in wordings):
            return kind
    return {403: _K.GONE, 404: _K.UNSUPPORTED, 413: _K.FORMAT}.get(refusal.status, _K.OTHER)
