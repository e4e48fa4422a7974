"""What looking at a TLS server costs, in connections and in CPU, beside sslyze on the same server.

Goals, on each server of `bench/_tls_fixtures.py`:

- the fast pass opens at most 120 connections, takes at most 0.35 of the CPU of sslyze's API, and still names every
  flaw that the server is known to have, and no other;
- our use of sslyze takes at most 1.1 of the CPU of its API for the same commands, and at most that of its command line
  (median of the pairs of all servers together: what sslyze costs hardly depends on the server).

CPU is user and system time, children included. The sides alternate; ratios are medians of the pairs. Every side runs in
a process of its own, beside the same process without the work: start-up is subtracted, since it is much the same on all
sides and would bring any ratio nearer to one. Ours starts a worker, whose import of sslyze counts as start-up too.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from bench._commands import Cost, cost
from bench._tls_fixtures import Fixture, fixtures

PAIRS = 5
MOST_CONNECTIONS = 120
FAST_GOAL, API_GOAL, COMMAND_LINE_GOAL = 0.35, 1.1, 1.0
CLI_FLAGS = (
    "--sslv2", "--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3", "--elliptic_curves", "--certinfo",
    "--compression", "--fallback", "--ems", "--early_data", "--resum", "--heartbleed", "--openssl_ccs", "--robot",
    "--reneg",
)  # fmt: skip


Work = Callable[[], dict[str, Any]]
START_OF_SSLYZE = [sys.executable, "-c", "import sslyze, os; os._exit(0)"]


async def _connect(_host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", port)


def prepare_fast(port: int) -> Work:
    """The passive pass and its grades."""
    from pgssi_checks.tls import config
    from pgssi_probe.guide import tls_profile
    from pgssi_probe.model.outcome import Subject
    from pgssi_probe.registry import read_declaration
    from pgssi_probe.tls import passive

    profile, outcomes = tls_profile(), read_declaration(Path(config.__file__).with_suffix(".yaml")).outcomes

    def work() -> dict[str, Any]:
        facts = asyncio.run(passive.collect(_connect, "localhost", port, server_name="localhost"))
        day = datetime.now(UTC).date()
        found = config.judge(facts, profile, day, Subject(kind="endpoint", name="localhost"), 12)
        flaws = [one.slug for one in found if one.slug in outcomes and outcomes[one.slug].status.value == "fail"]
        return {"connections": facts.connections, "flaws": sorted(flaws)}

    return work


def prepare_api(port: int) -> Work:
    """sslyze's own API, with the commands that we ask of it."""
    import socket

    from sslyze import (
        ScanCommand,
        ScanCommandsExtraArguments,
        Scanner,
        ServerNetworkConfiguration,
        ServerNetworkLocation,
        ServerScanRequest,
        SessionRenegotiationExtraArgument,
    )

    from pgssi_probe.tls.sslyze_pass import COMMANDS, SslyzeLimits

    count = 0
    real = socket.create_connection

    def counted(*arguments: Any, **options: Any) -> socket.socket:
        nonlocal count
        count += 1
        return real(*arguments, **options)

    socket.create_connection = counted
    limits = SslyzeLimits()

    def work() -> dict[str, Any]:
        scanner = Scanner(per_server_concurrent_connections_limit=limits.concurrency, concurrent_server_scans_limit=1)
        request = ServerScanRequest(
            server_location=ServerNetworkLocation("localhost", port, ip_address="127.0.0.1"),
            network_configuration=ServerNetworkConfiguration("localhost", network_timeout=5, network_max_retries=2),
            scan_commands={ScanCommand(name) for name in COMMANDS},
            scan_commands_extra_arguments=ScanCommandsExtraArguments(
                session_renegotiation=SessionRenegotiationExtraArgument(limits.renegotiations)
            ),
        )
        scanner.queue_scans([request])
        list(scanner.get_results())
        return {"connections": count}

    return work


def prepare_ours(port: int) -> Work:
    """Our sslyze pass: this process and the worker that it starts."""
    from pgssi_probe.tls import sslyze_pass
    from pgssi_probe.tls.clienthello import template
    from pgssi_probe.tls.names import NEWEST_FIRST

    limits = sslyze_pass.SslyzeLimits(rate=None)
    for version in NEWEST_FIRST[:-1]:
        template(version, None)  # the hellos have always been sent before: the table of suites is there

    def work() -> dict[str, Any]:
        scan = sslyze_pass.collect(
            _connect, "localhost", "127.0.0.1", port, server_name="localhost", limits=limits, speaks=NEWEST_FIRST[1:-1]
        )
        facts = asyncio.run(scan)
        if facts.reachable is not True:
            raise RuntimeError(f"no facts: {facts.reachable}")
        return {"connections": facts.connections}

    return work


PREPARE = {"fast": prepare_fast, "api": prepare_api, "ours": prepare_ours}


def spent(kind: str, port: int) -> tuple[float, dict[str, Any]]:
    """CPU seconds of the work of a process, its start-up subtracted, and what it found."""
    with tempfile.NamedTemporaryFile() as said:
        command = [sys.executable, "-m", "bench.tls", kind, str(port), said.name]
        idle = cost([*command, "idle"])
        busy = cost(command)
        return busy.cpu - idle.cpu, json.loads(Path(said.name).read_text(encoding="utf-8"))


def command_line(port: int) -> Cost:
    """sslyze's command line, with the same commands and no Mozilla profile."""
    command = [sys.executable, "-m", "sslyze", "--mozilla_config=disable", "--json_out=-", *CLI_FLAGS]
    return cost([*command, f"localhost:{port}"])


@dataclass
class Pairs:
    """Ratios of our sslyze pass to the API and to the command line, pair by pair, all servers together."""

    api: list[float] = field(default_factory=list)
    line: list[float] = field(default_factory=list)


def measure(fixture: Fixture, pairs: Pairs) -> bool:
    """One server: prints a line, adds to ``pairs``, returns whether the goals of the fast pass hold."""
    ratios, fast_cpu, api_cpu, api_ratios, line_ratios = [], [], [], [], []
    fast: dict[str, Any] = {}
    api: dict[str, Any] = {}
    with fixture.start() as port:
        for _ in range(PAIRS):
            fast_used, fast = spent("fast", port)
            api_used, api = spent("api", port)
            ours_used, _found = spent("ours", port)
            start = cost(START_OF_SSLYZE).cpu
            ratios.append(fast_used / api_used)
            api_ratios.append((ours_used - start) / api_used)
            line_ratios.append((ours_used - start) / (command_line(port).cpu - start))
            fast_cpu.append(fast_used)
            api_cpu.append(api_used)
    pairs.api += api_ratios
    pairs.line += line_ratios
    flaws = set(fast["flaws"]) == set(fixture.flaws)
    ratio = statistics.median(ratios)
    holds = fast["connections"] <= MOST_CONNECTIONS and flaws and ratio <= FAST_GOAL
    both = statistics.median(fast_cpu) * 1000, statistics.median(api_cpu) * 1000
    print(
        f"{fixture.name:<11} connections {fast['connections']:>3} / {api['connections']:>3}"
        f"   CPU {both[0]:>4.0f} / {both[1]:>4.0f} ms = {ratio:.2f}"
        f"   flaws {'all' if flaws else sorted(set(fast['flaws']) ^ set(fixture.flaws))}"
        f"   {'ok' if holds else 'MISSED'}"
        f"   (our sslyze: API {statistics.median(api_ratios):.2f}, command line {statistics.median(line_ratios):.2f})",
        flush=True,
    )
    return holds


def main() -> bool:
    print(f"fast pass / sslyze API; medians of {PAIRS} pairs, start-up subtracted", flush=True)
    pairs = Pairs()
    with tempfile.TemporaryDirectory() as folder:
        known, _ = fixtures(Path(folder))
        held = [measure(fixture, pairs) for fixture in known]
    api, line = statistics.median(pairs.api), statistics.median(pairs.line)
    holds = api <= API_GOAL and line <= COMMAND_LINE_GOAL
    print(
        f"our sslyze pass over {len(pairs.api)} pairs: {api:.2f} of the API (at most {API_GOAL}),"
        f" {line:.2f} of the command line (at most {COMMAND_LINE_GOAL}): {'ok' if holds else 'MISSED'}"
    )
    return all(held) and holds


def child(kind: str, port: int, target: str, *idle: str) -> NoReturn:
    """One side in its own process; taking the interpreter apart at the end is left out on every side."""
    work = PREPARE[kind](port)
    if not idle:
        Path(target).write_text(json.dumps(work()), encoding="utf-8")
    os._exit(0)


if __name__ == "__main__":
    child(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
