"""`CARRYING`: which cookies and headers carry the session of the account, proved once and shared."""

from __future__ import annotations

from typing import Final

from pgssi_checks.session.sharing.lane import my_turn
from pgssi_checks.session.sharing.patience import patient_sign_in
from pgssi_checks.session.tokens.carried import Carrying
from pgssi_probe.check import Collector, CollectorContext
from pgssi_probe.identity import ORACLE, Session, State, carriers
from pgssi_probe.identity.ablation import reopening

MAX_REQUESTS: Final = 120


async def _gather(ctx: CollectorContext) -> Carrying:
    """By the session with which the oracle was chosen: no other sign-in, so that nobody's session is closed by it.
    Where it is closed already, as where only the last few of an account are kept, by a new one."""
    oracle = await ctx.collect(ORACLE)
    if not oracle.usable or oracle.sign_in is None:
        return Carrying()
    session = oracle.sign_in.session.on(ctx.network)

    async def anew() -> Session:
        return (await patient_sign_in(ctx, oracle.label, room=True)).session

    async def in_turn() -> Session:
        async with my_turn(ctx):
            return await anew()

    tried = {cookie.name for cookie in session.jar.cookies_for(oracle.url, ctx.clock.now())}
    if len(tried) > MAX_REQUESTS // 3 - 2:
        return Carrying()
    anew_by = await reopening(session, oracle)
    found = await carriers(session, oracle, in_turn)
    if not found and await oracle.state(session.fork()) is State.OUT:  # closed by later sign-ins
        async with my_turn(ctx):
            other = await patient_sign_in(ctx, oracle.label, room=True)
            anew_by = await reopening(other.session, oracle) if other.signed_in else frozenset()
            found = await carriers(other.session, oracle, anew) if other.signed_in else ()
    if not found:
        return Carrying()
    return Carrying(anew_by | {one.name for one in found if one.kind == "cookie"}, frozenset(tried))


CARRYING: Final[Collector[Carrying]] = Collector(
    name="carrying", gather=_gather, requests=MAX_REQUESTS, methods=("GET", "HEAD", "POST")
)
