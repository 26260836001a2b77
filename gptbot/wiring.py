"""Builds the edges from the settings, puts the app on them, and runs it until it is stopped."""

import asyncio
import gc
import signal
from collections.abc import Awaitable, Callable

import orjson
import structlog

from gptbot.app import App, Edges
from gptbot.domain.updates import AnyUpdate, Me
from gptbot.edges.clock import SystemClock
from gptbot.edges.documents import LocalDocumentReader
from gptbot.edges.metrics import MetricsServer
from gptbot.edges.openai_audio import OpenAISpeechModel, OpenAITranscriptionModel
from gptbot.edges.openai_chat import OpenAIChatModel
from gptbot.edges.openai_client import OpenAIConnection
from gptbot.edges.openai_media import OpenAIImageModel
from gptbot.edges.opening import OpenedStorage, close_storage, open_storage
from gptbot.edges.pacing import Backoff, Limits
from gptbot.edges.rendering import TelegramRenderer
from gptbot.edges.telegram_api import TelegramApi, TelegramError, TelegramRefusal
from gptbot.edges.telegram_decode import Undecodable, decode
from gptbot.edges.telegram_files import TelegramFiles
from gptbot.edges.telegram_in import Poller, token_refused
from gptbot.edges.telegram_out import TelegramMessenger
from gptbot.edges.token_counter import TiktokenCounter
from gptbot.edges.webhook import Webhook
from gptbot.errors import OperatorError
from gptbot.settings import Settings

log = structlog.get_logger()


def run(settings: Settings, *, accept_data: bool) -> int:
    """Runs the bot; the exit status. Raises OperatorError for what the operator has to mend."""
    opened = open_data(settings, accept=accept_data)
    # Libraries and accounts stay for ever: without them a full collection takes no time. With them it would stop the
    # loop for 150 to 200 ms every few seconds (`make bench`, the lag).
    gc.collect()
    gc.freeze()
    # Streams make little garbage in circles and many objects that live for a second: looked through less often, the
    # loop waits less (`make bench`, 500 streams at once).
    gc.set_threshold(10_000, 20, 20)
    gc.enable()
    try:
        asyncio.run(_until_signal(settings, opened))
    finally:
        close_storage(opened)
    return 0


def open_data(settings: Settings, *, accept: bool = False) -> OpenedStorage:
    """data.json and data.db as the settings name them. Raises OperatorError."""
    return open_storage(
        settings.data_file,
        bot_id=settings.bot_id,
        admins=settings.admin_chat_id,
        backup_count=settings.backup_count,
        backup_days=settings.backup_days,
        accept=accept,
    )


async def _until_signal(settings: Settings, opened: OpenedStorage) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await serve(settings, opened, stop)


async def serve(settings: Settings, opened: OpenedStorage, stop: asyncio.Event) -> None:
    """The whole bot on opened storage, until `stop` is set or an admin says /stop. Raises OperatorError."""
    proxy = settings.proxy_url.get_secret_value() if settings.proxy_url else None
    api = TelegramApi(settings.telegram_api_key.get_secret_value(), settings.telegram_api_url, proxy)
    connection = OpenAIConnection(
        settings.openai_api_key.get_secret_value(),
        settings.openai_base_url,
        proxy,
        read_timeout_s=settings.model_read_timeout_s,
        connections_max=settings.model_concurrency,
    )
    try:
        await _serve(settings, opened, api, connection, stop)
    finally:
        await connection.close()
        await api.close()


async def _serve(
    settings: Settings, opened: OpenedStorage, api: TelegramApi, connection: OpenAIConnection, stop: asyncio.Event
) -> None:
    clock = SystemClock()
    meeting = asyncio.ensure_future(_meet(api, clock))
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait([meeting, stopping], return_when=asyncio.FIRST_COMPLETED)
    if not meeting.done():
        meeting.cancel()
        return
    me = meeting.result()
    counter = TiktokenCounter(settings.tiktoken_cache_dir)
    edges = Edges(
        me=me,
        book=opened.book,
        document=opened.document,
        counters=opened.counters,
        database=opened.database,
        data_file=opened.data_file,
        messenger=TelegramMessenger(api, clock, _limits(settings)),
        chat_model=OpenAIChatModel(connection),
        image_model=OpenAIImageModel(
            connection, settings.image_model, size=settings.image_size, quality=settings.image_quality
        ),
        transcription_model=OpenAITranscriptionModel(connection, settings.transcription_model or ""),
        speech_model=OpenAISpeechModel(connection, settings.speech_model or "", settings.speech_voice),
        files=TelegramFiles(api, clock),
        documents=LocalDocumentReader(),
        counter=counter,
        renderer=TelegramRenderer(settings.rich_messages),
        clock=clock,
        decode=lambda stored: _decode(stored, me),
        requests_to_show=opened.requests_to_show,
    )
    app = App(edges, settings.rules())
    stopping.add_done_callback(lambda _: app.request_stop())
    api.counted = app.figures.telegram_call
    updates = _updates(settings, api, me, app, clock)
    await app.run(updates.run, beside=[counter.load, *_watching(settings, app, updates, clock)])
    stopping.cancel()


def _watching(
    settings: Settings, app: App, updates: Poller | Webhook, clock: SystemClock
) -> list[Callable[[], Awaitable[None]]]:
    """The server of metrics and health, if it is wanted."""
    if settings.metrics_port is None:
        return []

    def troubles() -> list[str]:
        lost = [f"no updates come ({updates.trouble})"] if updates.trouble else []
        return [*app.troubles(), *lost]

    return [MetricsServer(settings.metrics_port, app.metrics, troubles, clock).run]


def _limits(settings: Settings) -> Limits:
    return Limits(
        chat_per_s=settings.rate_chat_per_s,
        chat_burst=settings.rate_chat_burst,
        group_per_min=settings.rate_group_per_min,
        overall_per_s=settings.rate_overall_per_s,
        announcements_per_s=settings.announce_per_s,
    )


def _updates(settings: Settings, api: TelegramApi, me: Me, app: App, clock: SystemClock) -> Poller | Webhook:
    if settings.updates == "polling" or settings.webhook_url is None or settings.webhook_secret is None:
        return Poller(api, me, app.intake.take, clock)
    return Webhook(
        api,
        me,
        app.intake.take,
        clock,
        url=settings.webhook_url,
        secret=settings.webhook_secret.get_secret_value(),
        host=settings.webhook_host,
        port=settings.webhook_port,
    )


async def _meet(api: TelegramApi, clock: SystemClock) -> Me:
    """Who the bot is, as soon as Telegram answers. Raises OperatorError when it refuses the token."""
    backoff, said = Backoff(), False
    while True:
        wait_s = backoff.next_s()
        try:
            return await api.get_me()
        except TelegramRefusal as refusal:
            if refusal.status in (401, 404):
                raise OperatorError(token_refused(refusal)) from None
            reason, wait_s = str(refusal), max(refusal.retry_after_s or 0.0, wait_s)
        except TelegramError as error:
            reason = str(error)
        if not said:
            log.warning("telegram.unreachable", reason=reason)
            said = True
        await clock.sleep(wait_s)


def _decode(stored: bytes, me: Me) -> AnyUpdate | None:
    """An update out of the inbox; None if it can't be read any more (after a change of the program)."""
    try:
        return decode(orjson.loads(stored), me)
    except (ValueError, Undecodable):
        log.exception("update.unreadable")
        return None
