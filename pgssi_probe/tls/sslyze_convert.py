"""From sslyze's result objects to our facts. Runs in the worker, the only process that imports sslyze.

Three traps of sslyze 6.3 are answered here. A time-out counts there as a rejected suite: here it makes the version
incomplete, or unknown when nothing was accepted. A command that failed is an :class:`Unknown`. And what sslyze
concludes without asking (no Heartbleed where TLS 1.3 is spoken) is marked as implied.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

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

SUITE_COMMANDS = {
    Version.SSL_2: "ssl_2_0_cipher_suites",
    Version.SSL_3: "ssl_3_0_cipher_suites",
    Version.TLS_1_0: "tls_1_0_cipher_suites",
    Version.TLS_1_1: "tls_1_1_cipher_suites",
    Version.TLS_1_2: "tls_1_2_cipher_suites",
    Version.TLS_1_3: "tls_1_3_cipher_suites",
}
_TLS_ENUM = {
    "SSL_2_0": Version.SSL_2,
    "SSL_3_0": Version.SSL_3,
    "TLS_1_0": Version.TLS_1_0,
    "TLS_1_1": Version.TLS_1_1,
    "TLS_1_2": Version.TLS_1_2,
    "TLS_1_3": Version.TLS_1_3,
}
_SSL2_SUITES = {suite.name: suite for suite in sslv2.SUITES}
_GROUP_IDS = {name.lower(): number for number, name in GROUPS.items()}
_FAILED = Unknown("tool_failed")
_NOT_ASKED = Unknown("not_measured")


@dataclass(frozen=True, slots=True)
class Scan:
    """The attempts of one scan by command name, and the highest version that sslyze's probing found."""

    attempts: dict[str, Any]
    highest: Version

    def result(self, command: str) -> Any | Unknown:
        """The result of a completed command, or why there is none."""
        attempt = self.attempts.get(command)
        if attempt is None or attempt.status.value == "NOT_SCHEDULED":
            return _NOT_ASKED
        if attempt.status.value != "COMPLETED" or attempt.result is None:
            reason = attempt.error_reason.value.lower() if attempt.error_reason is not None else ""
            return Unknown("tool_failed", reason)
        return attempt.result


def incomplete(scan: Scan, commands: Iterable[str]) -> tuple[str, ...]:
    """Commands worth a second attempt: failed, or with time-outs among their rejections."""
    found = []
    for command in commands:
        result = scan.result(command)
        if isinstance(result, Unknown):
            if result.reason == "tool_failed":
                found.append(command)
        elif command in SUITE_COMMANDS.values() and timed_out(result):
            found.append(command)
    return tuple(found)


def timed_out(result: Any) -> int:
    """How many suites count as rejected for want of an answer."""
    return sum("timed out" in suite.error_message for suite in result.rejected_cipher_suites)


def endpoint_facts(
    scan: Scan, *, host: str, address: str, port: int, connections: int, declared_ca: bool
) -> EndpointFacts:
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
        trust=_trust(scan) if declared_ca else (),
        behaviour=_behaviour(scan),
        vulnerabilities=_vulnerabilities(scan),
    )


def version_facts(scan: Scan, version: Version) -> VersionFacts:
    """Acceptance and suites of one version."""
    result = scan.result(SUITE_COMMANDS[version])
    if isinstance(result, Unknown):
        return VersionFacts(version, result)
    suites = tuple(_suite(accepted.cipher_suite.name, version) for accepted in result.accepted_cipher_suites)
    silent = timed_out(result)
    refused = (_suite(rejected.cipher_suite.name, version).id for rejected in result.rejected_cipher_suites)
    if suites:
        coverage: Coverage = "partial" if silent else "every_suite"
        return VersionFacts(version, True, "", suites, coverage, None, tuple(sorted(set(refused))))
    if silent:
        return VersionFacts(version, Unknown("no_answer", f"{silent} time-outs"))
    return VersionFacts(version, False, _how(result), (), "every_suite")


def _how(result: Any) -> str:
    messages = {suite.error_message for suite in result.rejected_cipher_suites}
    return "closed" if any("closed" in message or "interrupted" in message for message in messages) else "alert"


def _suite(name: str, version: Version) -> Suite:
    if version is Version.SSL_2:
        return _SSL2_SUITES.get(name) or Suite(0, name)
    return by_name().get(name) or Suite(0, name)


def _groups(scan: Scan, *, complete: bool) -> GroupFacts | Unknown:
    result = scan.result("elliptic_curves")
    if isinstance(result, Unknown):
        return result
    if result.supported_curves is None:
        return Unknown("not_measured", "no elliptic key exchange")
    from nassl.ephemeral_key_info import OpenSslEcNidEnum

    names = [OpenSslEcNidEnum(curve.openssl_nid).name.lower() for curve in result.supported_curves]
    numbers = sorted(_GROUP_IDS[name] for name in names if name in _GROUP_IDS)
    return GroupFacts(scan.highest, tuple(Group(number, GROUPS[number]) for number in numbers), complete)


def _primes(scan: Scan) -> tuple[DhPrime, ...] | Unknown:
    found: set[int] = set()
    hidden = False
    for command in SUITE_COMMANDS.values():
        result = scan.result(command)
        if isinstance(result, Unknown):
            continue
        for accepted in result.accepted_cipher_suites:
            key = accepted.ephemeral_key
            prime = getattr(key, "prime", None)
            if prime:
                found.add(int.from_bytes(bytes(prime), "big"))
            elif accepted.cipher_suite.name in by_name():
                part = parts(by_name()[accepted.cipher_suite.name])
                # Below 1024 bits sslyze's OpenSSL refuses the key and sslyze counts the suite as accepted.
                hidden |= part.key_exchange == "DHE" and part.authentication != "PSK"
    if not found and hidden:
        return Unknown("not_measured", "the prime was refused by the client")
    return tuple(DhPrime(prime.bit_length(), published_name(prime)) for prime in sorted(found))


def _chains(scan: Scan) -> tuple[SentChain, ...]:
    result = scan.result("certificate_info")
    if isinstance(result, Unknown):
        return ()
    from cryptography.hazmat.primitives.serialization import Encoding

    found: list[SentChain] = []
    for deployment in result.certificate_deployments:
        der = tuple(certificate.public_bytes(Encoding.DER) for certificate in deployment.received_certificate_chain)
        if der and all(der != sent.der for sent in found):
            found.append(SentChain(der, ()))
    return tuple(found)


def _trust(scan: Scan) -> tuple[TrustFacts, ...]:
    result = scan.result("certificate_info")
    if isinstance(result, Unknown) or not result.certificate_deployments:
        return ()
    for path in result.certificate_deployments[0].path_validation_results:
        if path.trust_store.name == "Supplied CA file":
            good = bool(path.was_validation_successful)
            # X509_V_ERR_UNSPECIFIED: sslyze's verdict also holds name and profile, so that its no has many causes.
            return (TrustFacts("declared", 0 if good else 1, "ok" if good else "refused by sslyze"),)
    return ()


def _flag(scan: Scan, command: str, attribute: str) -> bool | Unknown:
    result = scan.result(command)
    return result if isinstance(result, Unknown) else bool(getattr(result, attribute))


def _behaviour(scan: Scan) -> Behaviour:
    only_tls13 = scan.highest is Version.TLS_1_3 and all(
        version_facts(scan, version).accepted is False for version in NEWEST_FIRST if version is not Version.TLS_1_3
    )
    early = _flag(scan, "tls_1_3_early_data", "supports_early_data")
    return replace(
        nothing_known(_NOT_ASKED),
        extended_master_secret=_flag(scan, "tls_extended_master_secret", "supports_ems_extension"),
        secure_renegotiation=None
        if only_tls13
        else _flag(scan, "session_renegotiation", "supports_secure_renegotiation"),
        compression=_flag(scan, "tls_compression", "supports_compression"),
        fallback_scsv=None if only_tls13 else _flag(scan, "tls_fallback_scsv", "supports_fallback_scsv"),
        early_data=early if isinstance(early, Unknown) else (int(early) if scan.highest is Version.TLS_1_3 else None),
        resumption_by_id=_resumption(scan, "session_id_resumption_result"),
        resumption_by_ticket=_resumption(scan, "tls_ticket_resumption_result"),
        ocsp_staple=_staple(scan),
    )


def _resumption(scan: Scan, attribute: str) -> bool | Unknown:
    result = scan.result("session_resumption")
    if isinstance(result, Unknown):
        return result
    return str(getattr(result, attribute).value) != "NOT_SUPPORTED"


def _staple(scan: Scan) -> bytes | Unknown | None:
    result = scan.result("certificate_info")
    if isinstance(result, Unknown):
        return result
    from cryptography.hazmat.primitives.serialization import Encoding

    for deployment in result.certificate_deployments:
        if deployment.ocsp_response is not None:
            return bytes(deployment.ocsp_response.public_bytes(Encoding.DER))
    return None


def _vulnerabilities(scan: Scan) -> tuple[Vulnerability, ...]:
    implied = "implied by TLS 1.3" if scan.highest is Version.TLS_1_3 else ""
    found: list[Vulnerability] = []
    for name, command, attribute in (
        ("heartbleed", "heartbleed", "is_vulnerable_to_heartbleed"),
        ("ccs_injection", "openssl_ccs_injection", "is_vulnerable_to_ccs_injection"),
    ):
        flag = _flag(scan, command, attribute)
        if flag != _NOT_ASKED:
            found.append(Vulnerability(name, flag, implied))
    renegotiation = _flag(scan, "session_renegotiation", "is_vulnerable_to_client_renegotiation_dos")
    if renegotiation != _NOT_ASKED:
        found.append(Vulnerability("client_renegotiation", renegotiation))
    robot = scan.result("robot")
    if robot != _NOT_ASKED:
        found.append(_robot(robot))
    return tuple(found)


def _robot(result: Any | Unknown) -> Vulnerability:
    if isinstance(result, Unknown):
        return Vulnerability("robot", result)
    said = str(result.robot_result.value)
    if said.startswith("VULNERABLE"):
        return Vulnerability("robot", True, "strong" if "STRONG" in said else "weak")
    if said.startswith("NOT_VULNERABLE"):
        return Vulnerability("robot", False, "no_rsa" if "RSA" in said else "")
    return Vulnerability("robot", Unknown("inconsistent", "the answers differ from one attempt to the next"))


def attempts_of(result: Any) -> dict[str, Any]:
    """The attempts of a ``ServerScanResult`` by command name."""
    from sslyze.plugins.scan_commands import ScanCommand

    return {command.value: getattr(result.scan_result, command.value) for command in ScanCommand}


def highest_of(result: Any) -> Version:
    """The highest version found by sslyze's probing."""
    return _TLS_ENUM[result.connectivity_result.highest_tls_version_supported.name]


def merged_attempts(first: dict[str, Any], second: dict[str, Any], commands: Sequence[str]) -> dict[str, Any]:
    """The second attempt of ``commands`` in place of the first, when it ended."""
    retried = {
        command: second[command]
        for command in commands
        if second[command].status.value == "COMPLETED" or first[command].status.value != "COMPLETED"
    }
    return {**first, **retried}
