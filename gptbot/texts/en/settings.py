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
    # --- /voice
    "command.voice": "answers read aloud: on or off",
    "usage.voice": (
        "<b>/voice</b> switches spoken answers on and off; you can also say which.\nExample: <code>/voice off</code>"
    ),
    "voice.on": (
        "Spoken answers are <b>on</b>: in our private chat, each answer comes as a voice message, too. Each 1000"
        " characters take {tokens:premium_token}.\nYou have {balance:premium_token}. Off again: /voice"
    ),
    "voice.off": "Spoken answers are <b>off</b>. On again: /voice",
    "voice.empty": "That is not enough for a spoken answer: see /topup.",
    "voice.not_offered": "The owner of this bot has not switched spoken answers on.",
    # --- /settings
    "settings.intro": "<b>Settings</b>",
    "settings.model": "Model: <b>{value}</b>",
    "settings.model.basic": "basic",
    "settings.model.premium": "premium",
    "settings.context": "Dialog mode, tokens remembered: <b>{value}</b>",
    "settings.context.0": "off",
    "settings.language": "Language: <b>{value}</b>",
    "settings.streaming": "Answers grow before your eyes: <b>{value}</b>",
    "settings.streaming.on": "on",
    "settings.streaming.off": "off",
    "settings.voice": "Answers are read aloud, too: <b>{value}</b>",
    "settings.voice.on": "on",
    "settings.voice.off": "off",
    "settings.voice.cost": (
        "In our private chat, answers come as a voice message, too. Each 1000 characters take {tokens:premium_token}."
    ),
    "settings.reports": "Reports of requests: <b>{value}</b>",
    "settings.reports.each": "each",
    "settings.reports.digest": "digest",
    "settings.reports.off": "off",
}
