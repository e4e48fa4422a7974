"""`cookie.flags`: the attributes of every cookie that the run was given, signed in or not (RECOWEB R26 to R33).

With a test account, the cookies that carry the session are known by ablation. Without one, a cookie's name and the
randomness of its value tell how likely it is to be one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from pgssi_checks.cookie.likeness import Likeness, likeness
from pgssi_checks.cookie.set_cookie import SetCookie, parse_set_cookie, prefix_is_kept
from pgssi_checks.session.tokens.carried import Carrying
from pgssi_probe.check import CheckContext, Exchange, Level, Observation, Reason, Subject, inconclusive
from pgssi_probe.discovery.collect import SITE

MAX_URLS = 20
OTHER_NAMES = frozenset({"host", "x-forwarded-host", "x-forwarded-port", "x-forwarded-server", "x-host", "forwarded"})
"""Headers by which a check gives the application another name than its own: so may it then call its cookies."""
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Sighting:
    """One Set-Cookie line that sets something, and where it came from."""

    cookie: SetCookie
    exchange: Exchange

    @property
    def host(self) -> str:
        return (self.exchange.request.parts.hostname or "").lower()

    @property
    def lifetime(self) -> float | None:
        return self.cookie.lifetime(self.exchange.started)


def sightings(transcript: Iterable[Exchange]) -> dict[str, list[Sighting]]:
    """Cookie name -> the lines that set it. Lines that delete a cookie are left out."""
    found: dict[str, list[Sighting]] = {}
    for exchange in transcript:
        misnamed = any(name.lower() in OTHER_NAMES for name, _ in exchange.request.headers)
        for line in exchange.response.all("set-cookie") if exchange.response and not misnamed else ():
            cookie = parse_set_cookie(line)
            if cookie is not None and not cookie.deletes(exchange.started):
                found.setdefault(cookie.name[:200], []).append(Sighting(cookie, exchange))
    return found


def grouped(found: Mapping[str, list[Sighting]], proved: Container[str]) -> dict[str, list[Sighting]]:
    """Cookies that differ by a number only (one for each user, for each item) as one, written `name-#`.

    Those that carry the session stay alone.
    """
    shapes = Counter(_NUMBER.sub("#", name) for name in found if name not in proved)
    together: dict[str, list[Sighting]] = {}
    for name, seen in found.items():
        shape = _NUMBER.sub("#", name)
        key = shape if name not in proved and shapes[shape] > 1 else name
        together.setdefault(key, []).extend(seen)
    return together


def is_shared(domain: str, host: str) -> bool:
    """Does a Domain attribute hand the cookie to other hosts? Even the host's own name adds its sub-domains."""
    return bool(domain) and (host == domain or host.endswith("." + domain))


def judge(
    seen: Sequence[Sighting], *, longest_session: float, carries: bool | None = None
) -> dict[str, list[Sighting]]:
    """Slugs of one cookie -> the lines that show them. One careless line is enough.

    `carries` says whether ablation proved that it carries the session; None where it was not tried: its name and the
    randomness of its value then choose between two severities, and decide whether HttpOnly is owed at all.
    """
    like = Likeness.SESSION if carries else likeness(seen[0].cookie.name, [one.cookie.value for one in seen])
    if carries is False and like is Likeness.SESSION:
        like = Likeness.RANDOM
    session = like is not Likeness.ORDINARY and carries is not False
    found: dict[str, list[Sighting]] = {}
    for sighting in seen:
        cookie = sighting.cookie
        slugs = {
            "secure-missing" if session else "secure-missing-ordinary": not cookie.secure,
            "httponly-missing": like is Likeness.SESSION and not cookie.http_only,
            "httponly-missing-random": like is Likeness.RANDOM and not cookie.http_only,
            "samesite-missing": session and not cookie.same_site,
            "samesite-none": session and cookie.same_site == "none",
            "samesite-ordinary": not session and cookie.same_site in {"", "none"},
            "domain-wide": session and is_shared(cookie.domain, sighting.host),
            "lifetime-long": session and (sighting.lifetime or 0) > longest_session,
            "prefix-misused": not prefix_is_kept(cookie, over_https=sighting.exchange.secure),
        }
        for slug, shown in slugs.items():
            if shown:
                found.setdefault(slug, []).append(sighting)
    return found


def facts_of(seen: Sequence[Sighting]) -> dict[str, JsonValue]:
    """What is shown of a cookie: never its value."""
    longest = max((sighting.lifetime or 0 for sighting in seen), default=0)
    urls: list[JsonValue] = [*list(dict.fromkeys(sighting.exchange.url for sighting in seen))[:MAX_URLS]]
    domains: list[JsonValue] = [*sorted({s.cookie.domain[:200] for s in seen if s.cookie.domain})]
    return {"count": len(seen), "urls": urls, "domains": domains, "hours": round(min(longest / 3600, 1e6), 1)}


async def observe(ctx: CheckContext) -> list[Observation]:
    site = await ctx.collect(SITE)
    found = sightings(ctx.transcript())
    if not found:
        if site.home.response is None:
            return [inconclusive(ctx.target.site, Reason.NO_SAMPLE)]
        return [Observation(slug="no-cookie", subject=ctx.target.site)]
    carrying = await _carrying(ctx)
    observations = []
    for name, seen in grouped(found, carrying.proved).items():
        subject = Subject(kind="cookie", name=name or "(=)")
        carries = name in carrying.proved if name in carrying.tried else None
        weaknesses = judge(seen, longest_session=float(ctx.setting("session_lifetime_max")), carries=carries)
        for slug, concerned in (weaknesses or {"protected": seen}).items():
            facts = {**facts_of(concerned), "proved": bool(carries)}
            observations.append(
                Observation(slug=slug, subject=subject, facts=facts, evidence=(_keep(ctx, concerned[0]),))
            )
    return observations


async def _carrying(ctx: CheckContext) -> Carrying:
    """What ablation proves, where the engagement allows signing in."""
    if "a" not in ctx.accounts or not ctx.allows(Level.ACTIVE):
        return Carrying()
    from pgssi_checks.session.tokens.carrying import CARRYING  # only here: it brings all that signs in

    return await ctx.collect(CARRYING)


def _keep(ctx: CheckContext, sighting: Sighting) -> str:
    """The line without its value: attributes hold nothing personal."""
    cookie = sighting.cookie
    attributes: dict[str, JsonValue] = {name[:60]: value[:200] for name, value in list(cookie.attributes.items())[:20]}
    data: dict[str, JsonValue] = {
        "cookie": cookie.name[:200],
        "attributes": attributes,
        "url": sighting.exchange.url,
        "signed_in": bool(sighting.exchange.request.account),
        "request_id": sighting.exchange.id,
    }
    return ctx.keep_facts("line", data, cookie=cookie.name[:200])
