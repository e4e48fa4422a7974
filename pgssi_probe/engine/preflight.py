"""Before anything else: is there something to scan? One clear answer instead of sixty inconclusive ones."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress

from pgssi_probe.check.context import Target
from pgssi_probe.net.exchange import Failure, Request
from pgssi_probe.net.gate import Gate

GREETING_SECONDS = 10.0


class Unreachable(Exception):
    """There is nothing to scan at the address. `code` is a key of the catalogue under `unreachable`.

    `detail` is a reason of the closed list when `code` is "stopped", else a few words of our own in English.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


_CODES = {
    Failure.DNS: "unknown_host",
    Failure.REFUSED: "refused",
    Failure.CONNECT_TIMEOUT: "silent",
    Failure.OUT_OF_SCOPE: "out_of_scope",
}


async def preflight(target: Target, gate: Gate) -> tuple[str, ...]:
    """The addresses of the target, once it has shown that it is there; Unreachable otherwise.

    A server that answers badly is still a target: a broken TLS or an endless body is for the checks to say.
    Only what does not speak the protocol at all is refused here.
    """
    network = gate.network(by="preflight", max_requests=2, max_connections=1, methods=("GET",))
    exchange = await network.send(Request("GET", target.url))
    failure = exchange.failure
    code = _CODES.get(failure) if failure else None
    if failure is Failure.TLS and not await _speaks_tls(target, gate):
        code = "not_tls"
    if code is None and target.scheme == "http" and exchange.response is None:
        words = await _first_words(target, gate)
        if not words.startswith(b"HTTP/"):
            code = "not_http" if words else "no_answer"
    if gate.stopped is not None:
        raise Unreachable("stopped", gate.stopped)
    if code is not None:
        raise Unreachable(code, exchange.detail)
    return await network.addresses(target.host, target.port)


async def _speaks_tls(target: Target, gate: Gate) -> bool:
    """Whether the port answers a ClientHello with a TLS record, be it an alert: content type 21 or 22, version 3.x."""
    network = gate.network(by="preflight", max_requests=0, max_connections=1, methods=())
    try:
        async with asyncio.timeout(GREETING_SECONDS):
            reader, writer = await network.open(target.host, target.port)
            try:
                writer.write(_client_hello(target.host))
                await writer.drain()
                head = await reader.readexactly(3)
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return False
    return head[0] in {21, 22} and head[1] == 3


async def _first_words(target: Target, gate: Gate) -> bytes:
    """The first bytes that the port answers to a plain request; none when it stays silent or hangs up."""
    network = gate.network(by="preflight", max_requests=0, max_connections=1, methods=())
    try:
        async with asyncio.timeout(GREETING_SECONDS):
            reader, writer = await network.open(target.host, target.port)
            try:
                writer.write(f"GET / HTTP/1.0\r\nHost: {target.host}\r\n\r\n".encode())
                await writer.drain()
                return await reader.read(16)
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return b""


def _client_hello(host: str) -> bytes:
    outgoing = ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    handshake = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=host)
    with suppress(ssl.SSLWantReadError):
        handshake.do_handshake()
    return outgoing.read()
