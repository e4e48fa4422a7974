"""HAR 1.2: the exchanges that were kept as evidence, redacted as they are stored."""

from __future__ import annotations

from pgssi_probe.model.result import RunResult
from pgssi_probe.model.text import Lang

__all__ = ["HarReporter"]


class HarReporter:
    """The reporter `har`."""

    name = "har"
    file_name = "report.har"

    def render(self, result: RunResult, lang: Lang) -> bytes:
        """The archive, UTF-8. The same result always gives the same bytes."""
        from pgssi_reports.har.archive import render

        return render(result, lang)
