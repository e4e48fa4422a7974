"""`exposure.admin-interfaces`: operation and administration interfaces in reach (HE7, HE8, WSTG-CONF-05)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from urllib.parse import urljoin

from pgssi_checks.disclosure.answered import is_nothing
from pgssi_checks.disclosure.asking import ask
from pgssi_checks.disclosure.signed_in import signed_in_visits
from pgssi_checks.exposure.admin_pages import (
    MAX_READ,
    Access,
    Interface,
    Reached,
    interfaces,
    is_declared,
    is_own,
    recognise,
    recognise_any,
    resembles,
)
from pgssi_probe.check import CheckContext, Observation, Reason, Request, Subject, inconclusive
from pgssi_probe.compare.absence import ABSENCE
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.danger import is_dangerous_link
from pgssi_probe.discovery.site import Site

INVENTORY = "admin.inventory"
MAX_LEARNED = 20
"""Addresses that pages of the accounts or the declared inventory name, asked for besides those of the table."""


def worst_of_each(reached: Iterable[Reached]) -> list[Reached]:
    """One finding for each interface, an open one before its sign-in page."""
    order = list(Access)
    best: dict[str, Reached] = {}
    for each in reached:
        known = best.get(each.interface.name)
        if known is None or order.index(each.access) < order.index(known.access):
            best[each.interface.name] = each
    return list(best.values())


def _observation(ctx: CheckContext, reached: Reached) -> Observation:
    url, name = reached.exchange.url, reached.interface.name
    slug: str = reached.access
    if reached.access is Access.SIGN_IN and is_declared(url, name, ctx.declared.get(INVENTORY)):
        slug = "declared"
    return Observation(
        slug=slug,
        subject=Subject(kind="url", name=url),
        facts={"interface": name, "status": reached.exchange.status},
        evidence=() if slug == "declared" else (ctx.keep(reached.exchange, excerpt=reached.excerpt),),
    )


async def learned(ctx: CheckContext, site: Site) -> list[str]:
    """Addresses that look like interfaces of operation: those of the declared inventory, those that pages lead to,
    signed in or not, and those where an account found one. They are then asked for without an account."""
    visits = await signed_in_visits(ctx)
    told = ctx.declared.get(INVENTORY)
    declared = [one.strip() for one in told if isinstance(one, str)] if isinstance(told, list) else []
    found = [urljoin(ctx.target.origin + "/", one) for one in declared if one.startswith(("/", "http://", "https://"))]
    met = [exchange.url for visit in visits for exchange in visit.answers if recognise_any(exchange)]
    pages = (*site.pages, *(page for visit in visits for page in visit.pages))
    links = [link for page in pages for link in page.document.links if resembles(link.url)]
    found += [*met, *(link.url for link in links if not is_dangerous_link(link))]
    bare = dict.fromkeys(url.partition("#")[0].partition("?")[0] for url in found)
    return [url for url in bare if ctx.network.in_scope(url)]


async def observe(ctx: CheckContext) -> list[Observation]:
    site = await ctx.collect(SITE)
    if site.home.response is None:
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    own = (ctx.target.url, site.home.url)
    wanted: list[tuple[Interface | None, Request]] = [
        (interface, Request("GET", ctx.target.origin + path, max_body=MAX_READ))
        for interface in interfaces()
        for path in interface.paths
        if not is_own(path, *own)
    ]
    known = {request.url for _, request in wanted}
    others = [url for url in await learned(ctx, site) if url not in known and not is_own(url, *own)]
    wanted += [(None, Request("GET", url, max_body=MAX_READ)) for url in others[:MAX_LEARNED]]
    asked = await ask(ctx, wanted)
    control = await ctx.collect(ABSENCE)
    reached = [
        each
        for interface, exchange in asked.answers
        if (each := recognise(interface, exchange) if interface else recognise_any(exchange))
    ]
    present = [
        each for each in reached if not await is_nothing(control, each.exchange, partial(recognise, each.interface))
    ]
    observations = [_observation(ctx, each) for each in worst_of_each(present)]
    if asked.reason:
        return [*observations, inconclusive(ctx.target.site, asked.reason)]
    asked_for = len({interface.name for interface, _ in asked.answers if interface})
    return observations or [Observation(slug="none", subject=ctx.target.site, facts={"count": asked_for})]
