"""English: recordings, photos and documents that people send, and spoken answers."""

TEXTS: dict[str, str] = {
    # --- what is asked of the model when a file comes without words
    "media.question.picture": "What is in this picture?",
    "media.question.document": "Please summarise this file.",
    "media.document.head": "File {name}:",
    # --- recordings
    "media.heard": "🎙 I heard:\n<expandable_blockquote>{text}</expandable_blockquote>",
    "media.nothing_heard": "I could not hear any words in this recording. Please try again, or write it as text.",
    "media.too_long": "This recording is too long: I can listen to at most {limit:second}. Please send it in parts.",
    "media.no_transcription": "I can't listen to recordings here. Please write it as text.",
    # --- photos and documents
    "media.too_large": "This file is too large: I can read files of up to {mb} MB.",
    "media.gone": "I could not get this file from Telegram. Please send it again.",
    "media.cut": "{name} is long, so I read only the beginning of it: {tokens:token}.",
    "media.document.not_text": "I can't read this kind of file. I can read text files (source code, too) and PDFs.",
    "media.document.locked": "This PDF is protected by a password. Please send it without one.",
    "media.document.empty": (
        "I found no text in this file. If its pages are scanned pictures, please send them as photos."
    ),
    "media.document.broken": "I could not read this file: it seems to be damaged. Please send it in another form.",
    # --- any of them
    "media.no_premium": (
        "Voice messages and photos take {purse}, and yours are used up (balance: {balance}). See /balance or /topup,"
        " or ask me in writing."
    ),
    # --- spoken answers
    "speech.elsewhere": "This part is in the text.",
    "speech.no_balance": "You have no premium tokens left for a spoken answer. See /topup; /voice switches them off.",
    "speech.forbidden": (
        "Your privacy settings in Telegram let me send no voice messages, so spoken answers are off now."
        " /voice switches them on again."
    ),
    "speech.failed": "This answer could not be spoken just now. That cost you nothing.",
}
