"""One X.509 certificate as plain facts. Pure; a malformed part becomes ``None`` or an empty value, no exception."""

import hashlib
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

T = TypeVar("T")
E = TypeVar("E", bound=x509.ExtensionType)
MAX_TEXT = 200
MAX_NAMES = 200

_PROBLEMS = (ValueError, TypeError, KeyError, UnsupportedAlgorithm, x509.ExtensionNotFound, x509.DuplicateExtension)


class UnreadableCertificate(ValueError):
    """The bytes are not a certificate that can be read."""


@dataclass(frozen=True, slots=True)
class Usage:
    """KeyUsage or ExtendedKeyUsage: the names of its bits or purposes."""

    critical: bool
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a certificate says. Names come from the certificate: hostile text, cut to a length, still to be escaped."""

    sha256: str
    subject: str
    issuer: str
    common_name: str | None
    serial: int
    not_before: datetime
    not_after: datetime
    dns_names: tuple[str, ...]
    addresses: tuple[str, ...]
    key_type: str  # rsa, ec, ed25519, ed448, dsa, other
    key_bits: int | None
    rsa_exponent: int | None
    curve: str | None
    signature_hash: str | None  # None for EdDSA and for what is not understood
    signature_algorithm: str
    key_usage: Usage | None
    extended_key_usage: Usage | None
    authority_key: str | None
    subject_key: str | None
    must_staple: bool
    sct_count: int
    crl_urls: int
    ocsp_urls: int
    issuer_urls: int
    is_ca: bool

    @property
    def validity_days(self) -> int:
        """From the first to the last day."""
        return (self.not_after - self.not_before).days


@contextmanager
def quiet() -> Iterator[None]:
    """cryptography warns about odd certificates; odd certificates are our daily bread."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def read(der: bytes) -> x509.Certificate:
    """Parse, or raise :class:`UnreadableCertificate`."""
    try:
        with quiet():
            certificate = x509.load_der_x509_certificate(der)
            # Names and dates are only parsed when asked for: ask now, so that a broken one is known here.
            _ = (certificate.subject, certificate.issuer, certificate.not_valid_before_utc)
            _ = (certificate.not_valid_after_utc, certificate.serial_number, certificate.signature_algorithm_oid)
            return certificate
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UnreadableCertificate from error


def facts_of(certificate: x509.Certificate) -> CertificateFacts:
    """All facts of a parsed certificate."""
    with quiet():
        der_hash = hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()
        key_type, bits, exponent, curve = _key(certificate)
        names = _value(certificate, x509.SubjectAlternativeName)
        hashed = _try(lambda: certificate.signature_hash_algorithm)
        access = _value(certificate, x509.AuthorityInformationAccess)
        points = _value(certificate, x509.CRLDistributionPoints)
        scts = _value(certificate, x509.PrecertificateSignedCertificateTimestamps)
        features = _value(certificate, x509.TLSFeature)
        basic = _value(certificate, x509.BasicConstraints)
        return CertificateFacts(
            sha256=der_hash,
            subject=_text(certificate.subject),
            issuer=_text(certificate.issuer),
            common_name=_common_name(certificate),
            serial=certificate.serial_number,
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            dns_names=tuple(names.get_values_for_type(x509.DNSName)[:MAX_NAMES]) if names else (),
            addresses=tuple(str(value) for value in names.get_values_for_type(x509.IPAddress)[:MAX_NAMES])
            if names
            else (),
            key_type=key_type,
            key_bits=bits,
            rsa_exponent=exponent,
            curve=curve,
            signature_hash=hashed.name if hashed is not None else None,
            signature_algorithm=_algorithm(certificate),
            key_usage=_key_usage(certificate),
            extended_key_usage=_extended_usage(certificate),
            authority_key=_authority_key(certificate),
            subject_key=_subject_key(certificate),
            must_staple=features is not None and x509.TLSFeatureType.status_request in features,
            sct_count=_try(lambda: len(list(scts))) or 0 if scts is not None else 0,
            crl_urls=len(points) if points is not None else 0,
            ocsp_urls=_access(access, AuthorityInformationAccessOID.OCSP),
            issuer_urls=_access(access, AuthorityInformationAccessOID.CA_ISSUERS),
            is_ca=basic is not None and basic.ca,
        )


def _try(question: Callable[[], T]) -> T | None:
    try:
        return question()
    except _PROBLEMS:
        return None


def _extension(certificate: x509.Certificate, kind: type[E]) -> "x509.Extension[E] | None":
    return _try(lambda: certificate.extensions.get_extension_for_class(kind))


def _value(certificate: x509.Certificate, kind: type[E]) -> E | None:
    extension = _extension(certificate, kind)
    return extension.value if extension is not None else None


def _text(name: x509.Name) -> str:
    return (_try(name.rfc4514_string) or "?")[:MAX_TEXT]


def _common_name(certificate: x509.Certificate) -> str | None:
    found = _try(lambda: certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME))
    return str(found[-1].value)[:MAX_TEXT] if found else None


def _algorithm(certificate: x509.Certificate) -> str:
    oid = certificate.signature_algorithm_oid
    return str(getattr(oid, "_name", oid.dotted_string))[:MAX_TEXT]


def _key(certificate: x509.Certificate) -> tuple[str, int | None, int | None, str | None]:
    key = _try(certificate.public_key)
    match key:
        case rsa.RSAPublicKey():
            return "rsa", key.key_size, key.public_numbers().e, None
        case ec.EllipticCurvePublicKey():
            return "ec", key.key_size, None, key.curve.name
        case ed25519.Ed25519PublicKey():
            return "ed25519", 256, None, None
        case ed448.Ed448PublicKey():
            return "ed448", 456, None, None
        case dsa.DSAPublicKey():
            return "dsa", key.key_size, None, None
        case _:
            return "other", None, None, None


_USAGES = {
    "digital_signature": "digitalSignature",
    "content_commitment": "nonRepudiation",
    "key_encipherment": "keyEncipherment",
    "data_encipherment": "dataEncipherment",
    "key_agreement": "keyAgreement",
    "key_cert_sign": "keyCertSign",
    "crl_sign": "cRLSign",
}


def _key_usage(certificate: x509.Certificate) -> Usage | None:
    extension = _extension(certificate, x509.KeyUsage)
    if extension is None:
        return None
    names = tuple(name for attribute, name in _USAGES.items() if getattr(extension.value, attribute))
    return Usage(extension.critical, names)


def _extended_usage(certificate: x509.Certificate) -> Usage | None:
    extension = _extension(certificate, x509.ExtendedKeyUsage)
    if extension is None:
        return None
    return Usage(extension.critical, tuple(str(getattr(oid, "_name", oid.dotted_string)) for oid in extension.value))


def _authority_key(certificate: x509.Certificate) -> str | None:
    value = _value(certificate, x509.AuthorityKeyIdentifier)
    return value.key_identifier.hex() if value is not None and value.key_identifier is not None else None


def _subject_key(certificate: x509.Certificate) -> str | None:
    value = _value(certificate, x509.SubjectKeyIdentifier)
    return value.digest.hex() if value is not None else None


def _access(value: x509.AuthorityInformationAccess | None, method: x509.ObjectIdentifier) -> int:
    return sum(description.access_method == method for description in value) if value is not None else 0
