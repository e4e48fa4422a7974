"""CPU of our client beside that of bare httpx, for the same answers, at 1, 20 and 100 requests under way.

Goals: at one, at most 1.15 times bare httpx; at 20 and 100, at most 1.25 times our own cost at one. Each figure is the
median of ratios of pairs run in turn, since the machine is shared. CPU is that of this process; the server is another.
The whole gate (governor, journal, transcript) is shown beside, for information.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx

from bench._servers import fixed_server
from pgssi_probe.clock import SystemClock
from pgssi_probe.net.client import HttpClient
from pgssi_probe.net.dial import Dialer
from pgssi_probe.net.exchange import Request
from pgssi_probe.net.gate import open_gate
from pgssi_probe.net.governor import Limits
from pgssi_probe.net.scope import Scope, ScopeGuard

PAIRS = 5
REQUESTS = {"httpx": 500, "client": 2000}
"""By measure: httpx is slow at 100, and few requests a connection would measure the start."""
LEVELS = (1, 20, 100)

Send = Callable[[], Awaitable[object]]
UNBOUND = Limits(
    rate_per_host=1e9,
    burst_per_host=10**9,
    concurrency_per_host=1000,
    max_requests=10**9,
    max_seconds=1e9,
    max_bytes=10**15,
)


async def _cost(send: Send, at_once: int, requests: int) -> float:
    """Milliseconds of CPU a request."""

    async def worker(count: int) -> None:
        for _ in range(count):
            await send()

    await asyncio.gather(*(worker(2) for _ in range(at_once)))  # connections are made
    began = time.process_time()
    await asyncio.gather(*(worker(requests // at_once) for _ in range(at_once)))
    return (time.process_time() - began) / (requests // at_once * at_once) * 1000


async def bare(url: str, at_once: int) -> float:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(limits=limits, trust_env=False) as client:
        return await _cost(lambda: client.get(url), at_once, REQUESTS["httpx"])


async def ours(url: str, at_once: int) -> float:
    clock = SystemClock()
    client = HttpClient(Dialer(ScopeGuard(Scope.of(url)), clock), UNBOUND, clock, user_agent="bench")
    try:
        return await _cost(lambda: client.send(Request("GET", url)), at_once, REQUESTS["client"])
    finally:
        await client.aclose()


async def gate(url: str, at_once: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        async with open_gate(scope=Scope.of(url), limits=UNBOUND, journal=Path(folder, "journal.jsonl")) as way:
            network = way.network(by="bench.engine", max_requests=10**9)
            return await _cost(lambda: network.send(Request("GET", url)), at_once, REQUESTS["client"])


def main() -> bool:
    holds = True
    with fixed_server(["127.0.0.1"]) as (port,):
        url = f"http://127.0.0.1:{port}/page?x=1"

        def once(measured: Callable[[str, int], Awaitable[float]], at_once: int) -> float:
            async def run() -> float:
                return await measured(url, at_once)

            return asyncio.run(run())

        for measured in (bare, ours, gate):
            once(measured, 1)  # imports and caches
        print(f"{'at once':>8} {'httpx':>8} {'client':>8} {'gate':>8}   client/httpx, client/itself at 1; ms of CPU")
        for level in LEVELS:
            theirs, mine, whole, ratios, growth = [], [], [], [], []
            for _ in range(PAIRS):
                a, b, single = once(bare, level), once(ours, level), once(ours, 1)
                theirs.append(a)
                mine.append(b)
                ratios.append(b / a)
                growth.append(b / single)
                whole.append(once(gate, level))
            ratio, own = statistics.median(ratios), statistics.median(growth)
            good = own <= 1.25 and (level > 1 or ratio <= 1.15)
            holds &= good
            print(
                f"{level:>8} {statistics.median(theirs):>8.3f} {statistics.median(mine):>8.3f}"
                f" {statistics.median(whole):>8.3f}   {ratio:.2f} ({min(ratios):.2f}–{max(ratios):.2f}),"
                f" {own:.2f} ({min(growth):.2f}–{max(growth):.2f}) {'ok' if good else 'MISSED'}",
                flush=True,
            )
    return holds
