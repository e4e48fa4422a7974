"""`session.error-closes`: does an internal error end the session that provoked it (DT8)?

Only where an ordinary request already failed with 500, met on the way by this check or another: nothing is tried that
might bring the service down. Beside the session that provokes the error, another asks for as many pages that work.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import JsonValue

from pgssi_checks.session.ground import Ground, Lost, on_ground
from pgssi_checks.session.walk import walk
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason
from pgssi_probe.discovery.danger import is_dangerous

MAX_CANDIDATES = 3


async def observe(ctx: CheckContext) -> list[Observation]:
    return await on_ground(ctx, _observe)


def failing(exchanges: Iterable[Exchange]) -> list[str]:
    """Addresses that a plain GET made fail with 500, each once; a relay's 502 to 504 is no error of the application."""
    found = {
        one.url: None
        for one in exchanges
        if one.status == 500
        and one.request.method == "GET"
        and one.request.origin_form is None
        and not is_dangerous(one.url)
    }
    return list(found)


async def _observe(ground: Ground) -> list[Observation]:
    ctx = ground.ctx
    done = await ground.open()
    starts = (done.landing.url if done.landing else ground.oracle.url, ground.oracle.url)
    seen = await walk(ctx, done.session, starts, int(ctx.setting("pages_max")))
    urls = [url for url in failing((*seen.exchanges, *ctx.transcript())) if ctx.network.in_scope(url)]
    for url in urls[:MAX_CANDIDATES]:
        trials = [await _trial(ground, url)]
        if trials[0] is None:
            continue  # it does not fail for a signed-in account, or not again
        if trials[0].slug == "stays-open":
            trials.append(await _trial(ground, url))
        if len({trial.slug for trial in trials if trial is not None}) != 1 or trials[-1] is None:
            raise Lost(Reason.UNSTABLE_TARGET)
        return [trials[0]]
    raise Lost(Reason.NO_SAMPLE)


async def _trial(ground: Ground, url: str) -> Observation | None:
    """One provocation, with its control; None when the address does not fail."""
    ctx = ground.ctx
    control, subject = (await ground.open()).session, (await ground.open()).session
    provoked = await subject.get(url)
    if provoked.status != 500:
        return None
    if not await ground.is_in(control):
        raise Lost(Reason.BLOCKED)
    slug = "stays-open" if await ground.is_in(subject) else "closed"
    facts: dict[str, JsonValue] = {"url": url}
    return Observation(slug=slug, subject=ctx.target.site, facts=facts, evidence=(ctx.keep(provoked),))
