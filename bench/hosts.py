"""A thousand HTTPS hosts through one gate: does the thousandth cost what the first did, and what stays in memory?

Each host is a name of its own at an address of its own (127.1.x.y), asked once for its page; headers and certificate
are read. Goals: CPU per host between the 200th and the 1000th within 10 % of that of the first 200 (after a warm-up of
50), and at most 20 MB more in memory between the two.
"""

from __future__ import annotations

import asyncio
import resource
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509

from bench._certificates import self_signed
from bench._servers import fixed_server
from pgssi_probe.net.exchange import Request
from pgssi_probe.net.gate import Gate, open_gate
from pgssi_probe.net.governor import Limits
from pgssi_probe.net.scope import Scope

HOSTS = 1000
FIRST = 200
WARM_UP = 50
AT_ONCE = 10
RUNS = 3


def name(number: int) -> str:
    return f"h{number}.bench.localhost"


async def resolver(host: str, _port: int) -> Iterable[str]:
    number = int(host.split(".")[0][1:])
    return [f"127.1.{number // 250}.{number % 250 + 1}"]


def resident() -> float:
    """Megabytes now in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


async def visit(gate: Gate, numbers: range, port: int) -> None:
    """Headers and certificate of each host, ten hosts at a time."""
    todo = iter(numbers)

    async def worker() -> None:
        for number in todo:
            network = gate.network(by="bench.hosts", max_requests=1)
            exchange = await network.send(Request("GET", f"https://{name(number)}:{port}/"))
            assert exchange.response is not None, exchange.detail
            assert exchange.response.header("strict-transport-security")
            assert exchange.tls is not None
            assert exchange.tls.verified
            assert exchange.tls.certificate_der is not None
            assert x509.load_der_x509_certificate(exchange.tls.certificate_der).not_valid_after_utc

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))


async def scan(port: int, ca_file: str) -> tuple[float, float, float, float]:
    """CPU milliseconds per host in the first and second part, growth in MB between, wall seconds of all."""
    with tempfile.TemporaryDirectory() as folder:
        scope = Scope.of(*(f"https://{name(number)}:{port}/" for number in range(HOSTS + WARM_UP)))
        async with open_gate(
            scope=scope,
            limits=Limits(max_requests=10**6),
            journal=Path(folder, "journal.jsonl"),
            ca_file=ca_file,
            resolver=resolver,
        ) as gate:
            await visit(gate, range(HOSTS, HOSTS + WARM_UP), port)
            start = time.process_time(), time.monotonic()
            await visit(gate, range(FIRST), port)
            middle, before = time.process_time(), resident()
            await visit(gate, range(FIRST, HOSTS), port)
            end, after = (time.process_time(), time.monotonic()), resident()
    first = (middle - start[0]) / FIRST * 1000
    rest = (end[0] - middle) / (HOSTS - FIRST) * 1000
    return first, rest, after - before, end[1] - start[1]


def main() -> bool:
    slopes, growths = [], []
    with tempfile.TemporaryDirectory() as folder:
        certificate = self_signed(Path(folder))
        with fixed_server(["0.0.0.0"], certificate) as (port,):  # noqa: S104 (every address of 127/8)
            for _ in range(RUNS):
                first, rest, growth, wall = asyncio.run(scan(port, certificate[0]))
                slopes.append(rest / first)
                growths.append(growth)
                print(
                    f"{HOSTS} hosts in {wall:.1f} s; CPU a host {first:.2f} ms, then {rest:.2f} ({rest / first:.2f});"
                    f" memory {growth:+.1f} MB",
                    flush=True,
                )
    slope, growth = sorted(slopes)[RUNS // 2], max(growths)
    holds = slope <= 1.10 and growth <= 20
    print(f"slope {slope:.2f} (goal 1.10), growth {growth:.1f} MB (goal 20): {'ok' if holds else 'MISSED'}")
    return holds
