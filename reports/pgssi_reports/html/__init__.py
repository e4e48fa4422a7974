"""The report for people: one HTML file that needs nothing else, prints well, and needs no script."""

from __future__ import annotations

from pgssi_probe.model.result import RunResult
from pgssi_probe.model.text import Lang

__all__ = ["HtmlReporter"]


class HtmlReporter:
    """The reporter `html`."""

    name = "html"
    file_name = "report.html"

    def render(self, result: RunResult, lang: Lang) -> bytes:
        """The whole page, UTF-8. The same result always gives the same bytes."""
        from pgssi_reports.html.page import render

        return render(result, lang)
