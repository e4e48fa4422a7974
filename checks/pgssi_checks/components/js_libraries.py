"""`components.js-libraries`: known vulnerabilities of the JavaScript libraries in use (CR2, ASVS V15.2.1, RECOWEB R62).

Read where the library runs, in a browser, then in the files, then in their addresses.

The number of a version accuses by itself, and whoever distributes the library may have patched it without changing the
number: every finding is a hint, and a build that says who made it again is a milder one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pydantic import JsonValue

from pgssi_checks.components.js_list import (
    SEVERITIES,
    UnreadableList,
    Vulnerability,
    VulnerabilityList,
    vulnerability_list,
)
from pgssi_checks.components.js_marks import Found, in_address, in_browser, in_code
from pgssi_checks.components.js_version import Version, version_of
from pgssi_checks.disclosure.signed_in import pages_of, signed_in_visits
from pgssi_checks.disclosure.signed_in import scripts_of as signed_in_scripts
from pgssi_probe.browser import RENDERED, Rendered
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, Subject, inconclusive
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.site import Site
from pgssi_probe.inventory.model import Visit

OWN_LIST: Final = "components.js-list"
READ: Final = ("running", "content", "address")
"""Where a version was read, the surest first."""
NOTHING_RENDERED: Final = Rendered()
MAX_URLS: Final = 20
MAX_SHOWN: Final = 12
MAX_SCRIPTS: Final = 300
MAX_OUTCOMES: Final = 40
DEBIAN: Final = re.compile(r"/javascript/([a-z0-9.+-]+)/[^/]+")
"""Where Debian's web servers serve the libraries that it packages (javascript-common): one folder for each, in lower
case as the names of packages are. Applications have folders of this name too."""


@dataclass(frozen=True, slots=True)
class Script:
    """A script that a page loads, or carries (`code` of an inline script, its address being that of the page).

    `exchange` is the answer that shows it: its own when its code was read, else that of the page that names it.
    """

    url: str
    code: str
    exchange: Exchange
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """A library and version, where it was read first, and every script that holds it."""

    found: Found
    read_in: str
    exchange: Exchange
    urls: tuple[str, ...]
    running: str = ""
    """What the browser was told by the library itself, on the page of `exchange`."""

    @property
    def packager(self) -> str:
        if self.found.rebuilt:
            return self.found.rebuilt
        folders = [match[1] for url in self.urls if (match := DEBIAN.fullmatch(urlsplit(url).path))]
        return "Debian" if self.found.library.key in folders or set(self.found.library.stems) & set(folders) else ""


def scripts_of(site: Site, rendered: Rendered, visits: Sequence[Visit] = ()) -> Iterator[Script]:
    """Every script of the pages as received, those of accounts included, then what a browser asked for; each once."""
    read = {one.url: one for one in (*signed_in_scripts(visits), *site.resources) if one.response is not None}
    for asked in rendered.asked:
        if asked.kind == "script" and asked.exchange is not None and asked.exchange.status == 200:
            read.setdefault(asked.url, asked.exchange)
    named: dict[str, Exchange] = {}
    for page in pages_of(site, visits):
        for one in page.document.resources:
            if one.tag == "script":
                named.setdefault(one.url, page.exchange)
        for code in page.document.inline_scripts:
            yield Script(page.url, code, page.exchange, inline=True)
    for shown in rendered.pages:
        for asked in shown.asked:
            if asked.kind == "script":
                named.setdefault(asked.url, shown.page.exchange)
    for url, exchange in named.items():
        own = read.get(url)
        yield Script(url, own.response.text if own and own.response else "", own or exchange)


def seen_in(scripts: Iterable[Script], rendered: Rendered = NOTHING_RENDERED) -> list[Seen]:
    """What libraries say of themselves where they run, then what scripts say; of those that say nothing, what their
    address says."""
    kept: dict[tuple[str, str], Seen] = {}
    for shown in rendered.pages:
        for name, version in shown.versions:
            found = in_browser(name, version)
            if found is not None:
                _add(kept, Seen(found, "running", shown.page.exchange, (shown.url,), found.excerpt))
    for script in islice(scripts, MAX_SCRIPTS):
        told = [Seen(one, "content", script.exchange, (script.url,)) for one in in_code(script.code)]
        if not told and not script.inline and (named := in_address(script.url)):
            told = [Seen(named, "address", script.exchange, (script.url,))]
        for one in told:
            _add(kept, one)
    return list(kept.values())


def _add(kept: dict[tuple[str, str], Seen], one: Seen) -> None:
    """The better of two sights of one library and version, with the addresses of both."""
    key = (one.found.library.key, one.found.shown)
    known = kept.get(key)
    if known is None:
        kept[key] = one
        return
    best = one if READ.index(one.read_in) < READ.index(known.read_in) else known
    kept[key] = replace(best, urls=tuple(dict.fromkeys((*known.urls, *one.urls))))


def slug_of(seen: Seen, touching: tuple[Vulnerability, ...]) -> str:
    """How a version that something touches is told."""
    if seen.packager:
        return "vulnerable-packaged"
    return "vulnerable-high" if SEVERITIES.index(touching[0].severity) >= SEVERITIES.index("high") else "vulnerable"


def fixed_in(touching: Iterable[Vulnerability]) -> str:
    """The first version that none of these touches. A list writes 3.999.999 for all of a branch that has ended."""
    ends = []
    for one in touching:
        branch = one.below.partition(".")[0]
        below = f"{int(branch) + 1}.0" if ".999" in one.below and branch.isdigit() else one.below
        ends.append((version_of(below) or Version(()), below))
    return max(ends)[1]


async def observe(ctx: CheckContext) -> list[Observation]:
    site = await ctx.collect(SITE)
    if site.home.response is None:
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    rendered = await ctx.collect(RENDERED)
    own = ctx.declared.get(OWN_LIST)
    unreadable = False
    known = vulnerability_list()
    if isinstance(own, str):
        try:
            known = vulnerability_list(Path(own))
        except UnreadableList:
            unreadable = True
    seen = seen_in(scripts_of(site, rendered, await signed_in_visits(ctx)), rendered)
    observations = _told(ctx, seen, known)
    if unreadable:
        shown: dict[str, JsonValue] = {"list_date": known.dated.isoformat(), "file": Path(str(own)).name}
        observations.append(Observation(slug="list-unreadable", subject=ctx.target.site, facts=shown))
    return observations


def _told(ctx: CheckContext, seen: list[Seen], known: VulnerabilityList) -> list[Observation]:
    dated: dict[str, JsonValue] = {"list_date": known.dated.isoformat(), "source": known.source}
    observations: list[Observation] = []
    clean: list[str] = []
    for one in seen:
        touching = known.of(one.found.library.key, one.found.version)
        if not touching:
            clean.append(f"{one.found.library.name} {one.found.shown}")
        elif len(observations) < MAX_OUTCOMES:
            observations.append(_observation(ctx, one, touching, dated))
    age = ctx.clock.now().date() - known.dated
    old = age > timedelta(days=ctx.setting("max_list_age_days"))
    if clean:
        facts: dict[str, JsonValue] = {**dated, "libraries": [*clean[:MAX_SHOWN]], "days": age.days}
        observations.append(Observation(slug="old-list" if old else "clean", subject=ctx.target.site, facts=facts))
    if not seen:
        observations.append(Observation(slug="unknown", subject=ctx.target.site, facts=dated))
    return observations


def _observation(
    ctx: CheckContext, seen: Seen, touching: tuple[Vulnerability, ...], dated: dict[str, JsonValue]
) -> Observation:
    identifiers = [*dict.fromkeys(name for one in touching for name in one.identifiers)]
    return Observation(
        slug=slug_of(seen, touching),
        subject=Subject(kind="service", name=f"{seen.found.library.name} {seen.found.shown}"),
        facts={
            **dated,
            "count": len(touching),
            "identifiers": [*identifiers[:MAX_SHOWN]],
            "worst": touching[0].severity,
            "read_in": seen.read_in,
            "fixed_in": fixed_in(touching),
            "packager": seen.packager,
            "urls": [*seen.urls[:MAX_URLS]],
        },
        evidence=_evidence(ctx, seen),
    )


def _evidence(ctx: CheckContext, seen: Seen) -> tuple[str, ...]:
    if not seen.running:
        return (ctx.keep(seen.exchange, excerpt=seen.found.excerpt),)
    told: dict[str, JsonValue] = {"url": seen.urls[0], "library": seen.found.library.name}
    told |= {"running": seen.running, "version": seen.found.shown}
    return ctx.keep(seen.exchange), ctx.keep_facts("running", told)
