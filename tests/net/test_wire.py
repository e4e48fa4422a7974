"""The connection under httpcore: what is held back when one side is slower than the other."""

from __future__ import annotations

import asyncio

import httpcore
import pytest

from pgssi_probe.clock import SystemClock
from pgssi_probe.net.exchange import Failure
from pgssi_probe.net.wire import HIGH_WATER, Wire, WireLostError, address_text


class Transport(asyncio.Transport):
    """Remembers what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []
        self.written = b""

    def get_extra_info(self, name: str, default: object = None) -> object:
        return {"peername": ("192.0.2.1", 443), "sockname": ("2001:db8::2", 50000, 0, 0)}.get(name, default)

    def pause_reading(self) -> None:
        self.calls.append("pause")

    def resume_reading(self) -> None:
        self.calls.append("resume")

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        self.calls.append("close")

    def abort(self) -> None:
        self.calls.append("abort")


@pytest.fixture
async def wire() -> Wire:
    async def secure(wire: Wire, name: str) -> Wire:
        raise AssertionError

    made = Wire(secure, SystemClock())
    made.connection_made(Transport())
    made.allow(100 * HIGH_WATER)
    return made


def transport(wire: Wire) -> Transport:
    assert isinstance(wire._transport, Transport)
    return wire._transport


async def test_addresses_of_both_ends(wire: Wire) -> None:
    assert (wire.peer, wire.source) == ("192.0.2.1:443", "[2001:db8::2]:50000")
    assert address_text(None) == ""


async def test_a_slow_reader_holds_the_target_back(wire: Wire) -> None:
    for _ in range(5):
        wire.data_received(b"x" * (HIGH_WATER // 4))
    assert transport(wire).calls == ["pause"]
    taken = 0
    while "resume" not in transport(wire).calls:
        taken += len(await wire.read(30_000))
    assert HIGH_WATER // 2 < taken < HIGH_WATER * 5 // 4


async def test_a_slow_target_holds_the_writer_back(wire: Wire) -> None:
    wire.pause_writing()
    writing = asyncio.ensure_future(wire.write(b"body"))
    await asyncio.sleep(0)
    assert transport(wire).written == b"body"
    assert not writing.done()
    wire.resume_writing()
    await writing


async def test_a_writer_that_waits_is_freed_when_the_connection_dies(wire: Wire) -> None:
    wire.pause_writing()
    writing = asyncio.ensure_future(wire.write(b"body"))
    await asyncio.sleep(0)
    wire.connection_lost(ConnectionResetError())
    await asyncio.wait_for(writing, 1)
    with pytest.raises(httpcore.WriteError):
        await wire.write(b"more")


async def test_what_came_before_the_end_is_still_read(wire: Wire) -> None:
    wire.data_received(b"last words")
    wire.connection_lost(ConnectionResetError())
    assert await wire.read(100) == b"last words"
    with pytest.raises(WireLostError) as lost:
        await wire.read(100)
    assert lost.value.failure is Failure.RESET


async def test_too_much_is_cut(wire: Wire) -> None:
    wire.allow(10)
    wire.data_received(b"x" * 11)
    assert transport(wire).calls == ["abort"]
    assert wire.flooded
    with pytest.raises(WireLostError) as lost:
        await wire.read(100)
    assert lost.value.failure is Failure.PROTOCOL


async def test_a_polite_end_and_a_rude_one(wire: Wire) -> None:
    await wire.aclose()
    assert transport(wire).calls == ["close"]
    wire.data_received(b"still talking")
    await wire.aclose()
    assert transport(wire).calls == ["close", "abort"]
