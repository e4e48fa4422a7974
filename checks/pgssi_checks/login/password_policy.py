"""`login.password-policy` (AA4): what pages require of a password that is created or changed.

Nothing is submitted, unless the engagement lets a weak password be tried on the sacrificed account and put back
(`login.password-change`): see `password_trial`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_plus, urljoin, urlsplit

from pydantic import JsonValue

from pgssi_checks.login.change_form import change_form
from pgssi_checks.login.left_elsewhere import left_to, not_ours
from pgssi_checks.login.password_rules import Rules, blocks_paste, new_password_fields, rules_of
from pgssi_checks.login.password_trial import FAILURES, LEAST, SUFFIX, Trial, weak_of
from pgssi_checks.login.wrong_passwords import ALLOWANCE, SACRIFICE
from pgssi_checks.session.sharing.lane import my_turn
from pgssi_checks.session.sharing.patience import patient_sign_in
from pgssi_probe.check import CheckContext, Level, Observation, Reason, Request, Subject, inconclusive
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.danger import is_dangerous_link, words_of
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.discovery.site import Form, Link, Page
from pgssi_probe.identity import SignInState, plan_of
from pgssi_probe.identity.plan import OWN_ONLY

ACCOUNT_PAGES: Final = re.compile(
    r"\b(?:password|passwords|mot de passe|passe|profile?|profil|account|compte|settings|parametres|preferences"
    r"|securite|security|user ?info|my account)\b"
)
MAX_FORMS: Final = 10


@dataclass(frozen=True, slots=True)
class Found:
    """A form in which a password is chosen, and what its page requires."""

    page: Page
    form: Form
    rules: Rules
    paste_blocked: bool


def found_in(pages: Iterable[Page]) -> list[Found]:
    """Each such form once, by its address. Pure."""
    found: dict[tuple[str, tuple[str, ...]], Found] = {}
    for page in pages:
        parts = urlsplit(page.url)
        words = words_of(f"{unquote_plus(parts.path)} {unquote_plus(parts.query)} {page.document.title}")
        response = page.exchange.response
        for form in page.document.forms:
            fields = new_password_fields(form, words)
            if fields:
                paste = blocks_paste(response.text if response else "")
                key = form.action or page.url, tuple(field.name for field in fields)
                found.setdefault(key, Found(page, form, rules_of(page.document, form, fields), paste))
    return list(found.values())[:MAX_FORMS]


def slugs_of(one: Found, alone: float, restricted: float, longest: int) -> list[str]:
    """Outcomes of a form. Bits are rounded as the CNIL rounds: twelve characters of four kinds are 80."""
    rules, slugs = one.rules, []
    if rules.bits is not None:
        bits = round(rules.bits)
        slugs.append("strong" if bits >= alone else "with-restriction" if bits >= restricted else "too-short")
    if rules.most is not None and rules.most < longest:
        slugs.append("short-maximum")
    return [*slugs, "paste-blocked"] if one.paste_blocked else slugs


async def observe(ctx: CheckContext) -> list[Observation]:
    site = await ctx.collect(SITE)
    async with my_turn(ctx):
        signed_in, pages = await _account_pages(ctx, "a")
        tried = await _tried(ctx)
    forms = found_in([*pages, *site.pages])
    settings = (float(ctx.setting("alone_bits")), float(ctx.setting("restricted_bits")), int(ctx.setting("longest")))
    found = [_observation(ctx, one, slug) for one in forms for slug in slugs_of(one, *settings)]
    if found or tried:
        return [*found, *tried]
    if providers := left_to(await plan_of(ctx, "a")):
        return [not_ours(ctx.target, providers)]
    reason = Reason.NO_SAMPLE if signed_in or "a" not in ctx.accounts else Reason.SESSION_LOST
    return [inconclusive(ctx.target.site, reason, forms=len(forms))]


def _observation(ctx: CheckContext, one: Found, slug: str) -> Observation:
    kinds: list[JsonValue] = [*sorted(one.rules.kinds)]
    facts: dict[str, JsonValue] = {
        "least": one.rules.least,
        "most": one.rules.most,
        "kinds": kinds or None,
        "signs": one.rules.signs,
        "bits": round(one.rules.bits) if one.rules.bits is not None else None,
    }
    subject = Subject(kind="form", name=one.form.action or one.page.url)
    return Observation(slug=slug, subject=subject, facts=facts, evidence=(ctx.keep(one.page.exchange),))


async def _tried(ctx: CheckContext) -> list[Observation]:
    """The trial of a weak password, where all that it wants is there; else what is missing, when asked for."""
    if ctx.declared.get("login.password-change") is not True:
        return []
    site, plan = ctx.target.site, await plan_of(ctx, SACRIFICE)
    if not ctx.allows(Level.INTRUSIVE):
        return [inconclusive(site, Reason.LEVEL_EXCLUDED, declare="intrusive")]
    own = ctx.accounts.get(SACRIFICE)
    others = {one.username for label, one in ctx.accounts.items() if label != SACRIFICE}
    if own is None or own.password is None or own.username in others:
        return [inconclusive(site, Reason.ACCOUNT_MISSING, missing="accounts.sacrifice")]
    if not str(ctx.declared.get("login.unlock-contact") or "").strip():
        return [inconclusive(site, Reason.UNDECLARED, declare="login.unlock-contact")]
    if plan.federated or plan.driver in OWN_ONLY or left_to(plan):
        return []
    allowance = await ctx.collect(ALLOWANCE)
    password = own.password.reveal()
    if allowance.left < FAILURES or len(password) < LEAST or weak_of(password) == password:
        return [inconclusive(site, Reason.BUDGET_EXHAUSTED, account=SACRIFICE)]
    _, pages = await _account_pages(ctx, SACRIFICE)
    form = next((found for page in pages if (found := change_form(page)) is not None), None)
    if form is None or not form.takes(len(password + SUFFIX)) or not ctx.network.in_scope(form.form.action):
        return [inconclusive(site, Reason.NO_SAMPLE, missing="password-form")]
    return await Trial(ctx, allowance, form.page.url, password).run()


async def _account_pages(ctx: CheckContext, label: str) -> tuple[bool, list[Page]]:
    """Whether the account signed in, and the pages that it meets on the way to changing its password."""
    if label not in ctx.accounts or not (await plan_of(ctx, label)).usable:
        return False, []
    done = await patient_sign_in(ctx, label, known=False, room=label != SACRIFICE)
    if done.state is not SignInState.SIGNED_IN:
        return False, []
    limit = int(ctx.setting("pages_max"))
    pages = [done.landing] if done.landing is not None else []
    declared = ctx.declared.get("login.password-url")
    if isinstance(declared, str) and declared and ctx.network.in_scope(url := urljoin(ctx.target.url, declared)):
        read = await parse_page((await done.session.follow(Request("GET", url), 2))[-1])
        pages = [read, *pages] if read is not None else pages
    seen = {page.url for page in pages}
    for page in pages:  # grows while it is read: a profile leads to the page of the password
        for link in sorted(page.document.links, key=_names_password, reverse=True):
            parts = urlsplit(link.url)
            words = f"{words_of(link.text[:80])} {words_of(unquote_plus(f'{parts.path} {parts.query}'))}"
            wanted = link.url not in seen and ACCOUNT_PAGES.search(words) and ctx.network.in_scope(link.url)
            if not wanted or is_dangerous_link(link) or len(seen) > limit:
                continue
            seen.add(link.url)
            read = await parse_page((await done.session.follow(Request("GET", link.url), 2))[-1])
            if read is not None and read.exchange.status == 200:
                pages.append(read)
    return True, pages


def _names_password(link: Link) -> bool:
    return bool({"password", "passe"} & set(words_of(f"{link.text[:80]} {link.url}").split()))
