"""`session.timeout-absolute`: how long an active session lives, announced and followed (AA11, AA13)."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import JsonValue

from pgssi_checks.session.crowd import crowded_out
from pgssi_checks.session.ground import Ground, Lost, on_ground
from pgssi_checks.session.sharing.alone import MINUTE, TRIES, closed_elsewhere, disturbed, still_open
from pgssi_checks.session.sharing.lane import SINGLE
from pgssi_checks.session.timeout_idle import minutes_in
from pgssi_checks.session.tokens.bearing import Bearing, bearings
from pgssi_checks.session.tokens.json_token import parsed
from pgssi_checks.session.tokens.refresh import Renewal
from pgssi_probe.check import CheckContext, Observation, Reason, inconclusive
from pgssi_probe.identity import Session, carriers

PAST = 1.1
"""Share of the declared length from which a session that is still in is too old (past the maximum)."""

SHIFT = 1 / 3
"""Share of the first life that passes before the second begins: visits at regular hours would not end both alike."""
QUIET = 120.0
"""Seconds without another check that wants its turn, where an application keeps one session of an account [ours]."""


async def observe(ctx: CheckContext) -> list[Observation]:
    return await on_ground(ctx, _observe, last=QUIET)


async def _observe(ground: Ground) -> list[Observation]:
    ctx = ground.ctx
    done = await ground.open()
    session = done.session
    found = bearings(await carriers(session, ground.oracle, ground.another))
    if not found:
        raise Lost(Reason.NO_SAMPLE)
    announced = {bearing.name: minutes for bearing in found if (minutes := lifetime(bearing, session)) is not None}
    declared = minutes_in(ctx, "session.absolute-minutes")
    limit = declared * PAST if declared else float(ctx.setting("announced_hours_max")) * 60
    observations = []
    long = {name: minutes for name, minutes in announced.items() if minutes > limit}
    if long:
        observations.append(_announced(ctx, long, declared))
    longest = minutes_in(ctx, "session.absolute-max-minutes") or float(ctx.setting("longest_minutes"))
    if declared is None:
        return observations or [_undeclared(ctx, announced)]
    if declared * PAST > longest:
        return [*observations, inconclusive(ctx.target.site, Reason.SCAN_INCOMPLETE, longest_minutes=longest)]
    if await ctx.collect(SINGLE):
        return [*observations, await _one_by_one(ground, Renewal.of(done, ctx), declared, longest)]
    return [*observations, await _followed(ground, Renewal.of(done, ctx), declared, longest)]


def lifetime(bearing: Bearing, session: Session) -> float | None:
    """Minutes that a cookie or a signed token announces for itself; None when it announces none."""
    now = session.clock.now()
    ends = [
        (cookie.expires - now).total_seconds()
        for cookie in session.jar
        if bearing.is_cookie and cookie.name == bearing.name and cookie.expires is not None
    ]
    token = parsed(bearing.token(session))
    if token is not None and (seconds := token.lifetime(now)) is not None:
        ends.append(seconds)
    return max(ends) / MINUTE if ends else None


def period_of(ctx: CheckContext) -> float:
    """Seconds between two requests of a session that is kept busy: often enough for the declared idle delay."""
    usual, idle = float(ctx.setting("period_seconds")), minutes_in(ctx, "session.idle-minutes")
    return min(usual, idle * MINUTE / 2) if idle else usual


def _announced(ctx: CheckContext, long: dict[str, float], declared: float | None) -> Observation:
    facts: dict[str, JsonValue] = {
        "carriers": [name[:200] for name in long],
        "hours": round(max(long.values()) / 60, 1),
        "declared": declared,
    }
    kept = ctx.keep_facts("announced", facts)
    return Observation(slug="announced-long", subject=ctx.target.site, facts=facts, evidence=(kept,))


def _undeclared(ctx: CheckContext, announced: dict[str, float]) -> Observation:
    """The measure alone: nothing was declared to compare it with."""
    said: dict[str, JsonValue] = {name[:200]: round(minutes, 1) for name, minutes in announced.items()}
    kept = ctx.keep_facts("minutes", said)
    return inconclusive(ctx.target.site, Reason.UNDECLARED, evidence=(kept,), announced_minutes=said)


async def _followed(ground: Ground, session: Renewal, declared: float, longest: float) -> Observation:
    """Keep a session busy past the declared length. One that may have ended because the account signed in elsewhere is
    no measure: another is followed, as long as the agreed wait lasts; then it is tried what sign-ins alone do."""
    ctx = ground.ctx
    began, opened = ctx.clock.monotonic(), ctx.clock.now()
    for left in reversed(range(TRIES)):
        life = await _beside(ground, session, declared)
        facts: dict[str, JsonValue] = {"declared": declared, "minutes": round(life.minutes, 1)}
        if life.minutes >= declared * PAST:
            return _said(ctx, "too-long", facts)
        if not life.doubtful:
            break
        spent = (ctx.clock.monotonic() - began) / MINUTE
        if left and spent + declared * PAST <= longest:
            opened = ctx.clock.now()
            session = Renewal.of(await ground.open(), ctx, session.way)
        elif await crowded_out(ground, len(ground.posts(opened)), idle=False):
            raise Lost(Reason.SESSION_LOST)
        else:
            break
    if not life.outlived:
        raise Lost(Reason.SESSION_LOST)
    return _said(ctx, "as-declared", facts)


@dataclass(frozen=True)
class Life:
    """`minutes` for which a session was seen in. `outlived`: a younger one was still in when it was out. `doubtful`:
    the account signed in between the last look that saw it in and the first that did not."""

    minutes: float
    outlived: bool = False
    doubtful: bool = False


async def _beside(ground: Ground, session: Renewal, declared: float) -> Life:
    """A busy session until it ends, or past its declared length; a younger one, busy too, must outlive it."""
    ctx = ground.ctx
    began, last = ctx.clock.monotonic(), 0.0
    young: Renewal | None = None
    await session.renew()
    period = period_of(ctx)
    while last < declared * PAST:
        if young is None and last >= declared / 2:
            young = Renewal.of(await ground.open(), ctx, session.way)
            if not await still_open(ground, session):
                return Life(last, doubtful=True)
        elif young is not None:
            await still_open(ground, young)
        since = ctx.clock.now()
        await ctx.clock.sleep(period)
        age = (ctx.clock.monotonic() - began) / MINUTE
        if not await still_open(ground, session):
            outlived = young is not None and await still_open(ground, young)
            return Life(last, outlived, disturbed(ground, since))
        last = age
    return Life(last)


async def _one_by_one(ground: Ground, first: Renewal, declared: float, longest: float) -> Observation:
    """Where an application keeps one session of an account, no younger one can stand beside it. What ended must end at
    the same age a second time, and no other sign-in may have closed it."""
    ctx = ground.ctx
    await first.renew()
    lived = await _life(ground, first, declared * PAST)
    if lived >= declared * PAST:
        return _said(ctx, "too-long", {"declared": declared, "minutes": round(lived, 1)})
    if lived < declared / 2:
        raise Lost(Reason.SESSION_LOST)  # not what was declared: anything may have ended it
    if lived * 2 > longest * PAST:
        return inconclusive(ctx.target.site, Reason.SCAN_INCOMPLETE, ended_after_minutes=round(lived, 1))
    await ctx.clock.sleep(lived * MINUTE * SHIFT)
    again = await _life(ground, Renewal.of(await ground.replace(), ctx, first.way), declared * PAST)
    if abs(again - lived) * MINUTE > period_of(ctx) * 1.1:
        raise Lost(Reason.UNSTABLE_TARGET)
    return _said(ctx, "as-declared", {"declared": declared, "minutes": round(min(lived, again), 1)})


async def _life(ground: Ground, held: Renewal, until: float) -> float:
    """Minutes for which a busy session was seen open, followed for `until` minutes at most. Lost when another sign-in
    closed it."""
    clock = ground.ctx.clock
    began, last, was_disturbed = clock.monotonic(), 0.0, False
    while last < until:
        since = clock.now()
        await clock.sleep(period_of(ground.ctx))
        was_disturbed = was_disturbed or disturbed(ground, since)
        before = held.session.fork()
        if not await still_open(ground, held):
            if was_disturbed or await closed_elsewhere(ground, before):
                raise Lost(Reason.SESSION_LOST)
            break
        last = (clock.monotonic() - began) / MINUTE
    return last


def _said(ctx: CheckContext, slug: str, facts: dict[str, JsonValue]) -> Observation:
    kept = ctx.keep_facts("followed", facts, "timing")
    return Observation(slug=slug, subject=ctx.target.site, facts=facts, evidence=(kept,))
