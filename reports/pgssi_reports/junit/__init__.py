"""JUnit XML, as continuous integration reads it: a suite for each family of checks, a case for each outcome."""

from __future__ import annotations

from pgssi_probe.model.result import RunResult
from pgssi_probe.model.text import Lang

__all__ = ["JunitReporter"]


class JunitReporter:
    """The reporter `junit`."""

    name = "junit"
    file_name = "report.junit.xml"

    def render(self, result: RunResult, lang: Lang) -> bytes:
        """The document, UTF-8. The same result always gives the same bytes."""
        from pgssi_reports.junit.suites import render

        return render(result, lang)
