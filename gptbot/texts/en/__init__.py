"""English. Each module holds the texts of one area; the keys are the same in every language."""

from gptbot.texts.en import account, admin, common, dialogs, media, payments, settings

NOUNS: dict[str, tuple[str, ...]] = {
    "token": ("token", "tokens"),
    "premium_token": ("premium token", "premium tokens"),
    "image": ("image", "images"),
    "request": ("request", "requests"),
    "user": ("user", "users"),
    "second": ("second", "seconds"),
    "minute": ("minute", "minutes"),
    "day": ("day", "days"),
    "answer": ("answer", "answers"),
    "friend": ("friend", "friends"),
}

TEXTS: dict[str, str] = {
    **common.TEXTS,
    **account.TEXTS,
    **dialogs.TEXTS,
    **admin.TEXTS,
    **settings.TEXTS,
    **media.TEXTS,
    **payments.TEXTS,
}
