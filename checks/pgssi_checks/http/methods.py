"""`http.methods`: does the server do something for a method that it should refuse? Only harmless methods are sent."""

from __future__ import annotations

import secrets
from urllib.parse import urljoin, urlsplit, urlunsplit

from pgssi_probe.check import CheckContext, Exchange, Failure, Observation, Reason, Request, inconclusive
from pgssi_probe.compare.similarity import Fingerprint, same_page_threshold
from pgssi_probe.discovery.collect import SITE, location
from pgssi_probe.discovery.site import Site
from pgssi_probe.net.exchange import Headers

INVENTED = "PGSSIPROBE"
"""A method that no standard knows: a server can only refuse it, or show that it does not look at methods."""
OVERRIDE_HEADERS = ("X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method")
OVERRIDE_PARAMETER = "_method"
REFUSALS = frozenset({400, 405, 501})


def echoes(exchange: Exchange, mark: str) -> bool:
    """TRACE sent the request back: our own random header value is in the body (RFC 9110 §9.3.8)."""
    response = exchange.response
    return response is not None and response.status == 200 and mark.encode() in response.body


def same_answer(one: Exchange, other: Exchange, again: Exchange) -> bool:
    """Are two answers the same page? `again` is `one` asked twice: what changes by itself does not count."""
    first, second, third = one.response, other.response, again.response
    if first is None or second is None or third is None:
        return False
    if first.status != second.status or first.media_type != second.media_type:
        return False
    prints = [Fingerprint.of(response.text) for response in (first, second, third)]
    return prints[0].similarity(prints[1]) >= same_page_threshold(prints[0].similarity(prints[2]))


def is_overridden(plain: Exchange, control: Exchange, overridden: Exchange) -> bool:
    """A GET that is refused as soon as a header names another method, and not for a header with another name."""
    return (
        plain.status is not None
        and plain.status < 400
        and control.status == plain.status
        and overridden.status in REFUSALS
    )


def allowed_methods(exchange: Exchange) -> list[str]:
    values = exchange.response.all("allow") if exchange.response else ()
    return sorted({name.strip().upper()[:20] for value in values for name in value.split(",") if name.strip()})[:20]


def with_parameter(url: str, value: str) -> str:
    parts = urlsplit(url)
    query = f"{parts.query}&" if parts.query else ""
    return urlunsplit(parts._replace(query=f"{query}{OVERRIDE_PARAMETER}={value}", fragment=""))


async def observe(ctx: CheckContext) -> list[Observation]:
    site = await ctx.collect(SITE)
    home = site.home
    if home.response is None:
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    again = await ctx.get(home.url)
    if again.failure is Failure.BUDGET:
        return [inconclusive(ctx.target.site, Reason.BUDGET_EXHAUSTED)]
    if again.response is None or again.status != home.status:
        return [inconclusive(ctx.target.site, Reason.UNSTABLE_TARGET)]
    options = await ctx.send(Request("OPTIONS", home.url))
    observations = [*await _trace(ctx, home.url), *await _invented(ctx, site, again), *await _override(ctx, home)]
    listed = allowed_methods(options)
    facts = {"allow": [*listed]}
    if listed and options.response is not None:
        kept = (ctx.keep(options),)
        observations.append(Observation(slug="allow-listed", subject=ctx.target.site, facts=facts, evidence=kept))
    if not any(observation.slug in {"trace", "invented-verb", "override"} for observation in observations):
        observations.append(Observation(slug="sober", subject=ctx.target.site))
    return observations


async def _trace(ctx: CheckContext, url: str) -> list[Observation]:
    """Twice, with two marks: a page that repeats headers by chance would have to do so for TRACE alone."""
    for _ in range(2):
        mark = secrets.token_hex(12)
        exchange = await ctx.send(Request("TRACE", url, (("X-Pgssi-Trace", mark),)))
        if not echoes(exchange, mark):
            return []
    got = await ctx.get(url, (("X-Pgssi-Trace", mark),))
    if echoes(got, mark):
        return []  # the page shows request headers whatever the method
    return [
        Observation(
            slug="trace",
            subject=ctx.target.site,
            facts={"url": url},
            evidence=(ctx.keep(exchange, excerpt=f"X-Pgssi-Trace: {mark}"),),
        )
    ]


async def _invented(ctx: CheckContext, site: Site, again: Exchange) -> list[Observation]:
    """Being served as GET is how many servers are made; passing an access control by it is a weakness."""
    home = site.home
    if home.status is None or home.status >= 400:
        return []  # a refusal that is the same for every method says nothing of methods
    sent = [await ctx.send(Request(INVENTED, home.url)) for _ in range(2)]
    if not all(same_answer(home, exchange, again) for exchange in sent):
        return []
    for refused in refusals(site)[: int(ctx.setting("refusals_max"))]:
        if (passed := await _passes(ctx, refused)) is not None:
            facts = {"url": refused.url, "method": INVENTED, "refused": refused.status, "status": passed.status}
            kept = (ctx.keep(refused), ctx.keep(passed))
            return [Observation(slug="invented-verb", subject=ctx.target.site, facts=facts, evidence=kept)]
    facts = {"url": home.url, "method": INVENTED}
    return [Observation(slug="served-as-get", subject=ctx.target.site, facts=facts, evidence=(ctx.keep(sent[0]),))]


async def _passes(ctx: CheckContext, refused: Exchange) -> Exchange | None:
    """The page that the invented method obtains where GET is refused, twice; None when it is refused as well.

    An invented address tells a server that answers anything to an unknown method from one that gives the page.
    """
    again = await ctx.get(refused.url)
    if again.status != refused.status:
        return None
    control = await ctx.send(Request(INVENTED, urljoin(refused.url, secrets.token_hex(8))))
    passed = [await ctx.send(Request(INVENTED, refused.url)) for _ in range(2)]
    if not all(is_content(exchange) and not same_answer(control, exchange, control) for exchange in passed):
        return None
    return passed[0] if same_answer(passed[0], passed[1], passed[1]) else None


def is_content(exchange: Exchange) -> bool:
    response = exchange.response
    return response is not None and response.status == 200 and len(response.body) > 0


def refusals(site: Site) -> list[Exchange]:
    """Addresses that GET may not read without an account: 401, 403, or a redirect to a sign-in page, each once."""
    logins = {urlsplit(page.url).path for page in site.login_pages}
    found = {
        exchange.url: exchange
        for exchange in site.others
        if exchange.status in {401, 403} or urlsplit(location(exchange) or "").path in logins - {""}
    }
    return list(found.values())


async def _override(ctx: CheckContext, home: Exchange) -> list[Observation]:
    """GET with an override to the invented method: what honours it refuses, what ignores it answers as usual."""
    control = await ctx.get(home.url, (("X-Pgssi-Control", INVENTED),))
    for name in OVERRIDE_HEADERS:
        headers: Headers = ((name, INVENTED),)
        if found := await _honoured(ctx, home, control, home.url, headers, name):
            return [found]
    neutral = await ctx.get(with_parameter(home.url, "GET"))
    found = await _honoured(ctx, home, neutral, with_parameter(home.url, INVENTED), (), OVERRIDE_PARAMETER)
    return [found] if found else []


async def _honoured(
    ctx: CheckContext, home: Exchange, control: Exchange, url: str, headers: Headers, how: str
) -> Observation | None:
    for _ in range(2):
        exchange = await ctx.get(url, headers)
        if not is_overridden(home, control, exchange):
            return None
    facts = {"url": home.url, "how": how, "status": exchange.status}
    return Observation(slug="override", subject=ctx.target.site, facts=facts, evidence=(ctx.keep(exchange),))
