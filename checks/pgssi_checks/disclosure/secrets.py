"""`disclosure.secrets`: keys and tokens in what any visitor receives (GC3, ASVS V13.3.1). Nothing is sent, nor used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pgssi_checks.disclosure.secret_patterns import Secret, secrets_in
from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, Subject, inconclusive
from pgssi_probe.discovery.collect import SITE
from pgssi_probe.discovery.site import Site

MAX_URLS = 20
MAX_OUTCOMES = 30
TEXTUAL = ("text/", "json", "javascript", "ecmascript", "xml", "x-pem", "yaml")


@dataclass(frozen=True, slots=True)
class Place:
    """A text that visitors receive. `script` says whether it is code."""

    exchange: Exchange
    text: str
    script: bool


def places(site: Site) -> Iterator[Place]:
    """Pages, their inline scripts apart, and the scripts, styles and documents that were read with them."""
    pages = {id(page.exchange) for page in site.pages}
    for page in site.pages:
        if page.exchange.response:
            yield Place(page.exchange, page.exchange.response.text, script=False)
        for code in page.document.inline_scripts:
            yield Place(page.exchange, code, script=True)
    for exchange in site.exchanges:
        response = exchange.response
        if response is None or id(exchange) in pages or response.status >= 400:
            continue
        media_type = response.media_type
        if not media_type or any(word in media_type for word in TEXTUAL):
            yield Place(exchange, response.text, script="script" in media_type or "json" in media_type)


def judge(texts: Iterable[Place]) -> list[tuple[Secret, list[Exchange]]]:
    """Each secret once, with every answer that holds it. Two secrets with the same mask and kind are one."""
    found: dict[tuple[str, str], tuple[Secret, list[Exchange]]] = {}
    for place in texts:
        for secret in secrets_in(place.text, script=place.script):
            known = found.setdefault((secret.kind, secret.shown), (secret, []))
            if place.exchange not in known[1]:
                known[1].append(place.exchange)
    return list(found.values())


async def observe(ctx: CheckContext) -> list[Observation]:
    site = await ctx.collect(SITE)
    texts = list(places(site))
    if not texts:
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    found = judge(texts)[:MAX_OUTCOMES]
    if not found and any(place.exchange.truncated for place in texts):
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
