"""What the site answered, sorted by what it is: a header is not judged alike on a page, an error and an API."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic import JsonValue

from pgssi_checks.disclosure.signed_in import signed_in_visits
from pgssi_probe.check import CheckContext, Collector, CollectorContext
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.discovery.site import Document, Page, Site
from pgssi_probe.net.exchange import Exchange, Response

MAX_URLS = 20


class Kind(StrEnum):
    """What a response is for. An error page is HTML with a status of 400 or more."""

    PAGE = "pages"
    LOGIN = "logins"
    ERROR = "errors"
    API = "apis"
    FILE = "files"


HTML_KINDS = frozenset({Kind.PAGE, Kind.LOGIN, Kind.ERROR})


@dataclass(frozen=True, slots=True)
class Sample:
    """One captured answer. `document` is None for what was not parsed as a page."""

    kind: Kind
    exchange: Exchange
    response: Response
    document: Document | None = None

    @property
    def url(self) -> str:
        return self.exchange.url


def is_data(response: Response) -> bool:
    """JSON or XML meant for programs; an SVG picture or a feed is not."""
    media = response.media_type
    if media.endswith("+json") or media in {"application/json", "text/json"}:
        return True
    return media in {"application/xml", "text/xml", "application/soap+xml"}


async def samples(site: Site) -> tuple[Sample, ...]:
    """Every answer of the site that carries content, each once. Redirects and empty answers carry none."""
    read_by_machines = {id(exchange) for exchange in (site.robots, site.sitemap) if exchange is not None}
    return await _sorted(site.pages, site.exchanges, {id(page) for page in site.login_pages}, read_by_machines)


async def _sorted(
    pages: Iterable[Page], exchanges: Iterable[Exchange], logins: Container[int], read_by_machines: Container[int]
) -> tuple[Sample, ...]:
    found: list[Sample] = []
    parsed = set()
    for page in pages:
        if page.exchange.response is not None:
            parsed.add(id(page.exchange))
            kind = Kind.LOGIN if id(page) in logins else Kind.PAGE
            found.append(Sample(kind, page.exchange, page.exchange.response, page.document))
    for exchange in exchanges:
        response = exchange.response
        if response is None or id(exchange) in parsed or 300 <= response.status < 400 or not response.body:
            continue
        if response.is_html:
            kind = Kind.ERROR if response.status >= 400 else Kind.PAGE
            page_read = await parse_page(exchange)
            found.append(Sample(kind, exchange, response, page_read.document if page_read else None))
        else:
            kind = Kind.API if is_data(response) and id(exchange) not in read_by_machines else Kind.FILE
            found.append(Sample(kind, exchange, response))
    return tuple(found)


async def _gather(ctx: CollectorContext) -> tuple[Sample, ...]:
    site: Site = await ctx.collect(SITE)
    return await samples(site)


SAMPLES: Collector[tuple[Sample, ...]] = Collector("samples", _gather)
"""The answers of the site, sorted and parsed once for all the checks of the family. Sends nothing of its own."""


async def answered(ctx: CheckContext) -> tuple[Sample, ...]:
    """The answers of the site to nobody, then what the accounts were shown beyond them, where the mandate lets them
    sign in: the headers of the pages behind the sign-in are often other ones."""
    public = await ctx.collect(SAMPLES)
    known = {sample.url for sample in public}
    found = [*public]
    for visit in await signed_in_visits(ctx):
        own = await _sorted(visit.pages, visit.answers, (), ())
        found += [sample for sample in own if sample.url not in known and sample.response.status < 400]
        known.update(sample.url for sample in own)
    return tuple(found)


def html_only(sampled: tuple[Sample, ...]) -> tuple[Sample, ...]:
    return tuple(sample for sample in sampled if sample.kind in HTML_KINDS)


def tally(concerned: Sequence[Sample]) -> dict[str, JsonValue]:
    """How many, of each kind, and where: the facts that every observation of these checks brings."""
    counts: dict[str, JsonValue] = {kind.value: sum(s.kind is kind for s in concerned) for kind in Kind}
    urls: list[JsonValue] = [*unique_urls(concerned)[:MAX_URLS]]
    return {"count": len(concerned), **counts, "urls": urls}


def unique_urls(concerned: Iterable[Sample]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sample.url for sample in concerned))
