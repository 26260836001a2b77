"""The admin's commands that need more than a transaction: a fresh data.json, the running figures."""

from collections.abc import Callable
from typing import Literal

from gptbot import VERSION
from gptbot.actors.desk import Desk
from gptbot.commands.admin_status import StatusFigures, status_text
from gptbot.commands.visit import Visit
from gptbot.domain.outgoing import media
from gptbot.domain.transaction import Transaction


async def data_document(desk: Desk, visit: Visit) -> Callable[[Transaction], None]:
    """/data: writes data.json, and shows it as a document with the number of users."""
    pieces = await desk.data_writer.write()
    if pieces is None:
        return lambda tx: visit.say(tx, "data.unwritable")
    content = b"{\n" + b",\n".join(pieces) + b"\n}\n"
    caption = visit.words("data.caption", users=len(desk.storage.book.accounts))

    def send(tx: Transaction) -> None:
        tx.send(media(visit.place, "document", "data.json", content, caption=caption))

    return send


def status(desk: Desk, visit: Visit) -> Callable[[Transaction], None]:
    """/status: how this process is doing."""
    now = desk.clock.now()
    figures = desk.figures
    figures.count(now)  # a day without answers has begun, too
    text = status_text(
        visit.words,
        StatusFigures(
            version=VERSION,
            uptime_s=now - figures.started_at,
            users=len(desk.storage.book.accounts),
            questions_waiting=figures.questions_waiting,
            outbox_waiting=desk.delivery.waiting,
            storage_letters=desk.storage.waiting,
            answers_today=figures.answers,
            errors_today=figures.errors,
            cost_today=figures.cost,
            model_trouble=figures.model_trouble,
            telegram_trouble=desk.messenger.trouble,
            storage_lag_s=desk.data_writer.lag_s,
            streaming=_streaming(desk),
            access_requests=_access_requests(desk),
        ),
    )

    def send(tx: Transaction) -> None:
        tx.send(visit.reply(text))

    return send


def _streaming(desk: Desk) -> Literal["drafts", "no_drafts", "edits", "off"]:
    if desk.rules.streaming == "auto":
        return "drafts" if desk.drafts else "no_drafts"
    return desk.rules.streaming


def _access_requests(desk: Desk) -> int | None:
    if desk.rules.access != "approval":
        return None
    return sum(permit.state == "waiting" for permit in desk.storage.book.permits.values())
