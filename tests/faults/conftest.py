"""A bot in a process of its own between stand-ins that the test holds in its hand."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gptbot.playground.bot_api import BotApiServer
from gptbot.playground.model_api import ModelServer
from tests.faults.answers import Answers
from tests.faults.checker import Expected
from tests.faults.moments import Moments
from tests.faults.process import BOT_ID, TOKEN, BotProcess


@pytest.fixture
async def telegram() -> AsyncIterator[BotApiServer]:
    server = BotApiServer(TOKEN, strict=False, bot_id=BOT_ID)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def model() -> AsyncIterator[ModelServer]:
    server = ModelServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def answers(model: ModelServer) -> Answers:
    made = Answers()
    made.attach(model)
    return made


@pytest.fixture
async def bot(
    telegram: BotApiServer, model: ModelServer, answers: Answers, tmp_path: Path
) -> AsyncIterator[BotProcess]:
    """Not started yet; ended with the test."""
    process = BotProcess(telegram, model, tmp_path)
    yield process
    await process.close()


@pytest.fixture
def moments(bot: BotProcess, answers: Answers) -> Moments:
    return Moments(bot, answers)


@pytest.fixture
def expected() -> Expected:
    """What the people of the test do."""
    return Expected()
