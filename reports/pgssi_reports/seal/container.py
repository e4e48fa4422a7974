"""The one shape that a seal has: a detached CAdES-B-B `SignedData` (RFC 5652, ETSI EN 319 122-1).

A CMS container has bytes that no signature covers (versions, algorithm lists, certificates along). So that no
byte of a `.p7s` can change unseen, a container is read, then written again from the few values that the
signature does cover, and must come out identical. It also spares the libraries anything unusual.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Final

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from pgssi_probe.model.rendering import SealError
from pgssi_reports.seal.certificates import as_asn1
from pgssi_reports.seal.codes import Why
from pgssi_reports.seal.policy import digest_for

CONTAINER_MAX: Final = 1 << 18
_CONTENT_HINTS: Final = "1.2.840.113549.1.9.16.2.4"
_ATTRIBUTES: Final = [
    "content_type",
    "message_digest",
    "signing_certificate_v2",
    "signing_time",
    _CONTENT_HINTS,
]


class _ContentHints(core.Sequence):  # type: ignore[misc]
    """RFC 2634, section 2.9: the description carries the name that the file has when it is sealed."""

    _fields: ClassVar[list[Any]] = [("description", core.UTF8String), ("content_type", core.ObjectIdentifier)]


class ContainerError(Exception):
    """The file is not a container of this shape. `why` says which of the closed list."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True)
class Container:
    """What a container says, once known to hold nothing else. Nothing is verified yet."""

    signed_data: Any
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    digest: str
    algorithm: str
    message_digest: bytes
    signing_time: datetime
    sealed_name: str


def mechanism(certificate: x509.Certificate) -> Any:
    """The signature algorithm that goes with a certificate's key: ECDSA, or RSASSA-PSS with MGF1.

    The salt is as long as the digest, which every verifier accepts. SealError when the key may not seal.
    """
    key = certificate.public_key()
    digest = digest_for(key)
    if not isinstance(key, rsa.RSAPublicKey):
        return algos.SignedDigestAlgorithm({"algorithm": f"{digest}_ecdsa"})
    inner = algos.DigestAlgorithm({"algorithm": digest})
    return algos.SignedDigestAlgorithm(
        {
            "algorithm": "rsassa_pss",
            "parameters": algos.RSASSAPSSParams(
                {
                    "hash_algorithm": inner,
                    "mask_gen_algorithm": algos.MaskGenAlgorithm(
                        {"algorithm": "mgf1", "parameters": algos.DigestAlgorithm({"algorithm": digest})}
                    ),
                    "salt_length": hashlib.new(digest).digest_size,
                }
            ),
        }
    )


def algorithm_name(certificate: x509.Certificate) -> str:
    """For people: `ECDSA P-256, SHA-256` or `RSASSA-PSS 3072, SHA-256`."""
    key = certificate.public_key()
    digest = digest_for(key).upper().replace("SHA", "SHA-")
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSASSA-PSS {key.key_size}, {digest}"
    return f"ECDSA P-{digest.removeprefix('SHA-').replace('512', '521')}, {digest}"


def signed_attributes(
    certificates: Sequence[x509.Certificate], message_digest: bytes, signing_time: datetime, name: str
) -> Any:
    """The attributes that the signature covers. Every embedded certificate is named by its hash (RFC 5035)."""
    hints = _ContentHints({"description": name, "content_type": "1.2.840.113549.1.7.1"})
    values: list[tuple[str, Any]] = [
        ("content_type", "data"),
        ("message_digest", message_digest),
        ("signing_certificate_v2", tsp.SigningCertificateV2({"certs": [_reference(c) for c in certificates]})),
        ("signing_time", cms.Time({"utc_time": core.UTCTime(signing_time)})),
    ]
    attributes = [cms.CMSAttribute({"type": kind, "values": [value]}) for kind, value in values]
    attributes.append(cms.CMSAttribute({"type": _CONTENT_HINTS, "values": cms.SetOfAny([core.Any(hints)])}))
    return cms.CMSAttributes(attributes)


def _reference(certificate: x509.Certificate) -> Any:
    parsed = as_asn1(certificate)
    return tsp.ESSCertIDv2(
        {
            "hash_algorithm": {"algorithm": "sha256"},
            "cert_hash": hashlib.sha256(parsed.dump()).digest(),
            "issuer_serial": {
                "issuer": [asn1_x509.GeneralName({"directory_name": parsed.issuer})],
                "serial_number": parsed.serial_number,
            },
        }
    )


def assemble(certificates: Sequence[x509.Certificate], attributes: Any, signature: bytes) -> bytes:
    """The whole container from the parts that the signature covers; the signer's certificate comes first."""
    signer = as_asn1(certificates[0])
    digest = digest_for(certificates[0].public_key())
    info = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                {
                    "issuer_and_serial_number": cms.IssuerAndSerialNumber(
                        {"issuer": signer.issuer, "serial_number": signer.serial_number}
                    )
                }
            ),
            "digest_algorithm": algos.DigestAlgorithm({"algorithm": digest}),
            "signature_algorithm": mechanism(certificates[0]),
            "signed_attrs": attributes,
            "signature": signature,
        }
    )
    signed_data = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [algos.DigestAlgorithm({"algorithm": digest})],
            "encap_content_info": {"content_type": "data"},
            "certificates": [cms.CertificateChoices("certificate", as_asn1(c)) for c in certificates],
            "signer_infos": [info],
        }
    )
    written: bytes = cms.ContentInfo({"content_type": "signed_data", "content": signed_data}).dump()
    return written


def read(data: bytes) -> Container:
    """ContainerError unless `data` is, byte for byte, what `assemble` writes."""
    if len(data) > CONTAINER_MAX:
        raise ContainerError(Why.SIGNATURE_MALFORMED)
    try:
        return _read(data)
    except SealError:
        raise ContainerError(Why.ALGORITHM_REFUSED) from None
    except ContainerError:
        raise
    except Exception:  # noqa: BLE001 - parsing hostile ASN.1 raises anything; all of it means the same
        raise ContainerError(Why.SIGNATURE_MALFORMED) from None


def _read(data: bytes) -> Container:
    info = cms.ContentInfo.load(data, strict=True)
    if info["content_type"].native != "signed_data":
        raise ContainerError(Why.SIGNATURE_MALFORMED)
    signed_data = info["content"]
    signer_infos = signed_data["signer_infos"]
    if len(signer_infos) != 1:
        raise ContainerError(Why.SIGNATURE_UNEXPECTED)
    signer_info = signer_infos[0]
    attributes = signer_info["signed_attrs"].untag()
    values = _attribute_values(attributes)
    embedded = [x509.load_der_x509_certificate(c.chosen.dump()) for c in signed_data["certificates"]]
    certificates = _in_order(embedded, values["signing_certificate_v2"])
    digest, signing_time = values["message_digest"].native, values["signing_time"].native.astimezone(UTC)
    sealed_name = _ContentHints.load(values[_CONTENT_HINTS].dump())["description"].native
    again = signed_attributes(certificates, digest, signing_time, sealed_name)
    if assemble(certificates, again, signer_info["signature"].native) != data:
        raise ContainerError(Why.SIGNATURE_UNEXPECTED)
    return Container(
        signed_data=signed_data,
        certificate=certificates[0],
        chain=tuple(certificates[1:]),
        digest=digest_for(certificates[0].public_key()),
        algorithm=algorithm_name(certificates[0]),
        message_digest=digest,
        signing_time=signing_time,
        sealed_name=sealed_name,
    )


def _attribute_values(attributes: Any) -> dict[str, Any]:
    """Each expected attribute exactly once, with one value."""
    found: dict[str, Any] = {}
    for attribute in attributes:
        if len(attribute["values"]) != 1:
            raise ContainerError(Why.SIGNATURE_UNEXPECTED)
        kind = attribute["type"].native
        found[kind] = attribute["values"][0]
    if len(attributes) != len(_ATTRIBUTES) or set(found) != set(_ATTRIBUTES):
        raise ContainerError(Why.SIGNATURE_UNEXPECTED)
    return found


def _in_order(embedded: list[x509.Certificate], references: Any) -> list[x509.Certificate]:
    """The embedded certificates in the order in which the signature names them: all of them, and no other."""
    by_hash = {hashlib.sha256(c.public_bytes(Encoding.DER)).digest(): c for c in embedded}
    named = [reference["cert_hash"].native for reference in references["certs"]]
    if len(named) != len(embedded) or set(named) != set(by_hash) or not named:
        raise ContainerError(Why.SIGNATURE_UNEXPECTED)
    return [by_hash[digest] for digest in named]
