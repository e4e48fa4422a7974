"""`exposure.cohosting`: signs that others share the host or its certificate (GP4, GP5, HE4, HE5). Hints only.

Only the names of the mandate are resolved; no other name is asked for, nor any request sent to it.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import JsonValue

from pgssi_checks.exposure.filtering import relays_in
from pgssi_checks.exposure.listening import DELIVERY
from pgssi_checks.exposure.neighbours import certificate_names, sorted_names
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, inconclusive
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.net.scope import parse_address

MAX_SHOWN = 20
MAX_RESOLVED = 20


async def same_address(ctx: CheckContext, names: Iterable[str]) -> list[str]:
    """Which names of the mandate lead to an address of the target."""
    try:
        own = set(await ctx.network.addresses(ctx.target.host, ctx.target.port))
    except OSError:
        return []
    found = []
    allowed = [name for name in names if "*" not in name and ctx.network.in_scope(f"https://{name}/")]
    for name in allowed[:MAX_RESOLVED]:
        try:
            if own & set(await ctx.network.addresses(name, 443)):
                found.append(name)
        except OSError:
            continue
    return found


async def observe(ctx: CheckContext) -> list[Observation]:
    site = await ctx.collect(SITE)
    if site.home.response is None:
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    delivered = sorted(DELIVERY.intersection(relays_in(site.exchanges)))
    told = certificate_names(site.exchanges, ctx.target.host)
    if told is None:
        return [Observation(slug="no-certificate", subject=ctx.target.site)]
    names, exchange = told
    if delivered:
        return [Observation(slug="shared-relay", subject=ctx.target.site, facts={"relays": [*delivered]})]
    others = sorted_names(names, ctx.target.host)
    beside = await same_address(ctx, (*others.own, *others.foreign))
    observations = []
    if others.foreign:
        observations.append(_observation(ctx, "shared-certificate", others.foreign, exchange))
    if beside:
        observations.append(_observation(ctx, "same-address", beside, exchange))
    if others.own:
        facts: dict[str, JsonValue] = {"names": [*others.own[:MAX_SHOWN]], "count": len(others.own)}
        observations.append(Observation(slug="sibling-names", subject=ctx.target.site, facts=facts))
    by_address = parse_address(ctx.target.host) is not None
    if not observations:
        slug = "named-by-address" if by_address else "none"
        observations.append(Observation(slug=slug, subject=ctx.target.site))
    return observations


def _observation(ctx: CheckContext, slug: str, names: Iterable[str], exchange: Exchange) -> Observation:
    every = [*names]
    shown: list[JsonValue] = [*every[:MAX_SHOWN]]
    evidence = (ctx.keep(exchange, excerpt="\n".join(every[:MAX_SHOWN])),)
    return Observation(
        slug=slug, subject=ctx.target.site, facts={"names": shown, "count": len(every)}, evidence=evidence
    )
