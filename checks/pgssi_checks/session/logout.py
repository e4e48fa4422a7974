"""`session.logout`: is sign-out offered everywhere, and does it end the session on the server (AA10, AA11, AA12)?"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urljoin, urlsplit

from pgssi_checks.session.ground import Ground, Lost, on_ground
from pgssi_checks.session.tokens.refresh import Renewal, Way, refresh_token
from pgssi_checks.session.walk import Walk, walk
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, inconclusive
from pgssi_probe.compare.similarity import Fingerprint, same_page_threshold
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.discovery.site import Page
from pgssi_probe.identity import Driver, Oracle, Session, SignIn, State, find_logout, plan_of, sign_out
from pgssi_probe.identity.doors import told_at
from pgssi_probe.identity.logout import addresses_in_data, by_script, leave_provider
from pgssi_probe.identity.oidc import end_session_address

MAX_URLS = 20
MAX_WAYS = 3
"""Sign-out controls that are tried one after the other while the session stays in."""
PARTIAL_VIEW = re.compile(r"popup|print|imprim|export|embed|iframe|modal|fragment|partial|ajax|\braw\b", re.IGNORECASE)
"""Addresses of what is shown inside, or beside, a page that carries the controls."""
SHELL_TEXT = 200
"""Characters below which a page with scripts and no link to read is the shell of what they draw [ours]."""
BY_CREDENTIALS = frozenset({Driver.BASIC, Driver.DIGEST})
OPPOSITES = {"login": "logout", "signin": "signout", "sign-in": "sign-out", "connexion": "deconnexion"}
FRESH = (("Cache-Control", "no-cache"), ("Pragma", "no-cache"))


def owes_a_control(page: Page) -> bool:
    """A page that people read: a fragment, a print view or a page cut short proves nothing by what it lacks, nor does
    one that says next to nothing before its scripts draw it."""
    parts, document = urlsplit(page.url), page.document
    scripted = bool(document.inline_scripts) or any(resource.tag == "script" for resource in document.resources)
    drawn = scripted and len(document.text) < SHELL_TEXT and not any(link.text.strip() for link in document.links)
    whole = not page.is_cut and not PARTIAL_VIEW.search(f"{parts.path}?{parts.query}")
    return whole and bool(document.links) and not drawn


def lacking(pages: Sequence[Page]) -> tuple[list[Page], list[Page]]:
    """The pages that owe a sign-out control, and those among them where none is recognised."""
    owing = [page for page in pages if owes_a_control(page)]
    return owing, [page for page in owing if find_logout(page.document) is None and not addresses_in_data(page)]


async def observe(ctx: CheckContext) -> list[Observation]:
    return await on_ground(ctx, _observe)


async def _observe(ground: Ground) -> list[Observation]:
    ctx = ground.ctx
    done, control = await _two_sessions(ground)
    starts = (done.landing.url if done.landing else ground.oracle.url, ground.oracle.url, ctx.target.url)
    seen = await walk(ctx, done.session, starts, int(ctx.setting("pages_max")))
    offered = await _offered(ctx, ground, seen)
    try:
        ended = await _ended(ctx, ground, done, control, seen)
    except Lost as lost:
        ended = inconclusive(ctx.target.site, lost.reason)
    if ended.reason is not None:  # half a pass would read as a whole one
        offered = [observation for observation in offered if observation.slug == "no-control"]
    return [*offered, ended]


async def _two_sessions(ground: Ground) -> tuple[SignIn, SignIn | None]:
    """The session to sign out of, and another that must live; None where an application refuses a second session."""
    first = await ground.open()
    try:
        return await ground.open(), first
    except Lost as lost:
        if lost.reason is not Reason.BLOCKED:
            raise
        return first, None


async def _offered(ctx: CheckContext, ground: Ground, seen: Walk) -> list[Observation]:
    owing, without = lacking(seen.pages)
    private = [page for page in without if not await _is_public(ground, page)]
    pages = len(owing) - (len(without) - len(private))
    if not pages:
        return []  # only data, or pages for everyone: no place for a control, and the end of the session stands alone
    if private:
        urls = [page.url for page in private][:MAX_URLS]
        facts = {"count": len(private), "pages": pages, "urls": [*urls]}
        kept = (ctx.keep(private[0].exchange),)
        return [Observation(slug="no-control", subject=ctx.target.site, facts=facts, evidence=kept)]
    return [Observation(slug="offered", subject=ctx.target.site, facts={"pages": pages})]


async def _is_public(ground: Ground, page: Page) -> bool:
    """The same page is given to anyone: a signed-in one owes the control, a leaflet does not."""
    anonymous = (await ground.visitor().get(page.url)).response
    own = page.exchange.response
    if anonymous is None or own is None or anonymous.status != 200:
        return False
    return Fingerprint.of(anonymous.text).similarity(Fingerprint.of(own.text)) >= same_page_threshold(None)


async def _ended(ctx: CheckContext, ground: Ground, done: SignIn, control: SignIn | None, seen: Walk) -> Observation:
    """Sign out, then ask again with what the session was made of, as whoever kept a copy would."""
    session = done.session
    if not await ground.is_in(session):
        raise Lost(Reason.SESSION_LOST)
    if await _without_session(ctx, ground, session):
        return Observation(slug="credentials-alone", subject=ctx.target.site)
    busts = await _cache_is_avoidable(ground, session)
    refresh = await _renewable(ctx, done, control)
    saved = session.fork()
    async with ground.door:
        left = await _leave(ground, done, seen)
    if left is None:
        return await _no_way_out(ctx)
    kept = [name for name in session.cookie_names if session.jar.value(name) == saved.jar.value(name)]
    began, waited = ctx.clock.monotonic(), 0.0
    for delay in [float(one) for one in ctx.setting("replays_seconds")]:
        await ctx.clock.sleep(max(0.0, began + delay - ctx.clock.monotonic()))
        waited = delay
        if await _replayed(ground, saved, busts=busts):
            return await _survived(ctx, ground, session, saved, left, waited)
        if refresh is not None and await refresh.renew():
            return await _reopened(ctx, ground, refresh, left, waited)
    await _vouch(ground, control)
    facts = {"seconds": int(waited), "kept": [*kept] or None, "refresh": refresh is not None}
    return Observation(slug="ended", subject=ctx.target.site, facts=facts, evidence=(ctx.keep(left[-1]),))


async def _without_session(ctx: CheckContext, ground: Ground, session: Session) -> bool:
    """Whether the credentials that go with every request (HTTP Basic, Digest) open the page without any cookie: there
    is nothing that a sign-out could end, and whoever keeps a request keeps the password."""
    plan = await plan_of(ctx, ground.label)
    if plan.driver not in BY_CREDENTIALS and not plan.basic_at:
        return False
    bare = session.fork()
    for name in session.cookie_names:
        bare = bare.without_cookie(name)
    return await ground.is_in(bare)


def fresh(oracle: Oracle) -> Oracle:
    """The oracle at an address that no cache has seen."""
    sign = "&" if urlsplit(oracle.url).query else "?"
    return replace(oracle, url=f"{oracle.url}{sign}_={secrets.token_hex(6)}")


async def _cache_is_avoidable(ground: Ground, session: Session) -> bool:
    """Whether the page takes one more parameter: the session is seen in with it."""
    return await fresh(ground.oracle).state(session.with_headers(*FRESH)) is State.IN


async def _replayed(ground: Ground, saved: Session, *, busts: bool) -> bool:
    """The saved session is let in, by an answer that comes from the application and not from a cache."""
    if not await ground.is_in(saved.with_headers(*FRESH)):
        return False
    return not busts or await fresh(ground.oracle).state(saved.with_headers(*FRESH)) is State.IN


async def _renewable(ctx: CheckContext, done: SignIn, control: SignIn | None) -> Renewal | None:
    """The refresh token of the session, untouched, with the way that the control's own was taken; None without both."""
    own = Renewal.of(done, ctx)
    if control is None or own.token is None:
        return None
    other = Renewal.of(control, ctx)
    if not await other.renew():
        return None
    return Renewal(own.session, own.token, other.way)


async def _reopened(
    ctx: CheckContext, ground: Ground, refresh: Renewal, left: Sequence[Exchange], waited: float
) -> Observation:
    """The refresh token gave another token: said when it opens the account, twice, where nobody else is let in."""
    way = refresh.way
    if way is None or not await ground.is_in(refresh.session) or await ground.is_in(ground.visitor()):
        raise Lost(Reason.UNSTABLE_TARGET)
    if not await ground.is_in(refresh.session):
        raise Lost(Reason.UNSTABLE_TARGET)
    facts = {"seconds": int(waited), "moment": str(int(waited)), "url": way.url}
    return Observation(slug="refresh-still-valid", subject=ctx.target.site, facts=facts, evidence=(ctx.keep(left[0]),))


async def _no_way_out(ctx: CheckContext) -> Observation:
    """Nothing was found that signs out. For an OpenID provider it is said why: a client is sent to the address of its
    discovery document, which names none."""
    provider = (await plan_of(ctx, "a")).provider
    if provider is None:
        return inconclusive(ctx.target.site, Reason.NO_SAMPLE)
    return inconclusive(ctx.target.site, Reason.NO_SAMPLE, missing="end_session_endpoint")


async def _leave(ground: Ground, done: SignIn, seen: Walk) -> tuple[Exchange, ...] | None:
    """Sign out as a person would: by a declared address, else where an OpenID provider has its clients send people,
    else by the control of a page asked for just now, else by what a page gives its scripts, else, where scripts draw
    the pages, by the address that goes with that of the sign-in."""
    ctx, session = ground.ctx, done.session
    declared = told_at(ctx.declared, ground.label).get("login.logout_url")
    if isinstance(declared, str) and declared:
        return await _at(urljoin(ctx.target.url, declared), done)
    plan = await plan_of(ctx, ground.label)
    if plan.provider is not None:
        url = end_session_address(plan.provider, done.exchanges)
        return await leave_provider(session, url) if url is not None else None
    first: tuple[Exchange, ...] | None = None
    for page in _offering(seen):
        shown = await parse_page(await session.get(page.url)) or page
        left = await sign_out(session, shown)
        first = first or left
        if left is not None and (session.header_names or not await ground.is_in(session)):
            return left
        for request in by_script(session, shown):
            left = await session.follow(request)
            if not await ground.is_in(session):
                return left
    taken = plan.accepted[0].url if plan.accepted else plan.url
    beside = logout_beside(taken) if plan.driver in {Driver.JSON, Driver.FORM} else None
    told = dict.fromkeys(url for page in seen.pages for url in addresses_in_data(page))
    for url in [*list(told)[:MAX_WAYS], *([beside] if beside else [])] if _refused(first) else ():
        left = await _at(url, done)
        first = left if _refused(first) else first
        if session.header_names or not await ground.is_in(session):
            return left
    return first


async def _at(url: str, done: SignIn) -> tuple[Exchange, ...] | None:
    """Sign out at an address; where it refuses an empty request, by what many APIs want to be handed back then: the
    refresh token that the sign-in gave (Directus, lists of revoked tokens)."""
    left = await sign_out(done.session, None, url=url)
    token = refresh_token(done) if _refused(left) and done.session.header_names else None
    if token is None:
        return left
    again = await done.session.follow(Way(url, "json", token.key).request(token.value))
    return left if _refused(again) else again


def _refused(left: Sequence[Exchange] | None) -> bool:
    """No sign-out was asked for, or every answer to it was an error: a control may lead nowhere."""
    return left is None or all((one.status or 500) >= 400 for one in left)


def _offering(seen: Walk) -> list[Page]:
    """One page for each control that was met: the first may lead nowhere."""
    found: dict[str, Page] = {}
    for page in seen.pages:
        control = find_logout(page.document)
        if control is not None:
            found.setdefault(control.url.partition("?")[0], page)
    return list(found.values())[:MAX_WAYS]


def logout_beside(endpoint: str) -> str | None:
    """`/api/login` -> `/api/logout`: what usually ends the sessions that an endpoint opens; None for other names."""
    place = endpoint.partition("?")[0]
    head, slash, last = place.rstrip("/").rpartition("/")
    end = "/" if place.endswith("/") else ""
    for opening, closing in OPPOSITES.items():
        if opening in last.lower():
            return f"{head}{slash}{last.lower().replace(opening, closing)}{end}"
    return None


async def _survived(
    ctx: CheckContext, ground: Ground, session: Session, saved: Session, left: Sequence[Exchange], waited: float
) -> Observation:
    """The old token is let in: said only when the sign-out took place, twice, and nobody else is let in."""
    if _refused(left) or (not _acknowledged(session, left) and await ground.is_in(session)):
        return inconclusive(ctx.target.site, Reason.NO_SAMPLE)  # the browser is still in: sign-out was not understood
    if await ground.is_in(ground.visitor()) or not await ground.is_in(saved.with_headers(*FRESH)):
        raise Lost(Reason.UNSTABLE_TARGET)
    replayed = await saved.with_headers(*FRESH).get(ground.oracle.url)
    facts = {"seconds": int(waited), "moment": str(int(waited)), "url": ground.oracle.url}
    kept = (ctx.keep(left[0]), ctx.keep(replayed))
    return Observation(slug="still-valid", subject=ctx.target.site, facts=facts, evidence=kept)


def _acknowledged(session: Session, left: Sequence[Exchange]) -> bool:
    """An API that takes a token in a header says that it signed out: it is the script that forgets the token. A page
    shown at once to a GET says nothing: scripted applications (Cockpit) show theirs at every address."""
    first = left[0]
    shown = len(left) == 1 and first.request.method == "GET" and first.response is not None and first.response.is_html
    return bool(session.header_names) and not shown and all((one.status or 500) < 400 for one in left)


async def _vouch(ground: Ground, control: SignIn | None) -> None:
    """Was it sign-out that ended the session? A session of the same account that goes on says so; where an application
    ends them all, a new sign-in says at least that neither the account nor our address was shut out."""
    if control is None or not await ground.is_in(control.session):
        await ground.open()
