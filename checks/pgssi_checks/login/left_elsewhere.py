"""Whether signing in is left to somebody else, at whom no password is ever tried. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from pgssi_probe.check import Observation, Target
from pgssi_probe.identity import SignInPlan


def left_to(plan: SignInPlan) -> tuple[str, ...]:
    """Who takes the credentials instead of the target: national providers by their names, others by their hosts.

    Empty when the target takes them itself, beside others or not, and when no way to sign in was found.
    """
    if plan.federated:
        address = plan.form.form.action if plan.form is not None else plan.url
        return (urlsplit(address).netloc[:200],)
    if plan.usable or plan.reason not in {"federated", "out_of_scope"}:
        return ()
    return plan.providers or ((plan.left[:200],) if plan.left else ())


def not_ours(target: Target, providers: Sequence[str]) -> Observation:
    """The outcome `federated` of a check of passwords."""
    return Observation(slug="federated", subject=target.site, facts={"providers": [*providers]})
