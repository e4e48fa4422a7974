"""`disclosure.secrets`: keys and tokens in what visitors receive (GC3, ASVS V13.3.1). Nothing is sent, nor used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pgssi_checks.disclosure.secret_patterns import Secret, secrets_in
from pgssi_checks.disclosure.signed_in import signed_in_visits
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, Subject, inconclusive
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.site import Page, Site
from pgssi_probe.inventory.model import Visit

MAX_URLS = 20
MAX_OUTCOMES = 30
HANDED_OUT = "JWT"
"""What an account may be given as its own: its token is no secret kept from it."""
TEXTUAL = ("text/", "json", "javascript", "ecmascript", "xml", "x-pem", "yaml")


@dataclass(frozen=True, slots=True)
class Place:
    """A text that visitors receive. `script` says whether it is code, `own` whether an account received it."""

    exchange: Exchange
    text: str
    script: bool
    own: bool = False


def places(site: Site, visits: Iterable[Visit] = ()) -> Iterator[Place]:
    """Pages, their inline scripts apart, and the scripts, styles and documents that were read with them; then those
    that accounts received."""
    yield from _places(site.pages, site.exchanges, own=False)
    for visit in visits:
        yield from _places(visit.pages, (*visit.answers, *visit.scripts), own=True)


def _places(read: Iterable[Page], exchanges: Iterable[Exchange], *, own: bool) -> Iterator[Place]:
    pages = set()
    for page in read:
        pages.add(id(page.exchange))
        if page.exchange.response:
            yield Place(page.exchange, page.exchange.response.text, script=False, own=own)
        for code in page.document.inline_scripts:
            yield Place(page.exchange, code, script=True, own=own)
    for exchange in exchanges:
        response = exchange.response
        if response is None or id(exchange) in pages or response.status >= 400:
            continue
        media_type = response.media_type
        if not media_type or any(word in media_type for word in TEXTUAL):
            yield Place(exchange, response.text, script="script" in media_type or "json" in media_type, own=own)


def judge(texts: Iterable[Place]) -> list[tuple[Secret, list[Exchange]]]:
    """Each secret once, with every answer that holds it. Two secrets with the same mask and kind are one."""
    found: dict[tuple[str, str], tuple[Secret, list[Exchange]]] = {}
    for place in texts:
        for secret in secrets_in(place.text, script=place.script):
            if place.own and secret.kind == HANDED_OUT:
                continue
            known = found.setdefault((secret.kind, secret.shown), (secret, []))
            if place.exchange not in known[1]:
                known[1].append(place.exchange)
    return list(found.values())


def is_cut(texts: Iterable[Place]) -> bool:
    """Whether something was not read to its end. The walks of accounts cut files sooner: what anybody else was given
    whole at the same address was read."""
    every = list(texts)
    whole = {place.exchange.url for place in every if not place.exchange.truncated}
    return any(place.exchange.truncated and not (place.own and place.exchange.url in whole) for place in every)


async def observe(ctx: CheckContext) -> list[Observation]:
    site = await ctx.collect(SITE)
    texts = list(places(site, await signed_in_visits(ctx)))
    if not texts:
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    found = judge(texts)[:MAX_OUTCOMES]
    if not found and is_cut(texts):
        return [inconclusive(ctx.target.site, Reason.BODY_TRUNCATED)]
    if not found:
        count = len({id(place.exchange) for place in texts})
        return [Observation(slug="none", subject=ctx.target.site, facts={"count": count})]
    grouped: dict[tuple[str, str], list[tuple[Secret, list[Exchange]]]] = {}
    for secret, exchanges in found:
        grouped.setdefault((secret.slug, exchanges[0].url), []).append((secret, exchanges))
    return [
        Observation(
            slug=slug,
            subject=Subject(kind="url", name=url),
            facts={
                "kind": [*dict.fromkeys(secret.kind for secret, _ in concerned)],
                "shown": [secret.shown for secret, _ in concerned],
                "urls": [*dict.fromkeys(each.url for _, exchanges in concerned for each in exchanges)][:MAX_URLS],
            },
            evidence=(ctx.keep(concerned[0][1][0], excerpt="\n".join(secret.shown for secret, _ in concerned)),),
        )
        for (slug, url), concerned in grouped.items()
    ]
