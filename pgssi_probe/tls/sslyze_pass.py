"""The full pass: sslyze in a process that can be killed, over an address that was allowed beforehand (level active)."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pgssi_probe.tls.clienthello import template
from pgssi_probe.tls.conversation import Answer, Connect, converse
from pgssi_probe.tls.facts import EndpointFacts, Unknown, unreachable
from pgssi_probe.tls.names import NEWEST_FIRST, Version
from pgssi_probe.tls.sslyze_convert import Scan, endpoint_facts

ENUMERATION = (
    "ssl_2_0_cipher_suites",
    "ssl_3_0_cipher_suites",
    "tls_1_0_cipher_suites",
    "tls_1_1_cipher_suites",
    "tls_1_2_cipher_suites",
    "tls_1_3_cipher_suites",
    "elliptic_curves",
)
FEATURES = (
    "certificate_info",
    "tls_compression",
    "tls_fallback_scsv",
    "tls_extended_master_secret",
    "tls_1_3_early_data",
    "session_resumption",
)
VULNERABILITIES = ("heartbleed", "openssl_ccs_injection", "robot", "session_renegotiation")
# http_headers is left out on purpose: it follows redirects to other hosts under another user agent.
COMMANDS = ENUMERATION + FEATURES + VULNERABILITIES
# What one full pass opens at most, as measured on servers that accept everything (617), with room for second attempts.
CONNECTIONS = 900
MAX_ANSWER = 2**22


@dataclass(frozen=True, slots=True)
class SslyzeLimits:
    """How long and how hard. Times in seconds."""

    deadline: float = 180.0
    concurrency: int = 5
    answer_timeout: int = 5
    retries: int = 2
    renegotiations: int = 3
    rate: float | None = 25.0  # connections a second, as the governor's; ``None`` for as fast as it goes
    connections: int = CONNECTIONS


async def collect(
    connect: Connect,
    host: str,
    address: str,
    port: int,
    *,
    server_name: str | None,
    speaks: Sequence[Version] = NEWEST_FIRST[:-1],
    ca_file: Path | None = None,
    commands: Sequence[str] = COMMANDS,
    limits: SslyzeLimits | None = None,
) -> EndpointFacts:
    """Facts from sslyze, everything unknown when it fails or when the server answers no cheap hello first.

    ``connect`` serves for the hellos before and after only; the worker opens its own connections, to ``address``
    and ``port`` alone: the caller counts them (:attr:`EndpointFacts.connections`). ``speaks``: versions worth a try
    in those hellos.
    """
    limits = limits or SslyzeLimits()
    if not await _answers(connect, host, port, server_name, speaks, limits):
        return unreachable(host, address, port, "sslyze", Unknown("no_answer"), len(speaks))
    request = {
        "host": host,
        "address": address,
        "port": port,
        "server_name": server_name,
        "ca_file": str(ca_file) if ca_file is not None else None,
        "commands": list(commands),
        "timeout": limits.answer_timeout,
        "retries": limits.retries,
        "concurrency": limits.concurrency,
        "renegotiations": limits.renegotiations,
        "rate": limits.rate,
        "connections": limits.connections,
    }
    answer = await run_worker(request, limits.deadline)
    if isinstance(answer, Unknown):
        return unreachable(host, address, port, "sslyze", answer, 0)
    facts = _facts(answer, host, address, port)
    if facts.reachable is True and not await _answers(connect, host, port, server_name, speaks, limits):
        # Resets count as rejections in sslyze: without an answer after the scan, no rejection can be believed.
        return unreachable(host, address, port, "sslyze", Unknown("stopped_answering"), facts.connections)
    return facts


async def _answers(
    connect: Connect, host: str, port: int, name: str | None, speaks: Sequence[Version], limits: SslyzeLimits
) -> bool:
    for version in speaks:
        try:
            async with asyncio.timeout(limits.answer_timeout):
                streams = await connect(host, port)
        except (OSError, TimeoutError):
            return False
        if isinstance(await converse(streams, template(version, name), limits.answer_timeout), Answer):
            return True
    return False


async def run_worker(request: dict[str, Any], deadline: float) -> dict[str, Any] | Unknown:
    """The worker's answer, or why there is none. The worker and all it started are gone when this returns."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "pgssi_probe.tls.sslyze_worker",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=_environment(),
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(deadline):
            output = await _talk(process, json.dumps(request).encode())
    except TimeoutError:
        return Unknown("deadline")
    finally:
        await _end(process)
    if output is None:
        return Unknown("tool_failed", "oversized answer")
    try:
        answer = json.loads(output)
    except ValueError:
        return Unknown("tool_failed", "no answer")
    return answer if isinstance(answer, dict) else Unknown("tool_failed", "no answer")


async def _talk(process: asyncio.subprocess.Process, request: bytes) -> bytes | None:
    if process.stdin is None or process.stdout is None:  # pragma: no cover - both are pipes
        return None
    try:
        process.stdin.write(request)
        await process.stdin.drain()
    except ConnectionError:
        return b""
    process.stdin.close()
    output = bytearray()
    while chunk := await process.stdout.read(2**16):
        output += chunk
        if len(output) > MAX_ANSWER:
            return None
    return bytes(output)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        # Ended by itself or not: the whole group must be gone, threads of nassl included.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def _environment() -> dict[str, str]:
    """The worker needs the interpreter's world and none of the engagement's secrets."""
    kept = ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "LANG", "LC_ALL", "TZ", "SYSTEMROOT")
    return {name: os.environ[name] for name in kept if name in os.environ}


def _facts(answer: dict[str, Any], host: str, address: str, port: int) -> EndpointFacts:
    connections = answer.get("connections")
    count = connections if isinstance(connections, int) else 0
    if answer.get("unreachable"):
        return unreachable(host, address, port, "sslyze", Unknown("tool_failed", "no handshake"), count)
    try:
        return endpoint_facts(Scan.of(answer), host=host, address=address, port=port, connections=count)
    except (KeyError, TypeError, ValueError):
        detail = str(answer.get("error", "no facts"))[:60]
        return unreachable(host, address, port, "sslyze", Unknown("tool_failed", detail), count)
