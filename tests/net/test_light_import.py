"""The client comes without what it does not need."""

from __future__ import annotations

import subprocess
import sys


def test_httpx_comes_without_its_command_line() -> None:
    code = "import pgssi_probe.net.client, sys, httpx; httpx.Client().close(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert {"pygments", "click"}.isdisjoint(done.stdout.split())
