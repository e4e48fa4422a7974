"""Bodies without end, that swell, or that drip."""

from __future__ import annotations

import asyncio
import zlib
from functools import cache

import brotli

from pgssi_probe.lab.hostile.serving import MIB, Visit, behaviour

GIB = 1 << 30


@behaviour("huge-body")
async def huge_body(visit: Visit) -> None:
    """One gibibyte, announced and sent."""
    await visit.raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n<p>" % GIB)
    block = b"a" * MIB
    for _ in range(1024):
        await visit.raw(block)


@behaviour("endless-body")
async def endless_body(visit: Visit) -> None:
    """Chunks that never stop."""
    await visit.raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n")
    block = b"10000\r\n" + b"a" * 65536 + b"\r\n"
    while True:
        await visit.raw(block)


@cache
def _deflated_mebibyte() -> bytes:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    return squeeze.compress(bytes(MIB)) + squeeze.flush(zlib.Z_FULL_FLUSH)


@cache
def _gzip_bomb() -> bytes:
    """A gibibyte of zeros in about a mebibyte: after a full flush the same block can be repeated."""
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + _deflated_mebibyte() * 1024 + b"\x03\x00" + bytes(8)


@behaviour("gzip-bomb")
async def gzip_bomb(visit: Visit) -> None:
    await visit.answer(_gzip_bomb(), headers=(b"Content-Encoding: gzip",))


@cache
def _gzip_of_gzip() -> bytes:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    return squeeze.compress(_gzip_bomb()) + squeeze.flush()


@behaviour("double-gzip-bomb")
async def double_gzip_bomb(visit: Visit) -> None:
    await visit.answer(_gzip_of_gzip(), headers=(b"Content-Encoding: gzip, gzip",))


@cache
def _brotli_bomb() -> bytes:
    return bytes(brotli.compress(bytes(128 * MIB), quality=3))


@behaviour("brotli-bomb")
async def brotli_bomb(visit: Visit) -> None:
    await visit.answer(_brotli_bomb(), headers=(b"Content-Encoding: br",))


@behaviour("false-encoding")
async def false_encoding(visit: Visit) -> None:
    """Text announced as gzip."""
    await visit.answer(b"<p>ceci n'est pas compresse</p>", headers=(b"Content-Encoding: gzip",))


@behaviour("unknown-encoding")
async def unknown_encoding(visit: Visit) -> None:
    await visit.answer(b"\x93NUMPY", headers=(b"Content-Encoding: x-inconnu, deflate, x-inconnu",))


@behaviour("dripping-body")
async def dripping_body(visit: Visit) -> None:
    """A byte every tenth of a second, for ever: no read ever times out."""
    await visit.raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        await visit.raw(b"a")
        await asyncio.sleep(0.1)


@behaviour("dripping-headers", speaks_first=True)
async def dripping_headers(visit: Visit) -> None:
    await visit.raw(b"HTTP/1.1 200 OK\r\nX-Lent: ")
    while True:
        await visit.raw(b"a")
        await asyncio.sleep(0.1)
