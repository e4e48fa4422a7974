"""`content.help`: an online help within reach of anybody who visits (DT11)."""

from __future__ import annotations

from pydantic import JsonValue

from pgssi_checks.content.advising import HELP, as_shown
from pgssi_checks.content.notice import MIN_TEXT
from pgssi_checks.content.reading import Map, listed, little_to_read
from pgssi_probe.browser import RENDERED
from pgssi_probe.check import CheckContext, Observation, Reason, inconclusive
from pgssi_probe.discovery.collect import SITE


async def observe(ctx: CheckContext) -> list[Observation]:
    site = as_shown(await ctx.collect(SITE), await ctx.collect(RENDERED))
    chart = Map(site)
    reading = chart.on(HELP)
    clicks = chart.clicks()
    pages = [
        page
        for page in reading.pages
        if page is not chart.home and len(chart.own_text(page)) >= ctx.setting("min_help")
    ]
    facts: dict[str, JsonValue] = {"links": listed(reading.unread), "broken": listed(reading.broken)}
    if pages:
        nearest = min(pages, key=lambda page: clicks.get(page.url, len(clicks)))
        told: dict[str, JsonValue] = {"page": nearest.url, "pages": listed(page.url for page in pages)}
        evidence = (ctx.keep(nearest.exchange),)
        return [Observation(slug="found", subject=ctx.target.site, facts=told, evidence=evidence)]
    if reading.unread:
        return [Observation(slug="linked", subject=ctx.target.site, facts=facts)]
    if any(page.is_cut for page in site.pages):
        return [inconclusive(ctx.target.site, Reason.BODY_TRUNCATED)]
    if little_to_read(site, ctx.setting(MIN_TEXT)):
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    read = ctx.keep_facts("read", {"read": listed(page.url for page in site.pages)})
    return [Observation(slug="missing", subject=ctx.target.site, facts=facts, evidence=(read,))]
