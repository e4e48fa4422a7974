"""What a certificate chain is worth: who issued it, in which order it was sent, until when it holds. Pure.

Four causes that OpenSSL gives one or two messages for are told apart here: a self-signed certificate, a chain that
leads to an authority which nobody here trusts, a chain whose link is missing, an authority that is not known at all.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from pgssi_probe.tls.certificate import CertificateFacts, UnreadableCertificate, facts_of, quiet, read
from pgssi_probe.tls.host_names import common_name_only, names_host

LONGEST_PATH = 10


class Issuer(StrEnum):
    """Where a chain leads."""

    TRUSTED = "trusted"  # to an authority of the system's store
    DECLARED = "declared"  # to the private authority that the engagement declares
    SELF_SIGNED = "self_signed"  # nowhere: the leaf signed itself
    PRIVATE_ROOT = "private_root"  # to a root that was sent and that nobody here trusts
    INCOMPLETE = "incomplete"  # to a missing link: a public authority by its marks, its certificate was not sent
    UNKNOWN_ISSUER = "unknown_issuer"  # to an issuer that was neither sent nor known


class Link(StrEnum):
    """How the certificates follow each other."""

    ORDERED = "ordered"
    MISORDERED = "misordered"
    UNRELATED = "unrelated"  # ordered, with certificates that belong to no path


@dataclass(frozen=True)
class Anchors:
    """Trusted certificates by subject."""

    by_subject: Mapping[x509.Name, Sequence[x509.Certificate]] = field(default_factory=dict)

    @classmethod
    def of(cls, certificates: Iterable[x509.Certificate]) -> "Anchors":
        """From certificates in any order."""
        found: dict[x509.Name, list[x509.Certificate]] = {}
        for certificate in certificates:
            found.setdefault(certificate.subject, []).append(certificate)
        return cls(found)

    @classmethod
    def from_pem(cls, path: Path) -> "Anchors":
        """From a file of PEM certificates; raises ``OSError``, or ``ValueError`` when there is none in it."""
        with quiet():
            return cls.of(x509.load_pem_x509_certificates(path.read_bytes()))

    def holds(self, certificate: x509.Certificate) -> bool:
        """Is this very certificate trusted?"""
        return certificate in self.by_subject.get(certificate.subject, ())

    def issuer_of(self, certificate: x509.Certificate) -> x509.Certificate | None:
        """The trusted certificate that signed this one."""
        candidates = self.by_subject.get(certificate.issuer, ())
        return next((candidate for candidate in candidates if _signed(certificate, candidate)), None)


NO_ANCHORS = Anchors()


@dataclass(frozen=True)
class ChainFacts:
    """``sent`` as sent, leaf first; ``path`` from the leaf to the last certificate reached, the anchor left out.

    ``days_left`` counts whole days from ``now`` to the end of the leaf, negative when it is past.
    """

    sent: tuple[CertificateFacts, ...]
    path: tuple[CertificateFacts, ...]
    issuer: Issuer
    link: Link
    names_host: bool
    common_name_only: bool
    days_left: int
    not_yet_valid: bool
    expired: bool
    expired_issuers: tuple[str, ...]
    root_sent: bool

    @property
    def leaf(self) -> CertificateFacts:
        """The server's own certificate."""
        return self.sent[0]


def judge_chain(
    der: Sequence[bytes], host: str, now: datetime, system: Anchors = NO_ANCHORS, declared: Anchors = NO_ANCHORS
) -> ChainFacts:
    """Facts of a chain for ``host`` at ``now`` (aware). Raises :class:`UnreadableCertificate` for a broken leaf.

    Certificates after the leaf that cannot be read count as unrelated.
    """
    if not der:
        raise UnreadableCertificate
    certificates = [read(der[0])]
    broken = False
    for blob in der[1:]:
        try:
            certificates.append(read(blob))
        except UnreadableCertificate:
            broken = True
    facts = {id(certificate): facts_of(certificate) for certificate in certificates}
    path, issuer = _path(certificates, system, declared, facts[id(certificates[0])])
    leaf = facts[id(certificates[0])]
    issuers = [facts[id(certificate)] for certificate in path[1:]]
    return ChainFacts(
        sent=tuple(facts[id(certificate)] for certificate in certificates),
        path=tuple(facts[id(certificate)] for certificate in path),
        issuer=issuer,
        link=Link.UNRELATED if broken else _link(certificates, path),
        names_host=names_host(leaf, host),
        common_name_only=common_name_only(leaf, host),
        days_left=(leaf.not_after - now) // timedelta(days=1),
        not_yet_valid=now < leaf.not_before,
        expired=now > leaf.not_after,
        expired_issuers=tuple(item.subject for item in issuers if now > item.not_after),
        root_sent=any(certificate.subject == certificate.issuer for certificate in certificates[1:]),
    )


def _path(
    sent: Sequence[x509.Certificate], system: Anchors, declared: Anchors, leaf: CertificateFacts
) -> tuple[list[x509.Certificate], Issuer]:
    path = [sent[0]]
    while len(path) < LONGEST_PATH:
        current = path[-1]
        for anchors, verdict in ((system, Issuer.TRUSTED), (declared, Issuer.DECLARED)):
            if anchors.holds(current) or anchors.issuer_of(current) is not None:
                return path, verdict
        if _signed(current, current):
            return path, Issuer.SELF_SIGNED if len(path) == 1 else Issuer.PRIVATE_ROOT
        following = next((other for other in sent[1:] if other not in path and _signed(current, other)), None)
        if following is None:
            break
        path.append(following)
    # Public authorities always say where their own certificate is, and log what they issue.
    public = leaf.issuer_urls > 0 or leaf.sct_count > 0
    return path, Issuer.INCOMPLETE if public else Issuer.UNKNOWN_ISSUER


def _signed(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if certificate.issuer != issuer.subject:
        return False
    try:
        with quiet():
            certificate.verify_directly_issued_by(issuer)
    except InvalidSignature:
        return False
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # A signature that this library no longer checks (MD5): the key identifiers decide.
        own, other = facts_of(certificate).authority_key, facts_of(issuer).subject_key
        return own is None or other is None or own == other
    return True


def _link(sent: Sequence[x509.Certificate], path: Sequence[x509.Certificate]) -> Link:
    """R34: each certificate signs the one before. The root may follow at the end."""
    used = [certificate for certificate in sent if certificate in path]
    rest = [certificate for certificate in sent if certificate not in path]
    if used != list(path):
        return Link.MISORDERED
    while rest and any(_signed(certificate, rest[0]) for certificate in path):
        rest.pop(0)
    if rest:
        return Link.UNRELATED
    return Link.ORDERED if list(sent[: len(path)]) == list(path) else Link.MISORDERED
