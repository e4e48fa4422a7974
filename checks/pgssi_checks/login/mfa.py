"""`login.mfa` (GA2, GA3, HE8): is a second factor asked when a test account signs in from a new browser?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pgssi_checks.content.wording import plain
from pgssi_checks.login.left_elsewhere import left_to, not_ours
from pgssi_checks.session.sharing.lane import my_turn
from pgssi_checks.session.sharing.patience import patient_sign_in
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, inconclusive
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.discovery.site import Document, Page
from pgssi_probe.identity import SignInPlan, SignInState, plan_of
from pgssi_probe.identity.forms import code_form

SMS = re.compile(
    r"\bsms\b|\btexto\b|text message|message texte"
    r"|code (?:recu|envoye|sent) (?:sur|au|to|on) (?:votre|your) (?:mobile|telephone|phone)"
)


async def observe(ctx: CheckContext) -> list[Observation]:
    site = ctx.target.site
    plan = await plan_of(ctx, "a")
    providers = left_to(plan)
    if providers and not plan.usable:
        return [not_ours(ctx.target, providers)]
    if not plan.usable:
        return [inconclusive(site, Reason.NO_SAMPLE)]
    if "a" not in ctx.accounts:
        return [inconclusive(site, Reason.ACCOUNT_MISSING, missing="accounts.a")]
    async with my_turn(ctx):
        done = await patient_sign_in(ctx, "a", known=False, room=True)
    pages = await _pages(done.exchanges)
    asking = next((page for page in pages if asks_code(page.document)), None)
    if asking is not None or done.state is SignInState.SECOND_FACTOR or asks_with_password(plan):
        shown = asking or done.landing
        texts = [page.document.text for page in pages] if asking is None else [asking.document.text]
        return [_asked(ctx, done.exchanges, shown), *_sms(ctx, shown, texts)]
    if done.state is not SignInState.SIGNED_IN:
        reason = Reason.RATE_LIMITED if done.state is SignInState.THROTTLED else Reason.SESSION_LOST
        return [inconclusive(site, reason)]
    declared = ctx.declared.get("login.second-factor")
    slugs = {True: "declared-not-asked", False: "not-asked"}
    slug = slugs[declared] if isinstance(declared, bool) else "not-seen"
    return [Observation(slug=slug, subject=site, facts={}, evidence=(ctx.keep(done.exchanges[-1]),))]


def asks_code(document: Document) -> bool:
    """A page that asks for nothing but a one-time code."""
    return code_form(document) is not None


def asks_with_password(plan: SignInPlan) -> bool:
    """The code is typed in the sign-in form itself, in a field marked as such: other names may be a captcha."""
    code = plan.form.code if plan.form is not None else None
    return code is not None and "one-time-code" in code.autocomplete


def offers_sms(texts: Iterable[str]) -> bool:
    """ANSSI advises against codes sent by SMS (R8)."""
    return any(SMS.search(plain(text)) for text in texts)


async def _pages(exchanges: Sequence[Exchange]) -> list[Page]:
    return [page for exchange in exchanges if (page := await parse_page(exchange)) is not None]


def _asked(ctx: CheckContext, exchanges: Sequence[Exchange], shown: Page | None) -> Observation:
    kept = ctx.keep(shown.exchange if shown is not None else exchanges[-1])
    return Observation(slug="asked", subject=ctx.target.site, facts={}, evidence=(kept,))


def _sms(ctx: CheckContext, shown: Page | None, texts: Iterable[str]) -> list[Observation]:
    if shown is None or not offers_sms(texts):
        return []
    return [Observation(slug="sms", subject=ctx.target.site, facts={}, evidence=(ctx.keep(shown.exchange),))]
