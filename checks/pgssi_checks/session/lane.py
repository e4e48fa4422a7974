"""Applications that keep one session of an account: each sign-in closes the session before it.

Checks that wait overlap. There, a check that signs in would close the session of every other: they take turns.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from pgssi_checks.session.patience import patient_sign_in
from pgssi_probe.check import CheckContext, Collector, CollectorContext, Level
from pgssi_probe.identity import ORACLE, SignInState, State


@dataclass
class Lane:
    """`single` is None until it is known."""

    single: bool | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


async def _lane(_ctx: CollectorContext) -> Lane:
    return Lane()


LANE: Final[Collector[Lane]] = Collector(name="session-lane", gather=_lane)


async def _single(ctx: CollectorContext) -> bool:
    """Sign in once more, and look at the session of the oracle: out, twice, while the new one is in."""
    lane = await ctx.collect(LANE)
    oracle = await ctx.collect(ORACLE)
    lane.single = False
    if oracle.usable and oracle.sign_in is not None:
        first = oracle.sign_in.session.on(ctx.network)
        if await oracle.state(first.fork()) is State.IN:
            second = await patient_sign_in(ctx, oracle.label)
            if second.state is SignInState.SIGNED_IN and await oracle.state(first.fork()) is State.OUT:
                still_out = await oracle.state(first.fork()) is State.OUT
                lane.single = still_out and await oracle.state(second.session) is State.IN
    return bool(lane.single)


SINGLE: Final[Collector[bool]] = Collector(
    name="session-single", gather=_single, requests=60, level=Level.ACTIVE, methods=("GET", "HEAD", "POST")
)
"""Whether a sign-in closes the session before it."""


@asynccontextmanager
async def my_turn(ctx: CheckContext | CollectorContext) -> AsyncIterator[None]:
    """Nobody else signs in meanwhile, where that would close our session. Never taken twice by one check."""
    lane = await ctx.collect(LANE)
    if not lane.single:
        yield
        return
    async with lane.turn:
        yield
