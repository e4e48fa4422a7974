"""`exposure.admin-interfaces`: operation and administration interfaces in reach (HE7, HE8, WSTG-CONF-05)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from pgssi_checks.disclosure.answered import is_nothing
from pgssi_checks.disclosure.asking import ask
from pgssi_checks.exposure.admin_pages import (
    MAX_READ,
    Access,
    Reached,
    interfaces,
    is_declared,
    is_own,
    recognise,
)
from pgssi_probe.check import CheckContext, Observation, Reason, Request, Subject, inconclusive
from pgssi_probe.compare.absence import ABSENCE
from pgssi_probe.discovery.collect import SITE

INVENTORY = "admin.inventory"


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


async def observe(ctx: CheckContext) -> list[Observation]:
    site = await ctx.collect(SITE)
    if site.home.response is None:
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    own = (ctx.target.url, site.home.url)
    wanted = [
        (interface, Request("GET", ctx.target.origin + path, max_body=MAX_READ))
        for interface in interfaces()
        for path in interface.paths
        if not is_own(path, *own)
    ]
    asked = await ask(ctx, wanted)
    control = await ctx.collect(ABSENCE)
    reached = [each for interface, exchange in asked.answers if (each := recognise(interface, exchange))]
    present = [
        each for each in reached if not await is_nothing(control, each.exchange, partial(recognise, each.interface))
    ]
    observations = [_observation(ctx, each) for each in worst_of_each(present)]
    if asked.reason:
        return [*observations, inconclusive(ctx.target.site, asked.reason)]
    asked_for = len({interface.name for interface, _ in asked.answers})
    return observations or [Observation(slug="none", subject=ctx.target.site, facts={"count": asked_for})]
