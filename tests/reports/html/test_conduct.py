"""How the run went, and the sections that tell it to three readers."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from pgssi_probe.model.result import Event, RunResult
from pgssi_probe.model.text import LANGS, Bilingual, Lang
from pgssi_probe.model.verdict import Applicability, Reserve, Verdict
from pgssi_reports.html import HtmlReporter
from pgssi_reports.html.conduct import activities, reserves
from pgssi_reports.html.sections import READERS, readers, sections
from pgssi_reports.html.source import Source
from pgssi_reports.html.view import build, unaccented
from pgssi_reports.words import Words

FR = Words("fr")


def soup(result: RunResult, lang: Lang = "fr") -> BeautifulSoup:
    return BeautifulSoup(HtmlReporter().render(result, lang), "lxml")


class TestReserves:
    def test_each_weakness_of_the_run_is_said(self, make) -> None:
        said = " ".join(reserves(Source(make(mandate=None, state="aborted"), FR)))
        for words in (
            "Aucun mandat",
            "arrêté de lui-même",
            "2 contrôles n’ont pas",
            "1 observation",
            "1 constat repose",
        ):
            assert words in said
        assert "Aucun mandat" not in " ".join(reserves(Source(make(), FR)))

    def test_pauses_and_refusals_are_counted(self, sample: RunResult) -> None:
        refused = Event(at=sample.run.started, kind="refused", subject="ailleurs.test")
        changed = sample.model_copy(update={"chronology": (*sample.chronology, refused, refused)})
        said = " ".join(reserves(Source(changed, FR)))
        assert "pause 1 fois" in said
        assert "2 connexions hors du périmètre" in said

    def test_those_of_the_context_come_first(self, sample: RunResult) -> None:
        reserve = Reserve(id="x", text=Bilingual(fr="Télémédecine exclue.", en="No."), section="1.4", page=5)
        engagement = sample.engagement.model_copy(update={"reserves": (reserve,)})
        assert reserves(Source(sample.model_copy(update={"engagement": engagement}), FR))[0] == "Télémédecine exclue."


class TestActivities:
    def test_every_request_of_the_run_is_in_one_row(self, sample: RunResult) -> None:
        rows = activities(Source(sample, FR))
        requests = [int(row.requests.replace("\u202f", "")) for row in rows]
        assert sum(requests) == sample.run.requests
        assert rows[-1].checks == "—"

    def test_a_check_that_did_not_run_is_no_activity(self, sample: RunResult) -> None:
        assert "actif" not in [row.name for row in activities(Source(sample, FR))]


class TestSections:
    @pytest.mark.parametrize("lang", LANGS)
    def test_numbers_follow_one_another_and_annexes_have_letters(self, measured, lang: Lang) -> None:
        page = soup(measured(), lang)
        numbers = [heading.select_one(".numeral").get_text() for heading in page.select("main h2")]
        assert numbers[:-3] == [str(n) for n in range(1, len(numbers) - 2)]
        assert [number[-1] for number in numbers[-3:]] == ["A", "B", "C"]

    def test_each_reader_finds_sections_and_each_section_a_reader(self) -> None:
        shown = sections(FR, total=65, measures=True, declarations=True)
        found = readers(shown, FR)
        assert [reader.code for reader in found] == list(READERS)
        assert sorted(one.id for reader in found for one in reader.sections) == sorted(shown)

    def test_without_measures_there_is_no_section_of_pictures(self, sample: RunResult, measured) -> None:
        assert soup(sample).select_one("#measures") is None
        assert len(soup(measured()).select("figure.picture")) == 7

    def test_every_picture_has_its_data_as_a_table(self, measured) -> None:
        for figure in soup(measured()).select("figure.picture"):
            assert figure.select_one("svg[role=img] desc").get_text(strip=True)
            assert figure.select("table tbody tr")


class TestFindings:
    def test_each_says_who_how_under_which_conditions_and_when_to_mend(self, sample: RunResult) -> None:
        page = soup(sample)
        for action in sample.actions:
            outcome = next(one for one in sample.outcomes if (one.check, one.slug) == (action.check, action.slug))
            text = page.select_one(f"#finding-{outcome.id}").get_text(" ", strip=True)
            for words in (FR.text(action.scenario), FR.text(action.conditions), "coût faible"):
                assert words in text or "coût moyen" in text or "coût élevé" in text

    def test_the_unmet_part_is_named(self, sample: RunResult) -> None:
        finding = next(one for one in build(sample, FR).findings if one.check == "https.enforcement")
        assert [(rule.rule, [part for part, _ in rule.parts]) for rule in finding.rules] == [("DT6", ["DT6.1"])]


def test_why_a_rule_applies_or_not_is_said(sample: RunResult) -> None:
    why = Applicability(
        applies=False, reason=Bilingual(fr="Pas de tiers.", en="No third party."), section="3.1", page=9
    )
    rules = tuple(
        rule.model_copy(update={"applicability": why, "verdict": Verdict.NOT_APPLICABLE})
        if rule.rule == "HE1"
        else rule
        for rule in sample.verdicts
    )
    text = soup(sample.model_copy(update={"verdicts": rules})).select_one("#rule-HE1").get_text(" ", strip=True)
    assert "Pas de tiers." in text
    assert "3.1" in text


@pytest.mark.parametrize("lang", LANGS)
def test_the_glossary_is_in_the_order_of_a_dictionary(sample: RunResult, lang: Lang) -> None:
    terms = [term.name for term in build(sample, Words(lang)).glossary]
    assert terms == sorted(terms, key=unaccented)
    assert len(terms) > 20
