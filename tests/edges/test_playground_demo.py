"""The demo starts the bot beside it as a child, and ends with it."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from gptbot.playground.demo import child_environment, demo_telegram, run_demo, uses_real_model

CHILD = """
import json, os, signal, sys, threading, urllib.request
end = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: end.set())
base = os.environ["TELEGRAM_API_URL"] + "/bot" + os.environ["TELEGRAM_API_KEY"] + "/"
urllib.request.urlopen(base + "getUpdates").read()
{then}
"""


def write_bot(home: Path, then: str) -> None:
    (home / "main.py").write_text(CHILD.format(then=then))


async def test_a_signal_ends_the_bot_and_the_demo_with_status_0(tmp_path: Path) -> None:
    mark = tmp_path / "ended"
    write_bot(tmp_path, f"end.wait()\nwith open({str(mark)!r}, 'w') as file: file.write('well')\nsys.exit(0)")
    lines: list[str] = []

    def say(line: str) -> None:
        lines.append(line)
        if line.startswith("The playground is open: http://127.0.0.1:"):
            os.kill(os.getpid(), signal.SIGINT)

    assert await run_demo(0, home=tmp_path, environ={"PATH": os.environ["PATH"]}, say=say) == 0
    assert mark.read_text() == "well"
    assert (tmp_path / "demo-data").is_dir()


@pytest.mark.parametrize(("status", "result"), [(0, 0), (2, 1)])
async def test_the_end_of_the_bot_is_said(tmp_path: Path, status: int, result: int) -> None:
    write_bot(tmp_path, f"sys.exit({status})")
    lines: list[str] = []
    assert await run_demo(0, home=tmp_path, environ={}, say=lines.append) == result
    assert lines[-1] == f"The bot ended by itself with status {status}."


async def test_another_port_is_taken_when_the_wanted_one_is_not_free(tmp_path: Path) -> None:
    taken = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = taken.sockets[0].getsockname()[1]
    write_bot(tmp_path, "sys.exit(0)")
    assert await run_demo(port, home=tmp_path, environ={}, say=lambda _: None) == 0
    taken.close()
    await taken.wait_closed()


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


async def test_the_page_is_served_without_anything_from_outside() -> None:
    import aiohttp

    telegram = demo_telegram()
    await telegram.start()
    async with aiohttp.ClientSession() as session:
        for path in ("/", "/page/app.js", "/page/column.js", "/page/format.js", "/page/style.css"):
            async with session.get(telegram.url + path) as response:
                assert response.status == 200
                assert "//" not in (await response.text()).replace("// ", "").replace("https://${url}", "")
    await telegram.stop()
