"""The electronic seal of the reports: CAdES detached signatures, made and verified offline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pgssi_probe.model.rendering import SealError, SealSummary, VerificationReport
from pgssi_probe.model.text import Lang

__all__ = ["CadesSeal"]


class CadesSeal:
    """The seal `cades`. Each method imports what it needs: the signature library takes half a second."""

    name = "cades"

    def sign(
        self, files: Sequence[Path], *, key: Path | None = None, password: Callable[[], str] | None = None
    ) -> SealSummary:
        """Writes `NAME.p7s` beside each file, with the PKCS#12 `key`, or else the local key.

        `password` is asked for once, and only for a PKCS#12 file. SealError when the key cannot seal.
        """
        from pgssi_reports.seal.cades import sign_files
        from pgssi_reports.seal.keys import file_key, local_key

        return sign_files(files, local_key() if key is None else file_key(key, password))

    def verify(self, path: Path, *, trust: Path | None = None) -> VerificationReport:
        """Verifies a run folder or one file, offline. `trust` is a file of certificates, PEM or DER."""
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
