"""Signing in with a test account, and saying how it went. The probe tries a wrong password on `sacrifice` only."""

from __future__ import annotations

from pgssi_probe.identity.judging import Judgement, SignInState
from pgssi_probe.identity.oracle import State
from pgssi_probe.identity.oracle_choice import oracle_of
from pgssi_probe.identity.plan import SignInPlan
from pgssi_probe.identity.session import Session
from pgssi_probe.identity.trying import Context, SignIn, concluded, told, tried
from pgssi_probe.model.account import Secret


async def sign_in(
    ctx: Context,
    label: str,
    password: Secret | None = None,
    plan: SignInPlan | None = None,
    *,
    username: str | None = None,
    session: Session | None = None,
    confirm: bool = True,
) -> SignIn:
    """Sign in with an account of the engagement, in a fresh session unless `session` is given.

    `password` and `username` replace those of the account. What the page says is confirmed by the oracle when it is
    not plain and `confirm` is true. Costs 2 to 8 requests of the check, at most 28 where pages lead on and on. Never
    raises for what the target does.

    Raises KeyError for an account that the engagement does not have, and ValueError for credentials that are not its
    own unless the account is `sacrifice`: no other ever meets a wrong password.
    """
    attempt, judged = await tried(ctx, label, password, plan, username=username, session=session)
    if judged.sure or not confirm:
        return told(ctx, attempt, judged)
    judged, confirmed = await _confirmed(ctx, label, attempt.session, judged)
    return concluded(ctx, attempt, judged, confirmed)


async def _confirmed(ctx: Context, label: str, session: Session, judged: Judgement) -> tuple[Judgement, str | None]:
    oracle = await oracle_of(ctx, label)
    if not oracle.usable:
        return judged, None
    seen = await oracle.state(session)
    if seen is State.IN:
        return Judgement(SignInState.SIGNED_IN, judged.signal), seen
    if seen is State.OUT and judged.state in {SignInState.UNKNOWN, SignInState.SIGNED_IN}:
        return Judgement(SignInState.REFUSED, judged.signal), seen
    return judged, seen
