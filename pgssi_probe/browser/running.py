"""The browser of a run: started when first needed, one visit at a time, closed for certain."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from pgssi_probe.browser.chromium import CLOSE_SECONDS, MEMORY_MAX, Chromium, missing
from pgssi_probe.browser.crossing import Crossing, Shelf
from pgssi_probe.browser.visit import BrowserLost, Visit
from pgssi_probe.check.context import Collector, CollectorContext, Network
from pgssi_probe.clock import Clock
from pgssi_probe.identity.session import Session
from pgssi_probe.model.outcome import Reason

if TYPE_CHECKING:
    from playwright.async_api import Playwright

VISIT_SECONDS: Final = 120.0
WATCH_SECONDS: Final = 1.0
READS: Final = ("GET", "HEAD")

_inside: ContextVar[bool] = ContextVar("inside_a_visit", default=False)


def nobody_waits(loop: asyncio.AbstractEventLoop) -> None:
    """Have the loop say nothing of calls of Playwright that were given up.

    Playwright keeps the future of a cancelled call, and gives it an error when its driver or the page ends (a terminal
    sends Ctrl-C to the driver as well). Nobody can take that error: asyncio would print it with its traceback.
    """
    before = loop.get_exception_handler()
    if getattr(before, "of_playwright", False):
        return

    def heard(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if "never retrieved" in context.get("message", "") and _of_playwright(error):
            return
        if before is not None:
            before(loop, context)
        else:
            loop.default_exception_handler(context)

    heard.of_playwright = True  # type: ignore[attr-defined]
    loop.set_exception_handler(heard)


def _of_playwright(error: BaseException | None) -> bool:
    return type(error).__module__.startswith("playwright.") or "from the driver" in str(error)


class Browser:
    """`missing` is what this machine lacks, "" when a visit is possible.

        browser = await ctx.collect(BROWSER)
        async with browser.visit(ctx.network, ctx.clock) as visit:
            landing = await visit.open(ctx.target.url)

    One visit at a time: others wait. A visit begun within a visit (a sign-in asked for meanwhile) has a Chromium of its
    own, so that it waits for nobody.
    """

    def __init__(self, lacking: str | None = None, *, memory_max: int = MEMORY_MAX) -> None:
        self.missing = missing() if lacking is None else lacking
        self.shelf = Shelf()
        self.peak = 0
        """Most bytes that a Chromium held."""
        self._memory_max = memory_max
        self._one_at_a_time = asyncio.Lock()
        self._idle: list[Chromium] = []
        self._started: list[Chromium] = []
        self._playwright: Playwright | None = None
        self._starting = asyncio.Lock()

    @asynccontextmanager
    async def visit(
        self,
        network: Network,
        clock: Clock,
        *,
        session: Session | None = None,
        label: str = "",
        methods: Iterable[str] = READS,
        pictures: bool = False,
        seconds: float = VISIT_SECONDS,
    ) -> AsyncIterator[Visit]:
        """A fresh context, as nobody or with what `session` holds; requests are charged to `network`, those of other
        `methods` than declared are not sent. Raises BrowserLost, for what happens inside too."""
        if self.missing:
            raise BrowserLost(Reason.BROWSER_MISSING, self.missing)
        nested = _inside.get()
        if not nested:
            await self._one_at_a_time.acquire()
        mark = _inside.set(True)
        try:
            async with self._visited(network, clock, session, label, frozenset(methods), pictures, seconds) as visit:
                yield visit
        finally:
            with suppress(ValueError):  # left from another task than entered, at the end of a run
                _inside.reset(mark)
            if not nested:
                self._one_at_a_time.release()

    @asynccontextmanager
    async def _visited(
        self,
        network: Network,
        clock: Clock,
        session: Session | None,
        label: str,
        methods: frozenset[str],
        pictures: bool,
        seconds: float,
    ) -> AsyncIterator[Visit]:
        from playwright.async_api import Error

        chromium = await self._chromium()
        watch: asyncio.Task[None] | None = None
        sound = False
        crossing = Crossing(
            network, self.shelf, methods, label or (session.label if session else ""), session, pictures
        )
        try:
            async with asyncio.timeout(seconds) as limit:
                context = await chromium.launched.new_context(accept_downloads=False, locale="fr-FR")
                visit = Visit(chromium, context, crossing, clock)
                await visit.begin(session)
                watch = asyncio.ensure_future(self._watched(chromium))
                yield visit
            chromium.paused = None
            async with asyncio.timeout(CLOSE_SECONDS):
                await context.close()
            sound = True
        except TimeoutError:
            if limit.expired():
                raise BrowserLost(Reason.TIMEOUT, "visit") from None
            if not chromium.launched.is_connected():
                raise BrowserLost(Reason.SCAN_INCOMPLETE, "closed") from None
            raise
        except Error as error:
            raise BrowserLost(Reason.SCAN_INCOMPLETE, type(error).__name__) from None
        finally:
            chromium.paused = None
            if watch is not None:
                watch.cancel()
            if sound and chromium.launched.is_connected():
                self._idle.append(chromium)
            else:
                chromium.kill()

    async def _chromium(self) -> Chromium:
        from playwright.async_api import Error

        async with self._starting:
            nobody_waits(asyncio.get_running_loop())
            while self._idle:
                ready = self._idle.pop()
                if ready.launched.is_connected():
                    return ready
            try:
                if self._playwright is None:
                    from playwright.async_api import async_playwright

                    self._playwright = await async_playwright().start()
                started = await Chromium.start(self._playwright)
            except (Error, TimeoutError, OSError) as error:
                raise BrowserLost(Reason.BROWSER_MISSING, type(error).__name__) from None
            self._started.append(started)
            return started

    async def _watched(self, chromium: Chromium) -> None:
        """Kill a Chromium that grows beyond its share of memory: the visit is lost, the machine is not."""
        with suppress(Exception):
            while True:
                await asyncio.sleep(WATCH_SECONDS)
                held = await chromium.memory()
                self.peak = max(self.peak, held)
                if held > self._memory_max:
                    chromium.kill()
                    return

    async def aclose(self) -> None:
        """End every Chromium and what drives them."""
        for chromium in self._started:
            await chromium.close()
        self._started.clear()
        self._idle.clear()
        if self._playwright is not None:
            with suppress(Exception):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self._playwright.stop()
            self._playwright = None


async def _gather(_ctx: CollectorContext) -> Browser:
    return Browser()


BROWSER: Final[Collector[Browser]] = Collector(name="browser", gather=_gather)
"""The browser of the run, shared by the checks; started by the first visit, closed by the engine at the end."""
