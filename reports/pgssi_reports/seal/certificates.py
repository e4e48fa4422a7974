"""What certificates say and how they hang together. Nothing here is trusted yet."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from pgssi_probe.model.rendering import Signer
from pgssi_reports.seal.codes import Refusal, refuse

TRUST_FILE_MAX: Final = 8 << 20
TRUST_SUFFIXES: Final = frozenset({".pem", ".crt", ".cer", ".der"})
CHAIN_MAX: Final = 8


def as_asn1(certificate: x509.Certificate) -> Any:
    """The same certificate for asn1crypto and pyHanko."""
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def issued(issuer: x509.Certificate, subject: x509.Certificate) -> bool:
    """Whether `issuer` signed `subject`: names and signature both agree."""
    try:
        subject.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def intermediates(
    certificate: x509.Certificate, candidates: Sequence[x509.Certificate]
) -> tuple[x509.Certificate, ...]:
    """The issuers of a certificate among the candidates, nearest first, without the self-signed root."""
    chain: list[x509.Certificate] = []
    current = certificate
    while len(chain) < CHAIN_MAX:
        issuer = next((c for c in candidates if c not in chain and issued(c, current)), None)
        if issuer is None or issued(issuer, issuer):
            break
        chain.append(issuer)
        current = issuer
    return tuple(chain)


def describe_certificate(certificate: x509.Certificate) -> Signer:
    """The certificate in words. `self_signed` is told by its signature, not by its names."""
    return Signer(
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        serial=f"{certificate.serial_number:x}",
        fingerprint=hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest(),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        self_signed=issued(certificate, certificate),
    )


def load_trusted(path: Path) -> list[x509.Certificate]:
    """The certificates of a file, PEM (any number) or DER (one), or of every such file of a directory.

    SealError when there is none. In a directory, files of other kinds are left out; an unreadable one is not.
    """
    if not path.is_dir():
        return _certificates(path)
    try:
        names = sorted(entry for entry in path.iterdir() if entry.suffix in TRUST_SUFFIXES)
    except OSError:
        raise refuse(Refusal.TRUST_UNREADABLE, path=str(path)) from None
    found = [certificate for name in names for certificate in _certificates(name)]
    if not found:
        raise refuse(Refusal.TRUST_UNREADABLE, path=str(path))
    return found


def _certificates(path: Path) -> list[x509.Certificate]:
    try:
        with path.open("rb") as file:
            data = file.read(TRUST_FILE_MAX)
        if b"-----BEGIN" in data:
            return x509.load_pem_x509_certificates(data)
        return [x509.load_der_x509_certificate(data)]
    except FileNotFoundError:
        raise refuse(Refusal.TRUST_MISSING, path=str(path)) from None
    except (OSError, ValueError):
        raise refuse(Refusal.TRUST_UNREADABLE, path=str(path)) from None
