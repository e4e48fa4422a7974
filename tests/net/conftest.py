"""Servers on loopback that do what no library would let them: each test scripts bytes."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pgssi_probe.net.gate import Gate, open_gate
from pgssi_probe.net.governor import Limits
from pgssi_probe.net.health import HealthPolicy
from pgssi_probe.net.scope import Scope
from pgssi_probe.net.target_network import TargetNetwork

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

FAST = Limits(rate_per_host=10_000, burst_per_host=10_000, connect_rate=10_000, connect_burst=10_000)


@dataclass
class Server:
    """One listener. `heads` are the request heads it received, `connections` how many connections were made."""

    port: int
    heads: list[bytes] = field(default_factory=list)
    connections: int = 0
    tls: bool = False
    host: str = "127.0.0.1"

    def url(self, path: str = "/", host: str | None = None) -> str:
        host = host or self.host
        return f"http{'s' if self.tls else ''}://{f'[{host}]' if ':' in host else host}:{self.port}{path}"


Serve = Callable[..., Awaitable[Server]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """`await serve(handler, tls=context)` where handler takes (reader, writer, server)."""
    async with AsyncExitStack() as stack:

        async def start(
            handler: Callable[..., Awaitable[None]], *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
        ) -> Server:
            server = Server(0, tls=tls is not None, host=host)
            tasks: set[asyncio.Task[None]] = set()

            async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                task = asyncio.current_task()
                tasks.add(task)  # type: ignore[arg-type]
                server.connections += 1
                try:
                    with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                        await handler(reader, writer, server)
                finally:
                    tasks.discard(task)  # type: ignore[arg-type]
                    writer.transport.abort()

            listener = await asyncio.start_server(guarded, host, 0, ssl=tls)
            server.port = listener.sockets[0].getsockname()[1]

            async def stop() -> None:
                listener.close()
                for task in list(tasks):
                    task.cancel()
                await asyncio.sleep(0.01)

            stack.push_async_callback(stop)
            return server

        yield start


def replying(*replies: bytes, close: bool = False) -> Callable[..., Awaitable[None]]:
    """A handler that answers the requests of a connection with these bytes in turn, the last one for ever."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Server) -> None:
        number = 0
        while True:
            server.heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(replies[min(number, len(replies) - 1)])
            await writer.drain()
            number += 1
            if close:
                writer.close()
                return

    return handler


def http(body: bytes = b"", *headers: bytes, status: bytes = b"200 OK") -> bytes:
    head = b"".join(line + b"\r\n" for line in (*headers, b"Content-Length: %d" % len(body)))
    return b"HTTP/1.1 " + status + b"\r\n" + head + b"\r\n" + body


@pytest.fixture
async def gate_for() -> AsyncIterator[Callable[..., Awaitable[Gate]]]:
    """`await gate_for(server, …)`: a gate whose scope is these servers, options as of `open_gate`."""
    async with AsyncExitStack() as stack:

        async def make(*servers: Server | str, **options: object) -> Gate:
            endpoints = [server if isinstance(server, str) else server.url() for server in servers]
            options.setdefault("limits", FAST)
            options.setdefault("scope", Scope.of(*endpoints))
            return await stack.enter_async_context(open_gate(**options))  # type: ignore[arg-type]

        yield make


@pytest.fixture
def network_for(gate_for: Callable[..., Awaitable[Gate]]) -> Callable[..., Awaitable[TargetNetwork]]:
    async def make(
        *servers: Server | str, methods: tuple[str, ...] = ("GET", "HEAD", "POST"), **options: object
    ) -> TargetNetwork:
        gate = await gate_for(*servers, **options)
        return gate.network(by="test.check", max_requests=1000, max_connections=1000, methods=methods)

    return make


# certificates


@dataclass(frozen=True)
class Pki:
    """A small authority in a folder. `context(name)` is a server context; `ca_file` the authority's certificate."""

    folder: Path
    ca_file: str

    def context(self, name: str, *, alpn: tuple[str, ...] = ()) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _issue(
    folder: Path,
    name: str,
    *,
    issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None,
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "::1"),
    days: tuple[int, int] = (-1, 30),
    ca: bool = False,
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.UTC)
    sans: list[x509.GeneralName] = []
    for host in hosts:
        try:
            sans.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            sans.append(x509.DNSName(host))
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(issuer[0].subject if issuer else _name(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + dt.timedelta(days=days[0]))
        .not_valid_after(now + dt.timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if not ca:
        builder = builder.add_extension(x509.SubjectAlternativeName(sans), critical=False)
    if issuer:
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer[1].public_key()), critical=False
        )
    certificate = builder.sign(issuer[1] if issuer else key, hashes.SHA256())
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, key


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    folder = tmp_path_factory.mktemp("pki")
    authority = _issue(folder, "ca", issuer=None, ca=True, days=(-10, 30))
    _issue(folder, "good", issuer=authority)
    _issue(folder, "expired", issuer=authority, days=(-9, -2))
    _issue(folder, "elsewhere", issuer=authority, hosts=("other.example",))
    _issue(folder, "selfsigned", issuer=None)
    return Pki(folder, str(folder / "ca.pem"))


class Kit:
    """What test modules need of this one: in importlib mode they cannot import it."""

    replying = staticmethod(replying)
    http = staticmethod(http)

    @staticmethod
    def limits(**fields: float) -> Limits:
        return dataclasses.replace(FAST, **fields)  # type: ignore[arg-type]

    @staticmethod
    def policy(**fields: Any) -> HealthPolicy:
        return HealthPolicy(**fields)


@pytest.fixture
def kit() -> type[Kit]:
    return Kit
