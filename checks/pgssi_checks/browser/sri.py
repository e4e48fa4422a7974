"""`browser.sri`: scripts and styles of other hosts are fixed by an integrity hash (RECOWEB R11, R12, R43)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from pgssi_checks.browser.integrity import Owner, kind_of, owner, valid_integrity
from pgssi_probe.browser import RENDERED
from pgssi_probe.check import CheckContext, Observation, Reason, inconclusive
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.site import Page, Resource

MAX_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Loaded:
    page: Page
    resource: Resource


def judge_resource(resource: Resource, page_url: str) -> str | None:
    """The slug of one script or style; None for what integrity does not protect."""
    kind = kind_of(resource)
    if kind is None:
        return None
    served_by = owner(resource.url, page_url)
    if served_by is Owner.SELF:
        return "own-files" if not valid_integrity(resource.integrity) else "fixed"
    if not valid_integrity(resource.integrity):
        if resource.integrity.strip():
            return "weak"
        if served_by is Owner.SAME_SITE:
            return "missing-same-site"
        return "missing" if kind == "script" else "missing-style"
    # Without CORS the browser cannot read the file to check it, and refuses it.
    return "fixed" if resource.crossorigin is not None else "no-crossorigin"


def judge(pages: Iterable[Page]) -> dict[str, list[Loaded]]:
    found: dict[str, list[Loaded]] = defaultdict(list)
    for page in pages:
        for resource in page.document.resources:
            if slug := judge_resource(resource, page.url):
                found[slug].append(Loaded(page, resource))
    return found


def facts_of(found: Sequence[Loaded]) -> dict[str, JsonValue]:
    files: list[JsonValue] = [*list(dict.fromkeys(one.resource.url for one in found))[:MAX_SHOWN]]
    urls: list[JsonValue] = [*list(dict.fromkeys(one.page.url for one in found))[:MAX_SHOWN]]
    return {"count": len({one.resource.url for one in found}), "files": files, "urls": urls}


async def observe(ctx: CheckContext) -> list[Observation]:
    site = await ctx.collect(SITE)
    if not site.pages:
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    rendered = await ctx.collect(RENDERED)
    found = judge([*site.pages, *(shown.page for shown in rendered.pages)])
    own, fixed = found.pop("own-files", []), found.pop("fixed", [])
    observations = [
        Observation(
            slug=slug,
            subject=ctx.target.site,
            facts=facts_of(loaded),
            evidence=(ctx.keep(loaded[0].page.exchange, excerpt=loaded[0].resource.raw),),
        )
        for slug, loaded in found.items()
    ]
    if not observations and any(page.is_cut for page in site.pages):
        return [inconclusive(ctx.target.site, Reason.BODY_TRUNCATED)]
    if not observations:
        facts: dict[str, JsonValue] = {"pages": len(site.pages), "fixed": len({one.resource.url for one in fixed})}
        observations.append(Observation(slug="fixed", subject=ctx.target.site, facts=facts))
    if own:
        observations.append(Observation(slug="own-files", subject=ctx.target.site, facts=facts_of(own)))
    return observations
