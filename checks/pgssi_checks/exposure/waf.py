"""`exposure.waf`: is something in front of the application (DT12, a recommendation)? Information only."""

from __future__ import annotations

from pydantic import JsonValue

from pgssi_checks.disclosure.answered import reason_of
from pgssi_checks.exposure.filtering import HOSTILE, ROUNDS, Reaction, harmless, reacts, relays_in, request
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, inconclusive
from pgssi_probe.discovery.collect import SITE


async def compare(ctx: CheckContext, home: str, value: str) -> tuple[list[Exchange], list[Exchange]]:
    """Harmless and hostile answers in turn, three times. Stops when the harmless value is refused: no insisting."""
    calm: list[Exchange] = []
    upset: list[Exchange] = []
    for _ in range(ROUNDS):
        calm.append(await ctx.send(request(home, harmless(len(value)))))
        if Reaction.of(calm[-1]).refused:
            break
        upset.append(await ctx.send(request(home, value)))
    return calm, upset


async def observe(ctx: CheckContext) -> list[Observation]:
    site = await ctx.collect(SITE)
    home = site.home
    if home.response is None:
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    kinds: list[str] = []
    answers: list[Exchange] = []
    stopped: Exchange | None = None
    for kind, value in HOSTILE.items():
        calm, upset = await compare(ctx, home.url, value)
        answers += [*calm, *upset]
        if reacts(calm, upset):
            kinds.append(kind)
        if Reaction.of(calm[-1]).refused:
            stopped = calm[-1]
            break
    relays = relays_in((*site.exchanges, *answers))
    shown: dict[str, JsonValue] = {
        "relays": [*sorted(relays)] or "—",
        "signs": {**relays},
    }
    if kinds:
        evidence = (ctx.keep(next(exchange for exchange in answers if Reaction.of(exchange).refused)),)
        facts: dict[str, JsonValue] = {**shown, "kinds": [*kinds]}
        return [Observation(slug="signs-of-filtering", subject=ctx.target.site, facts=facts, evidence=evidence)]
    if stopped is not None:
        lost = Reaction.of(stopped).lost
        reason = reason_of(stopped.failure) if stopped.failure else Reason.BODY_TRUNCATED if lost else Reason.BLOCKED
        return [inconclusive(ctx.target.site, reason, relays=[*sorted(relays)])]
    slug = "relay-seen" if relays else "no-sign"
    return [Observation(slug=slug, subject=ctx.target.site, facts=shown if relays else {})]
