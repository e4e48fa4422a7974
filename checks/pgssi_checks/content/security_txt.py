"""`content.security-txt`: a valid, unexpired security.txt tells where to report a vulnerability (RFC 9116)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urljoin, urlsplit

from pydantic import JsonValue

from pgssi_probe.check import CheckContext, Exchange, Failure, Observation, Reason, Response, inconclusive
from pgssi_probe.discovery.collect import location

WELL_KNOWN: Final = "/.well-known/security.txt"
LEGACY: Final = "/security.txt"
KNOWN: Final = frozenset(
    {
        "contact",
        "expires",
        "encryption",
        "acknowledgments",
        "preferred-languages",
        "canonical",
        "policy",
        "hiring",
        "csaf",
    }
)
MAX_LINES: Final = 500
CONTACT_SCHEMES: Final = frozenset({"https", "mailto", "tel"})

_REASONS: Final[Mapping[Failure, Reason]] = {
    Failure.CONNECT_TIMEOUT: Reason.TIMEOUT,
    Failure.RESPONSE_TIMEOUT: Reason.TIMEOUT,
    Failure.TLS: Reason.TLS_FAILED,
    Failure.PROTOCOL: Reason.PROTOCOL_ERROR,
    Failure.OUT_OF_SCOPE: Reason.OUT_OF_SCOPE,
    Failure.BUDGET: Reason.BUDGET_EXHAUSTED,
    Failure.STOPPED: Reason.RUN_ABORTED,
}


@dataclass(frozen=True, slots=True)
class SecurityTxt:
    """The fields of a file, names in lower case, in order. `signed` tells of an OpenPGP signature around them."""

    fields: tuple[tuple[str, str], ...]
    signed: bool

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(value for key, value in self.fields if key == name)


def parse_security_txt(text: str) -> SecurityTxt | None:
    """The fields of a security.txt; None when the text has none that RFC 9116 knows. Comments are skipped."""
    lines = text.lstrip("\ufeff").splitlines()[:MAX_LINES]
    signed = bool(lines) and lines[0].strip() == "-----BEGIN PGP SIGNED MESSAGE-----"
    if signed:
        lines = _unwrapped(lines)
    fields = []
    for line in lines:
        name, colon, value = line.partition(":")
        if colon and not line.startswith("#") and name.strip().replace("-", "").isalpha():
            fields.append((name.strip().lower(), value.strip()[:1000]))
    return SecurityTxt(tuple(fields), signed) if any(name in KNOWN for name, _ in fields) else None


def _unwrapped(lines: list[str]) -> list[str]:
    """The signed part of a clear-text signature (RFC 9580 §7), its escaped dashes put back."""
    blank = next((index for index, line in enumerate(lines) if not line.strip()), 0)
    end = next((index for index, line in enumerate(lines) if line.startswith("-----BEGIN PGP SIGNATURE")), len(lines))
    return [line.removeprefix("- ") for line in lines[blank:end]]


def expiry(value: str) -> datetime | None:
    """The instant of an Expires field (RFC 3339, so with an offset); None when it cannot be read."""
    try:
        instant = datetime.fromisoformat(value.strip().upper())
        return instant.astimezone(UTC) if instant.tzinfo is not None and "T" in value.upper() else None
    except (ValueError, OverflowError):
        return None


def usable_contact(value: str) -> bool:
    """A contact is a URI, and a web one is https (RFC 9116 §2.5.3)."""
    scheme, colon, rest = value.partition(":")
    return bool(colon) and scheme.lower() in CONTACT_SCHEMES and bool(rest.strip("/ "))


def holds(response: Response | None) -> SecurityTxt | None:
    """The file in an answer; None for an error, a page in its place (a soft 404) or a text that is something else."""
    if response is None or response.status != 200 or _begins_a_page(response):
        return None
    return parse_security_txt(response.text)


def looks_like_a_page(exchange: Exchange) -> bool:
    return exchange.response is not None and _begins_a_page(exchange.response)


def _begins_a_page(response: Response) -> bool:
    return response.body[:256].lstrip()[:1] in {b"<", b"{"}


def judge(file: SecurityTxt, exchange: Exchange, now: datetime) -> tuple[str, dict[str, JsonValue]]:
    """The slug and the facts of a file that was found. The gravest fault names the slug."""
    response = exchange.response
    dates = file.all("expires")
    until = expiry(dates[0]) if dates else None
    reachable = file.all("contact")
    facts: dict[str, JsonValue] = {
        "url": exchange.url,
        "contacts": len(reachable),
        "expires": until.strftime("%Y-%m-%d") if until else None,
        "signed": file.signed,
        "languages": ", ".join(file.all("preferred-languages"))[:100] or None,
        "text_plain": response is not None and response.media_type == "text/plain",
        "one_expires": len(dates) == 1,
        "readable_expires": until is not None,
        "uris": all(usable_contact(value) for value in reachable),
        "https": exchange.secure,
        "well_known": urlsplit(exchange.url).path != LEGACY,
    }
    if not reachable:
        return "no-contact", facts
    if not dates:
        return "no-expires", facts
    if until is not None and until <= now:
        return "expired", facts
    sound = all(
        facts[name] for name in ("text_plain", "one_expires", "readable_expires", "uris", "https", "well_known")
    )
    return ("valid" if sound else "irregular"), facts


async def observe(ctx: CheckContext) -> list[Observation]:
    first = await _fetched(ctx, WELL_KNOWN)
    last = first[-1]
    leaving = location(last)
    if leaving is not None and not ctx.network.in_scope(leaving):
        return [inconclusive(ctx.target.site, Reason.OUT_OF_SCOPE, evidence=(ctx.keep(last),))]
    if last.failure is not None:
        return [inconclusive(ctx.target.site, _REASONS.get(last.failure, Reason.CONNECTION_FAILED))]
    asked = [last]
    if holds(last.response) is None and not any(urlsplit(one.url).path == LEGACY for one in first):
        asked.append(await ctx.get(urljoin(ctx.target.url, LEGACY)))
    for exchange in asked:
        file = holds(exchange.response)
        if file is not None:
            slug, facts = judge(file, exchange, ctx.clock.now())
            if exchange.truncated and slug in {"no-contact", "no-expires"}:
                return [inconclusive(ctx.target.site, Reason.BODY_TRUNCATED, evidence=(ctx.keep(exchange),))]
            return [Observation(slug=slug, subject=ctx.target.site, facts=facts, evidence=(ctx.keep(exchange),))]
    kept = tuple(ctx.keep(exchange) for exchange in asked)
    if any(exchange.status == 200 and exchange.truncated and not looks_like_a_page(exchange) for exchange in asked):
        return [inconclusive(ctx.target.site, Reason.BODY_TRUNCATED, evidence=kept)]
    return [Observation(slug="missing", subject=ctx.target.site, evidence=kept)]


async def _fetched(ctx: CheckContext, path: str) -> list[Exchange]:
    """The address, and where it redirects to, once and within the scope."""
    exchanges = [await ctx.get(urljoin(ctx.target.url, path))]
    target = location(exchanges[0])
    if target is not None and target != exchanges[0].url and ctx.network.in_scope(target):
        exchanges.append(await ctx.get(target))
    return exchanges
