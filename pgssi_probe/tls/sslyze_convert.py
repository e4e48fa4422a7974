"""From what the worker kept of sslyze's results to our facts. Pure.

Three traps of sslyze 6.3 are answered here. A time-out counts there as a rejected suite: here it makes the version
incomplete, or unknown when nothing was accepted. A command that failed is an :class:`Unknown`. And what sslyze
concludes without asking (no Heartbleed where TLS 1.3 is spoken) is marked as implied.
"""

import base64
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from pgssi_probe.tls.dh_groups import published_name
from pgssi_probe.tls.facts import (
    Behaviour,
    Coverage,
    DhPrime,
    EndpointFacts,
    Group,
    GroupFacts,
    SentChain,
    TrustFacts,
    Unknown,
    VersionFacts,
    Vulnerability,
    nothing_known,
)
from pgssi_probe.tls.names import GROUPS, NEWEST_FIRST, Version
from pgssi_probe.tls.suites import Suite, by_name, parts
from pgssi_probe.tls.wire import sslv2

Result: TypeAlias = dict[str, Any]

SUITE_COMMANDS = {
    Version.SSL_2: "ssl_2_0_cipher_suites",
    Version.SSL_3: "ssl_3_0_cipher_suites",
    Version.TLS_1_0: "tls_1_0_cipher_suites",
    Version.TLS_1_1: "tls_1_1_cipher_suites",
    Version.TLS_1_2: "tls_1_2_cipher_suites",
    Version.TLS_1_3: "tls_1_3_cipher_suites",
}
_SSL2_SUITES = {suite.name: suite for suite in sslv2.SUITES}
_GROUP_IDS = {name.lower(): number for number, name in GROUPS.items()}
_NOT_ASKED = Unknown("not_measured")


@dataclass(frozen=True)
class Scan:
    """The commands by name, and the highest version that sslyze's probing found."""

    commands: dict[str, Result]
    highest: Version

    @classmethod
    def of(cls, answer: Result) -> "Scan":
        """From the worker's answer; raises KeyError for anything else."""
        name = answer["highest"]
        return cls(answer["commands"], Version[name.removesuffix("_0") if name.startswith("SSL") else name])

    def result(self, command: str) -> Result | Unknown:
        """The result of a completed command, or why there is none."""
        found = self.commands.get(command)
        if found is None or found["status"] == "NOT_SCHEDULED":
            return _NOT_ASKED
        if "result" not in found:
            return Unknown("tool_failed", str(found.get("reason", ""))[:60])
        result: Result = found["result"]
        return result


def endpoint_facts(scan: Scan, *, host: str, address: str, port: int, connections: int) -> EndpointFacts:
    """All facts of a scan."""
    versions = [version_facts(scan, version) for version in NEWEST_FIRST]
    if not any(facts.accepted is True for facts in versions if facts.version is scan.highest):
        # The version that the probing spoke has not one suite: the server changed its mind, or left.
        left = Unknown("inconsistent", "no suite in the version spoken before")
        versions = [replace(facts, accepted=left) if facts.accepted is False else facts for facts in versions]
    silent = any(isinstance(facts.accepted, Unknown) or facts.coverage == "partial" for facts in versions)
    groups = _groups(scan, complete=not silent)
    return EndpointFacts(
        host=host,
        address=address,
        port=port,
        source="sslyze",
        connections=connections,
        reachable=True,
        versions=tuple(versions),
        groups=(groups,) if isinstance(groups, GroupFacts) else (),
        groups_unknown=((scan.highest, groups),) if isinstance(groups, Unknown) else (),
        dh_primes=_primes(scan),
        signatures=(),
        weak_signatures=_NOT_ASKED,
        chains=_chains(scan),
        trust=_trust(scan),
        behaviour=_behaviour(scan),
        vulnerabilities=_vulnerabilities(scan),
    )


def version_facts(scan: Scan, version: Version) -> VersionFacts:
    """Acceptance and suites of one version."""
    result = scan.result(SUITE_COMMANDS[version])
    if isinstance(result, Unknown):
        return VersionFacts(version, result)
    suites = tuple(_suite(name, version) for name, _ in result["accepted"])
    silent = result["timed_out"]
    if suites:
        coverage: Coverage = "partial" if silent else "every_suite"
        refused = sorted({_suite(name, version).id for name in result["rejected"]})
        return VersionFacts(version, True, "", suites, coverage, None, tuple(refused))
    if silent:
        return VersionFacts(version, Unknown("no_answer", f"{silent} time-outs"))
    return VersionFacts(version, False, "closed" if result["closed"] else "alert", (), "every_suite")


def _suite(name: str, version: Version) -> Suite:
    if version is Version.SSL_2:
        return _SSL2_SUITES.get(name) or Suite(0, name)
    return by_name().get(name) or Suite(0, name)


def _groups(scan: Scan, *, complete: bool) -> GroupFacts | Unknown:
    result = scan.result("elliptic_curves")
    if isinstance(result, Unknown):
        return result
    if result["supported"] is None:
        return Unknown("not_measured", "no elliptic key exchange")
    numbers = sorted(_GROUP_IDS[name.lower()] for name in result["supported"] if name.lower() in _GROUP_IDS)
    return GroupFacts(scan.highest, tuple(Group(number, GROUPS[number]) for number in numbers), complete)


def _primes(scan: Scan) -> tuple[DhPrime, ...] | Unknown:
    found: set[int] = set()
    hidden = False
    for command in SUITE_COMMANDS.values():
        result = scan.result(command)
        if isinstance(result, Unknown):
            continue
        for name, prime in result["accepted"]:
            if prime is not None:
                found.add(int(prime, 16))
            elif name in by_name():
                part = parts(by_name()[name])
                # Below 1024 bits sslyze's OpenSSL refuses the key and sslyze counts the suite as accepted.
                hidden |= part.key_exchange == "DHE" and part.authentication != "PSK"
    if not found and hidden:
        return Unknown("not_measured", "the prime was refused by the client")
    return tuple(DhPrime(prime.bit_length(), published_name(prime)) for prime in sorted(found))


def _chains(scan: Scan) -> tuple[SentChain, ...]:
    result = scan.result("certificate_info")
    if isinstance(result, Unknown):
        return ()
    chains = [tuple(base64.b64decode(text) for text in chain) for chain in result["chains"] if chain]
    return tuple(SentChain(der, ()) for der in dict.fromkeys(chains))


def _trust(scan: Scan) -> tuple[TrustFacts, ...]:
    result = scan.result("certificate_info")
    if isinstance(result, Unknown) or result["declared"] is None:
        return ()
    # X509_V_ERR_UNSPECIFIED: sslyze's verdict also holds name and profile, so that its no has many causes.
    return (TrustFacts("declared", 0, "ok") if result["declared"] else TrustFacts("declared", 1, "refused by sslyze"),)


def _flag(scan: Scan, command: str, name: str) -> bool | Unknown:
    result = scan.result(command)
    return result if isinstance(result, Unknown) else bool(result[name])


def _behaviour(scan: Scan) -> Behaviour:
    only_tls13 = scan.highest is Version.TLS_1_3 and all(
        version_facts(scan, version).accepted is False for version in NEWEST_FIRST if version is not Version.TLS_1_3
    )
    early = _flag(scan, "tls_1_3_early_data", "supports_early_data")
    renegotiation = _flag(scan, "session_renegotiation", "supports_secure_renegotiation")
    return replace(
        nothing_known(_NOT_ASKED),
        extended_master_secret=_flag(scan, "tls_extended_master_secret", "supports_ems_extension"),
        secure_renegotiation=None if only_tls13 else renegotiation,
        compression=_flag(scan, "tls_compression", "supports_compression"),
        fallback_scsv=None if only_tls13 else _flag(scan, "tls_fallback_scsv", "supports_fallback_scsv"),
        early_data=early if isinstance(early, Unknown) else (int(early) if scan.highest is Version.TLS_1_3 else None),
        resumption_by_id=_resumption(scan, "session_id_resumption_result"),
        resumption_by_ticket=_resumption(scan, "tls_ticket_resumption_result"),
        ocsp_staple=_staple(scan),
    )


def _resumption(scan: Scan, name: str) -> bool | Unknown:
    result = scan.result("session_resumption")
    return result if isinstance(result, Unknown) else bool(result[name] != "NOT_SUPPORTED")


def _staple(scan: Scan) -> bytes | Unknown | None:
    result = scan.result("certificate_info")
    if isinstance(result, Unknown):
        return result
    return base64.b64decode(result["staple"]) if result["staple"] is not None else None


def _vulnerabilities(scan: Scan) -> tuple[Vulnerability, ...]:
    implied = "implied by TLS 1.3" if scan.highest is Version.TLS_1_3 else ""
    asked = (
        ("heartbleed", _flag(scan, "heartbleed", "is_vulnerable_to_heartbleed"), implied),
        ("ccs_injection", _flag(scan, "openssl_ccs_injection", "is_vulnerable_to_ccs_injection"), implied),
        (
            "client_renegotiation",
            _flag(scan, "session_renegotiation", "is_vulnerable_to_client_renegotiation_dos"),
            "",
        ),
    )
    found = [Vulnerability(name, flag, detail) for name, flag, detail in asked if flag != _NOT_ASKED]
    robot = scan.result("robot")
    return (*found, _robot(robot)) if robot != _NOT_ASKED else tuple(found)


def _robot(result: Result | Unknown) -> Vulnerability:
    if isinstance(result, Unknown):
        return Vulnerability("robot", result)
    said = str(result["robot_result"])
    if said.startswith("VULNERABLE"):
        return Vulnerability("robot", True, "strong" if "STRONG" in said else "weak")
    if said.startswith("NOT_VULNERABLE"):
        return Vulnerability("robot", False, "no_rsa" if "RSA" in said else "")
    return Vulnerability("robot", Unknown("inconsistent", "the answers differ from one attempt to the next"))
