"""`disclosure.verbose-errors`: what the application tells when it fails (DT1, DT2, RECOWEB R59, ASVS V16.5.1).

A stack trace, a message of a database engine or a development page proves itself: it is not asked for twice.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from pgssi_checks.disclosure.answered import ENDS, silence
from pgssi_checks.disclosure.error_pages import disclosures_in, ordinary, provoked
from pgssi_checks.disclosure.provocations import (
    Provocation,
    identifier_provocations,
    parameter_provocations,
    provocations,
)
from pgssi_checks.disclosure.signed_in import answers_of, pages_of, signed_in_visits
from pgssi_checks.disclosure.traces import Trace
from pgssi_checks.input.asking import Asker, Lost
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, Request, inconclusive
from pgssi_probe.discovery.address import extension
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.danger import is_dangerous
from pgssi_probe.discovery.site import Page, Site
from pgssi_probe.inventory.model import Visit

MAX_URLS = 20
MAX_SHOWN_URL = 200
MAX_ANONYMOUS = 50
MAX_SIGNED_IN = 12
MAX_WITHOUT_SESSION = 8


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


def untouched(pages: Iterable[Page]) -> list[Trace]:
    """What ordinary pages show: documentation that quotes a stack trace, for instance; but not what failed in them."""
    responses = [page.exchange.response for page in pages if page.exchange.response]
    return [trace for one in responses if not ordinary(one) for trace in disclosures_in(one)]


def shown_already(exchanges: Iterable[Exchange]) -> list[Answer]:
    """Answers to ordinary requests that show an error which the server wrote into them, or are a page of phpinfo()."""
    return [Answer("ordinary", one) for one in exchanges if one.response and ordinary(one.response)]


def _is_routed(url: str) -> bool:
    """Whether one program answers for all pages: where each is a file, each may have forgotten to ask for a session."""
    return extension(url) in {"", ".html", ".htm"}


def without_session(visits: Iterable[Visit]) -> list[Provocation]:
    """Pages of accounts, to be asked for without a session: a page that counts on one may fail. One of each path."""
    found: dict[str, Page] = {}
    for visit in visits:
        for page in visit.pages:
            found.setdefault(urlsplit(page.url).path, page)
    wanted = sorted((page.url for page in found.values() if not is_dangerous(page.url)), key=_is_routed)
    return [Provocation("no-session", Request("GET", url, provokes_errors=True)) for url in wanted]


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


async def signed_in_answers(
    ctx: CheckContext, visits: Sequence[Visit], site: Site
) -> tuple[list[Answer], Reason | None]:
    """Errors met by the accounts, and what the parameters of the pages of one of them give away when they are wrong.

    The reason says why these were not all tried.
    """
    met = [
        Answer("signed-in", exchange)
        for visit in visits
        for exchange in visit.answers
        if exchange.status is not None and exchange.status >= 400
    ]
    if not visits:
        return met, None
    label = visits[0].label
    wrong = parameter_provocations(replace(site, pages=visits[0].pages), site.home.url)[:MAX_SIGNED_IN]
    parts = urlsplit(site.home.url)
    wrong += identifier_provocations(visits[0].pages, f"{parts.scheme}://{parts.netloc}")
    try:
        asker = await Asker.of(ctx)
        for provocation in wrong:
            if ctx.network.in_scope(provocation.request.url):
                answered = await asker.ask(provocation.request, label)
                met.append(Answer(provocation.kind, answered))
    except Lost as lost:
        return met, lost.reason
    return met, None


async def observe(ctx: CheckContext) -> list[Observation]:
    site = await ctx.collect(SITE)
    if site.home.response is None:
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    answers = [Answer("not-found", exchange) for exchange in site.absent]
    visits = await signed_in_visits(ctx)
    built = provocations(site, site.home.url, secrets.token_hex(6))[:MAX_ANONYMOUS]
    built += without_session(visits)[:MAX_WITHOUT_SESSION]
    for provocation in (each for each in built if ctx.network.in_scope(each.request.url)):
        exchange = await ctx.send(provocation.request)
        answers.append(Answer(provocation.kind, exchange))
        if exchange.failure in ENDS:
            break
    silent = silence(answer.exchange for answer in answers)
    more, lost = await signed_in_answers(ctx, visits, site) if silent is None else ([], None)
    answers += more
    answers += shown_already(answers_of(site, visits))
    leaks = judge(answers, untouched(pages_of(site, visits)))
    by_slug: dict[str, list[Leak]] = {}
    for leak in leaks:
        by_slug.setdefault(leak.trace.slug, []).append(leak)
    if by_slug:
        return [_observation(ctx, concerned) for concerned in by_slug.values()]
    if reason := silent or lost:
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
