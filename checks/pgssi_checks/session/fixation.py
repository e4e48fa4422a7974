"""`session.fixation`: does a session id set before sign-in open the account after it (AA10, AA11)?

An id that is kept proves nothing: it is accused only when it gives access by itself, in a client that never signed in,
and twice.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping

from pydantic import JsonValue

from pgssi_checks.session.ground import Ground, Lost, on_ground
from pgssi_checks.session.tokens.tampering import randomised
from pgssi_probe.check import CheckContext, Observation, Reason, Request
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.site import Site
from pgssi_probe.identity import Driver, Session, carriers, plan_of
from pgssi_probe.identity.vocabulary import SIGN_IN as SIGN_IN_WORDS
from pgssi_probe.identity.vocabulary import address_words

ALPHABET = string.ascii_lowercase + string.digits
LENGTH = 32
MAX_ENTRANCES = 2


def chosen_value(model: str | None) -> str:
    """What an attacker would set: the shape of a genuine value when one was seen, its letters and digits changed."""
    if model:
        return randomised(model, secrets.SystemRandom())
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


async def observe(ctx: CheckContext) -> list[Observation]:
    return await on_ground(ctx, _observe)


async def _observe(ground: Ground) -> list[Observation]:
    ctx = ground.ctx
    before = ground.visitor()
    await _visit(ctx, ground, before)
    known = before.fork()  # all that someone else may have planted or read
    done = await ground.open(session=before)
    session = done.session
    same = [name for name in known.cookie_names if known.jar.value(name) == session.jar.value(name)]
    opens = await _opens(ground, known)  # before the trials of what carries it, some of which may close it
    bearing = await carriers(session, ground.oracle, ground.another)
    if not bearing:  # lost meanwhile, as a server that suffers may lose one: another tells as well
        session = await ground.another()
        bearing = await carriers(session, ground.oracle, ground.another)
    cookies = [carrier.name for carrier in bearing if carrier.kind == "cookie"]
    facts: dict[str, JsonValue] = {"carriers": [carrier.name for carrier in bearing], "same": [*same]}
    if opens and await _opens_again(ctx, ground):
        return [_judged(ctx, "kept", {**facts, "cookies": [*same]})]
    if not bearing:
        raise Lost(Reason.NO_SAMPLE)
    if not cookies:
        return [_judged(ctx, "no-cookie", facts)]
    if await _adopted(ctx, ground, cookies, session) and await _adopted(ctx, ground, cookies, session):
        return [_judged(ctx, "chosen-kept", {**facts, "cookies": [*cookies]})]
    if not await ground.is_in(ground.opened[-1]):  # the last one: some applications keep no other
        raise Lost(Reason.SESSION_LOST)
    return [_judged(ctx, "renewed", {**facts, "cookies": [*cookies]})]


async def _visit(ctx: CheckContext, ground: Ground, visitor: Session) -> None:
    """What a visitor is given before signing in: the home page, and the page of the sign-in form; where scripts send
    the credentials, the pages that are named for signing in."""
    plan = await plan_of(ctx, ground.label)
    urls = [ctx.target.url, plan.page_url or plan.url or ground.oracle.url]
    if plan.driver is not Driver.FORM:
        urls += _entrances(await ctx.collect(SITE))
    for url in dict.fromkeys(urls):
        await visitor.follow(Request("GET", url))


def _entrances(site: Site) -> list[str]:
    """Addresses of the first pages of the site that are named for signing in."""
    return [page.url for page in site.pages if SIGN_IN_WORDS.search(address_words(page.url))][:MAX_ENTRANCES]


async def _opens(ground: Ground, known: Session) -> bool:
    """Cookies known before sign-in are let in, where a visitor without any is not."""
    return bool(known.cookie_names) and await ground.is_in(known.fork()) and not await ground.is_in(ground.visitor())


async def _opens_again(ctx: CheckContext, ground: Ground) -> bool:
    before = ground.visitor()
    await _visit(ctx, ground, before)
    known = before.fork()
    await ground.open(session=before)
    return await _opens(ground, known)


async def _adopted(ctx: CheckContext, ground: Ground, names: list[str], genuine: Session) -> bool:
    """Values of our own, planted before the first request, still carry the session after sign-in."""
    visitor = attacker = ground.visitor()
    for name in names:
        value = chosen_value(genuine.jar.value(name))
        visitor = visitor.with_cookie(name, value, ctx.target.url)
        attacker = attacker.with_cookie(name, value, ctx.target.url)
    await _visit(ctx, ground, visitor)
    try:
        await ground.open(session=visitor, patient=False)
    except Lost as lost:
        if lost.reason in {Reason.BLOCKED, Reason.SESSION_LOST}:
            return False  # an application that refuses a made-up cookie outright does not adopt it
        raise
    return await _opens(ground, attacker)


def _judged(ctx: CheckContext, slug: str, facts: Mapping[str, JsonValue]) -> Observation:
    """Names of cookies only: values stay in memory."""
    kept = ctx.keep_facts("before-and-after", facts)
    return Observation(slug=slug, subject=ctx.target.site, facts=dict(facts), evidence=(kept,))
