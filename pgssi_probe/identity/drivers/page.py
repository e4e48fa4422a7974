"""Signing in by the form of a page that scripts may send in their own way: as it stands first, then once in a window.

A page whose script takes its form over answers the plain form with itself; one that hashes the password in the browser
says that it is wrong.
"""

from __future__ import annotations

import re
from typing import Final

from pgssi_probe.check.context import CheckContext, CollectorContext
from pgssi_probe.identity.drivers.attempt import Attempt
from pgssi_probe.identity.drivers.browser import by_browser, in_a_window
from pgssi_probe.identity.drivers.form import by_form
from pgssi_probe.identity.forms import SignInForm
from pgssi_probe.identity.judging import Judgement, SignInState
from pgssi_probe.identity.plan import Driver, SignInPlan

NOT_TAKEN: Final = frozenset({404, 405, 501})
"""What a page that is a file answers to a form that is posted to it."""
LOST: Final = frozenset({"browser_lost", "browser_no_field", "browser_missing"})
_COMPUTED: Final = re.compile(r"challenge|nonce|hash|crypt|digest|response|md5|sha\d|cipher|hmac", re.IGNORECASE)


async def by_page(ctx: CheckContext | CollectorContext, attempt: Attempt) -> Judgement:
    """The way that worked once is kept. A window is tried once a plan, with the account's own credentials only."""
    plan = attempt.plan
    if plan.learned or plan.basic_at or plan.opened == [Driver.BROWSER]:
        return await by_browser(ctx, attempt)
    judged = await by_form(attempt)
    passed = judged.state in {SignInState.SIGNED_IN, SignInState.SECOND_FACTOR}
    if passed and attempt.own and not plan.opened:
        plan.opened.append(Driver.FORM)
    if passed or not attempt.own or plan.opened or not _by_script(plan, attempt, judged):
        return judged
    from pgssi_probe.browser import BROWSER

    if (await ctx.collect(BROWSER)).missing:
        attempt.facts["window"] = "missing"
        return judged
    plan.opened.append(None)
    landing = attempt.landing
    again = await in_a_window(ctx, attempt)
    if again.state is SignInState.SIGNED_IN:
        plan.opened[:] = [Driver.BROWSER]
    if again.signal not in LOST:
        return again
    attempt.landing = landing
    return judged


def _by_script(plan: SignInPlan, attempt: Attempt, judged: Judgement) -> bool:
    """Whether the form may not be what the page sends: its script runs, and the answer has nothing of a refusal in
    words, or the form has a place for what a script computes."""
    if not plan.scripted or judged.state is SignInState.THROTTLED:
        return False
    posted = next((one for one in reversed(attempt.exchanges) if one.request.method == "POST"), None)
    if posted is not None and posted.status in NOT_TAKEN:
        return True
    refused = judged.state is SignInState.REFUSED and judged.signal in {"message", "status"}
    return judged.signal == "form_again" or (refused and plan.form is not None and computes(plan.form))


def computes(form: SignInForm) -> bool:
    """Whether a form leaves a hidden field empty whose name says that a script computes it."""
    hidden = (field for field in form.form.fields if field.kind == "hidden" and not field.value)
    return any(_COMPUTED.search(f"{field.name} {field.identifier}") for field in hidden)
