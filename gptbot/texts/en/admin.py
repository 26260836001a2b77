"""English: the admin's commands and feed."""

TEXTS: dict[str, str] = {
    "command.data": "data.json, or everything about a user",
    "command.refill": "change a user's balance",
    "command.block": "block a user",
    "command.unblock": "unblock a user",
    "command.recent_users": "who was active",
    "command.top_users": "the ranking of users",
    "command.status": "how the bot is doing",
    "command.stop": "stop the bot",
    # --- wrong arguments
    "usage.data": (
        "<b>/data</b> sends data.json; with an id or a @username it shows everything about that user.\n"
        "Example: <code>/data @johndoe</code>"
    ),
    "usage.refill": (
        "<b>/refill</b> user amount [premium or image] changes a balance; a negative amount takes away.\n"
        "Example: <code>/refill @johndoe 10000</code>\n"
        "Example: <code>/refill 123456789 -5 image</code>"
    ),
    "usage.block": "<b>/block</b> needs one id or @username.\nExample: <code>/block @johndoe</code>",
    "usage.unblock": "<b>/unblock</b> needs one id or @username.\nExample: <code>/unblock @johndoe</code>",
    "usage.recent_users": (
        "<b>/recent_users</b> needs a number of days, 1 to 36500.\nExample: <code>/recent_users 7</code>"
    ),
    "usage.top_users": (
        "<b>/top_users</b> needs a number of users and what to rank them by: requests, tokens, balance,"
        " premium_tokens, premium_balance, images, image_balance, favors, referrals (ref) or cost (price).\n"
        "Example: <code>/top_users 10 tokens</code>"
    ),
    "admin.forgotten_user": (
        "{who} had everything about them deleted. What is kept for the case that they come back: {balance:token},"
        " {premium_balance:premium_token}, {image_balance:image}. Blocked: {blocked}."
    ),
    "admin.unknown_user": "I know no user {who}. Give an id or a @username of somebody who pressed /start.",
    # --- /data
    "data.caption": "{users:user}",
    "data.unwritable": "data.json can't be written at the moment: see the log. Nothing is lost.",
    "user.card": (
        "<b>{who}</b>\n"
        "Registered (UTC): {joined}\n"
        "Last request (UTC): {last_request}\n"
        "Requests: {requests}\n"
        "Tokens: {tokens}\n"
        "Premium tokens: {premium_tokens}\n"
        "Images: {images}\n"
        "Audio: {audio_seconds:second}\n"
        "Cost: {cost}\n"
        "Balance: {balance:token}, {premium_balance:premium_token}, {image_balance:image}\n"
        "Model: {model}\n"
        "Dialog mode: {context_tokens:token}\n"
        "Language: {language} (Telegram: {telegram_language})\n"
        "Favours asked for: {favors}; one is open: {favor_pending}\n"
        "Blocked: {blocked}\n"
        "Can be written to: {reachable}\n"
        "Invited by: {referrer}"
    ),
    "user.yes": "yes",
    "user.no": "no",
    "user.prompt": "Instruction: {prompt}",
    "user.extra": "{key}: {value}",
    "user.invited": "Invited: {count}",
    "user.invited_more": "… and {more} more",
    # --- /refill
    "refill.done.balance": "Done: {who}, {amount:token}. Balance now: {balance:token}.",
    "refill.done.premium_balance": "Done: {who}, {amount:premium_token}. Balance now: {balance:premium_token}.",
    "refill.done.image_balance": "Done: {who}, {amount:image}. Balance now: {balance:image}.",
    "refill.given.balance": "The admin gave you {amount:token}. Your balance now: {balance:token}.",
    "refill.given.premium_balance": (
        "The admin gave you {amount:premium_token}. Your balance now: {balance:premium_token}."
    ),
    "refill.given.image_balance": "The admin gave you {amount:image}. Your balance now: {balance:image}.",
    "refill.taken.balance": "The admin took {amount:token} off your balance. It is now: {balance:token}.",
    "refill.taken.premium_balance": (
        "The admin took {amount:premium_token} off your balance. It is now: {balance:premium_token}."
    ),
    "refill.taken.image_balance": "The admin took {amount:image} off your balance. It is now: {balance:image}.",
    "refill.out_of_bounds": "Nothing was changed: no balance may go beyond {largest}, up or down.",
    "refill.blocked": "This user is blocked and was not told.",
    "refill.unreachable": (
        "The balance of the user <code>{user}</code> was changed, but I could not tell them: they blocked the bot or"
        " are gone."
    ),
    # --- /block, /unblock
    "block.done": "Blocked: {who}.",
    "block.already": "Blocked before: {who}.",
    "block.admin": "An admin can't be blocked: {who}.",
    "unblock.done": "Unblocked: {who}.",
    "unblock.already": "Not blocked: {who}.",
    # --- who is let in (ACCESS=approval)
    "access.request.person": "<b>Somebody wants to use the bot</b>\n\nWho: {who}",
    "access.request.group": ("<b>A group wants to use the bot</b>\n\nGroup: {title} ({id})\nWho wants it there: {who}"),
    "access.yes": "Let in",
    "access.no": "Don't",
    "access.request.approved": "<b>Let in.</b>",
    "access.request.declined": "<b>Not let in.</b>",
    "access.popup.approved": "Let in.",
    "access.popup.declined": "Not let in.",
    "access.popup.decided_before": "This has been decided already. Nothing was changed.",
    # --- /recent_users, /top_users
    "recent.header": "<b>Active in the last {days:day}: {users:user}</b>",
    "recent.nobody": "Nobody was active in the last {days:day}.",
    "recent.line": "{last} {who}: {requests:request}",
    "top.header": "<b>Top {count}: {by}</b>",
    "top.line": "{rank}. {who}: {value}",
    "top.by.requests": "requests",
    "top.by.tokens": "tokens used",
    "top.by.balance": "token balance",
    "top.by.premium_tokens": "premium tokens used",
    "top.by.premium_balance": "premium token balance",
    "top.by.images": "images drawn",
    "top.by.image_balance": "image balance",
    "top.by.favors": "favours asked for",
    "top.by.referrals": "friends invited",
    "top.by.cost": "cost",
    # --- /status, /stop
    "status.text": (
        "<b>gptbot {version}</b>\n"
        "Running for: {uptime}\n"
        "Users: {users}\n"
        "Questions waiting: {questions}\n"
        "Messages waiting: {outbox}\n"
        "Changes waiting: {letters}\n"
        "Today (UTC): {answers:answer}, errors: {errors}, cost: {cost}\n"
        "Model: {model}\n"
        "Telegram: {telegram}\n"
        "Growing answers: {streaming}\n"
        "data.json is behind by {lag} s"
    ),
    "status.access": "Waiting for your yes (ACCESS=approval): {requests}",
    "status.streaming.drafts": "native drafts",
    "status.streaming.no_drafts": "edited messages (this server takes no drafts)",
    "status.streaming.edits": "edited messages",
    "status.streaming.off": "not shown",
    "status.ok": "well",
    "status.trouble": "trouble ({trouble})",
    "stop.stopping": "Stopping: I finish what is under way, save everything and end.",
    # --- the feed
    "report.who": "<b>{who}</b>, {where}",
    "report.private": "private chat",
    "report.text": "<i>{text}</i>",
    "report.answer": "{model}: {tokens:token}, {cost}. Balance: {balance}",
    "report.picture": "{model}: picture, {cost}. Balance: {balance}",
    "report.other": "{model}: {kind}, {tokens:token}, {cost}. Balance: {balance}",
    "report.more": "… and {more:request} more: {tokens:token}, {cost}",
    "report.digest": "<b>{requests:request} by {users:user}</b>: {tokens:token}, {cost}",
    "report.digest.person": "{who}: {requests:request}, {cost}. Balance: {balance}",
    "report.digest.more": "… and {users:user} more",
}
