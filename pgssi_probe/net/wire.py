"""One connection under httpcore: an asyncio protocol that buffers little, and remembers what it is connected to.

Time-outs are the caller's: a deadline over the whole request, where httpcore has one for each read.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, cast

import httpcore

from pgssi_probe.clock import Clock
from pgssi_probe.net.exchange import Failure, TlsFacts

HIGH_WATER = 256 * 1024
"""Bytes kept unread before the socket is left to fill."""

HEAD_ALLOWANCE = 1024 * 1024
"""Bytes that may come before the head of an answer is there. h2 would wait for a frame of 16 MB, and chunks may hold
extensions of any length: parsers have their limits, this one is on what reaches them."""

SHUTDOWN = 1.0
"""Seconds granted to a peer to answer a TLS close."""


class FloodError(ConnectionError):
    """More bytes than allowed."""


class WireLostError(httpcore.ReadError):
    """The connection broke while it was read. `failure` tells how."""

    def __init__(self, failure: Failure, detail: str) -> None:
        super().__init__(detail)
        self.failure = failure
        self.detail = detail


def lost(error: Exception) -> tuple[Failure, str]:
    """Closed reason and safe detail of a connection that broke."""
    if isinstance(error, FloodError):
        return Failure.PROTOCOL, "response: too many bytes"
    if isinstance(error, ssl.SSLError):
        return Failure.TLS, error.reason or "TLS error"
    return Failure.RESET, "connection reset" if isinstance(error, ConnectionResetError) else "connection lost"


def address_text(sockname: object) -> str:
    """`192.0.2.1:443` or `[2001:db8::1]:443` of a socket name; "" when there is none."""
    if not isinstance(sockname, tuple) or len(sockname) < 2:
        return ""
    host, port = sockname[0], sockname[1]
    return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"


class Wire(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """One connection, for httpcore. Time-outs are the caller's: a deadline over the whole request, not one per read."""

    def __init__(self, secure: Callable[[Wire, str], Awaitable[Wire]], clock: Clock) -> None:
        self._loop = asyncio.get_running_loop()
        self._chunks: deque[bytes] = deque()
        self._buffered = 0
        self._received = 0
        self._asked_at = 0
        self._allowed = HEAD_ALLOWANCE
        self._paused = False
        self._ended = False
        self._error: Exception | None = None
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self._writable = True
        self._transport: asyncio.Transport | None = None
        self._secure: Callable[[Wire, str], Awaitable[Wire]] | None = secure
        self._clock = clock
        self.closed: asyncio.Future[None] = self._loop.create_future()
        self.peer = ""
        self.source = ""
        self.tls: TlsFacts | None = None
        self.ready_at = 0.0
        """When the connection could be used, on the clock."""

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.peer = address_text(transport.get_extra_info("peername"))
        self.source = address_text(transport.get_extra_info("sockname"))
        self.ready_at = self._clock.monotonic()

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        if self._received > self._allowed:
            self.cut(FloodError())
            return
        self._chunks.append(data)
        self._buffered += len(data)
        if self._buffered > HIGH_WATER and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool | None:
        self._ended = True
        self._wake()
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._error = self._error or exc
        self._transport = self._secure = None  # or cycles keep 256 KB of TLS buffers until the collector comes by
        self._wake()
        self.resume_writing()
        if not self.closed.done():
            self.closed.set_result(None)

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True
        if self._writer is not None and not self._writer.done():
            self._writer.set_result(None)

    # httpcore.AsyncNetworkStream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        while not self._chunks:
            if self._error is not None:
                raise WireLostError(*lost(self._error))
            if self._ended:
                return b""
            self._reader = self._loop.create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        data = self._chunks.popleft()
        if len(data) > max_bytes:
            self._chunks.appendleft(data[max_bytes:])
            data = data[:max_bytes]
        self._buffered -= len(data)
        if self._paused and self._buffered < HIGH_WATER // 2 and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        if not buffer:
            return
        if self._transport is None or self._transport.is_closing() or self.closed.done():
            raise httpcore.WriteError("connection is closed")
        self._transport.write(buffer)
        while not self._writable:
            self._writer = self._loop.create_future()
            try:
                await self._writer
            finally:
                self._writer = None

    async def aclose(self) -> None:
        if self._chunks or self._paused:
            self.abort()  # the target is still talking: no polite farewell
        elif self._transport is not None:
            self._transport.close()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,  # noqa: ARG002 (the dialer's own)
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        if self._secure is None:
            raise WireLostError(Failure.RESET, "connection lost")
        return await self._secure(self, server_hostname or "")

    def get_extra_info(self, info: str) -> Any:
        if info == "wire":
            return self
        if info == "is_readable":
            return bool(self._chunks) or self._ended
        return self._transport.get_extra_info(info) if self._transport is not None else None

    # ours

    async def handshake(self, context: ssl.SSLContext, server_hostname: str, timeout: float) -> ssl.SSLObject:
        """Raises ssl.SSLError, OSError (TimeoutError for a silent peer)."""
        if self._chunks:
            raise ssl.SSLError("the server spoke before the handshake")
        if self._transport is None or self._ended:
            raise ConnectionResetError("closed before the handshake")
        try:
            async with asyncio.timeout(timeout):
                transport = await self._loop.start_tls(
                    self._transport, self, context, server_hostname=server_hostname, ssl_shutdown_timeout=SHUTDOWN
                )
        except BaseException:
            self.abort()
            self.connection_lost(None)  # asyncio tells nobody when a handshake fails
            raise
        self._transport = cast("asyncio.Transport", transport)
        self.ready_at = self._clock.monotonic()
        return cast("ssl.SSLObject", self._transport.get_extra_info("ssl_object"))

    @property
    def http2(self) -> bool:
        return self.tls is not None and self.tls.alpn == "h2"

    @property
    def flooded(self) -> bool:
        return isinstance(self._error, FloodError)

    @property
    def heard(self) -> bool:
        """Whether anything came since the last `allow`."""
        return self._received > self._asked_at

    def allow(self, size: int) -> None:
        """How many bytes may come from now on."""
        self._asked_at = self._received
        self._allowed = self._received + size

    def cut(self, error: Exception | None = None) -> None:
        """Drop what came and close at once: the next read raises."""
        self._chunks.clear()
        self._buffered = 0
        self._error = self._error or error or ConnectionAbortedError("cut by us")
        self.abort()
        self._wake()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
