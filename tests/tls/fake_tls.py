"""A TLS server made of bytes: it reads a ClientHello and answers whatever the test wants."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from pgssi_probe.tls.wire.cursor import Cursor, block, numbers
from pgssi_probe.tls.wire.records import HANDSHAKE, record


async def connect(_host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """What the engine would give, without its guard."""
    return await asyncio.open_connection("127.0.0.1", port)


SILENCE = object()
CLOSE = object()
RESET = object()


@dataclass(frozen=True)
class Offer:
    """A decoded ClientHello, and which one it is, from 1."""

    version: int
    suites: tuple[int, ...]
    compressions: bytes
    extensions: dict[int, bytes]
    count: int

    @property
    def highest(self) -> int:
        return 0x0304 if 43 in self.extensions else self.version

    @property
    def groups(self) -> tuple[int, ...]:
        return self._list(10)

    @property
    def schemes(self) -> tuple[int, ...]:
        return self._list(13)

    def _list(self, number: int) -> tuple[int, ...]:
        content = Cursor(Cursor(self.extensions.get(number, b"\0\0")).block(2))
        return tuple(content.number(2) for _ in range(content.left // 2))


def parse(data: bytes, count: int) -> Offer | None:
    """The hello in ``data``, ``None`` for anything else (an SSL 2.0 hello)."""
    if len(data) < 6 or data[0] != HANDSHAKE or data[5] != 1:
        return None
    cursor = Cursor(data[9:])
    version = cursor.number(2)
    cursor.take(32)
    cursor.block(1)
    listed = Cursor(cursor.block(2))
    suites = tuple(listed.number(2) for _ in range(listed.left // 2))
    compressions = cursor.block(1)
    extensions = {}
    if cursor.left:
        inner = Cursor(cursor.block(2))
        while inner.left:
            number = inner.number(2)
            extensions[number] = inner.block(2)
    return Offer(version, suites, compressions, extensions, count)


def alert(description: int) -> bytes:
    return record(21, 0x0303, bytes((2, description)))


def message(kind: int, body: bytes) -> bytes:
    return bytes((kind,)) + block(3, body)


def server_hello(
    version: int,
    suite: int,
    *,
    extensions: dict[int, bytes] | None = None,
    compression: int = 0,
    random: bytes | None = None,
) -> bytes:
    listed = b"".join(numbers(2, (number,)) + block(2, value) for number, value in (extensions or {}).items())
    body = numbers(2, (min(version, 0x0303),)) + (random or os.urandom(32)) + block(1, b"") + numbers(2, (suite,))
    body += bytes((compression,)) + (block(2, listed) if extensions else b"")
    return message(2, body)


def flight(hello: bytes, *, chain: tuple[bytes, ...] = (), exchange: bytes = b"", version: int = 0x0303) -> bytes:
    """A whole first flight in one record."""
    body = hello + message(11, block(3, b"".join(block(3, der) for der in chain)))
    if exchange:
        body += message(12, exchange)
    return record(HANDSHAKE, version, body + message(14, b""))


def ecdhe(group: int = 23, scheme: int | None = 0x0401) -> bytes:
    signature = (numbers(2, (scheme,)) if scheme is not None else b"") + block(2, bytes(64))
    return b"\x03" + numbers(2, (group,)) + block(1, bytes(65)) + signature


@contextlib.asynccontextmanager
async def serving(answer: Callable[[Offer | None], object]) -> AsyncIterator[int]:
    """Listen on loopback; ``answer`` gives bytes, or SILENCE, CLOSE, RESET. ``None`` is offered for SSL 2.0."""
    count = 0
    tasks: set[asyncio.Task] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        mine = count
        head = await reader.readexactly(5)
        data = head + await reader.readexactly(int.from_bytes(head[3:5], "big")) if head[0] == HANDSHAKE else head
        said = answer(parse(data, mine))
        if said is SILENCE:
            await asyncio.sleep(60)
        elif said is RESET:
            writer.transport.abort()
        elif isinstance(said, bytes):
            writer.write(said)
            await writer.drain()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        try:
            await talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            tasks.discard(asyncio.current_task())

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def leaving(upstream: int, after: int, how: object) -> AsyncIterator[int]:
    """A front of a real server that turns silent (SILENCE) or drops every connection (CLOSE) after ``after``."""
    count = 0
    tasks: set[asyncio.Task] = set()

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(2**14):
                writer.write(data)
                await writer.drain()
            writer.write_eof()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        gone = count > after
        tasks.add(asyncio.current_task())
        other = None
        try:
            if not gone:
                back, other = await asyncio.open_connection("127.0.0.1", upstream)
                await asyncio.gather(pipe(reader, other), pipe(back, writer))
            elif how is SILENCE:
                await asyncio.sleep(60)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            for end in (writer, other):
                if end is not None:
                    end.close()
                    with contextlib.suppress(OSError):
                        await end.wait_closed()
            tasks.discard(asyncio.current_task())

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
