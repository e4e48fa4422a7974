"""A network that stands before another: for who watches, changes or counts what a check sends."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from pgssi_probe.check.context import Network, Streams
from pgssi_probe.net.exchange import Exchange, Request


class Through:
    """What a subclass does not change passes as it is."""

    def __init__(self, network: Network) -> None:
        self._network = network

    async def send(self, request: Request) -> Exchange:
        return await self._network.send(request)

    async def open(self, host: str, port: int, address: str | None = None) -> Streams:
        return await self._network.open(host, port, address)

    async def addresses(self, host: str, port: int) -> tuple[str, ...]:
        return await self._network.addresses(host, port)

    def reserve(self, connections: int) -> AbstractAsyncContextManager[None]:
        return self._network.reserve(connections)

    def in_scope(self, url: str) -> bool:
        return self._network.in_scope(url)
