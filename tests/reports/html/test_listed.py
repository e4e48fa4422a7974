"""The annex of what the application offers: in words, escaped, capped; absent when nothing was walked."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from pgssi_probe.discovery.site import Skipped
from pgssi_probe.inventory.model import Source
from pgssi_probe.model.inventory import InventorySummary, ListedRequest, VisitSummary
from pgssi_probe.model.result import RunResult
from pgssi_probe.model.text import LANGS, Lang
from pgssi_reports.html import HtmlReporter
from pgssi_reports.html.listed import SHOWN_MAX


def annex(sample: RunResult, lang: Lang, *requests: ListedRequest, hidden: int = 0) -> str:
    visits = (
        VisitSummary(label="nobody", pages=3, answers=9, complete=True),
        VisitSummary(label="a", pages=1, answers=2, complete=False, why="lost"),
        VisitSummary(label="b", pages=0, answers=0, complete=False, why="refused"),
    )
    told = InventorySummary(visits=visits, requests=requests, hidden=hidden, described_by=("/openapi.json",))
    page = HtmlReporter().render(sample.model_copy(update={"inventory": told}), lang)
    found = BeautifulSoup(page, "lxml").find(attrs={"aria-labelledby": "inventory"})
    assert found is not None
    return found.get_text(" ", strip=True)


@pytest.mark.parametrize("lang", LANGS)
def test_every_source_and_reason_has_words(sample: RunResult, lang: Lang) -> None:
    reasons = [None, "writes", *(one.value for one in Skipped)]
    requests = [
        ListedRequest(method="GET", template=f"/p{n}/{{id}}", count=2, source=source.value, seen_by=("nobody", "a"))
        for n, source in enumerate(Source)
    ]
    requests += [
        ListedRequest(method="POST", template=f"/q{n}", count=1, source="form", told_to=("b",), held=reason)
        for n, reason in enumerate(reasons)
    ]
    text = annex(sample, lang, *requests)
    for code in ("html.inventory", "out_of_scope", "not_a_page", "{hole}"):
        assert code not in text
    assert "/p0/{id}" in text
    assert "/openapi.json" in text


def test_what_the_target_wrote_is_escaped_and_the_list_is_capped(sample: RunResult) -> None:
    one = ListedRequest(method="GET", template="/<script>alert(1)</script>", count=1, source="link")
    text = annex(sample, "fr", *([one] * (SHOWN_MAX + 5)), hidden=3)
    assert text.count("<script>alert(1)</script>") == SHOWN_MAX
    assert "8 autres formes" in text


def test_nothing_walked_no_annex(sample: RunResult) -> None:
    assert b'aria-labelledby="inventory"' not in HtmlReporter().render(sample, "fr")
