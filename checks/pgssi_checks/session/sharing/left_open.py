"""What a run leaves open of an account: an application that refuses a second session refuses whoever comes next."""

from __future__ import annotations

from typing import Final

from pgssi_probe.check import CheckContext, Collector, CollectorContext
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.identity import SignIn, SignInState, find_logout, sign_out

KEPT: Final = 4


async def _none_open(_ctx: CollectorContext) -> dict[str, list[SignIn]]:
    return {}


LEFT_OPEN: Final[Collector[dict[str, list[SignIn]]]] = Collector(name="session-left-open", gather=_none_open)
"""Sessions that the run opened, by account: where a second one is refused, whoever comes next must close them."""


async def remember(ctx: CheckContext | CollectorContext, label: str, done: SignIn) -> None:
    """Keep a session, the last KEPT of an account, to be closed when the place is needed."""
    if done.state is SignInState.SIGNED_IN:
        kept = (await ctx.collect(LEFT_OPEN)).setdefault(label, [])
        kept.append(done)
        del kept[:-KEPT]


async def make_room(ctx: CheckContext | CollectorContext, label: str, other: SignIn | None = None) -> None:
    """Sign out of what the run has left open of an account, by the control of the page that each arrived on; of `other`
    too, when it is of the same account."""
    left = (await ctx.collect(LEFT_OPEN)).pop(label, [])
    for done in [other, *left] if other is not None and other.session.label == label else left:
        if done.landing is None:
            continue
        session = done.session.on(ctx.network)
        shown = await parse_page(await session.get(done.landing.url))  # its token is that of now
        offers = shown is not None and find_logout(shown.document) is not None
        await sign_out(session, shown if offers else done.landing)
