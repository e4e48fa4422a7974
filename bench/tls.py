"""What looking at a TLS server costs, in connections and in CPU, beside sslyze on the same server.

Goals, on each server of `bench/_tls_fixtures.py`:

- the fast pass opens at most 120 connections, takes at most 0.35 of the CPU of sslyze's API, and still names every
  flaw that the server is known to have, and no other;
- our use of sslyze takes at most 1.1 of the CPU of its API for the same commands, and at most that of its command line.

CPU is user and system time, children included. The two sides alternate, five pairs at least; ratios are medians of the
pairs. Every side runs in a process of its own; the cost of starting Python and importing is subtracted on both sides,
since it is much the same for both and would bring any ratio nearer to one.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import statistics
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench._commands import Cost, cost
from bench._tls_fixtures import Fixture, fixtures

PAIRS = 7
MOST_CONNECTIONS = 120
FAST_GOAL, API_GOAL, COMMAND_LINE_GOAL = 0.35, 1.1, 1.0
CLI_FLAGS = (
    "--sslv2", "--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3", "--elliptic_curves", "--certinfo",
    "--compression", "--fallback", "--ems", "--early_data", "--resum", "--heartbleed", "--openssl_ccs", "--robot",
    "--reneg",
)  # fmt: skip


def cpu() -> float:
    """Seconds of this process and of the children that it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


async def _connect(_host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", port)


def child_fast(port: int) -> dict[str, Any]:
    """The passive pass and its grades, imports apart."""
    from pgssi_checks.tls.config import judge
    from pgssi_probe.guide import tls_profile
    from pgssi_probe.model.outcome import Subject
    from pgssi_probe.registry import check
    from pgssi_probe.tls import passive

    profile, outcomes = tls_profile(), check("tls.config").metadata.outcomes
    before = cpu()
    facts = asyncio.run(passive.collect(_connect, "localhost", port, server_name="localhost"))
    used = cpu() - before
    today = datetime.now(UTC).date()
    found = judge(facts, profile, today, Subject(kind="endpoint", name="localhost"), 12)
    flaws = sorted(item.slug for item in found if item.slug in outcomes and outcomes[item.slug].status.value == "fail")
    return {"cpu": used, "connections": facts.connections, "flaws": flaws}


def child_api(port: int) -> dict[str, Any]:
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
    before = cpu()
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
    return {"cpu": cpu() - before, "connections": count}


def child_ours(port: int) -> dict[str, Any]:
    """Our sslyze pass: this process and the worker that it starts."""
    from pgssi_probe.tls import sslyze_pass

    before = cpu()
    limits = sslyze_pass.SslyzeLimits(rate=None)
    scan = sslyze_pass.collect(
        _connect, "localhost", "127.0.0.1", port, server_name="localhost", limits=limits, speaks=_speaks(port)
    )
    facts = asyncio.run(scan)
    return {"cpu": cpu() - before, "connections": facts.connections, "reachable": facts.reachable is True}


def _speaks(port: int) -> tuple[Any, ...]:
    """One version that the server speaks, as the passive pass would have told."""
    from pgssi_probe.tls.asking import Asker, Limits
    from pgssi_probe.tls.clienthello import template
    from pgssi_probe.tls.conversation import Answer
    from pgssi_probe.tls.names import NEWEST_FIRST

    async def first() -> tuple[Any, ...]:
        asker = Asker(_connect, "localhost", port, Limits())
        for version in NEWEST_FIRST[:-1]:
            if isinstance(await asker.ask(template(version, "localhost")), Answer):
                return (version,)
        return NEWEST_FIRST[:-1]

    return asyncio.run(first())


def child_start(_port: int) -> dict[str, Any]:
    """What a process costs that imports sslyze and does nothing, taking itself apart at the end left out."""
    import sslyze  # noqa: F401

    return {"cpu": cpu()}


CHILDREN = {"fast": child_fast, "api": child_api, "ours": child_ours, "start": child_start}


def run_child(kind: str, port: int) -> tuple[dict[str, Any], Cost]:
    """The words of a child and what the whole process cost."""
    with tempfile.NamedTemporaryFile() as said:
        spent = cost([sys.executable, "-m", "bench.tls", kind, str(port), said.name])
        return json.loads(Path(said.name).read_text(encoding="utf-8")), spent


def command_line(port: int) -> Cost:
    """sslyze's command line, with the same commands and no Mozilla profile."""
    command = [sys.executable, "-m", "sslyze", "--mozilla_config=disable", "--json_out=-", *CLI_FLAGS]
    return cost([*command, f"localhost:{port}"])


def measure(fixture: Fixture) -> bool:
    """One server: prints a line, returns whether its goals hold."""
    fast_ratios, api_ratios, line_ratios, fast_cpu, api_cpu = [], [], [], [], []
    fast: dict[str, Any] = {}
    api: dict[str, Any] = {}
    with fixture.start() as port:
        for _ in range(PAIRS):
            fast, _spent = run_child("fast", port)
            api, _spent = run_child("api", port)
            ours, _spent = run_child("ours", port)
            line = command_line(port)
            start = run_child("start", 0)[0]["cpu"]
            # Ours counts a worker from its first instruction: take its start-up off, as the others' is.
            worker = ours["cpu"] - start
            fast_ratios.append(fast["cpu"] / api["cpu"])
            api_ratios.append(worker / api["cpu"])
            line_ratios.append(worker / (line.cpu - start))
            fast_cpu.append(fast["cpu"])
            api_cpu.append(api["cpu"])
    flaws = set(fast["flaws"]) == set(fixture.flaws)
    ratios = [statistics.median(some) for some in (fast_ratios, api_ratios, line_ratios)]
    holds = (
        fast["connections"] <= MOST_CONNECTIONS
        and flaws
        and ratios[0] <= FAST_GOAL
        and ratios[1] <= API_GOAL
        and ratios[2] <= COMMAND_LINE_GOAL
    )
    both = statistics.median(fast_cpu) * 1000, statistics.median(api_cpu) * 1000
    print(
        f"{fixture.name:<11} connections {fast['connections']:>3} / {api['connections']:>3}"
        f"   CPU {both[0]:>4.0f} / {both[1]:>4.0f} ms = {ratios[0]:.2f}"
        f"   our sslyze / API {ratios[1]:.2f}   / command line {ratios[2]:.2f}"
        f"   flaws {'all' if flaws else sorted(set(fast['flaws']) ^ set(fixture.flaws))}"
        f"   {'ok' if holds else 'MISSED'}",
        flush=True,
    )
    return holds


def main() -> bool:
    print("fast pass / sslyze API; medians of", PAIRS, "pairs, start-up subtracted")
    with tempfile.TemporaryDirectory() as folder:
        known, _ = fixtures(Path(folder))
        held = [measure(fixture) for fixture in known]
    return all(held)


if __name__ == "__main__":
    kind, number, target = sys.argv[1:]
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    Path(target).write_text(json.dumps(CHILDREN[kind](int(number))), encoding="utf-8")
