"""`tls.certificate`: every certificate chain of every address, for the host, the day and the trusted authorities."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from pydantic import JsonValue

from pgssi_probe.check import CheckContext, Observation, Reason, Subject, inconclusive
from pgssi_probe.guide import Grade, TlsProfile, tls_profile
from pgssi_probe.tls.certificate import UnreadableCertificate
from pgssi_probe.tls.chain import NO_ANCHORS, Anchors, ChainFacts, Issuer, judge_chain
from pgssi_probe.tls.collector import TLS, TlsEndpoints, reason_of
from pgssi_probe.tls.evidence import chain_summary
from pgssi_probe.tls.facts import EndpointFacts, Unknown
from pgssi_probe.tls.grade import Graded
from pgssi_probe.tls.grade_certificate import grade_chain, short_keys, too_long, weak_digests
from pgssi_probe.tls.ssl_handshake import NoTrustStore, system_anchors

Facts = dict[str, JsonValue]
REMARKS = {
    "R27": "keyUsage",
    "R28": "extKeyUsage",
    "R32": "authorityKeyIdentifier",
    "R33": "cRLDistributionPoints / authorityInfoAccess",
    "R34": "Certificate",
    "R35": "status_request",
}
"""Recommendations whose minor departures make one list, with the field concerned (RFC 5280, RFC 6066)."""
DATES = (9, 10)
"""X509_V_ERR codes of a chain that is refused for its dates only: an outcome of their own."""

_ISSUERS = {
    Issuer.TRUSTED: "trusted",
    Issuer.DECLARED: "trusted-declared",
    Issuer.SELF_SIGNED: "self-signed",
    Issuer.PRIVATE_ROOT: "private-authority",
    Issuer.UNKNOWN_ISSUER: "private-authority",
    Issuer.INCOMPLETE: "chain-incomplete",
}


def judge(
    chain: ChainFacts, facts: EndpointFacts, profile: TlsProfile, now: datetime, warn_days: int
) -> list[tuple[str, Facts]]:
    """Slugs and their facts for one chain. Pure."""
    grades = {item.recommendation: item for item in grade_chain(chain, facts.behaviour, profile, now)}
    found: list[tuple[str, Facts]] = [settled(chain, facts)]
    found.append(_name(chain))
    found.append(_dates(chain, profile, warn_days))
    found.append(_key(chain, profile, now, grades["R26"]))
    weak: list[JsonValue] = list(weak_digests(chain, profile))
    found.append(("digest-weak", {"algorithms": weak}) if weak else ("digest-sound", {}))
    if grades["R28"].grade is Grade.FORBIDDEN:
        found.append(("purpose-wrong", {"names": list(grades["R28"].named)}))
    if "R34" in grades and grades["R34"].detail == "misordered":
        found.append(("chain-misordered", {}))
    if "R35" in grades and grades["R35"].grade is Grade.FORBIDDEN:
        found.append(("revoked" if grades["R35"].detail == "revoked" else "must-staple-missing", {}))
    if "R38" in grades and not isinstance(grades["R38"].grade, Unknown):
        logged = grades["R38"].grade is Grade.RECOMMENDED
        found.append(("transparency-logged" if logged else "transparency-missing", {"count": chain.leaf.sct_count}))
    remarks = remarks_of(grades.values())
    found.append(("profile-remarks", {"remarks": remarks}) if remarks else ("profile-followed", {}))
    return found


def issuer_name(chain: ChainFacts) -> str:
    """The subject of the last issuer that the chain names."""
    return chain.path[-1].issuer


def remarks_of(grades: Iterable[Graded]) -> list[JsonValue]:
    """Minor departures, as `R27 (keyUsage)`."""
    return [
        f"{item.recommendation} ({REMARKS[item.recommendation]})"
        for item in grades
        if item.recommendation in REMARKS and item.grade is Grade.DEGRADED
    ]


def settled(chain: ChainFacts, facts: EndpointFacts) -> tuple[str, Facts]:
    """Who issued the chain: our own reading, and OpenSSL's verdict where the endpoint has one chain only.

    OpenSSL also weighs name constraints, path lengths and purposes: its refusal of a chain that reads well is a fact.
    """
    values: Facts = {"issuer": issuer_name(chain)}
    verdicts: dict[str, int] = {}
    if len(facts.chains) == 1:
        verdicts.update((trust.store, trust.code) for trust in facts.trust)
    if verdicts.get("system") == 0:
        return "trusted", values
    if chain.issuer is not Issuer.TRUSTED and verdicts.get("declared") == 0:
        return "trusted-declared", values
    store = {Issuer.TRUSTED: "system", Issuer.DECLARED: "declared"}.get(chain.issuer)
    code = verdicts.get(store, 0) if store is not None else 0
    if code and code not in DATES:
        return "chain-refused", {**values, "code": code}
    return _ISSUERS[chain.issuer], values


def _name(chain: ChainFacts) -> tuple[str, Facts]:
    if chain.names_host:
        return "name-covered", {}
    names: list[JsonValue] = [*chain.leaf.dns_names, *chain.leaf.addresses]
    return ("common-name-only" if chain.common_name_only else "wrong-name"), {"names": names or None}


def _dates(chain: ChainFacts, profile: TlsProfile, warn_days: int) -> tuple[str, Facts]:
    leaf = chain.leaf
    days: Facts = {
        "days": chain.days_left,
        "validity": leaf.validity_days,
        "since": leaf.not_before.date().isoformat(),
        "until": leaf.not_after.date().isoformat(),
    }
    if chain.expired:
        return "expired", days
    if chain.not_yet_valid:
        return "not-yet-valid", days
    if chain.expired_issuers:
        return "issuer-expired", {"names": list(chain.expired_issuers)}
    if chain.days_left < min(warn_days, leaf.validity_days // 4):
        return "expiring-soon", days
    limit = too_long(chain, profile)
    return ("validity-long", {**days, "limit": limit}) if limit is not None else ("dates-valid", days)


def _key(chain: ChainFacts, profile: TlsProfile, now: datetime, graded: Graded) -> tuple[str, Facts]:
    if graded.grade is Grade.FORBIDDEN:
        return "key-weak", {"keys": list(short_keys(chain, profile, now.date()))}
    slug = "key-recommended" if graded.grade is Grade.RECOMMENDED else "key-accepted"
    return slug, {"keys": list(graded.named)}


def anchors_of(ctx: CheckContext) -> tuple[Anchors | None, Anchors]:
    """The system's authorities, None when the machine has none, and those declared."""
    ca_file = ctx.target.ca_file
    declared = Anchors.from_pem(Path(ca_file)) if ca_file is not None else NO_ANCHORS
    try:
        return Anchors.from_pem(system_anchors()), declared
    except NoTrustStore:
        return None, declared


def _subject(seen: TlsEndpoints, facts: EndpointFacts, chain: ChainFacts) -> Subject:
    label = seen.label(facts)
    return Subject(kind="endpoint", name=label if len(facts.chains) == 1 else f"{label} {chain.leaf.key_type}")


async def observe(ctx: CheckContext) -> list[Observation]:
    seen = await ctx.collect(TLS)
    if seen.reason is Reason.NOT_HTTPS:
        return [Observation(slug="not-https", subject=ctx.target.site, reason=Reason.NOT_HTTPS)]
    if seen.reason is not None or not seen.endpoints:
        return [inconclusive(ctx.target.site, seen.reason or Reason.CONNECTION_FAILED)]
    profile, now, warn_days = tls_profile(), ctx.clock.now(), int(ctx.setting("warn_days"))
    system, declared = anchors_of(ctx)
    found: list[Observation] = []
    for facts in seen.endpoints:
        endpoint = Subject(kind="endpoint", name=seen.label(facts))
        if not facts.chains:
            why = facts.reachable if isinstance(facts.reachable, Unknown) else Unknown("not_measured")
            found.append(inconclusive(endpoint, reason_of(why)))
        for sent in facts.chains:
            try:
                chain = judge_chain(sent.der, seen.host, now, system or NO_ANCHORS, declared)
            except UnreadableCertificate:
                found.append(inconclusive(endpoint, Reason.PROTOCOL_ERROR))
                continue
            subject = _subject(seen, facts, chain)
            evidence = ctx.keep_facts("chain", chain_summary(chain, facts), kind="handshake", endpoint=subject.name)
            for slug, values in judge(chain, facts, profile, now, warn_days):
                if system is None and slug in ("private-authority", "chain-incomplete"):
                    found.append(inconclusive(subject, Reason.TOOL_MISSING, evidence=(evidence,)))
                else:
                    found.append(Observation(slug=slug, subject=subject, facts=values, evidence=(evidence,)))
    return found
