"""Whether an answer depends on the identifier that was asked for."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.authz.dependence import (
    labels_of,
    name_words,
    names_a_person,
    others_of_its_kind,
    same_but_for,
    untold,
)
from pgssi_probe.check import Exchange
from pgssi_probe.check.harness import exchange, page
from pgssi_probe.discovery.site import Skipped
from pgssi_probe.inventory.model import Endpoint, Source
from pgssi_probe.inventory.references import Reference, references
from pgssi_probe.inventory.requests import parameters_of

ORIGIN = "https://portal.example/"


def endpoint(path: str, held: Skipped | None = None, *, reads: bool = True) -> Endpoint:
    url = ORIGIN + path
    return Endpoint("GET", url, Source.LINK, frozenset({"a"}), parameters_of(url), held=held, reads=reads)


def named(path: str) -> Sequence[Reference]:
    return references(endpoint(path))


def answer(body: str) -> Exchange:
    return exchange(ORIGIN, page(body))


def test_another_of_its_kind_has_the_template_and_another_identifier() -> None:
    offered = [
        endpoint("dossier?id=4"),
        endpoint("dossier?id=5"),
        endpoint("dossiers?id=6"),
        endpoint("dossier?id=7", Skipped.DANGEROUS),
        endpoint("dossier?id=8", reads=False),
        endpoint("dossier?id=9", Skipped.BUDGET),
    ]
    found = others_of_its_kind(offered, endpoint("dossier?id=4"), named("dossier?id=4"))
    assert [one.url for one in found] == [ORIGIN + "dossier?id=5", ORIGIN + "dossier?id=9"]


def test_what_is_the_same_in_all_the_rest_comes_first() -> None:
    offered = [endpoint(f"activity?from=2026-11-{day}&user_id=6") for day in ("22", "12", "02")]
    wanted = "activity?from=2026-11-12&user_id=5"
    found = others_of_its_kind(offered, endpoint(wanted), named(wanted))
    assert found[0] is offered[1]
    assert len(found) == 3


def test_labels_are_what_differs_as_written_and_as_it_reads() -> None:
    assert labels_of(named("activity?user_id=5&set_filter=1"), named("activity?user_id=6&set_filter=1")) == {"5", "6"}
    encoded = labels_of(named("jeton?id=eyJudW1lcm8iOiA0MTAwfQ=="), named("jeton?id=eyJudW1lcm8iOiA0MTA0fQ=="))
    assert {"eyJudW1lcm8iOiA0MTAwfQ==", "eyJudW1lcm8iOiA0MTAwfQ%3D%3D", '{"numero": 4100}'} <= encoded


@pytest.mark.parametrize(
    ("path", "person"),
    [
        ("activity?user_id=5", True),
        ("users/5", True),
        ("posts?author=5", True),
        ("patients/5", False),
        ("activity?user_id=5&patient=7", False),
        ("issues/5", False),
        ("activity?project_id=5", False),
    ],
)
def test_a_person_is_named_by_the_field_or_by_the_path(path: str, person: bool) -> None:
    assert names_a_person(endpoint(path), named(path)) is person


def test_the_words_of_a_name_are_those_that_the_frame_shows_to_its_owner_alone() -> None:
    words = name_words(
        "jmartin@exemple.fr", ["Connect\u00e9e : Jeanne MARTIN", "Accueil"], ["Connect\u00e9 : Paul", "Accueil"]
    )
    assert words == {"jmartin@exemple.fr", "jmartin", "Connect\u00e9e", "Jeanne", "MARTIN"}


def test_what_a_record_of_ones_own_says_too_is_not_told_of_another() -> None:
    own = {"Du 3 au 12 novembre", "Activit\u00e9 de Bob", "Dossier 6"}
    reserved = frozenset({"Du 3 au 12 novembre", "Activit\u00e9 de Alice", "Dossier 5", "Ferritine 5 trop basse"})
    assert untold(reserved, own, {"5", "6"}) == {"Activit\u00e9 de Alice", "Ferritine 5 trop basse"}
    assert untold(reserved, own, {"5", "6", "Alice", "Bob"}) == {"Ferritine 5 trop basse"}
    assert untold(reserved, (), ()) == reserved
    assert untold(frozenset({"Bilan 15"}), {"Bilan 16"}, {"5", "6"}) == {"Bilan 15"}, "a part of a number is none"


PAGE = "<form><input name=csrf value='{token}'></form><h1>Dossier {number}</h1><p>{said}</p>"


def written(token: str, number: int, said: str = "Rien \u00e0 montrer pour le moment, revenez plus tard") -> Exchange:
    return answer(PAGE.format(token=token, number=number, said=said))


def test_two_records_are_one_page_when_every_word_is_but_labels_and_tokens() -> None:
    first, again = written("aX3==", 5), written("bY4==", 5)
    assert same_but_for(first, again, written("cZ5==", 6), {"5", "6"})
    assert not same_but_for(first, again, written("cZ5==", 6), ())
    assert not same_but_for(
        first, again, written("cZ5==", 6, "Rien \u00e0 montrer pour le moment, revenez demain tard"), {"5", "6"}
    )
    assert not same_but_for(first, first, written("cZ5==", 6), {"5", "6"}), "no token was proved to change"
    assert not same_but_for(first, again, exchange(ORIGIN, page("x", status=404)), {"5", "6"})
    assert not same_but_for(answer("a b c d"), answer("e f g h"), answer("i j k l"), ()), "nothing is known of it"


@given(st.text(max_size=200), st.text(max_size=200), st.lists(st.text(max_size=8), max_size=4))
def test_nothing_hostile_raises(one: str, other: str, labels: list[str]) -> None:
    assert same_but_for(answer(one), answer(one), answer(one), labels) or not one
    same_but_for(answer(one), answer(other), answer(one + other), labels)
    untold(frozenset({one}), [other], labels)
