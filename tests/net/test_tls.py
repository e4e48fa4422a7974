"""HTTPS: verdicts on certificates, old servers, what is no TLS, and HTTP/2."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections.abc import Awaitable, Callable
from typing import Any

import h2.config
import h2.connection
import h2.events
import pytest

from pgssi_probe.net.exchange import Exchange, Failure, Request, TlsFacts, Truncation
from pgssi_probe.net.target_network import TargetNetwork

NetworkFor = Callable[..., Awaitable[TargetNetwork]]
Serve = Callable[..., Awaitable[Any]]


def facts(exchange: Exchange) -> TlsFacts:
    assert exchange.tls is not None, exchange
    return exchange.tls


async def test_a_good_certificate_costs_no_extra_connection(
    serve: Serve, network_for: NetworkFor, kit: Any, pki: Any
) -> None:
    server = await serve(kit.replying(kit.http(b"ok")), tls=pki.context("good"))
    network = await network_for(server, ca_file=pki.ca_file)
    exchanges = [await network.send(Request("GET", server.url())) for _ in range(3)]
    assert [exchange.status for exchange in exchanges] == [200] * 3
    assert server.connections == 1
    tls = facts(exchanges[0])
    assert (tls.version, tls.verified, tls.verify_error) == ("TLSv1.3", True, None)
    assert tls.cipher.startswith("TLS_")
    assert tls.certificate_der is not None
    assert exchanges[0].peer == f"127.0.0.1:{server.port}"
    assert facts(exchanges[2]) is tls


@pytest.mark.parametrize(
    ("certificate", "words"),
    [("expired", "expired"), ("selfsigned", "self-signed"), ("elsewhere", "IP address mismatch")],
)
async def test_a_bad_certificate_is_recorded_and_the_scan_goes_on(
    serve: Serve, network_for: NetworkFor, kit: Any, pki: Any, certificate: str, words: str
) -> None:
    server = await serve(kit.replying(kit.http(b"ok"), close=True), tls=pki.context(certificate))
    network = await network_for(server, ca_file=pki.ca_file)
    exchanges = [await network.send(Request("GET", server.url())) for _ in range(3)]
    for exchange in exchanges:
        assert exchange.status == 200
        tls = facts(exchange)
        assert not tls.verified
        assert words in (tls.verify_error or "")
        assert tls.certificate_der is not None
    assert facts(exchanges[1]) is facts(exchanges[2])  # a certificate is kept once, not once an exchange
    assert len(server.heads) == 3  # the first handshake failed before any request: one connection more, once


async def test_an_unknown_authority(serve: Serve, network_for: NetworkFor, kit: Any, pki: Any) -> None:
    server = await serve(kit.replying(kit.http(b"ok")), tls=pki.context("good"))
    exchange = await (await network_for(server)).send(Request("GET", server.url()))
    assert exchange.status == 200
    assert not facts(exchange).verified


async def test_a_certificate_that_turns_bad_in_the_middle_is_noticed(
    serve: Serve, network_for: NetworkFor, kit: Any, pki: Any
) -> None:
    context = pki.context("good")
    server = await serve(kit.replying(kit.http(b"ok"), close=True), tls=context)
    network = await network_for(server, ca_file=pki.ca_file)
    first = await network.send(Request("GET", server.url()))
    context.load_cert_chain(pki.folder / "expired.pem", pki.folder / "expired.key")
    second = await network.send(Request("GET", server.url()))
    assert (facts(first).verified, facts(second).verified) == (True, False)


async def test_the_name_is_in_the_handshake_not_the_address(
    serve: Serve, network_for: NetworkFor, kit: Any, pki: Any
) -> None:
    seen: list[str | None] = []
    context = pki.context("good")
    context.sni_callback = lambda _connection, name, _context: seen.append(name)
    server = await serve(kit.replying(kit.http(b"ok")), tls=context)

    async def resolver(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    url = server.url(host="localhost.")
    exchange = await (await network_for(url, ca_file=pki.ca_file, resolver=resolver)).send(Request("GET", url))
    assert seen == ["localhost"]
    assert facts(exchange).verified


async def test_an_old_server_is_still_scanned(serve: Serve, network_for: NetworkFor, kit: Any, pki: Any) -> None:
    context = pki.context("good")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    server = await serve(kit.replying(kit.http(b"ok")), tls=context)
    exchange = await (await network_for(server, ca_file=pki.ca_file)).send(Request("GET", server.url()))
    assert exchange.status == 200
    assert facts(exchange).version == "TLSv1.1"
    assert not facts(exchange).verified


async def test_plain_http_behind_an_https_url(serve: Serve, network_for: NetworkFor, kit: Any) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Any) -> None:
        await reader.read(10)
        writer.write(kit.http(b"this port speaks plain HTTP", status=b"400 Bad Request"))
        await writer.drain()

    server = await serve(handler)
    server.tls = True
    exchange = await (await network_for(server)).send(Request("GET", server.url()))
    assert exchange.failure is Failure.TLS
    assert exchange.detail == "wrong version number"
    assert exchange.tls is None


async def test_a_port_that_closes_during_the_handshake(serve: Serve, network_for: NetworkFor) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Any) -> None:
        await reader.read(10)

    server = await serve(handler)
    server.tls = True
    exchange = await (await network_for(server)).send(Request("GET", server.url()))
    assert exchange.failure is Failure.TLS


async def test_a_silent_handshake_times_out(serve: Serve, network_for: NetworkFor, kit: Any) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Any) -> None:
        await asyncio.sleep(60)

    server = await serve(handler)
    server.tls = True
    network = await network_for(server, limits=kit.limits(connect_timeout=0.3))
    exchange = await network.send(Request("GET", server.url()))
    assert exchange.failure is Failure.TLS
    assert "timed out" in exchange.detail
    assert exchange.elapsed < 2


async def test_a_reset_in_the_first_handshake_says_nothing_of_the_certificate(
    serve: Serve, network_for: NetworkFor, kit: Any, pki: Any
) -> None:
    """A front end that drops one connection must not have its certificate called bad for the rest of the run."""
    good = await serve(kit.replying(kit.http(b"ok"), close=True), tls=pki.context("good"))
    dropped = 0

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Any) -> None:
        nonlocal dropped
        if not dropped:
            dropped += 1
            return
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", good.port)

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                sink.write(data)
            sink.close()

        await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))

    server = await serve(proxy)
    server.tls = True
    network = await network_for(server, ca_file=pki.ca_file)
    first, second = [await network.send(Request("GET", server.url())) for _ in range(2)]
    assert dropped == 1
    assert first.status == second.status == 200
    assert facts(second).verified


async def test_an_unreadable_authority_is_an_error_at_once(network_for: NetworkFor, tmp_path: Any) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate")
    with pytest.raises(OSError):
        await network_for("https://portal.example/", ca_file=str(tmp_path / "ca.pem"))


# HTTP/2


def http2(respond: Callable[[h2.connection.H2Connection, int, dict[bytes, bytes]], Awaitable[None] | None]) -> Any:
    """A handler that speaks HTTP/2 and calls `respond(connection, stream, headers)` for each request."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Any) -> None:
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding=None))
        connection.initiate_connection()
        writer.write(connection.data_to_send())
        while data := await reader.read(65536):
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    server.heads.append(dict(event.headers))
                    respond(connection, event.stream_id or 0, dict(event.headers))
            writer.write(connection.data_to_send())
            await writer.drain()

    return handler


def answer_ok(connection: h2.connection.H2Connection, stream: int, headers: dict[bytes, bytes]) -> None:
    connection.send_headers(stream, [(":status", "200"), ("set-cookie", "a=1"), ("set-cookie", "b=2")])
    connection.send_data(stream, b"hello", end_stream=True)


async def test_http2_is_spoken_when_offered(serve: Serve, network_for: NetworkFor, pki: Any) -> None:
    server = await serve(http2(answer_ok), tls=pki.context("good", alpn=("h2", "http/1.1")))
    network = await network_for(server, ca_file=pki.ca_file)
    exchanges = [await network.send(Request("GET", server.url("/x?y"))) for _ in range(2)]
    response = exchanges[1].response
    assert response is not None
    assert (response.http_version, response.status, response.body) == ("HTTP/2", 200, b"hello")
    assert response.all("set-cookie") == ("a=1", "b=2")
    assert facts(exchanges[1]).alpn == "h2"
    assert server.connections == 1
    assert server.heads[1][b":path"] == b"/x?y"
    assert server.heads[1][b"x-request-id"] == exchanges[1].id.encode()


async def test_http2_can_be_declined(serve: Serve, network_for: NetworkFor, kit: Any, pki: Any) -> None:
    server = await serve(kit.replying(kit.http(b"ok")), tls=pki.context("good", alpn=("h2", "http/1.1")))
    network = await network_for(server, ca_file=pki.ca_file)
    exchange = await network.send(Request("GET", server.url(), http_version="1.1"))
    assert exchange.response is not None
    assert exchange.response.http_version == "HTTP/1.1"
    assert facts(exchange).alpn == "http/1.1"


async def test_http2_body_is_capped(serve: Serve, network_for: NetworkFor, kit: Any, pki: Any) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Any) -> None:
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        connection.initiate_connection()
        writer.write(connection.data_to_send())
        stream = 0
        while data := await reader.read(65536):
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    stream = event.stream_id or 0
                    connection.send_headers(stream, [(":status", "200")])
            while stream and connection.local_flow_control_window(stream) >= 16384:
                connection.send_data(stream, b"x" * 16384)
            writer.write(connection.data_to_send())
            await writer.drain()

    server = await serve(handler, tls=pki.context("good", alpn=("h2",)))
    network = await network_for(server, ca_file=pki.ca_file, limits=kit.limits(max_body_wire=300_000))
    exchange = await network.send(Request("GET", server.url()))
    assert exchange.response is not None
    assert exchange.response.truncated is Truncation.WIRE_CAP
    assert len(exchange.response.body) == 300_000


def answer_flood(connection: h2.connection.H2Connection, stream: int, headers: dict[bytes, bytes]) -> None:
    connection.send_headers(
        stream, [(":status", "200"), *((f"x-{i}", "v" * 100) for i in range(2000))], end_stream=True
    )


def answer_reset(connection: h2.connection.H2Connection, stream: int, headers: dict[bytes, bytes]) -> None:
    connection.reset_stream(stream, 2)


def answer_goaway(connection: h2.connection.H2Connection, stream: int, headers: dict[bytes, bytes]) -> None:
    connection.close_connection(2)


@pytest.mark.parametrize("respond", [answer_flood, answer_reset, answer_goaway])
async def test_http2_misbehaviour_is_a_failure(serve: Serve, network_for: NetworkFor, pki: Any, respond: Any) -> None:
    server = await serve(http2(respond), tls=pki.context("good", alpn=("h2",)))
    exchange = await (await network_for(server, ca_file=pki.ca_file)).send(Request("GET", server.url()))
    assert exchange.response is None
    assert exchange.failure in {Failure.PROTOCOL, Failure.RESET}
    assert exchange.detail


async def test_http1_bytes_over_h2(serve: Serve, network_for: NetworkFor, kit: Any, pki: Any) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Any) -> None:
        await reader.read(10)
        writer.write(kit.http(b"not h2") * 100)
        await writer.drain()

    server = await serve(handler, tls=pki.context("good", alpn=("h2",)))
    exchange = await (await network_for(server, ca_file=pki.ca_file)).send(Request("GET", server.url()))
    assert exchange.failure in {Failure.PROTOCOL, Failure.RESET}  # h2 waits for the rest of a monstrous frame


async def test_a_monstrous_frame_is_not_waited_for(serve: Serve, network_for: NetworkFor, pki: Any) -> None:
    sent = 0

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Any) -> None:
        nonlocal sent
        await reader.read(10)
        writer.write(b"\xff\xff\xff" + b"\x00" * 6)  # DATA, 16 MB
        for _ in range(256):
            writer.write(bytes(65536))
            await writer.drain()
            sent += 65536

    server = await serve(handler, tls=pki.context("good", alpn=("h2",)))
    exchange = await (await network_for(server, ca_file=pki.ca_file)).send(Request("GET", server.url()))
    assert exchange.failure is Failure.PROTOCOL
    assert sent < 8_000_000
