"""One visit: a fresh context of the browser with one window, as one visitor."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast
from urllib.parse import urldefrag, urlsplit

from pgssi_probe.browser.asked import Asked, Fate
from pgssi_probe.browser.chromium import Chromium
from pgssi_probe.browser.cookies import from_browser, to_browser
from pgssi_probe.browser.crossing import BLANK_PATH, Crossing, fulfilled
from pgssi_probe.browser.kept import Dump, Kept, cookies_kept, read_back, reader
from pgssi_probe.browser.overheard import Overheard
from pgssi_probe.clock import Clock
from pgssi_probe.discovery.parse import MAX_MARKUP, parse_html
from pgssi_probe.discovery.site import Page
from pgssi_probe.identity.session import Session, origin_of
from pgssi_probe.model.outcome import Reason
from pgssi_probe.net.exchange import Exchange

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, CDPSession
    from playwright.async_api import Page as Window

T = TypeVar("T")

LOAD_SECONDS: Final = 25.0
QUIET_SECONDS: Final = 0.4
"""A page is settled when nothing is under way for that long and it no longer changes."""
SETTLE_SECONDS: Final = 8.0
ACT_SECONDS: Final = 10.0
READ_MILLISECONDS: Final = 1_000
MARKUP: Final = f"""(() => {{
  const type = document.doctype ? new XMLSerializer().serializeToString(document.doctype) : '';
  return type + (document.documentElement ? document.documentElement.outerHTML : '').slice(0, {MAX_MARKUP});
}})()"""
SHAPE: Final = """document.documentElement ? [
  document.documentElement.outerHTML.length, document.querySelectorAll('*').length, location.href].join(' ') : ''"""
CLEARED: Final = "cookies,local_storage,indexeddb,cache_storage,service_workers,websql,file_systems"


class BrowserLost(Exception):
    """The browser gave up, or was ended: too long, too much memory, a crash. Nothing is concluded from that visit."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason.value}: {detail}" if detail else reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Landing:
    """Where a navigation ended. `exchange` is the answer shown in the window, None when none came. `page` is what the
    window shows once its scripts ran, read as any other page (`page.exchange` is the answer as received). `error` is
    the browser's word for a failure."""

    url: str
    exchange: Exchange | None
    page: Page | None
    error: str = ""

    @property
    def text(self) -> str:
        return self.page.document.text if self.page else ""


class Visit:
    """What can be done in a window. Every method raises BrowserLost when the browser no longer follows.

    `asked` and `overheard` are what was seen on the way; `crossing` what was let through.
    """

    def __init__(self, chromium: Chromium, context: BrowserContext, crossing: Crossing, clock: Clock) -> None:
        self.chromium = chromium
        self.context = context
        self.crossing = crossing
        self.clock = clock
        self.overheard = Overheard(crossing)
        self._window: Window | None = None
        self._hand: CDPSession | None = None
        self._frame = ""
        self._origins: dict[str, None] = {}
        self._beside = False
        """Whether a window that opens is our own."""

    @property
    def window(self) -> Window:
        assert self._window is not None  # noqa: S101 set by begin
        return self._window

    @property
    def hand(self) -> CDPSession:
        assert self._hand is not None  # noqa: S101 set by begin
        return self._hand

    @property
    def asked(self) -> tuple[Asked, ...]:
        return self.crossing.everything()

    async def begin(self, session: Session | None) -> None:
        self.crossing.clearing = self._clear
        self.chromium.paused = self._paused
        self._window = await self.context.new_page()
        self.context.on("page", self._popup)
        self._hand = await self.context.new_cdp_session(self._window)
        self._frame = (await self.hand.send("Target.getTargetInfo"))["targetInfo"]["targetId"]
        await self.overheard.listen(self.hand, self._window)
        if session is not None:
            await self._dress(session)

    async def _dress(self, session: Session) -> None:
        for cookie in to_browser(session.jar, self.clock.now(), datetime.now(UTC)):
            await self._act(self.hand.send("Network.setCookie", cookie))

    async def open(self, url: str, *, referer: str = "") -> Landing:
        """Go to an address of the scope and wait until the page is settled."""
        from playwright.async_api import Error

        error = ""
        try:
            await self._within(
                self.window.goto(url, wait_until="commit", timeout=LOAD_SECONDS * 1000, referer=referer or None),
                LOAD_SECONDS + 5,
            )
        except Error as failed:
            error = _word(failed)
        return await self.settled(error)

    async def back(self) -> Landing:
        """Press Back. What the browser would have kept of a page is shown without asking for it again."""
        from playwright.async_api import Error

        error = ""
        self.crossing.going_back = True
        try:
            await self._within(self.window.go_back(wait_until="commit", timeout=LOAD_SECONDS * 1000), LOAD_SECONDS + 5)
        except Error as failed:
            error = _word(failed)
        try:
            return await self.settled(error)
        finally:
            self.crossing.going_back = False

    async def settled(self, error: str = "") -> Landing:
        """Wait until nothing is under way and nothing changes any more, SETTLE_SECONDS at most; then read the page."""
        loop = asyncio.get_running_loop()
        end = loop.time() + SETTLE_SECONDS
        before = None
        while loop.time() < end:
            await asyncio.sleep(QUIET_SECONDS / 2)
            self._raise_fault()
            if self.crossing.under_way or loop.time() - self.crossing.quiet_since < QUIET_SECONDS:
                continue
            now = await self.tell(SHAPE)
            if now == before:
                break
            before = now
        return await self.look(error)

    async def look(self, error: str = "") -> Landing:
        """The page as it stands."""
        url = urldefrag(self.window.url)[0]
        exchange = self.crossing.documents.get(self._frame)
        if url.startswith("chrome-error:") or not url.startswith("http"):
            return Landing(url, exchange, None, error or "no_page")
        self._origins[origin_of(url)] = None
        markup = await self.tell(MARKUP)
        document = await asyncio.to_thread(parse_html, str(markup or ""), url)
        if exchange is None:
            return Landing(url, None, None, error or "no_answer")
        shown = replace(exchange, request=replace(exchange.request, url=url)) if exchange.url != url else exchange
        return Landing(url, exchange, Page(shown, document), error)

    async def tell(self, expression: str, window: Window | None = None) -> Any:
        """The value of an expression in a world apart: the scripts of the page cannot change what it means. None when
        the page is in between two documents, or refuses."""
        from playwright.async_api import Error

        hand, frame = self.hand, self._frame
        if window is not None and window is not self.window:
            hand = await self._act(self.context.new_cdp_session(window))
            frame = (await self._act(hand.send("Target.getTargetInfo")))["targetInfo"]["targetId"]
        try:
            world = await self._within(
                hand.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "pgssi"}), ACT_SECONDS
            )
            told = await self._within(
                hand.send(
                    "Runtime.evaluate",
                    {
                        "expression": expression,
                        "contextId": world["executionContextId"],
                        "awaitPromise": True,
                        "returnByValue": True,
                    },
                ),
                ACT_SECONDS + 10,
            )
        except Error:
            self._alive()
            return None
        return told.get("result", {}).get("value")

    async def read(self, expression: str) -> Any:
        """The value of an expression among the scripts of the page, which the browser breaks off where it would change
        anything, or last. None then, and as in `tell`."""
        from playwright.async_api import Error

        asked = {
            "expression": expression,
            "throwOnSideEffect": True,
            "returnByValue": True,
            "timeout": READ_MILLISECONDS,
        }
        try:
            told = await self._within(self.hand.send("Runtime.evaluate", asked), ACT_SECONDS)
        except Error:
            self._alive()
            return None
        return told.get("result", {}).get("value") if "exceptionDetails" not in told else None

    async def ask(self, function: str, value: Any = None) -> Any:
        """What a function answers in the page itself, among its own scripts: to press what it shows. None when the
        page goes away meanwhile."""
        from playwright.async_api import Error

        try:
            return await self._within(self.window.evaluate(function, value), ACT_SECONDS)
        except Error:
            self._alive()
            return None

    async def kept(self) -> Dump:
        """Everything that the browser keeps now, for every origin that the window has shown."""
        entries: list[Kept] = cookies_kept(cast("Any", await self._act(self.context.cookies())))
        origin, found, cut = read_back(await self.tell(reader()))
        entries += found
        for other in [one for one in self._origins if one != origin]:
            self._beside = True
            try:
                beside = await self._act(self.context.new_page())
            finally:
                self._beside = False
            try:
                await self._act(beside.goto(other + BLANK_PATH, wait_until="commit"))
                _, found, short = read_back(await self.tell(reader(), beside))
                entries += found
                cut = cut or short
            finally:
                await self._act(beside.close())
        return Dump(tuple(entries), cut)

    async def session(self, label: str = "") -> Session:
        """A session with the cookies that the browser holds, and the credentials that scripts put in their requests."""
        now = self.clock.now()
        jar = from_browser(cast("Any", await self._act(self.context.cookies())), now, datetime.now(UTC))
        origin = origin_of(self.window.url)
        carried = self.crossing.carried.get(origin) or {}
        if not carried:
            origin, carried = next(((o, c) for o, c in self.crossing.carried.items() if c), ("", {}))
        return Session(
            self.crossing.network,
            self.clock,
            jar,
            label or self.crossing.label,
            tuple(carried.items()),
            origin=origin if carried else "",
        )

    # What happens beside.

    async def _paused(self, event: dict[str, Any]) -> None:
        answer = await self.crossing.answer(event)
        mark = event["requestId"]
        if answer.response is None:
            await self.chromium.tell("Fetch.failRequest", requestId=mark, errorReason=answer.failure or "Failed")
        else:
            await self.chromium.tell("Fetch.fulfillRequest", requestId=mark, **fulfilled(answer.response))

    async def _clear(self, url: str, what: frozenset[str]) -> None:
        """Clear-Site-Data: the layer of Chromium that applies it never sees the answer. Session storage stays, as in
        Chromium, which cannot clear it for one origin."""
        from playwright.async_api import Error

        origin, host = origin_of(url), urlsplit(url).hostname or ""
        with suppress(Error):
            if "storage" in what:
                types = ",".join(one for one in CLEARED.split(",") if one != "cookies")
                await self.hand.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": types})
            if "cookies" in what:
                for cookie in await self.context.cookies():
                    domain = str(cookie.get("domain", "")).removeprefix(".")
                    if domain == host or host.endswith("." + domain) or domain.endswith("." + host):
                        await self.context.clear_cookies(
                            name=cookie.get("name"), domain=cookie.get("domain"), path=cookie.get("path")
                        )

    def _popup(self, window: Window) -> None:
        if self._beside:
            return
        self.crossing.asked.append(Asked(window.url, "GET", "window", Fate.POPUP, self.window.url))
        self.chromium.beside(_quietly(window.close()))

    # Waiting for a browser that may be dead.

    async def _act(self, doing: Awaitable[T]) -> T:
        """Something that the page has no part in: it is done at once, or the browser is lost."""
        from playwright.async_api import Error

        try:
            return await self._within(doing, ACT_SECONDS)
        except Error as error:
            raise BrowserLost(Reason.SCAN_INCOMPLETE, _word(error)) from None

    async def _within(self, doing: Awaitable[T], seconds: float) -> T:
        try:
            async with asyncio.timeout(seconds):
                done = await doing
        except TimeoutError:
            raise BrowserLost(Reason.TIMEOUT) from None
        self._raise_fault()
        return done

    def _raise_fault(self) -> None:
        if self.crossing.fault is not None:
            raise self.crossing.fault
        self._alive()

    def _alive(self) -> None:
        if not self.chromium.launched.is_connected() or self.window.is_closed():
            raise BrowserLost(Reason.SCAN_INCOMPLETE, "closed")


async def _quietly(doing: Awaitable[Any]) -> None:
    with suppress(Exception):
        await doing


def _word(error: Exception) -> str:
    """The browser's code in an error of Playwright: no address, no value."""
    text = str(error)
    start = text.find("net::")
    return text[start:].split()[0][:60] if start >= 0 else type(error).__name__
