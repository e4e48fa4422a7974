"""What a misbehaviour is, and how it is served: plain asyncio on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True)
class Visit:
    """One connection: what was asked, and where to write. `path` is empty when nothing was read."""

    path: str
    origin: str
    write: asyncio.StreamWriter

    async def raw(self, data: bytes) -> None:
        self.write.write(data)
        await self.write.drain()

    async def answer(
        self,
        body: bytes = b"",
        status: str = "200 OK",
        headers: tuple[bytes, ...] = (),
        media_type: str = "text/html; charset=utf-8",
    ) -> None:
        """A well-formed answer, with more header lines."""
        lines = [
            f"HTTP/1.1 {status}".encode(),
            f"Content-Type: {media_type}".encode(),
            b"Content-Length: %d" % len(body),
        ]
        await self.raw(b"\r\n".join([*lines, b"Connection: close", *headers, b"", b""]) + body)


Behaviour = Callable[[Visit], Awaitable[None]]
HOSTILE: dict[str, Behaviour] = {}
_speaks_first: set[str] = set()


def behaviour(name: str, *, speaks_first: bool = False) -> Callable[[Behaviour], Behaviour]:
    """Declare the function that follows as a misbehaviour; `speaks_first` when it does not wait for a request."""

    def declare(act: Behaviour) -> Behaviour:
        HOSTILE[name] = act
        if speaks_first:
            _speaks_first.add(name)
        return act

    return declare


@contextlib.asynccontextmanager
async def hostile(name: str, *, context: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Serve one misbehaviour of `HOSTILE` on a free loopback port; gives the URL of its root.

    With a server context the URL is HTTPS. Raises KeyError when the name does not exist.
    """
    chosen = HOSTILE[name]
    tasks: set[asyncio.Task[None]] = set()
    origin = ""

    async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101
        tasks.add(task)
        try:
            path = "" if name in _speaks_first else await _asked_path(reader)
            await chosen(Visit(path, origin, writer))
            writer.close()
            await writer.wait_closed()
        except (OSError, EOFError, asyncio.LimitOverrunError, asyncio.CancelledError):
            writer.transport.abort()  # the client left, or the server stops
        finally:
            tasks.discard(task)

    server = await asyncio.start_server(visit, "127.0.0.1", 0, ssl=context, limit=MIB)
    origin = f"{'https' if context else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield origin + "/"
    finally:
        server.close()
        running = list(tasks)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _asked_path(reader: asyncio.StreamReader) -> str:
    head = await reader.readuntil(b"\r\n\r\n")
    words = head.split(b"\r\n", 1)[0].split(b" ")
    return words[1].decode("latin-1") if len(words) > 1 else "/"


async def wait_for_ever() -> None:
    await asyncio.Event().wait()
