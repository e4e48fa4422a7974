"""Each switch of the portal that a check without an account may see is found; the portal and its traps are not accused.

Every such check is here by itself, as soon as it is installed. Those with an account, TLS and the browser have tests of
their own, beside their family's.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pgssi_probe.lab.weaknesses import registered
from pgssi_probe.model.outcome import Outcome, Status
from pgssi_probe.registry import RegisteredCheck, check, checks

OnLab = Callable[..., Coroutine[Any, Any, tuple[Outcome, ...]]]

ELSEWHERE = {
    "tls": "real servers, beside its tests",
    "login": "rests on accounts, samples and declarations: its own tests",
    "input": "with an account and in a browser too, and traps of its own: its own tests",
    "exposure.ports": "real ports, beside its tests",
    "assist": "rests on what the operator gives: its own tests",
    "disclosure.verbose-errors/server-page": "only an account is shown it: tests/checks/disclosure/test_signed_in.py",
}
"""A family, a check or a switch that these tests do not run, and why."""
EXACT = ("components", "content", "disclosure", "exposure")
"""Families where a switch changes one thing: it is found and nothing else."""
CONCERNED = ("browser", "content", "cookie", "headers", "http", "https")
"""Families of which every check has something to say of the hardened portal."""
TRAPPED = ("components", "disclosure", "exposure")
"""Families that guess addresses, or read what pages say: what only looks like a weakness must not deceive them."""
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


def is_run_here(one: RegisteredCheck) -> bool:
    return not set(one.metadata.needs) - {"https"} and one.id not in ELSEWHERE and family(one.id) not in ELSEWHERE


def family(name: str) -> str:
    return name.partition(".")[0]


CHECKS = [name for name, one in checks().items() if is_run_here(one)]
FAILURES = [
    f"{name}/{slug}"
    for name in CHECKS
    for slug, declared in check(name).metadata.outcomes.items()
    if declared.status is Status.FAIL and f"{name}/{slug}" in registered() and f"{name}/{slug}" not in ELSEWHERE
]
"""Those that have a switch: tests/lab/test_contract.py says of the others why they have none."""


@pytest.mark.parametrize("name", CHECKS)
async def test_the_hardened_portal_is_accused_of_nothing(name: str, on_lab: OnLab) -> None:
    outcomes = await on_lab(name)
    assert outcomes
    said = {outcome.status for outcome in outcomes}
    assert said == {Status.PASS} or (family(name) not in CONCERNED and said <= {Status.PASS, Status.NOT_APPLICABLE})
    if family(name) == "content":
        assert "linked" not in {outcome.slug for outcome in outcomes}


@pytest.mark.parametrize("trap", TRAPS)
@pytest.mark.parametrize("name", [name for name in CHECKS if family(name) in TRAPPED])
async def test_a_trap_accuses_nobody(name: str, trap: str, on_lab: OnLab) -> None:
    outcomes = await on_lab(name, trap)
    assert outcomes
    assert [outcome.slug for outcome in outcomes if outcome.failed] == []


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_weakness_is_found(failure: str, on_lab: OnLab) -> None:
    name, _, slug = failure.partition("/")
    found = {outcome.slug for outcome in await on_lab(name, failure) if outcome.failed}
    assert slug in found
    if family(name) in EXACT:
        assert found == {slug}


def test_families_named_here_exist() -> None:
    families = {family(name) for name in CHECKS}
    assert set(EXACT) | set(CONCERNED) | set(TRAPPED) <= families
