"""`session.timeout-idle`: how long an idle session lives, against what was declared (AA13, DT9).

A ladder of sessions, each looked at exactly once; a control session asked for every minute shows that an end comes from
idleness and not from age, a restart or a ban. Where an application keeps one session of an account there is no ladder:
sessions are left idle one after the other (`alone`).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from pydantic import JsonValue

from pgssi_checks.session.crowd import crowded_out
from pgssi_checks.session.ground import Ground, Lost, on_ground
from pgssi_checks.session.ladder import Contradiction, Rung, bracket, rungs, slug_of
from pgssi_checks.session.sharing.alone import MINUTE, TRIES, OneByOne, disturbed, still_open
from pgssi_checks.session.sharing.lane import PATIENCE, SINGLE
from pgssi_checks.session.tokens.refresh import Renewal
from pgssi_probe.check import CheckContext, Observation, Reason, inconclusive
from pgssi_probe.identity import State


async def observe(ctx: CheckContext) -> list[Observation]:
    return await on_ground(ctx, _observe, last=float(ctx.setting("quiet_seconds")))


def minutes_in(ctx: CheckContext, name: str) -> float | None:
    """A declared number of minutes; None when it is missing or makes no sense."""
    value = ctx.declared.get(name)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0 else None


async def _observe(ground: Ground) -> list[Observation]:
    ctx = ground.ctx
    declared = minutes_in(ctx, "session.idle-minutes")
    longest = minutes_in(ctx, "session.idle-max-minutes") or float(ctx.setting("longest_minutes"))
    waits = rungs(declared, ctx.setting("rungs_minutes"), longest)
    if await ctx.collect(SINGLE):
        return [await _one_by_one(ground, waits, declared)]
    began = ctx.clock.monotonic()
    for _ in range(TRIES):
        await ground.quiet(float(ctx.setting("quiet_seconds")))
        looks = await _beside_each_other(ground, waits)
        if looks is not None:
            return [_judged(ctx, looks, declared)]
        if (ctx.clock.monotonic() - began + waits[-1] * MINUTE) > longest * MINUTE + PATIENCE:
            break
    raise Lost(Reason.SESSION_LOST)


async def _beside_each_other(ground: Ground, waits: tuple[float, ...]) -> list[Rung] | None:
    """What the ladder saw while its control lived. None when other sign-ins of the account may have closed sessions."""
    ctx = ground.ctx
    opened = ctx.clock.now()
    control = Renewal.of(await ground.open(), ctx)
    sessions = [Renewal.of(await ground.open(), ctx) for _ in waits]
    if not await ground.is_in(control.session):
        raise Lost(Reason.SESSION_LOST)  # something else ends sessions
    if await control.renew():
        for session in sessions:
            session.way = control.way
    began, left_alone = ctx.clock.monotonic(), ctx.clock.now()
    witness = Witness(ground, control)
    watch = asyncio.ensure_future(witness.watch(began))
    climb = asyncio.gather(
        *(_look(ground, session, began, minutes) for session, minutes in zip(sessions, waits, strict=True))
    )
    try:
        await asyncio.wait((watch, climb), return_when=asyncio.FIRST_COMPLETED)
        if not climb.done() and disturbed(ground, left_alone):
            return None
        looks = await climb
    finally:
        watch.cancel()
        climb.cancel()
        await asyncio.gather(watch, climb, return_exceptions=True)
    if await still_open(ground, control):
        witness.minutes = max(witness.minutes, (ctx.clock.monotonic() - began) / MINUTE)
    vouched = [look for look in looks if look.minutes <= witness.minutes]
    doubtful = disturbed(ground, left_alone) and not (vouched and all(look.alive for look in vouched))
    if doubtful and (not vouched or await crowded_out(ground, len(ground.posts(opened)), idle=True)):
        return None
    if not vouched:
        raise Lost(Reason.SESSION_LOST)
    return vouched


async def _one_by_one(ground: Ground, waits: tuple[float, ...], declared: float | None) -> Observation:
    """Where an application keeps one session of an account. What was not bounded is said, with what was seen."""
    ctx = ground.ctx
    measure = OneByOne(ground, float(ctx.setting("alone_minutes")))
    try:
        looks = await measure.search(waits)
    except Lost as lost:
        if not measure.looks:
            raise
        kept = _kept(ctx, measure.looks, declared, alone=True)
        seen: dict[str, JsonValue] = {
            "open_after_minutes": max((look.minutes for look in measure.looks if look.alive), default=None),
            "ended_within_minutes": min((look.minutes for look in measure.looks if not look.alive), default=None),
        }
        return inconclusive(ctx.target.site, lost.reason, evidence=(kept,), **seen)
    return _judged(ctx, looks, declared, alone=True)


async def _look(ground: Ground, session: Renewal, began: float, minutes: float) -> Rung:
    clock = ground.ctx.clock
    await clock.sleep(max(0.0, began + minutes * MINUTE - clock.monotonic()))
    alive = await still_open(ground, session)
    return Rung((clock.monotonic() - began) / MINUTE, alive)


@dataclass
class Witness:
    """A session that is never idle. What ends while it lives ended of idleness; later looks say nothing."""

    ground: Ground
    held: Renewal
    minutes: float = 0.0
    """Last minute at which it was seen in."""

    async def watch(self, began: float) -> None:
        clock = self.ground.ctx.clock
        while True:
            await clock.sleep(MINUTE)
            state = await self.ground.oracle.state(self.held.session)
            if state is State.OUT:
                if self.held.way is None or not await self.held.renew():
                    return
                state = await self.ground.oracle.state(self.held.session)
            if state is State.IN:
                self.minutes = (clock.monotonic() - began) / MINUTE


def _judged(ctx: CheckContext, looks: list[Rung], declared: float | None, *, alone: bool = False) -> Observation:
    try:
        found = bracket(looks)
    except Contradiction:
        raise Lost(Reason.UNSTABLE_TARGET) from None
    slug = slug_of(found, declared)
    if slug is None:
        raise Lost(Reason.SCAN_INCOMPLETE)
    kept = _kept(ctx, looks, declared, alone=alone)
    facts: dict[str, JsonValue] = {
        "above": round(found.above, 1),
        "below": round(found.below, 1) if found.below is not None else None,
        "declared": declared,
        "sessions": len(looks),
    }
    return Observation(slug=slug, subject=ctx.target.site, facts=facts, evidence=(kept,))


def _kept(ctx: CheckContext, looks: list[Rung], declared: float | None, *, alone: bool) -> str:
    """Evidence: every look, and whether the sessions stood beside each other or one after the other."""
    said: list[JsonValue] = [
        {"idle_minutes": round(rung.minutes, 1), "in": rung.alive}
        for rung in sorted(looks, key=lambda one: one.minutes)
    ]
    facts: dict[str, JsonValue] = {"sessions": said, "declared_minutes": declared, "one_by_one": alone}
    return ctx.keep_facts("idle", facts, "timing")
