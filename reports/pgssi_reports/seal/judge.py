"""What may be concluded of one seal: signature, content, time, signer. Offline; nothing is looked up.

Conclusions and sub-indications bear the names of ETSI EN 319 102-1.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from cryptography import x509
from pyhanko.sign.ades.report import AdESFailure
from pyhanko.sign.validation.generic_cms import async_validate_cms_signature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import SignatureStatus
from pyhanko_certvalidator import ValidationContext

from pgssi_probe.model.rendering import FileState, Indication, Revocation, SealError, TimeStamp, Trust
from pgssi_reports.seal.authority import judged
from pgssi_reports.seal.certificates import as_asn1, describe_certificate, issued
from pgssi_reports.seal.codes import Why
from pgssi_reports.seal.container import Container
from pgssi_reports.seal.policy import require_signing_usage
from pgssi_reports.seal.token import TokenError, may_stamp, read_token

# What a signature says must not reach a terminal through the library's log.
for _name in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(_name).addHandler(logging.NullHandler())
    logging.getLogger(_name).propagate = False


@dataclass(frozen=True)
class Finding:
    """What was concluded for one file. `why` is None when nothing is wrong."""

    state: FileState
    indication: Indication
    sub_indication: str | None = None
    why: Why | None = None
    trust: Trust | None = None
    time_stamp: TimeStamp | None = None
    revocation: Revocation = Revocation.NOT_EMBEDDED


def failed(why: Why, state: FileState, sub_indication: str) -> Finding:
    return Finding(state, Indication.TOTAL_FAILED, sub_indication, why)


@dataclass(frozen=True)
class Judge:
    """Judges seals under one trust, at one moment. `roots` None means that nothing is said of trust."""

    roots: Sequence[x509.Certificate] | None
    moment: datetime

    def judge(self, container: Container, digest: bytes, claimed: datetime | None) -> Finding:
        """`digest` is of the content, under the container's algorithm; `claimed` is the signer's own time."""
        try:
            status = self._validate(container, digest, self.moment)
        except Exception:  # noqa: BLE001 - whatever the library stumbles on, this is no seal of ours
            return failed(Why.SIGNATURE_UNEXPECTED, FileState.UNREADABLE, "FORMAT_FAILURE")
        if not status.valid:
            return failed(Why.SIGNATURE_INVALID, FileState.ALTERED, "SIG_CRYPTO_FAILURE")
        if not status.intact:
            return failed(Why.CONTENT_CHANGED, FileState.ALTERED, "HASH_FAILURE")
        stamp = None
        if container.extras.token is not None:
            stamp = self._time_stamp(container)
            if stamp is None:
                return failed(Why.TIME_STAMP_INVALID, FileState.ALTERED, "SIG_CRYPTO_FAILURE")
        # A trusted time-stamp proves that the seal existed then: what the certificate was at that time counts.
        proven = stamp.time if stamp is not None and stamp.trust is Trust.TRUSTED else None
        if proven is not None:
            status = self._validate(container, digest, proven)
        problem = status.trust_problem_indic
        found = self._trust(container.certificate, claimed or proven, problem, proven or self.moment)
        return replace(found, time_stamp=stamp, revocation=self._revocation(container, digest, proven, problem))

    def _validate(self, container: Container, digest: bytes, at: datetime, mode: str = "soft-fail") -> SignatureStatus:
        context = ValidationContext(
            trust_roots=[as_asn1(root) for root in self.roots or ()],
            moment=at,
            allow_fetching=False,
            revocation_mode=mode,
            crls=list(container.extras.crls),
            ocsps=list(container.extras.ocsps),
            # The material is gathered just after the time-stamp: newer than the moment that it is asked about.
            retroactive_revinfo=True,
        )
        work = async_validate_cms_signature(
            container.signed_data,
            raw_digest=digest,
            validation_context=context,
            key_usage_settings=KeyUsageConstraints(key_usage={"digital_signature", "non_repudiation"}),
        )
        # The caller may already be inside an event loop: this one lives in a thread of its own.
        with ThreadPoolExecutor(max_workers=1) as thread:
            return thread.submit(asyncio.run, work).result()

    def _time_stamp(self, container: Container) -> TimeStamp | None:
        """None when the token does not fit the signature; its authority is judged under the same trust."""
        try:
            token = read_token(container.extras.token or b"")
        except TokenError:
            return None
        if not token.stamps(container.signature) or not may_stamp(token.authority):
            return None
        context = ValidationContext(
            trust_roots=[as_asn1(root) for root in self.roots or ()],
            moment=self.moment,
            allow_fetching=False,
            revocation_mode="soft-fail",
        )
        said = judged(token, container.signature, context)
        if not (said.get("valid") and said.get("intact")):
            return None
        certificate = token.authority
        if self.roots is None:
            trust = Trust.NOT_CHECKED
        elif said.get("trust_problem_indic") is not None or not (
            certificate.not_valid_before_utc <= token.time <= certificate.not_valid_after_utc
        ):
            trust = Trust.UNTRUSTED
        else:
            trust = Trust.TRUSTED
        return TimeStamp(time=token.time, authority=describe_certificate(certificate), trust=trust)

    def _revocation(self, container: Container, digest: bytes, proven: datetime | None, problem: Any) -> Revocation:
        if problem in (AdESFailure.REVOKED,) or getattr(problem, "standard_name", "").startswith("REVOKED"):
            return Revocation.REVOKED
        if not container.extras.revocation:
            return Revocation.NOT_EMBEDDED
        if self.roots is None or problem is not None:
            return Revocation.INCOMPLETE
        status = self._validate(container, digest, proven or self.moment, "require")
        return Revocation.GOOD if status.trust_problem_indic is None else Revocation.INCOMPLETE

    def _trust(
        self, certificate: x509.Certificate, signing_time: datetime | None, problem: Any, moment: datetime
    ) -> Finding:
        """What may be said of the signer, once the signature and the content are known to fit."""

        def doubt(sub_indication: str, why: Why | None, trust: Trust) -> Finding:
            return Finding(FileState.INTACT, Indication.INDETERMINATE, sub_indication, why, trust)

        unproven = Trust.SELF_SIGNED if issued(certificate, certificate) else Trust.NOT_CHECKED
        given = unproven if self.roots is None else Trust.UNTRUSTED
        begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        if signing_time is not None and not begin <= signing_time <= end:
            return doubt("SIG_CONSTRAINTS_FAILURE", Why.SIGNED_OUTSIDE_VALIDITY, given)
        if self.roots is None:
            return doubt("NO_CERTIFICATE_CHAIN_FOUND", None, unproven)
        if problem is not None:
            why = _CHAIN_PROBLEMS.get(problem.standard_name, Why.CHAIN_INVALID)
            return doubt(problem.standard_name, why, Trust.UNTRUSTED)
        # A signer who is itself among the trusted certificates has no path to validate: look at it here.
        if not begin <= moment <= end:
            return doubt("OUT_OF_BOUNDS_NO_POE", Why.CERTIFICATE_EXPIRED, Trust.UNTRUSTED)
        try:
            require_signing_usage(certificate)
        except SealError:
            return doubt("CHAIN_CONSTRAINTS_FAILURE", Why.CERTIFICATE_USAGE, Trust.UNTRUSTED)
        return Finding(FileState.INTACT, Indication.TOTAL_PASSED, trust=Trust.TRUSTED)


_CHAIN_PROBLEMS: Final = {
    "NO_CERTIFICATE_CHAIN_FOUND": Why.CHAIN_MISSING,
    "OUT_OF_BOUNDS_NO_POE": Why.CERTIFICATE_EXPIRED,
    "EXPIRED": Why.CERTIFICATE_EXPIRED,
    "CHAIN_CONSTRAINTS_FAILURE": Why.CERTIFICATE_USAGE,
    "REVOKED": Why.CERTIFICATE_REVOKED,
    "REVOKED_NO_POE": Why.CERTIFICATE_REVOKED,
    "REVOKED_CA_NO_POE": Why.CERTIFICATE_REVOKED,
}
