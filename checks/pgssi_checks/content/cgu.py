"""`content.cgu`: the terms of use can be reached without signing in (rule GP1)."""

from __future__ import annotations

from pgssi_checks.content.notice import observe_notice
from pgssi_checks.content.wording import TERMS
from pgssi_probe.check import CheckContext, Observation


async def observe(ctx: CheckContext) -> list[Observation]:
    return await observe_notice(ctx, TERMS, {})
