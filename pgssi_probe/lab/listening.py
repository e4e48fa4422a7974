"""Serving an application on loopback, inside the caller's event loop.

uvicorn's protocol is used without its `Server`: no signal handler, no half-second of ticking at the start and at the
end, and answers to unreadable requests that carry the portal's headers like any other.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from email.utils import format_datetime
from typing import Any

import h11
from starlette.types import ASGIApp
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from pgssi_probe.clock import Clock

Headers = list[tuple[bytes, bytes]]


class _State(ServerState):
    """The connections of one listener; the Date of answers is read from the injected clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        super().__init__()

    @property
    def default_headers(self) -> Headers:
        return [(b"date", format_datetime(self._clock.now(), usegmt=True).encode())]

    @default_headers.setter
    def default_headers(self, value: Headers) -> None:
        """uvicorn sets an empty list at the start."""


def _protocol(refusal: Callable[[], tuple[Headers, bytes]]) -> type[H11Protocol]:
    class Protocol(H11Protocol):
        def send_400_response(self, msg: str) -> None:  # noqa: ARG002 the cause is not told
            headers, body = refusal()
            headers = [*self.server_state.default_headers, *headers, (b"connection", b"close")]
            headers.append((b"content-length", b"%d" % len(body)))
            for event in (
                h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
            self.transport.close()

    return Protocol


def loopback_sockets(port: int = 0) -> list[socket.socket]:
    """Listening sockets on one port of 127.0.0.1, and of ::1 where it exists and the name `localhost` has it.

    Raises OSError when the port is taken.
    """
    first = _bound(socket.AF_INET, "127.0.0.1", port)
    found = [first]
    addresses = {info[4][0] for info in socket.getaddrinfo("localhost", None, type=socket.SOCK_STREAM)}
    if "::1" in addresses:
        with suppress(OSError):  # IPv6 is off, or another program has that port there: IPv4 is enough
            found.append(_bound(socket.AF_INET6, "::1", first.getsockname()[1]))
    return found


def _bound(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    # The protocol is named since asyncio turns Nagle off on such sockets only: 40 ms an answer otherwise.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address, port))
        made.setblocking(False)
    except OSError:
        made.close()
        raise
    return made


@asynccontextmanager
async def serving(
    application: ASGIApp,
    sockets: list[socket.socket],
    *,
    clock: Clock,
    context: ssl.SSLContext | None = None,
    refusal: Callable[[], tuple[Headers, bytes]],
) -> AsyncIterator[None]:
    """Serve until the block ends, then cut every connection."""
    loop = asyncio.get_running_loop()
    config = Config(
        application,
        lifespan="off",
        ws="none",
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=30,
    )
    config.load()
    state = _State(clock)
    protocol = _protocol(refusal)

    def connection() -> asyncio.Protocol:
        told: dict[str, Any] = {}
        settings: dict[str, Any] = {"config": config, "server_state": state, "app_state": told}
        made = protocol(**settings, _loop=loop)

        async def drop() -> None:
            made.transport.abort()
            await asyncio.sleep(0)  # the protocol is told that its connection is gone, and answers no more

        told["drop"] = drop  # the portal may close a connection without a word
        return made

    servers = [await loop.create_server(connection, sock=each, ssl=context, backlog=128) for each in sockets]
    try:
        yield
    finally:
        for server in servers:
            server.close()
        for task in list(state.tasks):
            task.cancel()
        for open_connection in list(state.connections):
            assert isinstance(open_connection, H11Protocol)  # noqa: S101
            open_connection._unset_keepalive_if_required()
            open_connection.transport.abort()
        for _ in range(3):  # let the transports tell their protocols that they are gone
            await asyncio.sleep(0)
        await asyncio.gather(*state.tasks, return_exceptions=True)
