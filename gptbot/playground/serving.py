"""A small HTTP server on loopback with a clean end; both stand-ins use it."""

import asyncio
import socket
import struct

from aiohttp import web


class LoopbackServer:
    """Serves `app` on one port. `closing` is set when it ends: whatever waits in a handler waits for it too."""

    def __init__(self, app: web.Application) -> None:
        self.closing = asyncio.Event()
        self._app = app
        self._runner: web.AppRunner | None = None
        self._url = ""

    @property
    def url(self) -> str:
        """`http://host:port` once it was started."""
        return self._url

    async def start(self, host: str, port: int) -> str:
        """Listens; port 0 takes any free one. Raises OSError when the port is taken."""
        self._runner = web.AppRunner(self._app, access_log=None, handler_cancellation=True, shutdown_timeout=0.5)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError:
            await self._runner.cleanup()
            raise
        address = self._runner.addresses[0]
        self._url = f"http://{address[0]}:{address[1]}"
        return self._url

    async def stop(self) -> None:
        self.closing.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None


def reset_connection(request: web.Request) -> web.Response:
    """Breaks the connection of `request` at once (TCP reset), whatever was written so far."""
    transport = request.transport
    if transport is not None:
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()


def cut_connection(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """Closes the connection after what was written has left, without the end that a complete answer has."""
    if request.transport is not None:
        request.transport.close()
    return response
