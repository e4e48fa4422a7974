"""OSCAL: the 65 rules as a catalogue, and the run as assessment results."""

from __future__ import annotations

from pgssi_probe.model.result import RunResult
from pgssi_probe.model.text import Lang

__all__ = ["OscalCatalogReporter", "OscalReporter"]


class OscalReporter:
    """The reporter `oscal`: assessment results."""

    name = "oscal"
    file_name = "report.oscal.json"

    def render(self, result: RunResult, lang: Lang) -> bytes:
        """The document, UTF-8. The same result always gives the same bytes."""
        from pgssi_reports.oscal.results import render

        return render(result, lang)


class OscalCatalogReporter:
    """The reporter `oscal-catalog`: the rules that the results refer to."""

    name = "oscal-catalog"
    file_name = "report.oscal-catalog.json"

    def render(self, result: RunResult, lang: Lang) -> bytes:
        """The document, UTF-8. The same result always gives the same bytes."""
        from pgssi_reports.oscal.catalog import render

        return render(result, lang)
