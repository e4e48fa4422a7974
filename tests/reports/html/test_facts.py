"""Facts of evidence as people read them: names and codes in words, in the language of the report."""

from __future__ import annotations

import pytest

from pgssi_probe.model.outcome import Level
from pgssi_probe.model.result import CheckRun
from pgssi_probe.model.text import Bilingual, Lang
from pgssi_reports.html.evidence import EvidenceShelf
from pgssi_reports.html.facts import Facts
from pgssi_reports.html.source import Source
from pgssi_reports.words import Words
from tests.reports.html.conftest import make_result  # type: ignore[import-not-found]

OWN = CheckRun(
    id="acme.teapot", version=1, title=Bilingual(fr="é", en="e"), level=Level.PASSIVE, state="completed",
    labels={"steam": Bilingual(fr="Vapeur", en="Steam"), "owner": Bilingual(fr="Maître", en="Master")},
    words={"steam": {"hot": Bilingual(fr="brûlante", en="hot")}},
)  # fmt: skip


def facts(lang: Lang = "fr", check: CheckRun | None = None) -> Facts:
    return Facts(Words(lang), check)


@pytest.mark.parametrize(
    ("lang", "rows"),
    [
        ("fr", [("Propriétaire", "a"), ("Demandeur", "personne (sans session)"), ("Même contenu", "non")]),
        ("en", [("Owner", "a"), ("Asker", "nobody (no session)"), ("Same content", "no")]),
    ],
)
def test_names_codes_and_booleans_are_words(lang: Lang, rows: list[tuple[str, str]]) -> None:
    assert list(facts(lang).rows({"owner": "a", "asker": "nobody", "same_body": False})) == rows


def test_the_words_of_the_check_come_first_and_what_nobody_names_is_shown_as_it_is() -> None:
    said = dict(facts(check=OWN).rows({"steam": "hot", "owner": "x", "spout": ["hot", True]}))
    assert said == {"Vapeur": "brûlante", "Maître": "x", "spout": "hot, oui"}


def test_what_could_not_be_established_says_why() -> None:
    said = dict(facts().rows({"alpn": "unknown: needs_mandate", "early_data": "unknown: inconsistent (closed)"}))
    assert list(said.values()) == [
        "non établi\u00a0: demande le niveau actif",
        "non établi\u00a0: réponses incohérentes",
    ]


def test_tables_are_one_row_for_each_line() -> None:
    tried = {"attempts": [{"n": 1, "given": "wrong", "wait": None}, {"n": 2, "given": "right", "wait": None}]}
    assert list(facts("en").rows(tried)) == [
        ("Attempts 1", "Attempt no.: 1; Password: wrong"),
        ("Attempts 2", "Attempt no.: 2; Password: right"),
    ]


def test_nested_facts_bear_both_names_and_go_no_deeper() -> None:
    data = {
        "versions": {"TLSv1.3": {"enumeration": "every_suite", "suites": ["A", "B"]}},
        "behaviour": {"robot": False},
    }
    assert list(facts("en").rows(data)) == [
        ("Versions · TLSv1.3", "Enumeration: every suite; Suites: A, B"),
        ("Behaviour · ROBOT", "no"),
    ]


def test_what_is_absent_does_not_show_and_what_is_empty_is_said() -> None:
    assert list(facts("en").rows({"alpn": None, "urls": [], "secure": ""})) == [("secure", "present, without a value")]


def test_names_that_are_the_target_s_own_stay_so() -> None:
    assert list(facts().rows({"attributes": {"path": "/", "secure": ""}})) == [
        ("Attributs · path", "/"),
        ("Attributs · secure", "présent, sans valeur"),
    ]


def test_a_hostile_name_or_value_is_made_visible_and_cut() -> None:
    ((name, value),) = facts().rows({"\x1b[31m\u202e" + "x" * 500: "\x1b]0;owned\x07" + "y" * 5000})
    assert "\x1b" not in name + value
    assert "\u202e" not in name
    assert len(name) < 300
    assert len(value) < 1000


def test_a_piece_that_says_what_another_said_is_a_link_to_it() -> None:
    result = make_result()
    first = next(piece for piece in result.evidence if piece.kind == "handshake")
    again = first.model_copy(update={"id": "E0900", "check": "other.check", "sha256": "0" * 64})
    other = first.model_copy(update={"id": "E0901", "data": {"alpn": "h2"}})
    source = Source(result.model_copy(update={"evidence": (*result.evidence, again, other)}), Words("fr"))
    shelf = EvidenceShelf(source)
    refs = shelf.take([first.id, "E0900", "E0901"])
    assert [(one.id, one.shown, one.view is None) for one in refs] == [
        (first.id, first.id, False),
        ("E0900", first.id, True),
        ("E0901", "E0901", False),
    ]
    assert [(one.shown, one.view) for one in shelf.take(["E0900", first.id])] == [(first.id, None), (first.id, None)]
