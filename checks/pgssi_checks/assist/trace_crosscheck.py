"""`assist.trace-crosscheck` (TR1, TR2): what the operator recorded of the run.

The run only sends what a log must not believe; `pgssi-probe traces match` judges, once logs are handed over.
"""

from __future__ import annotations

from typing import Final

from pgssi_probe.check import CheckContext, Observation, Reason, Request, inconclusive

FORGED: Final = "203.0.113.77"
"""RFC 5737: an address of documentation, that of nobody."""


async def observe(ctx: CheckContext) -> list[Observation]:
    sent = await ctx.send(Request("GET", ctx.target.url, (("X-Forwarded-For", FORGED),)))
    if sent.response is None:
        return [inconclusive(ctx.target.site, Reason.CONNECTION_FAILED)]
    return [Observation(slug="ready", subject=ctx.target.site, facts={"events": len(ctx.transcript())})]
