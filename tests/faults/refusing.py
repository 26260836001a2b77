"""Starts that must be refused."""

from collections.abc import Mapping
from pathlib import Path

from tests.faults.process import BotProcess


def contents(folder: Path) -> Mapping[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


async def refused(bot: BotProcess, *arguments: str) -> str:
    """Starts the bot, which must refuse; its one sentence."""
    await bot.launch(*arguments)
    assert await bot.ended() == 2, bot.transcript()
    assert "Traceback" not in bot.stderr
    assert bot.stderr.count("\n") == 1, bot.stderr
    return bot.stderr
