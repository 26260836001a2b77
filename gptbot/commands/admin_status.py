"""/status: the figures of the running bot as the admin reads them (SPEC §7)."""

from dataclasses import dataclass
from typing import Literal

from gptbot.domain.outgoing import Text
from gptbot.domain.pricing import dollars
from gptbot.texts import Words, join
from gptbot.texts.names import safe_line

_TROUBLE_MAX = 200


@dataclass(frozen=True, slots=True)
class StatusFigures:
    """What /status shows. Queues are lengths; `today` is the UTC day; `cost_today` is in billionths of a dollar.

    Troubles are empty texts while all is well; `storage_lag_s` is how long the oldest change waits for data.json.
    `streaming`: how growing answers are shown; "no_drafts": edited, because Telegram's server takes no drafts.
    `access_requests`: people and groups that wait for an admin's yes, None where nobody needs one.
    """

    version: str
    uptime_s: int
    users: int
    questions_waiting: int
    outbox_waiting: int
    storage_letters: int
    answers_today: int
    errors_today: int
    cost_today: int
    model_trouble: str
    telegram_trouble: str
    storage_lag_s: float
    streaming: Literal["drafts", "no_drafts", "edits", "off"] = "drafts"
    access_requests: int | None = None


def status_text(words: Words, figures: StatusFigures) -> Text:
    """The answer to /status."""
    days, seconds = divmod(max(0, figures.uptime_s), 86400)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"

    def health(trouble: str) -> str:
        return (
            words.plain("status.trouble", trouble=safe_line(trouble, _TROUBLE_MAX))
            if trouble
            else words.plain("status.ok")
        )

    text = words(
        "status.text",
        version=figures.version,
        uptime=f"{words.count(days, 'day')} {clock}" if days else clock,
        users=figures.users,
        questions=figures.questions_waiting,
        outbox=figures.outbox_waiting,
        letters=figures.storage_letters,
        answers=figures.answers_today,
        errors=figures.errors_today,
        cost=dollars(figures.cost_today),
        model=health(figures.model_trouble),
        telegram=health(figures.telegram_trouble),
        lag=f"{figures.storage_lag_s:.1f}",
        streaming=words.plain(f"status.streaming.{figures.streaming}"),
    )
    if figures.access_requests is None:
        return text
    return join(text, words("status.access", requests=figures.access_requests))
