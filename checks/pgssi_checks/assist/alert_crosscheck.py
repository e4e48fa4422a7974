"""`assist.alert-crosscheck` (AA7, HE9): whether anybody was alerted. Judged by `pgssi-probe traces match --alerts`."""

from __future__ import annotations

from pgssi_probe.check import CheckContext, Observation, Reason, inconclusive

REFUSALS = frozenset({401, 403, 429})


async def observe(ctx: CheckContext) -> list[Observation]:
    caused = sum(
        exchange.status is not None and (exchange.status >= 500 or exchange.status in REFUSALS)
        for exchange in ctx.transcript()
    )
    if not caused:
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    return [Observation(slug="ready", subject=ctx.target.site, facts={"count": caused})]
