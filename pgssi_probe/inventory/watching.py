"""What pages drawn by scripts ask for, seen in a browser with the session of the account: reads only, a few pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pgssi_probe.browser import BROWSER, BrowserLost, Fate, Landing
from pgssi_probe.browser import Asked as BrowserAsked
from pgssi_probe.check.context import CollectorContext
from pgssi_probe.discovery.danger import is_dangerous
from pgssi_probe.discovery.site import Page
from pgssi_probe.inventory.gleaning import Found, of_document
from pgssi_probe.inventory.har import own_headers
from pgssi_probe.inventory.model import Source
from pgssi_probe.inventory.walking import Walking

PAGES: Final = 4
MAX_REQUESTS: Final = 80
MAX_WORDS: Final = 60
"""A page with fewer words of its own, and scripts, is drawn by them [ours]."""
DATA: Final = frozenset({"xhr", "fetch"})


def is_scripted(page: Page) -> bool:
    """Whether people would see more than the page says: it has scripts, hardly a word and hardly a link."""
    document = page.document
    scripts = bool(document.inline_scripts) or any(one.tag == "script" for one in document.resources)
    return scripts and len(document.text.split()) < MAX_WORDS and len(document.links) < 3


async def watched(ctx: CollectorContext, walking: Walking) -> tuple[Found, ...]:
    """Requests of the pages that are drawn by scripts, and the links that the scripts drew. Nothing without a browser
    or without such pages."""
    scripted = [page.url for page in walking.pages if is_scripted(page)]
    if not scripted or walking.ended or walking.lost:
        return ()
    browser = await ctx.collect(BROWSER)
    if browser.missing:
        return ()
    found: dict[tuple[str, str, bytes], Found] = {}
    waiting, opened = scripted, set[str]()
    try:
        async with browser.visit(walking.session.network, ctx.clock, session=walking.session.fork()) as visit:
            while waiting and len(opened) < PAGES and len(visit.asked) < MAX_REQUESTS:
                url, *waiting = waiting
                if url in opened:
                    continue
                opened.add(url)
                landing = await visit.open(url)
                drawn = [one for one in _of(landing) if ctx.network.in_scope(one.url)]
                found.update((one.key, one) for one in drawn)
                waiting += [one.url for one in drawn if _may_be_opened(one)]
            for asked in visit.asked:
                one = _asked(asked)
                if one is not None and ctx.network.in_scope(one.url):
                    found.setdefault(one.key, one)
    except BrowserLost:
        pass
    return tuple(found.values())


def _may_be_opened(one: Found) -> bool:
    plain = one.method == "GET" and one.source is Source.LINK
    return plain and not one.writes and not is_dangerous(one.url, one.text)


def _of(landing: Landing) -> Iterator[Found]:
    if landing.page is not None and landing.exchange is not None and landing.exchange.status == 200:
        yield from of_document(landing.page.document, landing.url)


def _asked(asked: BrowserAsked) -> Found | None:
    if asked.kind not in DATA or asked.fate not in {Fate.SENT, Fate.REUSED, Fate.METHOD}:
        return None
    headers = own_headers(asked.exchange.request.headers) if asked.exchange is not None else ()
    return Found(asked.method, asked.url, Source.BROWSER, headers=headers)
