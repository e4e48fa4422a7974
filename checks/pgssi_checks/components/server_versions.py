"""`components.server-versions`: visible versions against a dated table of ends of support (RECOWEB R62)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from pydantic import JsonValue

from pgssi_checks.components.products import Product
from pgssi_checks.components.support import Branch, Support, SupportTable, support_of, support_table
from pgssi_checks.disclosure.banner_places import Banner, Place, banners
from pgssi_checks.disclosure.banners import own_exchanges
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, Subject, inconclusive
from pgssi_probe.discovery.collect import SITE

UNKNOWN_DATE = "—"

_PACKAGERS = {"deb": "Debian", "ubuntu": "Ubuntu", "el": "Red Hat", "fc": "Fedora", "amzn": "Amazon Linux"}
_PACKAGED = re.compile(r"[+~.-]\d{0,2}(deb|ubuntu|el|fc|amzn)\d", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Seen:
    """A versioned product, what the table says of it, and where it was read first."""

    product: Product
    name: str
    branch: Branch | None
    support: Support
    place: Place
    exchange: Exchange

    @property
    def ended(self) -> bool:
        return self.support is Support.ENDED


def judge(found: Iterable[Banner], table: SupportTable, today: date, soon: timedelta) -> list[Seen]:
    """Every product with a version, once for each version, the packaged form first when both are seen."""
    seen: dict[tuple[str, str], Seen] = {}
    for banner in found:
        product = banner.product
        if not product.version:
            continue
        line = table.line(product)
        branch = line.branch_of(product.version) if line else None
        name = line.name if line else product.name
        each = Seen(product, name, branch, support_of(branch, today, soon), banner.place, banner.exchange)
        known = seen.get((name, product.version))
        if known is None or (product.distribution and not known.product.distribution):
            seen[name, product.version] = each
    return list(seen.values())


def packager_of(each: Seen, seen: Iterable[Seen], table: SupportTable, today: date) -> str:
    """Who may maintain a version in its publisher's place: its own mark tells, else the banner of the server that
    carries it, else the distributions known to ship it; "" when nothing points to any.

    What a content manager says of itself is not packaged with the server.
    """
    if mark := _PACKAGED.search(each.product.version):
        return _PACKAGERS[mark.group(1).lower()]
    if each.place not in {Place.GENERATOR, Place.COMMENT}:
        for other in seen:
            if other.product.distribution:
                return other.product.distribution
    return table.packager(each.name, each.product.version, today)


async def observe(ctx: CheckContext) -> list[Observation]:
    site = await ctx.collect(SITE)
    exchanges = own_exchanges((*site.exchanges, *ctx.transcript()), ctx.network.in_scope)
    if not exchanges:
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    table = support_table()
    today = ctx.clock.now().date()
    seen = judge(banners(exchanges, site.pages), table, today, timedelta(days=ctx.setting("soon_days")))
    observations = [
        _observation(ctx, each, table, packager_of(each, seen, table, today)) for each in seen if each.support in _TOLD
    ]
    maintained = [f"{each.name} {each.product.version}" for each in seen if each.support is Support.MAINTAINED]
    others = [str(each.product) for each in seen if each.support is Support.UNKNOWN]
    shown: dict[str, JsonValue] = {"table_date": table.dated.isoformat()}
    if maintained:
        old = table.age(today) > timedelta(days=ctx.setting("max_table_age_days"))
        slug = "old-table" if old else "maintained"
        observations.append(Observation(slug=slug, subject=ctx.target.site, facts={**shown, "products": [*maintained]}))
    if not observations:
        facts: dict[str, JsonValue] = {**shown, "products": [*others] or "—"}
        observations.append(Observation(slug="unknown", subject=ctx.target.site, facts=facts))
    return observations


_TOLD = frozenset({Support.ENDED, Support.ENDS_SOON})


def _observation(ctx: CheckContext, each: Seen, table: SupportTable, packager: str) -> Observation:
    slug = "ends-soon" if not each.ended else "end-of-life-packaged" if packager else "end-of-life"
    branch = each.branch
    return Observation(
        slug=slug,
        subject=Subject(kind="service", name=each.name),
        facts={
            "version": each.product.version,
            "branch": branch.label if branch else "",
            "end": branch.end.isoformat() if branch and branch.end else UNKNOWN_DATE,
            "distribution": packager,
            "table_date": table.dated.isoformat(),
            "source": table.source,
        },
        evidence=(ctx.keep(each.exchange),) if each.ended else (),
    )
