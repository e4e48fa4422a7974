"""A port of this machine that answers nobody and notes all that reaches it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Ears:
    """Everything that reached a port of this machine, over TCP or UDP."""

    port: int
    heard: list[bytes] = field(default_factory=list)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, ears: Ears) -> None:
        self._ears = ears

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._ears.heard.append(b"udp " + data[:200])


@asynccontextmanager
async def listening() -> AsyncIterator[Ears]:
    """A port that answers nobody and notes every connection and datagram."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    ears = Ears(port)

    async def connected(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ears.heard.append(b"tcp")
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", port)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(ears), local_addr=("127.0.0.1", port))
    try:
        yield ears
    finally:
        transport.close()
        server.close()
        await server.wait_closed()
