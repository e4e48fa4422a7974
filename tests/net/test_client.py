"""The client over plain HTTP: exact capture, nothing remembered, every misbehaviour a closed failure."""

from __future__ import annotations

import asyncio
import gzip
import resource
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from pgssi_probe.net import lanes
from pgssi_probe.net.client import safe_detail
from pgssi_probe.net.exchange import Failure, Request, Truncation
from pgssi_probe.net.governor import Limits
from pgssi_probe.net.target_network import TargetNetwork

NetworkFor = Callable[..., Awaitable[TargetNetwork]]
Serve = Callable[..., Awaitable[Any]]


def get(server: Any, path: str = "/", **fields: Any) -> Request:
    return replace(Request("GET", server.url(path)), **fields)


async def test_headers_keep_order_case_and_duplicates(serve: Serve, network_for: NetworkFor, kit: Any) -> None:
    server = await serve(
        kit.replying(
            kit.http(b"hi", b"X-Zed: 1", b"set-cookie: a=1", b"Set-Cookie: b=2", b"X-Accent: caf\xe9", b"X-Empty:")
        )
    )
    exchange = await (await network_for(server)).send(get(server, "/x?y=1"))
    assert exchange.response is not None
    assert exchange.response.headers == (
        ("X-Zed", "1"),
        ("set-cookie", "a=1"),
        ("Set-Cookie", "b=2"),
        ("X-Accent", "caf\xe9"),
        ("X-Empty", ""),
        ("Content-Length", "2"),
    )
    assert exchange.response.body == b"hi"
    assert (exchange.response.status, exchange.response.reason, exchange.response.http_version) == (
        200,
        "OK",
        "HTTP/1.1",
    )
    assert exchange.peer == f"127.0.0.1:{server.port}"
    assert exchange.source is not None
    assert exchange.source.startswith("127.0.0.1:")
    assert exchange.by == "test.check"
    assert exchange.first_byte is not None
    assert 0 < exchange.first_byte <= exchange.elapsed


async def test_what_is_sent_is_what_is_said(serve: Serve, network_for: NetworkFor, kit: Any) -> None:
    server = await serve(kit.replying(kit.http()))
    network = await network_for(server, user_agent="pgssi-probe/1 (+run R)")
    exchange = await network.send(get(server, "/a", headers=(("x-Odd", "1"), ("Cookie", "s=1"), ("Cookie", "t=2"))))
    lines = server.heads[0].decode("latin-1").split("\r\n")
    assert lines[0] == "GET /a HTTP/1.1"
    assert lines[1:-2] == [f"{name}: {value}" for name, value in exchange.sent_headers]
    sent = dict(exchange.sent_headers)
    assert sent["User-Agent"] == "pgssi-probe/1 (+run R)"
    assert sent["Accept-Encoding"] == "gzip, br"
    assert sent["X-Request-Id"] == exchange.id
    assert len(exchange.id) == 32
    assert lines.count("Cookie: s=1") == lines.count("Cookie: t=2") == 1


async def test_own_headers_give_way_but_for_the_request_id(serve: Serve, network_for: NetworkFor, kit: Any) -> None:
    server = await serve(kit.replying(kit.http()))
    wished = (("user-agent", "other"), ("Host", "evil.example"), ("X-Request-Id", "mine"))
    exchange = await (await network_for(server)).send(get(server, headers=wished))
    head = server.heads[0]
    assert b"user-agent: other" in head
    assert head.lower().count(b"user-agent") == 1
    assert b"Host: evil.example" in head
    assert b"mine" not in head
    assert exchange.id.encode() in head


async def test_a_body_is_sent_with_its_length(serve: Serve, network_for: NetworkFor, kit: Any) -> None:
    received: list[bytes] = []

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Any) -> None:
        server.heads.append(await reader.readuntil(b"\r\n\r\n"))
        received.append(await reader.readexactly(7))
        writer.write(kit.http())
        await writer.drain()

    server = await serve(handler)
    await (await network_for(server)).send(Request("POST", server.url(), (("Content-Type", "text/plain"),), b"a=1&b=2"))
    assert received == [b"a=1&b=2"]
    assert b"Content-Length: 7" in server.heads[0]


@pytest.mark.parametrize("target", ["/%zz/../a?<x>", "/a b", "http://elsewhere/", "*", "/\u00e9", "/a\r\nX: 1"])
async def test_the_origin_form_goes_out_verbatim(serve: Serve, network_for: NetworkFor, kit: Any, target: str) -> None:
    server = await serve(kit.replying(kit.http()))
    exchange = await (await network_for(server)).send(get(server, origin_form=target))
    if not target.isascii() or not target.isprintable() or " " in target:  # h11 writes request lines only
        assert exchange.failure is Failure.PROTOCOL
        assert exchange.detail.startswith("request:")
        assert server.heads == []
    else:
        assert server.heads[0].split(b"\r\n")[0] == b"GET " + target.encode("latin-1") + b" HTTP/1.1"


@pytest.mark.parametrize("header", [("X-A", "1\r\nX-B: 2"), ("X A", "1"), ("X-A", "nul\0"), ("", "1")])
async def test_a_header_that_would_smuggle_does_not_leave(
    serve: Serve, network_for: NetworkFor, kit: Any, header: tuple[str, str]
) -> None:
    server = await serve(kit.replying(kit.http()))
    exchange = await (await network_for(server)).send(get(server, headers=(header,)))
    assert exchange.failure is Failure.PROTOCOL
    assert exchange.detail.startswith("request:")
    assert server.heads == []


async def test_nothing_is_followed_or_remembered(
    serve: Serve, network_for: NetworkFor, kit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    server = await serve(kit.replying(kit.http(b"", b"Location: /next", b"Set-Cookie: s=1", status=b"302 Found")))
    network = await network_for(server)
    for _ in range(2):
        assert (await network.send(get(server))).status == 302
    assert len(server.heads) == 2
    assert server.connections == 1
    assert not any(b"ookie" in head for head in server.heads)


async def test_head_and_empty_answers(serve: Serve, network_for: NetworkFor, kit: Any) -> None:
    gzipped = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 999\r\n\r\n"
    server = await serve(
        kit.replying(gzipped, b"HTTP/1.1 204 No Content\r\n\r\n", b"HTTP/1.1 304 Not Modified\r\n\r\n")
    )
    network = await network_for(server)
    head = await network.send(Request("HEAD", server.url()))
    assert head.response is not None
    assert (head.response.body, head.response.truncated) == (b"", None)
    assert [(await network.send(get(server))).status for _ in range(2)] == [204, 304]
    assert server.connections == 1


async def test_a_coded_body_is_decoded(serve: Serve, network_for: NetworkFor, kit: Any) -> None:
    wire = gzip.compress(b"bonjour" * 100)
    server = await serve(kit.replying(kit.http(wire, b"content-encoding: gzip")))
    exchange = await (await network_for(server)).send(get(server))
    assert exchange.response is not None
    assert exchange.response.body == b"bonjour" * 100
    assert exchange.response.wire_bytes == len(wire)


MALFORMED = {
    "nul in a header": b"HTTP/1.1 200 OK\r\nX-A: a\0b\r\n\r\n",
    "space before the colon": b"HTTP/1.1 200 OK\r\nX-A : 1\r\n\r\n",
    "conflicting lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "no status line": b"<html>not http</html>\r\n\r\n",
    "another protocol": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "unknown transfer coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
    "status out of range": b"HTTP/1.1 99999 OK\r\n\r\n",
}


@pytest.mark.parametrize("name", sorted(MALFORMED))
async def test_malformed_answers_are_protocol_failures(
    serve: Serve, network_for: NetworkFor, kit: Any, name: str
) -> None:
    server = await serve(kit.replying(MALFORMED[name], close=True))
    exchange = await (await network_for(server)).send(get(server))
    assert exchange.response is None
    assert exchange.failure is Failure.PROTOCOL
    assert exchange.detail.startswith("response:")
    assert len(exchange.detail) <= 200
    assert exchange.detail.isprintable()
    assert exchange.detail.isascii()


async def test_the_words_of_the_target_are_tamed_in_a_detail(serve: Serve, network_for: NetworkFor, kit: Any) -> None:
    server = await serve(kit.replying(b"\x1b]0;owned\x07" + b"<script>" + b"A" * 5000 + b"\r\n\r\n", close=True))
    exchange = await (await network_for(server)).send(get(server))
    assert exchange.failure is Failure.PROTOCOL
    assert len(exchange.detail) <= 200
    assert "\x1b" not in exchange.detail


FLOODS = {
    "many fields": b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: 1\r\n" % i for i in range(5000)) + b"\r\n",
    "one huge field": b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 5_000_000 + b"\r\n\r\n",
    "fields without end": b"HTTP/1.1 200 OK\r\n" + b"X-A: 1234567890\r\n" * 500_000,
}


@pytest.mark.parametrize("name", sorted(FLOODS))
async def test_header_floods_are_refused(serve: Serve, network_for: NetworkFor, kit: Any, name: str) -> None:
    server = await serve(kit.replying(FLOODS[name], close=True))
    exchange = await (await network_for(server)).send(get(server))
    assert exchange.failure is Failure.PROTOCOL
    assert exchange.elapsed < 5


async def test_endless_early_answers_are_refused(serve: Serve, network_for: NetworkFor, kit: Any) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Any) -> None:
        while True:
            writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 100)
            await writer.drain()

    server = await serve(handler)
    exchange = await (await network_for(server)).send(get(server))
    assert exchange.failure is Failure.PROTOCOL
    assert "too many bytes" in exchange.detail
    assert exchange.elapsed < 5


async def test_refused(network_for: NetworkFor) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        exchange = await (await network_for(url)).send(Request("GET", url))
    assert exchange.failure is Failure.REFUSED
    assert exchange.peer is None


async def test_unknown_name(network_for: NetworkFor) -> None:
    async def resolver(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    exchange = await (await network_for("http://gone.example/", resolver=resolver)).send(
        Request("GET", "http://gone.example/")
    )
    assert exchange.failure is Failure.DNS


async def test_a_silent_port_times_out(network_for: NetworkFor, kit: Any) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = [socket.socket() for _ in range(8)]  # the queue is full: the kernel drops what comes next
        try:
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(listener.getsockname())
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
            exchange = await (await network_for(url, limits=kit.limits(connect_timeout=0.3))).send(Request("GET", url))
        finally:
            for filler in fillers:
                filler.close()
    assert exchange.failure is Failure.CONNECT_TIMEOUT


async def test_no_answer(serve: Serve, network_for: NetworkFor, kit: Any) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Any) -> None:
        await asyncio.sleep(60)

    server = await serve(handler)
    exchange = await (await network_for(server, limits=kit.limits(request_timeout=0.3))).send(get(server))
    assert exchange.failure is Failure.RESPONSE_TIMEOUT
    assert exchange.peer == f"127.0.0.1:{server.port}"


async def test_closed_without_an_answer(serve: Serve, network_for: NetworkFor, kit: Any) -> None:
    server = await serve(kit.replying(b"", close=True))
    exchange = await (await network_for(server)).send(get(server))
    assert exchange.failure is Failure.RESET
    assert server.connections == 1


async def test_reset(serve: Serve, network_for: NetworkFor, kit: Any) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Any) -> None:
        await reader.readuntil(b"\r\n\r\n")
        linger = b"\x01\0\0\0\0\0\0\0"
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    server = await serve(handler)
    exchange = await (await network_for(server)).send(get(server))
    assert exchange.failure is Failure.RESET


async def test_a_drip_is_cut_by_the_deadline_and_kept(serve: Serve, network_for: NetworkFor, kit: Any) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Any) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    server = await serve(handler)
    exchange = await (await network_for(server, limits=kit.limits(request_timeout=0.4))).send(get(server))
    assert exchange.failure is None
    assert exchange.response is not None
    assert exchange.response.truncated is Truncation.TIME_CAP
    assert 1 <= len(exchange.response.body) < 100
    assert exchange.elapsed < 2


async def test_a_body_that_stops_short(serve: Serve, network_for: NetworkFor, kit: Any) -> None:
    server = await serve(kit.replying(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", close=True))
    exchange = await (await network_for(server)).send(get(server))
    assert exchange.response is not None
    assert (exchange.response.body, exchange.response.truncated) == (b"abc", Truncation.CONNECTION_LOST)


async def test_broken_chunks_keep_what_came(serve: Serve, network_for: NetworkFor, kit: Any) -> None:
    server = await serve(
        kit.replying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n", close=True)
    )
    exchange = await (await network_for(server)).send(get(server))
    assert exchange.response is not None
    assert (exchange.response.body, exchange.response.truncated) == (b"abc", Truncation.CONNECTION_LOST)


async def test_chunk_extensions_do_not_count_for_nothing(serve: Serve, network_for: NetworkFor, kit: Any) -> None:
    sent = 0

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Any) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"1;x=" + b"y" * 50_000 + b"\r\na\r\n"
        while True:
            writer.write(chunk)
            await writer.drain()
            sent += len(chunk)

    server = await serve(handler)
    exchange = await (await network_for(server)).send(get(server))
    assert exchange.response is not None
    assert exchange.response.truncated is Truncation.WIRE_CAP
    assert sent < 20_000_000
    assert exchange.elapsed < 5


async def test_a_body_until_close_is_whole(serve: Serve, network_for: NetworkFor, kit: Any) -> None:
    server = await serve(kit.replying(b"HTTP/1.0 200 OK\r\n\r\nhello", close=True))
    exchange = await (await network_for(server)).send(get(server))
    assert exchange.response is not None
    assert (exchange.response.body, exchange.response.truncated) == (b"hello", None)
    assert exchange.response.http_version == "HTTP/1.0"


@pytest.mark.parametrize("chunked", [True, False])
async def test_a_gigabyte_costs_a_few_megabytes(serve: Serve, network_for: NetworkFor, kit: Any, chunked: bool) -> None:
    sent = 0

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Any) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        piece = b"x" * 65536
        head = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 1000000000"
        writer.write(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n")
        for _ in range(1_000_000_000 // len(piece)):
            writer.write(b"10000\r\n" + piece + b"\r\n" if chunked else piece)
            await writer.drain()
            sent += len(piece)

    server = await serve(handler)
    network = await network_for(server)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    for _ in range(5):
        exchange = await network.send(get(server))
        assert exchange.response is not None
        assert exchange.response.truncated is Truncation.WIRE_CAP
        assert exchange.response.wire_bytes == len(exchange.response.body) == Limits().max_body_wire
    assert sent < 100_000_000
    assert time.monotonic() - began < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40_000  # kilobytes


async def test_connections_are_kept_and_shared_by_turns(serve: Serve, network_for: NetworkFor, kit: Any) -> None:
    server = await serve(kit.replying(kit.http(b"ok")))
    network = await network_for(server, limits=kit.limits(concurrency_per_host=5))
    for _ in range(3):
        exchanges = await asyncio.gather(*(network.send(get(server, f"/{i}")) for i in range(20)))
        assert {exchange.status for exchange in exchanges} == {200}
        assert len({exchange.id for exchange in exchanges}) == 20
    assert server.connections <= 5


async def test_a_connection_closed_while_idle_is_replaced(serve: Serve, network_for: NetworkFor, kit: Any) -> None:
    server = await serve(kit.replying(kit.http(b"ok"), close=True))
    network = await network_for(server)
    for _ in range(3):
        assert (await network.send(get(server))).status == 200
        await asyncio.sleep(0.02)
    assert server.connections == 3


def swallowing(kit: Any) -> Any:
    """Answers the first request of a connection; swallows the second and closes."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Any) -> None:
        server.heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(kit.http(b"ok"))
        server.heads.append(await reader.readuntil(b"\r\n\r\n"))

    return handler


async def test_a_request_swallowed_by_an_old_connection_is_sent_again_once(
    serve: Serve, network_for: NetworkFor, kit: Any
) -> None:
    server = await serve(swallowing(kit))
    network = await network_for(server)
    exchanges = [await network.send(get(server)) for _ in range(2)]
    assert [exchange.status for exchange in exchanges] == [200, 200]
    assert server.connections == 2
    assert sum(exchanges[1].id.encode() in head for head in server.heads) == 2


async def test_but_never_a_request_that_might_act(serve: Serve, network_for: NetworkFor, kit: Any) -> None:
    server = await serve(swallowing(kit))
    network = await network_for(server)
    assert (await network.send(get(server))).status == 200
    exchange = await network.send(Request("POST", server.url(), body=b""))
    assert exchange.failure is Failure.RESET
    assert len(server.heads) == 2


async def test_ipv6(serve: Serve, network_for: NetworkFor, kit: Any) -> None:
    try:
        server = await serve(kit.replying(kit.http(b"six")), host="::1")
    except OSError:
        pytest.skip("no IPv6 loopback")
    exchange = await (await network_for(server)).send(get(server))
    assert exchange.response is not None
    assert exchange.response.body == b"six"
    assert exchange.peer == f"[::1]:{server.port}"
    assert f"Host: [::1]:{server.port}".encode() in server.heads[0]


async def test_the_name_is_dialled_where_it_was_pinned(serve: Serve, network_for: NetworkFor, kit: Any) -> None:
    server = await serve(kit.replying(kit.http(b"ok"), close=True))
    answers = ["127.0.0.1"]

    async def resolver(host: str, port: int) -> list[str]:
        return [answers.pop()]  # a second resolution would fail

    url = server.url(host="Portal.Example")
    network = await network_for(url, resolver=resolver)
    for _ in range(3):
        exchange = await network.send(Request("GET", url))
        assert exchange.peer == f"127.0.0.1:{server.port}"
    assert all(f"Host: portal.example:{server.port}".encode() in head for head in server.heads)


async def test_the_second_address_is_tried_when_the_first_refuses(
    serve: Serve, network_for: NetworkFor, kit: Any
) -> None:
    server = await serve(kit.replying(kit.http(b"ok"), close=True))

    async def resolver(host: str, port: int) -> list[str]:
        return ["127.0.0.9", "127.0.0.1"]

    url = server.url(host="portal.example")
    network = await network_for(url, resolver=resolver)
    assert [(await network.send(Request("GET", url))).status for _ in range(2)] == [200, 200]


async def test_the_address_that_answered_is_kept(serve: Serve, network_for: NetworkFor, kit: Any) -> None:
    server = await serve(kit.replying(kit.http(b"ok"), close=True))

    async def resolver(host: str, port: int) -> list[str]:
        return ["127.0.0.9", "127.0.0.1"]

    url = server.url(host="portal.example")
    network = await network_for(url, resolver=resolver)
    assert (await network.send(Request("GET", url))).peer == f"127.0.0.1:{server.port}"
    late = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.9", server.port)
    async with late:
        assert (await network.send(Request("GET", url))).peer == f"127.0.0.1:{server.port}"


async def test_few_connections_are_kept_open_over_many_hosts(
    serve: Serve, network_for: NetworkFor, kit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "MAX_IDLE", 2)
    server = await serve(kit.replying(kit.http(b"ok")))

    async def resolver(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    urls = [server.url(host=f"h{number}.example") for number in range(4)]
    network = await network_for(*urls, resolver=resolver)
    for url in (*urls, *urls[2:], urls[0]):
        assert (await network.send(Request("GET", url))).status == 200
    assert server.connections == 5  # the last two hosts were still open, the first was not


def test_details_are_made_safe() -> None:
    assert safe_detail("a\x1b[31m\u202e\n\xe9<b>") == "a?[31m???<b>"
    assert len(safe_detail("x" * 999)) == 200


async def test_an_answer_to_an_upgrade_ends_the_exchange(serve: Serve, network_for: NetworkFor, kit: Any) -> None:
    server = await serve(
        kit.replying(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x02hi")
    )
    headers = (("Upgrade", "websocket"), ("Connection", "Upgrade"))
    exchange = await (await network_for(server)).send(get(server, headers=headers))
    assert exchange.status == 101


async def test_an_early_refusal_of_a_large_body_is_heard(serve: Serve, network_for: NetworkFor, kit: Any) -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Any) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(kit.http(b"no", b"Connection: close", status=b"413 Too Large"))
        await writer.drain()
        await asyncio.sleep(0.2)

    server = await serve(handler)
    exchange = await (await network_for(server)).send(Request("POST", server.url(), body=b"x" * 5_000_000))
    assert exchange.status == 413 or exchange.failure is Failure.RESET


@pytest.mark.parametrize("url", ["http://[", "http://a:b/", "http:///x", "gopher://x/", "not an url", "http://x\0/"])
async def test_a_url_that_is_none_is_refused_quietly(network_for: NetworkFor, url: str) -> None:
    exchange = await (await network_for("http://portal.example/")).send(Request("GET", url))
    assert exchange.failure is Failure.OUT_OF_SCOPE
