"""What signed-in visitors were answered, for checks that judge what the application gives away once more there."""

from __future__ import annotations

from collections.abc import Iterable

from pgssi_probe.check import CheckContext, Exchange, Level
from pgssi_probe.discovery.site import Page, Site
from pgssi_probe.inventory.model import Visit


async def signed_in_visits(ctx: CheckContext) -> tuple[Visit, ...]:
    """The walks of the accounts that could sign in; () without an account, or where the mandate allows reading only."""
    if not ctx.accounts or not ctx.allows(Level.ACTIVE):
        return ()
    from pgssi_probe.inventory.collect import INVENTORY  # only here: it brings all that signs in

    inventory = await ctx.collect(INVENTORY)
    return tuple(visit for visit in inventory.visits.values() if visit.session is not None)


def pages_of(site: Site, visits: Iterable[Visit]) -> tuple[Page, ...]:
    """The pages of nobody, then those of each account."""
    return (*site.pages, *(page for visit in visits for page in visit.pages))


def answers_of(site: Site, visits: Iterable[Visit]) -> tuple[Exchange, ...]:
    """Every answer with its body: those of nobody, then those of each account, the scripts of its pages included."""
    return (*site.exchanges, *(exchange for visit in visits for exchange in (*visit.answers, *visit.scripts)))


def scripts_of(visits: Iterable[Visit]) -> tuple[Exchange, ...]:
    """The scripts that signed-in pages load."""
    answers = (exchange for visit in visits for exchange in (*visit.answers, *visit.scripts))
    return tuple(one for one in answers if one.response and one.status == 200 and "script" in one.response.media_type)
