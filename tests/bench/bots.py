"""The bots under test as processes of their own, on a core of their own."""

import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench.servers import TOKEN, StandIns

ROOT: Final = Path(__file__).parents[2]
ADMIN: Final = 777
_CORES: Final = sorted(os.sched_getaffinity(0))
BOT_CORE, OWN_CORE = _CORES[0], _CORES[-1]
STARTED_WITHIN_S = 120.0
TICKS: Final = os.sysconf("SC_CLK_TCK")
PAGE: Final = os.sysconf("SC_PAGE_SIZE")

FLOOR: Final = ("-m", "tests.bench.floor_bot")
FLOOR_STREAMING: Final = ("-m", "tests.bench.floor_streaming")
OURS: Final = (str(ROOT / "main.py"),)

WIDE_OPEN: Final = {
    "RATE_CHAT_PER_S": "100000",
    "RATE_CHAT_BURST": "100000",
    "RATE_OVERALL_PER_S": "100000",
    "LOG_FORMAT": "json",
}
"""The stand-in asks for no pace, so the bot keeps none; everything else is as it comes."""


@dataclass(slots=True)
class Bot:
    """A running bot. `start_s`: from the start of the process to its first getUpdates; `start_cpu_s`: CPU till then."""

    process: Process
    folder: Path
    start_s: float
    start_cpu_s: float

    @classmethod
    async def start(
        cls,
        program: tuple[str, ...],
        folder: Path,
        servers: StandIns,
        settings: Mapping[str, str] | None = None,
        *,
        free: bool = False,
    ) -> "Bot":
        """Returns when it polls. `free`: not kept to its core. Raises RuntimeError with what it said when it ends."""
        servers.polled.clear()
        started = time.monotonic()
        with (folder / "bot.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *program,
                cwd=ROOT,
                env=_environ(folder, servers, settings or {}),
                stdout=log,
                stderr=log,
            )
        os.sched_setaffinity(process.pid, _CORES if free else {BOT_CORE})
        polls, ends = asyncio.ensure_future(servers.polled.wait()), asyncio.ensure_future(process.wait())
        await asyncio.wait([polls, ends], timeout=STARTED_WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
        start_s = time.monotonic() - started
        polls.cancel()
        ends.cancel()
        if not servers.polled.is_set():
            if process.returncode is None:
                process.kill()
            raise RuntimeError(f"{program} did not start:\n{(folder / 'bot.log').read_text()[-3000:]}")
        bot = cls(process, folder, start_s, 0.0)
        bot.start_cpu_s = bot.cpu_s()
        return bot

    def cpu_s(self) -> float:
        """CPU seconds it has used so far, threads included."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def rss_peak_bytes(self) -> int:
        """The most memory it has had so far (proc(5), VmHWM)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024

    def rss_bytes(self) -> int:
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * PAGE

    async def stop(self) -> None:
        """As a service manager stops it."""
        if self.process.returncode is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.process.wait(), 60)
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()


def _environ(folder: Path, servers: StandIns, settings: Mapping[str, str]) -> dict[str, str]:
    """Nothing of the surroundings, and no way out: only loopback is reached."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(folder),
        "NO_PROXY": "127.0.0.1",
        "HTTPS_PROXY": "http://127.0.0.1:9",  # tiktoken would fetch its table; refused at once, tokens are estimated
        "TELEGRAM_API_KEY": TOKEN,
        "TELEGRAM_API_URL": servers.url,
        "OPENAI_API_KEY": "sk-bench",
        "OPENAI_BASE_URL": f"{servers.url}/v1",
        "ADMIN_CHAT_ID": str(ADMIN),
        "DATA_FILE": str(folder / "data.json"),
        "TIKTOKEN_CACHE_DIR": str(folder / "tables"),
        **WIDE_OPEN,
        **settings,
    }
