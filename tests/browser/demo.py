"""The whole demo as a process of its own, and what a test does to it beside the page."""

import asyncio
import itertools
import os
import shutil
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from gptbot.playground.bot_api import TOKEN
from gptbot.playground.demo import HOME
from gptbot.playground.trouble import USUAL_TOKENS_PER_S

Json = dict[str, Any]

LAUNCH = """
import asyncio, sys
from pathlib import Path
from gptbot.playground import trouble
from gptbot.playground.demo import run_demo
trouble.USUAL_TOKENS_PER_S = float(sys.argv[2])
trouble.SLOW_DELAY_S, trouble.SLOW_TOKENS_PER_S = 1.0, 15.0
sys.exit(asyncio.run(run_demo(0, home=Path(sys.argv[1]))))
"""
"""What `python main.py --demo --port 0` does, with its data elsewhere than beside main.py, and the model's pace set."""
START_S = 60.0
FIRST_ID = 2001


class RunningDemo:
    """`url` is its page. Each test has people of its own, so that none meets what another has left."""

    def __init__(self, process: Process, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._process = process
        self._session = session
        self._ids = itertools.count(FIRST_ID)
        self._reading = asyncio.create_task(_drain(process))

    async def newcomer(self, name: str, *, started: bool = False) -> int:
        """Somebody new, who has not pressed Start; their id, which is their chat's as well."""
        user_id = next(self._ids)
        await self.act(
            "add_user", user_id=user_id, first_name=name, username=f"{name.lower()}{user_id}", started=started
        )
        return user_id

    async def member(self, name: str) -> int:
        """Somebody new whom the bot has welcomed."""
        user_id = await self.newcomer(name)
        await self.act("send_text", user_id=user_id, chat_id=user_id, text="/start")
        return user_id

    async def act(self, name: str, **arguments: Any) -> Any:
        """What a person does (docs/PLAYGROUND.md, "Control")."""
        return await self._post(f"/control/{name}", arguments)

    async def bot(self, method: str, **params: Any) -> Any:
        """A call of the Bot API in the bot's name, for what it says only now and then."""
        return await self._post(f"/bot{TOKEN}/{method}", params)

    async def uploads(self, method: str, fields: Json, **files: tuple[str, bytes]) -> Any:
        """The same with files."""
        form = aiohttp.FormData({name: str(value) for name, value in fields.items()})
        for field, (name, content) in files.items():
            form.add_field(field, content, filename=name)
        async with self._session.post(f"{self.url}/bot{TOKEN}/{method}", data=form) as response:
            return _result(await response.read())

    async def close(self) -> None:
        """As Ctrl-C would."""
        self._process.send_signal(signal.SIGINT)
        async with asyncio.timeout(START_S):
            await self._reading
            assert await self._process.wait() == 0
        await self._session.close()

    async def _post(self, path: str, body: Json) -> Any:
        async with self._session.post(self.url + path, json=body) as response:
            return _result(await response.read())


async def start_demo(folder: Path, tokens_per_s: float = USUAL_TOKENS_PER_S) -> RunningDemo:
    """Returns when the bot is running."""
    shutil.copy(HOME / "main.py", folder)
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(HOME),
        "HOME": str(folder),
        "HTTPS_PROXY": "http://127.0.0.1:1",  # whatever wants to go out is refused at once
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LAUNCH, str(folder), str(tokens_per_s), env=environ, stdout=PIPE, stderr=STDOUT
    )
    assert process.stdout is not None
    url, lines = "", []
    async with asyncio.timeout(START_S):
        async for line in process.stdout:
            lines.append(line.decode())
            if "is open" in lines[-1]:
                url = lines[-1].split()[4]
            if "The bot is running." in lines[-1]:
                return RunningDemo(process, url, aiohttp.ClientSession())
    raise AssertionError("".join(lines))


async def _drain(process: Process) -> None:
    assert process.stdout is not None
    async for _ in process.stdout:
        pass


def _result(content: bytes) -> Any:
    answer = orjson.loads(content)
    assert answer["ok"], answer
    return answer["result"]
