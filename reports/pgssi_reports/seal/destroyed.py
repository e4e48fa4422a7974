"""Compares the record of a destruction with the folder it was left in: what is said to be gone must not be there."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from pgssi_probe.model.destruction import KEPT, RECORD, RECORD_MAX, Destruction
from pgssi_probe.model.rendering import MemberProblem as Problem
from pgssi_reports.seal.codes import Why
from pgssi_reports.seal.contents import listed_here
from pgssi_reports.seal.files import open_regular
from pgssi_reports.seal.members import PROBLEMS_MAX


def read_record(folder: Path) -> Destruction | None:
    """None for anything else than a record: its seal is for others to judge."""
    try:
        with open_regular(folder / RECORD) as file:
            return Destruction.model_validate_json(file.read(RECORD_MAX))
    except (OSError, ValueError):
        return None


def check_destroyed(folder: Path, record: Destruction) -> tuple[tuple[Problem, ...], int]:
    """What contradicts the record, and how many of the files that stay are as they were."""
    gone = {file.path for file in record.gone}
    there = listed_here(folder) | {name for name in gone if _there(folder, name)}
    told = {file.path for file in record.left} | set(KEPT)
    problems = []
    covered = 0
    for name, sha256 in sorted(record.kept.items()):
        found = _sha256(folder, name)
        covered += found == sha256
        if found != sha256:
            problems.append(Problem(name=name, why=Why.MEMBER_ALTERED if found else Why.MEMBER_MISSING))
    problems += [
        Problem(name=name, why=Why.MEMBER_RETURNED if name in gone else Why.MEMBER_UNLISTED)
        for name in sorted(there - told)
    ]
    return tuple(problems[:PROBLEMS_MAX]), covered


def _there(folder: Path, name: str) -> bool:
    parts = name.split("/")
    return name == os.path.normpath(name) and ".." not in parts and os.path.lexists(folder / name)


def _sha256(folder: Path, name: str) -> str | None:
    if name not in KEPT:  # a record from anywhere must not have us read anything else
        return None
    try:
        with open_regular(folder / name, follow=False) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
