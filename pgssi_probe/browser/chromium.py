"""The Chromium of this machine: found, started with every other way out closed, and ended for certain.

Nothing of what a page asks for leaves by Chromium itself: each request is held (`Fetch` domain, for the whole browser:
frames, workers, popups, redirects and pre-flights alike) and answered by the room. What escapes that (WebSocket,
WebRTC, preconnect, reports) finds no name resolved and a proxy that does not exist.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from playwright.async_api import Browser as Launched
    from playwright.async_api import CDPSession, Playwright

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHOICE: Final = "PGSSI_PROBE_CHROMIUM"
"""Environment variable: path of the executable to use, or `none` for no browser."""
ARGUMENTS: Final = (
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://127.0.0.1:9",
    "--proxy-bypass-list=<-loopback>",  # Chromium goes to loopback directly otherwise
    "--disable-quic",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-pings",
    "--mute-audio",
    "--js-flags=--max-old-space-size=512",
)
START_SECONDS: Final = 30.0
CLOSE_SECONDS: Final = 5.0
MEMORY_MAX: Final = 1_500_000_000
"""Bytes that the processes of one Chromium may hold together; beyond, they are killed."""

Paused = Callable[[dict[str, Any]], Awaitable[None]]


def executable() -> str | None:
    """Path of the Chromium to use; None when there is none, or when `none` is asked for."""
    chosen = os.environ.get(CHOICE)
    if chosen:
        return shutil.which(chosen) if chosen != "none" else None
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def missing() -> str:
    """What a browser would need and this machine lacks: `playwright`, `chromium`, or "" when nothing."""
    if find_spec("playwright") is None:
        return "playwright"
    return "" if executable() else "chromium"


class Chromium:
    """One process of the browser, with one hand on everything that its pages ask for.

    `paused` is called for each held request; without one the request fails.
    """

    def __init__(self, launched: Launched, control: CDPSession, pid: int) -> None:
        self.launched = launched
        self.control = control
        self.pid = pid
        self.paused: Paused | None = None
        self._handling: set[asyncio.Task[None]] = set()

    @classmethod
    async def start(cls, playwright: Playwright) -> Chromium:
        """Raises TimeoutError, and the Error of Playwright when Chromium does not start."""
        async with asyncio.timeout(START_SECONDS):
            launched = await playwright.chromium.launch(
                executable_path=executable(),
                chromium_sandbox=os.geteuid() != 0,  # Chromium refuses its sandbox to root
                args=list(ARGUMENTS),
                handle_sigint=False,
                handle_sigterm=False,
                handle_sighup=False,
            )
            control = await launched.new_browser_cdp_session()
            processes = (await control.send("SystemInfo.getProcessInfo"))["processInfo"]
            started = cls(launched, control, next(one["id"] for one in processes if one["type"] == "browser"))
            control.on("Fetch.requestPaused", started._held)
            await control.send("Fetch.enable", {"patterns": [{"urlPattern": "*"}]})
        return started

    def _held(self, event: dict[str, Any]) -> None:
        self.beside(self._handle(event))

    def beside(self, doing: Coroutine[Any, Any, None]) -> None:
        """Have something done while the visit goes on; it ends with the browser."""
        task = asyncio.ensure_future(doing)
        self._handling.add(task)
        task.add_done_callback(self._handling.discard)

    async def _handle(self, event: dict[str, Any]) -> None:
        if self.paused is None:
            await self.tell("Fetch.failRequest", requestId=event["requestId"], errorReason="Aborted")
        else:
            await self.paused(event)

    async def tell(self, method: str, **values: Any) -> None:
        """A command whose failure means only that the page is gone."""
        from playwright.async_api import Error

        with suppress(Error):
            await self.control.send(method, values)

    async def memory(self) -> int:
        """Bytes held by all its processes, shared pages counted once; 0 where the system does not tell."""
        processes = (await self.control.send("SystemInfo.getProcessInfo"))["processInfo"]
        return sum(_proportional(int(one["id"])) for one in processes)

    async def close(self) -> None:
        """End it: asked politely first, killed in any case."""
        with suppress(Exception):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.launched.close()
        self.kill()

    def kill(self) -> None:
        """End it now. Its children end with it."""
        for task in self._handling:
            task.cancel()
        with suppress(ProcessLookupError, PermissionError):
            if _is_ours(self.pid):
                os.kill(self.pid, signal.SIGKILL)


def _proportional(pid: int) -> int:
    with suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def _is_ours(pid: int) -> bool:
    """Whether a process of that number still is a Chromium: numbers are used again."""
    try:
        return b"chrom" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0", 1)[0].lower()
    except OSError:
        return not Path("/proc/self").exists()
