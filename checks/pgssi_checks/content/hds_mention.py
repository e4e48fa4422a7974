"""`content.hds-mention`: a page names the certified host of health data (CSP L1111-8, rule HE1)."""

from __future__ import annotations

from dataclasses import dataclass

from pgssi_checks.content.notice import MIN_TEXT
from pgssi_checks.content.reading import excerpt, listed, little_to_read
from pgssi_checks.content.wording import HDS, plain
from pgssi_probe.check import CheckContext, Observation, Reason, inconclusive
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.site import Page, Site


@dataclass(frozen=True, slots=True)
class Mention:
    """`found` is the part of the folded text that was recognised."""

    page: Page
    found: str


def mentions(site: Site) -> tuple[Mention, ...]:
    """The pages that speak of a host of health data."""
    searched = ((page, HDS.search(plain(page.document.text))) for page in site.pages)
    return tuple(Mention(page, match[0]) for page, match in searched if match)


async def observe(ctx: CheckContext) -> list[Observation]:
    site = await ctx.collect(SITE)
    found = mentions(site)
    if found:
        first = found[0]
        quoted = excerpt(first.page, first.found)
        return [
            Observation(
                slug="found",
                subject=ctx.target.site,
                facts={
                    "count": len(found),
                    "page": first.page.url,
                    "pages": listed(one.page.url for one in found),
                    "quote": quoted[:200],
                },
                evidence=(ctx.keep(first.page.exchange, excerpt=quoted or None),),
            )
        ]
    if any(page.is_cut for page in site.pages):
        return [inconclusive(ctx.target.site, Reason.BODY_TRUNCATED)]
    if little_to_read(site, ctx.setting(MIN_TEXT)):
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    read = listed(page.url for page in site.pages)
    kept = ctx.keep_facts("read", {"read": read})
    return [Observation(slug="missing", subject=ctx.target.site, facts={"count": len(site.pages)}, evidence=(kept,))]
