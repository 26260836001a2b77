"""The figures of the running bot for whoever watches it from outside (SPEC §10): metrics, and whether it is well."""

from collections.abc import Sequence

from gptbot import VERSION
from gptbot.actors.desk import Desk
from gptbot.domain.measures import Metric, gauge
from gptbot.ports import ModelTrouble, StorageUnavailable

MODEL_IS_OUT = (ModelTrouble.KEY, ModelTrouble.QUOTA, ModelTrouble.MODEL)
"""Troubles of the model after which no question is answered until the owner does something."""


async def metrics(desk: Desk, user_actors: int) -> list[Metric]:
    """All of them, those of data.db unless it can't be read."""
    return [*_counted(desk), *_standing(desk, user_actors), *await _stored(desk)]


def troubles(desk: Desk) -> list[str]:
    """Why the bot can't do its work now; empty while all is well."""
    found = []
    if desk.stopping:
        found.append("the bot is stopping")
    if desk.storage.in_trouble:
        found.append("data.db can't be written")
    if desk.data_writer.failing:
        found.append("data.json can't be written")
    if desk.messenger.trouble:
        found.append(f"Telegram does not answer ({desk.messenger.trouble})")
    if desk.figures.model_trouble in MODEL_IS_OUT:
        found.append(f"the model can't be used ({desk.figures.model_trouble})")
    return found


def _counted(desk: Desk) -> Sequence[Metric]:
    figures = desk.figures
    return (
        gauge("gptbot_info", "The version that runs.", 1, (("version", VERSION),)),
        gauge("gptbot_start_time_seconds", "When the bot was started, since 1970.", figures.started_at),
        figures.turns.metric("gptbot_turns_total", "Questions and pictures that came to an end."),
        figures.turn_s.metric("gptbot_turn_seconds", "From the beginning of a question or picture to its end."),
        figures.first_text_s.metric(
            "gptbot_first_text_seconds", "From the beginning of a question to the first words."
        ),
        figures.tokens.metric("gptbot_tokens_total", "Tokens of delivered answers; cached_input is a part of input."),
        figures.dollars.metric("gptbot_cost_dollars_total", "Cost of what was delivered."),
        figures.model_troubles.metric("gptbot_model_troubles_total", "Calls of models that brought no whole result."),
        figures.telegram_calls.metric("gptbot_telegram_calls_total", "Calls of the Bot API; flood is a 429."),
        figures.telegram_asked_to_wait_s.metric(
            "gptbot_telegram_flood_wait_seconds_total", "Seconds that Telegram asked to wait (429)."
        ),
        desk.storage.commit_s.metric("gptbot_storage_commit_seconds", "Commits to data.db and how long they took."),
        desk.data_writer.writes.metric("gptbot_data_file_writes_total", "Times that data.json was to be written."),
    )


def _standing(desk: Desk, user_actors: int) -> Sequence[Metric]:
    return (
        gauge("gptbot_users", "Accounts.", len(desk.storage.book.accounts)),
        gauge("gptbot_user_actors", "People with an actor of their own at this moment.", user_actors),
        gauge("gptbot_turns_under_way", "Questions and pictures that are worked on.", len(desk.under_way)),
        gauge("gptbot_questions_waiting", "Questions that wait for one before them.", desk.figures.questions_waiting),
        gauge("gptbot_outbox_waiting", "Messages that have not been sent yet.", desk.delivery.waiting),
        gauge("gptbot_storage_waiting", "Changes that wait for the next commit.", desk.storage.waiting),
        gauge("gptbot_data_file_lag_seconds", "How long data.json has been behind data.db.", desk.data_writer.lag_s),
    )


async def _stored(desk: Desk) -> Sequence[Metric]:
    try:
        waiting = await desk.database.waiting()
    except StorageUnavailable:
        return ()
    return (
        gauge("gptbot_inbox_open", "Updates that are accepted and not finished.", waiting.updates),
        gauge("gptbot_reports_waiting", "Lines of the admin's feed that have not been sent.", waiting.reports),
    )
