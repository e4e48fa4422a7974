"""`teapot.refusal`: a server that refuses to brew coffee is a teapot (RFC 2324)."""

from __future__ import annotations

from pgssi_probe.check import CheckContext, Observation, Reason, inconclusive


def slug_of(status: int) -> str:
    return "teapot" if status == 418 else "server"


async def observe(ctx: CheckContext) -> list[Observation]:
    exchange = await ctx.get(ctx.target.origin + "/cafe")
    if exchange.response is None:
        return [inconclusive(ctx.target.site, Reason.CONNECTION_FAILED)]
    status = exchange.response.status
    return [
        Observation(
            slug=slug_of(status),
            subject=ctx.target.site,
            facts={"status": status},
            evidence=(ctx.keep(exchange),),
        )
    ]
