"""Our own work is not taken for the suffering of the target."""

from __future__ import annotations

import asyncio
import time

from pgssi_probe.net.exchange import Request
from pgssi_probe.net.gate import open_gate
from pgssi_probe.net.governor import GateEvent, Limits
from pgssi_probe.net.health import HealthPolicy
from pgssi_probe.net.lag import LoopLag
from pgssi_probe.net.scope import Scope


async def test_an_idle_loop_has_no_lag_and_a_held_one_has() -> None:
    async with LoopLag() as lag:
        await asyncio.sleep(0.2)
        idle = lag.held
        time.sleep(0.4)  # noqa: ASYNC251 (this is what is measured)
        await asyncio.sleep(0.1)
        assert lag.held - idle > 0.3


async def test_a_hold_counts_as_soon_as_it_ends() -> None:
    async with LoopLag() as lag:
        await asyncio.sleep(0.05)
        before = lag.held
        time.sleep(0.3)  # noqa: ASYNC251
        assert lag.held - before > 0.25, "the watcher has not had its turn, and yet it counts"
        await asyncio.sleep(0.05)
        assert lag.held - before < 0.4, "and it counts once"


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            await asyncio.sleep(0.01)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def test_a_scanner_that_works_hard_does_not_pause_a_quick_target() -> None:
    events: list[GateEvent] = []
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    policy = HealthPolicy(baseline=5, window=10, enough=5, slow_factor=2.0, slow_margin=0.05)
    limits = Limits(rate_per_host=1000, burst_per_host=1000)
    working = False

    async def work() -> None:
        while True:
            await asyncio.sleep(0.005)
            if working:
                time.sleep(0.15)  # noqa: ASYNC251

    async with server, open_gate(scope=Scope.of(url), limits=limits, policy=policy, on_event=events.append) as gate:
        network = gate.network(by="test", max_requests=100)
        for _ in range(6):
            await network.send(Request("GET", url))
        worker = asyncio.ensure_future(work())
        working = True
        slow = [(await network.send(Request("GET", url))).elapsed for _ in range(12)]
        worker.cancel()
    assert sorted(slow)[6] > 0.1, "the work must have delayed the answers"
    assert not events
