"""Русский: команды и лента администратора."""

TEXTS: dict[str, str] = {
    "command.data": "data.json или всё о пользователе",
    "command.refill": "изменить баланс пользователя",
    "command.block": "заблокировать пользователя",
    "command.unblock": "разблокировать пользователя",
    "command.recent_users": "кто был активен",
    "command.top_users": "рейтинг пользователей",
    "command.status": "как дела у бота",
    "command.stop": "остановить бота",
    # --- wrong arguments
    "usage.data": (
        "<b>/data</b> присылает data.json; если указать id или @username, показывает всё об этом пользователе.\n"
        "Пример: <code>/data @johndoe</code>"
    ),
    "usage.refill": (
        "<b>/refill</b> пользователь количество [premium или image] меняет баланс; отрицательное количество"
        " списывает.\n"
        "Пример: <code>/refill @johndoe 10000</code>\n"
        "Пример: <code>/refill 123456789 -5 image</code>"
    ),
    "usage.block": "Команде <b>/block</b> нужен один id или @username.\nПример: <code>/block @johndoe</code>",
    "usage.unblock": "Команде <b>/unblock</b> нужен один id или @username.\nПример: <code>/unblock @johndoe</code>",
    "usage.recent_users": (
        "Команде <b>/recent_users</b> нужно число дней от 1 до 36500.\nПример: <code>/recent_users 7</code>"
    ),
    "usage.top_users": (
        "Команде <b>/top_users</b> нужно число пользователей и то, по чему их сравнить: requests, tokens, balance,"
        " premium_tokens, premium_balance, images, image_balance, favors, referrals (ref) или cost (price).\n"
        "Пример: <code>/top_users 10 tokens</code>"
    ),
    "admin.forgotten_user": (
        "{who}: все данные удалены по просьбе этого человека. На случай возвращения хранится: {balance:token},"
        " {premium_balance:premium_token}, {image_balance:image}. Заблокирован: {blocked}."
    ),
    "admin.unknown_user": "Я не знаю пользователя {who}. Укажите id или @username того, кто нажимал /start.",
    # --- /data
    "data.caption": "{users:user}",
    "data.unwritable": "Сейчас data.json не записывается: подробности в журнале. Ничего не потеряно.",
    "user.card": (
        "<b>{who}</b>\n"
        "Регистрация (UTC): {joined}\n"
        "Последний запрос (UTC): {last_request}\n"
        "Запросы: {requests}\n"
        "Токены: {tokens}\n"
        "Премиум-токены: {premium_tokens}\n"
        "Картинки: {images}\n"
        "Аудио: {audio_seconds:second}\n"
        "Расходы: {cost}\n"
        "Баланс: {balance:token}, {premium_balance:premium_token}, {image_balance:image}\n"
        "Модель: {model}\n"
        "Режим диалога: {context_tokens:token}\n"
        "Язык: {language} (в Telegram: {telegram_language})\n"
        "Просил токены, раз: {favors}; есть открытая просьба: {favor_pending}\n"
        "Заблокирован: {blocked}\n"
        "Можно написать: {reachable}\n"
        "Кто пригласил: {referrer}"
    ),
    "user.yes": "да",
    "user.no": "нет",
    "user.prompt": "Инструкция: {prompt}",
    "user.extra": "{key}: {value}",
    "user.invited": "Приглашено: {count}",
    "user.invited_more": "… и ещё {more}",
    # --- /refill
    "refill.done.balance": "Готово: {who}, {amount:token}. Теперь на балансе: {balance:token}.",
    "refill.done.premium_balance": "Готово: {who}, {amount:premium_token}. Теперь на балансе: {balance:premium_token}.",
    "refill.done.image_balance": "Готово: {who}, {amount:image}. Теперь на балансе: {balance:image}.",
    "refill.given.balance": "Администратор пополнил ваш баланс: {amount:token}. Теперь у вас: {balance:token}.",
    "refill.given.premium_balance": (
        "Администратор пополнил ваш баланс: {amount:premium_token}. Теперь у вас: {balance:premium_token}."
    ),
    "refill.given.image_balance": "Администратор пополнил ваш баланс: {amount:image}. Теперь у вас: {balance:image}.",
    "refill.taken.balance": "Администратор уменьшил ваш баланс: {amount:token}. Теперь у вас: {balance:token}.",
    "refill.taken.premium_balance": (
        "Администратор уменьшил ваш баланс: {amount:premium_token}. Теперь у вас: {balance:premium_token}."
    ),
    "refill.taken.image_balance": "Администратор уменьшил ваш баланс: {amount:image}. Теперь у вас: {balance:image}.",
    "refill.out_of_bounds": "Ничего не изменено: баланс не может выходить за пределы {largest} в обе стороны.",
    "refill.blocked": "Этот пользователь заблокирован, сообщение ему не отправлено.",
    "refill.unreachable": (
        "Баланс пользователя <code>{user}</code> изменён, но сообщить ему не удалось: он заблокировал бота или удалён."
    ),
    # --- /block, /unblock
    "block.done": "Теперь в блокировке: {who}.",
    "block.already": "Уже в блокировке: {who}.",
    "block.admin": "Администратора нельзя заблокировать: {who}.",
    "unblock.done": "Блокировка снята: {who}.",
    "unblock.already": "Блокировки не было: {who}.",
    # --- who is let in (ACCESS=approval)
    "access.request.person": "<b>Новый человек хочет пользоваться ботом</b>\n\nКто: {who}",
    "access.request.group": "<b>Бота хотят в группе</b>\n\nГруппа: {title} ({id})\nКто его там хочет: {who}",
    "access.yes": "Впустить",
    "access.no": "Не впускать",
    "access.request.approved": "<b>Доступ открыт.</b>",
    "access.request.declined": "<b>Доступ не открыт.</b>",
    "access.popup.approved": "Доступ открыт.",
    "access.popup.declined": "Доступ не открыт.",
    "access.popup.decided_before": "Это уже решено. Ничего не изменилось.",
    # --- /recent_users, /top_users
    "recent.header": "<b>Активность, {days:day}: {users:user}</b>",
    "recent.nobody": "Активных пользователей нет, период: {days:day}.",
    "recent.line": "{last} {who}: {requests:request}",
    "top.header": "<b>Первые {count}: {by}</b>",
    "top.line": "{rank}. {who}: {value}",
    "top.by.requests": "запросы",
    "top.by.tokens": "потраченные токены",
    "top.by.balance": "баланс токенов",
    "top.by.premium_tokens": "потраченные премиум-токены",
    "top.by.premium_balance": "баланс премиум-токенов",
    "top.by.images": "нарисованные картинки",
    "top.by.image_balance": "баланс картинок",
    "top.by.favors": "просьбы о токенах",
    "top.by.referrals": "приглашённые друзья",
    "top.by.cost": "расходы",
    # --- /status, /stop
    "status.text": (
        "<b>gptbot {version}</b>\n"
        "Работает: {uptime}\n"
        "Пользователи: {users}\n"
        "Вопросов в очереди: {questions}\n"
        "Сообщений в очереди: {outbox}\n"
        "Изменений в очереди: {letters}\n"
        "Сегодня (UTC): {answers:answer}, ошибок: {errors}, расходы: {cost}\n"
        "Модель: {model}\n"
        "Telegram: {telegram}\n"
        "Ответы по мере написания: {streaming}\n"
        "data.json отстаёт на {lag} с"
    ),
    "status.access": "Ждут вашего решения (ACCESS=approval): {requests}",
    "status.streaming.drafts": "черновики Telegram",
    "status.streaming.no_drafts": "правка сообщений (сервер не принимает черновики)",
    "status.streaming.edits": "правка сообщений",
    "status.streaming.off": "не показываются",
    "status.ok": "всё хорошо",
    "status.trouble": "сбой ({trouble})",
    "stop.stopping": "Останавливаюсь: заканчиваю начатое, сохраняю всё и завершаю работу.",
    # --- the feed
    "report.who": "<b>{who}</b>, {where}",
    "report.private": "личный чат",
    "report.text": "<i>{text}</i>",
    "report.answer": "{model}: {tokens:token}, {cost}. Баланс: {balance}",
    "report.picture": "{model}: картинка, {cost}. Баланс: {balance}",
    "report.other": "{model}: {kind}, {tokens:token}, {cost}. Баланс: {balance}",
    "report.more": "… и ещё {more:request}: {tokens:token}, {cost}",
    "report.digest": "<b>{requests:request}, {users:user}</b>: {tokens:token}, {cost}",
    "report.digest.person": "{who}: {requests:request}, {cost}. Баланс: {balance}",
    "report.digest.more": "… и ещё {users:user}",
}
