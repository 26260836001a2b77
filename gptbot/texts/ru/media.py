"""Русский: recordings, photos and documents that people send, and spoken answers."""

TEXTS: dict[str, str] = {
    # --- what is asked of the model when a file comes without words
    "media.question.picture": "Что на этой картинке?",
    "media.question.document": "Перескажите, пожалуйста, кратко этот файл.",
    "media.document.head": "Файл {name}:",
    # --- recordings
    "media.heard": "🎙 Я услышал:\n<expandable_blockquote>{text}</expandable_blockquote>",
    "media.nothing_heard": "В этой записи не слышно слов. Попробуйте, пожалуйста, ещё раз или напишите текстом.",
    "media.too_long": "Эта запись слишком длинная: слушаю не дольше {limit:second}. Пришлите её по частям.",
    "media.no_transcription": "Записи я здесь не слушаю. Пожалуйста, напишите текстом.",
    # --- photos and documents
    "media.too_large": "Этот файл слишком велик: я читаю файлы размером до {mb} МБ.",
    "media.gone": "Не удалось получить этот файл от Telegram. Пришлите его, пожалуйста, ещё раз.",
    "media.cut": "Файл {name} длинный, поэтому прочитано только его начало: {tokens:token}.",
    "media.document.not_text": "Такие файлы я читать не умею. Я читаю текстовые файлы (и исходный код) и PDF.",
    "media.document.locked": "Этот PDF защищён паролем. Пришлите его, пожалуйста, без пароля.",
    "media.document.empty": (
        "В этом файле нет текста. Если его страницы отсканированы, пришлите их, пожалуйста, как фото."
    ),
    "media.document.broken": "Не удалось прочитать этот файл: похоже, он повреждён. Пришлите его в другом виде.",
    # --- any of them
    "media.no_premium": (
        "Для голосовых сообщений и фото нужны {purse}, а они у вас закончились (остаток: {balance}). Загляните"
        " в /balance или /topup либо спросите меня текстом."
    ),
    # --- spoken answers
    "speech.elsewhere": "Эта часть есть в тексте.",
    "speech.no_balance": (
        "Для озвучивания ответа не хватает премиум-токенов. Пополнить: /topup; выключить озвучивание: /voice."
    ),
    "speech.forbidden": (
        "Настройки приватности в Telegram не позволяют присылать вам голосовые сообщения, поэтому озвучивание"
        " выключено. Включить снова: /voice."
    ),
    "speech.failed": "Озвучить этот ответ сейчас не удалось. За озвучивание ничего не списано.",
}
