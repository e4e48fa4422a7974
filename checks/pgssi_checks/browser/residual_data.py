"""`browser.residual-data`: what is left in a real browser once the account signed out (DT10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from pgssi_checks.browser.inside import Inside, signed_in, text_of
from pgssi_checks.browser.storage import STORES, holding_marks, holding_token, in_cookies_of_scripts, shown
from pgssi_checks.session.ground import Ground, on_ground
from pgssi_probe.browser import Digests, Dump, Kept, Landing, Place
from pgssi_probe.check import CheckContext, Observation, Reason, inconclusive
from pgssi_probe.compare.marks import Marks


@dataclass(frozen=True)
class Back:
    """One press of Back after the sign-out: the page that the window shows then."""

    landing: Landing
    presses: int


def judge_kept(
    after: Dump, tokens: frozenset[str], marks: Marks, sent_by_scripts: frozenset[str] = frozenset()
) -> dict[str, list[Kept]]:
    """Slug -> entries left. A cookie whose session is dead on the server opens nothing any more: `still-valid` of
    `session.logout` is about those that do."""
    found = {
        "token-left": [
            *holding_token(after.of(*STORES, Place.CACHE), tokens),
            *in_cookies_of_scripts(after, sent_by_scripts),
        ],
        "data-left": holding_marks(after.entries, marks),
    }
    return {slug: entries for slug, entries in found.items() if entries}


def judge_back(
    backs: Sequence[Back], before: Sequence[Landing], left: Landing, marks: Marks
) -> tuple[str, Back] | None:
    """What Back brings back: a canary is proof; the name of the account, on a page that named it and no longer should,
    is a hint."""
    for back in backs:
        if marks.inside(text_of(back.landing)):
            return "back-shows", back
    named = {landing.url for landing in before if marks.names_the_account(landing.text)}
    for back in backs:
        told = marks.names_the_account(back.landing.text) and not marks.names_the_account(left.text)
        if told and back.landing.url in named and not (back.landing.page and back.landing.page.document.asks_password):
            return "back-names", back
    return None


async def observe(ctx: CheckContext) -> list[Observation]:
    return await on_ground(ctx, _observe)


async def _observe(ground: Ground) -> list[Observation]:
    ctx = ground.ctx
    async with signed_in(ground) as inside:
        pages = await inside.tour(int(ctx.setting("pages_max")))
        marks = await inside.marks()
        await _leave_from(inside, marks)
        before = await inside.visit.kept()
        left = await inside.sign_out()
        if left is None or await inside.is_in():
            return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]  # no control, or it was not understood
        after = await inside.visit.kept()
        backs = await _backs(inside, int(ctx.setting("back_presses")))
    digests = Digests()
    table: dict[str, JsonValue] = {"before": digests.table(before), "after": digests.table(after)}
    kept = ctx.keep_facts("before-and-after", table)
    observations = [
        Observation(slug=slug, subject=ctx.target.site, facts=shown(entries), evidence=(kept,))
        for slug, entries in judge_kept(after, inside.tokens, marks, inside.sent_by_scripts).items()
    ]
    again = judge_back(backs, pages, left, marks)
    if again is not None:
        slug, back = again
        facts: dict[str, JsonValue] = {"url": back.landing.url, "presses": back.presses}
        proof = (kept, ctx.keep(back.landing.exchange)) if back.landing.exchange is not None else (kept,)
        observations.append(Observation(slug=slug, subject=ctx.target.site, facts=facts, evidence=proof))
    if not observations and after.cut:
        return [inconclusive(ctx.target.site, Reason.SCAN_INCOMPLETE, evidence=(kept,))]
    if not observations and not marks.values and not marks.name:
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE, evidence=(kept,))]  # nothing to look for
    if not observations:
        names = [entry.name[:80] for entry in after.of(Place.COOKIE) if entry.name in inside.token_names]
        clean: dict[str, JsonValue] = {
            "pages": len(pages),
            "watched": len(marks.values),
            "cookies": [*names],
            "presses": len(backs),
        }
        observations.append(Observation(slug="clean", subject=ctx.target.site, facts=clean, evidence=(kept,)))
    return observations


async def _leave_from(inside: Inside, marks: Marks) -> None:
    """Leave from a page that shows what must not come back, by one that names the account: Back leads there."""
    naming = next((one.url for one in inside.pages if marks.names_the_account(one.text)), "")
    showing = next((one.url for one in reversed(inside.pages) if marks.inside(text_of(one))), "")
    for url in dict.fromkeys((naming, showing)):
        if url and len(inside.pages) > 1:  # alone, the page is still there
            await inside.visit.open(url)


async def _backs(inside: Inside, most: int) -> list[Back]:
    backs: list[Back] = []
    for presses in range(1, most + 1):
        landing = await inside.visit.back()
        if landing.page is None:
            break
        backs.append(Back(landing, presses))
    return backs
