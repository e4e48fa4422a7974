"""Checks of signing in by an API: a token in a header, and an application whose session is a cookie."""

from __future__ import annotations

from typing import Any

import pytest

from pgssi_probe.model.outcome import Status

BY_API = ("mode/jwt-header", "mode/single-page-cookie")
DECLARED: dict[str, Any] = {"login.unlock-contact": "poste 12", "login.driver": "json"}


@pytest.mark.parametrize(
    ("mode", "weak"),
    [
        *((mode, weak) for mode in BY_API for weak in ("", "none", "still-blocked", "any-password", "bypass-case")),
        *((mode, weak) for mode in ("mode/signed-cookie", "mode/jwt-cookie") for weak in ("", "none")),
    ],
)
async def test_the_brake_is_measured(mode: str, weak: str, signed) -> None:
    declared = DECLARED if mode in BY_API else {"login.unlock-contact": "poste 12"}
    switches = [f"login.throttling/{weak}"] if weak else []
    outcomes = await signed("login.throttling", mode, *switches, declared=declared)
    assert {one.slug for one in outcomes if one.failed} == ({weak} if weak else set()), outcomes
    if not weak:
        assert {one.slug for one in outcomes} == {"slowed"}


@pytest.mark.parametrize("mode", BY_API)
async def test_answers_of_an_api_tell_nothing_of_accounts(mode: str, signed) -> None:
    outcomes = await signed("login.user-enumeration", mode, declared=DECLARED)
    assert not [one for one in outcomes if one.failed]
    assert Status.PASS in {one.status for one in outcomes}
