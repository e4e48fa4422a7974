"""The hostile servers: each does its harm, lets go when the client leaves, and stops cleanly."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import zlib

import pytest

from pgssi_probe.lab.blueprint import TlsPolicy
from pgssi_probe.lab.certificates import server_context, write_authority
from pgssi_probe.lab.hostile import HOSTILE, HOSTILE_STRINGS, hostile

LEAST = 200_000
"""Bytes read of those that send much."""


SILENT = {"never-answers", "closes-at-once"}


async def receive(url: str, path: str = "/", *, at_most: int = LEAST, first: float = 10, then: float = 0.3) -> bytes:
    """What a raw client gets, up to a number of bytes, or of seconds before and after the first byte."""
    host, port = url.split("//", 1)[1].rstrip("/").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    received = bytearray()
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        received += await asyncio.wait_for(reader.read(65536), first)
        async with asyncio.timeout(then):
            while len(received) < at_most and (chunk := await reader.read(65536)):
                received += chunk
    except (TimeoutError, ConnectionError):
        pass
    finally:
        writer.transport.abort()
    return bytes(received)


@pytest.mark.parametrize("name", sorted(HOSTILE))
async def test_each_starts_serves_two_clients_and_stops(name: str) -> None:
    first = 0.2 if name in SILENT else 10
    async with asyncio.timeout(20), hostile(name) as url:
        answers = await asyncio.gather(receive(url, first=first), receive(url, first=first))
    assert [bool(answer) for answer in answers] == [name not in SILENT] * 2


async def test_stops_while_a_client_is_still_being_fed() -> None:
    async with asyncio.timeout(5):
        async with hostile("endless-body") as url:
            port = int(url.rsplit(":", 1)[1].rstrip("/"))
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            assert await reader.read(100)
        writer.transport.abort()


async def test_gzip_bomb_swells_a_thousandfold() -> None:
    async with hostile("gzip-bomb") as url:
        answer = await receive(url, at_most=4 << 20, then=5)
    body = answer.partition(b"\r\n\r\n")[2]
    opened = zlib.decompressobj(31)
    assert len(body) < 2 << 20
    assert len(opened.decompress(body, 64 << 20)) == 64 << 20


async def test_double_bomb_is_gzip_in_gzip() -> None:
    async with hostile("double-gzip-bomb") as url:
        answer = await receive(url, at_most=1 << 20, then=5)
    body = answer.partition(b"\r\n\r\n")[2]
    assert len(body) < 100_000
    assert gzip.decompress(body)[:2] == b"\x1f\x8b"


async def test_redirect_loop_never_repeats_an_address() -> None:
    async with hostile("redirect-loop") as url:
        first, second = await receive(url), await receive(url, "/tour/1")
    assert b"Location: /tour/1\r\n" in first
    assert b"Location: /tour/2\r\n" in second


async def test_hostile_strings_are_all_in_the_page() -> None:
    async with hostile("hostile-strings") as url:
        page = await receive(url)
    assert all(text.encode() in page for text in HOSTILE_STRINGS)


async def test_misbehaves_over_tls_too(tmp_path) -> None:
    write_authority(tmp_path)
    async with hostile("nul-in-header", context=server_context(TlsPolicy(), tmp_path)) as url:
        assert url.startswith("https://")
        trust = ssl.create_default_context(cafile=tmp_path / "ca.pem")
        port = int(url.rsplit(":", 1)[1].rstrip("/"))
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust, server_hostname="localhost")
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert b"a\x00b" in await reader.read(1000)
        writer.close()
        await writer.wait_closed()


async def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(KeyError):
        async with hostile("gentle"):
            pass
