"""`browser.third-party`: what pages ask of other sites, and how these are kept apart (RECOWEB R42, R51-R52)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from urllib.parse import urljoin, urlsplit

from pydantic import JsonValue

from pgssi_checks.browser.integrity import Owner, kind_of, owner
from pgssi_probe.browser import RENDERED, Frame, Rendered, RenderedPage
from pgssi_probe.check import CheckContext, Observation, Reason, inconclusive
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.parse import decoded
from pgssi_probe.discovery.site import Page

MAX_SHOWN = 20
HINTS = frozenset({"dns-prefetch", "preconnect", "canonical", "alternate", "license", "author", "help", "search"})
"""Relations of a link that load nothing."""
_FRAME = re.compile(r"<iframe\b((?:[^>\"']|\"[^\"]{0,3000}\"|'[^']{0,3000}'){0,400})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([a-zA-Z-]{1,30})(?:\s{0,5}=\s{0,5}(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")


@dataclass(frozen=True, slots=True)
class Call:
    """Something asked of another site by a page."""

    host: str
    url: str
    kind: str
    page: str


def frames_in(page: Page) -> list[Frame]:
    """The frames that the page has as it was received."""
    response = page.exchange.response
    if response is None or b"<iframe" not in response.body.lower():
        return []
    found = []
    for tag in _FRAME.finditer(decoded(response)):
        attributes: dict[str, str] = {}
        for name, *values in _ATTRIBUTE.findall(tag[1]):
            attributes.setdefault(name.lower(), unescape("".join(values)))
        src = attributes.get("src", "").strip()
        if src:
            found.append(Frame(urljoin(page.url, src), attributes.get("sandbox")))
    return found


def is_third(url: str, page_url: str) -> bool:
    return urlsplit(url).scheme in {"http", "https", "ws", "wss"} and owner(url, page_url) is Owner.THIRD_PARTY


def calls_of(page: Page, shown: RenderedPage | None = None) -> Iterator[Call]:
    """What a page asks of other sites: what it names, and what a browser saw it ask for."""
    for resource in page.document.resources:
        loads = resource.tag != "link" or not {relation.lower() for relation in resource.rel} <= HINTS
        if loads and is_third(resource.url, page.url):
            yield Call(_host(resource.url), resource.url, kind_of(resource) or resource.tag, page.url)
    for asked in shown.asked if shown is not None else ():
        if is_third(asked.url, page.url):
            yield Call(_host(asked.url), asked.url, asked.kind, page.url)


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "")[:253]


def judge_frames(frames: Iterable[tuple[Frame, str]]) -> dict[str, list[str]]:
    """Slug -> addresses. A frame without an address shows what the page itself wrote."""
    found: dict[str, dict[str, None]] = {"frame-open": {}, "frame-escapes": {}}
    for frame, page_url in frames:
        if urlsplit(frame.url).scheme not in {"http", "https"}:
            continue
        granted = set((frame.sandbox or "").lower().split())
        if frame.sandbox is None and is_third(frame.url, page_url):
            found["frame-open"][frame.url] = None
        if owner(frame.url, page_url) is Owner.SELF and {"allow-scripts", "allow-same-origin"} <= granted:
            found["frame-escapes"][frame.url] = None
    return {slug: list(urls) for slug, urls in found.items() if urls}


def scripts_at_sign_in(pages: Iterable[Page], calls: Sequence[Call]) -> list[str]:
    """Scripts of other sites on pages where a password is typed."""
    asking = {page.url for page in pages if page.document.asks_password}
    return list(dict.fromkeys(call.url for call in calls if call.kind == "script" and call.page in asking))


async def observe(ctx: CheckContext) -> list[Observation]:
    site, rendered = await ctx.collect(SITE), await ctx.collect(RENDERED)
    pages = [*site.pages, *(shown.page for shown in rendered.pages)]
    if not pages:
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    calls = [call for page in site.pages for call in calls_of(page)]
    calls += [call for shown in rendered.pages for call in calls_of(shown.page, shown)]
    frames = [(frame, page.url) for page in site.pages for frame in frames_in(page)]
    frames += [(frame, shown.url) for shown in rendered.pages for frame in shown.frames]
    failures = judge_frames(frames)
    if scripts := scripts_at_sign_in(pages, calls):
        failures["script-at-sign-in"] = scripts
    kept = (ctx.keep_facts("calls", {"calls": _table(calls)}),) if calls else ()
    observations = [
        Observation(
            slug=slug,
            subject=ctx.target.site,
            facts={"count": len(urls), "files": [*urls[:MAX_SHOWN]]},
            evidence=kept,
        )
        for slug, urls in failures.items()
    ]
    hosts = list(dict.fromkeys(call.host for call in calls))
    if hosts:
        facts: dict[str, JsonValue] = {"count": len(hosts), "hosts": [*hosts[:MAX_SHOWN]]}
        observations.append(Observation(slug="listed", subject=ctx.target.site, facts=facts, evidence=kept))
    elif not observations and _unsure(pages, rendered):
        observations.append(inconclusive(ctx.target.site, Reason.BODY_TRUNCATED))
    elif not observations:
        observations.append(Observation(slug="none", subject=ctx.target.site, facts={"pages": len(site.pages)}))
    return observations


def _unsure(pages: Iterable[Page], rendered: Rendered) -> bool:
    return not rendered.pages and any(page.is_cut for page in pages)


def _table(calls: Sequence[Call]) -> list[JsonValue]:
    lines = dict.fromkeys((call.host, call.kind, call.url.partition("?")[0][:200], call.page[:200]) for call in calls)
    return [{"host": host, "kind": kind, "url": url, "page": page} for host, kind, url, page in list(lines)[:100]]
