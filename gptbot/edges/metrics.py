"""/metrics (Prometheus text format) and /health on a port of this machine (SPEC §10, METRICS_PORT)."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

import structlog
from aiohttp import web

from gptbot.domain.measures import Metric, exposition, gauge
from gptbot.edges.lenient_json import dumps
from gptbot.errors import OperatorError
from gptbot.ports import Clock

log = structlog.get_logger()

HOST: Final = "127.0.0.1"
"""Never another one: whoever wants the figures elsewhere puts a proxy there."""
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_STATUS = Path("/proc/self/status")
_FOREVER_S: Final = 3600.0


class MetricsServer:
    """Answers at `port` of the loopback interface. `troubles` are the reasons why the bot is not well."""

    def __init__(
        self,
        port: int,
        metrics: Callable[[], Awaitable[Sequence[Metric]]],
        troubles: Callable[[], Sequence[str]],
        clock: Clock,
    ) -> None:
        self._port = port
        self._metrics = metrics
        self._troubles = troubles
        self._clock = clock

    async def run(self) -> None:
        """Serves until it is cancelled. Raises OperatorError when the port can't be had."""
        app = web.Application()
        app.router.add_get("/metrics", self._tell_metrics)
        app.router.add_get("/health", self._tell_health)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await self._listen(runner)
            log.info("metrics.listening", host=HOST, port=self._port)
            while True:
                await self._clock.sleep(_FOREVER_S)
        finally:
            await runner.cleanup()

    async def _listen(self, runner: web.AppRunner) -> None:
        try:
            await web.TCPSite(runner, HOST, self._port).start()
        except OSError as error:
            raise OperatorError(
                f"The metrics can't be offered at {HOST}:{self._port} ({error.strerror or 'no such port'}): "
                "set METRICS_PORT to another port, or leave it empty."
            ) from error

    async def _tell_metrics(self, _: web.Request) -> web.Response:
        found = [*await self._metrics(), *_memory()]
        return web.Response(body=exposition(found).encode(), headers={"Content-Type": CONTENT_TYPE})

    async def _tell_health(self, _: web.Request) -> web.Response:
        troubles = list(self._troubles())
        told = {"status": "trouble", "troubles": troubles} if troubles else {"status": "ok"}
        return web.Response(body=dumps(told), status=503 if troubles else 200, content_type="application/json")


def _memory() -> list[Metric]:
    """Resident memory, where the system tells it (Linux)."""
    try:
        lines = _STATUS.read_text(encoding="ascii").splitlines()
    except OSError:
        return []
    resident = next((line for line in lines if line.startswith("VmRSS:")), "")
    words = resident.split()
    if len(words) < 2:
        return []
    return [gauge("gptbot_resident_memory_bytes", "Memory of this process.", int(words[1]) * 1024)]
