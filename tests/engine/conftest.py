"""Checks that a test makes itself, in the place of those that are installed, and a server for them to ask."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from pgssi_probe.check import CheckContext, Observation
from pgssi_probe.check.metadata import CheckMetadata
from pgssi_probe.engine import asked, conducted

Observe = Callable[[CheckContext], Awaitable[list[Observation]]]


@dataclass(frozen=True)
class FakeCheck:
    metadata: CheckMetadata
    code: Observe

    @property
    def id(self) -> str:
        return self.metadata.id

    def observe(self) -> Observe:
        return self.code


def fake(
    identifier: str,
    code: Observe,
    *,
    after_everything: bool = False,
    collects: tuple[str, ...] = (),
    needs: tuple[str, ...] = (),
    **sends: Any,
) -> FakeCheck:
    words = {"fr": "é {n}", "en": "e {n}"}
    metadata = {
        "id": identifier,
        "version": 1,
        "since": "0.1.0",
        "level": "passive",
        "title": {"fr": "é", "en": "e"},
        "summary": {"fr": "é", "en": "e"},
        "after_everything": after_everything,
        "collects": collects,
        "needs": needs,
        "sends": {"requests": 5, "seconds": 5, **sends},
        "outcomes": {
            "fine": {"status": "pass", "sentence": words},
            "bad": {"status": "fail", "impact": "major", "ease": "easy", "sentence": words, "remedy": words},
        },
    }
    return FakeCheck(CheckMetadata.model_validate(metadata), code)


@asynccontextmanager
async def web(
    answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", *, then: bytes = b"", after: int = 10**9
) -> AsyncIterator[str]:
    """A server that gives `answer` to the first `after` requests and `then` to the others."""
    served = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(answer if served < after else then)
                served += 1
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`install(fake(…), fake(…))`: these checks and no other."""

    def use(*found: FakeCheck) -> None:
        for module in (asked, conducted):
            monkeypatch.setattr(module, "checks", lambda: {check.id: check for check in found})

    return use
