"""`disclosure.directory-listing`: directories that hand out the list of what they hold (DT2, DT3, ASVS V13.4.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from urllib.parse import urlsplit

from pgssi_checks.disclosure.answered import ENDS, is_nothing, silence
from pgssi_checks.disclosure.listings import Listing, directories, read_listing
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, inconclusive
from pgssi_probe.compare.absence import ABSENCE
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.danger import is_dangerous
from pgssi_probe.discovery.site import Site

BATCH = 4
MAX_SHOWN = 20


def known_addresses(site: Site) -> Iterator[str]:
    """Addresses that the site gives: of its resources first, since their directories hold files."""
    for page in site.pages:
        yield from (resource.url for resource in page.document.resources)
    yield from (exchange.url for exchange in site.resources)
    for page in site.pages:
        yield page.url
        yield from (link.url for link in page.document.links)


async def ask(ctx: CheckContext, wanted: list[str]) -> list[Exchange]:
    answers: list[Exchange] = []
    for start in range(0, len(wanted), BATCH):
        answers += await asyncio.gather(*(ctx.get(url) for url in wanted[start : start + BATCH]))
        if answers[-1].failure in ENDS:
            break
    return answers


def listing_of(exchange: Exchange) -> Listing | None:
    return read_listing(exchange.response, exchange.url) if exchange.response else None


async def observe(ctx: CheckContext) -> list[Observation]:
    site = await ctx.collect(SITE)
    if site.home.response is None:
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    wanted = directories(ctx.target.origin, known_addresses(site), ctx.metadata.sends.requests)
    answers = await ask(ctx, [url for url in wanted if not is_dangerous(url)])
    control = await ctx.collect(ABSENCE)
    found: list[tuple[Exchange, Listing]] = []
    for exchange in answers:
        listing = listing_of(exchange)
        if listing and not await is_nothing(control, exchange, listing_of):
            found.append((exchange, listing))
    if found:
        return [_observation(ctx, found)]
    if reason := silence(answers):
        return [inconclusive(ctx.target.site, reason)]
    return [Observation(slug="none", subject=ctx.target.site, facts={"count": len(answers)})]


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
            ctx.keep(exchange, excerpt=f"{listing.server}: {listing.entries}", title=exchange.url)
            for exchange, listing in found[:3]
        ),
    )
