"""Rows and sheets: JSON-able, in one language, with suggestions for what does not exist."""

import json

import pytest

from pgssi_probe.guide import guide
from pgssi_probe.guide.view import UnknownRule, find, label, rule_row, rule_sheet
from pgssi_probe.model.text import Bilingual


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_every_rule_has_a_row_and_a_sheet(lang) -> None:
    for rule in guide().rules:
        row, sheet = rule_row(rule, lang), rule_sheet(rule, lang)
        assert json.loads(json.dumps(row)) == row
        assert json.loads(json.dumps(sheet)) == sheet
        assert row["id"] == sheet["id"] == rule.id
        assert row["title"] == sheet["title"] == rule.title.in_(lang)
        assert [part["id"] for part in sheet["parts"]] == [part.id for part in rule.parts]


def test_a_row() -> None:
    assert rule_row(find("DT8"), "fr") == {
        "id": "DT8",
        "family": "DT",
        "section": "4.2.3",
        "title": "Fermer la session après une erreur interne",
        "class": "partial",
        "obligation": "doit",
        "dicp": "IC",
        "checks": ["session.error-closes"],
    }


def test_a_sheet_speaks_one_language() -> None:
    sheet = rule_sheet(find("AA7"), "en")
    assert sheet["family"] == {"id": "AA", "section": "4.2.2", "title": "Authenticated access of third parties"}
    assert sheet["labels"]["dicp"] == ["availability", "confidentiality", "proof"]
    assert sheet["labels"]["addressed_to"] == ["main contractor", "host or operator"]
    assert sheet["guide"]["page"] == 15
    french = json.dumps(rule_sheet(find("AA7"), "fr"), ensure_ascii=False)
    assert "maître d'œuvre" in french
    assert "Slow down" not in french


def test_a_check_is_shown_with_its_edge_and_the_title_given() -> None:
    checks = rule_sheet(find("AA7"), "fr")["parts"][2]["checks"]
    assert checks[0] == {
        "check": "assist.alert-crosscheck",
        "title": None,
        "state": "shipped",
        "weight": "verdict",
        "coverage": "partial",
        "outcomes": None,
    }
    titles = {"tls.config": Bilingual(fr="TLS est sûr", en="TLS is sound")}
    edge = rule_sheet(find("DT6"), "en", titles)["parts"][1]["checks"][0]
    assert (edge["title"], edge["state"]) == ("TLS is sound", "shipped")
    assert rule_sheet(find("DT6"), "en")["parts"][1]["checks"][0]["title"] is None


@pytest.mark.parametrize("written", ["AA7", "aa7", " AA7 ", "[AA7]", "AA-7", "AA7.2", "aa 7"])
def test_a_rule_is_found_however_it_is_written(written: str) -> None:
    assert find(written).id == "AA7"


@pytest.mark.parametrize(
    ("written", "close"),
    [("AA14", "AA13"), ("GD1", "GA1"), ("DT66", "DT6"), ("AA7.9", "AA7.3"), ("GP0", "GP9")],
)
def test_an_unknown_rule_comes_with_close_ones(written: str, close: str) -> None:
    with pytest.raises(UnknownRule) as caught:
        find(written)
    assert caught.value.identifier == written
    assert close in caught.value.close


@pytest.mark.parametrize("written", ["", "tls.config", "A" * 500, "\x1b[31mAA7", "é"])
def test_nonsense_is_unknown_too(written: str) -> None:
    with pytest.raises(UnknownRule) as caught:
        find(written)
    assert len(caught.value.identifier) <= 40


def test_labels_cover_every_code() -> None:
    for rule in guide().rules:
        for part in rule.parts:
            assert label("class", part.rule_class, "fr")
            for edge in part.edges:
                assert label("weight", edge.weight, "en")
                assert label("coverage", edge.coverage, "fr")
    with pytest.raises(KeyError):
        label("class", "unheard-of", "fr")
