"""The protocol, as far as Python's own TLS can be weakened: tls.config. Fixtures of the TLS tests show the rest."""

from __future__ import annotations

from dataclasses import replace

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.weaknesses.registry import weakness

# Options of OpenSSL 3 that Python does not name (include/openssl/ssl.h).
NO_EXTENDED_MASTER_SECRET = 1 << 0
ALLOW_CLIENT_RENEGOTIATION = 1 << 8
NO_ENCRYPT_THEN_MAC = 1 << 19


@weakness(
    "tls.config/old-versions-accepted", fr="TLS 1.0 et 1.1 acceptés", en="TLS 1.0 and 1.1 accepted", takes="suites"
)
def old_versions(lab: Blueprint) -> None:
    lab.tls.lowest = "TLSv1"
    lab.tls.ciphers += ":ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"


@weakness(
    "tls.config/cbc-unprotected",
    fr="Suites CBC sans encrypt_then_mac",
    en="CBC suites without encrypt_then_mac",
    takes="suites",
)
def cbc_unprotected(lab: Blueprint) -> None:
    lab.tls.ciphers += ":ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA384"
    lab.tls.options |= NO_ENCRYPT_THEN_MAC


@weakness("tls.config/hashes-weak", fr="Suites fondées sur SHA-1", en="Suites that rest on SHA-1", takes="suites")
def hashes_weak(lab: Blueprint) -> None:
    lab.tls.ciphers += ":ECDHE-ECDSA-AES128-SHA"


@weakness("tls.config/ciphers-broken", fr="Suites sans chiffrement", en="Suites without encryption", takes="suites")
def ciphers_broken(lab: Blueprint) -> None:
    lab.tls.ciphers += ":ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0"


@weakness(
    "tls.config/anonymous-accepted", fr="Échanges anonymes acceptés", en="Anonymous exchanges accepted", takes="suites"
)
def anonymous(lab: Blueprint) -> None:
    lab.tls.ciphers += ":AECDH-AES128-SHA:@SECLEVEL=0"


@weakness(
    "tls.config/forward-secrecy-missing",
    fr="Échanges sans confidentialité persistante",
    en="Exchanges without forward secrecy",
    takes="suites certificate",
)
def no_forward_secrecy(lab: Blueprint) -> None:
    lab.tls.certificate = replace(lab.tls.certificate, key="rsa-2048")
    lab.tls.ciphers += ":AES128-GCM-SHA256:AES256-GCM-SHA384"


@weakness(
    "tls.config/extended-master-secret-missing",
    fr="Extension extended_master_secret absente",
    en="extended_master_secret extension missing",
)
def no_extended_master_secret(lab: Blueprint) -> None:
    lab.tls.options |= NO_EXTENDED_MASTER_SECRET


@weakness("tls.config/renegotiation-client", fr="Le client peut renégocier", en="The client may renegotiate")
def renegotiation_client(lab: Blueprint) -> None:
    lab.tls.no_renegotiation = False
    lab.tls.options |= ALLOW_CLIENT_RENEGOTIATION
