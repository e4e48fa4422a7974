"""`SITE`: a bounded, polite walk without an account, fetched once and shared by every check.

Only GET. Redirects are followed by hand, within the scope. robots.txt is respected for pages; the scripts and styles of
a page are loaded as a browser would. What might sign out, delete, pay or the like is never followed.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urljoin

from pgssi_probe.check.context import Collector, CollectorContext
from pgssi_probe.discovery.address import absolute, directory, extension, upgraded
from pgssi_probe.discovery.danger import is_dangerous
from pgssi_probe.discovery.data import addresses_in
from pgssi_probe.discovery.frontier import MAX_DEPTH, Candidate, Frontier
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.discovery.robots import parse_robots
from pgssi_probe.discovery.site import Document, Link, Page, Resource, Site, Skipped
from pgssi_probe.discovery.sitemap import Sitemap, parse_sitemap
from pgssi_probe.net.exchange import Exchange, Failure

DECLARED_PAGES: Final = "discovery.pages"
DEFAULT_PAGES: Final = 40
MAX_PAGES: Final = 100
MAX_ENTRY_HOPS: Final = 10
MAX_RESOURCES: Final = 40
MAX_SITEMAPS: Final = 4
MAX_SITEMAP_PAGES: Final = 200
MAX_KEPT_BYTES: Final = 12 * 1024 * 1024
MAX_FAILURES_IN_A_ROW: Final = 6
BATCH: Final = 4
INVENTED: Final = 3

ENDS: Final = frozenset({Failure.BUDGET, Failure.STOPPED})
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
SCRIPTED: Final = frozenset(
    {".php", ".aspx", ".asp", ".jsp", ".jsf", ".xhtml", ".do", ".action", ".html", ".htm", ".cgi"}
)


def location(exchange: Exchange) -> str | None:
    """Where a redirect leads, absolute; None when the response is no redirect to the web."""
    response = exchange.response
    target = response.header("location") if response and response.status in REDIRECTS else None
    return absolute(target, exchange.url) if target else None


@dataclass
class Walk:
    """One walk in progress."""

    ctx: CollectorContext
    limit: int
    entry: list[Exchange] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    resources: list[Exchange] = field(default_factory=list)
    absent: list[Exchange] = field(default_factory=list)
    others: list[Exchange] = field(default_factory=list)
    robots: Exchange | None = None
    sitemap: Exchange | None = None
    frontier: Frontier = field(init=False)
    complete: bool = True
    stopped: bool = False
    _bodies: set[str] = field(default_factory=set)
    _failures: int = 0
    _kept: int = 0

    def __post_init__(self) -> None:
        self.frontier = Frontier(self.ctx.network.in_scope, self.ctx.excluded)

    async def get(self, urls: Sequence[str]) -> list[Exchange]:
        """Fetch a few addresses together, in order; nothing once the walk was stopped."""
        if self.stopped:
            return []
        exchanges = await asyncio.gather(*(self.ctx.get(url) for url in urls))
        for exchange in exchanges:
            self._count(exchange)
        return exchanges

    def _count(self, exchange: Exchange) -> None:
        self._failures = self._failures + 1 if exchange.response is None else 0
        self._kept += len(exchange.response.body) if exchange.response else 0
        if exchange.failure in ENDS or self._failures >= MAX_FAILURES_IN_A_ROW or self._kept > MAX_KEPT_BYTES:
            self.stopped, self.complete = True, False

    async def enter(self) -> None:
        """From the target URL to the home page."""
        url: str | None = absolute(self.ctx.target.url, self.ctx.target.url) or self.ctx.target.url
        visited: set[str] = set()
        while url is not None:
            visited.add(url)
            fetched = await self.get([url])
            if not fetched:
                break
            self.entry += fetched
            url = location(fetched[0])
            if url is None:
                break
            if not self.ctx.network.in_scope(url):
                self.frontier.skip(url, Skipped.OUT_OF_SCOPE)
                self.complete = False
                break
            if url in visited or len(visited) > MAX_ENTRY_HOPS:
                self.complete = False
                break
        answered = self.home.response
        self.complete = self.complete and answered is not None and answered.status not in REDIRECTS

    @property
    def home(self) -> Exchange:
        return self.entry[-1]

    async def read_robots(self) -> tuple[str, ...]:
        """Take the rules for the origin of the home page; the sitemaps announced. No file, or a page, is no rule."""
        for exchange in await self.get([urljoin(self.home.url, "/robots.txt")]):
            response = exchange.response
            if response is None or response.status != 200 or response.is_html:
                self.others.append(exchange)
                continue
            self.robots = exchange
            robots = parse_robots(response.text)
            self.frontier.robots = robots
            return tuple(url for raw in robots.sitemaps if (url := absolute(raw, self.home.url)))
        return ()

    async def read_sitemaps(self, announced: Sequence[str]) -> list[str]:
        """Pages that the sitemap lists: those announced in robots.txt, else the usual address; an index one level."""
        found: dict[str, None] = {}
        waiting = announced or (urljoin(self.home.url, "/sitemap.xml"),)
        for _ in range(2):
            nested: list[str] = []
            for exchange in await self.get(self._may_get(waiting)[:MAX_SITEMAPS]):
                response = exchange.response
                readable = response is not None and response.status == 200 and not response.is_html
                if readable and self.sitemap is None:
                    self.sitemap = exchange
                else:
                    self.others.append(exchange)
                listed = parse_sitemap(response.body) if readable and response is not None else Sitemap()
                found.update(dict.fromkeys(url for raw in listed.pages if (url := absolute(raw, exchange.url))))
                nested += [url for raw in listed.sitemaps if (url := absolute(raw, exchange.url))]
            waiting = tuple(nested)
        return list(found)[:MAX_SITEMAP_PAGES]

    def _may_get(self, urls: Iterable[str]) -> list[str]:
        return [url for url in dict.fromkeys(urls) if self.ctx.network.in_scope(url) and not self.ctx.excluded(url)]

    async def explore(self, listed: Iterable[str]) -> None:
        """Breadth first from the home page, notable links first, until the limit."""
        for exchange in self.entry:
            self.frontier.seen(exchange.url)
        await self._keep(self.home, depth=0)
        if self.home.response is not None and "json" in self.home.response.media_type:
            for url in addresses_in(self.home.response.body, self.home.url):
                self.frontier.offer(Link(url, ""), 1)
        self.frontier.offer(Link(urljoin(self.home.url, "/"), ""), 1)
        for url in listed:
            self.frontier.offer(Link(url, ""), MAX_DEPTH)
        used = 0
        while not self.stopped and used < self.limit:
            batch = self.frontier.take(min(BATCH, self.limit - used))
            if not batch:
                break
            used += len(batch)
            for candidate, exchange in zip(batch, await self.get([one.url for one in batch]), strict=False):
                await self._arrive(candidate, exchange)
        if len(self.frontier):
            self.complete = False
        self.frontier.close()

    async def _arrive(self, candidate: Candidate, exchange: Exchange) -> None:
        target = location(exchange)
        if target is not None:
            self.others.append(exchange)
            self.frontier.offer(Link(target, candidate.link.text), candidate.depth, candidate.hops + 1)
        else:
            await self._keep(exchange, candidate.depth)

    async def _keep(self, exchange: Exchange, depth: int) -> None:
        """File an answer; a page that is new gives its links. The same bytes at another address are no new page."""
        response = exchange.response
        fresh = response is not None and response.sha256 not in self._bodies
        page = await parse_page(exchange) if fresh else None
        if response is not None and page is not None:
            self._bodies.add(response.sha256)
            self.complete = self.complete and response.truncated is None and not page.document.cut
            if depth < MAX_DEPTH:
                for link in self._links(page.document):
                    self.frontier.offer(link, depth + 1)
            if response.status == 200:
                self.pages.append(page)
                return
        if depth > 0:
            self.others.append(exchange)

    def _links(self, document: Document) -> Iterable[Link]:
        frames = (Link(one.url, "") for one in document.resources if one.tag in {"iframe", "frame"})
        for link in (*document.links, *frames):
            yield replace(link, url=upgraded(link.url, self.home.url))

    async def load(self) -> None:
        """The scripts and styles of the pages, within the scope."""
        wanted = self._may_get(one.url for page in self.pages for one in page.document.resources if _is_code(one))
        for url in wanted[MAX_RESOURCES:]:
            self.frontier.skip(url, Skipped.BUDGET)
            self.complete = False
        for batch in batched(wanted[:MAX_RESOURCES]):
            for exchange in await self.get(batch):
                (self.resources if exchange.status == 200 else self.others).append(exchange)

    async def invent(self) -> None:
        """Addresses that nobody has: what the application says of them is what it says of nothing."""
        target, home = directory(self.ctx.target.url), self.home.url
        prefix = target if target.startswith(urljoin(home, "/")) else urljoin(home, "/")
        used = [extension(page.url) for page in self.pages]
        suffix = next((one for one in used if one in SCRIPTED), ".html")
        names = [secrets.token_hex(8) for _ in range(INVENTED)]
        urls = [f"{prefix}{names[0]}", f"{prefix}{names[1]}{suffix}", f"{prefix}{names[2]}/"]
        self.absent += await self.get(self._may_get(urls))

    def site(self) -> Site:
        return Site(
            entry=tuple(self.entry),
            pages=tuple(self.pages),
            resources=tuple(self.resources),
            absent=tuple(self.absent),
            robots=self.robots,
            sitemap=self.sitemap,
            others=tuple(self.others),
            skipped=self.frontier.skipped,
            complete=self.complete and not self.frontier.overflowed,
        )


def batched(urls: Sequence[str]) -> Iterable[Sequence[str]]:
    return (urls[start : start + BATCH] for start in range(0, len(urls), BATCH))


def _is_code(one: Resource) -> bool:
    """A script or a style that the browser would load, and that no careless link to an action pretends to be."""
    loaded = one.tag == "script" or (one.tag == "link" and bool({"stylesheet", "modulepreload"}.intersection(one.rel)))
    return loaded and (extension(one.url) in {".js", ".mjs", ".css"} or not is_dangerous(one.url))


def page_limit(declared: object) -> int:
    """How many pages to walk: what the engagement declares, within reason, or the default."""
    if isinstance(declared, int) and not isinstance(declared, bool):
        return max(1, min(declared, MAX_PAGES))
    return DEFAULT_PAGES


async def gather_site(ctx: CollectorContext) -> Site:
    """The walk. Never raises for what the target does; what could not be had is absent and `complete` is False."""
    walk = Walk(ctx, page_limit(ctx.declared.get(DECLARED_PAGES)))
    await walk.enter()
    if walk.home.response is not None and location(walk.home) is None:
        announced = await walk.read_robots()
        await walk.explore(await walk.read_sitemaps(announced))
        await walk.load()
        await walk.invent()
    return walk.site()


SITE: Collector[Site] = Collector(
    name="site",
    gather=gather_site,
    requests=1 + MAX_ENTRY_HOPS + 1 + 2 * MAX_SITEMAPS + MAX_PAGES + MAX_RESOURCES + INVENTED,
)
