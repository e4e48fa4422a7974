"""`input.host-header`: does an answer take its own name from the request (CWE-644)?

The name asked for cannot exist (RFC 6761). Each address is asked with a parameter of its own, so that whatever a cache
may keep of it is served to nobody else. No form is sent: a reset message is never asked for.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urljoin, urlsplit

from pydantic import JsonValue

from pgssi_checks.disclosure.answered import reason_of
from pgssi_checks.disclosure.asking import unanswered
from pgssi_checks.input.asking import Lost
from pgssi_checks.input.landing import host_of, sends_to
from pgssi_checks.input.points import MAX_BODY, curl
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, Request, Response, inconclusive
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.danger import FORGOTTEN, words_of
from pgssi_probe.discovery.parse import parse_page
from pgssi_probe.discovery.site import Document, Site
from pgssi_probe.net.exchange import Headers

BUSTER: Final = "pgssi"
MAX_URLS: Final = 20


@dataclass(frozen=True, slots=True)
class Way:
    """How a name is given. `forwarded`: by a header that only a relay of one's own should write."""

    name: str
    headers: Callable[[str], Headers]
    forwarded: bool = False
    absolute: bool = False


WAYS: Final = (
    Way("Host", lambda host: (("Host", host),)),
    Way("X-Forwarded-Host", lambda host: (("X-Forwarded-Host", host),), forwarded=True),
    Way("Forwarded", lambda host: (("Forwarded", f"host={host};proto=https"),), forwarded=True),
    Way("X-Host", lambda host: (("X-Host", host), ("X-Forwarded-Server", host)), forwarded=True),
    Way("absolute-form", lambda _host: (), absolute=True),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """Where a name came back, and what a reader sees of it."""

    places: tuple[str, ...]
    excerpt: str


def shown(response: Response, document: Document | None, url: str, host: str) -> Shown | None:
    """Where an answer leads to the name, or loads from it: never a name merely repeated as text."""
    found: dict[str, str] = {}
    for sent in sends_to(response, document):
        if host_of(url, sent.target) == host:
            found.setdefault(sent.how, sent.target)
    for cookie in response.all("set-cookie"):
        if f"domain={host}" in cookie.lower().replace(" ", "").replace("=.", "="):
            found.setdefault("cookie", cookie.partition("=")[0])
    if document is not None:
        base = document.base or url
        named: list[tuple[str, str]] = [("base", document.base)] if document.base else []
        named += [("form", form.action) for form in document.forms]
        named += [("canonical" if one.tag == "link" else "resource", one.url) for one in document.resources]
        named += [("link", link.url) for link in document.links]
        for place, target in named:
            if host_of(base, target) == host:
                found.setdefault(place, target)
    elif f"://{host}" in response.text:
        found.setdefault("address", f"://{host}")
    elif f":\\/\\/{host}" in response.text:
        found.setdefault("address", f":\\/\\/{host}")
    if document is not None and not found and f"://{host}" in response.text:
        found["address"] = f"://{host}"
    return Shown(tuple(found), next(iter(found.values()))[:200]) if found else None


def pages(site: Site, origin: str) -> list[str]:
    """A few pages that tell most: the first, sign-in, forgotten password, what robots read, one that redirects."""
    own = [page.url for page in site.pages if page.url.startswith(origin)]
    links = [link.url for page in site.pages for link in page.document.links if link.url.startswith(origin)]
    forgotten = [url for url in (*own, *links) if len(FORGOTTEN & set(words_of(urlsplit(url).path).split())) > 0]
    redirecting = [one.url for one in site.exchanges if one.status in {301, 302, 303, 307, 308}]
    chosen = [site.home.url, *(page.url for page in site.login_pages[:1]), *forgotten[:1]]
    chosen += [url for url in redirecting if url.startswith(origin)][:2]
    chosen += [one.url for one in (site.robots, site.sitemap) if one is not None and one.status == 200]
    chosen += own[1:2]
    return list(dict.fromkeys(url.partition("#")[0] for url in chosen))


def request(url: str, way: Way | None, host: str, *, again: bool = False, mark: str = "") -> Request:
    """The page with a parameter that nobody else sends, and the name given in that way."""
    parts = urlsplit(url)
    query = f"{parts.query}&" if parts.query else ""
    busted = parts._replace(query=f"{query}{BUSTER}={mark or secrets.token_hex(6)}")
    made = Request("GET", busted.geturl(), http_version="1.1", max_body=MAX_BODY, provokes_errors=True)
    if way is None or again:
        return made
    form = f"https://{host}{busted.path or '/'}?{busted.query}" if way.absolute else None
    return replace(made, headers=way.headers(host), origin_form=form)


@dataclass(frozen=True, slots=True)
class Echo:
    """One way that came back, on one page. `poisoned`: an answer without the name given shows it too."""

    way: Way
    exchange: Exchange
    shown: Shown
    poisoned: Exchange | None = None


def repeats_what_was_asked(exchange: Exchange, found: Shown, host: str) -> bool:
    """Whether an answer to a request in absolute form repeats its target as text, and takes no name from it: the page
    to come back to after the sign-in (`?next=https://…`)."""
    response, asked = exchange.response, urlsplit(exchange.request.origin_form or "").path
    if response is None or found.places != ("address",):
        return False
    echo = re.compile(
        rf"(?<==)(?:https?:)?//{re.escape(host)}|//{re.escape(host)}{re.escape(asked)}(?![\w/.%-])", re.IGNORECASE
    )
    return f"//{host}" not in echo.sub("", response.text.replace("\\/", "/"))


async def _read(exchange: Exchange, host: str) -> Shown | None:
    if exchange.response is None:
        return None
    page = await parse_page(exchange)
    found = shown(exchange.response, page.document if page else None, exchange.url, host)
    if found is not None and found.places == ("address",) and exchange.response.status >= 400:
        return None  # a refusal that says which name it refuses, with all that was asked in a page of debugging
    absolute = exchange.request.origin_form is not None
    return None if found is not None and absolute and repeats_what_was_asked(exchange, found, host) else found


async def _tried(ctx: CheckContext, url: str, way: Way, seen: list[Exchange]) -> Echo | None:
    """The page asked twice with two names, both of which come back; then once more without, as anybody would."""
    for number in range(2):
        host, mark = f"pgssi-{secrets.token_hex(5)}.invalid", secrets.token_hex(6)
        got = await ctx.send(request(url, way, host, mark=mark))
        seen.append(got)
        if got.failure is not None and got.failure.value in {"budget", "stopped"}:
            raise Lost(reason_of(got.failure))
        back = await _read(got, host)
        if back is None:
            return None
        if number == 1:
            after = await ctx.send(request(url, way, host, again=True, mark=mark))
            kept = await _read(after, host)
            return Echo(way, got, back, after if kept is not None else None)
    return None


async def observe(ctx: CheckContext) -> list[Observation]:
    site = await ctx.collect(SITE)
    if site.home.response is None:
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    seen: list[Exchange] = []
    found: list[Echo] = []
    reason: Reason | None = None
    urls = [url for url in pages(site, ctx.target.origin) if ctx.network.in_scope(url)][: ctx.setting("pages_max")]
    try:
        for url in urls:
            for way in WAYS:
                echo = await _tried(ctx, urljoin(url, url), way, seen)
                if echo is not None:
                    found.append(echo)
    except Lost as lost:
        reason = lost.reason
    groups = {
        "poisoned": [echo for echo in found if echo.poisoned is not None],
        "forwarded": [echo for echo in found if echo.way.forwarded],
        "reflected": [echo for echo in found if not echo.way.forwarded],
    }
    told = [_told(ctx, slug, echoes) for slug, echoes in groups.items() if echoes]
    if told:
        return told
    # Refusing a strange name by closing the connection is an answer of the best kind: only the usual name must answer.
    usual = await ctx.send(request(site.home.url, None, ""))
    reason = reason or unanswered([usual])
    if reason is not None:
        return [inconclusive(ctx.target.site, reason)]
    return [Observation(slug="ignored", subject=ctx.target.site, facts={"pages": len(urls), "ways": len(WAYS)})]


def _told(ctx: CheckContext, slug: str, echoes: list[Echo]) -> Observation:
    first = echoes[0]
    kept = [ctx.keep(first.exchange, excerpt=first.shown.excerpt, title="given-name")]
    if slug == "poisoned" and first.poisoned is not None:
        kept.append(ctx.keep(first.poisoned, excerpt=first.shown.excerpt, title="usual-name"))
    line = curl(first.exchange.request)
    urls = list(dict.fromkeys(echo.exchange.url.partition("?")[0] for echo in echoes))
    facts: dict[str, JsonValue] = {
        "ways": [*dict.fromkeys(echo.way.name for echo in echoes)],
        "places": [*dict.fromkeys(place for echo in echoes for place in echo.shown.places)],
        "count": len(urls),
        "urls": [*urls[:MAX_URLS]],
    }
    kept.append(ctx.keep_facts("again", {"curl": line, **facts}))
    return Observation(slug=slug, subject=ctx.target.site, facts=facts, evidence=tuple(kept))
