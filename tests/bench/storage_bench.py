"""Storage in a process of its own: `python -m tests.bench.storage_bench open|persist|journal FOLDER`.

Works on the data.json in that folder and prints one line of JSON. `open` only takes the file over, as a first start
does; `journal` leaves changes that data.json has not, as after a kill.
"""

import asyncio
import sys
import time
from pathlib import Path
from statistics import median
from typing import Final

import orjson

from gptbot.actors.data_writer import DataWriter
from gptbot.actors.storage import Storage
from gptbot.actors.supervisor import Supervisor
from gptbot.edges.clock import SystemClock
from gptbot.edges.opening import OpenedStorage, close_storage, open_storage
from tests.bench.bots import ADMIN
from tests.bench.servers import BOT_ID
from tests.bench.storing import Load

ONE_BY_ONE: Final = 400
BATCH: Final = 100
BATCHES: Final = 30
JOURNAL_ROWS: Final = 20_000


async def persist(storage: Storage, load: Load) -> dict[str, float]:
    """Microseconds a change takes until it is durable: awaited one by one, and many at once."""
    single, many = [], []
    cpu = time.process_time()
    for _ in range(ONE_BY_ONE):
        started = time.perf_counter()
        await storage.commit(load.charge())
        single.append(time.perf_counter() - started)
    single_cpu = (time.process_time() - cpu) / ONE_BY_ONE
    cpu = time.process_time()
    for _ in range(BATCHES):
        started = time.perf_counter()
        await asyncio.gather(*(storage.commit(load.charge()) for _ in range(BATCH)))
        many.append((time.perf_counter() - started) / BATCH)
    many_cpu = (time.process_time() - cpu) / BATCH / BATCHES
    return {
        "single_us": 1e6 * median(single),
        "single_cpu_us": 1e6 * single_cpu,
        "batch_us": 1e6 * median(many),
        "batch_cpu_us": 1e6 * many_cpu,
    }


async def journal(storage: Storage, load: Load) -> dict[str, float]:
    """JOURNAL_ROWS rows: each change is one of its user and one of the totals."""
    for _ in range(0, JOURNAL_ROWS, BATCH):
        await asyncio.gather(*(storage.commit(load.charge()) for _ in range(BATCH // 2)))
    return {"rows": JOURNAL_ROWS}


async def _run(opened: OpenedStorage, what: str) -> dict[str, float]:
    clock = SystemClock()
    failures: list[BaseException] = []
    supervisor = Supervisor(clock, failures.append)
    storage = Storage(opened.book, opened.document, opened.counters, opened.database, clock, supervisor)
    writer = DataWriter(storage, opened.database, opened.data_file, clock, supervisor, turns_kept_days=180)
    load = Load(storage, writer)
    figures: dict[str, float] = {}
    storage.start()
    if what == "persist":
        writer.start()
        figures = await persist(storage, load)
        await writer.stop()
    elif what == "journal":
        figures = await journal(storage, load)
    await storage.stop()
    await supervisor.stop()
    assert not failures, failures
    return figures


def main(what: str, folder: Path) -> None:
    """One measurement."""
    opened = open_storage(folder / "data.json", bot_id=BOT_ID, admins=[ADMIN], backup_count=1, backup_days=1)
    try:
        figures = asyncio.run(_run(opened, what))
    finally:
        close_storage(opened)
    sys.stdout.write(orjson.dumps(figures).decode() + "\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
