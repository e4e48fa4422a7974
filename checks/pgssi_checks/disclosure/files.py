"""`disclosure.files`: files left on the server, each recognised by its content (DT2, DT3, ASVS V13.4).

A refusal is not presence. What is recognised is compared with the answers about invented siblings before it is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from pgssi_checks.disclosure.answered import is_nothing
from pgssi_checks.disclosure.asking import ask
from pgssi_checks.disclosure.file_candidates import Candidate, Found, candidates, is_public_script, recognise
from pgssi_checks.disclosure.signed_in import scripts_of, signed_in_visits
from pgssi_checks.disclosure.source_maps import SourceMap, inline, read_map, reference
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, Request, Subject, inconclusive
from pgssi_probe.compare.absence import ABSENCE
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.site import Site

MAX_CANDIDATES = 120
MAX_MAPS = 6
MAX_URLS = 20


def already_found(candidate: Candidate, answers: Sequence[tuple[Candidate, Exchange]]) -> bool:
    """Whether what a candidate would tell is told already: one file of a repository is enough."""
    return candidate.once and any(
        other.slug == candidate.slug and recognise(other, exchange) for other, exchange in answers
    )


@dataclass(frozen=True, slots=True)
class Weakness:
    """One thing to mend: a file and its copies, or what makes one weakness together (a repository, metrics)."""

    found: Found
    urls: tuple[str, ...]


def weaknesses(found: Sequence[Found]) -> list[Weakness]:
    """The same content at several addresses is told once, at the first; so is all that a `once` group holds."""
    groups: dict[tuple[str, str], list[Found]] = {}
    for each in found:
        response = each.exchange.response
        content = response.sha256 if response and response.body and not each.candidate.once else ""
        key = (each.candidate.slug, content or ("" if each.candidate.once else each.candidate.url))
        groups.setdefault(key, []).append(each)
    return [Weakness(same[0], tuple(each.candidate.url for each in same)) for same in groups.values()]


@dataclass(frozen=True, slots=True)
class MapSeen:
    url: str
    content: SourceMap
    exchange: Exchange


async def source_maps(ctx: CheckContext, site: Site) -> list[MapSeen]:
    """Maps of the scripts of the site itself, not of public libraries."""
    control = await ctx.collect(ABSENCE)
    seen: list[MapSeen] = []
    asked: set[str] = set()
    own = scripts_of(await signed_in_visits(ctx))
    for script in {one.url: one for one in (*own, *site.resources)}.values():
        response = script.response
        if response is None or "css" in response.media_type or is_public_script(script.url):
            continue
        carried = inline(script)
        if carried and (content := read_map(carried)) and content.own:
            seen.append(MapSeen(script.url, content, script))
        address = reference(script)
        if not address or address in asked or len(asked) >= MAX_MAPS or not ctx.network.in_scope(address):
            continue
        asked.add(address)
        exchange = await ctx.send(Request("GET", address))
        answer = exchange.response
        if answer is None or answer.status != 200 or answer.is_html:
            continue
        if (content := read_map(answer.text)) and content.own and not await is_nothing(control, exchange, _is_map):
            seen.append(MapSeen(address, content, exchange))
    return seen


def _is_map(exchange: Exchange) -> bool:
    return exchange.response is not None and read_map(exchange.response.text) is not None


def _observed_file(ctx: CheckContext, weakness: Weakness) -> Observation:
    found = weakness.found
    return Observation(
        slug=found.candidate.slug,
        subject=Subject(kind="file", name=found.candidate.url),
        facts={"size": found.size, "status": found.exchange.status, "urls": [*weakness.urls][:MAX_URLS]},
        evidence=(ctx.keep(found.exchange, excerpt=found.excerpt or None),),
    )


def _observed_maps(ctx: CheckContext, maps: Sequence[MapSeen]) -> Observation:
    return Observation(
        slug="source-map",
        subject=ctx.target.site,
        facts={
            "count": len(maps),
            "sources": sum(seen.content.own for seen in maps),
            "with_code": any(seen.content.with_code for seen in maps),
            "urls": [seen.url for seen in maps],
        },
        evidence=(ctx.keep(maps[0].exchange, excerpt=f'"sources": {maps[0].content.sources}'),),
    )


async def observe(ctx: CheckContext) -> list[Observation]:
    site = await ctx.collect(SITE)
    if site.home.response is None:
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    control = await ctx.collect(ABSENCE)
    wanted = candidates(ctx.target.url, site)[:MAX_CANDIDATES]
    asked = await ask(ctx, [(candidate, candidate.request) for candidate in wanted], enough=already_found)
    recognised = [found for candidate, exchange in asked.answers if (found := recognise(candidate, exchange))]
    present = [
        found
        for found in recognised
        if not await is_nothing(control, found.exchange, partial(recognise, found.candidate))
    ]
    observations = [_observed_file(ctx, weakness) for weakness in weaknesses(present)]
    maps = [] if asked.reason else await source_maps(ctx, site)
    if maps:
        observations.append(_observed_maps(ctx, maps))
    if asked.reason:
        return [*observations, inconclusive(ctx.target.site, asked.reason)]
    if not observations:
        return [Observation(slug="none", subject=ctx.target.site, facts={"count": len(asked.answers)})]
    return observations
