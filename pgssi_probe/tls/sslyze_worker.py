"""sslyze in a process of its own: ``python -m pgssi_probe.tls.sslyze_worker``, a JSON request in, a JSON answer out.

sslyze has neither a deadline nor a way to stop, and keeps two old OpenSSL libraries in memory: the parent kills
this process when it takes too long. Whatever sslyze wants, connections leave for the pinned address and port only.
"""

import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from pgssi_probe.tls.sslyze_results import is_incomplete, raw_command

MAX_REQUEST = 2**16
BURST = 25


class NotPinned(OSError):
    """A connection to something else than the address that the parent allowed."""


class _Door:
    """Counts connections, keeps them to one address and one port, and lets so many through a second."""

    def __init__(self, address: str, port: int, most: int, rate: float | None) -> None:
        self._interval = 1 / rate if rate else 0.0
        self._next = 0.0
        self._lock = threading.Lock()
        self._allowed = (address, port)
        self._most = most
        self._open: Callable[..., socket.socket] = socket.create_connection
        self.count = 0

    def create_connection(self, target: tuple[str, int], *arguments: Any, **options: Any) -> socket.socket:
        if tuple(target[:2]) != self._allowed:
            raise NotPinned("connection refused by the scope")
        if self.count >= self._most:
            raise NotPinned("connection budget spent")
        with self._lock:
            self.count += 1
            due = max(self._next, time.monotonic() - BURST * self._interval)
            self._next = due + self._interval
        if (early := due - time.monotonic()) > 0:
            time.sleep(early)
        return self._open(target, *arguments, **options)


def main() -> NoReturn:
    """Read the request, scan, write the answer. Anything unexpected is an answer too."""
    request = json.loads(sys.stdin.buffer.read(MAX_REQUEST))
    try:
        answer = scan(request)
    except Exception as error:  # noqa: BLE001 - the parent must get an answer whatever sslyze raises
        answer = {"error": type(error).__name__}
    json.dump(answer, sys.stdout)
    sys.stdout.flush()
    # Everything is said: leave at once. Taking two OpenSSL libraries and sslyze's models apart costs a third of a scan.
    os._exit(0)


def scan(request: dict[str, Any]) -> dict[str, Any]:
    """The answer to a request: ``commands``, ``highest`` and ``retried``, or ``unreachable``."""
    from sslyze.plugins.scan_commands import ScanCommand
    from sslyze.server_setting import ServerNetworkConfiguration, ServerNetworkLocation

    door = _Door(request["address"], request["port"], request["connections"], request["rate"])
    socket.create_connection = door.create_connection  # type: ignore[assignment]
    if request["server_name"] is None:
        _without_sni()
    location = ServerNetworkLocation(request["host"], request["port"], ip_address=request["address"])
    network = ServerNetworkConfiguration(
        tls_server_name_indication=request["server_name"] or request["host"],
        network_timeout=request["timeout"],
        network_max_retries=request["retries"],
    )
    names = [ScanCommand(name).value for name in request["commands"]]
    first = _run(location, network, names, request)
    if first.scan_result is None:
        return {"unreachable": True, "connections": door.count}
    commands = _raw(first, names)
    again = [name for name, command in commands.items() if is_incomplete(command)]
    if again:
        second = _run(location, network, again, request)
        if second.scan_result is not None:
            commands.update(better(commands, _raw(second, again)))
    highest = first.connectivity_result.highest_tls_version_supported.name
    return {"highest": highest, "commands": commands, "retried": again, "connections": door.count}


def _raw(result: Any, names: list[str]) -> dict[str, dict[str, Any]]:
    return {name: raw_command(name, getattr(result.scan_result, name)) for name in names}


def better(first: dict[str, dict[str, Any]], second: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The second attempts that are worth more than the first ones: they ended, or the first had not."""
    return {name: command for name, command in second.items() if "result" in command or "result" not in first[name]}


def _run(location: Any, network: Any, commands: list[str], request: dict[str, Any]) -> Any:
    from sslyze.plugins.certificate_info.implementation import CertificateInfoExtraArgument
    from sslyze.plugins.scan_commands import ScanCommand
    from sslyze.plugins.session_renegotiation_plugin import SessionRenegotiationExtraArgument
    from sslyze.scanner.models import ScanCommandsExtraArguments, ServerScanRequest
    from sslyze.scanner.scanner import Scanner

    ca_file = request["ca_file"]
    extra = ScanCommandsExtraArguments(
        certificate_info=CertificateInfoExtraArgument(custom_ca_file=Path(ca_file))
        if ca_file is not None and "certificate_info" in commands
        else None,
        session_renegotiation=SessionRenegotiationExtraArgument(client_renegotiation_attempts=request["renegotiations"])
        if "session_renegotiation" in commands
        else None,
    )
    scanner = Scanner(per_server_concurrent_connections_limit=request["concurrency"], concurrent_server_scans_limit=1)
    scanner.queue_scans(
        [
            ServerScanRequest(
                server_location=location,
                network_configuration=network,
                scan_commands={ScanCommand(name) for name in commands},
                scan_commands_extra_arguments=extra,
            )
        ]
    )
    return next(iter(scanner.get_results()))


def _without_sni() -> None:
    """RFC 6066 §3: an address is no server name, and sslyze would send it as one."""
    from nassl.ssl_client import BaseSslClient

    BaseSslClient.set_tlsext_host_name = lambda *_: None


if __name__ == "__main__":
    main()
