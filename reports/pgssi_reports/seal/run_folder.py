"""Seals a whole run folder: the PDF, the reports, the list of everything, and the dossier, in this order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from pgssi_probe.model.rendering import SealedFile, SealSummary
from pgssi_reports.seal.archive import source
from pgssi_reports.seal.cades import Sealing, seal_file
from pgssi_reports.seal.codes import SUFFIX
from pgssi_reports.seal.contents import DOSSIER_NAME, LIST_NAME, contents, listing
from pgssi_reports.seal.dossier import write_dossier
from pgssi_reports.seal.files import write
from pgssi_reports.seal.pades import seal_pdf
from pgssi_reports.seal.signing_key import SigningKey

ALONE: Final = frozenset({"report.json", "report.html"})
"""What gets a signature of its own, to be handed over without the rest."""


def seal_run(
    folder: Path,
    files: Sequence[Path],
    key: SigningKey,
    *,
    tsa: str | None = None,
    revocation: bool = False,
    now: datetime | None = None,
) -> SealSummary:
    """`files` are the renderings. Each seal comes after what it covers. SealError leaves the earlier ones in place."""
    sealing = Sealing(key, now=now, tsa=tsa, revocation=revocation)
    sealed: list[SealedFile] = [seal_pdf(path, sealing) for path in files if path.suffix == ".pdf"]
    sealed += [seal_file(path, sealing) for path in files if path.name in ALONE]
    found = contents(folder, also=files)
    write(folder / LIST_NAME, listing(found, sealing.time))
    sealed.append(seal_file(folder / LIST_NAME, sealing))
    ends = [source(name, folder / name) for name in (LIST_NAME, LIST_NAME + SUFFIX)]
    members = sorted([*(one for one, _ in found), *ends], key=lambda one: one.name)
    sealed.append(write_dossier(folder / DOSSIER_NAME, members, sealing))
    return sealing.summary(sealed)
