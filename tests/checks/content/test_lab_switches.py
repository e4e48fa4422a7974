"""Each silence of the public pages, switched on in the portal, is noticed; the full portal is accused of nothing."""

import pytest

from pgssi_probe.lab.weaknesses import registered
from pgssi_probe.model.outcome import Status
from pgssi_probe.registry import check

CHECKS = (
    "content.legal-notices",
    "content.privacy-notice",
    "content.cgu",
    "content.hds-mention",
    "content.support-contact",
    "content.security-txt",
)
FAILURES = [
    f"{name}/{slug}"
    for name in CHECKS
    for slug, declared in check(name).metadata.outcomes.items()
    if declared.status is Status.FAIL
]


@pytest.mark.parametrize("name", CHECKS)
async def test_the_full_portal_is_accused_of_nothing(name, on_lab) -> None:
    outcomes = await on_lab(name)
    assert outcomes
    assert {outcome.status for outcome in outcomes} == {Status.PASS}
    assert not {"linked", "inconclusive"} & {outcome.slug for outcome in outcomes}


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_weakness_is_found(failure: str, on_lab) -> None:
    assert failure in registered(), "no such switch"
    name, _, slug = failure.partition("/")
    outcomes = await on_lab(name, failure)
    assert {outcome.slug for outcome in outcomes if outcome.failed} == {slug}
