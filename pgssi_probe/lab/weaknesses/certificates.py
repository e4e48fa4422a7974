"""The certificate and the protocol: tls.certificate, tls.config. Other TLS faults are fixtures of the TLS tests."""

from __future__ import annotations

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.weaknesses.registry import weakness


@weakness("tls.certificate/expired", fr="Certificat périmé", en="Expired certificate", takes="certificate")
def expired(lab: Blueprint) -> None:
    lab.tls.certificate = "expired"


@weakness(
    "tls.certificate/not-yet-valid",
    fr="Certificat pas encore valable",
    en="Certificate not valid yet",
    takes="certificate",
)
def not_yet_valid(lab: Blueprint) -> None:
    lab.tls.certificate = "not-yet-valid"


@weakness(
    "tls.certificate/self-signed", fr="Certificat signé par lui-même", en="Self-signed certificate", takes="certificate"
)
def self_signed(lab: Blueprint) -> None:
    lab.tls.certificate = "self-signed"


@weakness(
    "tls.certificate/wrong-name", fr="Certificat d'un autre nom", en="Certificate of another name", takes="certificate"
)
def wrong_name(lab: Blueprint) -> None:
    lab.tls.certificate = "wrong-name"
