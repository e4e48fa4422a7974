"""A target that does not answer is never said to be right, nor wrong."""

import pytest

from pgssi_probe.check.harness import run_check
from pgssi_probe.model.outcome import Status
from pgssi_probe.net.exchange import Failure

CHECKS = (
    "browser.sri",
    "cookie.flags",
    "headers.clickjacking",
    "headers.cors",
    "headers.csp",
    "headers.referrer",
    "headers.security",
    "http.methods",
    "https.enforcement",
    "https.hsts",
    "https.mixed-content",
)


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("failure", [Failure.REFUSED, Failure.RESPONSE_TIMEOUT, Failure.TLS, Failure.BUDGET])
async def test_nothing_is_concluded(name: str, failure: Failure) -> None:
    outcomes = await run_check(name, lambda _: failure)
    assert outcomes
    assert {outcome.status for outcome in outcomes} == {Status.INCONCLUSIVE}
