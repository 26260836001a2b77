"""English: prompt entry and announcement wizard."""

TEXTS: dict[str, str] = {
    "dialog.broken": "I can't go on with this after an update of the bot. Please start it again.",
    "dialog.button.cancel": "✖️ Cancel",
    # --- the prompt dialog
    "prompt_entry.ask": (
        "Your standing instruction ({tokens:token}):\n\n<code>{text}</code>\n\n"
        "Send me the new one as a message: it tells the model who it is and how to answer."
    ),
    "prompt_entry.ask_standard": (
        "You have no instruction of your own. The standard one ({tokens:token}):\n\n<code>{text}</code>\n\n"
        "Send me yours as a message: it tells the model who it is and how to answer."
    ),
    "prompt_entry.examples": (
        "<b>Examples</b> (tap one to copy it)\n\n"
        "<code>You are a patient teacher. Explain step by step, with a small example for each idea.</code>\n\n"
        "<code>You are an experienced programmer. Answer with working code first, then one paragraph of why.</code>\n\n"
        "<code>Answer in at most three sentences. If something is uncertain, say so.</code>\n\n"
        "Now send me yours as a message."
    ),
    "prompt_entry.empty": "There is no text in it. Please send the instruction as a text.",
    "prompt_entry.not_text": "An instruction is a text. Please send it as a text message.",
    "prompt_entry.too_long": (
        "This is too long: {tokens:token}, and at most {max:token} are allowed. Please send a shorter one."
    ),
    "prompt_entry.too_long_at_once": (
        "This is too long: {tokens:token}, and at most {max:token} are allowed. Your instruction stays as it was."
    ),
    "prompt_entry.preview": "This would be your instruction ({tokens:token}):\n\n<code>{text}</code>",
    "prompt_entry.saved": "Saved. It holds from your next question on. Back to the standard one: /reset_prompt",
    "prompt_entry.reset": "Done: the standard instruction holds again.",
    "prompt_entry.kept": "Nothing was changed.",
    "prompt_entry.cancelled": "Left. Your instruction stays as it was.",
    "prompt_entry.expired": "I no longer wait for a new instruction. Yours stays as it was; /prompt starts again.",
    "prompt_entry.button.keep": "Keep it",
    "prompt_entry.button.reset": "Back to standard",
    "prompt_entry.button.examples": "Examples",
    "prompt_entry.button.save": "✅ Save",
    "prompt_entry.button.again": "Write again",
    # --- the announcement wizard
    "announce.ask_audience": (
        "<b>Who shall get the announcement?</b>\nPress a button, or write one of these:\n\n"
        "<code>all</code>: everybody\n"
        "<code>test</code>: only you\n"
        "<code>req10</code>: those with at least 10 requests\n"
        "<code>bal1000</code>: those with a balance of at least 1000\n"
        "<code>active7</code>: those active in the last 7 days\n"
        "<code>langen</code>: those who speak this language\n"
        "an id, a @username, or the id of a group"
    ),
    "announce.bad_audience.unknown": "No such audience. Write for example <code>all</code> or <code>req10</code>.",
    "announce.bad_audience.number": (
        "A number is missing or too large. Write for example <code>req10</code>, <code>bal1000</code>"
        " or <code>active7</code>."
    ),
    "announce.bad_audience.nobody_known": "I don't know this person: they have never pressed /start here.",
    "announce.nobody": (
        "Nobody would get this. Audience: {audience}; left out because blocked or unreachable: {left_out}."
        " Please choose another."
    ),
    "announce.ask_content": (
        "Audience: {audience}\nRecipients: <b>{recipients}</b>\nLeft out (blocked or unreachable): {left_out}\n"
        "Sending takes about {time}.\n\n"
        "Now send me the message: a text with formatting, a photo, a video, an album, a file, a voice message."
        " It is copied as it is."
    ),
    "announce.bad_content.kind": "A message of this kind can't be copied. Please send another one.",
    "announce.bad_content.refused": (
        "This message can't be shown again (was it deleted, or is its kind not copyable?). Please send another one."
    ),
    "announce.preview": (
        "This is how it will arrive ⬆️\n\nAudience: {audience}\nRecipients: <b>{recipients}</b>\n"
        "Left out (blocked or unreachable): {left_out}\nSending takes about {time}.\n\n"
        "Send it? You can also send me another message instead."
    ),
    "announce.preview_album": (
        "This is how it will arrive ⬆️\n\nAudience: {audience}\nRecipients: <b>{recipients}</b>\n"
        "Left out (blocked or unreachable): {left_out}\nSending takes about {time}.\n\n"
        "Send it? You can also send me another message instead. Telegram allows no buttons under an album."
    ),
    "announce.no_links": "Telegram allows no buttons under an album.",
    "announce.ask_links": (
        "Send me the buttons, a line for each row:\n\n<code>Our site - https://example.org</code>\n"
        "<code>News - https://t.me/example | Shop - https://example.org/shop</code>\n\n"
        "A <code>|</code> puts buttons side by side. At most {rows} rows with {row} buttons each."
    ),
    "announce.ask_links_again": (
        "The buttons now (tap to copy):\n\n<code>{text}</code>\n\nSend me the new ones, a line for each row."
    ),
    "announce.bad_links.empty": "There is no button in it. Write for example <code>Our site - https://example.org</code>",
    "announce.bad_links.not_text": (
        "Buttons are written as a text. Write for example <code>Our site - https://example.org</code>"
    ),
    "announce.bad_links.no_address": (
        "Line {line}: each button must end with a link that begins with https://, http:// or tg://."
        " For example: <code>Our site - https://example.org</code>\nPlease send all lines again."
    ),
    "announce.bad_links.bad_address": "Line {line}: Telegram takes no such link. Please send all lines again.",
    "announce.bad_links.no_label": (
        "Line {line}: the words on the button are missing. Write them before the link:"
        " <code>Our site - https://example.org</code>\nPlease send all lines again."
    ),
    "announce.bad_links.long_label": (
        "Line {line}: the words on a button may have at most {label} characters. Please send all lines again."
    ),
    "announce.bad_links.wide": ("Line {line}: at most {row} buttons fit side by side. Please send all lines again."),
    "announce.bad_links.many": "Line {line}: there may be at most {rows} rows of buttons. Please send all lines again.",
    "announce.bad_links.refused": (
        "Telegram did not take the message with these buttons; one of the links may be wrong."
        " Please send other ones, or remove the buttons."
    ),
    "announce.confirmed": (
        "Confirmed. Audience: {audience}; recipients: <b>{recipients}</b>; left out: {left_out}; about {time}."
    ),
    "announce.cancelled": "Cancelled. Nothing was sent.",
    "announce.expired": "I no longer wait for the announcement. Nothing was sent; /announce starts again.",
    "announce.progress": "📣 {state}: {done} of {total} ({percent} %)",
    "announce.now.sending": "The announcement is being sent",
    "announce.now.paused": "The announcement is paused",
    "announce.now.stopping": "The announcement is being stopped",
    "announce.now.over": "The announcement is over",
    "announce.report": (
        "📣 <b>The announcement was sent.</b>\nAudience: {audience}\n\nDelivered: {delivered}\nBlocked: {blocked}\n"
        "Gone: {gone}\nFailed: {failed}\nUnknown (the connection broke, not repeated): {unknown}"
    ),
    "announce.report_stopped": (
        "📣 <b>The announcement was stopped.</b>\nAudience: {audience}\n\nDelivered: {delivered}\nBlocked: {blocked}\n"
        "Gone: {gone}\nFailed: {failed}\nUnknown (the connection broke, not repeated): {unknown}\nNot sent: {left}"
    ),
    "announce.unreadable": "📣 An announcement could not be continued after an update of the bot. It was stopped.",
    "announce.button.all": "Everybody",
    "announce.button.test": "Only me (test)",
    "announce.button.active7": "Active in 7 days",
    "announce.button.active30": "Active in 30 days",
    "announce.button.langru": "Russian",
    "announce.button.langen": "English",
    "announce.button.send": "✅ Send ({recipients})",
    "announce.button.add_links": "🔗 Add link buttons",
    "announce.button.change_links": "🔗 Change buttons",
    "announce.button.remove_links": "Remove buttons",
    "announce.button.back": "⬅️ Back",
    "announce.button.content": "Another message",
    "announce.button.audience": "Another audience",
    "announce.button.pause": "⏸ Pause",
    "announce.button.resume": "▶️ Resume",
    "announce.button.cancel": "✖️ Stop",
    "announce.audience.all": "everybody",
    "announce.audience.test": "only you (test)",
    "announce.audience.requests": "at least {number:request}",
    "announce.audience.balance": "a balance of at least {number:token}",
    "announce.audience.active": "active in the last {number:day}",
    "announce.audience.language": "speaking “{value}”",
    "announce.audience.user": "the user {value}",
    "announce.audience.username": "@{value}",
    "announce.audience.group": "the group {value}",
}
