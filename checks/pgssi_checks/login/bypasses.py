"""Ways around a brake that is known to act, each tried with the right password so that no failure is added.

A way counts only when the ordinary way is refused just before and just after: a brake that ends by itself meanwhile
would look the same.
"""

from __future__ import annotations

from typing import Final

from pgssi_checks.login.attempts import Attempt, Trials
from pgssi_checks.login.braking import Trace
from pgssi_checks.login.wrong_passwords import SACRIFICE, Spent

DOCUMENTATION: Final = ("203.0.113.77", "198.51.100.23")
"""Addresses that belong to nobody (RFC 5737)."""
LONGEST_PACE: Final = 60.0
"""Seconds that the trial of another account's success may wait between two failures."""
GROWS: Final = 1.5
SAME: Final = 1.2


async def bypasses(trials: Trials, trace: Trace, other: str | None) -> None:
    """Fill `trace.bypasses`. Spends failures only to put the brake on again; raises Spent when none is left."""
    after = trace.after or 1
    for address in DOCUMENTATION[:1]:
        if await _gets_in(trials, after, headers=(("X-Forwarded-For", address),)):
            trace.bypasses["bypass-forwarded-for"] = "X-Forwarded-For"
    for variant in variants(trials.ctx.accounts[SACRIFICE].username):
        if await _gets_in(trials, after, username=variant):
            trace.bypasses["bypass-case"] = "case" if variant.strip() == variant else "space"
            break
    if other is not None and after == 1:
        await _paced(trials, trace, other)
    elif other is not None:
        await _interleaved(trials, trace, other, after)


def variants(username: str) -> list[str]:
    """The same name in other letters, and with a space: what many directories take for the same account."""
    return [name for name in dict.fromkeys((username.swapcase(), username + " ")) if name != username]


async def _armed(trials: Trials, after: int) -> Attempt | None:
    """The refusal of the right password, put back by failures when the brake is off; None when it does not come back.

    A series is only spent when it leaves the allowance whole for it.
    """
    probe = await trials.right()
    if not probe.accepted:
        return probe
    if trials.allowance.left < after:
        raise Spent
    for _ in range(after):
        if (await trials.wrong()).braked:
            break
    probe = await trials.right()
    trials.rearmed = not probe.accepted
    return None if probe.accepted else probe


async def _gets_in(trials: Trials, after: int, **way: object) -> bool:
    """Whether a way is accepted between two refusals of the ordinary way."""
    if await _armed(trials, after) is None:
        return False
    tried = await trials.right(**way)  # type: ignore[arg-type]
    if not tried.accepted:
        return False
    return not (await trials.right()).accepted


async def _paced(trials: Trials, trace: Trace, other: str) -> None:
    """A brake from the first failure: the announced wait grows from one failure to the next, and stops growing when
    another account signs in between."""
    alone = await _waits(trials, None, 2)
    if len(alone) < 2 or alone[1] < GROWS * alone[0]:
        return
    trace.waits = alone
    await trials.ctx.clock.sleep(alone[-1])
    if not (await trials.right()).accepted:
        return
    between = await _waits(trials, other, 3)
    if len(between) == 3 and all(wait <= SAME * between[0] for wait in between):
        trace.bypasses["bypass-other-account"] = other


async def _waits(trials: Trials, other: str | None, failures: int) -> list[float]:
    """The wait announced after each of some failures, each waited for; `other` signs in between two failures."""
    waits: list[float] = []
    for number in range(failures):
        if number:
            await trials.ctx.clock.sleep(waits[-1] + 0.2)
            if other is not None and not (await trials.right(label=other)).accepted:
                return []
        await trials.wrong()
        probe = await trials.right()
        if probe.accepted or probe.wait is None or probe.wait > LONGEST_PACE:
            return []
        waits.append(probe.wait)
    return waits


async def _interleaved(trials: Trials, trace: Trace, other: str, after: int) -> None:
    """A brake from the nth failure: n - 1, another account, n - 1 again, and the right password still gets in."""
    short = after - 1
    if trials.rearmed is False:
        return  # so many failures brake nobody by themselves: earlier ones had counted too
    if trials.allowance.left < 2 * short or not (await trials.right()).accepted:
        return
    for number in range(2):
        for _ in range(short):
            await trials.wrong()
        if number == 0 and not (await trials.right(label=other)).accepted:
            return
    if (await trials.right()).accepted:
        trace.bypasses["bypass-other-account"] = other
