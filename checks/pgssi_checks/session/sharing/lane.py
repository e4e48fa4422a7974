"""Applications whose sessions of an account hang together: a sign-in closes the session before it, or is refused while
one is open; or a sign-out closes them all.

Checks that wait overlap. There, a check that signs in or out would close the session of every other, or be refused for
it: they take turns, and the one whose turn lasts hours comes last.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from pgssi_checks.session.sharing.patience import patient_sign_in
from pgssi_probe.check import CheckContext, Collector, CollectorContext
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.identity import ORACLE, Oracle, Session, SignInState, State, sign_out

PATIENCE: Final = 1200.0
"""Seconds after which a check no longer waits for the others to leave the account alone [ours]."""
LOOK: Final = 15.0
"""Seconds between two looks at who wants the turn."""


@dataclass
class Lane:
    """`single` is None until it is known."""

    single: bool | None = None
    refuses: bool = False
    """A sign-in is refused while a session is open, instead of closing it."""
    ends_all: bool = False
    """A sign-out closes every session of the account (Calibre-Web)."""
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    wanted: int = 0
    """Checks that have the turn or wait for it, those that come last left out."""

    @property
    def shared(self) -> bool:
        """Whether what one check does to its session reaches those of the others."""
        return bool(self.single) or self.ends_all


async def _lane(_ctx: CollectorContext) -> Lane:
    return Lane()


LANE: Final[Collector[Lane]] = Collector(name="session-lane", gather=_lane)


async def _single(ctx: CollectorContext) -> bool:
    """Sign in once more, and look at the session before: out, twice, while the new one is in; or in, and the new one
    refused for it. Where both live, the new one is signed out, and the other looked at again. The session of the oracle
    is the one before, unless a check has signed in meanwhile."""
    lane = await ctx.collect(LANE)
    oracle = await ctx.collect(ORACLE)
    lane.single = False
    if oracle.usable and oracle.sign_in is not None:
        first = oracle.sign_in.session.on(ctx.network)
        if await oracle.state(first.fork()) is State.OUT:
            first = (await patient_sign_in(ctx, oracle.label, room=True)).session
        if await oracle.state(first.fork()) is State.IN:
            second = await patient_sign_in(ctx, oracle.label)
            if second.why.get("signal") == "already_open":
                lane.single = lane.refuses = True
                await _close(first, oracle.url)
            elif second.state is SignInState.SIGNED_IN and await oracle.state(first.fork()) is State.OUT:
                still_out = await oracle.state(first.fork()) is State.OUT
                lane.single = still_out and await oracle.state(second.session) is State.IN
            elif second.state is SignInState.SIGNED_IN:
                lane.ends_all = await _ends_all(oracle, first, second.session)
    return bool(lane.single)


async def _ends_all(oracle: Oracle, first: Session, second: Session) -> bool:
    """Sign out of `second` as a page offers it: does that close `first`, which never signed out?"""
    page = await parse_page(await second.get(oracle.url))
    if page is None or await sign_out(second.fork(), page) is None or await oracle.state(second) is not State.OUT:
        return False
    return all([await oracle.state(first.fork()) is State.OUT for _ in range(2)])


async def _close(session: Session, url: str) -> None:
    """Sign out by the control of a page, so that the next check finds the place free."""
    page = await parse_page(await session.get(url))
    if page is not None:
        await sign_out(session, page)


SINGLE: Final[Collector[bool]] = Collector(
    name="session-single", gather=_single, requests=60, methods=("GET", "HEAD", "POST")
)
"""Whether the application keeps one session of an account."""


@asynccontextmanager
async def my_turn(ctx: CheckContext | CollectorContext, *, last: float = 0.0) -> AsyncIterator[None]:
    """Nobody else signs in or out meanwhile, where that would close our session. Never taken twice by one check.

    `last`: wait, PATIENCE seconds at most, until no other check has wanted the turn for so many seconds.
    """
    lane = await ctx.collect(LANE)
    if not lane.shared:
        yield
        return
    if last:
        await _come_last(ctx, lane, last)
    lane.wanted += not last
    try:
        async with lane.turn:
            yield
    finally:
        lane.wanted -= not last


async def _come_last(ctx: CheckContext | CollectorContext, lane: Lane, quiet: float) -> None:
    began = free = ctx.clock.monotonic()
    while ctx.clock.monotonic() - free < quiet and ctx.clock.monotonic() - began < PATIENCE:
        await ctx.clock.sleep(min(quiet, LOOK))
        if lane.wanted:
            free = ctx.clock.monotonic()
