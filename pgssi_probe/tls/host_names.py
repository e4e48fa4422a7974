"""Does a certificate name a host? RFC 9525 for names, RFC 5280 for addresses. Pure."""

import ipaddress

from pgssi_probe.tls.certificate import CertificateFacts


def names_host(certificate: CertificateFacts, host: str) -> bool:
    """True when a subjectAltName of the certificate covers ``host``. The common name no longer counts."""
    address = as_address(host)
    if address is not None:
        return any(as_address(value) == address for value in certificate.addresses)
    wanted = _labels(host)
    return any(_covers(_labels(pattern), wanted) for pattern in certificate.dns_names)


def common_name_only(certificate: CertificateFacts, host: str) -> bool:
    """True when only the common name matches, which clients have ignored since 2017."""
    if names_host(certificate, host) or certificate.common_name is None:
        return False
    return _covers(_labels(certificate.common_name), _labels(host))


def as_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that ``text`` is, brackets or not, ``None`` for a name."""
    try:
        return ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None


def _labels(name: str) -> list[str]:
    text = name.lower().rstrip(".")
    try:
        text = text.encode("idna").decode("ascii") if not text.isascii() else text
    except UnicodeError:
        return []
    return text.split(".")


def _covers(pattern: list[str], host: list[str]) -> bool:
    if not pattern or not host or not all(pattern) or not all(host):
        return False
    if pattern[0] == "*":
        # One label, the leftmost, and never directly under a top-level domain.
        return len(pattern) >= 3 and len(pattern) == len(host) and pattern[1:] == host[1:]
    return "*" not in "".join(pattern) and pattern == host
