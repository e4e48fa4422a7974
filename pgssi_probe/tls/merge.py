"""One set of facts from two collectors, and where they contradict each other.

Rules, in this order:

1. What is known beats what is unknown.
2. An acceptance beats a refusal: a handshake that went through is a fact, a refusal may be an accident. Lists of
   suites, groups, primes and chains are therefore united.
3. Between two known answers about a feature, the worse for the server is kept.
4. The order of suites and groups, and everything that sslyze's OpenSSL 1.1.1 cannot see (hybrid groups, finite-field
   groups of TLS 1.3, Ed25519 certificates, 198 suites), comes from the hellos: no contradiction there.
5. OpenSSL's verdict of an ordinary handshake beats sslyze's, which mixes name and issuer.

Whatever rule decides, two known and different answers to the same question give a :class:`Disagreement`.
"""

from dataclasses import dataclass, fields, replace

from pgssi_probe.tls.facts import (
    Behaviour,
    Coverage,
    DhPrime,
    EndpointFacts,
    GroupFacts,
    SentChain,
    Unknown,
    VersionFacts,
)
from pgssi_probe.tls.names import NEWEST_FIRST, Version
from pgssi_probe.tls.suites import weaknesses

# Groups that sslyze asks for: those of RFC 8422, RFC 4492 and RFC 7027.
_SSLYZE_GROUPS = frozenset(range(1, 31))
_GOOD_WHEN_TRUE = {"extended_master_secret", "secure_renegotiation", "fallback_scsv"}
_BAD_WHEN_TRUE = {"compression", "early_data"}


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two known answers to one question. ``subject`` names it: ``TLSv1.2 TLS_RSA_WITH_AES_128_CBC_SHA``."""

    subject: str
    clienthello: str
    sslyze: str


@dataclass(frozen=True, slots=True)
class Merged:
    """The united facts, and what could not be united without choosing."""

    facts: EndpointFacts
    disagreements: tuple[Disagreement, ...]


def merge(hello: EndpointFacts, full: EndpointFacts) -> Merged:
    """Unite the facts of the hellos with those of sslyze (see the module for the rules)."""
    found: list[Disagreement] = []
    versions = tuple(_version(hello.of(version), full.of(version), found) for version in NEWEST_FIRST)
    groups = _groups(hello, full, found)
    known = {facts.version for facts in groups}
    behaviour = _behaviour(hello.behaviour, full.behaviour, found)
    reachable = hello.reachable if not isinstance(hello.reachable, Unknown) else full.reachable
    facts = replace(
        hello,
        source="merged",
        connections=hello.connections + full.connections,
        reachable=reachable,
        versions=versions,
        groups=groups,
        groups_unknown=tuple(pair for pair in hello.groups_unknown + full.groups_unknown if pair[0] not in known),
        dh_primes=_primes(hello, full),
        chains=_chains(hello, full),
        trust=hello.trust or full.trust,
        behaviour=behaviour,
        vulnerabilities=hello.vulnerabilities + full.vulnerabilities,
    )
    return Merged(facts, tuple(found))


def _words(accepted: bool) -> str:
    return "accepted" if accepted else "refused"


def _version(hello: VersionFacts, full: VersionFacts, found: list[Disagreement]) -> VersionFacts:
    if isinstance(full.accepted, Unknown):
        return hello
    if isinstance(hello.accepted, Unknown):
        return full
    if hello.accepted is not full.accepted:
        found.append(Disagreement(hello.version.label, _words(hello.accepted), _words(full.accepted)))
        return hello if hello.accepted else full
    if not hello.accepted:
        return hello
    _compare_suites(hello, full, found)
    extra = tuple(suite for suite in full.suites if suite not in hello.suites)
    return replace(
        hello, suites=hello.suites + extra, coverage=_wider(hello.coverage, full.coverage), refused_ids=full.refused_ids
    )


def _wider(first: Coverage, second: Coverage) -> Coverage:
    order: tuple[Coverage, ...] = ("none", "partial", "every_weakness", "every_suite")
    return max(first, second, key=order.index)


def _compare_suites(hello: VersionFacts, full: VersionFacts, found: list[Disagreement]) -> None:
    label = hello.version.label
    denied = [suite for suite in hello.suites if suite.id in full.refused_ids]
    found.extend(Disagreement(f"{label} {suite.name}", "accepted", "refused") for suite in denied)
    missing = [suite for suite in full.suites if suite not in hello.suites]
    if hello.coverage == "every_weakness":
        seen = frozenset[str]().union(*(weaknesses(suite) for suite in hello.suites))
        missing = [suite for suite in missing if not weaknesses(suite) <= seen]
    elif hello.coverage != "every_suite":
        missing = []
    found.extend(Disagreement(f"{label} {suite.name}", "refused", "accepted") for suite in missing)


def _groups(hello: EndpointFacts, full: EndpointFacts, found: list[Disagreement]) -> tuple[GroupFacts, ...]:
    united: list[GroupFacts] = []
    for version in (Version.TLS_1_3, Version.TLS_1_2, Version.TLS_1_1, Version.TLS_1_0):
        first, second = hello.groups_of(version), full.groups_of(version)
        if isinstance(first, Unknown):
            if not isinstance(second, Unknown):
                united.append(second)
            continue
        if isinstance(second, Unknown):
            united.append(first)
            continue
        extra = tuple(group for group in second.groups if group not in first.groups)
        if first.complete:
            found.extend(Disagreement(f"{version.label} {group.name}", "refused", "accepted") for group in extra)
        if second.complete:
            found.extend(
                Disagreement(f"{version.label} {group.name}", "accepted", "refused")
                for group in first.groups
                if group.id in _SSLYZE_GROUPS and group not in second.groups
            )
        united.append(replace(first, groups=first.groups + extra))
    return tuple(united)


def _primes(hello: EndpointFacts, full: EndpointFacts) -> tuple[DhPrime, ...] | Unknown:
    if isinstance(hello.dh_primes, Unknown):
        return full.dh_primes
    if isinstance(full.dh_primes, Unknown):
        return hello.dh_primes
    both = set(hello.dh_primes) | set(full.dh_primes)
    return tuple(sorted(both, key=lambda prime: (prime.bits, prime.name or "")))


def _chains(hello: EndpointFacts, full: EndpointFacts) -> tuple[SentChain, ...]:
    known = {sent.der for sent in hello.chains}
    return hello.chains + tuple(sent for sent in full.chains if sent.der not in known)


def _behaviour(hello: Behaviour, full: Behaviour, found: list[Disagreement]) -> Behaviour:
    chosen: dict[str, object] = {}
    for field in fields(Behaviour):
        first, second = getattr(hello, field.name), getattr(full, field.name)
        chosen[field.name] = first
        if isinstance(second, Unknown) or field.name in ("extensions", "extensions_probed"):
            continue
        if isinstance(first, Unknown):
            chosen[field.name] = second
        elif field.name == "ocsp_staple":
            chosen[field.name] = first if first is not None else second
        elif first is None or second is None:
            continue  # the question does not arise for one of them: no contradiction
        elif field.name in _GOOD_WHEN_TRUE | _BAD_WHEN_TRUE and bool(first) is not bool(second):
            found.append(Disagreement(field.name, _shown(first), _shown(second)))
            worse_is_true = field.name in _BAD_WHEN_TRUE
            chosen[field.name] = first if bool(first) is worse_is_true else second
    return replace(hello, **chosen)  # type: ignore[arg-type]


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
