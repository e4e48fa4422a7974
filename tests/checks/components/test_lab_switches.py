"""Each weakness of this family, switched on in the portal, is found; the portal and its traps are not accused."""

import pytest

from pgssi_probe.lab.weaknesses import registered
from pgssi_probe.model.outcome import Status
from pgssi_probe.registry import check

CHECKS = ("components.server-versions",)
FAILURES = [
    f"{name}/{slug}"
    for name in CHECKS
    for slug, declared in check(name).metadata.outcomes.items()
    if declared.status is Status.FAIL
]
TRAPS = (
    "trap/soft-404",
    "trap/dot-paths-403",
    "trap/sign-in-everywhere",
    "trap/help-traceback",
    "trap/masked-key",
    "trap/random-content",
    "trap/flaky",
    "trap/rate-limit",
)


@pytest.mark.parametrize("name", CHECKS)
async def test_the_hardened_portal_is_accused_of_nothing(name, on_lab) -> None:
    outcomes = await on_lab(name)
    assert outcomes
    assert not {outcome.status for outcome in outcomes} - {Status.PASS, Status.NOT_APPLICABLE}


@pytest.mark.parametrize("trap", TRAPS)
@pytest.mark.parametrize("name", CHECKS)
async def test_a_trap_accuses_nobody(name, trap: str, on_lab) -> None:
    outcomes = await on_lab(name, trap)
    assert outcomes
    assert [outcome.slug for outcome in outcomes if outcome.failed] == []


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_weakness_is_found_and_nothing_else(failure: str, on_lab) -> None:
    assert failure in registered(), "no such switch"
    name, _, slug = failure.partition("/")
    outcomes = await on_lab(name, failure)
    assert {outcome.slug for outcome in outcomes if outcome.failed} == {slug}
