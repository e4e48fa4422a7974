"""Time-stamp tokens (RFC 3161): what one says, and whether it fits what it stamps.

Another program wrote them: what the authority's signature covers is kept as it is, the rest is written again, the
same way when a token is received and when it is read back.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from pgssi_reports.seal.certificates import CHAIN_MAX, as_asn1, issued

TOKEN_MAX: Final = 1 << 15
_IMPRINTS: Final = frozenset({"sha256", "sha384", "sha512"})


class TokenError(Exception):
    """Not a token that can be relied on."""


@dataclass(frozen=True)
class Token:
    """What a token says; `authority` is the certificate that its signature names."""

    signed_data: Any
    time: datetime
    imprint_algorithm: str
    imprint: bytes
    nonce: int | None
    authority: x509.Certificate

    def stamps(self, data: bytes) -> bool:
        """Whether the token is about these bytes."""
        return hashlib.new(self.imprint_algorithm, data).digest() == self.imprint


def tidied(der: bytes) -> tuple[bytes, Token]:
    """A token as an authority sent it, with what no signature covers set right, and what it says.

    Of the certificates along, only those that lead from the authority's own upwards are kept. TokenError for
    anything else than one token by one signer whose certificate is inside.
    """
    if len(der) > TOKEN_MAX:
        raise TokenError
    try:
        return _read(der)
    except TokenError:
        raise
    except Exception:  # noqa: BLE001 - parsing hostile ASN.1 raises anything; all of it means the same
        raise TokenError from None


def read_token(der: bytes) -> Token:
    """What a token says that was kept in a seal. TokenError unless nothing in it could be set right."""
    again, token = tidied(der)
    if again != der:
        raise TokenError
    return token


def _read(der: bytes) -> tuple[bytes, Token]:
    info = cms.ContentInfo.load(der, strict=True)
    if info["content_type"].native != "signed_data":
        raise TokenError
    signed_data = info["content"]
    content = signed_data["encap_content_info"]
    signers = signed_data["signer_infos"]
    if content["content_type"].native != "tst_info" or len(signers) != 1:
        raise TokenError
    signer = signers[0]
    version = {"issuer_and_serial_number": "v1", "subject_key_identifier": "v3"}[signer["sid"].name]
    if signer["unsigned_attrs"].native is not None or signer["version"].native != version:
        raise TokenError
    certificates = [x509.load_der_x509_certificate(c.chosen.dump()) for c in signed_data["certificates"]]
    authority = _named(certificates, signer)
    if not _identified(signer["sid"], as_asn1(authority)):
        raise TokenError
    kept = [authority, *_upwards(authority, certificates)]
    said = content["content"].parsed
    algorithm = said["message_imprint"]["hash_algorithm"]["algorithm"].native
    if algorithm not in _IMPRINTS:
        raise TokenError
    again = cms.SignedData(
        {
            "version": "v3",
            "digest_algorithms": [signer["digest_algorithm"]],
            "encap_content_info": content,
            "certificates": [cms.CertificateChoices("certificate", as_asn1(one)) for one in kept],
            "signer_infos": signers,
        }
    )
    token = Token(
        signed_data=again,
        time=said["gen_time"].native.astimezone(UTC),
        imprint_algorithm=algorithm,
        imprint=said["message_imprint"]["hashed_message"].native,
        nonce=said["nonce"].native,
        authority=authority,
    )
    return cms.ContentInfo({"content_type": "signed_data", "content": again}).dump(), token


def _identified(identifier: Any, certificate: Any) -> bool:
    """Byte for byte: names that differ by case are equal for X.509."""
    if identifier.name == "subject_key_identifier":
        return bool(identifier.chosen.native == certificate.key_identifier)
    same_issuer = identifier.chosen["issuer"].dump() == certificate.issuer.dump()
    return bool(same_issuer and identifier.chosen["serial_number"].native == certificate.serial_number)


def _upwards(authority: x509.Certificate, certificates: list[x509.Certificate]) -> list[x509.Certificate]:
    """The issuers of the authority's certificate, each of which signed another that is kept."""
    kept: list[x509.Certificate] = []
    pending = [authority]
    while pending and len(kept) < CHAIN_MAX:
        subject = pending.pop()
        for one in certificates:
            if one not in (authority, *kept) and issued(one, subject):
                if one.issuer == one.subject and not issued(one, one):
                    raise TokenError
                kept.append(one)
                pending.append(one)
    return kept


def _named(certificates: list[x509.Certificate], signer: Any) -> x509.Certificate:
    """The certificate that the signed attributes name by its hash (RFC 5035; RFC 2634 for older authorities)."""
    for attribute in signer["signed_attrs"]:
        kind = attribute["type"].native
        if kind not in ("signing_certificate_v2", "signing_certificate"):
            continue
        reference = attribute["values"][0]["certs"][0]
        algorithm = "sha1" if kind == "signing_certificate" else reference["hash_algorithm"]["algorithm"].native
        wanted = reference["cert_hash"].native
        for certificate in certificates:
            der = certificate.public_bytes(Encoding.DER)
            if hashlib.new(algorithm, der, usedforsecurity=False).digest() == wanted:
                return certificate
    raise TokenError


def may_stamp(certificate: x509.Certificate) -> bool:
    """RFC 3161, 2.3: the extended key usage is there, critical, and says time-stamping only."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except (x509.ExtensionNotFound, ValueError):
        return False
    return extension.critical and list(extension.value) == [ExtendedKeyUsageOID.TIME_STAMPING]
