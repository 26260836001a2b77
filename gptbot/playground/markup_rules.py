"""What Telegram checks in a reply_markup (Bot API, InlineKeyboardMarkup)."""

from typing import Any

from gptbot.playground.refusals import bad_request
from gptbot.playground.text_rules import is_valid_url

CALLBACK_DATA_BYTES_MAX = 64
ACTIONS = frozenset(
    [
        "url",
        "callback_data",
        "web_app",
        "login_url",
        "switch_inline_query",
        "switch_inline_query_current_chat",
        "switch_inline_query_chosen_chat",
        "copy_text",
        "callback_game",
        "pay",
    ]
)


def checked_markup(markup: Any) -> dict[str, Any] | None:
    """The keyboard as it is kept on the message; None when there is none. Raises Refusal."""
    if markup is None or markup == {}:
        return None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" not in markup:
        return markup
    rows = markup["inline_keyboard"]
    if not isinstance(rows, list):
        raise bad_request('field "inline_keyboard" must be of type Array')
    for row in rows:
        for button in row:
            _check_button(button)
    rows = [row for row in rows if row]
    return {**markup, "inline_keyboard": rows} if rows else None


def _check_button(button: Any) -> None:
    if not isinstance(button, dict) or "text" not in button:
        raise bad_request("can't parse inline keyboard button: Can't find field \"text\"")
    if not button["text"]:
        raise bad_request("can't parse inline keyboard button: Button text must not be empty")
    actions = [name for name in ACTIONS if name in button]
    data = button.get("callback_data", "")
    if not actions or (actions == ["callback_data"] and not data):
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if len(data.encode()) > CALLBACK_DATA_BYTES_MAX:
        raise bad_request("BUTTON_DATA_INVALID")
    if "url" in button and not is_valid_url(button["url"]):
        raise bad_request(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")
