"""Which keys and certificates may seal: sizes and curves of ANSSI PG-083 v3.00, usages of RFC 5280."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID as Purpose

from pgssi_reports.seal.codes import Refusal, refuse

RSA_BITS_MIN: Final = 3072
CURVE_DIGESTS: Final = {"secp256r1": "sha256", "secp384r1": "sha384", "secp521r1": "sha512"}
RSA_DIGEST: Final = "sha256"

# A certificate made only for these says that its key must not sign documents.
_FOREIGN_PURPOSES: Final = frozenset(
    {
        Purpose.SERVER_AUTH,
        Purpose.CLIENT_AUTH,
        Purpose.CODE_SIGNING,
        Purpose.TIME_STAMPING,
        Purpose.OCSP_SIGNING,
    }
)


def digest_for(key: object) -> str:
    """Name of the digest that a public key is used with. SealError when the key may not seal."""
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < RSA_BITS_MIN:
            raise refuse(Refusal.KEY_TOO_SHORT, bits=str(key.key_size), minimum=str(RSA_BITS_MIN))
        return RSA_DIGEST
    if isinstance(key, ec.EllipticCurvePublicKey):
        digest = CURVE_DIGESTS.get(key.curve.name)
        if digest is None:
            raise refuse(Refusal.KEY_CURVE_REFUSED, curve=key.curve.name)
        return digest
    raise refuse(Refusal.KEY_TYPE_REFUSED, type=type(key).__name__.removesuffix("PublicKey"))


def require_valid_now(certificate: x509.Certificate, now: datetime) -> None:
    """SealError for a certificate that has expired, or is not valid yet."""
    if now > certificate.not_valid_after_utc:
        raise refuse(Refusal.CERTIFICATE_EXPIRED, date=f"{certificate.not_valid_after_utc:%Y-%m-%d}")
    if now < certificate.not_valid_before_utc:
        raise refuse(Refusal.CERTIFICATE_NOT_YET_VALID, date=f"{certificate.not_valid_before_utc:%Y-%m-%d}")


def require_signing_usage(certificate: x509.Certificate) -> None:
    """SealError unless the certificate says that its key signs: digitalSignature or nonRepudiation.

    Certificates made only for TLS, code, time-stamps or OCSP are refused as well, and those of authorities.
    """
    if is_authority(certificate):
        raise refuse(Refusal.CERTIFICATE_IS_AUTHORITY)
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        raise refuse(Refusal.KEY_USAGE_MISSING) from None
    if not (usage.digital_signature or usage.content_commitment):
        raise refuse(Refusal.KEY_USAGE_CONTRARY)
    try:
        purposes = set(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        return
    if purposes <= _FOREIGN_PURPOSES:
        raise refuse(Refusal.KEY_USAGE_CONTRARY)


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether the certificate may issue others: by its basic constraints, or by its key usage."""
    try:
        if certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return True
    except x509.ExtensionNotFound:
        pass
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return usage.key_cert_sign
