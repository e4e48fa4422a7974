"""`disclosure.verbose-errors`: what the application tells when it fails (DT1, DT2, RECOWEB R59, ASVS V16.5.1).

A stack trace, a message of a database engine or a development page proves itself: it is not asked for twice.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pgssi_checks.disclosure.answered import ENDS, silence
from pgssi_checks.disclosure.error_pages import disclosures_in, provoked
from pgssi_checks.disclosure.provocations import provocations
from pgssi_checks.disclosure.traces import Trace
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, inconclusive
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.site import Site

MAX_URLS = 20
MAX_SHOWN_URL = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to something wrong. `kind` says what was wrong with the request."""

    kind: str
    exchange: Exchange


@dataclass(frozen=True, slots=True)
class Leak:
    """One slug and technology, and every answer that shows it."""

    trace: Trace
    answers: tuple[Answer, ...]


def judge(answers: Iterable[Answer], before: Sequence[Trace]) -> list[Leak]:
    """What the answers give away that the untouched pages (`before`) do not, by slug and technology."""
    found: dict[tuple[str, str], list[tuple[Trace, Answer]]] = {}
    for answer in answers:
        for trace in provoked(answer.exchange, before):
            found.setdefault((trace.slug, trace.technology), []).append((trace, answer))
    return [Leak(shown[0][0], tuple(answer for _, answer in shown)) for shown in found.values()]


def untouched(site: Site) -> list[Trace]:
    """What ordinary pages show: documentation that quotes a stack trace, for instance."""
    return [trace for page in site.pages if page.exchange.response for trace in disclosures_in(page.exchange.response)]


def _shown(url: str) -> str:
    return url if len(url) <= MAX_SHOWN_URL else url[: MAX_SHOWN_URL - 1] + "…"


def _observation(ctx: CheckContext, leaks: Sequence[Leak]) -> Observation:
    """One observation for a slug, whatever the number of technologies."""
    answers = [answer for leak in leaks for answer in leak.answers]
    first = leaks[0]
    return Observation(
        slug=first.trace.slug,
        subject=ctx.target.site,
        facts={
            "technology": [*dict.fromkeys(leak.trace.technology for leak in leaks if leak.trace.technology)],
            "count": len({id(answer.exchange) for answer in answers}),
            "provoked_by": [*dict.fromkeys(answer.kind for answer in answers)],
            "statuses": [*sorted({answer.exchange.status or 0 for answer in answers})],
            "paths": first.trace.excerpt.splitlines() if first.trace.slug == "file-path" else [],
            "urls": [*dict.fromkeys(_shown(answer.exchange.url) for answer in answers)][:MAX_URLS],
        },
        evidence=tuple(ctx.keep(leak.answers[0].exchange, excerpt=leak.trace.excerpt) for leak in leaks[:3]),
    )


async def observe(ctx: CheckContext) -> list[Observation]:
    site = await ctx.collect(SITE)
    if site.home.response is None:
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    answers = [Answer("not-found", exchange) for exchange in site.absent]
    built = provocations(site, site.home.url, secrets.token_hex(6))[: ctx.metadata.sends.requests]
    for provocation in (each for each in built if ctx.network.in_scope(each.request.url)):
        exchange = await ctx.send(provocation.request)
        answers.append(Answer(provocation.kind, exchange))
        if exchange.failure in ENDS:
            break
    leaks = judge(answers, untouched(site))
    by_slug: dict[str, list[Leak]] = {}
    for leak in leaks:
        by_slug.setdefault(leak.trace.slug, []).append(leak)
    if by_slug:
        return [_observation(ctx, concerned) for concerned in by_slug.values()]
    if reason := silence(answer.exchange for answer in answers):
        return [inconclusive(ctx.target.site, reason)]
    if any(answer.exchange.truncated for answer in answers):
        return [inconclusive(ctx.target.site, Reason.BODY_TRUNCATED)]
    answered = [answer for answer in answers if answer.exchange.response]
    return [
        Observation(
            slug="plain",
            subject=ctx.target.site,
            facts={
                "count": len(answered),
                "statuses": [*sorted({answer.exchange.status or 0 for answer in answered})],
            },
        )
    ]
