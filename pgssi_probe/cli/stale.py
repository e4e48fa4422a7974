"""A folder that was sealed and is written again without a seal: what no longer holds is set aside, never left to lie.

A signature beside a file that has changed is removed, and so is the sealed list of the folder. The sealed dossier holds
its own copy of everything: it still verifies alone, and is kept under another name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

LIST: Final = "manifest.json"
DOSSIER: Final = "dossier.asice"
SUFFIX: Final = ".p7s"


@dataclass(frozen=True, slots=True)
class SetAside:
    """`removed` are seals that no longer held, by name; `kept` is where the earlier dossier went."""

    folder: Path = Path()
    removed: tuple[str, ...] = ()
    kept: Path | None = None


NOTHING: Final = SetAside()


@dataclass(frozen=True, slots=True)
class Sealed:
    """The files at the top of a folder by digest, before a command writes there. Empty for a folder without a seal."""

    digests: Mapping[str, str]

    @classmethod
    def of(cls, folder: Path) -> Sealed:
        sealed = folder.is_dir() and any(_is_seal(path.name) for path in folder.iterdir())
        return cls(_digests(folder) if sealed else {})

    def set_aside(self, folder: Path) -> SetAside:
        """Remove the seals that were there before and no longer hold. Evidence is listed by the sealed list alone."""
        if not self.digests:
            return NOTHING
        now = _digests(folder)
        changed = {name for name, digest in now.items() if self.digests.get(name) != digest}
        old = {name for name in self.digests if _is_seal(name)} - changed
        if all(_is_seal(name) for name in changed):
            return NOTHING
        stale = {name for name in old if name.removesuffix(SUFFIX) in changed}
        if LIST + SUFFIX in old:
            stale |= {LIST, LIST + SUFFIX}
        for name in stale:
            with suppress(FileNotFoundError):
                (folder / name).unlink()
        return SetAside(folder, tuple(sorted(stale)), _renamed(folder / DOSSIER) if DOSSIER in old else None)


def _renamed(dossier: Path) -> Path:
    names = (dossier.with_name(f"{dossier.stem}-{number}{dossier.suffix}") for number in count(1))
    free = next(path for path in names if not path.exists())
    return dossier.rename(free)


def _is_seal(name: str) -> bool:
    return name.endswith(SUFFIX) or name == DOSSIER


def _digests(folder: Path) -> dict[str, str]:
    found = {}
    for path in folder.glob("*"):
        if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
            with path.open("rb") as stream:
                found[path.name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return found
