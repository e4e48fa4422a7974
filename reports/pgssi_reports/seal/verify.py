"""Verifies seals offline: what is intact, who signed, under which trust.

Conclusions and sub-indications bear the names of ETSI EN 319 102-1. Revocation is never looked up.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import stat
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from pyhanko.sign.validation.generic_cms import async_validate_cms_signature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import SignatureStatus
from pyhanko_certvalidator import ValidationContext

from pgssi_probe.model.rendering import (
    FileState,
    FileVerification,
    Indication,
    SealError,
    Trust,
    VerificationReport,
)
from pgssi_reports.seal.certificates import as_asn1, describe_certificate, issued
from pgssi_reports.seal.codes import SUFFIX, Refusal, Why, refuse
from pgssi_reports.seal.container import CONTAINER_MAX, Container, ContainerError, read
from pgssi_reports.seal.policy import require_signing_usage

REQUIRED: Final = ("report.html", "report.json")

# What a signature says must not reach a terminal through the library's log.
for _name in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(_name).addHandler(logging.NullHandler())
    logging.getLogger(_name).propagate = False


@dataclass(frozen=True)
class _Finding:
    """What was concluded for one file. `why` is None when nothing is wrong."""

    state: FileState
    indication: Indication
    sub_indication: str | None = None
    why: Why | None = None
    trust: Trust | None = None


def _failed(why: Why, state: FileState, sub_indication: str) -> _Finding:
    return _Finding(state, Indication.TOTAL_FAILED, sub_indication, why)


def _lost(why: Why, state: FileState) -> _Finding:
    return _Finding(state, Indication.INDETERMINATE, "SIGNED_DATA_NOT_FOUND", why)


def verify_path(
    path: Path, roots: Sequence[x509.Certificate] | None = None, *, now: datetime | None = None
) -> VerificationReport:
    """Verifies a run folder (its reports are required, anything else that is signed is verified too) or a file.

    `roots` are the certificates to trust; None when nothing is said of trust. SealError when `path` does not
    exist; whatever else is wrong is in the report.
    """
    moment = now or datetime.now(UTC)
    if path.is_dir():
        files = [_verify_file(path / name, roots, moment) for name in _names(path)]
        why = _whole(files)
    elif path.exists() or path.with_name(path.name + SUFFIX).exists():
        content = path.with_name(path.name.removesuffix(SUFFIX)) if path.suffix == SUFFIX else path
        files, why = [_verify_file(content, roots, moment)], None
    else:
        raise refuse(Refusal.PATH_MISSING, path=str(path))
    indication = max((file.indication for file in files), key=lambda found: found.rank)
    if why is not None:
        indication = max(indication, _WHOLE[why], key=lambda found: found.rank)
    return VerificationReport(
        path=str(path), files=tuple(files), indication=indication, trust_given=roots is not None, why=why
    )


def _names(folder: Path) -> list[str]:
    signed = {entry.name.removesuffix(SUFFIX) for entry in folder.iterdir() if entry.name.endswith(SUFFIX)}
    return sorted((signed - {""}) | set(REQUIRED))


_WHOLE: Final = {
    Why.INCOMPLETE: Indication.TOTAL_FAILED,
    Why.RENAMED: Indication.TOTAL_FAILED,
    Why.NOT_SEALED_TOGETHER: Indication.INDETERMINATE,
}


def _whole(files: Sequence[FileVerification]) -> Why | None:
    """What is wrong with a folder though each of its files may be right."""
    if any(file.state in (FileState.MISSING, FileState.UNSIGNED) for file in files):
        return Why.INCOMPLETE
    read_files = [file for file in files if file.signer is not None]
    if any(file.sealed_name != file.name for file in read_files):
        return Why.RENAMED
    required = [file for file in read_files if file.name in REQUIRED]
    if len({(file.signing_time, file.signer and file.signer.fingerprint) for file in required}) > 1:
        return Why.NOT_SEALED_TOGETHER
    return None


def _verify_file(content: Path, roots: Sequence[x509.Certificate] | None, moment: datetime) -> FileVerification:
    signature = content.with_name(content.name + SUFFIX)
    found: _Finding | Container = _container(signature)
    container = found if isinstance(found, Container) else None
    if isinstance(found, Container):
        found = _judge(content, found, roots, moment)
    elif found.why is Why.SIGNATURE_MISSING and not os.path.lexists(content):
        found = _failed(Why.CONTENT_MISSING, FileState.MISSING, "FORMAT_FAILURE")
    return FileVerification(
        name=content.name,
        signature=signature.name if os.path.lexists(signature) else None,
        state=found.state,
        indication=found.indication,
        sub_indication=found.sub_indication,
        why=found.why.value if found.why else None,
        signer=describe_certificate(container.certificate) if container else None,
        signing_time=container.signing_time if container else None,
        sealed_name=container.sealed_name if container else None,
        algorithm=container.algorithm if container else None,
        trust=found.trust,
    )


def _container(path: Path) -> Container | _Finding:
    try:
        with _open_regular(path) as file:
            return read(file.read(CONTAINER_MAX + 1))
    except FileNotFoundError:
        return _failed(Why.SIGNATURE_MISSING, FileState.UNSIGNED, "FORMAT_FAILURE")
    except OSError:
        return _failed(Why.SIGNATURE_UNREADABLE, FileState.UNREADABLE, "FORMAT_FAILURE")
    except ContainerError as error:
        refused = error.why is Why.ALGORITHM_REFUSED
        sub_indication = "SIG_CONSTRAINTS_FAILURE" if refused else "FORMAT_FAILURE"
        return _failed(error.why, FileState.UNREADABLE, sub_indication)


def _open_regular(path: Path) -> BufferedReader:
    """OSError for anything but a regular file: a pipe would block for ever."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("not a regular file")
    return os.fdopen(descriptor, "rb")


def _judge(content: Path, container: Container, roots: Sequence[x509.Certificate] | None, moment: datetime) -> _Finding:
    try:
        with _open_regular(content) as file:
            digest = hashlib.file_digest(file, container.digest).digest()
    except FileNotFoundError:
        return _lost(Why.CONTENT_MISSING, FileState.MISSING)
    except OSError:
        return _lost(Why.CONTENT_UNREADABLE, FileState.UNREADABLE)
    try:
        status = _validate(container, digest, roots or (), moment)
    except Exception:  # noqa: BLE001 - whatever the library stumbles on, this is no seal of ours
        return _failed(Why.SIGNATURE_UNEXPECTED, FileState.UNREADABLE, "FORMAT_FAILURE")
    if not status.valid:
        return _failed(Why.SIGNATURE_INVALID, FileState.ALTERED, "SIG_CRYPTO_FAILURE")
    if not status.intact:
        return _failed(Why.CONTENT_CHANGED, FileState.ALTERED, "HASH_FAILURE")
    return _trust(container.certificate, container.signing_time, roots, status.trust_problem_indic, moment)


def _validate(
    container: Container, digest: bytes, roots: Sequence[x509.Certificate], moment: datetime
) -> SignatureStatus:
    context = ValidationContext(
        trust_roots=[as_asn1(root) for root in roots],
        moment=moment,
        allow_fetching=False,
        revocation_mode="soft-fail",
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


_CHAIN_PROBLEMS: Final = {
    "NO_CERTIFICATE_CHAIN_FOUND": Why.CHAIN_MISSING,
    "OUT_OF_BOUNDS_NO_POE": Why.CERTIFICATE_EXPIRED,
    "CHAIN_CONSTRAINTS_FAILURE": Why.CERTIFICATE_USAGE,
}


def _trust(
    certificate: x509.Certificate,
    signing_time: datetime,
    roots: Sequence[x509.Certificate] | None,
    problem: Any,
    moment: datetime,
) -> _Finding:
    """What may be said of the signer, once the signature and the content are known to fit."""

    def doubt(sub_indication: str, why: Why | None, trust: Trust) -> _Finding:
        return _Finding(FileState.INTACT, Indication.INDETERMINATE, sub_indication, why, trust)

    unproven = Trust.SELF_SIGNED if issued(certificate, certificate) else Trust.NOT_CHECKED
    given = unproven if roots is None else Trust.UNTRUSTED
    if not certificate.not_valid_before_utc <= signing_time <= certificate.not_valid_after_utc:
        return doubt("SIG_CONSTRAINTS_FAILURE", Why.SIGNED_OUTSIDE_VALIDITY, given)
    if roots is None:
        return doubt("NO_CERTIFICATE_CHAIN_FOUND", None, unproven)
    if problem is not None:
        why = _CHAIN_PROBLEMS.get(problem.standard_name, Why.CHAIN_INVALID)
        return doubt(problem.standard_name, why, Trust.UNTRUSTED)
    # A signer who is itself among the trusted certificates has no path to validate: look at it here.
    if moment > certificate.not_valid_after_utc:
        return doubt("OUT_OF_BOUNDS_NO_POE", Why.CERTIFICATE_EXPIRED, Trust.UNTRUSTED)
    try:
        require_signing_usage(certificate)
    except SealError:
        return doubt("CHAIN_CONSTRAINTS_FAILURE", Why.CERTIFICATE_USAGE, Trust.UNTRUSTED)
    return _Finding(FileState.INTACT, Indication.TOTAL_PASSED, trust=Trust.TRUSTED)
