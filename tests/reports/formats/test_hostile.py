"""What a target says stays text in every format, and no format becomes invalid by it."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from openpyxl import load_workbook
from trestle.oscal.assessment_results import AssessmentResults
from trestle.oscal.catalog import Catalog

from pgssi_probe.cli.showing import show_summary
from pgssi_probe.history.diff import difference
from pgssi_probe.model.result import RunResult
from pgssi_reports.har import HarReporter
from pgssi_reports.html import HtmlReporter
from pgssi_reports.junit import JunitReporter
from pgssi_reports.oscal import OscalCatalogReporter, OscalReporter
from pgssi_reports.sarif import FullSarifReporter, SarifReporter
from pgssi_reports.table import CsvReporter, XlsxReporter
from tests.reports.formats.conftest import (  # type: ignore[import-not-found]
    ACTIVE,
    HOSTILE,
    har_schema,
    junit_schema,
    poisoned,
    sarif_schema,
)

FORMULA = ("=", "+", "-", "@", "|", "%", "＝", "＋", "－", "＠")


def is_sarif(content: bytes) -> None:
    sarif_schema().validate(json.loads(content))


def is_har(content: bytes) -> None:
    har_schema().validate(json.loads(content))


def is_junit(content: bytes) -> None:
    junit_schema().assertValid(etree.fromstring(content))


def is_oscal(content: bytes) -> None:
    (name, document), *rest = json.loads(content).items()
    assert rest == []
    {"catalog": Catalog, "assessment-results": AssessmentResults}[name](**document)


def is_csv(content: bytes) -> None:
    found = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert len({len(row) for row in found}) == 1
    assert not [value for row in found for value in row if value.strip().startswith(FORMULA)]


def is_xlsx(content: bytes) -> None:
    for sheet in load_workbook(io.BytesIO(content)).worksheets:
        for row in sheet.iter_rows():
            for place in row:
                assert place.data_type in {"s", "n"}, place.coordinate
                assert place.hyperlink is None
                assert not str(place.value or "").strip().startswith(FORMULA)


def is_html(content: bytes) -> None:
    assert b"<script>alert" not in content


FORMATS = [
    (SarifReporter(), is_sarif),
    (FullSarifReporter(), is_sarif),
    (JunitReporter(), is_junit),
    (HarReporter(), is_har),
    (OscalReporter(), is_oscal),
    (OscalCatalogReporter(), is_oscal),
    (CsvReporter(), is_csv),
    (XlsxReporter(), is_xlsx),
    (HtmlReporter(), is_html),
]


@pytest.mark.parametrize(("reporter", "check"), FORMATS, ids=[reporter.name for reporter, _ in FORMATS])
@pytest.mark.parametrize("text", HOSTILE, ids=[ascii(text)[:24] for text in HOSTILE])
def test_hostile_text_stays_text(sample: RunResult, reporter: Any, check: Any, text: str) -> None:
    content = reporter.render(poisoned(sample, text), "fr")
    check(content)
    if reporter.name == "xlsx":
        return
    shown = content.decode("utf-8").replace("\r\n", "\n").removeprefix("\ufeff")
    assert not re.search(ACTIVE, shown)
    assert "\ufeff" not in shown
    assert len(content) < 12_000_000


def test_hostile_text_does_nothing_to_a_terminal(sample: RunResult, capsys: pytest.CaptureFixture[str]) -> None:
    from pgssi_probe.cli.comparing import show

    for text in HOSTILE:
        hostile = poisoned(sample, text)
        show_summary(hostile, "fr")
        show(difference(sample, hostile), "fr")
    said = capsys.readouterr().out
    assert "localhost" not in said
    assert not re.search(ACTIVE, said.replace("\n", ""))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=30))
def test_no_text_breaks_a_format(sample: RunResult, text: str) -> None:
    hostile = poisoned(sample, text)
    for reporter, check in FORMATS:
        if reporter.name in {"sarif-full", "junit", "har", "oscal", "csv"}:
            check(reporter.render(hostile, "fr"))
