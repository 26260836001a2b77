"""How long a start takes: from the start of the process to its first getUpdates."""

import shutil
from pathlib import Path
from statistics import median
from typing import Final

from tests.bench.bots import OURS, Bot
from tests.bench.people import write_people
from tests.bench.report import Effort, Target, table
from tests.bench.servers import StandIns
from tests.bench.storage_bench import JOURNAL_ROWS
from tests.bench.storage_cost import run

LATER_WANTED_S: Final = 3.0


async def measure(folder: Path, effort: Effort) -> list[Target]:
    """The kinds of start in turns; each begins with the same files."""
    homes = {kind: folder / f"start-{number}" for number, kind in enumerate(("none", "users", "journal", "first bot"))}
    for home in homes.values():
        home.mkdir()
    write_people(homes["users"], effort.many)
    await run("open", homes["users"])
    shutil.copytree(homes["users"], homes["journal"], dirs_exist_ok=True)
    await run("journal", homes["journal"])
    write_people(homes["first bot"], effort.many, first_bot=True)
    starts: dict[str, list[Bot]] = {kind: [] for kind in homes}
    for number in range(min(3, effort.rounds)):
        for kind, home in homes.items():
            if number == 0 or kind in ("none", "users"):
                starts[kind].append(await _start(home, folder / f"{home.name}-{number}"))
    names = {
        "none": "no user",
        "users": f"{effort.many} users",
        "journal": f"the same, {JOURNAL_ROWS} changes in the journal",
        "first bot": f"{effort.many} users of the first bot's file, imported",
    }
    wall = {kind: median(bot.start_s for bot in bots) for kind, bots in starts.items()}
    cpu = {kind: median(bot.start_cpu_s for bot in bots) for kind, bots in starts.items()}
    later = {kind: seconds - wall["none"] for kind, seconds in wall.items()}
    rows = [(names[kind], f"{wall[kind]:.2f}", f"{later[kind]:+.2f}", f"{cpu[kind]:.2f}") for kind in starts]
    header = ("data.json with", "s", "later s", "CPU s")
    table("5. From the start of the process to the first getUpdates", header, rows)
    return [
        Target(
            f"start with {effort.many} users, later than with none",
            f"<= {LATER_WANTED_S:.0f} s",
            f"{later['users']:.2f} s (CPU {cpu['users'] - cpu['none']:.2f};"
            f" with a journal {later['journal']:.2f}, import {later['first bot']:.2f})",
            later["users"] <= LATER_WANTED_S,
        )
    ]


async def _start(original: Path, home: Path) -> Bot:
    shutil.copytree(original, home)
    servers = await StandIns().start()
    bot = await Bot.start(OURS, home, servers)
    await bot.stop()
    await servers.stop()
    shutil.rmtree(home)
    return bot
