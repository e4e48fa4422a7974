"""`tls.pqc-readiness`: does each address accept a hybrid group (FT-115)? Information, never a failure."""

from __future__ import annotations

from pydantic import JsonValue

from pgssi_probe.check import CheckContext, Observation, Reason, Subject, inconclusive
from pgssi_probe.guide import TlsProfile, tls_profile
from pgssi_probe.tls.collector import TLS, reason_of
from pgssi_probe.tls.facts import EndpointFacts, Unknown
from pgssi_probe.tls.names import Version


def judge(facts: EndpointFacts, profile: TlsProfile, subject: Subject) -> Observation:
    """One observation. Groups stand in the order of the server's choice. Pure."""
    newest = facts.of(Version.TLS_1_3).accepted
    if newest is False:
        return Observation(slug="no-tls13", subject=subject)
    groups = facts.groups_of(Version.TLS_1_3)
    if isinstance(newest, Unknown):
        return inconclusive(subject, reason_of(newest))
    if isinstance(groups, Unknown):
        return inconclusive(subject, reason_of(groups))
    hybrids: list[JsonValue] = [group.name for group in groups.groups if profile.group(group.id).kind == "hybrid"]
    values: dict[str, JsonValue] = {"named": hybrids, "groups": [group.name for group in groups.groups]}
    if not hybrids:
        if not groups.complete:
            return inconclusive(subject, Reason.SCAN_INCOMPLETE)
        return Observation(slug="hybrid-absent", subject=subject, facts=values)
    alone = len(groups.groups) == len(hybrids)
    first = profile.group(groups.groups[0].id).kind == "hybrid" and groups.server_order is True
    return Observation(slug="hybrid-preferred" if first or alone else "hybrid-accepted", subject=subject, facts=values)


async def observe(ctx: CheckContext) -> list[Observation]:
    seen = await ctx.collect(TLS)
    if seen.reason is Reason.NOT_HTTPS:
        return [Observation(slug="not-https", subject=ctx.target.site, reason=Reason.NOT_HTTPS)]
    if seen.reason is not None or not seen.endpoints:
        return [inconclusive(ctx.target.site, seen.reason or Reason.CONNECTION_FAILED)]
    found = []
    for facts in seen.endpoints:
        subject = Subject(kind="endpoint", name=seen.label(facts))
        if facts.reachable is not True:
            why = facts.reachable if isinstance(facts.reachable, Unknown) else Unknown("no_answer")
            found.append(inconclusive(subject, reason_of(why)))
        else:
            found.append(judge(facts, tls_profile(), subject))
    return found
