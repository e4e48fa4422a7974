"""The facts of an endpoint as an auditor reads them: names instead of numbers, digests instead of certificates."""

from __future__ import annotations

import hashlib
from dataclasses import fields

from pydantic import JsonValue

from pgssi_probe.tls.certificate import CertificateFacts
from pgssi_probe.tls.chain import ChainFacts
from pgssi_probe.tls.facts import EndpointFacts, Ticket, Unknown


def summary(facts: EndpointFacts) -> dict[str, JsonValue]:
    """A JSON object with everything known of the endpoint; certificates by their SHA-256."""
    behaviour: dict[str, JsonValue] = {}
    for field in fields(facts.behaviour):
        behaviour[field.name] = shown(getattr(facts.behaviour, field.name))
    return {
        "host": facts.host,
        "address": facts.address,
        "port": facts.port,
        "source": facts.source,
        "connections": facts.connections,
        "versions": {
            version.version.label: {
                "accepted": shown(version.accepted),
                "refusal": version.how or None,
                "suites": [suite.name for suite in version.suites],
                "enumeration": version.coverage,
                "server_order": shown(version.server_order),
            }
            for version in facts.versions
        },
        "groups": {item.version.label: [group.name for group in item.groups] for item in facts.groups},
        "dh_primes": shown(facts.dh_primes)
        if isinstance(facts.dh_primes, Unknown)
        else [f"{prime.name or 'custom'} {prime.bits}" for prime in facts.dh_primes],
        "signatures": [f"{use.version.label} {use.scheme}" for use in facts.signatures],
        "weak_signatures": shown(facts.weak_signatures),
        "chains": [
            {
                "versions": [version.label for version in chain.versions],
                "sha256": [hashlib.sha256(der).hexdigest() for der in chain.der],
            }
            for chain in facts.chains
        ],
        "openssl": {trust.store: f"{trust.code} {trust.message}" for trust in facts.trust},
        "behaviour": behaviour,
        "vulnerabilities": {item.name: shown(item.present) for item in facts.vulnerabilities},
    }


def shown(value: object) -> JsonValue:
    """One fact; an unknown one says why."""
    if isinstance(value, Unknown):
        return f"unknown: {value.reason}" + (f" ({value.detail})" if value.detail else "")
    if isinstance(value, Ticket):
        return f"{value.version.label} {value.lifetime_s} s"
    if isinstance(value, bytes):
        return f"{len(value)} bytes, SHA-256 {hashlib.sha256(value).hexdigest()}"
    if isinstance(value, tuple):
        return [shown(item) for item in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    raise TypeError(f"not a fact: {type(value).__name__}")


def chain_summary(chain: ChainFacts, facts: EndpointFacts) -> dict[str, JsonValue]:
    """A JSON object with what was read of each certificate and what was concluded of the whole."""
    return {
        "issuer": str(chain.issuer),
        "order": str(chain.link),
        "names_host": chain.names_host,
        "days_left": chain.days_left,
        "openssl": {trust.store: f"{trust.code} {trust.message}" for trust in facts.trust},
        "staple": shown(facts.behaviour.ocsp_staple),
        "sent": [_certificate(item) for item in chain.sent],
    }


def _certificate(item: CertificateFacts) -> dict[str, JsonValue]:
    return {
        "sha256": item.sha256,
        "subject": item.subject,
        "issuer": item.issuer,
        "serial": f"{item.serial:x}",
        "not_before": item.not_before.isoformat(),
        "not_after": item.not_after.isoformat(),
        "names": [*item.dns_names[:20], *item.addresses[:20]],
        "key": f"{item.key_type} {item.key_bits or '?'} {item.curve or ''}".strip(),
        "signature": item.signature_algorithm,
        "key_usage": list(item.key_usage.names) if item.key_usage else None,
        "extended_key_usage": list(item.extended_key_usage.names) if item.extended_key_usage else None,
        "must_staple": item.must_staple,
        "sct": item.sct_count,
        "crl": item.crl_urls,
        "ocsp": item.ocsp_urls,
        "ca": item.is_ca,
    }
