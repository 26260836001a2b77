"""Русский: dialog mode and /settings."""

TEXTS: dict[str, str] = {
    # --- /context, /new, /delete_context
    "command.context": "режим диалога: помнить чат без ответов на сообщения",
    "command.new": "забыть этот чат и начать заново",
    "command.delete_context": "забыть этот чат, выключить режим диалога",
    "command.settings": "модель, режим диалога, язык и другое",
    "help.group.conversation": "<b>Разговор</b>",
    "usage.context": (
        "<b>/context</b> задаёт, сколько токенов чата добавлять к каждому вопросу: число от 0 (выключено) до {max}.\n"
        "Пример: <code>/context 8000</code>"
    ),
    "context.on": (
        "Режим диалога <b>включён</b>, объём памяти: {tokens:token}. К каждому вопросу добавляется последнее, что было"
        " сказано в чате или теме, отвечать на сообщение не нужно. Оплачивается это как часть вопроса.\n\n"
        "Начать заново: /new. Другое число: <code>/context 4000</code>. Выключить: /delete_context"
    ),
    "context.off": (
        "Режим диалога <b>выключен</b>: каждый вопрос сам по себе, если он не ответ на сообщение. Когда режим включён,"
        " к каждому вопросу добавляется последнее, что было сказано в чате или теме, и оплачивается как его часть.\n\n"
        "Сколько токенов помнить? Любое другое число: <code>/context 4000</code>"
    ),
    "new.done": "Начинаем заново: диалог этого чата забыт. Отвечать на прежние сообщения по-прежнему можно.",
    "new.done_off": (
        "Начинаем заново. Кстати, режим диалога у вас выключен: каждый вопрос сам по себе, если он не ответ на"
        " сообщение. Включить: /context"
    ),
    "delete_context.done": "Диалог этого чата забыт, режим диалога выключен. Включить снова: /context",
    # --- /voice
    "command.voice": "озвучивание ответов: включить или выключить",
    "usage.voice": (
        "<b>/voice</b> включает и выключает озвучивание ответов; можно и назвать: on (вкл.) или off (выкл.).\n"
        "Пример: <code>/voice off</code>"
    ),
    "voice.on": (
        "Озвучивание <b>включено</b>: в личном чате каждый ответ придёт и голосовым сообщением. За каждые 1000 знаков:"
        " {tokens:premium_token}.\nУ вас {balance:premium_token}. Выключить: /voice"
    ),
    "voice.off": "Озвучивание <b>выключено</b>. Включить снова: /voice",
    "voice.empty": "Этого не хватит на озвучивание ответа: загляните в /topup.",
    "voice.not_offered": "Владелец этого бота не включил озвучивание ответов.",
    # --- /settings
    "settings.intro": "<b>Настройки</b>",
    "settings.model": "Модель: <b>{value}</b>",
    "settings.model.basic": "обычная",
    "settings.model.premium": "премиум",
    "settings.context": "Режим диалога, токенов в памяти: <b>{value}</b>",
    "settings.context.0": "выкл.",
    "settings.language": "Язык: <b>{value}</b>",
    "settings.streaming": "Показывать ответ, пока он пишется: <b>{value}</b>",
    "settings.streaming.on": "вкл.",
    "settings.streaming.off": "выкл.",
    "settings.voice": "Озвучивать ответы: <b>{value}</b>",
    "settings.voice.on": "вкл.",
    "settings.voice.off": "выкл.",
    "settings.voice.cost": (
        "В личном чате ответы будут приходить и голосом. За каждые 1000 знаков: {tokens:premium_token}."
    ),
    "settings.reports": "Отчёты о запросах: <b>{value}</b>",
    "settings.reports.each": "каждый",
    "settings.reports.digest": "сводка",
    "settings.reports.off": "выкл.",
}
