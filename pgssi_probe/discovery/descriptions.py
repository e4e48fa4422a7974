"""`DESCRIPTIONS`: the descriptions of APIs that are shown without an account, looked for once a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urljoin

from pgssi_probe.check.context import Collector, CollectorContext
from pgssi_probe.discovery.collect import SITE, location
from pgssi_probe.discovery.danger import is_dangerous
from pgssi_probe.discovery.described import DESCRIBES, document, embedded, told_in
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.discovery.site import Site
from pgssi_probe.net.exchange import Exchange, Request

PLACES: Final = (
    "openapi.json", "swagger.json", "api/openapi.json", "api/swagger.json", "v3/api-docs", "v2/api-docs",
    "swagger/v1/swagger.json", "api-docs", "api/v1/openapi.json", "api/v1/_openapi", "api/schema/", "openapi.yaml",
)  # fmt: skip
"""Where frameworks put their description: FastAPI, springdoc, Swashbuckle, drf-spectacular, Flask-AppBuilder…"""
PAGES: Final = ("docs", "api/docs", "swagger-ui/index.html", "apidocs/", "swagger/", "ui/", "redoc")
"""Where they show it to people: its address is in the configuration of the page."""
MAX_LINKED: Final = 6
MAX_FOUND: Final = 3
MAX_FURTHER: Final = 8
"""Addresses that pages of documentation give: a configuration, a script, the description itself."""
MAX_BODY: Final = 2_000_000
READABLE: Final = ("json", "yaml", "openapi", "text/plain")


@dataclass(frozen=True, slots=True)
class Description:
    """`url` is the address that gave it."""

    url: str
    document: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Descriptions:
    found: tuple[Description, ...] = ()


@dataclass
class _Search:
    ctx: CollectorContext
    found: list[Description] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    further: int = 0

    async def read(self, site: Site) -> None:
        home = site.home.url
        for url in (*_linked(site), *(urljoin(urljoin(home, "/"), place) for place in PLACES)):
            await self._ask(url)
        if not self.found:
            for page in PAGES:
                await self._ask(urljoin(urljoin(home, "/"), page))

    async def _ask(self, url: str) -> None:
        skipped = self.ctx.excluded(url) or not self.ctx.network.in_scope(url) or is_dangerous(url)
        if skipped or url in self.asked or len(self.found) >= MAX_FOUND:
            return
        self.asked.add(url)
        answer = await self.ctx.network.send(Request("GET", url, max_body=MAX_BODY))
        read = described_by(answer)
        if read is not None:
            self._keep(url, read)
            return
        moved = location(answer)
        told = await _told_by(answer) if answer.status == 200 else () if moved is None else (moved,)
        for target in told:
            if self.further < MAX_FURTHER:
                self.further += 1
                await self._ask(target)

    def _keep(self, url: str, read: Mapping[str, Any]) -> None:
        if all(one.document != read for one in self.found):
            self.found.append(Description(url, read))


def described_by(answer: Exchange) -> Mapping[str, Any] | None:
    """The description that an answer is, or that a script holds; None when there is none."""
    response = answer.response
    if response is None or response.status != 200:
        return None
    if "javascript" in response.media_type:
        return embedded(response.text)
    return document(response.body) if any(one in response.media_type for one in READABLE) else None


async def _told_by(answer: Exchange) -> tuple[str, ...]:
    """Where an answer says that a description is: a page of documentation, its script, a configuration."""
    response = answer.response
    if response is None:
        return ()
    page = await parse_page(answer)
    if page is None:
        return told_in(response.text, answer.url) if "j" in response.media_type else ()
    scripts = (one.url for one in page.document.resources if one.tag == "script")
    own = [url for url in scripts if "swagger" in url.lower() and "bundle" not in url and "preset" not in url]
    return (*told_in(response.text, answer.url), *own)


def _linked(site: Site) -> Iterator[str]:
    """Addresses of the walk without an account that read like those of a description, or of its page."""
    met: Iterable[str] = (
        *(link.url for page in site.pages for link in page.document.links),
        *(one.url for one in site.exchanges),
        *(
            url
            for page in site.pages
            if page.exchange.response
            for url in told_in(page.exchange.response.text, page.url)
        ),
    )
    yield from list(dict.fromkeys(url for url in met if DESCRIBES.search(url)))[:MAX_LINKED]


async def gather_descriptions(ctx: CollectorContext) -> Descriptions:
    """Never raises for what the target does."""
    search = _Search(ctx)
    await search.read(await ctx.collect(SITE))
    return Descriptions(tuple(search.found))


DESCRIPTIONS: Final[Collector[Descriptions]] = Collector(
    name="descriptions",
    gather=gather_descriptions,
    requests=MAX_LINKED + len(PLACES) + len(PAGES) + MAX_FURTHER,
)
