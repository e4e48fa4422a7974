"""A forward proxy of our own, on loopback, for runs whose engagement declares none.

It serves this run only: whoever connects must show its token, and it goes nowhere that `resolve` does not admit. It
tunnels CONNECT, and hands clear requests over with `Via` and `X-Forwarded-For` like the proxies of an establishment.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from pgssi_probe.net.exchange import Headers

MAX_HEAD: Final = 65_536
MAX_OPEN: Final = 64
CONNECT_SECONDS: Final = 10.0
CHUNK: Final = 65_536
HOP_BY_HOP: Final = frozenset({"connection", "proxy-connection", "proxy-authorization", "keep-alive", "te", "upgrade"})
"""Headers that end at a proxy (RFC 9110 §7.6.1)."""

Resolve = Callable[[str, int], Awaitable[tuple[str, ...]]]


class RefusedError(Exception):
    """`status` is what the client is told."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Relay:
    """`host` and `port` are known after `start`. `credentials` are the headers that open it."""

    def __init__(self, label: str, resolve: Resolve) -> None:
        self.label = label
        self.host = "127.0.0.1"
        self.port = 0
        self._resolve = resolve
        token = base64.b64encode(f"probe:{secrets.token_urlsafe(24)}".encode()).decode()
        self._token = f"Basic {token}"
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def credentials(self) -> Headers:
        return (("Proxy-Authorization", self._token),)

    async def start(self) -> None:
        """Raises OSError."""
        self._server = await asyncio.start_server(self._accept, self.host, 0, limit=MAX_HEAD)
        self.port = self._server.sockets[0].getsockname()[1]

    async def aclose(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._tasks) >= MAX_OPEN:
            writer.close()
            return
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._relay(reader, writer)
        except RefusedError as refused:
            writer.write(b"HTTP/1.1 %d Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % refused.status)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the other end sees the connection close, as with any proxy
        finally:
            writer.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, target, lines = _parsed(head)
        if not any(hmac.compare_digest(value.encode(), self._token.encode()) for value in _values(lines)):
            raise RefusedError(407)
        if method == "CONNECT":
            far_reader, far_writer = await self._dial(*_authority(target))
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            host, port, path = _absolute(target)
            far_reader, far_writer = await self._dial(host, port)
            far_writer.write(self._forwarded(method, path, lines, writer.get_extra_info("peername")[0]))
        try:
            await _both_ways(reader, writer, far_reader, far_writer)
        finally:
            far_writer.close()

    async def _dial(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            addresses = await self._resolve(host, port)
        except OSError:
            raise RefusedError(403) from None
        for address in addresses:
            with suppress(OSError):
                async with asyncio.timeout(CONNECT_SECONDS):
                    return await asyncio.open_connection(address, port)
        raise RefusedError(502)

    def _forwarded(self, method: str, path: str, lines: list[str], client: str) -> bytes:
        """The head as the next hop receives it: one request for each connection, so that no second goes unread."""
        kept = [line for line in lines if line.partition(":")[0].strip().lower() not in HOP_BY_HOP]
        added = [f"Via: 1.1 {self.label}", f"X-Forwarded-For: {client}", "Connection: close"]
        return "\r\n".join([f"{method} {path} HTTP/1.1", *kept, *added, "", ""]).encode("latin-1")


def _parsed(head: str) -> tuple[str, str, list[str]]:
    first, *lines = head.rstrip("\r\n").split("\r\n")
    parts = first.split(" ")
    if len(parts) != 3:
        raise RefusedError(400)
    return parts[0], parts[1], lines


def _values(lines: list[str]) -> list[str]:
    named = (line.partition(":") for line in lines)
    return [value.strip() for name, _, value in named if name.strip().lower() == "proxy-authorization"]


def _authority(target: str) -> tuple[str, int]:
    host, _, port = target.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise RefusedError(400)
    return host.strip("[]"), int(port)


def _absolute(target: str) -> tuple[str, int, str]:
    try:
        parts = urlsplit(target)
        host, port = parts.hostname, parts.port or 80
    except ValueError:
        raise RefusedError(400) from None
    if parts.scheme != "http" or not host:
        raise RefusedError(400)
    return host, port, "/" + target.removeprefix("http://").partition("/")[2]


async def _both_ways(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    far_reader: asyncio.StreamReader,
    far_writer: asyncio.StreamWriter,
) -> None:
    """Until either side has nothing more to say: a tunnel has no end of its own."""
    ways = [asyncio.ensure_future(_pour(reader, far_writer)), asyncio.ensure_future(_pour(far_reader, writer))]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await source.read(CHUNK):
            sink.write(chunk)
            await sink.drain()
