"""Text made fit for a cell: a spreadsheet must show it and never compute it."""

from __future__ import annotations

from typing import Final

from pgssi_reports.visible import visible

CELL_MAX: Final = 2000
# What starts a formula in Excel, LibreOffice and Google Sheets, full-width forms included (OWASP, CSV injection).
_STARTS: Final = tuple("=+-@|%\t\r\n＝＋－＠")


def cell(text: str, limit: int = CELL_MAX) -> str:
    """The text on one line, hidden characters shown, with an apostrophe before what a spreadsheet would compute."""
    first = text.lstrip(" \u00a0\u202f\u3000")[:1]
    shown = visible(text, limit)
    active = first.startswith(_STARTS) or shown.lstrip().startswith(_STARTS)
    return f"'{shown}" if active else shown
