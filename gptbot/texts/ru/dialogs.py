"""Русский: prompt entry and announcement wizard."""

TEXTS: dict[str, str] = {
    "dialog.broken": "Бот обновился, и продолжить с этого места не получится. Пожалуйста, начните заново.",
    "dialog.button.cancel": "✖️ Отмена",
    # --- the prompt dialog
    "prompt_entry.ask": (
        "Ваша постоянная инструкция ({tokens:token}):\n\n<code>{text}</code>\n\n"
        "Пришлите новую сообщением: она говорит модели, кто она и как ей отвечать."
    ),
    "prompt_entry.ask_standard": (
        "Своей инструкции у вас нет. Стандартная ({tokens:token}):\n\n<code>{text}</code>\n\n"
        "Пришлите свою сообщением: она говорит модели, кто она и как ей отвечать."
    ),
    "prompt_entry.examples": (
        "<b>Примеры</b> (нажмите, чтобы скопировать)\n\n"
        "<code>Ты терпеливый учитель. Объясняй по шагам, к каждой мысли давай небольшой пример.</code>\n\n"
        "<code>Ты опытный программист. Сначала рабочий код, потом один абзац о том, почему так.</code>\n\n"
        "<code>Отвечай не длиннее трёх предложений. Если в чём-то не уверен, скажи об этом.</code>\n\n"
        "Теперь пришлите свою сообщением."
    ),
    "prompt_entry.empty": "В сообщении нет текста. Пожалуйста, пришлите инструкцию текстом.",
    "prompt_entry.not_text": "Инструкция должна быть текстом. Пожалуйста, пришлите её текстовым сообщением.",
    "prompt_entry.too_long": (
        "Слишком длинно: {tokens:token}, а можно не больше чем {max:token}. Пожалуйста, пришлите покороче."
    ),
    "prompt_entry.too_long_at_once": (
        "Слишком длинно: {tokens:token}, а можно не больше чем {max:token}. Ваша инструкция осталась прежней."
    ),
    "prompt_entry.preview": "Такой будет ваша инструкция ({tokens:token}):\n\n<code>{text}</code>",
    "prompt_entry.saved": "Сохранено. Действует со следующего вопроса. Вернуть стандартную: /reset_prompt",
    "prompt_entry.reset": "Готово: снова действует стандартная инструкция.",
    "prompt_entry.kept": "Всё осталось как было.",
    "prompt_entry.cancelled": "Отменено. Ваша инструкция осталась прежней.",
    "prompt_entry.expired": "Больше не жду новую инструкцию. Ваша осталась прежней; начать заново: /prompt",
    "prompt_entry.button.keep": "Оставить",
    "prompt_entry.button.reset": "Стандартная",
    "prompt_entry.button.examples": "Примеры",
    "prompt_entry.button.save": "✅ Сохранить",
    "prompt_entry.button.again": "Написать заново",
    # --- the announcement wizard
    "announce.ask_audience": (
        "<b>Кому отправить объявление?</b>\nНажмите кнопку или напишите одно из этого:\n\n"
        "<code>all</code>: всем\n"
        "<code>test</code>: только вам\n"
        "<code>req10</code>: тем, у кого не меньше 10 запросов\n"
        "<code>bal1000</code>: тем, у кого баланс не меньше 1000\n"
        "<code>active7</code>: тем, кто был активен за последние 7 дней\n"
        "<code>langru</code>: тем, кто говорит на этом языке\n"
        "id, @username или id группы"
    ),
    "announce.bad_audience.unknown": "Такой аудитории нет. Напишите, например, <code>all</code> или <code>req5</code>.",
    "announce.bad_audience.number": (
        "Нет числа, или оно слишком большое. Напишите, например, <code>req10</code>, <code>bal1000</code>"
        " или <code>active7</code>."
    ),
    "announce.bad_audience.nobody_known": "Я не знаю этого человека: он ещё не нажимал здесь /start.",
    "announce.nobody": (
        "Это никто не получит. Аудитория: {audience}; не войдут (заблокированы или недоступны): {left_out}."
        " Пожалуйста, выберите другую."
    ),
    "announce.ask_content": (
        "Аудитория: {audience}\nПолучателей: <b>{recipients}</b>\n"
        "Не войдут (заблокированы или недоступны): {left_out}\nВремя отправки (примерно): {time}.\n\n"
        "Теперь пришлите сообщение: текст с оформлением, фото, видео, альбом, файл, голосовое. Оно копируется как есть."
    ),
    "announce.bad_content.kind": "Сообщение такого вида скопировать нельзя. Пожалуйста, пришлите другое.",
    "announce.bad_content.refused": (
        "Это сообщение нельзя показать ещё раз (удалено или не копируется). Пожалуйста, пришлите другое."
    ),
    "announce.preview": (
        "Вот так оно придёт ⬆️\n\nАудитория: {audience}\nПолучателей: <b>{recipients}</b>\n"
        "Не войдут (заблокированы или недоступны): {left_out}\nВремя отправки (примерно): {time}.\n\n"
        "Отправить? Можно и прислать вместо него другое сообщение."
    ),
    "announce.preview_album": (
        "Вот так оно придёт ⬆️\n\nАудитория: {audience}\nПолучателей: <b>{recipients}</b>\n"
        "Не войдут (заблокированы или недоступны): {left_out}\nВремя отправки (примерно): {time}.\n\n"
        "Отправить? Можно и прислать вместо него другое сообщение. Кнопки под альбомом Telegram не допускает."
    ),
    "announce.no_links": "Кнопки под альбомом Telegram не допускает.",
    "announce.ask_links": (
        "Пришлите кнопки, по строке на каждый ряд:\n\n<code>Наш сайт - https://example.org</code>\n"
        "<code>Новости - https://t.me/example | Магазин - https://example.org/shop</code>\n\n"
        "Знак <code>|</code> ставит кнопки рядом. Рядов может быть не больше {rows}, кнопок в ряду не больше {row}."
    ),
    "announce.ask_links_again": (
        "Кнопки сейчас (нажмите, чтобы скопировать):\n\n<code>{text}</code>\n\nПришлите новые, по строке на каждый ряд."
    ),
    "announce.bad_links.empty": "Кнопок здесь нет. Напишите, например, <code>Наш сайт - https://example.org</code>",
    "announce.bad_links.not_text": (
        "Кнопки пишутся текстом. Напишите, например, <code>Наш сайт - https://example.org</code>"
    ),
    "announce.bad_links.no_address": (
        "Строка {line}: каждая кнопка должна кончаться ссылкой, которая начинается с https://, http:// или tg://."
        " Например: <code>Наш сайт - https://example.org</code>\nПожалуйста, пришлите все строки заново."
    ),
    "announce.bad_links.bad_address": (
        "Строка {line}: такую ссылку Telegram не примет. Пожалуйста, пришлите все строки заново."
    ),
    "announce.bad_links.no_label": (
        "Строка {line}: нет надписи на кнопке. Напишите её перед ссылкой:"
        " <code>Наш сайт - https://example.org</code>\nПожалуйста, пришлите все строки заново."
    ),
    "announce.bad_links.long_label": (
        "Строка {line}: надпись слишком длинная, наибольшая длина в символах: {label}."
        " Пожалуйста, пришлите все строки заново."
    ),
    "announce.bad_links.wide": (
        "Строка {line}: слишком много кнопок рядом, можно не больше {row}. Пожалуйста, пришлите все строки заново."
    ),
    "announce.bad_links.many": (
        "Строка {line}: рядов с кнопками может быть не больше {rows}. Пожалуйста, пришлите все строки заново."
    ),
    "announce.bad_links.refused": (
        "Telegram не принял сообщение с этими кнопками: возможно, одна из ссылок неверна."
        " Пожалуйста, пришлите другие или уберите кнопки."
    ),
    "announce.confirmed": (
        "Подтверждено. Аудитория: {audience}; получателей: <b>{recipients}</b>; не войдут: {left_out};"
        " время (примерно): {time}."
    ),
    "announce.cancelled": "Отменено. Ничего не отправлено.",
    "announce.expired": "Больше не жду объявление. Ничего не отправлено; начать заново: /announce",
    "announce.progress": "📣 {state}: {done} из {total} ({percent} %)",
    "announce.now.sending": "Объявление рассылается",
    "announce.now.paused": "Рассылка приостановлена",
    "announce.now.stopping": "Рассылка останавливается",
    "announce.now.over": "Рассылка закончена",
    "announce.report": (
        "📣 <b>Объявление разослано.</b>\nАудитория: {audience}\n\nДоставлено: {delivered}\nЗаблокировано: {blocked}\n"
        "Чата больше нет: {gone}\nНе удалось: {failed}\nНеизвестно (обрыв связи, без повтора): {unknown}"
    ),
    "announce.report_stopped": (
        "📣 <b>Рассылка остановлена.</b>\nАудитория: {audience}\n\nДоставлено: {delivered}\nЗаблокировано: {blocked}\n"
        "Чата больше нет: {gone}\nНе удалось: {failed}\nНеизвестно (обрыв связи, без повтора): {unknown}\n"
        "Не отправлено: {left}"
    ),
    "announce.unreadable": "📣 Бот обновился, и одну рассылку продолжить не удалось. Она остановлена.",
    "announce.button.all": "Всем",
    "announce.button.test": "Только мне (проба)",
    "announce.button.active7": "Активные за 7 дней",
    "announce.button.active30": "Активные за 30 дней",
    "announce.button.langru": "Русский",
    "announce.button.langen": "Английский",
    "announce.button.send": "✅ Отправить ({recipients})",
    "announce.button.add_links": "🔗 Добавить кнопки-ссылки",
    "announce.button.change_links": "🔗 Изменить кнопки",
    "announce.button.remove_links": "Убрать кнопки",
    "announce.button.back": "⬅️ Назад",
    "announce.button.content": "Другое сообщение",
    "announce.button.audience": "Другая аудитория",
    "announce.button.pause": "⏸ Пауза",
    "announce.button.resume": "▶️ Продолжить",
    "announce.button.cancel": "✖️ Остановить",
    "announce.audience.all": "все",
    "announce.audience.test": "только вы (проба)",
    "announce.audience.requests": "не меньше чем {number:request}",
    "announce.audience.balance": "баланс не меньше чем {number:token}",
    "announce.audience.active": "были активны не раньше чем {number:day} назад",
    "announce.audience.language": "говорят на «{value}»",
    "announce.audience.user": "пользователь {value}",
    "announce.audience.username": "@{value}",
    "announce.audience.group": "группа {value}",
}
