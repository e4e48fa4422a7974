"""The list of switches: names, exclusions, sets."""

from __future__ import annotations

import re

import pytest

from pgssi_probe.lab import IncompatibleWeaknesses, Lab, UnknownWeakness, list_weaknesses, resolve
from pgssi_probe.lab.blueprint import Blueprint
from pgssi_probe.lab.running import UNBOUND
from pgssi_probe.lab.weaknesses import DEMO, chosen, registered


def test_declarations_are_complete() -> None:
    for weakness in list_weaknesses():
        assert re.fullmatch(r"(csrf|trap|mode|[a-z]+\.[a-z-]+)/[a-z0-9]+(-[a-z0-9]+)*", weakness.id)
        for text in (weakness.title.fr, weakness.title.en):
            assert 10 <= len(text) <= 80, weakness.id
            assert not text.endswith("."), weakness.id
        assert weakness.title.fr != weakness.title.en or "policy" in weakness.title.en.lower(), weakness.id


def test_no_two_switches_have_the_same_title() -> None:
    titles = [weakness.title.fr for weakness in list_weaknesses()]
    assert len(titles) == len(set(titles))


@pytest.mark.parametrize(
    ("given", "close"),
    [
        ("headers.csp/mising", "headers.csp/missing"),
        ("header.csp/missing", "headers.csp/missing"),
        ("al", "all"),
    ],
)
def test_unknown_weakness_names_the_close_ones(given: str, close: str) -> None:
    with pytest.raises(UnknownWeakness) as caught:
        resolve([given])
    assert caught.value.identifier == given
    assert close in caught.value.close


def test_nonsense_has_no_close_name() -> None:
    with pytest.raises(UnknownWeakness) as caught:
        Lab(["qqqqqqqq"])
    assert caught.value.close == ()


def test_two_that_change_the_same_thing_are_refused() -> None:
    with pytest.raises(IncompatibleWeaknesses) as caught:
        Lab(["https.hsts/missing", "https.hsts/invalid"])
    assert caught.value.names == ("https.hsts/missing", "https.hsts/invalid")


def test_none_is_nothing() -> None:
    assert resolve(["none"]) == resolve([]) == frozenset()


def test_commas_and_spaces_separate() -> None:
    assert resolve(["https.hsts/missing, headers.csp/missing"]) == {"https.hsts/missing", "headers.csp/missing"}


def test_all_is_the_largest_compatible_set_in_order() -> None:
    ids = resolve(["all"])
    taken = set().union(*(weakness.takes for weakness in chosen(ids)))
    left_out = [weakness for weakness in list_weaknesses() if weakness.id not in ids]
    assert len(ids) > 60
    assert "https.hsts/missing" in ids
    for weakness in left_out:
        assert not weakness.is_weakness or weakness.check.startswith("tls.") or weakness.takes & taken


def test_all_gives_way_to_what_is_named() -> None:
    ids = resolve(["all", "https.hsts/invalid"])
    assert "https.hsts/invalid" in ids
    assert "https.hsts/missing" not in ids


def test_demo_is_compatible_and_modest() -> None:
    assert resolve(["demo"]) == set(DEMO)
    assert 10 <= len(DEMO) <= 25


def fresh() -> Blueprint:
    return Blueprint(addresses=UNBOUND)


def test_compatible_switches_can_all_be_applied_together() -> None:
    for ids in (resolve(["all"]), resolve(["demo"])):
        Lab(ids).close()


def test_each_can_be_applied_after_each_other_unless_they_exclude_each_other() -> None:
    """In as few portals as their exclusions allow: making one costs more than changing it."""
    everyone = list_weaknesses()
    for first in everyone:
        waiting = [other for other in everyone if other is not first and not first.takes & other.takes]
        while waiting:
            blueprint, taken = fresh(), set(first.takes)
            first.apply(blueprint)
            later = []
            for other in waiting:
                if other.takes & taken:
                    later.append(other)
                else:
                    other.apply(blueprint)
                    taken |= other.takes
            waiting = later


def test_a_lab_tells_what_is_on() -> None:
    lab = Lab(["https.hsts/missing"])
    assert lab.weak == {"https.hsts/missing"}
    lab.close()


def test_registered_is_a_copy() -> None:
    registered().clear()
    assert registered()
