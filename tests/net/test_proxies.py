"""Forward proxies: real ones (tinyproxy), our own relays, and those that lie. The scope decides all the same."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from pgssi_probe.net.exchange import Failure, Request
from pgssi_probe.net.proxies import Proxies
from pgssi_probe.net.proxy import OWN, proxy_of
from pgssi_probe.net.scope import Scope, ScopeGuard

Serve = Callable[..., Awaitable[Any]]
NetworkFor = Callable[..., Awaitable[Any]]
Tinyproxy = Callable[..., Awaitable[str]]


def get(server: Any, *via: str, path: str = "/") -> Request:
    return Request("GET", server.url(path), via=via)


@pytest.mark.parametrize(
    ("label", "url"),
    [
        ("a", "https://p.example:3128"),
        ("a", "http://user:word@p.example:3128"),
        ("a", "http://p.example"),
        ("a", "http://p.example:3128/x"),
        ("own-1", "http://p.example:3128"),
        ("A b", "http://p.example:3128"),
        ("a", "socks5://p.example:1080"),
    ],
)
def test_what_is_no_proxy(label: str, url: str) -> None:
    with pytest.raises(ValueError):
        proxy_of(label, url)


async def test_clear_traffic_through_a_real_proxy_carries_via(
    serve: Serve, network_for: NetworkFor, kit: Any, tinyproxy: Tinyproxy
) -> None:
    server = await serve(kit.replying(kit.http(b"ok")))
    network = await network_for(server, proxies={"hospital": await tinyproxy()})
    done = await network.send(get(server, "hospital", path="/a?b=1"))
    assert (done.status, done.response.body) == (200, b"ok")
    assert server.heads[0].startswith(b"GET /a?b=1 HTTP/1")
    assert b"via: 1.1 " in server.heads[0].lower()


async def test_a_tunnel_through_a_real_proxy(
    serve: Serve, network_for: NetworkFor, kit: Any, pki: Any, tinyproxy: Tinyproxy
) -> None:
    server = await serve(kit.replying(kit.http(b"ok")), tls=pki.context("good"))
    network = await network_for(server, proxies={"hospital": await tinyproxy()}, ca_file=pki.ca_file)
    for _ in range(2):
        done = await network.send(get(server, "hospital"))
        assert (done.status, done.tls.verified) == (200, True)
    assert b"via" not in server.heads[0].lower()
    assert server.connections == 1  # kept alive inside the tunnel
    assert (await network.send(get(server))).status == 200
    assert server.connections == 2  # the direct way is another connection


async def test_two_real_proxies_one_behind_the_other(
    serve: Serve, network_for: NetworkFor, kit: Any, pki: Any, tinyproxy: Tinyproxy
) -> None:
    server = await serve(kit.replying(kit.http(b"ok")), tls=pki.context("good"))
    plain = await serve(kit.replying(kit.http(b"ok")))
    outer = await tinyproxy()
    inner = await tinyproxy(f"Upstream http {outer.removeprefix('http://')}")
    network = await network_for(server, plain, proxies={"outer": outer, "inner": inner}, ca_file=pki.ca_file)
    assert (await network.send(get(server, "inner"))).status == 200  # by its own configuration
    assert (await network.send(get(server, "outer", "inner"))).status == 200  # by a tunnel in a tunnel
    assert (await network.send(get(plain, "inner"))).status == 200
    assert plain.heads[0].lower().count(b"(tinyproxy/") == 2


@pytest.mark.parametrize("way", [OWN[:1], OWN])
async def test_relays_of_our_own(
    way: tuple[str, ...], serve: Serve, network_for: NetworkFor, kit: Any, pki: Any
) -> None:
    secure = await serve(kit.replying(kit.http(b"ok")), tls=pki.context("good"))
    plain = await serve(kit.replying(kit.http(b"ok")))
    network = await network_for(secure, plain, ca_file=pki.ca_file)
    assert (await network.send(get(secure, *way))).tls.verified
    first = await network.send(Request("POST", plain.url("/x"), body=b"a=1", via=way))
    assert first.status == 200
    head = plain.heads[0].decode()
    assert head.startswith("POST /x HTTP/1.1\r\n")
    assert f"Via: 1.1 {way[-1]}" in head
    assert "X-Forwarded-For: 127.0.0.1" in head
    assert "proxy-authorization" not in head.lower()
    assert not [name for name, _ in first.sent_headers if name.lower() == "proxy-authorization"]
    assert (await network.send(get(plain, *way))).status == 200


async def test_a_real_proxy_behind_a_relay_of_our_own(
    serve: Serve, network_for: NetworkFor, kit: Any, pki: Any, tinyproxy: Tinyproxy
) -> None:
    server = await serve(kit.replying(kit.http(b"ok")), tls=pki.context("good"))
    network = await network_for(server, proxies={"hospital": await tinyproxy()}, ca_file=pki.ca_file)
    assert (await network.send(get(server, "own-1", "hospital"))).status == 200


async def test_the_scope_decides_on_the_destination(
    serve: Serve, network_for: NetworkFor, kit: Any, tinyproxy: Tinyproxy
) -> None:
    server, stranger = [await serve(kit.replying(kit.http(b"ok"))) for _ in range(2)]
    network = await network_for(server, proxies={"hospital": await tinyproxy()})
    for way in (("hospital",), ("own-1",), OWN):
        assert (await network.send(get(stranger, *way))).failure is Failure.OUT_OF_SCOPE
    assert stranger.connections == 0


async def test_a_relay_serves_this_run_only_and_goes_nowhere_else(serve: Serve, kit: Any) -> None:
    server, stranger = [await serve(kit.replying(kit.http(b"ok"), close=True)) for _ in range(2)]
    proxies = Proxies(ScopeGuard(Scope.of(server.url())))
    (own,) = await proxies.chain(("own-1",))
    (_, token), *_ = own.headers

    async def ask(text: str) -> bytes:
        reader, writer = await asyncio.open_connection(own.host, own.port)
        writer.write(text.encode())
        try:
            return await asyncio.wait_for(reader.read(), 5)
        finally:
            writer.close()

    auth = f"Proxy-Authorization: {token}\r\n"
    bad = f"Proxy-Authorization: Basic {base64.b64encode(b'probe:x').decode()}\r\n"
    assert (await ask(f"GET {server.url()} HTTP/1.1\r\n{auth}\r\n")).startswith(b"HTTP/1.1 200")
    for head, status in (
        (f"GET {server.url()} HTTP/1.1\r\n\r\n", b"407"),
        (f"CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\n{bad}\r\n", b"407"),
        (f"GET {stranger.url()} HTTP/1.1\r\n{auth}\r\n", b"403"),
        (f"CONNECT 127.0.0.1:{stranger.port} HTTP/1.1\r\n{auth}\r\n", b"403"),
        (f"CONNECT 127.0.0.1:99999 HTTP/1.1\r\n{auth}\r\n", b"400"),
        (f"GET /relative HTTP/1.1\r\n{auth}\r\n", b"400"),
        ("nonsense\r\n\r\n", b"400"),
    ):
        assert (await ask(head)).split()[1] == status, head
    assert stranger.connections == 0
    await proxies.aclose()


async def test_only_declared_proxies_exist(serve: Serve, network_for: NetworkFor, kit: Any) -> None:
    server = await serve(kit.replying(kit.http()))
    network = await network_for(server)
    done = await network.send(get(server, "elsewhere"))
    assert (done.failure, done.detail) == (Failure.PROXY, "proxy not declared")
    assert server.connections == 0


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (b"HTTP/1.1 407 Authenticate\r\nContent-Length: 0\r\n\r\n", "CONNECT answered 407"),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "CONNECT answered 403"),
        (b"HTTP/1.1 200 OK\r\n\r\nand a word too early", "not an answer to CONNECT"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "not an answer to CONNECT"),
        (b"X" * 40_000, "no answer to CONNECT"),
        (b"", "no answer to CONNECT"),
    ],
)
async def test_a_proxy_that_does_not_lead_there_says_nothing_of_the_target(
    answer: bytes, detail: str, serve: Serve, network_for: NetworkFor, kit: Any, pki: Any
) -> None:
    server = await serve(kit.replying(kit.http()), tls=pki.context("good"))

    async def lying(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _server: Any) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    proxy = await serve(lying)
    network = await network_for(server, proxies={"p": f"http://127.0.0.1:{proxy.port}"}, ca_file=pki.ca_file)
    done = await network.send(get(server, "p"))
    assert (done.failure, done.detail) == (Failure.PROXY, f"proxy p: {detail}")
    assert server.connections == 0


async def test_a_silent_or_absent_proxy(serve: Serve, network_for: NetworkFor, kit: Any, pki: Any) -> None:
    from pgssi_probe.net.governor import Limits

    server = await serve(kit.replying(kit.http()), tls=pki.context("good"))

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _server: Any) -> None:
        await reader.read()

    proxy = await serve(silent)
    network = await network_for(
        server,
        proxies={"silent": f"http://127.0.0.1:{proxy.port}", "absent": "http://127.0.0.1:9"},
        limits=Limits(connect_timeout=0.3),
    )
    assert (await network.send(get(server, "silent"))).detail == "proxy silent: CONNECT timed out"
    assert (await network.send(get(server, "absent"))).failure is Failure.PROXY


async def test_the_journal_tells_the_way(
    serve: Serve, network_for: NetworkFor, kit: Any, tinyproxy: Tinyproxy, tmp_path: Path
) -> None:
    server = await serve(kit.replying(kit.http(b"ok")))
    path = tmp_path / "journal.jsonl"
    network = await network_for(server, proxies={"hospital": await tinyproxy()}, journal=path)
    await network.send(get(server, "own-1", "hospital"))
    await network.send(get(server))
    requests = [one for one in map(json.loads, path.read_text().splitlines()) if one["kind"] == "request"]
    assert [one.get("via") for one in requests] == ["own-1,hospital", None]
    assert "Basic" not in path.read_text()
