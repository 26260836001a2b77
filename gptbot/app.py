"""Which actors there are, in which order they start, and how they stop: the composition root of everything with a loop.

It knows ports, never edges; `wiring` (and tests) put the edges in.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from gptbot.actors.broadcast import BroadcastActor
from gptbot.actors.data_writer import DataWriter
from gptbot.actors.delivery import Delivery
from gptbot.actors.desk import Desk
from gptbot.actors.directory import Directory
from gptbot.actors.figures import Figures
from gptbot.actors.intake import Intake
from gptbot.actors.menu import keep_menu
from gptbot.actors.metrics import metrics, troubles
from gptbot.actors.muted import MutedGroups
from gptbot.actors.reports import ReportActor
from gptbot.actors.storage import Storage
from gptbot.actors.supervisor import Supervisor
from gptbot.commands import access, favors
from gptbot.domain.book import Book
from gptbot.domain.document import Document
from gptbot.domain.measures import Metric
from gptbot.domain.rules import Rules
from gptbot.domain.transaction import Counters, Transaction
from gptbot.domain.updates import AnyUpdate, Me
from gptbot.ports import (
    ChatModel,
    Clock,
    Database,
    DataFile,
    DocumentReader,
    Files,
    ImageModel,
    Messenger,
    Renderer,
    SpeechModel,
    TokenCounter,
    TranscriptionModel,
)

log = structlog.get_logger()

DISK_GRACE_S = 2.0
"""So long the stop waits for a disk that refuses what is to be written."""


@dataclass(frozen=True, slots=True)
class Edges:
    """Everything outside, as ports, and the state that storage starts from."""

    me: Me
    book: Book
    document: Document
    counters: Counters
    database: Database
    data_file: DataFile
    messenger: Messenger
    chat_model: ChatModel
    image_model: ImageModel
    transcription_model: TranscriptionModel
    speech_model: SpeechModel
    files: Files
    documents: DocumentReader
    counter: TokenCounter
    renderer: Renderer
    clock: Clock
    decode: Callable[[bytes], AnyUpdate | None]
    requests_to_show: bool = False
    """data.db is new, or there are other admins: requests that are open have to be shown to the main admin."""


class App:
    """The running bot. `updates` is how updates come in: given the intake, it runs until it is cancelled."""

    def __init__(self, edges: Edges, rules: Rules) -> None:
        self._edges = edges
        self._rules = rules
        self._stop = asyncio.Event()
        self._fatal: BaseException | None = None
        clock = edges.clock
        # Two supervisors: storage outlives everybody who writes to it.
        self._below = Supervisor(clock, self._failed)
        self._above = Supervisor(clock, self._failed)
        self.storage = Storage(edges.book, edges.document, edges.counters, edges.database, clock, self._below)
        self._data_writer = DataWriter(
            self.storage, edges.database, edges.data_file, clock, self._below, rules.turns_kept_days
        )
        self._delivery = Delivery(self.storage, edges.database, edges.messenger, self._above, rules)
        self._reports = ReportActor(self.storage, edges.database, edges.messenger, clock, self._above, rules)
        self._broadcast = BroadcastActor(self.storage, edges.database, edges.messenger, clock, self._above, rules)
        self._desk = Desk(
            rules=rules,
            me=edges.me,
            storage=self.storage,
            database=edges.database,
            data_writer=self._data_writer,
            delivery=self._delivery,
            messenger=edges.messenger,
            chat_model=edges.chat_model,
            image_model=edges.image_model,
            transcription_model=edges.transcription_model,
            speech_model=edges.speech_model,
            files=edges.files,
            documents=edges.documents,
            counter=edges.counter,
            renderer=edges.renderer,
            clock=clock,
            supervisor=self._above,
            figures=Figures(clock.now()),
            muted=MutedGroups(clock),
            request_stop=self.request_stop,
        )
        self._directory = Directory(self._desk)
        self.intake = Intake(self.storage, edges.database, self._directory, edges.decode)

    @property
    def figures(self) -> Figures:
        """Where everybody counts, the edges too."""
        return self._desk.figures

    async def metrics(self) -> list[Metric]:
        """See `actors/metrics`."""
        return await metrics(self._desk, self._directory.active)

    def troubles(self) -> list[str]:
        """See `actors/metrics`."""
        return troubles(self._desk)

    def request_stop(self) -> None:
        """Begins the stop; `run` returns when it is through."""
        self._stop.set()

    async def run(
        self, updates: Callable[[], Awaitable[None]], beside: Sequence[Callable[[], Awaitable[None]]] = ()
    ) -> None:
        """Starts everything, takes updates until a stop is requested, stops in reverse order.

        `beside` runs along (loading tables). Raises what an actor failed with for good.
        """
        await self._start()
        source = self._above.keep("updates", updates)
        for work in beside:
            self._above.keep("beside", work)
        log.info("bot.started", bot=self._edges.me.username, users=len(self._edges.book.accounts))
        await self._stop.wait()
        log.info("bot.stopping")
        source.cancel()
        await asyncio.wait([source])
        await self._drain()
        await self._above.stop()
        if await self._written_out():
            log.info("bot.stopped")
        else:
            log.warning("bot.stopped_unwritten")
        await self._below.stop()
        if self._fatal is not None:
            raise self._fatal

    async def _start(self) -> None:
        self.storage.start()
        self._data_writer.start()
        await self._delivery.start()
        await self._reports.start()
        await self._broadcast.start()
        self._directory.start()
        self._above.keep("menu", lambda: keep_menu(self._edges.messenger, self._edges.clock, self._rules))
        if self._edges.requests_to_show:
            await self.storage.commit(self._show_open_requests)
        await self.intake.resume()

    def _show_open_requests(self, tx: Transaction) -> None:
        favors.show_open_requests(tx, self._rules)
        access.show_open_requests(tx, self._rules)

    async def _drain(self) -> None:
        """Lets answers under way get through, for a settable while; the rest waits in the inbox."""
        self._desk.stopping = True
        self._broadcast.wind_down()  # at once: an answer may take up the whole grace
        try:
            async with asyncio.timeout(self._rules.stop_grace_s):
                await self._directory.quiet()
                await self._delivery.idle()
                await self._broadcast.stop()
                await self._reports.stop()
        except TimeoutError:
            log.warning("bot.stopped_early", waiting=self._delivery.waiting)

    async def _written_out(self) -> bool:
        """Everything is on the disk; False for a disk that takes nothing, which must not hold up the end.

        What it refused was confirmed to nobody.
        """
        writing = self._below.spawn("last writing", self._write_out())
        while not writing.done():
            await asyncio.wait([writing], timeout=DISK_GRACE_S)
            if self.storage.in_trouble and not writing.done():
                return False
        await writing
        return True

    async def _write_out(self) -> None:
        await self._data_writer.stop()
        await self.storage.stop()

    def _failed(self, error: BaseException) -> None:
        self._fatal = self._fatal or error
        self._stop.set()
