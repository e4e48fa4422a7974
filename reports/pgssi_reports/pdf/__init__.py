"""The report as PDF, printed from the page of the HTML report."""

from __future__ import annotations

from importlib.util import find_spec

from pgssi_probe.model.extra import ExtraMissing
from pgssi_probe.model.result import RunResult
from pgssi_probe.model.text import Lang

__all__ = ["PdfReporter"]


class PdfReporter:
    """The reporter `pdf`, which needs the extra of that name and the library Pango of the system."""

    name = "pdf"
    file_name = "report.pdf"

    def ready(self) -> None:
        """ExtraMissing when the rendering cannot be made on this machine."""
        if find_spec("weasyprint") is None:
            raise ExtraMissing("pdf")
        try:
            import weasyprint  # noqa: F401
        except OSError:  # it loads Pango as it is imported
            raise ExtraMissing("pdf", library="Pango") from None

    def render(self, result: RunResult, lang: Lang) -> bytes:
        """The document, PDF/UA-1. The same result always gives the same bytes. ExtraMissing without WeasyPrint."""
        self.ready()
        from pgssi_reports.pdf.printing import render

        return render(result, lang)
