"""`session.concurrent`: what becomes of a first session when a second one opens (AA8).

Three answers exist: both live on, the second is refused, the first is closed. Only the declared choice of whoever is
responsible for the application (`session.single`) says whether the first of them is right.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import JsonValue

from pgssi_checks.session.ground import Ground, Lost, on_ground
from pgssi_checks.session.notice import notice_in
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, Request, inconclusive
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.identity import Session, SignIn, SignInState, sign_in


async def observe(ctx: CheckContext) -> list[Observation]:
    return await on_ground(ctx, _observe)


async def _observe(ground: Ground) -> list[Observation]:
    first = await ground.open()
    async with ground.door:
        second = await sign_in(ground.ctx, ground.label)
    if second.why.get("signal") == "already_open":
        ground.crowded = True  # what was opened is closed at the end: the next check needs the place
        return [await _refused(ground, second)]
    if second.state is not SignInState.SIGNED_IN:
        raise Lost(Reason.RATE_LIMITED if second.state is SignInState.THROTTLED else Reason.SESSION_LOST)
    return [await _both(ground, first, second)]


async def _both(ground: Ground, first: SignIn, second: SignIn) -> Observation:
    """Both are looked at now and later: some applications close the first only after a moment."""
    ctx = ground.ctx
    began, delay = ctx.clock.monotonic(), 0.0
    for delay in [float(one) for one in ctx.setting("looks_seconds")]:
        await ctx.clock.sleep(max(0.0, began + delay - ctx.clock.monotonic()))
        if not await ground.is_in(second.session):
            raise Lost(Reason.SESSION_LOST)
        met = await first.session.follow(Request("GET", ground.oracle.url))
        if not await ground.is_in(first.session):
            return await _closed(ground, met, second.session, delay)
    facts: dict[str, JsonValue] = {"seconds": int(delay)}
    kept = (ctx.keep_facts("two-sessions", {**facts, "first": "in", "second": "in"}),)
    single = ctx.declared.get("session.single")
    if not isinstance(single, bool):
        return inconclusive(ctx.target.site, Reason.UNDECLARED, evidence=kept, both_open_after_seconds=int(delay))
    slug = "several-open" if single else "several-declared"
    return Observation(slug=slug, subject=ctx.target.site, facts=facts, evidence=kept)


async def _closed(ground: Ground, chain: Sequence[Exchange], second: Session, delay: float) -> Observation:
    """The next page of the closed session must say why, and how to raise the alarm.

    `chain` leads to the first page that the session was shown, before the oracle looked: an application that forgets
    the session at that request says it only once. What a visitor without a session is told at the same address counts
    for nothing; what stands in the address of arrival (`?reason=elsewhere`) is part of the message.
    """
    ctx = ground.ctx
    page = await parse_page(chain[-1])
    usual = await parse_page((await ground.visitor().follow(Request("GET", ground.oracle.url)))[-1])
    if page is None:
        raise Lost(Reason.NO_SAMPLE)  # data: what their script tells its user cannot be read
    notice = notice_in(page.document, usual.document.text.splitlines() if usual else ())
    await ground.open()
    if await ground.is_in(second):  # a third sign-in must close the second, or something else closed the first
        raise Lost(Reason.UNSTABLE_TARGET)
    facts: dict[str, JsonValue] = {"seconds": int(delay), "why": notice.says_why, "alarm": notice.says_alarm}
    slug = "closed-told" if notice.says_why and notice.says_alarm else "closed-silently"
    kept = (ctx.keep(chain[-1], excerpt=notice.text or None),)
    return Observation(slug=slug, subject=ctx.target.site, facts=facts, evidence=kept)


async def _refused(ground: Ground, refusal: SignIn) -> Observation:
    """The first session is abandoned, as when a browser crashes: its user must be let in again before long."""
    ctx = ground.ctx
    began, delay = ctx.clock.monotonic(), 0.0
    kept = (ctx.keep(refusal.exchanges[-1]),)
    for delay in [float(one) for one in ctx.setting("retries_seconds")]:
        await ctx.clock.sleep(max(0.0, began + delay - ctx.clock.monotonic()))
        async with ground.door:
            again = await sign_in(ctx, ground.label)
        if again.state is SignInState.SIGNED_IN:
            ground.opened.append(again.session)
            facts: dict[str, JsonValue] = {"seconds": int(delay)}
            return Observation(slug="second-refused", subject=ctx.target.site, facts=facts, evidence=kept)
        if again.why.get("signal") != "already_open":
            raise Lost(Reason.RATE_LIMITED if again.state is SignInState.THROTTLED else Reason.SESSION_LOST)
    return Observation(slug="locked-out", subject=ctx.target.site, facts={"seconds": int(delay)}, evidence=kept)
