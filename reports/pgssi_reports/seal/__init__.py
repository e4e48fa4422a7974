"""The electronic seal: CAdES beside the reports, PAdES in the PDF, an ASiC-E dossier over all; verified offline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pgssi_probe.model.rendering import SealError, SealSummary, VerificationReport
from pgssi_probe.model.text import Lang

__all__ = ["CadesSeal"]


class CadesSeal:
    """The seal `cades`. Each method imports what it needs: the signature library takes half a second."""

    name = "cades"

    def check(self, *, key: str | Path | None = None, password: Callable[[], str] | None = None) -> None:
        """SealError when this key could not seal now."""
        from pgssi_reports.seal.keys import key_for

        key_for(key, password)

    def sign(
        self,
        files: Sequence[Path],
        *,
        key: str | Path | None = None,
        password: Callable[[], str] | None = None,
        tsa: str | None = None,
        revocation: bool = False,
    ) -> SealSummary:
        """Writes `NAME.p7s` beside each file, with the chosen key, or else the local key.

        `password` is asked for once, and only for a PKCS#12 file or a token. SealError when the key cannot seal.
        """
        from pgssi_reports.seal.cades import sign_files
        from pgssi_reports.seal.keys import key_for

        return sign_files(files, key_for(key, password), tsa=tsa, revocation=revocation)

    def seal_run(
        self,
        folder: Path,
        files: Sequence[Path],
        *,
        key: str | Path | None = None,
        password: Callable[[], str] | None = None,
        tsa: str | None = None,
        revocation: bool = False,
    ) -> SealSummary:
        """Seals the renderings of a run folder, the list of everything in it, and the dossier of all of it."""
        from pgssi_reports.seal.keys import key_for
        from pgssi_reports.seal.run_folder import seal_run

        return seal_run(folder, files, key_for(key, password), tsa=tsa, revocation=revocation)

    def verify(self, path: Path, *, trust: Path | None = None) -> VerificationReport:
        """Verifies a run folder, a dossier, a PDF or one file with its signature, offline.

        `trust` is a file of certificates, PEM or DER, or a directory of such files.
        """
        from pgssi_reports.seal.certificates import load_trusted
        from pgssi_reports.seal.verify import verify_path

        return verify_path(path, load_trusted(trust) if trust is not None else None)

    def describe(self, said: SealSummary | VerificationReport, lang: Lang) -> list[str]:
        """Lines for people."""
        from pgssi_reports.seal.describe import describe_report, describe_summary

        return describe_summary(said, lang) if isinstance(said, SealSummary) else describe_report(said, lang)

    def explain(self, error: SealError, lang: Lang) -> str:
        """The sentence of an error that `sign` or `verify` raised."""
        from pgssi_reports.seal.describe import explain

        return explain(error, lang)
