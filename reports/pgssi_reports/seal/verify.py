"""Verifies what is at a path, offline: a run folder, a dossier, a PDF, or a file with its signature beside it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509

from pgssi_probe.model.destruction import RECORD
from pgssi_probe.model.rendering import (
    DestroyedRun,
    FileState,
    FileVerification,
    Format,
    Indication,
    Level,
    VerificationReport,
)
from pgssi_probe.model.rendering import MemberProblem as Problem
from pgssi_reports.seal.certificates import describe_certificate
from pgssi_reports.seal.codes import SUFFIX, Refusal, Why, refuse
from pgssi_reports.seal.container import CONTAINER_MAX, Container, ContainerError, read
from pgssi_reports.seal.contents import DOSSIER_NAME, LIST_NAME
from pgssi_reports.seal.destroyed import check_destroyed, read_record
from pgssi_reports.seal.files import open_regular
from pgssi_reports.seal.judge import Finding, Judge, failed
from pgssi_reports.seal.members import check_folder, check_same, open_dossier
from pgssi_reports.seal.pades import PDF_MAX, read_pdf

REQUIRED: Final = (LIST_NAME, "report.json")
TOGETHER: Final = (*REQUIRED, "report.html")


@dataclass(frozen=True)
class _Checked:
    """One file, what its list says, and the SHA-256 of its members by name when it is a dossier."""

    file: FileVerification
    problems: tuple[Problem, ...] = ()
    covered: int = 0
    members: tuple[tuple[str, bytes], ...] = ()


def verify_path(
    path: Path, roots: Sequence[x509.Certificate] | None = None, *, now: datetime | None = None
) -> VerificationReport:
    """Verifies a run folder (all that is sealed in it, and all that its list names) or a file.

    `roots` are the certificates to trust; None when nothing is said of trust. SealError when `path` does not
    exist; whatever else is wrong is in the report.
    """
    judge = Judge(roots, now or datetime.now(UTC))
    destroyed = None
    if path.is_dir() and os.path.lexists(path / RECORD):
        checked, why, destroyed = _purged(path, judge)
    elif path.is_dir():
        checked, why = _folder(path, judge)
    elif os.path.lexists(path) or path.with_name(path.name + SUFFIX).exists():
        checked, why = [_one(path, judge)], None
    else:
        raise refuse(Refusal.PATH_MISSING, path=str(path))
    problems = tuple(problem for one in checked for problem in one.problems)
    if why is None and problems and all(one.file.state is FileState.INTACT for one in checked):
        why = Why.MEMBERS
    found = [one.file.indication for one in checked]
    if why is not None:
        found.append(_WHOLE[why])
    return VerificationReport(
        path=str(path),
        files=tuple(one.file for one in checked),
        indication=max(found, key=lambda one: one.rank),
        trust_given=roots is not None,
        why=why,
        problems=problems,
        covered=max(one.covered for one in checked),
        destroyed=destroyed,
    )


_WHOLE: Final = {
    Why.INCOMPLETE: Indication.TOTAL_FAILED,
    Why.RENAMED: Indication.TOTAL_FAILED,
    Why.MEMBERS: Indication.TOTAL_FAILED,
    Why.NOT_SEALED_TOGETHER: Indication.INDETERMINATE,
    Why.RECORD_MALFORMED: Indication.TOTAL_FAILED,
    Why.DESTRUCTION_BEGUN: Indication.INDETERMINATE,
}


def _one(path: Path, judge: Judge) -> _Checked:
    if path.suffix == ".asice":
        return _dossier(path, judge)
    beside = path.with_name(path.name + SUFFIX)
    if path.suffix == ".pdf" and not os.path.lexists(beside):
        return _Checked(_pdf(path, judge))
    return _Checked(_file(path.with_name(path.name.removesuffix(SUFFIX)), judge))


def _folder(folder: Path, judge: Judge) -> tuple[list[_Checked], Why | None]:
    signed = {entry.name.removesuffix(SUFFIX) for entry in folder.iterdir() if entry.name.endswith(SUFFIX)}
    expected = set(REQUIRED) | {name for name in TOGETHER if os.path.lexists(folder / name)}
    checked = [_Checked(_file(folder / name, judge)) for name in sorted((signed - {""}) | expected)]
    for place, one in enumerate(checked):
        if one.file.name == LIST_NAME and one.file.state is FileState.INTACT:
            problems, covered = check_folder(folder)
            checked[place] = _Checked(one.file, problems, covered)
    inside = [path for path in sorted(folder.glob("report*.pdf")) if path.name not in signed]
    checked += [_Checked(_pdf(path, judge)) for path in inside]
    if os.path.lexists(folder / DOSSIER_NAME):
        dossier = _dossier(folder / DOSSIER_NAME, judge)
        differing = check_same(folder, dossier.members) if dossier.file.state is FileState.INTACT else ()
        checked.append(_Checked(dossier.file, (*dossier.problems, *differing), dossier.covered))
    return checked, _whole([one.file for one in checked])


def _purged(folder: Path, judge: Judge) -> tuple[list[_Checked], Why | None, DestroyedRun | None]:
    """The record of a run that was destroyed: its seal, and that what it says is gone is not there."""
    file = _file(folder / RECORD, judge)
    record = read_record(folder)
    if record is None:
        return [_Checked(file)], Why.RECORD_MALFORMED, None
    problems, covered = check_destroyed(folder, record)
    told = DestroyedRun(
        run_id=record.run.run_id,
        begun=record.begun,
        by=record.by,
        reason=record.reason,
        gone=len(record.gone),
        left=len(record.left),
    )
    why = Why.DESTRUCTION_BEGUN if record.state == "begun" else None
    if file.sealed_name not in (RECORD, None):
        why = Why.RENAMED
    return [_Checked(file, problems, covered)], why, told


def _whole(files: Sequence[FileVerification]) -> Why | None:
    """What is wrong with a folder though each of its files may be right."""
    if any(file.state in (FileState.MISSING, FileState.UNSIGNED) for file in files):
        return Why.INCOMPLETE
    read_files = [file for file in files if file.signer is not None]
    if any(file.sealed_name not in (file.name, None) for file in read_files):
        return Why.RENAMED
    together = [file for file in read_files if file.name in TOGETHER or file.format != "CAdES"]
    if len({(file.signing_time, file.signer and file.signer.fingerprint) for file in together}) > 1:
        return Why.NOT_SEALED_TOGETHER
    return None


def _file(content: Path, judge: Judge) -> FileVerification:
    signature = content.with_name(content.name + SUFFIX)
    container = _container(signature)
    beside = signature.name if os.path.lexists(signature) else None
    if isinstance(container, Finding):
        found = container
        if found.why is Why.SIGNATURE_MISSING and not os.path.lexists(content):
            found = failed(Why.CONTENT_MISSING, FileState.MISSING, "FORMAT_FAILURE")
        return _told(content.name, "CAdES", found, signature=beside)
    try:
        with open_regular(content) as file:
            digest = hashlib.file_digest(file, container.digest).digest()
    except FileNotFoundError:
        found = _lost(Why.CONTENT_MISSING, FileState.MISSING)
    except OSError:
        found = _lost(Why.CONTENT_UNREADABLE, FileState.UNREADABLE)
    else:
        found = judge.judge(container, digest, container.signing_time)
    return _told(content.name, "CAdES", found, container, container.signing_time, signature=beside)


def _container(path: Path) -> Container | Finding:
    try:
        with open_regular(path) as file:
            return read(file.read(CONTAINER_MAX + 1))
    except FileNotFoundError:
        return failed(Why.SIGNATURE_MISSING, FileState.UNSIGNED, "FORMAT_FAILURE")
    except OSError:
        return failed(Why.SIGNATURE_UNREADABLE, FileState.UNREADABLE, "FORMAT_FAILURE")
    except ContainerError as error:
        return _malformed(error.why)


def _malformed(why: Why) -> Finding:
    sub_indication = "SIG_CONSTRAINTS_FAILURE" if why is Why.ALGORITHM_REFUSED else "FORMAT_FAILURE"
    return failed(why, FileState.UNREADABLE, sub_indication)


def _lost(why: Why, state: FileState) -> Finding:
    return Finding(state, Indication.INDETERMINATE, "SIGNED_DATA_NOT_FOUND", why)


def _pdf(path: Path, judge: Judge) -> FileVerification:
    try:
        with open_regular(path) as file:
            sealed = read_pdf(file.read(PDF_MAX))
    except OSError:
        return _told(path.name, "PAdES", _lost(Why.CONTENT_UNREADABLE, FileState.UNREADABLE))
    except ContainerError as error:
        if error.why is Why.PDF_UNSIGNED:
            return _told(path.name, "PAdES", failed(error.why, FileState.UNSIGNED, "FORMAT_FAILURE"))
        return _told(path.name, "PAdES", _malformed(error.why))
    found = judge.judge(sealed.container, sealed.digest, sealed.signing_time)
    return _told(path.name, "PAdES", found, sealed.container, sealed.signing_time, signature=path.name)


def _dossier(path: Path, judge: Judge) -> _Checked:
    opened = open_dossier(path)
    if isinstance(opened.container, Why):
        why, problems = opened.container, tuple(opened.problems)
        state = FileState.ALTERED if why is Why.ARCHIVE_DAMAGED else FileState.UNREADABLE
        found = _malformed(why) if state is FileState.UNREADABLE else failed(why, state, "HASH_FAILURE")
        return _Checked(_told(path.name, "ASiC-E", found), problems)
    container = opened.container
    found = judge.judge(container, hashlib.new(container.digest, opened.manifest).digest(), container.signing_time)
    if found.state is FileState.INTACT and opened.problems:
        found = failed(Why.MEMBERS, FileState.ALTERED, "HASH_FAILURE")
    told = _told(path.name, "ASiC-E", found, container, container.signing_time, signature=path.name)
    told = told.model_copy(update={"sealed_name": None})
    intact = found.state is FileState.INTACT
    return _Checked(told, tuple(opened.problems), len(opened.members) if intact else 0, opened.members)


def _told(
    name: str,
    form: Format,
    found: Finding,
    container: Container | None = None,
    claimed: datetime | None = None,
    *,
    signature: str | None = None,
) -> FileVerification:
    return FileVerification(
        name=name,
        format=form,
        level=_level(container),
        signature=signature,
        state=found.state,
        indication=found.indication,
        sub_indication=found.sub_indication,
        why=found.why.value if found.why else None,
        signer=describe_certificate(container.certificate) if container else None,
        signing_time=claimed,
        time_stamp=found.time_stamp,
        revocation=found.revocation,
        sealed_name=container.sealed_name if container else None,
        algorithm=container.algorithm if container else None,
        trust=found.trust,
    )


def _level(container: Container | None) -> Level | None:
    if container is None:
        return None
    if container.extras.token is None:
        return "B-B"
    return "B-LT" if container.extras.revocation else "B-T"
