"""Plurals of sentences: French and English count differently, and codes of plurals never reach people."""

from __future__ import annotations

import re

import pytest

from pgssi_probe.model.text import LANGS, Template, agreed, both_numbers, fields_of
from pgssi_probe.registry import checks
from pgssi_probe.words import say


@pytest.mark.parametrize(
    ("count", "fr", "en"),
    [
        (0, "0 page appelle un tiers", "0 pages call a third party"),
        (1, "1 page appelle un tiers", "1 page calls a third party"),
        (1.5, "1,5 page appelle un tiers", "1.5 pages call a third party"),
        (2, "2 pages appellent un tiers", "2 pages call a third party"),
        (40, "40 pages appellent un tiers", "40 pages call a third party"),
    ],
)
def test_nouns_and_verbs_follow_their_number(count: float, fr: str, en: str) -> None:
    sentence = Template(
        fr="{count} page(s) {count:appelle|appellent} un tiers", en="{count} page(s) {count:calls|call} a third party"
    )
    said = sentence.filled({"count": count})
    assert (said.fr, said.en) == (fr, en)
    assert sentence.fields == {"count"}


def test_an_ending_follows_the_number_before_it_and_no_other_value() -> None:
    text = "{name} : {one} lien(s), {many} adresse(s) ouverte(s) ({name}, file(s))"
    settled = agreed(text, {"name": "x", "one": 1, "many": 2}, "fr")
    assert settled == "{name} : {one} lien, {many} adresses ouvertes ({name}, files)"
    assert agreed("page(s) de {name}", {"name": "x"}, "fr") == "page(s) de {name}"
    assert agreed("{on} page(s)", {"on": True}, "fr") == "{on} page(s)"
    assert agreed("{x:une|des} page(s)", {"x": None}, "fr") == "des page(s)"


def test_a_value_that_looks_like_a_plural_is_left_alone() -> None:
    sentence = Template(fr="{count} page(s) : {names}", en="{count} page(s): {names}")
    said = sentence.filled({"count": 1, "names": "file(s) {count:a|b} {x}"})
    assert said.fr == "1 page : file(s) {count:a|b} {x}"


@pytest.mark.parametrize("bad", ["{count:a}", "{count:a|b|c}", "{count!r}", "{count.x}", "{0}"])
def test_only_two_forms_are_a_choice(bad: str) -> None:
    with pytest.raises(ValueError, match="plain name"):
        fields_of(bad)


def test_an_unfilled_template_shows_both() -> None:
    assert both_numbers("{count} page(s) {count:est|sont} lue(s)") == "{count} page(s) est/sont lue(s)"


def test_the_words_of_the_terminal_agree() -> None:
    assert say("fr", "progress.failed", count=1) == "1 écart"
    assert say("fr", "progress.failed", count=2) == "2 écarts"
    told = {"check": "a.b", "state": "terminé", "found": "1 écart"}
    assert say("fr", "progress.finished", **told, requests=0).endswith("1 écart, 0 requête")
    assert say("fr", "progress.finished", **told, requests=3).endswith("1 écart, 3 requêtes")


@pytest.mark.parametrize("number", [0, 1, 2])
def test_no_sentence_of_a_check_shows_a_bracketed_plural_after_a_number(number: int) -> None:
    for name, check in checks().items():
        for slug, outcome in check.metadata.outcomes.items():
            said = outcome.sentence.filled(dict.fromkeys(outcome.sentence.fields, number))
            for lang in LANGS:
                assert not re.search(r"\d [^\s.]+\(s\)", said.in_(lang)), (name, slug, said.in_(lang))
