"""A desk with a real storage actor and fakes for what is outside; time moves only when a test says so."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gptbot.actors.data_writer import DataWriter
from gptbot.actors.delivery import Delivery
from gptbot.actors.desk import Desk
from gptbot.actors.directory import Directory
from gptbot.actors.figures import Figures
from gptbot.actors.muted import MutedGroups
from gptbot.actors.user import Arrived
from gptbot.domain.outgoing import Text
from gptbot.domain.rules import ModelSpec, Rules
from gptbot.domain.updates import AnyUpdate, Me, MessageSent, Person, Place
from gptbot.domain.wish import Wish
from gptbot.edges.data_file import JsonDataFile
from gptbot.ports import (
    ChatRequest,
    Completed,
    DocumentError,
    DocumentText,
    FileError,
    InboxUpdate,
    ModelError,
    Picture,
    TextDelta,
    Usage,
    Voice,
)
from gptbot.texts import Words
from tests.actors.fake_messenger import FakeMessenger
from tests.actors.making_storage import Made, registering, storage_in
from tests.edges.manual_clock import settle

SPEC = ModelSpec("m", 100_000, 1.0, 1.0, 1.0)
RULES = Rules(
    admins=(9,), basic=SPEC, premium=SPEC, image_model="i", image_price=0.0, actor_idle_s=60, queue_length=100
)


class FakeModel:
    """Answers "answer to <question>" for 10 tokens, as soon as `gate` is open; has every file, too.

    `file_problem` is raised, or "" for a recording without a word; `slow_files` wait for the gate as well.
    """

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked: list[str] = []
        self.requests: list[ChatRequest] = []
        self.files: dict[str, bytes] = {}
        self.file_problem: Exception | str | None = None
        self.slow_files = False
        self.fails_with: BaseException | None = None

    async def stream(self, request: ChatRequest) -> AsyncGenerator[TextDelta | Completed, None]:
        question = request.messages[-1].content
        self.asked.append(question)
        self.requests.append(request)
        await self.gate.wait()
        if self.fails_with is not None:
            raise self.fails_with
        yield TextDelta(f"answer to {question}")
        yield Completed("stop", Usage(5, 5, 10))

    async def draw(self, wish: Wish, original: bytes | None = None) -> Picture:
        await self.gate.wait()
        return Picture(b"png", "picture.png")

    async def transcribe(self, recording: bytes, filename: str) -> str:
        if isinstance(self.file_problem, ModelError):
            raise self.file_problem
        return f"what {filename} says" if self.file_problem is None else ""

    async def speak(self, text: str) -> Voice:
        return Voice(b"OggS" + text.encode(), "voice.ogg")

    async def download(self, file_id: str, size_max: int) -> bytes:
        if self.slow_files:
            await self.gate.wait()
        if isinstance(self.file_problem, FileError):
            raise self.file_problem
        return self.files.get(file_id, b"png")

    async def read(self, content: bytes, characters_max: int) -> DocumentText:
        if isinstance(self.file_problem, DocumentError):
            raise self.file_problem
        text = content.decode()
        return DocumentText(text[:characters_max], len(text) > characters_max)


class Plain:
    """Counts a token a word, renders nothing."""

    def count(self, text: str) -> int:
        return len(text.split())

    async def count_many(self, texts: Sequence[str]) -> list[int]:
        return [self.count(text) for text in texts]

    def render(self, markdown: str) -> list[Text]:
        return [Text(markdown)]

    def plain(self, markdown: str) -> list[Text]:
        return [Text(markdown)]

    def rich(self, markdown: str) -> None:
        return None


@dataclass
class Office:
    """The directory with everything it needs. `says` records and routes like the intake does."""

    made: Made
    desk: Desk
    directory: Directory
    messenger: FakeMessenger
    model: FakeModel
    updates: int = 0

    def message(self, user: int, text: str, **more: Any) -> MessageSent:
        self.updates += 1
        person = Person(user, f"User {user}")
        return MessageSent(
            update_id=self.updates, person=person, place=Place(user), message_id=self.updates, text=text, **more
        )

    async def says(self, user: int, *texts: str) -> None:
        await self.arrives(*(self.message(user, text) for text in texts))

    async def arrives(self, *updates: AnyUpdate) -> None:
        await self.made.storage.record([InboxUpdate(update.update_id, update.person.id, b"{}") for update in updates])
        await self.directory.route([Arrived(update) for update in updates])

    @staticmethod
    def words(key: str, **values: object) -> str:
        """What people with English texts are told."""
        return Words("en").plain(key, **values)

    async def quiet(self) -> None:
        """Returns when nobody has anything to do any more."""
        await self.made.clock.finish(self.directory.quiet())
        await self.desk.delivery.idle()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Lets everything run, the database's threads too, until `condition` holds."""
        async with asyncio.timeout(10):
            while not condition():
                await settle()

    async def unfinished(self) -> list[int]:
        return [update.update_id for _, update in await self.made.real.pending_updates(0, 1000)]


@asynccontextmanager
async def office_in(folder: Path, *members: int, **rules: Any) -> AsyncIterator[Office]:
    async with storage_in(folder) as made:
        chosen = replace(RULES, **rules)
        messenger, model, plain = FakeMessenger(), FakeModel(), Plain()
        file = JsonDataFile(folder / "data.json", backup_count=1, backup_days=1)
        delivery = Delivery(made.storage, made.real, messenger, made.supervisor, chosen)
        await delivery.start()
        desk = Desk(
            rules=chosen,
            me=Me(4242, "thebot"),
            storage=made.storage,
            database=made.real,
            data_writer=DataWriter(made.storage, made.real, file, made.clock, made.supervisor, 30),
            delivery=delivery,
            messenger=messenger,
            chat_model=model,
            image_model=model,
            transcription_model=model,
            speech_model=model,
            files=model,
            documents=model,
            counter=plain,
            renderer=plain,
            clock=made.clock,
            supervisor=made.supervisor,
            figures=Figures(made.clock.now()),
            muted=MutedGroups(made.clock),
            request_stop=lambda: None,
        )
        directory = Directory(desk)
        directory.start()
        for user in members:
            await made.storage.commit(registering(user, 1000))
        yield Office(made, desk, directory, messenger, model)
        await made.supervisor.stop()
        file.close()
