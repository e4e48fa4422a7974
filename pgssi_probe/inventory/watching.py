"""What pages drawn by scripts ask for, seen in a browser as the account: reads only, a few pages and routes.

An application that keeps its token in the browser shows its pages to nobody who brings only the token: the account
signs in in the window then, by the page's own form, and nothing but reads is let through afterwards.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from pgssi_probe.browser import BROWSER, BrowserLost, Fate, Landing, browser_sign_in
from pgssi_probe.browser import Asked as BrowserAsked
from pgssi_probe.browser import Visit as Window
from pgssi_probe.check.context import CollectorContext
from pgssi_probe.discovery.danger import is_dangerous, words_of
from pgssi_probe.discovery.site import Page
from pgssi_probe.identity import Driver, Oracle, SignInPlan, State
from pgssi_probe.identity.drivers.browser import METHODS, as_declared
from pgssi_probe.identity.drivers.browser import Window as Guarded
from pgssi_probe.inventory.bundles import routes_of
from pgssi_probe.inventory.gleaning import Found, of_document
from pgssi_probe.inventory.har import own_headers
from pgssi_probe.inventory.model import Source
from pgssi_probe.inventory.walking import MAX_BODY, Walking
from pgssi_probe.net.exchange import Exchange

PAGES: Final = 4
ROUTES: Final = 24
"""Routes of the application's own that are shown."""
SECONDS: Final = 40.0
"""How long pages and routes are shown."""
MAX_REQUESTS: Final = 140
MAX_WORDS: Final = 60
"""A page with fewer words of its own, and scripts, is drawn by them [ours]."""
DATA: Final = frozenset({"xhr", "fetch"})
READS: Final = frozenset({"GET", "HEAD"})
TYPED: Final = frozenset({Driver.JSON, Driver.BROWSER})
"""Ways of signing in after which the browser itself holds nothing of the session."""
LEFT_OUT: Final = re.compile(
    r"\b(?:login|log in|signin|sign in|signup|sign up|register|connexion|inscription|oauth|callback|forgot|404|403|"
    r"500)\b"
)
"""Routes that are for people who are not signed in, or that say that something went wrong."""
DRAWN_ROUTES: Final = "[...document.querySelectorAll('a[href]')].slice(0, 300).map((e) => e.href)"


def is_scripted(page: Page) -> bool:
    """Whether people would see more than the page says: it has scripts, hardly a word and hardly a link."""
    document = page.document
    scripts = bool(document.inline_scripts) or any(one.tag == "script" for one in document.resources)
    return scripts and len(document.text.split()) < MAX_WORDS and len(document.links) < 3


async def watched(
    ctx: CollectorContext, walking: Walking, plan: SignInPlan, oracle: Oracle, code: Sequence[Exchange] = ()
) -> tuple[Found, ...]:
    """Requests of the pages that are drawn by scripts, and the links that the scripts drew; the answers are filed with
    those of the walk. Nothing without a browser or without such pages. `code` are the scripts known so far."""
    scripted = [page.url for page in walking.pages if is_scripted(page)]
    if not scripted or walking.ended or walking.lost:
        return ()
    browser = await ctx.collect(BROWSER)
    if browser.missing:
        return ()
    watching = Watching(ctx, walking, code)
    session = walking.session
    try:
        if _must_type(ctx, walking, plan):
            account = ctx.accounts[walking.label]
            assert account.password is not None  # noqa: S101 (_must_type)
            guarded = Guarded(session.network, account.password)
            async with browser.visit(guarded, ctx.clock, label=walking.label, methods=METHODS) as visit:
                url = as_declared(ctx, plan.page_url or scripted[0])
                done = await browser_sign_in(
                    visit,
                    url,
                    account.username,
                    account.password,
                    username_field=plan.username_field or "",
                    password_field=plan.password_field or "",
                )
                if done.typed and not done.asks_again:
                    visit.crossing.methods = READS
                    await watching.look(visit, scripted)
                    if await oracle.state(session) is State.OUT:  # one session at a time: that of the window is it
                        walking.session = done.session.on(session.network)
        if not watching.looked:
            async with browser.visit(session.network, ctx.clock, session=session.fork()) as visit:
                await watching.look(visit, scripted)
    except BrowserLost:
        pass
    return tuple(watching.found.values())


def _must_type(ctx: CollectorContext, walking: Walking, plan: SignInPlan) -> bool:
    """Whether the account must sign in again in the window: what carries its session is in headers that scripts write,
    and nothing forbids a second session."""
    account = ctx.accounts[walking.label]
    by_headers = bool(walking.session.header_names) and plan.driver in TYPED
    return (
        by_headers
        and account.password is not None
        and account.totp is None
        and not plan.federated
        and not plan.captcha
        and not ctx.declared.get("session.single")
    )


class Watching:
    """What a window showed of the application. `looked` once it was asked for anything."""

    def __init__(self, ctx: CollectorContext, walking: Walking, code: Sequence[Exchange]) -> None:
        self.ctx = ctx
        self.walking = walking
        self.code = code
        self.found: dict[tuple[str, str, bytes], Found] = {}
        self.looked = False

    async def look(self, visit: Window, scripted: Sequence[str]) -> None:
        self.looked = True
        end = asyncio.get_running_loop().time() + SECONDS
        try:
            drawn = await self._pages(visit, scripted, end)
            await self._routes(visit, drawn, end)
        finally:
            await self._learn(visit)

    async def _pages(self, visit: Window, scripted: Sequence[str], end: float) -> list[str]:
        """Show the pages, then those to which what was drawn leads. Gives the links as scripts wrote them."""
        waiting, opened, links = list(scripted), set[str](), dict[str, None]()
        while waiting and len(opened) < PAGES and self._may_go_on(visit, end):
            url = waiting.pop(0)
            if url in opened:
                continue
            opened.add(url)
            landing = await visit.open(url)
            drawn = [one for one in _of(landing) if self.ctx.network.in_scope(one.url)]
            self.found.update((one.key, one) for one in drawn)
            links.update(dict.fromkeys(_texts(await visit.tell(DRAWN_ROUTES))))
            waiting += [one.url for one in drawn if _may_be_opened(one)]
        return list(links)

    async def _routes(self, visit: Window, drawn: Sequence[str], end: float) -> None:
        """Show the routes of the application: those that it links to, then those that its code names."""
        here, sign, fragment = str(await visit.tell("location.href") or "").partition("#")
        in_fragment = bool(sign) and fragment.startswith("/")
        base = f"{here}#/" if in_fragment else urljoin(here, "/")
        wanted = [url for url in drawn if in_fragment and url.startswith(base)]
        for script in self.code:
            text = script.response.text if script.response is not None else ""
            wanted += [base + route for route in routes_of(text)]
        shown = {here, base}
        for url in wanted:
            if len(shown) >= ROUTES or not self._may_go_on(visit, end):
                return
            if url in shown or not self._may_be_shown(url):
                continue
            shown.add(url)
            landing = await visit.open(url)
            self.found.update((one.key, one) for one in _of(landing) if self.ctx.network.in_scope(one.url))

    def _may_be_shown(self, url: str) -> bool:
        page, sign, route = url.partition("#")
        plain = urljoin(page, route) if sign else url
        said = words_of(urlsplit(plain).path)
        harmless = not is_dangerous(plain) and not LEFT_OUT.search(said)
        return harmless and self.ctx.network.in_scope(url) and not self.ctx.excluded(plain)

    @staticmethod
    def _may_go_on(visit: Window, end: float) -> bool:
        sent = sum(one.fate is Fate.SENT for one in visit.asked)
        return sent < MAX_REQUESTS and asyncio.get_running_loop().time() < end

    async def _learn(self, visit: Window) -> None:
        """File what the window asked for: data with their answers, and code that was loaded late."""
        for asked in visit.asked:
            one, answer = _asked(asked), asked.exchange
            if one is not None and self.ctx.network.in_scope(one.url):
                self.found.setdefault(one.key, one)
            if answer is None or answer.response is None or answer.status != 200:
                continue
            if asked.kind == "script" and asked.url not in self.walking.read:
                self.walking.read.add(asked.url)
                self.walking.told_by_script(answer.response.text, asked.url, asked.page)
            own = asked.kind in DATA and asked.method == "GET" and asked.fate is Fate.SENT
            if own and len(answer.response.body) <= MAX_BODY and not own_headers(answer.request.headers):
                await self.walking.heard(answer)


def _may_be_opened(one: Found) -> bool:
    """A link that changes nothing: what scripts drew as a button of an action is one too."""
    reads = one.method == "GET" and one.source is Source.LINK and not one.writes
    return reads and not is_dangerous(one.url, one.text)


def _texts(given: Any) -> list[str]:
    return [one for one in given if isinstance(one, str)] if isinstance(given, list) else []


def _of(landing: Landing) -> Iterator[Found]:
    if landing.page is not None and landing.exchange is not None and landing.exchange.status == 200:
        yield from of_document(landing.page.document, landing.url)


def _asked(asked: BrowserAsked) -> Found | None:
    if asked.kind not in DATA or asked.fate not in {Fate.SENT, Fate.REUSED, Fate.METHOD}:
        return None
    headers = own_headers(asked.exchange.request.headers) if asked.exchange is not None else ()
    return Found(asked.method, asked.url, Source.BROWSER, headers=headers)
