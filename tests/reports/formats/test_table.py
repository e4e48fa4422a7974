"""The action plan for spreadsheets: what the report says, and nothing that a spreadsheet would compute."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from pgssi_probe.model.result import RunResult
from pgssi_probe.model.text import LANGS
from pgssi_reports.html.plan import plan
from pgssi_reports.html.source import Source
from pgssi_reports.table import CsvReporter, XlsxReporter
from pgssi_reports.table.cells import cell
from pgssi_reports.words import Words


def rows(result: RunResult, lang: Any = "fr") -> list[list[str]]:
    text = CsvReporter().render(result, lang).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";" if lang == "fr" else ","))


def book(result: RunResult, lang: Any = "fr") -> Any:
    return load_workbook(io.BytesIO(XlsxReporter().render(result, lang)))


@pytest.mark.parametrize("lang", LANGS)
def test_a_row_for_each_action_numbered_as_in_the_report(result: RunResult, lang: Any) -> None:
    heading, *found = rows(result, lang)
    planned = plan(Source(result, Words(lang)))
    assert [row[0] for row in found] == [str(action.number) for action in planned]
    assert [row[5] for row in found] == [action.title for action in planned]
    assert all(len(row) == len(heading) for row in found)


def test_excel_reads_its_accents(sample: RunResult) -> None:
    content = CsvReporter().render(sample, "fr")
    assert content.startswith(b"\xef\xbb\xbf")
    assert "Priorité" in content.decode("utf-8-sig").splitlines()[0]
    assert b"\r\n" in content


@pytest.mark.parametrize("lang", LANGS)
def test_the_workbook_holds_the_plan_the_findings_and_the_rules(result: RunResult, lang: Any) -> None:
    actions, findings, rules = book(result, lang).worksheets
    assert actions.max_row == 1 + len(plan(Source(result, Words(lang))))
    assert findings.max_row == 1 + sum(outcome.failed for outcome in result.outcomes)
    assert rules.max_row == 66
    for sheet in (actions, findings, rules):
        assert sheet.freeze_panes == "B2"
        assert sheet.auto_filter.ref


@pytest.mark.parametrize("lang", LANGS)
def test_rules_say_who_declared_what_until_when(sample: RunResult, lang: Any) -> None:
    assert sample.declarations is not None
    _, _, rules = book(sample, lang).worksheets
    (column,) = (one.column for one in rules[1] if str(one.value).startswith(("Déclarations", "Declarations")))
    said = " ".join(str(rules.cell(row=number, column=column).value or "") for number in range(2, 67))
    for entry in sample.declarations.entries:
        assert entry.part in said
        assert entry.signatory in said
        assert str(entry.valid_until.year) in said


def test_the_same_result_gives_the_same_bytes(sample: RunResult) -> None:
    assert XlsxReporter().render(sample, "fr") == XlsxReporter().render(sample, "fr")
    assert CsvReporter().render(sample, "fr") == CsvReporter().render(sample, "fr")


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "＝1", "|calc", "%0", "\ufeff=1"]
)
def test_formulas_are_disarmed(text: str) -> None:
    assert not cell(text).lstrip("\u00a0 ").startswith(("=", "+", "-", "@", "|", "%", "＝"))


@given(st.text(max_size=40))
def test_no_text_starts_a_formula(text: str) -> None:
    assert not cell(text).strip().startswith(("=", "+", "-", "@", "|", "%", "＝", "＋", "－", "＠"))
    assert not set(cell(text)) & set("\t\r\n\x00\x1b")


def test_plain_text_is_left_alone() -> None:
    assert cell("Rediriger tout le port 80 vers HTTPS (301).") == "Rediriger tout le port 80 vers HTTPS (301)."
    assert len(cell("A" * 40_000)) < 32_767
