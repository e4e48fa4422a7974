"""`disclosure.directory-listing`: directories that hand out the list of what they hold (DT2, DT3, ASVS V13.4.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urljoin, urlsplit

from pgssi_checks.disclosure.answered import is_nothing
from pgssi_checks.disclosure.asking import ask
from pgssi_checks.disclosure.listings import Listing, directories, read_listing
from pgssi_checks.disclosure.signed_in import signed_in_visits
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, Request, inconclusive
from pgssi_probe.compare.absence import ABSENCE
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.danger import is_dangerous
from pgssi_probe.discovery.robots import parse_robots
from pgssi_probe.discovery.site import Site
from pgssi_probe.inventory.model import Visit

MAX_DIRECTORIES = 60
MAX_SHOWN = 20


def known_addresses(site: Site, visits: Sequence[Visit] = ()) -> Iterator[str]:
    """Addresses that the site gives: of its resources first, since their directories hold files, then what robots.txt
    would rather hide, and what accounts were shown."""
    for page in site.pages:
        yield from (resource.url for resource in page.document.resources)
    yield from (exchange.url for exchange in site.resources)
    yield from _kept_from_robots(site)
    for visit in visits:
        yield from (script.url for script in visit.scripts)
        yield from (answer.url for answer in visit.answers)
    for page in site.pages:
        yield page.url
        yield from (link.url for link in page.document.links)


def _kept_from_robots(site: Site) -> Iterator[str]:
    response = site.robots.response if site.robots else None
    if site.robots is None or response is None or response.status != 200 or response.is_html:
        return
    for path, allowed in parse_robots(response.text).rules:
        if not allowed and path.endswith("/") and not set(path) & set("*$?"):
            yield urljoin(site.robots.url, "/" + path.lstrip("/"))


def listing_of(exchange: Exchange) -> Listing | None:
    return read_listing(exchange.response, exchange.url) if exchange.response else None


async def observe(ctx: CheckContext) -> list[Observation]:
    site = await ctx.collect(SITE)
    if site.home.response is None:
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    known = known_addresses(site, await signed_in_visits(ctx))
    wanted = directories(ctx.target.origin, known, MAX_DIRECTORIES)
    asked = await ask(ctx, [(url, Request("GET", url)) for url in wanted if not is_dangerous(url)])
    control = await ctx.collect(ABSENCE)
    found: list[tuple[Exchange, Listing]] = []
    for _, exchange in asked.answers:
        listing = listing_of(exchange)
        if listing and not await is_nothing(control, exchange, listing_of):
            found.append((exchange, listing))
    observations = [_observation(ctx, found)] if found else []
    if asked.reason:
        return [*observations, inconclusive(ctx.target.site, asked.reason)]
    none = Observation(slug="none", subject=ctx.target.site, facts={"count": len(asked.answers)})
    return observations or [none]


def _observation(ctx: CheckContext, found: list[tuple[Exchange, Listing]]) -> Observation:
    sensitive = sorted({extension for _, listing in found for extension in listing.sensitive})
    return Observation(
        slug="listing",
        subject=ctx.target.site,
        facts={
            "count": len(found),
            "paths": [urlsplit(exchange.url).path for exchange, _ in found][:MAX_SHOWN],
            "entries": sum(listing.entries for _, listing in found),
            "sensitive": [*sensitive] or "—",
            "servers": [*sorted({listing.server for _, listing in found})],
            "urls": [exchange.url for exchange, _ in found][:MAX_SHOWN],
        },
        evidence=tuple(
            ctx.keep(exchange, excerpt=f"{listing.server}: {listing.entries}") for exchange, listing in found[:3]
        ),
    )
