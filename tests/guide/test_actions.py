"""The catalogue of actions covers what the shipped checks can find, in words that people understand."""

from __future__ import annotations

import re
from importlib.resources import files
from itertools import product

from pgssi_probe import yaml_text
from pgssi_probe.guide.actions import action_catalogue
from pgssi_probe.model.action import Attacker, Delay, Effort
from pgssi_probe.model.outcome import Outcome, Status, Strength, Subject
from pgssi_probe.model.severity import Ease, Impact, severity
from pgssi_probe.model.text import LANGS, Bilingual
from pgssi_probe.registry import checks

CATALOGUE = action_catalogue()
FAILING = [
    (name, slug)
    for name, check in checks().items()
    for slug, declared in check.metadata.outcomes.items()
    if declared.status is Status.FAIL
]
PLANNED = yaml_text.load(files("pgssi_probe.guide").joinpath("data", "planned_checks.yaml").read_text("utf-8"))
NAMED = [
    (family, name, slug)
    for family, traits in CATALOGUE.root.items()
    for name, own in traits.checks.items()
    for slug in (None, *own.outcomes)
]


def test_every_failure_that_can_be_found_has_an_action() -> None:
    assert [pair for pair in FAILING if CATALOGUE.action(*pair) is None] == []


def test_what_it_names_exists_or_is_planned() -> None:
    known = {identifier: check.metadata for identifier, check in checks().items()}
    for family, name, slug in NAMED:
        identifier = f"{family}.{name}"
        if identifier not in known:
            assert re.search(rf"\b{identifier}\b", str(PLANNED)), f"{identifier} is neither shipped nor planned"
        elif slug is not None:
            assert known[identifier].outcomes[slug].status is Status.FAIL, (identifier, slug)


def test_the_nearest_level_speaks() -> None:
    fallback = CATALOGUE.action("session.no-such-check", "x")
    own = CATALOGUE.action("session.logout", "still-valid")
    nearest = CATALOGUE.action("session.logout", "no-control")
    assert fallback is not None
    assert own is not None
    assert nearest is not None
    assert (fallback.cost, own.cost) == (Effort.MEDIUM, Effort.LOW)
    assert own.delay is Delay.DAYS
    assert len({fallback.title.fr, own.title.fr, nearest.title.fr}) == 3
    assert nearest.attacker is Attacker.DEVICE


def test_a_family_of_another_package_has_none() -> None:
    assert CATALOGUE.action("teapot.colour", "green") is None


def test_one_for_each_pair_that_failed() -> None:
    def outcome(slug: str, name: str, status: Status = Status.FAIL) -> Outcome:
        failed = status is Status.FAIL
        return Outcome(
            id=f"{slug}{name}", check="headers.csp", slug=slug, status=status, strength=Strength.PROOF,
            subject=Subject(kind="site", name=name), facts={}, evidence=(), sentence=Bilingual(fr="x", en="x"),
            severity=severity(Impact.MINOR, Ease.EASY) if failed else None,
        )  # fmt: skip

    given = [
        outcome("missing", "a"),
        outcome("missing", "b"),
        outcome("strict", "a", Status.PASS),
        outcome("wildcard", "a"),
    ]
    assert [(action.check, action.slug) for action in CATALOGUE.actions(given)] == [
        ("headers.csp", "missing"),
        ("headers.csp", "wildcard"),
    ]


def test_the_words_are_short_plain_and_whole() -> None:
    for pair, lang in product(FAILING, LANGS):
        action = CATALOGUE.action(*pair)
        assert action is not None, pair
        title = action.title.in_(lang)
        assert 10 <= len(title) <= 90, pair
        assert title[0].isupper(), pair
        assert not title.endswith("."), pair
        for sentence in (action.scenario.in_(lang), action.conditions.in_(lang)):
            assert sentence[0].isupper(), pair
            assert sentence.endswith("."), pair
            assert len(sentence) <= 330, pair
