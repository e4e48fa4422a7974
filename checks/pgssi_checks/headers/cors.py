"""`headers.cors`: which other origins may read the answers with the user's cookies (RECOWEB R39, R40)."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import JsonValue

from pgssi_checks.headers.responses import SAMPLES, Kind
from pgssi_probe.check import (
    CheckContext,
    Exchange,
    Failure,
    Observation,
    Reason,
    Request,
    Response,
    inconclusive,
)
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.site import Site

TRICKS = ("reflected-origin", "null-origin", "prefix-match", "suffix-match")
"""In this order: a server that takes any origin takes the others too, and is accused once."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a response grants to the origin that asked. `allowed` is the raw Access-Control-Allow-Origin."""

    allowed: str
    credentials: bool
    vary: bool

    @property
    def wildcard(self) -> bool:
        return self.allowed == "*"

    def admits(self, origin: str) -> bool:
        return self.allowed.lower() == origin.lower()


def grant_of(response: Response) -> Grant | None:
    """None when the response grants nothing. Several values or a list are refused by browsers: nothing either."""
    values = response.all("access-control-allow-origin")
    if len(values) != 1 or not values[0].strip() or "," in values[0]:
        return None
    credentials = [value.strip() for value in response.all("access-control-allow-credentials")]
    vary = {token.strip().lower() for value in response.all("vary") for token in value.split(",")}
    return Grant(values[0].strip(), credentials == ["true"], bool(vary & {"origin", "*"}))


def foreign_origin() -> str:
    """An origin that can belong to nobody (RFC 2606)."""
    return f"https://{secrets.token_hex(6)}.invalid"


def forged_origins(own: str) -> dict[str, str]:
    """Trick -> the origin to send. Nothing is ever fetched from them: they are header values."""
    parts = urlsplit(own)
    host = parts.hostname or ""
    mark = secrets.token_hex(4)
    port = f":{parts.port}" if parts.port else ""
    return {
        "reflected-origin": foreign_origin(),
        "null-origin": "null",
        "prefix-match": f"{parts.scheme}://{host}.{mark}.invalid",
        "suffix-match": f"{parts.scheme}://{mark}{host}{port}",
    }


def verdict(trick: str, grant: Grant, origin: str) -> str | None:
    """The slug that a granted request deserves; None when the grant is harmless."""
    if grant.wildcard:
        return "wildcard-credentials" if grant.credentials else None
    if not grant.admits(origin):
        return None
    return trick if grant.credentials else "lenient-without-credentials"


def candidates(site: Site, apis: Sequence[str], limit: int) -> list[str]:
    """The home page, the login pages, then what looks like an API."""
    urls = [site.home.url, *(page.url for page in site.login_pages), *apis]
    return list(dict.fromkeys(urls))[:limit]


@dataclass(frozen=True, slots=True)
class Found:
    slug: str
    url: str
    origin: str
    vary: bool
    exchange: Exchange


async def ask(ctx: CheckContext, url: str, origin: str, *, preflight: bool) -> Exchange:
    if preflight:
        headers = (("Origin", origin), ("Access-Control-Request-Method", "GET"))
        return await ctx.send(Request("OPTIONS", url, headers))
    return await ctx.get(url, (("Origin", origin),))


async def try_address(ctx: CheckContext, url: str, *, preflight: bool) -> list[Found]:
    """Every trick on one address, each repeated with other random names before it is believed.

    ConnectionError, with the failure as its only argument, when the address stops answering.
    """
    found: list[Found] = []
    for trick in TRICKS:
        seen = await _granted(ctx, url, trick, preflight=preflight)
        if seen is None:
            continue
        again = await _granted(ctx, url, trick, preflight=preflight)
        if again is not None and again.slug == seen.slug:
            found.append(again)
            if trick == "reflected-origin" or again.slug == "wildcard-credentials":
                break
    return found


async def _granted(ctx: CheckContext, url: str, trick: str, *, preflight: bool) -> Found | None:
    origin = forged_origins(ctx.target.origin)[trick]
    exchange = await ask(ctx, url, origin, preflight=preflight)
    if exchange.response is None:
        raise ConnectionError(exchange.failure)
    grant = grant_of(exchange.response)
    slug = verdict(trick, grant, origin) if grant else None
    return Found(slug, url, origin, grant.vary, exchange) if grant and slug else None


async def observe(ctx: CheckContext) -> list[Observation]:
    site = await ctx.collect(SITE)
    if site.home.response is None:
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    apis = [s.url for s in await ctx.collect(SAMPLES) if s.kind is Kind.API and ctx.network.in_scope(s.url)]
    urls = candidates(site, apis, int(ctx.setting("addresses_max")))
    found: dict[str, list[Found]] = defaultdict(list)
    for url in urls:
        try:
            for preflight in (False, True) if url in apis else (False,):
                for one in await try_address(ctx, url, preflight=preflight):
                    found[one.slug].append(one)
        except ConnectionError as stopped:
            if not found:
                reason = Reason.BUDGET_EXHAUSTED if stopped.args[0] is Failure.BUDGET else Reason.CONNECTION_FAILED
                return [inconclusive(ctx.target.site, reason)]
            break
    if not found:
        return [Observation(slug="closed", subject=ctx.target.site, facts={"count": len(urls), "apis": len(apis)})]
    return [_observation(ctx, slug, grants) for slug, grants in found.items()]


def _observation(ctx: CheckContext, slug: str, grants: Sequence[Found]) -> Observation:
    urls: list[JsonValue] = [*dict.fromkeys(one.url for one in grants)]
    origins: list[JsonValue] = [*dict.fromkeys(one.origin for one in grants)]
    return Observation(
        slug=slug,
        subject=ctx.target.site,
        facts={"count": len(urls), "urls": urls, "origins": origins, "vary": all(one.vary for one in grants)},
        evidence=(ctx.keep(grants[0].exchange),),
    )
