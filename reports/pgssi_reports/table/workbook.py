"""The workbook: three sheets with a fixed heading and a filter, ready to print on A4. It holds no formula."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import UTC
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from pgssi_probe.model.result import RunResult
from pgssi_probe.model.text import Lang
from pgssi_reports.html.source import Source
from pgssi_reports.html.view import host_of
from pgssi_reports.machine import instant, line
from pgssi_reports.table.actions import (
    ACTION_COLUMNS,
    FINDING_COLUMNS,
    RULE_COLUMNS,
    Row,
    action_rows,
    finding_rows,
    headings,
    rule_rows,
)
from pgssi_reports.table.cells import cell
from pgssi_reports.words import Words

_WIDTHS: Final = {
    "action": 44,
    "how": 60,
    "scenario": 50,
    "finding": 50,
    "remedy": 60,
    "subject": 44,
    "references": 34,
    "ids": 26,
    "documents": 50,
    "why": 46,
    "declared": 60,
    "rules": 16,
    "rule_title": 60,
    "chapter": 44,
    "ease": 20,
    "check": 24,
    "verdict": 22,
    "qualities": 26,
    "priority": 18,
    "comment": 30,
    "id": 18,
}
# The colours of the report, as pale backgrounds; each cell says its word too.
_FILLS: Final = {
    "critical": "F9E4EA",
    "major": "FBEBE9",
    "important": "FDF0DE",
    "minor": "E9EFF6",
    "non_compliant": "FBEBE9",
    "suspected": "FDF0DE",
    "no_deviation": "E7F3EB",
    "compliant": "E7F3EB",
    "declared": "E8EFFA",
    "to_justify": "F0EBF8",
}
_COLOURED: Final = ("severity", "verdict")


def render(result: RunResult, lang: Lang) -> bytes:
    """The workbook as bytes."""
    from openpyxl import Workbook

    source = Source(result, Words(lang))
    words = source.words
    book = Workbook()
    _fill(book.active, words.say("table.plan"), ACTION_COLUMNS, action_rows(source), source)
    _fill(book.create_sheet(), words.say("table.findings_sheet"), FINDING_COLUMNS, finding_rows(source), source)
    _fill(book.create_sheet(), words.say("table.rules_sheet"), RULE_COLUMNS, rule_rows(source), source)
    book.properties.title = line(words.say("table.title", host=host_of(result.run.target)), 200)
    book.properties.creator = f"pgssi-probe {line(result.run.tool_version, 60)}"
    book.properties.language = lang
    book.properties.created = result.run.finished.astimezone(UTC).replace(tzinfo=None)
    stream = io.BytesIO()
    book.save(stream)
    return _dated(stream.getvalue(), instant(result.run.finished))


def _fill(sheet: Any, title: str, columns: Sequence[str], rows: Sequence[Row], source: Source) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    sheet.title = title
    top = Alignment(wrap_text=True, vertical="top")
    for place, (name, heading) in enumerate(zip(columns, headings(columns, source), strict=True), start=1):
        head = sheet.cell(row=1, column=place)
        _write(head, heading)
        head.font, head.fill = Font(bold=True, color="FFFFFF"), PatternFill("solid", start_color="11496D")
        head.alignment = Alignment(wrap_text=True, vertical="center")
        sheet.column_dimensions[get_column_letter(place)].width = _WIDTHS.get(name, 13)
    for number, row in enumerate(rows, start=2):
        for place, (name, value) in enumerate(zip(columns, row.cells, strict=True), start=1):
            here = sheet.cell(row=number, column=place)
            _write(here, value)
            here.alignment = top
            if name in _COLOURED and row.code in _FILLS:
                here.fill = PatternFill("solid", start_color=_FILLS[row.code])
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{max(2, len(rows) + 1)}"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _write(place: Any, value: str | int) -> None:
    """Numbers as numbers, everything else as text: openpyxl would take `=…` for a formula."""
    if isinstance(value, int):
        place.value = value
        return
    if value:
        place.value = cell(value)
        place.data_type = "s"


def _dated(content: bytes, moment: str) -> bytes:
    """The same file with the time of the run in place of that of its writing."""
    stream = io.BytesIO()
    with ZipFile(io.BytesIO(content)) as written, ZipFile(stream, "w", ZIP_DEFLATED) as dated:
        for name in written.namelist():
            data = written.read(name)
            if name == "docProps/core.xml":
                data = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + moment.encode(), data)
            member = ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            member.compress_type = ZIP_DEFLATED
            dated.writestr(member, data)
    return stream.getvalue()
