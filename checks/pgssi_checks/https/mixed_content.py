"""`https.mixed-content`: what pages served over HTTPS fetch, or send, over plain HTTP (W3C Mixed Content)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from pgssi_checks.headers.csp_policy import parse_header, parse_meta
from pgssi_probe.browser import RENDERED, RenderedPage
from pgssi_probe.check import CheckContext, Observation, Reason, inconclusive
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.site import Page, Resource

UPGRADABLE_TAGS = frozenset({"img", "audio", "video", "source", "track", "input"})
"""W3C Mixed Content §3.1: pictures, sound and video; browsers rewrite these to HTTPS, and block all else."""
LINKED = frozenset({"stylesheet", "preload", "modulepreload", "manifest", "import", "prefetch"})
PICTURE_LINKS = frozenset({"icon", "shortcut", "apple-touch-icon", "mask-icon"})
PICTURES = frozenset({"image", "media"})
LOADED = frozenset({"script", "stylesheet", "xhr", "fetch", "font", *PICTURES})
MAX_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Finding:
    slug: str
    page: Page
    address: str


def category(resource: Resource) -> str | None:
    """The slug of a resource fetched over plain HTTP; None when browsers do not load it."""
    if resource.tag == "link":
        relations = {relation.lower() for relation in resource.rel}
        if relations & LINKED:
            return "active"
        return "passive" if relations & PICTURE_LINKS else None
    return "passive" if resource.tag in UPGRADABLE_TAGS else "active"


def upgrades(page: Page) -> bool:
    """Does an enforced policy of the page rewrite every http address to https?"""
    response = page.exchange.response
    header = parse_header(response.all("content-security-policy")) if response else []
    metas = page.document.metas
    meta = parse_meta(m.content for m in metas if m.source == "http-equiv" and m.name == "content-security-policy")
    return any("upgrade-insecure-requests" in policy.directives for policy in (*header, *meta))


def is_plain(url: str) -> bool:
    return url[:5].lower() == "http:"


def judge_page(page: Page) -> list[Finding]:
    """Every fetch and every form of a page that would leave in clear. A form with a password is https.enforcement's."""
    found = [
        Finding(slug, page, resource.url)
        for resource in page.document.resources
        if is_plain(resource.url) and (slug := category(resource)) is not None
    ]
    found += [
        Finding("form-action", page, form.action)
        for form in page.document.forms
        if is_plain(form.action) and not form.has_password
    ]
    if found and upgrades(page):
        return [Finding("upgraded", page, one.address) for one in found]
    return found


def judge(pages: Iterable[Page]) -> dict[str, list[Finding]]:
    by_slug: dict[str, list[Finding]] = defaultdict(list)
    for page in pages:
        for found in judge_page(page):
            by_slug[found.slug].append(found)
    return by_slug


def judge_rendered(pages: Iterable[RenderedPage]) -> dict[str, list[Finding]]:
    """The same on what a browser shows once scripts ran, and what it told of its own loads: those it stopped or
    rewrote, and those of a page beside that its trust in this machine lets through."""
    by_slug: dict[str, list[Finding]] = defaultdict(list)
    for shown in pages:
        if not shown.page.exchange.secure:
            continue
        for found in judge_page(shown.page):
            by_slug[found.slug].append(found)
        for mixed in shown.mixed:
            by_slug["passive" if mixed.upgraded else "active"].append(Finding("", shown.page, mixed.url))
        for asked in shown.asked:
            if asked.page == shown.url and is_plain(asked.url) and asked.kind in LOADED and not upgrades(shown.page):
                by_slug["passive" if asked.kind in PICTURES else "active"].append(Finding("", shown.page, asked.url))
    return by_slug


def facts_of(found: Sequence[Finding]) -> dict[str, JsonValue]:
    addresses: list[JsonValue] = [*list(dict.fromkeys(one.address for one in found))[:MAX_SHOWN]]
    urls: list[JsonValue] = [*list(dict.fromkeys(one.page.url for one in found))[:MAX_SHOWN]]
    return {"count": len({one.page.url for one in found}), "addresses": addresses, "urls": urls}


async def observe(ctx: CheckContext) -> list[Observation]:
    site = await ctx.collect(SITE)
    secure = [page for page in site.pages if page.exchange.secure]
    if not secure:
        if site.home.response is not None and not site.home.secure:
            return [Observation(slug="not-https", subject=ctx.target.site, reason=Reason.NOT_HTTPS)]
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    found = judge(secure)
    rendered = await ctx.collect(RENDERED)
    for slug, told in judge_rendered(rendered.pages).items():
        if slug not in found or slug != "upgraded":
            found.setdefault(slug, []).extend(told)
    observations = [
        Observation(
            slug=slug,
            subject=ctx.target.site,
            facts=facts_of(concerned),
            evidence=(ctx.keep(concerned[0].page.exchange, excerpt=concerned[0].address),),
        )
        for slug, concerned in found.items()
    ]
    if not found.keys() - {"upgraded"} and any(page.is_cut for page in secure):
        observations.append(inconclusive(ctx.target.site, Reason.BODY_TRUNCATED))
    elif not found.keys() - {"upgraded"}:
        observations.append(Observation(slug="clean", subject=ctx.target.site, facts={"count": len(secure)}))
    return observations
