"""Compares what a sealed list names with what is there: in a run folder, in a dossier, and one with the other."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pgssi_probe.model.rendering import MemberProblem as Problem
from pgssi_reports.seal.archive import ArchiveError, Member, read_archive
from pgssi_reports.seal.codes import Why
from pgssi_reports.seal.container import Container, ContainerError, read
from pgssi_reports.seal.contents import LIST_MAX, LIST_NAME, listed_here, read_listing
from pgssi_reports.seal.dossier import (
    MANIFEST_NAME,
    MIMETYPE,
    MIMETYPE_NAME,
    OVERHEAD,
    SIGNATURE_NAME,
    read_manifest,
)
from pgssi_reports.seal.files import open_regular

PROBLEMS_MAX: Final = 50


def check_folder(folder: Path) -> tuple[tuple[Problem, ...], int]:
    """What is wrong with the files that `manifest.json` names, known to be sealed; and how many are right."""
    try:
        with open_regular(folder / LIST_NAME) as file:
            listed = read_listing(file.read(LIST_MAX))
    except (OSError, ValueError):
        return (Problem(name=LIST_NAME, why=Why.LIST_MALFORMED),), 0
    problems = []
    for line in listed:
        found = _sha256(folder / line.path)
        if found is None:
            problems.append(Problem(name=line.path, why=Why.MEMBER_MISSING))
        elif found.hex() != line.sha256:
            problems.append(Problem(name=line.path, why=Why.MEMBER_ALTERED))
    covered = len(listed) - len(problems)
    names = {line.path for line in listed}
    problems += [Problem(name=name, why=Why.MEMBER_UNLISTED) for name in sorted(listed_here(folder) - names)]
    return tuple(problems[:PROBLEMS_MAX]), covered


def check_same(folder: Path, members: Iterable[tuple[str, bytes]]) -> tuple[Problem, ...]:
    """The members of a dossier that differ from the file of the same name beside it."""
    differing = [
        Problem(name=name, why=Why.MEMBER_DIFFERS) for name, sha256 in members if _sha256(folder / name) != sha256
    ]
    return tuple(differing[:PROBLEMS_MAX])


def _sha256(path: Path) -> bytes | None:
    """None for what is not there, and for anything but a regular file: a link may lead anywhere."""
    if path.parent.is_symlink():
        return None
    try:
        with open_regular(path, follow=False) as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return None


@dataclass
class Opened:
    """A dossier as read: its container or why there is none, its list of digests, what is wrong with its members."""

    container: Container | Why
    manifest: bytes = b""
    problems: list[Problem] = field(default_factory=list)
    members: tuple[tuple[str, bytes], ...] = ()


def open_dossier(path: Path) -> Opened:
    """Nothing is verified but the form, and that members and list agree: the signature is for others to judge."""
    try:
        found = read_archive(path, keep=lambda name: name in OVERHEAD)
    except ArchiveError as error:
        return Opened(error.why, problems=[Problem(name=error.name, why=error.why)] if error.name else [])
    content = {member.name: member.content or b"" for member in found if member.content is not None}
    names = [member.name for member in found]
    missing = [name for name in OVERHEAD if name not in content]
    if missing:
        return Opened(Why.ARCHIVE_SHAPE, problems=[Problem(name=name, why=Why.MEMBER_MISSING) for name in missing])
    if names[0] != MIMETYPE_NAME or content[MIMETYPE_NAME] != MIMETYPE:
        return Opened(Why.ARCHIVE_SHAPE, problems=[Problem(name=MIMETYPE_NAME, why=Why.MEMBER_ALTERED)])
    try:
        container = read(content[SIGNATURE_NAME])
    except ContainerError as error:
        return Opened(error.why, problems=[Problem(name=SIGNATURE_NAME, why=error.why)])
    manifest = content[MANIFEST_NAME]
    members = [member for member in found if member.name not in OVERHEAD]
    problems = _compared(manifest, members)
    if not problems and (names[-2:] != [MANIFEST_NAME, SIGNATURE_NAME] or container.sealed_name != MANIFEST_NAME):
        problems = [Problem(name=MANIFEST_NAME, why=Why.MEMBER_ORDER)]
    together = tuple((member.name, member.sha256) for member in members)
    return Opened(container, manifest, problems, together)


def _compared(manifest: bytes, members: list[Member]) -> list[Problem]:
    try:
        listed = read_manifest(manifest)
    except ValueError:
        return [Problem(name=MANIFEST_NAME, why=Why.LIST_MALFORMED)]
    there = {member.name: member.sha256 for member in members}
    wanted = dict(listed)
    problems = [Problem(name=name, why=Why.MEMBER_MISSING) for name in wanted if name not in there]
    problems += [Problem(name=name, why=Why.MEMBER_UNLISTED) for name in there if name not in wanted]
    problems += [
        Problem(name=name, why=Why.MEMBER_ALTERED) for name in wanted if there.get(name, wanted[name]) != wanted[name]
    ]
    if not problems and [name for name, _ in listed] != [member.name for member in members]:
        problems = [Problem(name=MANIFEST_NAME, why=Why.MEMBER_ORDER)]
    return problems[:PROBLEMS_MAX]
