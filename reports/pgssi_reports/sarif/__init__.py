"""SARIF 2.1.0: the alerts for code scanning, or everything that was concluded."""

from __future__ import annotations

from pgssi_probe.model.result import RunResult
from pgssi_probe.model.text import Lang

__all__ = ["FullSarifReporter", "SarifReporter"]


class SarifReporter:
    """The reporter `sarif`: failures only, because code scanning shows every result as an alert, whatever its kind."""

    name = "sarif"
    file_name = "report.sarif"

    def render(self, result: RunResult, lang: Lang) -> bytes:
        """One log of one run, UTF-8. The same result always gives the same bytes."""
        from pgssi_reports.sarif.log import render

        return render(result, lang, everything=False)


class FullSarifReporter:
    """The reporter `sarif-full`: passes, open questions and what does not apply as well, each with its kind."""

    name = "sarif-full"
    file_name = "report.full.sarif"

    def render(self, result: RunResult, lang: Lang) -> bytes:
        """One log of one run, UTF-8. The same result always gives the same bytes."""
        from pgssi_reports.sarif.log import render

        return render(result, lang, everything=True)
