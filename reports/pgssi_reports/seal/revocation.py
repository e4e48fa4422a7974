"""What says that a certificate is not revoked: asked of the addresses that certificates name, embedded, read back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from pgssi_reports.seal.authority import shown
from pgssi_reports.seal.codes import Refusal, refuse
from pgssi_reports.seal.container import Extras

SECONDS: Final = 20.0
ANSWER_MAX: Final = 1 << 17
ADDRESSES_MAX: Final = 4


def gather(certificate: x509.Certificate, chain: Sequence[x509.Certificate]) -> Extras:
    """An OCSP response or else a CRL for the signer and each intermediate. SealError when one cannot be had.

    The root is not looked up: nobody vouches for it but who trusts it.
    """
    crls: list[bytes] = []
    ocsps: list[bytes] = []
    issuers = [*chain[:], None]
    for subject, issuer in zip((certificate, *chain), issuers, strict=True):
        if issuer is not None and (responders := _responders(subject)):
            ocsps.append(_ocsp(subject, issuer, responders[0]))
        elif lists := _lists(subject):
            crls.append(_crl(subject, lists[0]))
        else:
            raise refuse(Refusal.REVOCATION_NO_ADDRESS, subject=subject.subject.rfc4514_string())
    return Extras(None, tuple(dict.fromkeys(crls)), tuple(ocsps))


def _responders(certificate: x509.Certificate) -> list[str]:
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return []
    found = [one.access_location for one in access if one.access_method == AuthorityInformationAccessOID.OCSP]
    return _usable([one.value for one in found if isinstance(one, x509.UniformResourceIdentifier)])


def _lists(certificate: x509.Certificate) -> list[str]:
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return []
    names = [name for point in points for name in point.full_name or ()]
    return _usable([name.value for name in names if isinstance(name, x509.UniformResourceIdentifier)])


def _usable(urls: Sequence[str]) -> list[str]:
    return [url for url in urls[:ADDRESSES_MAX] if urlsplit(url).scheme in ("http", "https")]


def _ocsp(subject: x509.Certificate, issuer: x509.Certificate, url: str) -> bytes:
    # SHA-1 only names the issuer here; responders commonly know no other (RFC 6960, 4.3; RFC 5019).
    request = ocsp.OCSPRequestBuilder().add_certificate(subject, issuer, hashes.SHA1()).build()  # noqa: S303
    headers = {"Content-Type": "application/ocsp-request", "Accept": "application/ocsp-response"}
    answer = _fetch("POST", url, request.public_bytes(Encoding.DER), headers)
    try:
        response = ocsp.load_der_ocsp_response(answer)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise refuse(Refusal.REVOCATION_UNAVAILABLE, address=shown(url))
        status = response.certificate_status
    except ValueError:
        raise refuse(Refusal.REVOCATION_UNAVAILABLE, address=shown(url)) from None
    if response.serial_number != subject.serial_number or status is ocsp.OCSPCertStatus.UNKNOWN:
        raise refuse(Refusal.REVOCATION_UNAVAILABLE, address=shown(url))
    if status is ocsp.OCSPCertStatus.REVOKED:
        raise refuse(Refusal.CERTIFICATE_REVOKED, subject=subject.subject.rfc4514_string())
    return answer


def _crl(subject: x509.Certificate, url: str) -> bytes:
    answer = _fetch("GET", url, None, {})
    try:
        found = x509.load_der_x509_crl(answer)
        revoked = found.get_revoked_certificate_by_serial_number(subject.serial_number)
    except ValueError:
        raise refuse(Refusal.REVOCATION_UNAVAILABLE, address=shown(url)) from None
    if found.issuer != subject.issuer:
        raise refuse(Refusal.REVOCATION_UNAVAILABLE, address=shown(url))
    if revoked is not None:
        raise refuse(Refusal.CERTIFICATE_REVOKED, subject=subject.subject.rfc4514_string())
    return found.public_bytes(Encoding.DER)


def _fetch(method: str, url: str, body: bytes | None, headers: dict[str, str]) -> bytes:
    try:
        with httpx.stream(method, url, content=body, headers=headers, timeout=SECONDS) as response:
            received = bytearray()
            for block in response.iter_bytes(4096):
                received += block
                if len(received) > ANSWER_MAX:
                    raise refuse(Refusal.REVOCATION_UNAVAILABLE, address=shown(url))
            if response.status_code == 200:
                return bytes(received)
    except (httpx.HTTPError, httpx.InvalidURL, OSError):
        pass
    raise refuse(Refusal.REVOCATION_UNAVAILABLE, address=shown(url))
