"""Each weakness that shows in a browser, switched on in the portal, is found; the hardened portal is accused of
nothing, whether pages are drawn by the server or by scripts."""

from __future__ import annotations

import pytest

from pgssi_probe.lab.weaknesses import registered
from pgssi_probe.model.outcome import Status
from pgssi_probe.registry import check

pytestmark = pytest.mark.asyncio(loop_scope="module")

SIGNED_IN = ("browser.storage", "browser.residual-data", "browser.cache-authenticated")
FAILURES = [
    f"{name}/{slug}"
    for name in SIGNED_IN
    for slug, declared in check(name).metadata.outcomes.items()
    if declared.status is Status.FAIL
]


@pytest.mark.parametrize("mode", [(), ("mode/single-page",), ("mode/jwt-cookie",)], ids=str)
@pytest.mark.parametrize("name", SIGNED_IN)
async def test_a_hardened_portal_is_accused_of_nothing(name: str, mode: tuple[str, ...], on_portal) -> None:
    outcomes = await on_portal(name, *mode)
    assert {outcome.status for outcome in outcomes} == {Status.PASS}, [o.slug for o in outcomes]


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_weakness_is_found(failure: str, on_portal) -> None:
    assert failure in registered(), "no such switch"
    name, _, slug = failure.partition("/")
    outcomes = await on_portal(name, failure)
    assert slug in {outcome.slug for outcome in outcomes if outcome.failed}
