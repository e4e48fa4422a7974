"""A network before another: what it does not change passes as it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pgssi_probe.check.harness import exchange, page
from pgssi_probe.check.through import Through
from pgssi_probe.net.exchange import Request


class Beyond:
    """Keeps what it was asked, and answers like nobody else."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.answer = exchange("https://portal.example/", page("ok"))

    async def send(self, request: Request) -> Any:
        self.asked.append(request)
        return self.answer

    async def open(self, host: str, port: int, address: str | None = None) -> Any:
        self.asked.append((host, port, address))
        return "streams"

    async def addresses(self, host: str, port: int) -> tuple[str, ...]:
        self.asked.append((host, port))
        return ("192.0.2.1",)

    @asynccontextmanager
    async def reserve(self, connections: int) -> AsyncIterator[None]:
        self.asked.append(connections)
        yield

    def in_scope(self, url: str) -> bool:
        return url == "https://portal.example/"


async def test_everything_passes() -> None:
    beyond = Beyond()
    through = Through(beyond)
    request = Request("GET", "https://portal.example/")
    assert await through.send(request) is beyond.answer
    assert await through.open("portal.example", 443, "192.0.2.1") == "streams"
    assert await through.addresses("portal.example", 443) == ("192.0.2.1",)
    async with through.reserve(3):
        pass
    assert beyond.asked == [request, ("portal.example", 443, "192.0.2.1"), ("portal.example", 443), 3]
    assert through.in_scope("https://portal.example/")
    assert not through.in_scope("https://other.example/")
