"""English: questions and answers, errors, buttons everybody sees."""

TEXTS: dict[str, str] = {
    # --- questions and answers
    "start.needed": "Please press /start first: I will set up your account and we can begin.",
    "turn.queued": "Got it. I will answer this after the question before it (place in the queue: {place}).",
    "turn.queue_full": "Too many questions at once. I will go on when I have answered the ones before.",
    "turn.no_balance": (
        "Your {purse} are used up (balance: {balance}). See /balance, invite a friend with /invite,"
        " or ask with /ask_favor."
    ),
    "turn.stopped": "Stopped.",
    "turn.failed.busy": "The model is overloaded right now. Please ask again in a minute. This cost you nothing.",
    "turn.failed.quota": "The model is not available now: the owner's quota is used up. I have told them.",
    "turn.failed.server": "The model could not be reached. Please ask again. This cost you nothing.",
    "turn.failed.timeout": "The model took too long. Please ask again. This cost you nothing.",
    "turn.failed.context": "This conversation is too long for the model. Start a new one without replying.",
    "turn.failed.content": "The model refused this request by its rules. Please put it another way.",
    "turn.failed.model": "This model is not available. I have told the owner; try /switch_model.",
    "turn.failed.pictures": "This model can't see pictures. Please ask without them. This cost you nothing.",
    "turn.failed.key": "The model does not accept this bot's key. I have told the owner.",
    "turn.failed.request": "The model did not accept this request. This cost you nothing.",
    "turn.failed.empty": "The model gave an empty answer. Please ask again. This cost you nothing.",
    "turn.failed.delivery": "The answer could not be shown here. This cost you nothing.",
    "turn.incomplete": "<i>⚠️ The answer breaks off here.</i>",
    "turn.continue": "Please continue exactly where you stopped.",
    "turn.edited": "You have changed your question. Shall I answer it anew?",
    "error.unexpected": "Something went wrong on my side (error {error_id}). Please try again.",
    "content.empty": "There are no words in this message. Please write your question.",
    "content.unreadable": (
        "I can't read this kind of message yet. What I can read: text, photos, voice messages, text files and PDFs."
    ),
    "dialog.over": "This is over.",
    # --- what only the owner can mend: told to the main admin
    "owner.model.quota": (
        "The quota for <b>{model}</b> is used up: until it is topped up at the provider, nobody gets answers."
    ),
    "owner.model.model": (
        "The server does not know or offer the model <b>{model}</b>: please set another one and restart the bot."
    ),
    "owner.model.pictures": (
        "<b>{model}</b> does not take pictures: photos get no answers. Set PREMIUM_MODEL to one that sees."
    ),
    "owner.model.key": "The server of <b>{model}</b> does not accept the key (OPENAI_API_KEY): nobody gets answers.",
    # --- commands and buttons
    "command.unknown": "I don't know this command. Everything I can do: /help",
    "cancel.nothing": "There is nothing to cancel.",
    "button.regenerate": "🔄",
    "button.continue": "Continue",
    "button.retry": "Try again",
    "button.answer_anew": "Answer anew",
    "button.stop": "Stop",
    "button.stale": "This button no longer works.",
    "button.under_way": "I am on it already.",
    "button.not_yours": "This button is not for you.",
    # --- purses: "Your … are used up"
    "purse.balance": "tokens",
    "purse.premium_balance": "premium tokens",
    "purse.image_balance": "images",
}
