"""Applications that keep the last few sessions of an account: ten in Redmine, whatever number a setting says elsewhere.

A run signs in some forty times. A session that it follows may then end because others were opened, which looks like a
limit of time and is none.
"""

from __future__ import annotations

from typing import Final

from pgssi_checks.session.ground import Ground

MOST: Final = 12
"""Sign-ins with which it is tried at most [ours]."""


async def crowded_out(ground: Ground, sign_ins: int, *, idle: bool) -> bool:
    """Whether a new session is closed by as many sign-ins as another one met, without time passing. `idle`: it is asked
    for nothing meanwhile, as some applications close the one that was used longest ago."""
    held = (await ground.open()).session
    for _ in range(min(sign_ins, MOST)):
        await ground.open()
        if not idle and not await ground.is_in(held):
            return True
    return not await ground.is_in(held)
