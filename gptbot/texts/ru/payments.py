"""Русский: покупки за звёзды Telegram, возвраты, вопросы об оплате."""

TEXTS: dict[str, str] = {
    "command.paysupport": "вопрос об оплате",
    "command.refund": "вернуть звёзды за оплату",
    # --- /topup
    "topup.packages": (
        "<b>Пополнение за звёзды Telegram</b>\n\n"
        "У вас {balance:token}, {premium_balance:premium_token} и {image_balance:image}.\n"
        "Выберите, что нужно: сначала придёт счёт, и решить можно будет ещё раз. Вопросы об оплате: /paysupport"
    ),
    "topup.package": "{bought}: {stars} ⭐",
    "topup.description": "На ваш баланс в этом боте: {bought}. Доступно сразу, срок не ограничен.",
    "topup.unavailable": "Telegram сейчас не принял от меня счёт. Попробуйте, пожалуйста, позже.",
    # --- what Telegram shows when a bill can't be paid
    "checkout.off": "Сейчас здесь ничего нельзя купить. С вас ничего не списано.",
    "checkout.closed": "В этом боте вы не можете ничего купить. С вас ничего не списано.",
    "checkout.stranger": "Сначала нажмите, пожалуйста, «Старт» в чате со мной: тогда появится баланс для пополнения.",
    "checkout.not_yours": "Этот счёт выставлен другому. Свой можно получить командой /topup. С вас ничего не списано.",
    "checkout.changed": "Это предложение изменилось. Что есть сейчас, покажет /topup. С вас ничего не списано.",
    "checkout.full": "Больше на ваш баланс не поместится. С вас ничего не списано.",
    "checkout.later": "Сейчас я не могу ничего сохранить. Попробуйте, пожалуйста, позже. С вас ничего не списано.",
    # --- what was paid
    "payment.booked": (
        "Спасибо! Зачислено за {stars} ⭐: {bought}. Теперь на балансе: {balance}.\n\n"
        "Номер этой оплаты на случай вопросов (/paysupport): <code>{charge}</code>"
    ),
    "payment.unknown_package": (
        "Ваша оплата ({stars} ⭐) пришла, но я не могу понять, за что она. Администратор знает об этом и всё исправит."
        "\n\nНомер этой оплаты: <code>{charge}</code>"
    ),
    "payment.stranger": (
        "Ваша оплата ({stars} ⭐) пришла, но у вас здесь нет баланса, чтобы её зачислить. Администратор знает об этом и"
        " всё исправит.\n\nНомер этой оплаты: <code>{charge}</code>"
    ),
    "payment.admin.booked": (
        "<b>Оплата: {stars} ⭐</b>\nОт кого: {who}\nЗачислено: {bought}\nТеперь на балансе: {balance}\n\n"
        "Вернуть: <code>/refund {user} {charge}</code>"
    ),
    "payment.admin.unknown_package": (
        "<b>Оплата, которую не удалось зачислить: {stars} ⭐</b>\nОт кого: {who}\n"
        "Неизвестно, за что она: этот счёт выставлял не я.\n\nВернуть: <code>/refund {user} {charge}</code>"
    ),
    "payment.admin.stranger": (
        "<b>Оплата, которую не удалось зачислить: {stars} ⭐</b>\nОт кого: {who}\n"
        "У этого человека здесь нет аккаунта.\n\nВернуть: <code>/refund {user} {charge}</code>"
    ),
    # --- /refund
    "usage.refund": (
        "<b>/refund</b> пользователь оплата возвращает звёзды за оплату и списывает то, что за них было зачислено;"
        " номер оплаты есть в сообщении о ней.\nПример: <code>/refund @johndoe stxAbCdEf123</code>"
    ),
    "refund.already": "Звёзды за эту оплату уже были возвращены. Ничего не изменилось.",
    "refund.other": "Это оплата другого человека. Ничего не изменилось.",
    "refund.under_way": "Эти звёзды возвращаются прямо сейчас.",
    "refund.refused": "Telegram не вернул звёзды: {problem}. Ничего не изменилось.",
    "payment.returned.user": (
        "Звёзды за вашу оплату возвращены. Списано с баланса: {bought}. Теперь на балансе: {balance}."
    ),
    "payment.returned.admin": "Звёзды возвращены.\nКому: {who}\nСписано: {bought}\nТеперь на балансе: {balance}",
    "payment.returned.unbooked": (
        "Звёзды возвращены.\nКому: {who}\nЗа эту оплату ничего не было зачислено, поэтому баланс не изменился."
    ),
    # --- /paysupport
    "usage.paysupport": (
        "Что-то не так с оплатой? Напишите об этом после <b>/paysupport</b> и укажите номер оплаты: я передам"
        " администратору.\nПример: <code>/paysupport Я заплатил дважды: stxAbCdEf123</code>"
    ),
    "paysupport.sent": "Передал администратору. Ответ придёт сюда.",
    "paysupport.question": (
        "<b>Вопрос об оплате</b>\nОт кого: {who}\n\n<i>{text}</i>\n\nОтветить: <code>/announce {user}</code>"
    ),
}
