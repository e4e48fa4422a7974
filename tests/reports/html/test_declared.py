"""What was declared is shown as declared, with who, until when, and what contradicts it."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from pgssi_probe.lab.hostile import HOSTILE_STRINGS
from pgssi_probe.model.declaration import Answer, Contradiction
from pgssi_probe.model.result import RunResult
from pgssi_probe.model.text import LANGS, Lang
from pgssi_probe.model.verdict import PartVerdict
from pgssi_reports.html import HtmlReporter
from pgssi_reports.html.conduct import reserves
from pgssi_reports.html.declared import declarations
from pgssi_reports.html.source import Source
from pgssi_reports.words import Words

FR = Words("fr")


def soup(result: RunResult, lang: Lang = "fr") -> BeautifulSoup:
    return BeautifulSoup(HtmlReporter().render(result, lang), "lxml")


def changed(result: RunResult, part: str, **update: object) -> RunResult:
    def one(found: PartVerdict) -> PartVerdict:
        return found.model_copy(update=update) if found.part == part else found

    verdicts = tuple(
        rule.model_copy(update={"parts": tuple(one(found) for found in rule.parts)}) for rule in result.verdicts
    )
    return result.model_copy(update={"verdicts": verdicts})


@pytest.mark.parametrize("lang", LANGS)
def test_every_answer_is_shown_with_its_signatory_and_its_term(sample: RunResult, lang: Lang) -> None:
    section = soup(sample, lang).select_one("section[aria-labelledby=declarations]")
    said = " ".join(section.get_text(" ").split())
    for words in (
        "GP2.1",
        "TR1.1",
        "TR3.1",
        "M. B. Responsable",
        "2027",
        "a1" * 32,
        "Les lectures ne sont pas tracées.",
    ):
        assert words in said


def test_what_does_not_count_says_why(sample: RunResult) -> None:
    idle = {row.part: row.idle for row in declarations(Source(sample, FR))}
    assert idle["GP2.1"] is None
    assert "périmée" in idle["TR3.1"]
    assert "1 déclaration ne compte pas" in " ".join(reserves(Source(sample, FR)))


def test_a_contradiction_is_said_in_the_section_the_rule_and_the_reserves(sample: RunResult) -> None:
    result = changed(sample, "GP2.1", declared=Answer.YES, contradiction=Contradiction.SEEN_FAILING)
    page = soup(result)
    assert "Le constat l’emporte" in page.select_one("section[aria-labelledby=declarations]").get_text()
    assert "Le constat l’emporte" in page.select_one("#rule-gp2, #rule-GP2").get_text()
    assert "1 déclaration contredit" in " ".join(reserves(Source(result, FR)))


def test_the_annex_cites_its_source(sample: RunResult) -> None:
    said = soup(sample).select_one("section[aria-labelledby=declarations]").get_text()
    assert "La restauration a-t-elle été essayée" in said
    assert "p. 17" in said.replace("\xa0", " ")
    assert "Sur une base seulement." in said


def test_without_declarations_there_is_no_section(sample: RunResult) -> None:
    page = soup(sample.model_copy(update={"declarations": None}))
    assert page.select_one("#declarations") is None
    assert page.select_one("a[href='#declarations']") is None


def test_what_a_declarant_writes_stays_text(sample: RunResult) -> None:
    hostile = "<script>alert(1)</script>" + "".join(HOSTILE_STRINGS[:3])
    assert sample.declarations is not None
    entries = tuple(
        entry.model_copy(update={"reason": hostile[:1500], "document": hostile[:900], "signatory": hostile[:250]})
        for entry in sample.declarations.entries
    )
    declared = sample.declarations.model_copy(update={"entries": entries, "organisation": hostile[:250]})
    before = len(soup(sample).select("script"))
    assert len(soup(sample.model_copy(update={"declarations": declared})).select("script")) == before
