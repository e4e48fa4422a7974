"""CSV (RFC 4180), every cell between quotes. French Excel separates by semicolons, English by commas."""

from __future__ import annotations

import csv
import io
from codecs import BOM_UTF8

from pgssi_probe.model.result import RunResult
from pgssi_probe.model.text import Lang
from pgssi_reports.html.source import Source
from pgssi_reports.table.actions import ACTION_COLUMNS, action_rows, headings
from pgssi_reports.table.cells import cell
from pgssi_reports.words import Words


def render(result: RunResult, lang: Lang) -> bytes:
    """The plan as bytes."""
    source = Source(result, Words(lang))
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=";" if lang == "fr" else ",", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(headings(ACTION_COLUMNS, source))
    for row in action_rows(source):
        writer.writerow([cell(str(value)) for value in row.cells])
    return BOM_UTF8 + stream.getvalue().encode()
