"""`disclosure.files`: files left on the server, each recognised by its content (DT2, DT3, ASVS V13.4).

A refusal is not presence. What is recognised is compared with the answers about invented siblings before it is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from pgssi_checks.disclosure.answered import ENDS, TOO_MANY, is_nothing, silence
from pgssi_checks.disclosure.file_candidates import Candidate, Found, candidates, is_public_script, recognise
from pgssi_checks.disclosure.source_maps import SourceMap, inline, read_map, reference
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, Request, Subject, inconclusive
from pgssi_probe.compare.absence import ABSENCE
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.site import Site

BATCH = 4
MAX_REFUSED_IN_A_ROW = 3
MAX_MAPS = 6


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, what came, and whether everything was."""

    answers: tuple[tuple[Candidate, Exchange], ...]
    complete: bool


async def ask(ctx: CheckContext, wanted: Sequence[Candidate]) -> Asked:
    """Ask for the candidates, a few together. Stops when the run ends or the target says that it is too much."""
    answers: list[tuple[Candidate, Exchange]] = []
    done: set[str] = set()
    limited = 0
    for start in range(0, len(wanted), BATCH):
        batch = [candidate for candidate in wanted[start : start + BATCH] if candidate.slug not in done]
        exchanges = await asyncio.gather(*(ctx.send(candidate.request) for candidate in batch))
        for candidate, exchange in zip(batch, exchanges, strict=True):
            answers.append((candidate, exchange))
            limited = limited + 1 if exchange.status == TOO_MANY else 0
            if candidate.once and recognise(candidate, exchange):
                done.add(candidate.slug)
        if limited >= MAX_REFUSED_IN_A_ROW or any(exchange.failure in ENDS for exchange in exchanges):
            return Asked(tuple(answers), complete=False)
    return Asked(tuple(answers), complete=True)


def first_of_each(found: Sequence[Found]) -> list[Found]:
    """One finding a file; of what makes one weakness (a repository, metrics), the first only."""
    kept: list[Found] = []
    for each in found:
        if not (each.candidate.once and any(other.candidate.slug == each.candidate.slug for other in kept)):
            kept.append(each)
    return kept


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
    for script in site.resources:
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


def _observed_file(ctx: CheckContext, found: Found) -> Observation:
    return Observation(
        slug=found.candidate.slug,
        subject=Subject(kind="file", name=found.candidate.url),
        facts={"size": found.size, "status": found.exchange.status},
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
    wanted = candidates(ctx.target.url, site)[: ctx.metadata.sends.requests - MAX_MAPS]
    asked = await ask(ctx, wanted)
    recognised = [found for candidate, exchange in asked.answers if (found := recognise(candidate, exchange))]
    present = [
        found
        for found in recognised
        if not await is_nothing(control, found.exchange, partial(recognise, found.candidate))
    ]
    observations = [_observed_file(ctx, found) for found in first_of_each(present)]
    maps = await source_maps(ctx, site) if asked.complete else []
    if maps:
        observations.append(_observed_maps(ctx, maps))
    reason = silence(exchange for _, exchange in asked.answers) or (None if asked.complete else Reason.RATE_LIMITED)
    if reason:
        return [*observations, inconclusive(ctx.target.site, reason)]
    if not observations:
        return [Observation(slug="none", subject=ctx.target.site, facts={"count": len(asked.answers)})]
    return observations
