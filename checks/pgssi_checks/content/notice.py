"""The judgement that notices share: found with its elements, incomplete, linked but not read, missing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from pgssi_checks.content.reading import Map, Reading, excerpt, listed, little_to_read
from pgssi_checks.content.wording import Topic
from pgssi_probe.check import CheckContext, Observation, Reason, inconclusive
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.site import Page, Site

MIN_TEXT: Final = "min_text"
MIN_NOTICE: Final = "min_notice"
REQUIRED: Final = "required"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`present` tells of each element whether it was seen; empty when no page was read.

    `reason` says why nothing is concluded when `slug` is None.
    """

    slug: str | None
    reading: Reading
    present: Mapping[str, bool]
    pages: tuple[Page, ...] = ()
    reason: Reason = Reason.NO_SAMPLE

    @property
    def facts(self) -> dict[str, JsonValue]:
        return {
            "pages": listed(page.url for page in self.pages),
            "links": listed(self.reading.unread),
            "broken": listed(self.reading.broken),
            **self.present,
        }


def judge(
    site: Site,
    topic: Topic,
    elements: Mapping[str, re.Pattern[str]],
    required: Sequence[str],
    *,
    min_text: int,
    min_notice: int,
) -> Verdict:
    """A page counts when it says something of its own; a thin one is like a link whose target was not read.

    The slug is None when there was too little to read for absence to mean anything, or when a page was cut short:
    what is missing may stand further down.
    """
    chart = Map(site)
    reading = chart.on(topic)
    pages = tuple(page for page in reading.pages if _speaks(page, chart, elements, min_notice))
    if pages:
        text = Reading(pages, (), ()).text
        present = {name: bool(pattern.search(text)) for name, pattern in elements.items()}
        complete = all(present[name] for name in required)
        if not complete and any(page.is_cut for page in pages):
            return Verdict(None, reading, present, pages, Reason.BODY_TRUNCATED)
        return Verdict("found" if complete else "incomplete", reading, present, pages)
    if reading.unread or reading.pages:
        unread = (*reading.unread, *(page.url for page in reading.pages))
        return Verdict("linked", Reading(reading.pages, unread, reading.broken), {})
    if any(page.is_cut for page in site.pages):
        return Verdict(None, reading, {}, reason=Reason.BODY_TRUNCATED)
    if little_to_read(site, min_text):
        return Verdict(None, reading, {})
    return Verdict("missing", reading, {})


def _speaks(page: Page, chart: Map, elements: Mapping[str, re.Pattern[str]], min_notice: int) -> bool:
    """Whether a page holds the notice. A link to the home page itself opens a dialogue there, which may be scripted."""
    own = chart.own_text(page)
    if page is chart.home:
        return any(pattern.search(own) for pattern in elements.values())
    return len(own) >= min_notice


async def observe_notice(
    ctx: CheckContext, topic: Topic, elements: Mapping[str, re.Pattern[str]], required: Sequence[str] = ()
) -> list[Observation]:
    """One observation about the site, with the pages or the links that it rests on."""
    site = await ctx.collect(SITE)
    verdict = judge(
        site,
        topic,
        elements,
        required,
        min_text=ctx.setting(MIN_TEXT),
        min_notice=ctx.setting(MIN_NOTICE),
    )
    if verdict.slug is None:
        return [inconclusive(ctx.target.site, verdict.reason)]
    evidence = tuple(_kept(ctx, page, elements) for page in verdict.pages[:3])
    if not evidence:
        evidence = (ctx.keep_facts("read", {"read": listed(page.url for page in site.pages), **verdict.facts}),)
    return [Observation(slug=verdict.slug, subject=ctx.target.site, facts=verdict.facts, evidence=evidence)]


def _kept(ctx: CheckContext, page: Page, elements: Mapping[str, re.Pattern[str]]) -> str:
    text = Reading((page,), (), ()).text
    needles = [match[0] for pattern in elements.values() if (match := pattern.search(text))]
    return ctx.keep(page.exchange, excerpt=excerpt(page, *needles) if needles else None)
