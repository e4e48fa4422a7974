"""`session.token-in-url`: nothing that opens a session, nor says who one is, stands in an address (AA2, DT6).

Addresses end in histories, in the logs of every relay, and in the Referer of what a page loads.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from pydantic import JsonValue

from pgssi_checks.session.addresses import Address, addresses, personal_kinds, session_parameter, without
from pgssi_checks.session.ground import Ground, on_ground
from pgssi_checks.session.tokens.bearing import bearings
from pgssi_checks.session.walk import walk
from pgssi_probe.check import CheckContext, Observation
from pgssi_probe.identity import carriers

MAX_URLS = 20


async def observe(ctx: CheckContext) -> list[Observation]:
    return await on_ground(ctx, _observe)


async def _observe(ground: Ground) -> list[Observation]:
    ctx = ground.ctx
    done = await ground.open()
    session = done.session
    found = bearings(await carriers(session, ground.oracle, ground.another))
    tokens = {bearing.token(session) for bearing in found if bearing.is_token(session)}
    starts = (done.landing.url if done.landing else ground.oracle.url, ground.oracle.url)
    seen = await walk(ctx, session, starts, int(ctx.setting("pages_max")))
    tokens |= {bearing.token(session) for bearing in found if bearing.is_token(session)}
    pages = (*([done.landing] if done.landing else []), *seen.pages)
    own = [one for one in addresses((*done.exchanges, *seen.exchanges), pages) if ctx.network.in_scope(one.url)]
    return _judged(ctx, list(dict.fromkeys(own)), tokens)


def _judged(ctx: CheckContext, own: Sequence[Address], tokens: set[str]) -> list[Observation]:
    carried = {marked: one.kind for one in own if (marked := without(one.url, tokens)) is not None}
    named = {_bare(one.url): name for one in own if (name := session_parameter(one.url)) is not None}
    personal = {_bare(one.url): kinds for one in own if (kinds := personal_kinds(one.url))}
    observations = []
    if carried:
        observations.append(_said(ctx, "token", [*carried], kinds=sorted(set(carried.values()))))
    elif named:
        observations.append(_said(ctx, "session-parameter", [*named], kinds=sorted(set(named.values()))))
    if personal:
        seen = sorted({kind for kinds in personal.values() for kind in kinds})
        observations.append(_said(ctx, "personal-data", [*personal], kinds=seen))
    if not observations:
        facts: dict[str, JsonValue] = {"count": len(own)}
        observations.append(Observation(slug="clean", subject=ctx.target.site, facts=facts))
    return observations


def _bare(url: str) -> str:
    """The address without what its query and its path parameters hold."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path.partition(';')[0]}" + ("?…" if parts.query else "")


def _said(ctx: CheckContext, slug: str, urls: list[str], *, kinds: list[str]) -> Observation:
    facts: dict[str, JsonValue] = {"count": len(urls), "urls": [*urls[:MAX_URLS]], "kinds": [*kinds]}
    kept = ctx.keep_facts("addresses", facts)
    return Observation(slug=slug, subject=ctx.target.site, facts=facts, evidence=(kept,))
