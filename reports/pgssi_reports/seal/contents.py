"""The list of everything that a run left: path, digest, size and kind of each file, sealed as `manifest.json`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import rfc8785

from pgssi_reports.seal.archive import Source, source, usable
from pgssi_reports.seal.codes import Refusal, refuse

LIST_NAME: Final = "manifest.json"
DOSSIER_NAME: Final = "dossier.asice"
SCHEMA: Final = "pgssi-probe/manifest/1"
LIST_MAX: Final = 1 << 24

KINDS: Final = (
    ("report.json", "data"),
    ("report.*.p7s", "seal"),
    ("report.*", "report"),
    ("run.json", "settings"),
    ("engagement.json", "engagement"),
    ("plan.json", "plan"),
    ("outcomes.jsonl", "outcomes"),
    ("inventory.json", "data"),
    ("journal.jsonl*", "journal"),
    ("actions.*", "report"),
    ("declarations*.*", "declarations"),
    ("traces*.*", "traces"),
    ("evidence/*", "evidence"),
)
"""What of a run folder is listed, the first pattern that fits giving the kind. Anything else there is not ours."""


@dataclass(frozen=True)
class Listed:
    """One line of the list. `path` is relative to the run folder, with `/`; `sha256` is hexadecimal."""

    path: str
    sha256: str
    size: int
    kind: str


def contents(folder: Path, also: Iterable[Path] = ()) -> list[tuple[Source, str]]:
    """Every file of the run with its kind, by path; `also` are renderings that no pattern knows.

    SealError for a link, for anything that cannot be read, and for a name that is not plain.
    """
    kinds = {path.relative_to(folder).as_posix(): "report" for path in also if path.is_relative_to(folder)}
    for pattern, kind in reversed(KINDS):
        kinds |= {found.relative_to(folder).as_posix(): kind for found in folder.glob(pattern) if not found.is_dir()}
    names = sorted(name for name in kinds if not Path(name).name.startswith("."))
    if len({name.casefold() for name in names}) != len(names):
        raise refuse(Refusal.MEMBER_NAME, path=names[0])
    return [(source(name, folder / name), kinds[name]) for name in names]


def listing(found: Sequence[tuple[Source, str]], sealed: datetime) -> bytes:
    """`manifest.json`, in canonical JSON (RFC 8785)."""
    files: list[Any] = [
        {"path": one.name, "sha256": one.sha256.hex(), "size": one.size, "kind": kind} for one, kind in found
    ]
    return rfc8785.dumps({"schema": SCHEMA, "sealed": f"{sealed:%Y-%m-%dT%H:%M:%SZ}", "files": files})


def read_listing(data: bytes) -> tuple[Listed, ...]:
    """ValueError for anything else than what `listing` writes."""
    try:
        tree = json.loads(data)
        files = tuple(Listed(**line) for line in tree["files"])
        well = tree["schema"] == SCHEMA and all(
            type(one.size) is int and usable(one.path) and isinstance(one.sha256, str) for one in files
        )
        again = rfc8785.dumps(tree)
    except (KeyError, TypeError, RecursionError, rfc8785.CanonicalizationError) as error:
        raise ValueError("not a list") from error
    if not well or again != data or len({one.path.casefold() for one in files}) != len(files):
        raise ValueError("not a list")
    return files


def listed_here(folder: Path) -> set[str]:
    """The paths that a list made now would hold."""
    found = {path.relative_to(folder).as_posix() for pattern, _ in KINDS for path in folder.glob(pattern)}
    return {name for name in found if not Path(name).name.startswith(".") and not (folder / name).is_dir()}
