"""The RECOWEB profile: every number, its variants, and checks that exist."""

import pytest

from pgssi_probe.guide import guide, web_profile
from pgssi_probe.guide.source import Visibility
from pgssi_probe.registry import checks

PROFILE = web_profile()


def test_all_63_recommendations_and_their_variants_are_there() -> None:
    ids = [item.id for item in PROFILE.recommendations]
    assert len(set(ids)) == 71
    assert {item for item in ids if item[-1].isdigit()} == {f"R{number}" for number in range(1, 64)}
    assert {item for item in ids if not item[-1].isdigit()} == {
        "R14-", "R23-", "R24-", "R36-", "R36+", "R42-", "R48+", "R52+"
    }  # fmt: skip


def test_visibility_counts() -> None:
    seen = [item.visibility for item in PROFILE.recommendations]
    assert (seen.count(Visibility.FULL), seen.count(Visibility.PARTIAL), seen.count(Visibility.NONE)) == (29, 33, 9)


def test_what_can_be_seen_fully_says_when_it_departs_and_who_looks() -> None:
    for item in PROFILE.recommendations:
        if item.visibility is Visibility.FULL:
            assert item.checks, item.id
            assert item.conforms or item.departs, item.id


def test_checks_are_shipped_or_planned() -> None:
    named = {check for item in PROFILE.recommendations for check in item.checks}
    assert sorted(named - set(checks()) - guide().planned_ids) == []


def test_values() -> None:
    assert PROFILE.values.hsts_max_age_s == 365 * 86400
    assert PROFILE.values.csrf_token_bits == 128
    assert PROFILE.recommendation("R21").checks == ("headers.referrer",)
    with pytest.raises(KeyError):
        PROFILE.recommendation("R64")
