"""The chronology and the table of checks: words instead of codes, and what checks share in its own row."""

from __future__ import annotations

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from pgssi_probe.model.result import Event, RunResult
from pgssi_probe.model.text import LANGS, Lang
from pgssi_reports.html import HtmlReporter


@pytest.mark.parametrize("lang", LANGS)
def test_codes_of_events_are_said_in_words(sample: RunResult, lang: Lang) -> None:
    at = sample.run.started
    codes = ("begun", "late_wait", "interrupted", "error")
    events = [Event(at=at, kind="check", subject="tls.config", detail=code) for code in codes]
    events.append(Event(at=at, kind="paused", subject="h", detail="rate_limited"))
    page = HtmlReporter().render(sample.model_copy(update={"chronology": tuple(events)}), lang)
    section = BeautifulSoup(page, "lxml").find(attrs={"aria-labelledby": "chronology"})
    assert section is not None
    shown = [row.find_all("td")[-1].get_text() for row in section.find_all("tr")[1:]]
    assert len(shown) == 5
    for code, said in zip((*codes, "rate_limited"), shown, strict=True):
        assert said
        assert said != code
        assert "_" not in said.replace("rate_limited", "")  # the reasons of the sample are made up


def test_a_check_that_ran_to_its_end_has_one_line(sample: RunResult) -> None:
    at = sample.run.started
    events = [
        Event(at=at, kind="check", subject="tls.config", detail="begun"),
        Event(at=at, kind="check", subject="csrf", detail="begun"),
        Event(at=at + timedelta(seconds=75), kind="check", subject="tls.config", detail="completed"),
        Event(at=at + timedelta(seconds=80), kind="check", subject="csrf", detail="error"),
    ]
    page = HtmlReporter().render(sample.model_copy(update={"chronology": tuple(events)}), "en")
    section = BeautifulSoup(page, "lxml").find(attrs={"aria-labelledby": "chronology"})
    assert section is not None
    rows = [[cell.get_text() for cell in row.find_all("td")][2:] for row in section.find_all("tr")[1:]]
    assert [row[0] for row in rows] == ["tls.config", "csrf", "csrf"]
    assert rows[0][1] == f"until {at + timedelta(seconds=75):%H:%M:%S}"
    assert not rows[1][1].startswith("until")


def test_limits_have_labels(sample: RunResult) -> None:
    limits = {"request_seconds": 30.0, "max_seconds": 3600.0, "concurrency": 4.0}
    changed = sample.model_copy(update={"engagement": sample.engagement.model_copy(update={"limits": limits})})
    page = HtmlReporter().render(changed, "fr").decode()
    assert "request_seconds" not in page
    assert "attente d’une réponse, au plus\u00a0: 30\u00a0s" in page
    assert "durée au plus\u00a0: 1\u00a0h" in page


def test_shared_connections_have_a_row_of_their_own(sample: RunResult) -> None:
    spent = sum(check.connections for check in sample.checks)
    run = sample.run.model_copy(update={"connections": spent + 967})
    page = HtmlReporter().render(sample.model_copy(update={"run": run}), "fr")
    table = BeautifulSoup(page, "lxml").find("table", class_="checks")
    assert table is not None
    row = next(row for row in table.find_all("tr") if "Part commune" in row.get_text())
    assert row.find_all("td")[4].get_text() == "967"
