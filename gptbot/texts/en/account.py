"""English: registration, balances, models, pictures, help."""

TEXTS: dict[str, str] = {
    # --- /start
    "start.welcome": (
        "Hi, {name}! Write me anything and I will answer. To go on with a conversation, reply to my answer.\n\n"
        "You have {balance:token} to start with. Everything I can do: /help"
    ),
    "start.invited": "Your friend {friend} invited you: each of you gets a bonus of {bonus:token}.",
    "start.welcome_admin": (
        "Hi, {name}! You are an admin of this bot: nothing is ever taken from your balance. Your commands: /help"
    ),
    "start.known": "Good to see you again, {name}! Just write your question. Everything I can do: /help",
    "start.back": (
        "Good to see you again, {name}! Your balances are as you left them: {balance:token} for the basic model."
        " Everything I can do: /help"
    ),
    "start.group": "Please open a private chat with me and press Start there: then I can answer you here, too.",
    "start.open_private": "Open the private chat",
    "start.anonymous": (
        "Please open a private chat with me, or write here under your own name: I can't tell who you are when you"
        " write in the name of a chat."
    ),
    "start.here": "Please send /start@{bot} here first: then I can answer you in this group.",
    # --- groups
    "group.greeting": (
        "Hello! Ask me something with @{bot}, or reply to my answers; otherwise I stay silent. Whoever asks pays from"
        " their own balance, so please press Start in a private chat with me first."
    ),
    # --- who is let in
    "access.asked": "Thank you! I have asked the admin to let you in. The answer will come here.",
    "access.waiting": "I have asked the admin to let you in; they have not decided yet. The answer will come here.",
    "access.approved": "The admin has let you in.",
    "access.declined": "The admin has not let you in. You can ask again tomorrow with /start.",
    "access.nobody_reached": (
        "I could not reach an admin, so your request was withdrawn. Please try again later with /start."
    ),
    "access.closed": "Sorry, this bot is private: its owner chooses who can use it.",
    "access.group_asked": "Hello! I have asked the admin whether I may answer in this group. Until then I stay silent.",
    "referral.came": "{friend} came through your link: each of you gets a bonus of {bonus:token}.",
    # --- /help
    "help.intro": "Write me anything and I will answer. To go on with a conversation, reply to my answer.",
    "help.reads": "You can also send me photos, text files and PDFs; write your question into the caption.",
    "help.reads_and_hears": (
        "You can also send me voice messages, photos, text files and PDFs; write your question into the caption."
    ),
    "help.group.start": "<b>Start</b>",
    "help.group.models": "<b>Answers and pictures</b>",
    "help.group.balance": "<b>Balance and friends</b>",
    "help.group.prompt": "<b>Standing instruction</b>",
    "help.group.other": "<b>Other</b>",
    "help.group.admin": "<b>For the admin</b>",
    "command.start": "start",
    "command.help": "what I can do",
    "command.imagine": "draw a picture from a description",
    "command.pro": "one answer of the premium model",
    "command.switch_model": "basic or premium model",
    "command.balance": "what you have left",
    "command.stats": "your statistics",
    "command.invite": "invite a friend",
    "command.ask_favor": "ask the admin for tokens",
    "command.topup": "how to top up",
    "command.prompt": "set your standing instruction",
    "command.reset_prompt": "back to the standard instruction",
    "command.language": "English or Russian",
    "command.privacy": "what is kept and who sees it",
    "command.export": "all that is kept about you, as a file",
    "command.forget": "delete all that is kept about you",
    "command.cancel": "leave a dialog, stop an answer",
    "command.announce": "write to everybody",
    # --- wrong arguments
    "usage.switch_model": (
        "<b>/switch_model</b> changes the model; you can also name it: basic or premium.\n"
        "Example: <code>/switch_model premium</code>"
    ),
    "usage.language": (
        "<b>/language</b> shows the choice; you can also name the language: en or ru.\n"
        "Example: <code>/language en</code>"
    ),
    "usage.pro": (
        "<b>/pro</b> answers one question with the premium model: write the question behind it.\n"
        "Example: <code>/pro Why is the sky blue?</code>"
    ),
    "usage.imagine": (
        "<b>/imagine</b> draws a picture: write behind it what you want to see.\n"
        "Example: <code>/imagine a cat that reads a newspaper</code>\n\n"
        "Size and quality can follow at the end:\n"
        "<code>/imagine a cat --size {size} --quality {quality}</code>\n"
        "Sizes: {sizes} (or a shape: square, portrait, landscape)\n"
        "Qualities: {qualities}\n\n"
        "To change a picture, reply to it: <code>/imagine make it night</code>"
    ),
    "imagine.no_picture": (
        "The message you replied to has no picture. Reply to a picture to have it changed, or write /imagine without"
        " replying for a new one."
    ),
    "imagine.file.too_large": "This picture is too large to be changed: at most 20 MB. It cost nothing.",
    "imagine.file.gone": "I could not get this picture from Telegram. Please send it again and reply to it.",
    # --- /balance
    "balance.purses": (
        "<b>Your balance</b>\n\n"
        "{balance:token}: answers of {basic}, enough for about {answers:answer}\n"
        "{premium_balance:premium_token}: answers of {premium}, enough for about {premium_answers:answer}\n"
        "{image_balance:image}: pictures with /imagine\n\n"
        "Active model: <b>{tier}</b> ({model}), change it with /switch_model"
    ),
    "balance.photos": "Questions about photos are answered by {premium}, so they take premium tokens.",
    "balance.voice": "Each second of a voice message takes {tokens:premium_token}, the answer comes on top.",
    "balance.speech": "Each 1000 characters of a spoken answer take {tokens:premium_token}.",
    "balance.low": "Running low? Invite a friend with /invite, ask the admin with /ask_favor or see /topup.",
    "balance.admin": "You are an admin: nothing is ever taken from your balance.",
    "tier.basic": "basic",
    "tier.premium": "premium",
    # --- /stats
    "stats.text": (
        "<b>Your statistics</b>\n\n"
        "Requests: {requests}\n"
        "Tokens: {tokens}\n"
        "Premium tokens: {premium_tokens}\n"
        "Images: {images}\n"
        "Cost: {cost}\n"
        "Friends invited: {referrals}\n"
        "Last request (UTC): {last_request}"
    ),
    "stats.referrer": "Invited by: {friend}",
    # --- /invite
    "invite.link": "Your link for friends:\n{link}",
    "invite.bonus": "Whoever starts with it gets a bonus of {bonus:token}, and so do you.",
    "invite.came": "Friends who came through it: {came}",
    "invite.share": "Share the link",
    "invite.share_text": "Talk to an AI model right here in Telegram",
    # --- /topup
    "topup.ask_admin": (
        "To top up your balance, please ask the admin. With a low balance you can do it with /ask_favor."
        " You can also invite friends: /invite"
    ),
    # --- /ask_favor
    "favor.sent": "I have asked the admin. The answer will come here.",
    "favor.pending": "I have asked the admin already; they have not decided yet.",
    "favor.enough": (
        "You still have {balance:token}. You can ask for a favour when fewer than {limit:token} are left."
    ),
    "favor.admin": "You are an admin: nothing is ever taken from your balance, so you need no favours.",
    "favor.request": (
        "<b>Request for tokens</b>\n\n"
        "From: {who}\n"
        "Request number: {number}\n"
        "Balance: {balance:token}\n\n"
        "Give {amount:token}?"
    ),
    "favor.yes": "Yes",
    "favor.no": "No",
    "favor.request.granted": (
        "<b>Request for tokens: granted</b>\n\n"
        "From: {who}\n"
        "Request number: {number}\n"
        "Given: {amount:token}\n"
        "Balance now: {balance:token}"
    ),
    "favor.request.denied": (
        "<b>Request for tokens: declined</b>\n\n"
        "From: {who}\n"
        "Request number: {number}\n"
        "Not given: {amount:token}\n"
        "Balance: {balance:token}"
    ),
    "favor.granted": "The admin said yes: you get {amount:token}. Your balance now: {balance:token}.",
    "favor.denied": (
        "The admin declined your request for {amount:token}. Your balance: {balance:token}."
        " You can also invite a friend: /invite"
    ),
    "favor.nobody_reached": (
        "I could not reach an admin, so your request was withdrawn. Nothing is lost: please try again later."
    ),
    "favor.popup.granted": "Granted.",
    "favor.popup.denied": "Declined.",
    "favor.popup.decided_before": "This request has been decided already. Nothing was changed.",
    "favor.popup.blocked": "This user is blocked and gets nothing. Unblock them first or decline.",
    # --- /switch_model
    "model.now.basic": (
        "Now active: <b>basic</b> model ({model}). Each token of your questions, the conversation they continue"
        " and the answers costs one token.\nYou have {balance:token}."
    ),
    "model.now.premium": (
        "Now active: <b>premium</b> model ({model}). Each token of your questions, the conversation they continue"
        " and the answers costs one premium token.\nYou have {balance:premium_token}."
    ),
    "model.empty": "That is not enough for an answer: see /topup, or change back with /switch_model.",
    # --- /reset_prompt
    "reset_prompt.done": "Back to the standard instruction: <i>{prompt}</i>",
    "reset_prompt.already": "You have no instruction of your own. The standard one is: <i>{prompt}</i>",
    # --- /language
    "language.choose": "Which language shall I speak?",
    "language.set": "I speak {language} now. I still answer questions in the language you ask in.",
    # --- /privacy
    "privacy.kept": (
        "<b>What is kept</b>\n"
        "Your Telegram id, name, username and language, your settings and standing instruction, your balance with its"
        " changes, and how much you use the bot. Questions, what was read or heard in your files, and answers are kept"
        " for {days:day}, so that you can go on with a conversation by replying."
    ),
    "privacy.reports_texts": (
        "<b>Who sees it</b>\n"
        "The owner of this bot can see all of this, and gets a report of each request: who asked, where, with which"
        " model, the beginning of the question's text, how many tokens it took, what it cost and your balance."
    ),
    "privacy.reports_figures": (
        "<b>Who sees it</b>\n"
        "The owner of this bot can see all of this, and gets a report of each request: who asked, where, with which"
        " model, how many tokens it took, what it cost and your balance. The report has no text of your question."
    ),
    "privacy.pictures": "They also get a copy of each picture that is drawn, without your name.",
    "privacy.reports_off": (
        "<b>Who sees it</b>\nThe owner of this bot can see all of this. Your requests are not reported to them."
    ),
    "privacy.model": (
        "Your questions, with the files you send, the conversation they continue and your instruction, go to the"
        " service that runs the model, without your name."
    ),
    "privacy.yours": ("<b>It is yours</b>\n/export sends you all of it as a file. /forget deletes it."),
    # --- /export
    "export.caption": "Everything that is kept about you. Questions and answers: {turns}.",
    "export.failed": "I can't read what is stored at the moment. Please try again later.",
    "export.wait": "The file of your last /export has not been delivered yet. Please wait for it.",
    # --- /forget
    "private.only": "This is between the two of us: please send the command in our private chat.",
    "forget.ask": (
        "<b>Delete everything about you?</b>\n\n"
        "Deleted at once: your account with name, settings and instruction, all questions and answers (also those in"
        " groups), open dialogs and requests. A question that is being answered is ended."
        " You may want /export first.\n\n"
        "What stays: the bookings of your balances, without name and id. A code that is computed from your id with a"
        " secret key keeps your balances and whether you are blocked, so that coming back with /start gives what you"
        " left, and no new starting balance or bonus. The sums over all users stay, too.\n\n"
        "What is out of my hands: messages in Telegram's chats, and reports that the owner has received. Dated backups"
        " of the accounts (no questions or answers) and log files age out."
    ),
    "forget.yes": "Delete everything",
    "forget.no": "Keep it",
    "forget.done": "Everything about you is deleted. If you want to come back: /start",
    "forget.kept": "Nothing was deleted.",
    "forget.admin": (
        "You are an admin of this bot, and admins can't be forgotten: take your id out of ADMIN_CHAT_ID first."
    ),
}
