"""`RENDERED`: a few pages of the site as a browser shows them to somebody who never came before, read once for all."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from pydantic import JsonValue

from pgssi_probe.browser.asked import Asked, Mixed
from pgssi_probe.browser.kept import Dump
from pgssi_probe.browser.running import BROWSER
from pgssi_probe.browser.visit import BrowserLost, Visit
from pgssi_probe.check.context import Collector, CollectorContext
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.site import Page, Site
from pgssi_probe.model.outcome import Reason

PAGES: Final = 5
MAX_REQUESTS: Final = 150
MAX_VERSIONS: Final = 60
FRAMES: Final = """[...document.querySelectorAll('iframe')].slice(0, 50).map((e) => [
  e.src, e.hasAttribute('sandbox') ? e.getAttribute('sandbox') : null])"""
STATE: Final = """({manifest: document.documentElement.getAttribute('manifest') || ''})"""


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of a page: absolute address, and its `sandbox` attribute, None when it has none."""

    url: str
    sandbox: str | None


@dataclass(frozen=True, slots=True)
class RenderedPage:
    """`page` is what the browser shows once scripts ran. `asked` is what it asked for on the way, `kept` all that it
    keeps afterwards. `issues` are codes and details of what the browser reports (deprecations, quirks). `versions` are
    names and versions of the libraries that run, as they tell them (`jQuery.fn.jquery`, `3.4.1`)."""

    page: Page
    asked: tuple[Asked, ...]
    mixed: tuple[Mixed, ...]
    kept: Dump
    frames: tuple[Frame, ...] = ()
    issues: tuple[tuple[str, str], ...] = ()
    manifest: str = ""
    versions: tuple[tuple[str, str], ...] = ()

    @property
    def url(self) -> str:
        return self.page.url


@dataclass(frozen=True, slots=True)
class Rendered:
    """`reason` says why there is no page, or not all; the pages there are stand all the same. Pages come in the order
    in which one visitor opened them, the home page first: what it keeps after the first, nobody agreed to."""

    pages: tuple[RenderedPage, ...] = ()
    reason: Reason | None = None

    @property
    def asked(self) -> tuple[Asked, ...]:
        return tuple(one for page in self.pages for one in page.asked)


def chosen(site: Site, most: int = PAGES) -> tuple[str, ...]:
    """Addresses worth opening: home, sign-in, then the first pages of the walk."""
    urls = [site.home.url, *(page.url for page in site.login_pages[:1]), *(page.url for page in site.pages)]
    return tuple(dict.fromkeys(urls))[:most]


async def _gather(ctx: CollectorContext) -> Rendered:
    browser = await ctx.collect(BROWSER)
    if browser.missing:
        return Rendered(reason=Reason.BROWSER_MISSING)
    site = await ctx.collect(SITE)
    if site.home.response is None:
        return Rendered(reason=Reason.NO_SAMPLE)
    pages: list[RenderedPage] = []
    try:
        async with browser.visit(ctx.network, ctx.clock) as visit:
            for url in chosen(site):
                shown = await _shown(visit, url)
                if shown is not None:
                    pages.append(shown)
    except BrowserLost as lost:
        return Rendered(tuple(pages), lost.reason)
    return Rendered(tuple(pages), None if pages else Reason.NO_SAMPLE)


async def _shown(visit: Visit, url: str) -> RenderedPage | None:
    start, mixed = len(visit.asked), len(visit.overheard.mixed)
    visit.overheard.issues.clear()
    landing = await visit.open(url)
    if landing.page is None or landing.exchange is None or landing.exchange.status != 200:
        return None
    frames = await visit.tell(FRAMES)
    state = await visit.tell(STATE)
    state = state if isinstance(state, dict) else {}
    return RenderedPage(
        page=landing.page,
        asked=visit.asked[start:],
        mixed=tuple(visit.overheard.mixed[mixed:]),
        kept=await visit.kept(),
        frames=tuple(_frames(frames)),
        issues=tuple(
            dict.fromkeys((code, str(details.get("type", ""))[:80]) for code, details in visit.overheard.issues)
        ),
        manifest=str(state.get("manifest", ""))[:300],
        versions=tuple(_versions(await visit.read(version_reader()))),
    )


@cache
def version_reader() -> str:
    """The expression that reads what libraries say of their version."""
    return (files(__package__) / "read_versions.js").read_text(encoding="utf-8")


def _versions(told: JsonValue) -> list[tuple[str, str]]:
    pairs = [line for line in (told if isinstance(told, list) else []) if isinstance(line, list) and len(line) == 2]
    return [(str(name)[:60], str(version)[:80]) for name, version in pairs[:MAX_VERSIONS]]


def _frames(told: JsonValue) -> list[Frame]:
    lines = told if isinstance(told, list) else []
    pairs = [line for line in lines if isinstance(line, list) and len(line) == 2]
    return [Frame(str(src)[:2000], None if box is None else str(box)[:300]) for src, box in pairs]


RENDERED: Final[Collector[Rendered]] = Collector(name="rendered", gather=_gather, requests=MAX_REQUESTS)
"""Reads only, nobody signed in: passive. What other hosts would be asked for is seen and never sent."""
