"""The action plan for a spreadsheet: CSV, or XLSX with the 65 rules beside it."""

from __future__ import annotations

from importlib.util import find_spec

from pgssi_probe.model.extra import ExtraMissing
from pgssi_probe.model.result import RunResult
from pgssi_probe.model.text import Lang

__all__ = ["CsvReporter", "XlsxReporter"]


class CsvReporter:
    """The reporter `csv`."""

    name = "csv"
    file_name = "actions.csv"

    def render(self, result: RunResult, lang: Lang) -> bytes:
        """UTF-8 with a byte order mark, as Excel wants it. The same result always gives the same bytes."""
        from pgssi_reports.table.csv_file import render

        return render(result, lang)


class XlsxReporter:
    """The reporter `xlsx`, which needs the extra of that name."""

    name = "xlsx"
    file_name = "actions.xlsx"

    def ready(self) -> None:
        """ExtraMissing when the rendering cannot be made on this machine."""
        if find_spec("openpyxl") is None:
            raise ExtraMissing("xlsx")

    def render(self, result: RunResult, lang: Lang) -> bytes:
        """The workbook. The same result always gives the same bytes. ExtraMissing without openpyxl."""
        self.ready()
        from pgssi_reports.table.workbook import render

        return render(result, lang)
