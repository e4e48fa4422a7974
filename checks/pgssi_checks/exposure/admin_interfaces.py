"""`exposure.admin-interfaces`: operation and administration interfaces in reach (HE7, HE8, WSTG-CONF-05)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial

from pgssi_checks.disclosure.answered import ENDS, TOO_MANY, is_nothing, silence
from pgssi_checks.exposure.admin_pages import (
    Access,
    Interface,
    Reached,
    interfaces,
    is_declared,
    is_own,
    recognise,
)
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, Subject, inconclusive
from pgssi_probe.compare.absence import ABSENCE
from pgssi_probe.discovery.collect import SITE

BATCH = 4
MAX_REFUSED_IN_A_ROW = 3
INVENTORY = "admin.inventory"

Asked = list[tuple[Interface, Exchange]]


async def ask(ctx: CheckContext, wanted: Sequence[tuple[Interface, str]]) -> tuple[Asked, bool]:
    """The answers, and whether everything was asked: a target that says that it is too much is left alone."""
    answers: Asked = []
    limited = 0
    for start in range(0, len(wanted), BATCH):
        batch = wanted[start : start + BATCH]
        exchanges = await asyncio.gather(*(ctx.get(url) for _, url in batch))
        answers += [(interface, exchange) for (interface, _), exchange in zip(batch, exchanges, strict=True)]
        for exchange in exchanges:
            limited = limited + 1 if exchange.status == TOO_MANY else 0
        if limited >= MAX_REFUSED_IN_A_ROW or any(exchange.failure in ENDS for exchange in exchanges):
            return answers, False
    return answers, True


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
        (interface, ctx.target.origin + path)
        for interface in interfaces()
        for path in interface.paths
        if not is_own(path, *own)
    ]
    answers, complete = await ask(ctx, wanted[: ctx.metadata.sends.requests])
    control = await ctx.collect(ABSENCE)
    reached = [each for interface, exchange in answers if (each := recognise(interface, exchange))]
    present = [
        each for each in reached if not await is_nothing(control, each.exchange, partial(recognise, each.interface))
    ]
    observations = [_observation(ctx, each) for each in worst_of_each(present)]
    reason = silence(exchange for _, exchange in answers) or (None if complete else Reason.RATE_LIMITED)
    if reason:
        return [*observations, inconclusive(ctx.target.site, reason)]
    return observations or [Observation(slug="none", subject=ctx.target.site, facts={"count": len(interfaces())})]
