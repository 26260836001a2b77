"""English: dialog mode and /settings."""

TEXTS: dict[str, str] = {
    # --- /context, /new, /delete_context
    "command.context": "dialog mode: remember the chat without replying",
    "command.new": "forget this chat and begin anew",
    "command.delete_context": "forget this chat, dialog mode off",
    "command.settings": "model, dialog mode, language and more",
    "help.group.conversation": "<b>Conversation</b>",
    "usage.context": (
        "<b>/context</b> sets how many tokens of the chat come along with each question: a number from 0 (off)"
        " to {max}.\nExample: <code>/context 8000</code>"
    ),
    "context.on": (
        "Dialog mode is <b>on</b>: {tokens:token}. As much of what was said last in a chat or topic comes along with"
        " each question, without replying. It is charged as a part of the question.\n\n"
        "Begin anew: /new. Another number: <code>/context 4000</code>. Off: /delete_context"
    ),
    "context.off": (
        "Dialog mode is <b>off</b>: a question stands alone unless it replies to a message. With it on, what was said"
        " last in a chat or topic comes along with each question and is charged as a part of it.\n\n"
        "How many tokens shall I remember? Any other number: <code>/context 4000</code>"
    ),
    "new.done": "We begin anew: I have forgotten the dialog of this chat. Replies to older messages still work.",
    "new.done_off": (
        "We begin anew. By the way, your dialog mode is off: each question stands alone unless it replies to a message."
        " Switch it on with /context"
    ),
    "delete_context.done": (
        "I have forgotten the dialog of this chat, and dialog mode is off. Switch it on again with /context"
    ),
    # --- /settings
    "settings.intro": "<b>Settings</b>",
    "settings.model": "Model: <b>{value}</b>",
    "settings.model.basic": "basic",
    "settings.model.premium": "premium",
    "settings.context": "Dialog mode, tokens remembered: <b>{value}</b>",
    "settings.context.0": "off",
    "settings.language": "Language: <b>{value}</b>",
    "settings.reports": "Reports of requests: <b>{value}</b>",
    "settings.reports.each": "each",
    "settings.reports.digest": "digest",
    "settings.reports.off": "off",
}
