"""docs/PLAYGROUND.md tells what is there, no more and no less, and its examples run."""

import re
import shlex
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, get_args

import aiohttp
import orjson
import pytest

from gptbot.playground.bot_api import METHODS, UPDATE_METHODS
from gptbot.playground.control import ACTS
from gptbot.playground.demo import ADMIN_ID, ALICE_ID, BOB_ID, PORT, demo_telegram
from gptbot.playground.faults import FaultKind
from gptbot.playground.model_api import ModelServer
from gptbot.playground.model_faults import KINDS
from gptbot.playground.strict import CLASSES
from tests.stories.conftest import House, house

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "PLAYGROUND.md").read_text(encoding="utf-8")
PICTURE_BYTES_MAX = 300_000
__all__ = ["house"]


def section(title: str) -> str:
    """What is written below this heading, down to the next."""
    return re.split(r"^#+ ", PAGE.split(f"# {title}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]


def first_column(text: str) -> list[str]:
    """The names in code that begin the lines of a table."""
    return [
        name for line in re.findall(r"^\| (`.+?) \|", text, re.MULTILINE) for name in re.findall(r"`([^`]+)`", line)
    ]


def examples(language: str) -> list[str]:
    found: list[str] = re.findall(rf"^```{language}\n(.+?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return found


def test_the_methods_are_those_that_are_offered() -> None:
    offered = METHODS.keys() | UPDATE_METHODS
    assert sorted(first_column(section("Methods of the Bot API"))) == sorted(
        str(CLASSES[name].__api_method__) for name in offered
    )


def test_the_faults_and_acts_are_those_that_there_are() -> None:
    assert sorted(first_column(section("Faults"))) == sorted(get_args(FaultKind))
    assert sorted(first_column(section("Control"))) == sorted(ACTS)
    assert sorted(first_column(section("The model"))) == sorted(KINDS)


def test_the_models_addresses_are_those_that_it_has() -> None:
    told = set(re.findall(r"/v1/[a-z/]+", section("The model")))
    offered = {resource.canonical for resource in ModelServer().app.router.resources()}
    assert told == {path for path in offered if path.startswith("/v1/") and "{" not in path}


def example(number: int) -> Any:
    """The test in this example."""
    namespace: dict[str, Any] = {}
    exec(compile(examples("python")[number], "docs/PLAYGROUND.md", "exec"), namespace)
    return next(value for name, value in namespace.items() if name.startswith("test_"))


async def test_the_example_with_a_bot_of_ones_own_runs() -> None:
    await example(0)()


async def test_the_example_with_this_bot_runs(house: House) -> None:
    await example(1)(house)


def test_the_pictures_in_the_readme_are_there_and_small() -> None:
    shown = re.findall(r"\((docs/screenshots/[\w.]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert sorted(shown) == sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs/screenshots").iterdir())
    assert len(shown) == 4
    assert all((ROOT / path).stat().st_size < PICTURE_BYTES_MAX for path in shown)


@pytest.fixture
async def demo_address() -> AsyncIterator[str]:
    telegram = demo_telegram()
    yield await telegram.start()
    await telegram.stop()


async def test_the_line_for_the_shell_sends_a_message(demo_address: str) -> None:
    _, url, _, header, _, body = shlex.split(examples("sh")[0].replace("\\\n", " "))
    assert url.startswith(f"http://127.0.0.1:{PORT}/")
    name, _, value = header.partition(": ")
    url = url.replace(f"http://127.0.0.1:{PORT}", demo_address)
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers={name: value}) as response:
        assert orjson.loads(await response.read())["result"]["text"] == "/start"
    for user_id in (ADMIN_ID, ALICE_ID, BOB_ID):
        assert str(user_id) in section("Control")
