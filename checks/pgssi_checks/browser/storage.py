"""`browser.storage`: what the browser keeps of a signed-in account where scripts read it (RECOWEB R23, R24, R26)."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote

from pydantic import JsonValue

from pgssi_checks.browser.inside import Inside, signed_in
from pgssi_checks.session.ground import Ground, on_ground
from pgssi_probe.browser import Digests, Dump, Kept, Place
from pgssi_probe.check import CheckContext, Observation, Reason, inconclusive
from pgssi_probe.compare.marks import Marks

MAX_SHOWN = 20
STORES = (Place.LOCAL, Place.SESSION, Place.DATABASE)


def holding_token(entries: Sequence[Kept], tokens: frozenset[str]) -> list[Kept]:
    """Entries in which what carries the session stands, as it is or within more (`Bearer …`, JSON)."""
    return [
        entry for entry in entries if any(token in entry.value or token in unquote(entry.value) for token in tokens)
    ]


def holding_marks(entries: Sequence[Kept], marks: Marks) -> list[Kept]:
    return [entry for entry in entries if marks.inside(entry.value) or marks.inside(unquote(entry.value))]


def in_cookies_of_scripts(dump: Dump, tokens: frozenset[str]) -> list[Kept]:
    """Cookies that scripts read, and in which they keep what they put into headers (RabbitMQ: user name and password),
    perhaps encoded twice: no place for it, unlike a cookie that carries the session by itself."""
    bare = frozenset(token.rstrip("=") for token in tokens)  # padding is what encoding changes
    return holding_token([entry for entry in dump.of(Place.COOKIE) if entry.script], bare)


def judge(
    dump: Dump, tokens: frozenset[str], marks: Marks, sent_by_scripts: frozenset[str] = frozenset()
) -> dict[str, list[Kept]]:
    """Slug -> entries. A cookie that carries the session is at its place; personal data in any cookie is not."""
    stores = dump.of(*STORES)
    cookies = [entry for entry in dump.of(Place.COOKIE) if not any(token == entry.value for token in tokens)]
    found = {
        "token": [*holding_token(stores, tokens), *in_cookies_of_scripts(dump, sent_by_scripts)],
        "personal-data": holding_marks((*stores, *dump.of(Place.CACHE)), marks),
        "personal-data-in-cookie": holding_marks(cookies, marks),
    }
    return {slug: entries for slug, entries in found.items() if entries}


def shown(entries: Sequence[Kept]) -> dict[str, JsonValue]:
    names: list[JsonValue] = [*list(dict.fromkeys(entry.name[:80] for entry in entries))[:MAX_SHOWN]]
    places: list[JsonValue] = [*dict.fromkeys(str(entry.place) for entry in entries)]
    return {"count": len(entries), "names": names, "places": places}


async def observe(ctx: CheckContext) -> list[Observation]:
    return await on_ground(ctx, _observe)


async def _observe(ground: Ground) -> list[Observation]:
    async with signed_in(ground) as inside:
        await inside.tour(int(ground.ctx.setting("pages_max")))
        marks = await inside.marks()
        return _judged(inside, await inside.visit.kept(), marks)


def _judged(inside: Inside, dump: Dump, marks: Marks) -> list[Observation]:
    ctx = inside.ctx
    kept = ctx.keep_facts("kept", {"kept": Digests().table(dump)})
    found = judge(dump, inside.tokens, marks, inside.sent_by_scripts)
    observations = [
        Observation(slug=slug, subject=ctx.target.site, facts=shown(entries), evidence=(kept,))
        for slug, entries in found.items()
    ]
    if not observations and dump.cut:
        return [inconclusive(ctx.target.site, Reason.SCAN_INCOMPLETE, evidence=(kept,))]
    if not observations:
        facts: dict[str, JsonValue] = {
            "pages": len(inside.pages),
            "keys": len(dump.of(*STORES)),
            "watched": len(marks.values),
        }
        observations.append(Observation(slug="clean", subject=ctx.target.site, facts=facts, evidence=(kept,)))
    return observations
