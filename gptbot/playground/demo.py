"""`python main.py --demo`: both stand-ins, a page to chat on, and the real bot as a child process between them.

The bot runs exactly as in production; only its settings point at loopback, and its data has a folder of its own.
"""

import asyncio
import contextlib
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable, Mapping
from pathlib import Path

from aiohttp import web

from gptbot.playground.bot_api import TOKEN, BotApiServer
from gptbot.playground.model_api import ModelServer

HOME = Path(__file__).resolve().parents[2]
DATA_FOLDER = "demo-data"
PAGE = Path(__file__).with_name("page")
HOST = "127.0.0.1"
PORT = 8080
ADMIN_ID = 1001
START_S = 600.0
CHILD_STOP_S = 40.0
MODEL_DELAY_S = 0.5
MODEL_TOKENS_PER_S = 60.0
IDS_BEGIN_AT = 1_700_000_000  # seconds since 1970

Say = Callable[[str], object]


def main() -> int:
    """Runs the demo until Ctrl-C, SIGTERM or the bot's own end; the exit status."""
    return asyncio.run(run_demo())


async def run_demo(
    port: int = PORT, *, home: Path = HOME, environ: Mapping[str, str] = os.environ, say: Say | None = None
) -> int:
    """Starts everything, tells the address through `say` (stdout), and waits for the end.

    `home` is the folder with main.py; `port` is taken if it is free, else another. The status is 0 after a signal or
    when the bot was stopped from within, 1 when it failed.
    """
    say = say or _print
    stop = _on_signals()
    telegram = demo_telegram()
    model = None if uses_real_model(environ) else _demo_model()
    try:
        try:
            await telegram.start(HOST, port)
        except OSError:
            await telegram.start(HOST, 0)
        if model is not None:
            await model.start(HOST, 0)
        say("Starting the bot ...")
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            str(home / "main.py"),
            "--env-file",
            str(home / DATA_FOLDER / ".env"),  # not the owner's: the demo must not meet their settings
            env=child_environment(environ, home, telegram.url, model.base_url if model else None),
            stdin=DEVNULL,
            process_group=0,  # Ctrl-C reaches the demo alone, which then ends the bot with SIGTERM
        )
        return await _accompany(child, telegram, stop, say)
    finally:
        if model is not None:
            await model.stop()
        await telegram.stop()


def demo_telegram() -> BotApiServer:
    """The Telegram of the demo with its three people. Its ids go on from run to run, as the bot's memory does."""
    begin = (int(time.time()) - IDS_BEGIN_AT) * 4
    telegram = BotApiServer(TOKEN, strict=False, first_update_id=begin, first_message_id=begin)
    telegram.add_user(1002, "Alice", "alice", started=False)
    telegram.add_user(1003, "Bob", "bob", started=False)
    telegram.add_user(ADMIN_ID, "Olga, the admin", "olga")
    telegram.app.router.add_get("/", _serve_index)
    telegram.app.router.add_static("/page", PAGE)
    return telegram


def uses_real_model(environ: Mapping[str, str]) -> bool:
    """Whether the environment names a model of its own (SPEC §9)."""
    return bool(environ.get("OPENAI_API_KEY") or environ.get("OPENAI_BASE_URL"))


def child_environment(
    environ: Mapping[str, str], home: Path, telegram_url: str, model_url: str | None
) -> dict[str, str]:
    """The bot's settings for the demo on top of `environ`; a real model's are left as they are."""
    data_file = home / DATA_FOLDER / "data.json"
    data_file.parent.mkdir(mode=0o700, exist_ok=True)
    loopback = f"{HOST},localhost"
    settings = {
        "TELEGRAM_API_KEY": TOKEN,
        "TELEGRAM_API_URL": telegram_url,
        "ADMIN_CHAT_ID": str(ADMIN_ID),
        "DATA_FILE": str(data_file),
        "NEW_USER_PREMIUM_BALANCE": "20000",
        "NEW_USER_IMAGE_BALANCE": "5",
        "UPDATES": "polling",
        "NO_PROXY": loopback,
        "no_proxy": loopback,
    }
    if model_url is not None:
        settings |= {"OPENAI_BASE_URL": model_url, "OPENAI_API_KEY": "sk-stand-in", "PROXY_URL": ""}
    elif not environ.get("OPENAI_API_KEY"):
        settings["OPENAI_API_KEY"] = "none"  # a server of one's own may want no key, the settings want one
    return {**environ, **settings}


async def _accompany(child: Process, telegram: BotApiServer, stop: asyncio.Event, say: Say) -> int:
    """Tells when the bot is there, waits for a signal or the bot's end, and ends what is left."""
    ended = asyncio.create_task(child.wait(), name="demo: the bot ends")
    stopped = asyncio.create_task(stop.wait(), name="demo: a signal")
    here = asyncio.create_task(_tell_when_it_polls(telegram, say), name="demo: the bot polls")
    try:
        await asyncio.wait((ended, stopped), return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            stop.clear()
            await _end(child, ended, stop, say)
            return 0
        say(f"The bot ended by itself with status {child.returncode}.")
        return 0 if child.returncode == 0 else 1
    finally:
        for task in (ended, stopped, here):
            task.cancel()
        if child.returncode is None:  # something else went wrong: leave no bot behind
            child.kill()


async def _tell_when_it_polls(telegram: BotApiServer, say: Say) -> None:
    with contextlib.suppress(TimeoutError):
        await telegram.until(lambda: telegram.calls_of("getUpdates"), START_S)
        say(f"The playground is open: {telegram.url}   (Ctrl-C ends it)")


async def _end(child: Process, ended: "asyncio.Task[int]", stop: asyncio.Event, say: Say) -> None:
    """SIGTERM, as a service manager would; SIGKILL after a second signal or when it takes too long."""
    with contextlib.suppress(ProcessLookupError):
        child.terminate()
    again = asyncio.create_task(stop.wait(), name="demo: a second signal")
    await asyncio.wait((ended, again), timeout=CHILD_STOP_S, return_when=asyncio.FIRST_COMPLETED)
    again.cancel()
    if not ended.done():
        say("The bot did not end in time: it is killed.")
        child.kill()
    await ended


def _on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


def _demo_model() -> ModelServer:
    model = ModelServer(record=False)
    model.delay_s, model.tokens_per_s = MODEL_DELAY_S, MODEL_TOKENS_PER_S
    return model


async def _serve_index(_: web.Request) -> web.FileResponse:
    return web.FileResponse(PAGE / "index.html")


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
