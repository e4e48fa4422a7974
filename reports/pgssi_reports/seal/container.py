"""The one shape that a seal has: a detached CAdES `SignedData` (RFC 5652, ETSI EN 319 122-1; EN 319 142-1 in a PDF).

A CMS container has bytes that no signature covers (versions, algorithm lists, certificates along). So that no
byte of a `.p7s` can change unseen, a container is read, then written again from the few values that the
signature does cover, and must come out identical. It also spares the libraries anything unusual. A time-stamp
and revocation material are signed by others: they are compared with what they must hold elsewhere.
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
_ALWAYS: Final = frozenset({"content_type", "message_digest", "signing_certificate_v2"})
_BESIDE_A_FILE: Final = _ALWAYS | {"signing_time", _CONTENT_HINTS}


class _ContentHints(core.Sequence):  # type: ignore[misc]
    """RFC 2634, section 2.9: the description carries the name that the file has when it is sealed."""

    _fields: ClassVar[list[Any]] = [("description", core.UTF8String), ("content_type", core.ObjectIdentifier)]


class ContainerError(Exception):
    """The file is not a container of this shape. `why` says which of the closed list."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True)
class Extras:
    """What is added after signing, as DER: a time-stamp token; certificate lists and OCSP responses."""

    token: bytes | None = None
    crls: tuple[bytes, ...] = ()
    ocsps: tuple[bytes, ...] = ()

    @property
    def revocation(self) -> bool:
        return bool(self.crls or self.ocsps)


@dataclass(frozen=True)
class Container:
    """What a container says, once known to hold nothing else. Nothing is verified yet.

    In a PDF, time and name are not here: EN 319 142-1 wants them in the signature dictionary, or nowhere.
    """

    signed_data: Any
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    digest: str
    algorithm: str
    message_digest: bytes
    signature: bytes
    signing_time: datetime | None
    sealed_name: str | None
    extras: Extras


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
    certificates: Sequence[x509.Certificate],
    message_digest: bytes,
    signing_time: datetime | None = None,
    name: str | None = None,
) -> Any:
    """The attributes that the signature covers. Every embedded certificate is named by its hash (RFC 5035).

    Time and name are both given beside a file, neither in a PDF.
    """
    values: list[tuple[str, Any]] = [
        ("content_type", "data"),
        ("message_digest", message_digest),
        ("signing_certificate_v2", tsp.SigningCertificateV2({"certs": [_reference(c) for c in certificates]})),
    ]
    if signing_time is not None:
        values.append(("signing_time", cms.Time({"utc_time": core.UTCTime(signing_time)})))
    attributes = [cms.CMSAttribute({"type": kind, "values": [value]}) for kind, value in values]
    if name is not None:
        hints = _ContentHints({"description": name, "content_type": "1.2.840.113549.1.7.1"})
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


def assemble(
    certificates: Sequence[x509.Certificate], attributes: Any, signature: bytes, extras: Extras | None = None
) -> bytes:
    """The whole container from the parts that the signature covers; the signer's certificate comes first."""
    extras = extras or Extras()
    signer = as_asn1(certificates[0])
    digest = digest_for(certificates[0].public_key())
    info = {
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
    if extras.token is not None:
        token = cms.ContentInfo.load(extras.token)
        info["unsigned_attrs"] = [cms.CMSAttribute({"type": "signature_time_stamp_token", "values": [token]})]
    content = {
        "version": "v5" if extras.ocsps else "v1",  # RFC 5652, 5.1: other revocation formats make it v5
        "digest_algorithms": [algos.DigestAlgorithm({"algorithm": digest})],
        "encap_content_info": {"content_type": "data"},
        "certificates": [cms.CertificateChoices("certificate", as_asn1(c)) for c in certificates],
        "signer_infos": [cms.SignerInfo(info)],
    }
    if extras.revocation:
        content["crls"] = cms.RevocationInfoChoices(_revocations(extras))
    written: bytes = cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(content)}).dump()
    return written


def _revocations(extras: Extras) -> list[Any]:
    """RFC 5652, 10.2.1, and RFC 5940 for OCSP responses."""
    found = [cms.RevocationInfoChoice("crl", cms.CertificateList.load(crl)) for crl in extras.crls]
    for response in extras.ocsps:
        other = cms.OtherRevocationInfoFormat(
            {"other_rev_info_format": "ocsp_response", "other_rev_info": cms.OCSPResponse.load(response)}
        )
        found.append(cms.RevocationInfoChoice("other", other))
    return found


def read(data: bytes, *, in_pdf: bool = False) -> Container:
    """ContainerError unless `data` is, byte for byte, what `assemble` writes."""
    if len(data) > CONTAINER_MAX:
        raise ContainerError(Why.SIGNATURE_MALFORMED)
    try:
        return _read(data, _ALWAYS if in_pdf else _BESIDE_A_FILE)
    except SealError:
        raise ContainerError(Why.ALGORITHM_REFUSED) from None
    except ContainerError:
        raise
    except Exception:  # noqa: BLE001 - parsing hostile ASN.1 raises anything; all of it means the same
        raise ContainerError(Why.SIGNATURE_MALFORMED) from None


def _read(data: bytes, expected: frozenset[str]) -> Container:
    info = cms.ContentInfo.load(data, strict=True)
    if info["content_type"].native != "signed_data":
        raise ContainerError(Why.SIGNATURE_MALFORMED)
    signed_data = info["content"]
    signer_infos = signed_data["signer_infos"]
    if len(signer_infos) != 1:
        raise ContainerError(Why.SIGNATURE_UNEXPECTED)
    signer_info = signer_infos[0]
    values = _attribute_values(signer_info["signed_attrs"].untag(), expected)
    embedded = [x509.load_der_x509_certificate(c.chosen.dump()) for c in signed_data["certificates"]]
    certificates = _in_order(embedded, values["signing_certificate_v2"])
    digest = values["message_digest"].native
    signing_time = values["signing_time"].native.astimezone(UTC) if "signing_time" in values else None
    hints = values.get(_CONTENT_HINTS)
    sealed_name = _ContentHints.load(hints.dump())["description"].native if hints is not None else None
    extras = _extras(signed_data, signer_info)
    again = signed_attributes(certificates, digest, signing_time, sealed_name)
    signature = signer_info["signature"].native
    if assemble(certificates, again, signature, extras) != data:
        raise ContainerError(Why.SIGNATURE_UNEXPECTED)
    return Container(
        signed_data=signed_data,
        certificate=certificates[0],
        chain=tuple(certificates[1:]),
        digest=digest_for(certificates[0].public_key()),
        algorithm=algorithm_name(certificates[0]),
        message_digest=digest,
        signature=signature,
        signing_time=signing_time,
        sealed_name=sealed_name,
        extras=extras,
    )


def _extras(signed_data: Any, signer_info: Any) -> Extras:
    token, crls, ocsps = None, [], []
    if signer_info["unsigned_attrs"].native is not None:
        values = _attribute_values(signer_info["unsigned_attrs"], frozenset({"signature_time_stamp_token"}))
        token = values["signature_time_stamp_token"].dump()
    if signed_data["crls"].native is not None:
        for choice in signed_data["crls"]:
            if choice.name == "crl":
                crls.append(choice.chosen.dump())
            else:
                ocsps.append(choice.chosen["other_rev_info"].dump())
    return Extras(token, tuple(crls), tuple(ocsps))


def _attribute_values(attributes: Any, expected: frozenset[str]) -> dict[str, Any]:
    """Each expected attribute exactly once, with one value."""
    found: dict[str, Any] = {}
    for attribute in attributes:
        if len(attribute["values"]) != 1:
            raise ContainerError(Why.SIGNATURE_UNEXPECTED)
        kind = attribute["type"].native
        found[kind] = attribute["values"][0]
    if len(attributes) != len(expected) or set(found) != expected:
        raise ContainerError(Why.SIGNATURE_UNEXPECTED)
    return found


def _in_order(embedded: list[x509.Certificate], references: Any) -> list[x509.Certificate]:
    """The embedded certificates in the order in which the signature names them: all of them, and no other."""
    by_hash = {hashlib.sha256(c.public_bytes(Encoding.DER)).digest(): c for c in embedded}
    named = [reference["cert_hash"].native for reference in references["certs"]]
    if len(named) != len(embedded) or set(named) != set(by_hash) or not named:
        raise ContainerError(Why.SIGNATURE_UNEXPECTED)
    return [by_hash[digest] for digest in named]
