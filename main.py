"""gptbot: the command line. Nothing heavy is imported before the settings are known to be good."""

import argparse
import gc
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from gptbot import VERSION

HOME = Path(__file__).resolve().parent

EXIT_STATUS = """\
exit status:
  0  stopped by SIGINT, SIGTERM or /stop; --check found nothing wrong
  1  --check found something wrong
  2  wrong settings, a broken or locked data file, a token that Telegram refuses
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs what the command line asks for; the result is the exit status (SPEC §2)."""
    arguments = read_arguments(argv)
    try:
        if arguments.demo:
            from gptbot.playground import demo

            return demo.main(demo.PORT if arguments.port is None else arguments.port, fresh=arguments.fresh)
        if arguments.check:
            return check(arguments.env_file)
        return run(arguments.env_file, accept_data=arguments.accept_data)
    except KeyboardInterrupt:  # before or after the bot's own handling of signals
        return 130 if arguments.check else 0
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "gptbot":
            raise
        complain(f"The Python package {error.name} is not installed: run `make setup`, then .venv/bin/python main.py")
        return 2


def read_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """What the command line says; ends the program with status 2 when that makes no sense."""
    known = parser()
    arguments = known.parse_args(argv)
    if not arguments.demo and (arguments.fresh or arguments.port is not None):
        known.error("--port and --fresh go with --demo")
    if arguments.port is not None and not 0 <= arguments.port < 65536:
        known.error("--port is a number below 65536; 0 takes any free one")
    return arguments


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        prog="main.py",
        description="A Telegram bot for ChatGPT-style models. Its settings are in .env (cp example.env .env).",
        epilog=EXIT_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = result.add_mutually_exclusive_group()
    what.add_argument("--demo", action="store_true", help="the whole bot in a browser, without keys and internet")
    what.add_argument("--check", action="store_true", help="are settings, data file, token and models in order?")
    what.add_argument(
        "--accept-data",
        action="store_true",
        help="start with a data.json that is older than the journal beside it (a restored backup)",
    )
    result.add_argument("--port", type=int, metavar="N", help="with --demo: where its page is (default: 8080)")
    result.add_argument("--fresh", action="store_true", help="with --demo: forget what earlier demos kept")
    result.add_argument(
        "--env-file",
        type=Path,
        default=HOME / ".env",
        metavar="FILE",
        help="the settings (default: .env beside main.py)",
    )
    result.add_argument("--version", action="version", version=f"gptbot {VERSION}")
    return result


def run(env_file: Path, *, accept_data: bool) -> int:
    """The bot itself, until it is stopped."""
    from gptbot.errors import OperatorError
    from gptbot.settings import load_settings

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a quiet end while the bot is still starting
    try:
        settings = load_settings(env_file, os.environ)
        os.umask(0o077)  # data, backups and logs are the owner's alone

        from gptbot import logs

        logs.configure(settings)
        logs.watch_uncaught()
        logs.tell_notes(settings)

        gc.disable()  # importing and reading make no garbage; `wiring.run` switches it on again

        from gptbot import wiring

        return wiring.run(settings, accept_data=accept_data)
    except OperatorError as error:
        complain(str(error))
        return error.exit_status


def check(env_file: Path) -> int:
    """Looks at everything once (`--check`); 1 when something is wrong, the settings included."""
    import asyncio

    from gptbot.settings import SettingsError, load_settings

    try:
        settings = load_settings(env_file, os.environ)
    except SettingsError as error:
        complain(str(error))
        return 1

    from gptbot.edges.check import run_check

    return asyncio.run(run_check(settings))


def complain(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
