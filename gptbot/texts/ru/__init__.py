"""Русский. Each module holds the texts of one area; the keys are the same in every language."""

from gptbot.texts.ru import account, admin, common, dialogs, media, payments, settings

NOUNS: dict[str, tuple[str, ...]] = {
    "token": ("токен", "токена", "токенов"),
    "premium_token": ("премиум-токен", "премиум-токена", "премиум-токенов"),
    "image": ("картинка", "картинки", "картинок"),
    "request": ("запрос", "запроса", "запросов"),
    "user": ("пользователь", "пользователя", "пользователей"),
    "second": ("секунда", "секунды", "секунд"),
    "minute": ("минута", "минуты", "минут"),
    "day": ("день", "дня", "дней"),
    "answer": ("ответ", "ответа", "ответов"),
    "friend": ("друг", "друга", "друзей"),
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
