"""`content.legal-notices`: publisher, publication director and host are named (LCEN, article 1-1)."""

from __future__ import annotations

from pgssi_checks.content.notice import REQUIRED, observe_notice
from pgssi_checks.content.wording import LEGAL, LEGAL_ELEMENTS, PHONE
from pgssi_probe.check import CheckContext, Observation

ELEMENTS = {**LEGAL_ELEMENTS, "phone": PHONE}


async def observe(ctx: CheckContext) -> list[Observation]:
    return await observe_notice(ctx, LEGAL, ELEMENTS, ctx.setting(REQUIRED))
