"""Signing in where the account, or our address, is held back for having signed in often: wait, and try again.

Some applications count every sign-in, and not the failures alone. A run signs in some forty times: its own right
password is then refused, by 429, 403, a message or an empty page, until a minute has passed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

from pgssi_checks.session.sharing.left_open import make_room, remember
from pgssi_probe.check import CheckContext, Collector, CollectorContext, Exchange
from pgssi_probe.identity import Session, SignIn, SignInState, oracle_of, sign_in

PAUSES: Final = (61.0, 121.0)
"""Seconds before each new try when the refusal announces none [ours]: windows of rate limits are of a minute."""
VAIN: Final = 400.0
"""Seconds that a run waits in vain for its accounts to be taken again, all checks together [ours]."""
HELD: Final = frozenset({401, 403, 423, 429, 500, 502, 503})
"""Statuses by which a right password is held back."""
LONGEST_WAIT: Final = 86_400.0


@dataclass
class Patience:
    """`left` are the seconds that may still be waited in vain: what a session rewarded is given back."""

    left: float = VAIN


async def _patience(_ctx: CollectorContext) -> Patience:
    return Patience()


PATIENCE: Final[Collector[Patience]] = Collector(name="session-patience", gather=_patience)


def announced_wait(exchange: Exchange | None) -> float | None:
    """Seconds of Retry-After (RFC 9110 §10.2.3), whole seconds or a date; None when there is none that makes sense."""
    value = (exchange.response.header("retry-after") or "").strip() if exchange and exchange.response else ""
    if re.fullmatch(r"\d{1,9}", value):
        return min(float(value), LONGEST_WAIT)
    try:
        seconds = (parsedate_to_datetime(value) - exchange.started).total_seconds() if value and exchange else 0.0
    except (ValueError, TypeError):
        return None
    return min(seconds, LONGEST_WAIT) if seconds > 0 else None


async def patient_sign_in(
    ctx: CheckContext | CollectorContext,
    label: str,
    session: Session | None = None,
    *,
    known: bool = True,
    room: bool = False,
) -> SignIn:
    """`sign_in`, tried again twice at most after a wait. `known`: the account has signed in during this run, so that
    any refusal means a brake; otherwise only one that says so, or has its status, does. `room`: where a second session
    is refused, those of the run are closed first; the witness, which could not be chosen after, is chosen before."""
    planted = session.fork() if session is not None else None
    oracle = await oracle_of(ctx, label) if room else None
    done = await sign_in(ctx, label, session=session)
    if oracle is not None and done.why.get("signal") == "already_open":
        await make_room(ctx, label, oracle.sign_in)
        done = await sign_in(ctx, label, session=planted.fork() if planted is not None else None)
    patience = await ctx.collect(PATIENCE)
    waited = 0.0
    for usual in PAUSES:
        if not _held_back(done, known=known):
            break
        announced = next((wait for one in done.exchanges if (wait := announced_wait(one)) is not None), None)
        pause = usual if announced is None else announced + 1
        if pause > patience.left:
            break
        patience.left -= pause
        waited += pause
        await ctx.clock.sleep(pause)
        done = await sign_in(ctx, label, session=planted.fork() if planted is not None else None)
    if done.state is SignInState.SIGNED_IN:
        patience.left += waited
        await remember(ctx, label, done)
    return done


def _held_back(done: SignIn, *, known: bool) -> bool:
    if done.state is SignInState.THROTTLED:
        return True
    if done.why.get("signal") == "already_open" or done.state is SignInState.SIGNED_IN:
        return False
    if done.state is SignInState.REFUSED and known:
        return True
    return done.state is not SignInState.SECOND_FACTOR and done.why.get("status") in HELD
