"""`browser.obsolete-tech`: techniques that browsers gave up, in pages and in the scripts of the application (CR1)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pydantic import JsonValue

from pgssi_checks.browser.integrity import Owner, owner
from pgssi_probe.browser import RENDERED, Rendered
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, inconclusive
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.parse import decoded
from pgssi_probe.discovery.site import Page

MAX_SHOWN = 20
PLUGINS = re.compile(
    r"application/x-shockwave-flash|application/x-silverlight|application/x-java-(?:applet|vm)|\.swf(?:[?\"'\s>]|$)"
    r"|\.xap(?:[?\"'\s>]|$)|classid\s{0,3}=\s{0,3}[\"']?clsid:",
    re.IGNORECASE,
)
_CONTAINER = re.compile(rb"<(?:object|embed|applet)\b[^>]{0,2000}>", re.IGNORECASE)
_MANIFEST = re.compile(rb"<html\b[^>]{0,1000}?\smanifest\s{0,3}=\s{0,3}[\"']?([^\"'\s>]{1,300})", re.IGNORECASE)
_WEB_SQL = re.compile(r"\bopenDatabase\s{0,3}\(\s{0,3}[\"']")
_DOMAIN = re.compile(r"(?<!<script>)(?<!<script>window\.)\bdocument\.domain\s{0,3}=(?!=)")
"""An assignment, unless it is the text of a script that libraries write into frames of browsers long gone."""
_CALLBACK = re.compile(r"[?&](?:callback|jsonp|jsoncallback)=[A-Za-z_$][\w.$]{0,80}", re.IGNORECASE)
DATED = frozenset(
    {"applet", "basefont", "big", "blink", "center", "font", "frame", "frameset", "marquee", "strike", "tt"}
)
"""Elements that HTML declares non-conforming (HTML Living Standard §16.2)."""
JAVASCRIPT = frozenset({"text/javascript", "application/javascript", "application/x-javascript", "text/ecmascript"})


@dataclass
class Found:
    """What one slug rests on: names as people know them, addresses, and one exchange that shows it."""

    names: dict[str, None] = field(default_factory=dict)
    files: dict[str, None] = field(default_factory=dict)
    proof: tuple[Exchange, str] | None = None

    def add(self, url: str, name: str, exchange: Exchange, excerpt: str) -> None:
        self.files[url] = None
        self.names[name] = None
        self.proof = self.proof or (exchange, excerpt[:300])


def is_json_p(url: str) -> bool:
    """Data that come as a call of a function. A library that calls back once loaded has the address of a script."""
    return bool(_CALLBACK.search(url)) and not urlsplit(url).path.lower().endswith((".js", "/js"))


def judge_page(page: Page, found: dict[str, Found]) -> None:
    """What a page as received asks for."""
    body = page.exchange.response.body if page.exchange.response else b""
    for match in _CONTAINER.finditer(body):
        tag = match.group().decode("utf-8", "replace")
        plugin = PLUGINS.search(tag)
        if plugin is not None or tag[:7].lower() == "<applet":
            name = plugin.group().strip(" \"'>?") if plugin else "applet"
            found.setdefault("plugin", Found()).add(page.url, name[:60], page.exchange, tag)
    manifest = _MANIFEST.search(body)
    if manifest is not None:
        name = manifest[1].decode("utf-8", "replace")
        found.setdefault("app-cache", Found()).add(page.url, name, page.exchange, name)
    for name in sorted(page.document.elements & DATED):
        found.setdefault("dated-markup", Found()).add(page.url, name, page.exchange, f"<{name}>")
    for script in page.document.inline_scripts:
        judge_script(page.url, script, page.exchange, found)
    for resource in page.document.resources:
        if resource.tag == "script" and is_json_p(resource.url):
            found.setdefault("jsonp", Found()).add(resource.url, resource.url, page.exchange, resource.raw)


def judge_script(url: str, text: str, exchange: Exchange, found: dict[str, Found]) -> None:
    """What a script of the application does."""
    for slug, pattern in (("web-sql", _WEB_SQL), ("document-domain", _DOMAIN)):
        match = pattern.search(text)
        if match is not None:
            around = text[max(0, match.start() - 60) : match.end() + 60]
            found.setdefault(slug, Found()).add(url, match.group()[:60], exchange, around)


def judge_rendered(rendered: Rendered, found: dict[str, Found]) -> None:
    """What only a browser sees: scripts added by scripts, and what it reports as given up."""
    for shown in rendered.pages:
        for asked in shown.asked:
            if asked.kind != "script":
                continue
            if is_json_p(asked.url):
                found.setdefault("jsonp", Found()).add(asked.url, asked.url, shown.page.exchange, asked.url)
            response = asked.exchange.response if asked.exchange else None
            if asked.exchange is not None and response is not None and owner(asked.url, shown.url) is Owner.SELF:
                judge_script(asked.url, response.text, asked.exchange, found)
        for code, kind in shown.issues:
            if code == "DeprecationIssue" and kind:
                found.setdefault("deprecated", Found()).add(shown.url, kind, shown.page.exchange, kind)


def own_scripts(resources: Iterable[Exchange]) -> list[Exchange]:
    return [
        exchange
        for exchange in resources
        if exchange.response is not None
        and exchange.status == 200
        and (exchange.response.media_type in JAVASCRIPT or urlsplit(exchange.url).path.endswith(".js"))
    ]


async def observe(ctx: CheckContext) -> list[Observation]:
    site, rendered = await ctx.collect(SITE), await ctx.collect(RENDERED)
    if not site.pages:
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    found: dict[str, Found] = {}
    for page in site.pages:
        judge_page(page, found)
    scripts = own_scripts(site.resources)
    for exchange in scripts:
        if exchange.response is not None:
            judge_script(exchange.url, decoded(exchange.response), exchange, found)
    judge_rendered(rendered, found)
    observations = [
        Observation(slug=slug, subject=ctx.target.site, facts=_facts(slug, one), evidence=_evidence(ctx, one))
        for slug, one in found.items()
    ]
    if not found.keys() - {"dated-markup", "deprecated"}:
        cut = [page for page in site.pages if page.is_cut] + [one for one in scripts if one.truncated]
        facts: dict[str, JsonValue] = {"pages": len(site.pages), "scripts": len(scripts)}
        observations.append(
            inconclusive(ctx.target.site, Reason.BODY_TRUNCATED)
            if cut
            else Observation(slug="current", subject=ctx.target.site, facts=facts)
        )
    return observations


def _facts(slug: str, found: Found) -> dict[str, JsonValue]:
    facts: dict[str, JsonValue] = {"count": len(found.files)}
    if slug in {"plugin", "dated-markup", "deprecated"}:
        facts["names"] = [*list(found.names)[:MAX_SHOWN]]
    facts["files"] = [*list(found.files)[:MAX_SHOWN]]
    return facts


def _evidence(ctx: CheckContext, found: Found) -> tuple[str, ...]:
    return (ctx.keep(found.proof[0], excerpt=found.proof[1]),) if found.proof else ()
