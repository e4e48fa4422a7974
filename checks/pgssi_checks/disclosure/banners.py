"""`disclosure.banners`: what the site says of its software, graded by precision (DT2, ASVS V13.4.6)."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from pgssi_checks.components.products import Precision
from pgssi_checks.disclosure.banner_places import Banner, InternalName, Place, banners, internal_names
from pgssi_checks.disclosure.signed_in import answers_of, pages_of, signed_in_visits
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, Subject, inconclusive
from pgssi_probe.discovery.collect import SITE

MAX_URLS = 20

EXACT = {
    Place.SERVER: "server-version",
    Place.POWERED_BY: "powered-by",
    Place.GENERATOR: "generator",
    Place.COMMENT: "comment",
    Place.ERROR_PAGE: "error-page",
}
BRANCH = EXACT | {
    Place.SERVER: "server-branch",
    Place.POWERED_BY: "powered-by-branch",
    Place.GENERATOR: "generator-branch",
}


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One weakness: the same slug, at the same place, with every banner that shows it."""

    slug: str
    name: str
    banners: tuple[Banner, ...]

    @property
    def products(self) -> list[str]:
        return sorted({str(banner.product) for banner in self.banners})

    @property
    def urls(self) -> list[str]:
        return list(dict.fromkeys(banner.exchange.url for banner in self.banners))

    @property
    def responses(self) -> int:
        return len({id(banner.exchange) for banner in self.banners})


def slug_of(banner: Banner) -> str | None:
    """The failing slug of a banner; None when it names a product only."""
    if banner.place is Place.DEFAULT_PAGE:
        return "default-page"
    if banner.product.precision is Precision.EXACT:
        return EXACT.get(banner.place)
    if banner.product.precision is Precision.BRANCH:
        return BRANCH.get(banner.place)
    return None


def judge(found: Iterable[Banner]) -> tuple[list[Disclosure], list[str]]:
    """Weaknesses grouped by slug and place, and the products that are named nowhere with a version.

    A header that gives exact versions and branches fails once, for the exact version.
    """
    groups: dict[tuple[Place, str], dict[str, list[Banner]]] = {}
    named: set[str] = set()
    versioned: set[str] = set()
    for banner in found:
        slug = slug_of(banner)
        if slug is None:
            named.add(banner.product.name)
            continue
        versioned.add(banner.product.name)
        groups.setdefault((banner.place, banner.name), {}).setdefault(slug, []).append(banner)
    disclosures = []
    for (place, name), by_slug in groups.items():
        worst = EXACT.get(place) if EXACT.get(place) in by_slug else next(iter(by_slug))
        every = tuple(banner for concerned in by_slug.values() for banner in concerned)
        disclosures.append(Disclosure(worst or "default-page", name, every))
    return disclosures, sorted(named - versioned)


def own_exchanges(exchanges: Iterable[Exchange], in_scope: Callable[[str], bool]) -> list[Exchange]:
    """Answers of the target itself, each once; the first wins, since later copies have lost their body."""
    kept: dict[str, Exchange] = {}
    for exchange in exchanges:
        if exchange.response and in_scope(exchange.url):
            kept.setdefault(exchange.id, exchange)
    return list(kept.values())


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").lower()


def _subject(disclosure: Disclosure, site: Subject) -> Subject:
    place = disclosure.banners[0].place
    if place in {Place.SERVER, Place.POWERED_BY} or disclosure.name == "X-Generator":
        return Subject(kind="header", name=disclosure.name)
    if place is Place.DEFAULT_PAGE:
        return Subject(kind="url", name=disclosure.urls[0])
    return site


def _observed_internal(ctx: CheckContext, names: Sequence[InternalName]) -> list[Observation]:
    by_header: dict[str, list[InternalName]] = {}
    for name in names:
        by_header.setdefault(string.capwords(name.header, "-"), []).append(name)
    return [
        Observation(
            slug="internal-address",
            subject=Subject(kind="header", name=header),
            facts={
                "values": [*sorted({name.value for name in concerned})],
                "count": len({id(name.exchange) for name in concerned}),
                "urls": list(dict.fromkeys(name.exchange.url for name in concerned))[:MAX_URLS],
            },
            evidence=(ctx.keep(concerned[0].exchange),),
        )
        for header, concerned in by_header.items()
    ]


async def observe(ctx: CheckContext) -> list[Observation]:
    site = await ctx.collect(SITE)
    visits = await signed_in_visits(ctx)
    exchanges = own_exchanges((*answers_of(site, visits), *ctx.transcript()), ctx.network.in_scope)
    if not exchanges:
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    disclosures, named = judge(banners(exchanges, pages_of(site, visits)))
    observations = []
    for disclosure in disclosures:
        first = disclosure.banners[0]
        excerpt = None if first.place in {Place.SERVER, Place.POWERED_BY} else first.raw
        observations.append(
            Observation(
                slug=disclosure.slug,
                subject=_subject(disclosure, ctx.target.site),
                facts={
                    "products": list(disclosure.products),
                    "count": disclosure.responses,
                    "urls": disclosure.urls[:MAX_URLS],
                },
                evidence=(ctx.keep(first.exchange, excerpt=excerpt),),
            )
        )
    own = frozenset({ctx.target.host.lower(), _host(ctx.target.plain_http_url or "")})
    names = [name for exchange in exchanges for name in internal_names(exchange, own)]
    observations += _observed_internal(ctx, names)
    if named:
        observations.append(Observation(slug="product-only", subject=ctx.target.site, facts={"products": list(named)}))
    elif not observations:
        observations.append(Observation(slug="silent", subject=ctx.target.site, facts={"count": len(exchanges)}))
    return observations
