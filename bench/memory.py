"""Peak memory of a whole scan, whatever the target sends: the hostile servers of the lab, one after the other.

Each scan is a process of its own, ended after `LIMIT` seconds (a target that drips holds it longer; memory has peaked
by then). Chromium is left out: a child larger than the scan would hide it, and its memory has a bound of its own
(`pgssi_probe/browser/running.py`). Goal: at most 200 MB.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import threading
from multiprocessing.connection import Connection

from pgssi_probe.browser.chromium import CHOICE
from pgssi_probe.lab.hostile import HOSTILE, hostile

GOAL = 200.0
LIMIT = 25.0


async def _serve(name: str, ready: Connection) -> None:
    async with hostile(name) as url:
        ready.send(url)
        await asyncio.Event().wait()


def _server(name: str, ready: Connection) -> None:
    asyncio.run(_serve(name, ready))


def scan(url: str, folder: str) -> float:
    """Peak resident memory of the scan, in MB."""
    command = [sys.executable, "-m", "pgssi_probe", "scan", url, "--no-seal", "--quiet", "--rate", "1000"]
    process = subprocess.Popen(
        [*command, "--out", f"{folder}/run"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, CHOICE: "none"},
    )
    timer = threading.Timer(LIMIT, process.send_signal, (signal.SIGKILL,))
    timer.start()
    _, _, usage = os.wait4(process.pid, 0)
    timer.cancel()
    process.returncode = 0  # we took its status
    return usage.ru_maxrss / 1000


def main() -> bool:
    spawn = multiprocessing.get_context("spawn")
    peaks = {}
    wanted = os.environ.get("BENCH_HOSTILE", "").split(",") if os.environ.get("BENCH_HOSTILE") else sorted(HOSTILE)
    for name in wanted:
        ours, theirs = spawn.Pipe()
        server = spawn.Process(target=_server, args=(name, theirs), daemon=True)
        server.start()
        try:
            with tempfile.TemporaryDirectory() as folder:
                peaks[name] = scan(ours.recv(), folder)
        finally:
            server.kill()
            server.join()
        print(f"{name:>22} {peaks[name]:6.0f} MB {'' if peaks[name] <= GOAL else 'MISSED'}", flush=True)
    worst = max(peaks, key=peaks.__getitem__)
    print(f"most: {peaks[worst]:.0f} MB ({worst}); goal {GOAL:.0f}")
    return peaks[worst] <= GOAL
