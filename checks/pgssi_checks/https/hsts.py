"""`https.hsts`: is the browser told to come back over HTTPS only (RFC 6797, RECOWEB R2)?"""

from __future__ import annotations

import ipaddress
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from pgssi_probe.check import CheckContext, Exchange, Observation, Reason, Subject, inconclusive
from pgssi_probe.discovery.collect import SITE

HEADER = "strict-transport-security"
DIRECTIVE = re.compile(
    r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:[ \t]*=[ \t]*(?:\"([^\"\\]*)\"|([!#$%&'*+.^_`|~0-9A-Za-z-]+)))?"
)
MAX_URLS = 20


@dataclass(frozen=True, slots=True)
class Hsts:
    """A header that a browser understands. `max_age` is in seconds."""

    max_age: int
    include_subdomains: bool
    preload: bool


def parse_hsts(value: str) -> Hsts | None:
    """RFC 6797 §6.1: None when a browser must ignore the header. Unknown directives are skipped, duplicates are not."""
    found: dict[str, str | None] = {}
    for part in value[:2_000].split(";"):
        text = part.strip(" \t")
        if not text:
            continue
        match = DIRECTIVE.fullmatch(text)
        if match is None:
            return None
        name = match[1].lower()
        if name in found:
            return None
        found[name] = match[2] if match[2] is not None else match[3]
    age = found.get("max-age")
    if age is None or not re.fullmatch(r"[0-9]{1,15}", age):
        return None
    if found.get("includesubdomains") is not None:
        return None
    return Hsts(int(age), "includesubdomains" in found, "preload" in found)


def is_address(host: str) -> bool:
    """RFC 6797 §8.1.1: a browser never keeps HSTS for an IP address."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Seconds."""

    recommended: int
    accepted: int


def judge_response(exchange: Exchange, limits: Thresholds) -> list[str]:
    """Slugs of one HTTPS answer. Browsers read the first header only (RFC 6797 §8.1).

    The same header twice changes nothing: nginx writes it so, by itself, on an answer to a range that cannot be met.
    """
    values = exchange.response.all(HEADER) if exchange.response else ()
    if not values:
        return ["missing"]
    slugs = ["multiple"] if len({value.strip() for value in values}) > 1 else []
    parsed = parse_hsts(values[0])
    if parsed is None:
        return [*slugs, "invalid"]
    if parsed.max_age < limits.accepted:
        slugs.append("max-age-short")
    if not parsed.include_subdomains:
        slugs.append("no-subdomains")
    return slugs or ["strong" if parsed.max_age >= limits.recommended else "accepted"]


def judge_host(host: str, exchanges: Iterable[Exchange], limits: Thresholds) -> dict[str, list[Exchange]]:
    """Slug -> answers, for one host. Missing everywhere and missing here and there are told apart."""
    found: dict[str, list[Exchange]] = defaultdict(list)
    for exchange in exchanges:
        for slug in judge_response(exchange, limits):
            found[slug].append(exchange)
    absent = found.pop("missing", [])
    if absent and is_address(host):
        found["address"] = absent
    elif absent:
        found["missing-on-some" if found else "missing"] = absent
    return found


def secure_by_host(transcript: Iterable[Exchange]) -> dict[str, list[Exchange]]:
    hosts: dict[str, list[Exchange]] = defaultdict(list)
    for exchange in transcript:
        if exchange.secure and exchange.response is not None:
            hosts[(exchange.request.parts.hostname or "").lower()].append(exchange)
    return hosts


def facts_of(exchanges: Sequence[Exchange]) -> dict[str, JsonValue]:
    values = {value[:120] for e in exchanges if e.response for value in e.response.all(HEADER)}
    parsed = [p for e in exchanges if e.response for v in e.response.all(HEADER)[:1] if (p := parse_hsts(v))]
    urls: list[JsonValue] = [*list(dict.fromkeys(exchange.url for exchange in exchanges))[:MAX_URLS]]
    days = min((p.max_age for p in parsed), default=0) / 86_400
    return {"count": len(exchanges), "urls": urls, "values": [*sorted(values)], "days": round(days, 1)}


async def observe(ctx: CheckContext) -> list[Observation]:
    await ctx.collect(SITE)
    hosts = secure_by_host(ctx.transcript())
    if not hosts:
        if ctx.target.scheme == "http":
            return [Observation(slug="not-https", subject=ctx.target.site, reason=Reason.NOT_HTTPS)]
        return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
    limits = Thresholds(int(ctx.setting("max_age_recommended")), int(ctx.setting("max_age_accepted")))
    return [
        Observation(
            slug=slug,
            subject=Subject(kind="host", name=host),
            facts=facts_of(concerned),
            evidence=(ctx.keep(concerned[0]),),
        )
        for host, exchanges in hosts.items()
        for slug, concerned in judge_host(host, exchanges, limits).items()
    ]
