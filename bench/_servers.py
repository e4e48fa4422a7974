"""Loopback servers in a process of their own, so that their cost is not counted with ours."""

from __future__ import annotations

import asyncio
import multiprocessing
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

BODY = b"<!doctype html><html lang=fr><title>Portail</title><p>" + b"Bonjour. " * 220
REPLY = (
    b"HTTP/1.1 200 OK\r\nDate: Sun, 22 Nov 2026 01:00:00 GMT\r\nServer: nginx\r\n"
    b"Content-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\nConnection: keep-alive\r\n"
    b"Strict-Transport-Security: max-age=31536000; includeSubDomains\r\nX-Content-Type-Options: nosniff\r\n"
    b"Content-Security-Policy: default-src 'self'\r\nReferrer-Policy: same-origin\r\n"
    b"Set-Cookie: sid=0123456789abcdef; Secure; HttpOnly; SameSite=Lax; Path=/\r\n\r\n" % len(BODY)
) + BODY


class _Fixed(asyncio.Protocol):
    """Answers each request head with the same bytes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._held = b""

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            self._held = self._held[end + 4 :]
            self._transport.write(REPLY)  # type: ignore[attr-defined]


async def _listen(addresses: list[str], context: ssl.SSLContext | None, ready: Connection, port: int) -> None:
    loop = asyncio.get_running_loop()
    ports = []
    for address in addresses:
        server = await loop.create_server(_Fixed, address, port, ssl=context, backlog=512)
        ports.append(server.sockets[0].getsockname()[1])
    ready.send(ports)
    await asyncio.Event().wait()


def _main(addresses: list[str], certificate: tuple[str, str] | None, ready: Connection, port: int) -> None:
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
    asyncio.run(_listen(addresses, context, ready, port))


@contextmanager
def fixed_server(
    addresses: list[str], certificate: tuple[str, str] | None = None, port: int = 0
) -> Iterator[list[int]]:
    """Listens on each address; gives the ports."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_main, args=(addresses, certificate, theirs, port), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.kill()
        process.join()
