"""The certificate: tls.certificate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.weaknesses.registry import Effect, weakness


def _certificate(**changes: Any) -> Effect:
    def effect(lab: Blueprint) -> None:
        lab.tls.certificate = replace(lab.tls.certificate, **changes)

    return effect


FAULTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "expired": ("Certificat périmé", "Expired certificate", {"starts": -20, "ends": -2}),
    "not-yet-valid": ("Certificat pas encore valable", "Certificate not valid yet", {"starts": 30, "ends": 90}),
    "expiring-soon": (
        "Certificat qui expire dans trois jours",
        "Certificate that expires in three days",
        {"starts": -87, "ends": 3},
    ),
    "self-signed": ("Certificat signé par lui-même", "Self-signed certificate", {"self_signed": True}),
    "wrong-name": (
        "Certificat d'un autre nom",
        "Certificate of another name",
        {"names": ("autre.valombre.invalid",), "common_name": "autre.valombre.invalid"},
    ),
    "common-name-only": ("Nom dans le seul nom commun", "Name in the common name only", {"names": ()}),
    "purpose-wrong": ("Certificat de client", "Client certificate", {"for_servers": False}),
    "must-staple-missing": (
        "OCSP exigé par le certificat et non joint",
        "OCSP demanded by the certificate and not stapled",
        {"must_staple": True},
    ),
}

for _slug, (_fr, _en, _changes) in FAULTS.items():
    weakness(f"tls.certificate/{_slug}", fr=_fr, en=_en, takes="certificate")(_certificate(**_changes))


@weakness("tls.certificate/key-weak", fr="Clé RSA de 1024 bits", en="RSA key of 1024 bits", takes="certificate suites")
def key_weak(lab: Blueprint) -> None:
    lab.tls.certificate = replace(lab.tls.certificate, key="rsa-1024")
    lab.tls.ciphers += ":@SECLEVEL=1"  # otherwise OpenSSL refuses to load it
