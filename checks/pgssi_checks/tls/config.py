"""`tls.config`: each RECOTLS recommendation that can be seen from outside, graded for each address of the target."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pydantic import JsonValue

from pgssi_probe.check import CheckContext, Level, Observation, Reason, Subject, inconclusive
from pgssi_probe.guide import Grade, TlsProfile, tls_profile
from pgssi_probe.tls.collector import TLS, TLS_FULL, TlsEndpoints, reason_of
from pgssi_probe.tls.evidence import summary
from pgssi_probe.tls.facts import EndpointFacts, Unknown
from pgssi_probe.tls.grade import Graded, grade_endpoint
from pgssi_probe.tls.merge import Disagreement

# Recommendation -> slug by grade; a cause of the grade that has its own slug comes first.
SLUGS: Mapping[tuple[str, Grade], str] = {
    ("R2", Grade.RECOMMENDED): "faults-absent",
    ("R2", Grade.FORBIDDEN): "faults-found",
    ("R3", Grade.RECOMMENDED): "versions-recommended",
    ("R3", Grade.ACCEPTED): "versions-accepted",
    ("R3", Grade.FORBIDDEN): "versions-missing",
    ("R4", Grade.RECOMMENDED): "old-versions-refused",
    ("R4", Grade.FORBIDDEN): "old-versions-accepted",
    ("R5", Grade.RECOMMENDED): "authenticated",
    ("R5", Grade.FORBIDDEN): "anonymous-accepted",
    ("R6", Grade.RECOMMENDED): "forward-secret",
    ("R6", Grade.FORBIDDEN): "forward-secrecy-missing",
    ("R7", Grade.RECOMMENDED): "curves-sound",
    ("R7", Grade.ACCEPTED): "curves-sound",
    ("R7", Grade.DEGRADED): "ecdhe-tolerably-missing",
    ("R7", Grade.FORBIDDEN): "curves-weak",
    ("R7-", Grade.RECOMMENDED): "dhe-absent",
    ("R7-", Grade.DEGRADED): "dhe-tolerated",
    ("R7-", Grade.FORBIDDEN): "dhe-short",
    ("R8", Grade.RECOMMENDED): "signature-sound",
    ("R8", Grade.ACCEPTED): "signature-sound",
    ("R8", Grade.DEGRADED): "signature-psk",
    ("R8", Grade.FORBIDDEN): "signature-weak",
    ("R9", Grade.RECOMMENDED): "ciphers-sound",
    ("R9", Grade.DEGRADED): "ciphers-tolerated",
    ("R9", Grade.FORBIDDEN): "ciphers-broken",
    ("R10", Grade.RECOMMENDED): "modes-authenticated",
    ("R10", Grade.DEGRADED): "modes-tolerated",
    ("R10", Grade.FORBIDDEN): "modes-weak",
    ("R11", Grade.RECOMMENDED): "hashes-sound",
    ("R11", Grade.DEGRADED): "hashes-tolerated",
    ("R11", Grade.FORBIDDEN): "hashes-weak",
    ("R12", Grade.RECOMMENDED): "suites-several",
    ("R12", Grade.DEGRADED): "suites-single",
    ("R13", Grade.RECOMMENDED): "order-server",
    ("R13", Grade.ACCEPTED): "order-harmless",
    ("R13", Grade.DEGRADED): "order-client",
    ("R14", Grade.RECOMMENDED): "extended-master-secret",
    ("R14", Grade.FORBIDDEN): "extended-master-secret-missing",
    ("R15", Grade.ACCEPTED): "extensions-noted",
    ("R16", Grade.RECOMMENDED): "extensions-unwanted-absent",
    ("R16", Grade.FORBIDDEN): "extensions-unwanted",
    ("R17", Grade.FORBIDDEN): "random-repeated",
    ("R18", Grade.RECOMMENDED): "downgrade-marked",
    ("R18", Grade.DEGRADED): "downgrade-unmarked",
    ("R18-", Grade.RECOMMENDED): "random-unpredictable",
    ("R18-", Grade.DEGRADED): "random-clock",
    ("R19", Grade.RECOMMENDED): "compression-absent",
    ("R19", Grade.FORBIDDEN): "compression-accepted",
    ("R20", Grade.RECOMMENDED): "tickets-short",
    ("R20", Grade.DEGRADED): "tickets-long",
    ("R21-", Grade.RECOMMENDED): "resumption-absent",
    ("R21-", Grade.DEGRADED): "resumption-tolerated",
    ("R22", Grade.RECOMMENDED): "renegotiation-secure",
    ("R22", Grade.DEGRADED): "renegotiation-client",
    ("R22", Grade.FORBIDDEN): "renegotiation-insecure",
    ("R23", Grade.RECOMMENDED): "early-data-absent",
    ("R23", Grade.FORBIDDEN): "early-data-accepted",
}
CAUSES: Mapping[tuple[str, str], str] = {
    ("R4", "ssl"): "ssl-accepted",
    ("R7", "no_elliptic_exchange"): "ecdhe-missing",
    ("R10", "no_encrypt_then_mac"): "cbc-unprotected",
    ("R11", "signature"): "signature-hashes-weak",
}


def slug_of(graded: Graded) -> str:
    """The slug of a known grade; KeyError for a pair that `grade_endpoint` never gives."""
    if isinstance(graded.grade, Unknown):
        raise KeyError(graded.recommendation)
    if graded.grade is Grade.FORBIDDEN and (graded.recommendation, graded.detail) in CAUSES:
        return CAUSES[graded.recommendation, graded.detail]
    return SLUGS[graded.recommendation, graded.grade]


def judge(facts: EndpointFacts, profile: TlsProfile, day: date, subject: Subject, most: int) -> list[Observation]:
    """One observation a recommendation; what is unknown goes into one inconclusive observation. Pure."""
    found: list[Observation] = []
    unknown: list[tuple[str, Unknown]] = []
    for graded in grade_endpoint(facts, profile, day):
        if isinstance(graded.grade, Unknown):
            unknown.append((graded.recommendation, graded.grade))
            continue
        values: dict[str, JsonValue] = {
            "recommendation": graded.recommendation,
            "grade": str(graded.grade),
            "named": list(graded.named[:most]) or None,
            "detail": graded.detail or None,
            "count": len(graded.named),
        }
        found.append(Observation(slug=slug_of(graded), subject=subject, facts=values))
    if unknown:
        # What a mandate would have shown is expected to be open: any other reason says more.
        reasons = sorted((reason_of(why) for _, why in unknown), key=lambda reason: reason is Reason.MANDATE_MISSING)
        waiting: list[JsonValue] = [f"{number}: {why.reason}" for number, why in unknown]
        # The rest of the endpoint is judged: what stays open is named with it.
        open_ = Subject(kind="endpoint", name=f"{subject.name} ({', '.join(number for number, _ in unknown)})")
        found.append(inconclusive(open_, reasons[0], recommendations=waiting))
    return found


def compared(differences: tuple[Disagreement, ...], facts: EndpointFacts, subject: Subject, most: int) -> Observation:
    """What the two collections say of each other."""
    shown: list[JsonValue] = [
        f"{item.subject} ({item.clienthello} / sslyze: {item.sslyze})" for item in differences[:most]
    ]
    if not shown:
        return Observation(slug="collectors-agree", subject=subject, facts={"connections": facts.connections})
    return Observation(
        slug="collectors-disagree", subject=subject, facts={"count": len(differences), "differences": shown}
    )


async def endpoints(ctx: CheckContext) -> TlsEndpoints:
    """The fullest facts that the level of the run allows."""
    return await ctx.collect(TLS_FULL if ctx.allows(Level.ACTIVE) else TLS)


async def observe(ctx: CheckContext) -> list[Observation]:
    seen = await endpoints(ctx)
    if seen.reason is Reason.NOT_HTTPS:
        return [Observation(slug="not-https", subject=ctx.target.site, reason=Reason.NOT_HTTPS)]
    if seen.reason is not None or not seen.endpoints:
        return [inconclusive(ctx.target.site, seen.reason or Reason.CONNECTION_FAILED)]
    profile, day, most = tls_profile(), ctx.clock.now().date(), int(ctx.setting("named_max"))
    found: list[Observation] = []
    for facts in seen.endpoints:
        subject = Subject(kind="endpoint", name=seen.label(facts))
        if facts.reachable is not True:
            why = facts.reachable if isinstance(facts.reachable, Unknown) else Unknown("no_answer")
            found.append(inconclusive(subject, reason_of(why)))
            continue
        evidence = ctx.keep_facts("endpoint", summary(facts), kind="handshake", endpoint=subject.name)
        judged = judge(facts, profile, day, subject, most)
        if ctx.allows(Level.ACTIVE) and facts.source == "merged" and facts.vulnerabilities:
            judged.append(compared(seen.disagreements_at(facts.address), facts, subject, most))
        found += [observation.model_copy(update={"evidence": (evidence,)}) for observation in judged]
    return found
