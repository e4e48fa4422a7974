"""What several rooms of the tests use: programs, and one Chromium for the tests of a module."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings

from pgssi_probe.browser import Browser
from pgssi_probe.browser.crossing import Shelf

# A machine that is busy with other tests says nothing of the code: time has tests of its own.
settings.register_profile("house", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

Tinyproxy = Callable[..., Awaitable[str]]


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def tinyproxy(tmp_path: Path) -> AsyncIterator[Tinyproxy]:
    """`await tinyproxy("Upstream http …", …)`: a real forward proxy with these lines more; its `http://host:port`."""
    program = shutil.which("tinyproxy")
    assert program, "install tinyproxy-bin (tests/install-packages.sh)"
    running: list[subprocess.Popen[bytes]] = []

    async def start(*lines: str) -> str:
        port = free_port()
        config = tmp_path / f"tinyproxy-{port}.conf"
        log = tmp_path / f"tinyproxy-{port}.log"
        base = (
            f"Port {port}",
            "Listen 127.0.0.1",
            "Timeout 20",
            f'LogFile "{log}"',
            "LogLevel Connect",
            "MaxClients 50",
        )
        config.write_text("\n".join([*base, *lines, ""]))
        running.append(
            subprocess.Popen(  # noqa: ASYNC220 (it returns at once)
                [program, "-d", "-c", str(config)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={"PATH": os.environ.get("PATH", "")},
            )
        )
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return f"http://127.0.0.1:{port}"
            await asyncio.sleep(0.02)
        raise AssertionError(f"tinyproxy does not listen: {log.read_text() if log.exists() else config.read_text()}")

    yield start
    for process in running:
        process.kill()
        process.wait()


@pytest.fixture
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scripted pages and the portal answer at once: pages settle sooner than those of a distant server."""
    monkeypatch.setattr("pgssi_probe.browser.visit.QUIET_SECONDS", 0.1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one_chromium() -> AsyncIterator[Browser]:
    browser = Browser()
    yield browser
    await browser.aclose()


@pytest.fixture
def chromium(one_chromium: Browser, in_a_hurry: None) -> Browser:
    """The Chromium of the module, without the scripts of another test. The module runs in one loop:
    `pytestmark = pytest.mark.asyncio(loop_scope="module")`."""
    one_chromium.shelf = Shelf()
    return one_chromium
