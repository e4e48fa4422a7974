"""What a check is given to reach the target: the gate, within the check's declared maximum and under its name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from pgssi_probe.net.client import safe_detail
from pgssi_probe.net.exchange import Exchange, Failure, Request
from pgssi_probe.net.scope import ScopeGuard

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class UndeclaredMethodError(ValueError):
    """A check sends a method that its declaration does not list: a fault of the check."""


class BudgetSpentError(OSError):
    """A raw connection beyond the declared maximum of the check, or of the run."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What was spent. `bytes` are those of bodies on the wire."""

    requests: int = 0
    connections: int = 0
    bytes: int = 0


class WayOut(Protocol):
    """What a share is taken from: the gate, which says who sent what."""

    guard: ScopeGuard

    async def exchange(self, request: Request, by: str) -> Exchange: ...

    def refuse(self, request: Request, by: str, failure: Failure, detail: str) -> Exchange: ...

    async def open(self, by: str, host: str, port: int, address: str | None) -> Streams: ...

    def reserve(self, by: str, connections: int) -> AbstractAsyncContextManager[None]: ...


class TargetNetwork:
    """The `Network` of one check: within its declared maximum, under its name."""

    def __init__(
        self, gate: WayOut, by: str, max_requests: int, max_connections: int, methods: frozenset[str], max_body: int = 0
    ) -> None:
        self._max_body = max_body
        self._gate = gate
        self._by = by
        self._max_requests = max_requests
        self._max_connections = max_connections
        self._methods = methods
        self._requests = 0
        self._connections = 0
        self._bytes = 0

    @property
    def usage(self) -> Usage:
        return Usage(self._requests, self._connections, self._bytes)

    async def send(self, request: Request) -> Exchange:
        """Raises UndeclaredMethodError, and JournalError when no trace can be kept; never for what the target does."""
        if request.method not in self._methods:
            raise UndeclaredMethodError(f"{self._by} does not declare the method {safe_detail(request.method)}")
        if self._requests >= self._max_requests:
            return self._gate.refuse(request, self._by, Failure.BUDGET, "requests declared by the check are spent")
        self._requests += 1
        if self._max_body and not request.max_body:
            request = replace(request, max_body=self._max_body)
        exchange = await self._gate.exchange(request, self._by)
        if not exchange.sent_headers:
            self._requests -= 1  # refused before it left
        if exchange.response is not None:
            self._bytes += exchange.response.wire_bytes
        return exchange

    async def open(self, host: str, port: int, address: str | None = None) -> Streams:
        """Raises OutOfScope, BudgetSpentError, RunStoppedError, else the connection's OSError (TimeoutError too)."""
        self._spend(1)
        return await self._gate.open(self._by, host, port, address)

    async def addresses(self, host: str, port: int) -> tuple[str, ...]:
        """Raises OutOfScope, NameNotResolved."""
        return await self._gate.guard.admit(host, port)

    @asynccontextmanager
    async def reserve(self, connections: int) -> AsyncIterator[None]:
        """Raises BudgetSpentError, RunStoppedError."""
        self._spend(connections)
        async with self._gate.reserve(self._by, connections):
            yield

    def in_scope(self, url: str) -> bool:
        return self._gate.guard.scope.allows_url(url)

    def _spend(self, connections: int) -> None:
        if self._connections + connections > self._max_connections:
            raise BudgetSpentError("connections declared by the check are spent")
        self._connections += connections
