"""The whole bot in one process with its stand-ins, over real HTTP; data in a folder of the test's own."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict
from tiktoken import Encoding

from gptbot import wiring
from gptbot.edges.opening import close_storage
from gptbot.edges.token_counter import TiktokenCounter
from gptbot.playground.bot_api import BotApiServer
from gptbot.playground.model_api import ModelServer
from gptbot.settings import load_settings
from gptbot.wiring import open_data, serve
from tests.stories.kit import Person
from tests.stories.secrets import leaks

TOKEN = "4242:AAstoriestoken_stories"
ADMIN = 777

BREAKS = {"user.letter_broke", "turn.broke", "actor.failed", "task.failed", "storage.conflict", "update.unreadable"}
"""Log events that no story may leave behind: each is a bug, whatever the person saw of it."""


class House:
    """Telegram, the model and the bot. `start` and `stop` (or `restart`) the bot; the stand-ins stay."""

    def __init__(self, folder: Path, telegram: BotApiServer, model: ModelServer, logs: list[EventDict]) -> None:
        self.folder = folder
        self.telegram = telegram
        self.model = model
        self.logs = logs
        self.keys = [TOKEN, "sk-stories"]
        """What must be nowhere when the test is over; a test in which people write them themselves empties it."""
        self.environ = {
            "TELEGRAM_API_KEY": TOKEN,
            "OPENAI_API_KEY": "sk-stories",
            "ADMIN_CHAT_ID": str(ADMIN),
            "TELEGRAM_API_URL": telegram.url,
            "OPENAI_BASE_URL": f"{model.url}/v1",
            "DATA_FILE": str(folder / "data.json"),
            "RATE_CHAT_PER_S": "1000",
            "RATE_CHAT_BURST": "1000",
            "RATE_GROUP_PER_MIN": "60000",
            "REPORTS": "off",
            "STOP_GRACE_S": "5",
        }
        self._stop = asyncio.Event()
        self._bot: asyncio.Task[None] | None = None

    async def start(self, **settings: str) -> None:
        self.environ |= settings
        self._stop = asyncio.Event()
        opened = open_data(load_settings(self.folder / "none.env", self.environ))
        loaded = load_settings(self.folder / "none.env", self.environ)

        async def run() -> None:
            try:
                await serve(loaded, opened, self._stop)
            finally:
                close_storage(opened)

        self._bot = asyncio.get_running_loop().create_task(run())
        before = len(self.telegram.calls_of("getUpdates", "setWebhook"))
        await self.telegram.until(lambda: len(self.telegram.calls_of("getUpdates", "setWebhook")) > before)

    async def stop(self) -> None:
        self._stop.set()
        await self.ended()

    async def ended(self) -> None:
        """Returns when the bot has stopped by itself; raises what it failed with."""
        if self._bot is not None:
            bot, self._bot = self._bot, None
            await asyncio.wait_for(bot, 20)

    async def restart(self, **settings: str) -> None:
        await self.stop()
        await self.start(**settings)

    def person(self, user_id: int, name: str, username: str | None = None, **options: Any) -> Person:
        return Person(self.telegram, user_id, name, username, **options)

    async def member(self, user_id: int, name: str, username: str | None = None, **options: Any) -> Person:
        """Somebody who has pressed /start."""
        person = self.person(user_id, name, username, **options)
        await person.says("/start")
        await person.sees("")
        return person

    def data(self) -> dict[str, Any]:
        """data.json as it stands on the disk."""
        document = orjson.loads((self.folder / "data.json").read_bytes())
        assert isinstance(document, dict)
        return document


def no_table() -> Encoding:
    """Tokens are estimated in stories: tiktoken would look for its table on the internet."""
    raise OSError


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    """Everything but the bot is running; the test starts it with the settings it needs."""
    monkeypatch.setattr(wiring, "TiktokenCounter", lambda _: TiktokenCounter(load=no_table))
    telegram = BotApiServer(TOKEN)
    model = ModelServer()
    await telegram.start()
    await model.start()
    with capture_logs() as logs:
        made = House(tmp_path, telegram, model, logs)
        yield made
        await made.stop()
    await model.stop()
    await telegram.stop()
    assert not leaks(made.keys, telegram, tmp_path, logs)
    assert not [line for line in logs if line["event"] in BREAKS]
    assert not telegram.unknown_parameters


@pytest.fixture
async def bot(house: House) -> House:
    """The house with the bot running on standard settings."""
    await house.start()
    return house


@pytest.fixture
async def admin(bot: House) -> Person:
    return await bot.member(ADMIN, "Olga", "owner")


@pytest.fixture
async def alice(bot: House) -> Person:
    return await bot.member(101, "Alice", "alice")


@pytest.fixture
async def bob(bot: House) -> Person:
    return await bot.member(102, "Bob", "bob")
