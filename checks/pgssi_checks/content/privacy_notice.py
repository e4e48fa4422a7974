"""`content.privacy-notice`: what people are told of their personal data (GDPR, articles 13 and 14)."""

from __future__ import annotations

from pgssi_checks.content.notice import REQUIRED, observe_notice
from pgssi_checks.content.wording import PRIVACY, PRIVACY_ELEMENTS
from pgssi_probe.check import CheckContext, Observation


async def observe(ctx: CheckContext) -> list[Observation]:
    return await observe_notice(ctx, PRIVACY, PRIVACY_ELEMENTS, ctx.setting(REQUIRED))
