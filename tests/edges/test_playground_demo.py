"""The demo starts the bot beside it as a child, kills and restarts it at will, and ends with it."""

import asyncio
import contextlib
import fcntl
import os
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gptbot.playground.demo import (
    bot_command,
    child_environment,
    demo_telegram,
    run_demo,
    start_over,
    uses_real_model,
)

CHILD = """
import json, os, signal, sys, threading, urllib.request
end = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: end.set())
base = os.environ["TELEGRAM_API_URL"] + "/bot" + os.environ["TELEGRAM_API_KEY"] + "/"
urllib.request.urlopen(base + "getUpdates").read()
print(json.dumps({{"event": "bot.started", "level": "info"}}), flush=True)
{then}
"""
UNTIL_TOLD = "end.wait()\nsys.exit(0)"


class Demo:
    """A demo with a bot of a few lines; `lines` is what it said on the terminal."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.lines: list[str] = []
        self._said = asyncio.Event()
        self._task: asyncio.Task[int] | None = None

    def start(self, then: str, **options: Any) -> None:
        (self.home / "main.py").write_text(CHILD.format(then=then))
        environ = {"PATH": os.environ["PATH"]}
        work = run_demo(0, home=self.home, environ=environ, say=self._say, **options)
        self._task = asyncio.create_task(work)

    async def says(self, words: str, times: int = 1) -> str:
        """Waits until lines with `words` have been said so often; the last of them."""
        while len(found := [line for line in self.lines if words in line]) < times:
            self._said.clear()
            assert self._task is not None
            said = asyncio.ensure_future(self._said.wait())
            await asyncio.wait((said, self._task), return_when=asyncio.FIRST_COMPLETED)
            said.cancel()
            assert not self._task.done() or any(words in line for line in self.lines), self.lines
        return found[-1]

    async def post(self, path: str, **body: Any) -> int:
        url = (await self.says("is open")).split()[4]
        async with aiohttp.ClientSession() as session, session.post(url + path, json=body) as response:
            return response.status

    async def inside(self) -> Any:
        url = (await self.says("is open")).split()[4]
        async with aiohttp.ClientSession() as session, session.get(f"{url}/inside") as response:
            return await response.json()

    async def ended(self) -> int:
        assert self._task is not None
        return await self._task

    async def interrupted(self) -> int:
        """Ctrl-C, and the exit status."""
        os.kill(os.getpid(), signal.SIGINT)
        return await self.ended()

    async def close(self) -> None:
        if self._task is not None and not self._task.done():
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def _say(self, line: str) -> None:
        self.lines.append(line)
        self._said.set()


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    demo = Demo(tmp_path)
    yield demo
    await demo.close()


async def test_a_signal_ends_the_bot_and_the_demo_with_status_0(demo: Demo, tmp_path: Path) -> None:
    mark = tmp_path / "ended"
    demo.start(f"end.wait()\nwith open({str(mark)!r}, 'w') as file: file.write('well')\nsys.exit(0)")
    await demo.says("The bot is running.")
    assert await demo.interrupted() == 0
    assert mark.read_text() == "well"
    assert "Ctrl-C once more does not wait" in demo.lines[-1]
    assert (tmp_path / "demo-data").is_dir()


async def test_a_bot_that_fails_ends_the_demo_with_status_1(demo: Demo) -> None:
    demo.start("sys.exit(2)")
    assert await demo.ended() == 1
    assert demo.lines[-1] == "The bot ended by itself with status 2."


async def test_a_killed_bot_is_started_again(demo: Demo) -> None:
    demo.start(UNTIL_TOLD)
    await demo.says("The bot is running.")
    assert await demo.post("/inside/kill") == 200
    await demo.says("The bot was killed: it starts again.")
    await demo.says("The bot is running.", times=2)
    assert (await demo.inside())["bot"]["state"] == "running"
    assert await demo.interrupted() == 0


async def test_a_stopped_bot_waits_for_the_page_to_start_it(demo: Demo) -> None:
    demo.start("sys.exit(0)")
    await demo.says("The bot has stopped.")
    assert (await demo.inside())["bot"]["state"] == "stopped"
    assert await demo.post("/inside/start") == 200
    await demo.says("The bot has stopped.", times=2)
    assert await demo.interrupted() == 0


async def test_another_port_is_taken_when_the_wanted_one_is_not_free(tmp_path: Path) -> None:
    taken = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = taken.sockets[0].getsockname()[1]
    (tmp_path / "main.py").write_text("import sys\nsys.exit(3)")
    lines: list[str] = []
    assert await run_demo(port, home=tmp_path, environ={"PATH": os.environ["PATH"]}, say=lines.append) == 1
    assert lines[0] == f"Port {port} is taken, so another one was chosen."
    taken.close()
    await taken.wait_closed()


async def test_what_the_bot_logs_is_seen_inside_and_trouble_on_the_terminal(demo: Demo) -> None:
    lines = 'print(json.dumps({"event": "a.thing", "level": "info"}))\n' + (
        'print(json.dumps({"event": "a.trouble", "level": "warning", "user": 5}))\nprint("no JSON", flush=True)\n'
    )
    demo.start(lines + UNTIL_TOLD)
    await demo.says("no JSON")
    assert "warning: a.trouble user=5" in demo.lines
    assert not [line for line in demo.lines if "a.thing" in line]
    assert [item["record"]["event"] for item in (await demo.inside())["log"]] == [
        "bot.started", "a.thing", "a.trouble",
    ]  # fmt: skip
    assert await demo.interrupted() == 0


def test_fresh_forgets_everything_but_settings(tmp_path: Path) -> None:
    folder = tmp_path / "demo-data"
    folder.mkdir()
    for name in ("data.json", "data.db", "data.db-wal", "data.lock", "data.json.2026-11-23_01-26-46.bak", ".env"):
        (folder / name).write_text("old")
    start_over(folder)
    assert [path.name for path in folder.iterdir()] == [".env"]
    start_over(tmp_path / "none")


@pytest.mark.parametrize("fresh", [False, True])
async def test_a_second_demo_on_the_same_data_says_so_and_touches_nothing(
    demo: Demo, tmp_path: Path, fresh: bool
) -> None:
    folder = tmp_path / "demo-data"
    folder.mkdir()
    (folder / "data.json").write_text("old")
    with (folder / "data.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert await run_demo(0, fresh=fresh, home=tmp_path, environ={}, say=demo.lines.append) == 2
    assert demo.lines == [f"Another demo runs on {folder}: end it first."]
    assert (folder / "data.json").read_text() == "old"


def test_the_owners_ways_to_log_do_not_blind_the_page(tmp_path: Path) -> None:
    own = {"LOG_LEVEL": "error", "LOG_FILE": "/var/log/bot.log", "LOG_FORMAT": "console"}
    settings = child_environment(own, tmp_path, "http://telegram", "http://model")
    assert [settings[name] for name in ("LOG_LEVEL", "LOG_FILE", "LOG_FORMAT")] == ["info", "", "json"]


def test_a_model_in_the_environment_is_used(tmp_path: Path) -> None:
    own = {"OPENAI_BASE_URL": "http://127.0.0.1:1234/v1"}
    assert uses_real_model(own)
    assert uses_real_model({"OPENAI_API_KEY": "sk"})
    assert not uses_real_model({"HOME": "/root"})
    settings = child_environment(own, tmp_path, "http://telegram", None)
    assert (settings["OPENAI_BASE_URL"], settings["OPENAI_API_KEY"]) == (own["OPENAI_BASE_URL"], "none")
    settings = child_environment({}, tmp_path, "http://telegram", "http://model/v1")
    assert (settings["OPENAI_BASE_URL"], settings["TELEGRAM_API_URL"]) == ("http://model/v1", "http://telegram")
    assert settings["DATA_FILE"] == str(tmp_path / "demo-data" / "data.json")
    assert str(tmp_path / "demo-data" / ".env") in bot_command(tmp_path)


# --- the page


PAGE = Path(__file__).parents[2] / "gptbot" / "playground" / "page"
FILES = sorted(PAGE.iterdir())
OWN_WORDS = ("https://${url}", "http://www.w3.org/2000/svg")
"""Addresses in the page's files that nothing is loaded from."""


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.name))
def test_the_page_loads_nothing_from_outside_and_stays_readable(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    for words in OWN_WORDS:
        text = text.replace(words, "")
    assert not re.findall(r"https?://|['\"(]//\w", text)
    assert "innerHTML" not in text
    assert text.count("\n") <= 300
    assert all(len(line) <= 200 or file.suffix != ".js" for line in text.splitlines())


def test_every_element_that_the_scripts_name_is_there() -> None:
    index = (PAGE / "index.html").read_text(encoding="utf-8")
    there = set(re.findall(r'\bid="([\w-]+)"', index))
    for file in PAGE.glob("*.js"):
        script = file.read_text(encoding="utf-8")
        assert set(re.findall(r'byId\("([\w-]+)"\)', script)) <= there, file.name
        assert {f"icon-{name}" for name in re.findall(r'icon\("(\w+)"\)', script)} <= there, file.name
        for name in re.findall(r'from "\./([\w-]+\.js)"', script):
            assert (PAGE / name).exists(), f"{file.name} imports {name}"
    assert set(re.findall(r'aria-controls="([\w-]+)"', index)) <= there


async def test_the_page_and_the_command_menus_are_served() -> None:
    telegram = demo_telegram()
    await telegram.start()
    async with aiohttp.ClientSession() as session:
        for path in ("/", *(f"/page/{file.name}" for file in FILES)):
            async with session.get(telegram.url + path) as response:
                assert (response.status, response.headers["Cache-Control"]) == (200, "no-cache")
        scopes: list[dict[str, Any]] = [{"type": "all_private_chats"}, {"type": "all_group_chats"}]
        for scope in scopes:
            commands = [{"command": scope["type"], "description": "x"}]
            url = f"{telegram.url}/bot{telegram.token}/setMyCommands"
            await (await session.post(url, json={"commands": commands, "scope": scope})).read()
        group = next(chat for chat in telegram.world.chats if chat < 0)
        for chat, name in ((1002, "all_private_chats"), (group, "all_group_chats")):
            async with session.get(f"{telegram.url}/inside/menu/1002/{chat}") as response:
                assert [item["command"] for item in await response.json()] == [name]
        async with session.get(f"{telegram.url}/inside/menu/5/5") as response:
            assert response.status == 404
    await telegram.stop()
