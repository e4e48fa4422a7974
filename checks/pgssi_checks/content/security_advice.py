"""`content.security-advice`: advice on the device (GA6) and on passwords (GA7), for anybody who visits."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pydantic import JsonValue

from pgssi_checks.content.advising import (
    ADVICE,
    advice_on_credentials,
    advice_on_devices,
    as_shown,
    folded,
    within,
)
from pgssi_checks.content.notice import MIN_TEXT
from pgssi_checks.content.reading import Map, excerpt, listed, little_to_read
from pgssi_probe.browser import RENDERED
from pgssi_probe.check import CheckContext, Observation, Reason, inconclusive
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.site import Page

TOPICS: dict[str, tuple[str, Callable[[str], list[str]]]] = {
    "devices": ("no-device-advice", advice_on_devices),
    "credentials": ("no-credential-advice", advice_on_credentials),
}
"""Slug of what is seen, slug of what is not, and what tells."""


def advice_in(
    pages: Iterable[tuple[Page, str]], told: Callable[[str], list[str]], least: int
) -> tuple[Page, str] | None:
    """The first page that advises, and its words; None below `least` different pieces of advice, all pages together."""
    lines: dict[str, Page] = {}
    for page, text in pages:
        for line in told(text):
            lines.setdefault(line, page)
    if len(lines) < least:
        return None
    words, page = next(iter(lines.items()))
    return page, words


async def observe(ctx: CheckContext) -> list[Observation]:
    site = as_shown(await ctx.collect(SITE), await ctx.collect(RENDERED))
    chart = Map(site)
    about = chart.on(ADVICE)
    near = within(chart, ctx.setting("max_clicks"))
    pages = folded(dict.fromkeys((*about.pages, *near)))
    seen = {slug: advice_in(pages, told, ctx.setting("min_advice")) for slug, (_, told) in TOPICS.items()}
    cut = any(page.is_cut for page in site.pages)
    blind = little_to_read(site, ctx.setting(MIN_TEXT))
    if (blind or cut) and not any(seen.values()):
        return [inconclusive(ctx.target.site, Reason.BODY_TRUNCATED if cut else Reason.NO_SAMPLE)]
    found = [_seen(ctx, slug, *one) for slug, one in seen.items() if one is not None]
    if len(found) == len(TOPICS):
        return found
    if cut:
        return [*found, inconclusive(ctx.target.site, Reason.BODY_TRUNCATED)]
    facts: dict[str, JsonValue] = {
        "count": len(pages),
        "links": listed(about.unread),
        "broken": listed(about.broken),
    }
    if about.unread:
        return [*found, Observation(slug="linked", subject=ctx.target.site, facts=facts)]
    read = ctx.keep_facts("read", {"read": listed(page.url for page, _ in pages)})
    missing = [TOPICS[slug][0] for slug, one in seen.items() if one is None]
    slugs = missing if found else ["missing"]
    return [
        *found,
        *(Observation(slug=slug, subject=ctx.target.site, facts=facts, evidence=(read,)) for slug in slugs),
    ]


def _seen(ctx: CheckContext, slug: str, page: Page, words: str) -> Observation:
    return Observation(
        slug=slug,
        subject=ctx.target.site,
        facts={"page": page.url},
        evidence=(ctx.keep(page.exchange, excerpt=excerpt(page, words) or words),),
    )
