"""`session.last-login-display`: are users told when their account last signed in, and rightly (AA9)?

Where two sessions in a row are shown no date at all, there is nothing to wait for. Otherwise three sign-ins,
far enough apart that no date fits two of them. Other checks may sign the same account in meanwhile: every instant at
which it sent a form is known from the transcript, and none may be near a sign-in of this check.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import JsonValue

from pgssi_checks.session.ground import Ground, on_ground
from pgssi_checks.session.last_sign_in import Shown, Visit, readable, shown_in, slug_of
from pgssi_checks.session.walk import walk
from pgssi_probe.check import CheckContext, Exchange, Observation, Request
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.discovery.site import Page
from pgssi_probe.identity import SignIn, find_logout, sign_out

JSON_CAP = 100_000


async def observe(ctx: CheckContext) -> list[Observation]:
    return await on_ground(ctx, _observe)


async def _observe(ground: Ground) -> list[Observation]:
    ctx = ground.ctx
    since = ctx.clock.now()
    done = await ground.open()
    visits: list[Visit] = []
    while len(visits) < 2 and not any(visit.says_anything for visit in visits):
        await _leave(ground, done)
        done = await ground.open()
        visits.append(await _read(ground, done, ()))
    if any(visit.says_anything for visit in visits):
        visits.clear()
    while len(visits) < 2:
        await _leave(ground, done)
        await ground.quiet(float(ctx.setting("gap_seconds")), float(ctx.setting("patience_seconds")))
        known = ground.posts(since)
        since = ctx.clock.now()
        done = await ground.open()
        visits.append(await _read(ground, done, known))
    slug = slug_of(visits)
    said = next((one.excerpt for visit in visits for one in (*visit.first, *visit.rest)), None)
    kept = ctx.keep_facts(
        "shown",
        {"right": [visit.right for visit in visits], "shown": [len(visit.first) for visit in visits], "text": said},
    )
    evidence = [kept, *([ctx.keep(done.exchanges[-1], excerpt=said)] if said or slug == "missing" else [])]
    facts: dict[str, JsonValue] = {"text": said}
    return [Observation(slug=slug, subject=ctx.target.site, facts=facts, evidence=tuple(evidence))]


async def _leave(ground: Ground, done: SignIn) -> None:
    """Sign out when the page offers it: some applications write the date of a session when it ends."""
    page = await parse_page(await done.session.get(ground.oracle.url))
    if page is not None and find_logout(page.document) is not None:
        async with ground.door:
            await sign_out(done.session, page)


async def _read(ground: Ground, done: SignIn, known: tuple[datetime, ...]) -> Visit:
    ctx = ground.ctx
    first: list[Shown] = [*_shown(done.exchanges[-1], done.landing)] if done.exchanges else []
    for url in dict.fromkeys((ground.oracle.url, ctx.target.url)):
        chain = await done.session.follow(Request("GET", url))
        first += _shown(chain[-1], await parse_page(chain[-1]))
    further = await walk(ctx, done.session, (ground.oracle.url,), int(ctx.setting("pages_max")))
    pages = {page.url: page for page in further.pages}
    rest = [shown for sent in further.exchanges for shown in _shown(sent, pages.get(sent.url))]
    return Visit(known, tuple(first), tuple(rest))


def _shown(exchange: Exchange, page: Page | None) -> tuple[Shown, ...]:
    response = exchange.response
    if response is None:
        return ()
    if page is not None:
        return shown_in(page.document.text, exchange.started)
    if response.media_type.endswith("json"):
        return shown_in(readable(response.text[:JSON_CAP]), exchange.started)
    return ()
