"""`csrf`: could another site act through the browser of a signed-in user (CR2)?

Reading the forms gives hints: a server may look at where a request comes from, which a form does not show. Proof comes
only from a form that the operator declared harmless.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urljoin

from pydantic import JsonValue

from pgssi_checks.csrf.forms import (
    ActingForm,
    acting_forms,
    counterpart,
    may_hold_a_token,
    token_by_script,
    token_fields,
)
from pgssi_checks.csrf.proving import Proof
from pgssi_checks.session.ground import Ground, Lost, on_ground
from pgssi_checks.session.tokens.bearing import CREDENTIALS, Bearing, bearings
from pgssi_checks.session.walk import walk
from pgssi_probe.check import CheckContext, Observation, Reason, Request, inconclusive
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.discovery.site import Form, Page
from pgssi_probe.identity import Session, SignIn, SignInState, carriers, sign_in

MAX_URLS = 20
RESTRICTIVE = frozenset({"lax", "strict"})


async def observe(ctx: CheckContext) -> list[Observation]:
    return await on_ground(ctx, _observe)


async def _observe(ground: Ground) -> list[Observation]:
    ctx = ground.ctx
    done = await ground.open()
    proved = await carriers(done.session, ground.oracle, ground.another)
    if not proved:
        raise Lost(Reason.NO_SAMPLE)
    found = bearings(proved)
    by_hand = [one for one in found if _added_by_hand(one, done.session)]
    if by_hand and (len(by_hand) == len(found) or all(carrier.needed for carrier in proved)):
        return [Observation(slug="no-cookie", subject=by_hand[0].subject)]
    guarded = {one.name: _same_site(one, done.session) for one in found}
    needed = all(carrier.needed for carrier in proved)
    restricted = [value in RESTRICTIVE for value in guarded.values()]
    browser_guards = any(restricted) if needed else all(restricted)
    starts = (done.landing.url if done.landing else ground.oracle.url, ground.oracle.url, ctx.target.url)
    seen = await walk(ctx, done.session, starts, int(ctx.setting("pages_max")))
    observations = [
        *await _forms(ground, (*([done.landing] if done.landing else []), *seen.pages), guarded, browser_guards),
        *await _sign_in_form(ground, done),
    ]
    declared = await _declared(ground, done.session, browser_guards)
    if declared is not None:
        observations = [one for one in observations if one.reason is not Reason.NO_SAMPLE] + [declared]
    return observations


def _added_by_hand(bearing: Bearing, session: Session) -> bool:
    """A header that only a script of the site adds; credentials of HTTP are added by the browser itself."""
    return not bearing.is_cookie and bearing.scheme(session).lower() not in CREDENTIALS


def _same_site(bearing: Bearing, session: Session) -> str:
    """The SameSite of a cookie, "" for none; "" for credentials of HTTP too."""
    values = {cookie.same_site for cookie in session.jar if bearing.is_cookie and cookie.name == bearing.name}
    return values.pop() if len(values) == 1 else ""


async def _forms(
    ground: Ground, pages: Sequence[Page], guarded: dict[str, str], browser_guards: bool
) -> list[Observation]:
    ctx = ground.ctx
    forms: dict[tuple[str, tuple[str, ...]], ActingForm] = {}
    scripted: set[str] = set()
    for page in pages:
        if token_by_script(page.document):
            scripted.add(page.url)
        for one in acting_forms(page.url, page.document):
            if ctx.network.in_scope(one.form.action):
                forms.setdefault(one.key, one)
    if not forms:
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    bare = [one for one in forms.values() if not token_fields(one.form) and one.page not in scripted]
    bare = await _without_token_elsewhere(ground, bare)
    sent_to = list(dict.fromkeys(one.form.action for one in bare))[:MAX_URLS]
    facts: dict[str, JsonValue] = {
        "forms": len(forms),
        "count": len(bare),
        "urls": [*sent_to],
        "same_site": [*sorted({value or "none" for value in guarded.values()})],
    }
    where = list(dict.fromkeys(one.page for one in bare))[:MAX_URLS]
    kept = (ctx.keep_facts("forms", {**facts, "pages": [*where]}),)
    slug = "tokens" if not bare else "same-site-only" if browser_guards else "no-token"
    return [Observation(slug=slug, subject=ctx.target.site, facts=facts, evidence=kept)]


async def _without_token_elsewhere(ground: Ground, bare: list[ActingForm]) -> list[ActingForm]:
    """A random hidden value that is another in another session is a token, whatever its name."""
    doubtful = list(dict.fromkeys(one.page for one in bare if may_hold_a_token(one.form)))
    if not doubtful:
        return bare
    other = (await ground.open()).session
    again: list[ActingForm] = []
    for url in doubtful[: int(ground.ctx.setting("compared_max"))]:
        page = await parse_page((await other.follow(Request("GET", url), hops=2))[-1])
        again += acting_forms(url, page.document) if page is not None else ()
    return [one for one in bare if not token_fields(one.form, counterpart(one, again))]


async def _sign_in_form(ground: Ground, done: SignIn) -> list[Observation]:
    """Someone else's account may be opened in a user's browser by a sign-in form without a token."""
    ctx = ground.ctx
    for exchange in done.exchanges:
        page = await parse_page(exchange) if exchange.request.method == "GET" else None
        form = next((form for form in page.document.forms if form.has_password), None) if page else None
        if page is None or form is None or form.method != "POST":
            continue
        tokens = token_fields(form)
        if not tokens and may_hold_a_token(form):
            tokens = token_fields(form, await _for_somebody_else(ground, page.url))
        if not tokens and (may_hold_a_token(form) or token_by_script(page.document)):
            return []
        facts: dict[str, JsonValue] = {"url": page.url}
        slug = "sign-in-token" if tokens else "sign-in-no-token"
        return [Observation(slug=slug, subject=ctx.target.site, facts=facts, evidence=(ctx.keep(exchange),))]
    return []


async def _for_somebody_else(ground: Ground, url: str) -> Form | None:
    """The sign-in form of a page as another visitor is given it."""
    page = await parse_page((await ground.visitor().follow(Request("GET", url), hops=2))[-1])
    return next((form for form in page.document.forms if form.has_password), None) if page is not None else None


async def _declared(ground: Ground, own: Session, browser_guards: bool) -> Observation | None:
    """The proof, when a harmless form is declared; None otherwise."""
    ctx = ground.ctx
    page, field = ctx.declared.get("csrf.page"), ctx.declared.get("csrf.field")
    values = ctx.declared.get("csrf.values")
    if not (isinstance(page, str) and isinstance(field, str) and isinstance(values, list) and len(values) >= 2):
        return None
    url = urljoin(ctx.target.url, page)
    if not ctx.network.in_scope(url):
        return inconclusive(ctx.target.site, Reason.OUT_OF_SCOPE)
    other = await _another(ground)
    proof = Proof(ground, url, field, (str(values[0]), str(values[1])), own, other)
    try:
        accepted, tried = await proof.run()
    except Lost as lost:
        return inconclusive(ctx.target.site, lost.reason)
    facts: dict[str, JsonValue] = {"url": url, "ways": [*(accepted or tried)], "count": len(accepted or tried)}
    kept = [ctx.keep_facts("forged", {**facts, "tried": [*tried]})]
    if proof.written is not None:
        kept.append(ctx.keep(proof.written))
    slug = "verified" if not accepted else "token-not-checked" if browser_guards else "forgery-accepted"
    return Observation(slug=slug, subject=ctx.target.site, facts=facts, evidence=tuple(kept))


async def _another(ground: Ground) -> Session | None:
    """A session of another account: what it was given an attacker may have."""
    if "b" not in ground.ctx.accounts:
        return None
    async with ground.door:
        signed = await sign_in(ground.ctx, "b")
    return signed.session if signed.state is SignInState.SIGNED_IN else None
