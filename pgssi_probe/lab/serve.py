"""Serving the lab until it is interrupted, for a command line."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from pgssi_probe.lab.blueprint import LabAddresses
from pgssi_probe.lab.running import running_lab


def serve(
    weak: Sequence[str],
    port: int,
    http_port: int | None,
    directory: Path,
    on_ready: Callable[[LabAddresses], None],
) -> None:
    """Serve the portal on loopback until SIGINT or SIGTERM.

    `weak` holds weakness ids, `none`, `demo` or `all`. Port 0 takes a free one; `http_port` None leaves plain HTTP
    closed. `on_ready` is told the addresses once, when both ports answer. Certificates are written to `directory`.
    Raises UnknownWeakness, IncompatibleWeaknesses, or OSError when a port is taken.
    """
    asyncio.run(_serve(weak, port, http_port, directory, on_ready))


async def _serve(
    weak: Sequence[str],
    port: int,
    http_port: int | None,
    directory: Path,
    on_ready: Callable[[LabAddresses], None],
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError, RuntimeError, ValueError):  # not on Windows, nor outside the main thread
            loop.add_signal_handler(number, stop.set)
    async with running_lab(weak, directory=directory, port=port, http_port=http_port) as lab:
        on_ready(lab.addresses)
        await stop.wait()
