"""`exposure.nonproduction`: signs of a test environment in names, pages and tools (CR5, HE4, GP6). Hints only."""

from __future__ import annotations

from pydantic import JsonValue

from pgssi_checks.exposure.neighbours import certificate_names, words_of_test
from pgssi_checks.exposure.staging import asks_not_to_be_indexed, tools_in, wording_of
from pgssi_probe.check import CheckContext, Observation, Reason, Subject, inconclusive
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.site import Site

MAX_SHOWN = 20


async def observe(ctx: CheckContext) -> list[Observation]:
    site = await ctx.collect(SITE)
    if site.home.response is None:
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    found = [*_names(ctx, site), *_tools(ctx, site), *_wording(ctx, site)]
    if found:
        return found
    hidden = site.home_page is not None and asks_not_to_be_indexed(site.home_page)
    return [Observation(slug="none", subject=ctx.target.site, facts={"pages": len(site.pages), "noindex": hidden})]


def _names(ctx: CheckContext, site: Site) -> list[Observation]:
    found = []
    if words := words_of_test(ctx.target.host):
        subject = Subject(kind="host", name=ctx.target.host)
        found.append(Observation(slug="test-name", subject=subject, facts={"words": [*words]}))
    told = certificate_names(site.exchanges, ctx.target.host)
    if told is not None:
        names, exchange = told
        others: list[JsonValue] = [name for name in names if name != ctx.target.host.lower() and words_of_test(name)]
        if others:
            facts: dict[str, JsonValue] = {"names": others[:MAX_SHOWN], "count": len(others)}
            evidence = (ctx.keep(exchange, excerpt="\n".join(map(str, others[:MAX_SHOWN]))),)
            found.append(Observation(slug="certificate-names", subject=ctx.target.site, facts=facts, evidence=evidence))
    return found


def _tools(ctx: CheckContext, site: Site) -> list[Observation]:
    found = tools_in(one for one in site.exchanges if ctx.network.in_scope(one.url))
    if not found:
        return []
    tools: list[JsonValue] = [*sorted(found)]
    urls: list[JsonValue] = [*dict.fromkeys(exchange.url for exchange, _ in found.values())]
    evidence = tuple(ctx.keep(exchange, excerpt=mark) for exchange, mark in list(found.values())[:3])
    facts: dict[str, JsonValue] = {"tools": tools, "urls": urls[:MAX_SHOWN]}
    return [Observation(slug="debug-tool", subject=ctx.target.site, facts=facts, evidence=evidence)]


def _wording(ctx: CheckContext, site: Site) -> list[Observation]:
    """What the entrance says: the home page and the sign-in page, since a whole environment says it there."""
    entrance = [page for page in (site.home_page, *site.login_pages[:2]) if page is not None]
    for page in dict.fromkeys(entrance):
        if said := wording_of(page):
            facts: dict[str, JsonValue] = {"said": said, "page": page.url, "noindex": asks_not_to_be_indexed(page)}
            evidence = (ctx.keep(page.exchange, excerpt=said),)
            return [Observation(slug="test-wording", subject=ctx.target.site, facts=facts, evidence=evidence)]
    return []
