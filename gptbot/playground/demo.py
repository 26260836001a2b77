"""`python main.py --demo`: both stand-ins, a page to chat on, and the real bot as a child process between them.

The bot runs as in production; only its settings point at loopback, and its data has a folder of its own.
"""

import asyncio
import fcntl
import os
import signal
import sys
import time
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

from gptbot import VERSION
from gptbot.playground.bot_api import TOKEN, BotApiServer, Call
from gptbot.playground.demo_bot import DemoBot, Say
from gptbot.playground.inside import Inside, described_call, watch_data, watch_model
from gptbot.playground.model_api import ModelServer
from gptbot.playground.page_routes import add_inside, add_menu, add_page
from gptbot.playground.trouble import Trouble

HOME = Path(__file__).resolve().parents[2]
DATA_FOLDER = "demo-data"
HOST = "127.0.0.1"
PORT = 8080
ADMIN_ID, ALICE_ID, BOB_ID = 1001, 1002, 1003
GROUP_ID = -1001000001001
IDS_BEGIN_AT = 1_700_000_000  # seconds since 1970
CALLS_KEPT = 2000


def main(port: int = PORT, *, fresh: bool = False) -> int:
    """Runs the demo until Ctrl-C, SIGTERM or the bot's own failure; the exit status."""
    return asyncio.run(run_demo(port, fresh=fresh))


async def run_demo(
    port: int = PORT,
    *,
    fresh: bool = False,
    home: Path = HOME,
    environ: Mapping[str, str] = os.environ,
    say: Say | None = None,
) -> int:
    """Starts everything, tells the address through `say` (stdout), and waits for the end.

    `home` is the folder with main.py; `port` is taken if it is free, else another; `fresh` forgets what earlier runs
    kept. The status is 0 after a signal, 1 when the bot failed, 2 when another demo uses the data.
    """
    say = say or _print
    folder = home / DATA_FOLDER
    if is_in_use(folder):
        say(f"Another demo runs on {folder}: end it first.")
        return 2
    if fresh:
        start_over(folder)
    stop = _on_signals()
    telegram = demo_telegram()
    model = None if uses_real_model(environ) else ModelServer()
    inside = Inside(telegram.world.changed)
    bot = DemoBot(bot_command(home), inside, say)
    add_inside(telegram.app, inside, Trouble(telegram, model), bot, about(model))
    telegram.on_call = lambda call: _called(call, telegram, inside)
    watching = [watch_data(folder / "data.json", inside)]
    try:
        await _open(telegram, port, say)
        if model is not None:
            await model.start(HOST, 0)
            watching.append(watch_model(model, inside))
        settings = child_environment(environ, home, telegram.url, model.base_url if model else None)
        return await _beside(watching, bot.run(settings, stop))
    finally:
        if model is not None:
            await model.stop()
        await telegram.stop()


def demo_telegram() -> BotApiServer:
    """The Telegram of the demo: three people, a group with two topics, the page.

    Its ids go on from run to run, as the bot's memory does.
    """
    begin = (int(time.time()) - IDS_BEGIN_AT) * 4
    telegram = BotApiServer(TOKEN, strict=False, name="gptbot", first_update_id=begin, first_message_id=begin)
    telegram.add_user(ALICE_ID, "Alice", "alice", started=False)
    telegram.add_user(BOB_ID, "Bob", "bob", started=False)
    telegram.add_user(ADMIN_ID, "Olga", "olga")
    telegram.add_group(GROUP_ID, "Book club", [ADMIN_ID, ALICE_ID, BOB_ID], forum=True)
    telegram.add_topic(GROUP_ID, "Recipes")
    add_page(telegram.app)
    add_menu(telegram.app, telegram.world)
    return telegram


def bot_command(home: Path) -> list[str]:
    """The bot with a window into it, on settings of its own: the demo must not meet the owner's."""
    env_file = home / DATA_FOLDER / ".env"
    module = "gptbot.playground.watched_bot"
    return [sys.executable, "-m", module, str(home / "main.py"), "--env-file", str(env_file)]


def about(model: ModelServer | None) -> dict[str, Any]:
    """What the page is told once."""
    return {"version": VERSION, "admin_id": ADMIN_ID, "group_id": GROUP_ID, "real_model": model is None}


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
        "PAYMENTS": "stars",
        "TOPUP_PACKAGES": "tokens:100000:50,premium:20000:100,images:10:60",
        "UPDATES": "polling",
        "LOG_FORMAT": "json",
        "LOG_LEVEL": "info",  # the page goes by the log
        "LOG_FILE": "",
        "NO_PROXY": loopback,
        "no_proxy": loopback,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(HOME), environ.get("PYTHONPATH")))),
    }
    if model_url is not None:
        settings |= {"OPENAI_BASE_URL": model_url, "OPENAI_API_KEY": "sk-stand-in", "PROXY_URL": ""}
    elif not environ.get("OPENAI_API_KEY"):
        settings["OPENAI_API_KEY"] = "none"  # a server of one's own may want no key, the settings want one
    return {**environ, **settings}


def is_in_use(folder: Path) -> bool:
    """Whether a bot runs on the data there now."""
    lock = folder / "data.lock"
    if lock.exists():
        with lock.open("r+") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
    return False


def start_over(folder: Path) -> None:
    """Removes what the bot of earlier demos kept, but for settings there."""
    for path in folder.glob("data.*"):
        path.unlink()


async def _open(telegram: BotApiServer, port: int, say: Say) -> None:
    try:
        await telegram.start(HOST, port)
    except OSError:
        say(f"Port {port} is taken, so another one was chosen.")
        await telegram.start(HOST, 0)
    say(f"The playground is open: {telegram.url}   (Ctrl-C ends it)")


async def _beside(watching: Sequence[Coroutine[Any, Any, None]], work: Coroutine[Any, Any, int]) -> int:
    """The result of `work`; what watches ends with it."""
    tasks = [asyncio.create_task(watch, name="demo: a watch") for watch in watching]
    try:
        return await work
    finally:
        for task in tasks:
            task.cancel()


def _called(call: Call, telegram: BotApiServer, inside: Inside) -> None:
    inside.add("call", described_call(call))
    if len(telegram.calls) > CALLS_KEPT:
        del telegram.calls[: CALLS_KEPT // 2]


def _on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
