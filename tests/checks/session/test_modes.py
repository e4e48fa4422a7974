"""Every session check on every way in which the portal carries sessions: found when on, silent when off.

What a way cannot show is said so, never accused: a header has no fixation, an API has no page with a control.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pgssi_probe.lab.weaknesses import registered
from pgssi_probe.model.outcome import Outcome, Status

SignedIn = Callable[..., Coroutine[Any, Any, tuple[Outcome, ...]]]
COOKIES = ("mode/signed-cookie", "mode/jwt-cookie")
HEADER = "mode/jwt-header"
APPLICATION = "mode/single-page-cookie"
BY_API = (HEADER, APPLICATION)
"""Ways in which one signs in by the API: its pages, if any, show nothing of the account to whoever reads them."""
DECLARED = {
    "session.idle-minutes": 15,
    "session.absolute-minutes": 480,
    "session.absolute-max-minutes": 600,
    "session.single": True,
}
WEAK = (
    "session.logout/still-valid",
    "session.token-integrity/tampered-accepted",
    "session.fixation/kept",
    "session.fixation/chosen-kept",
    "session.concurrent/several-open",
    "session.concurrent/closed-silently",
    "session.concurrent/locked-out",
    "session.timeout-idle/still-open",
    "session.timeout-idle/too-long",
    "session.timeout-idle/late",
    "session.timeout-absolute/too-long",
    "session.timeout-absolute/announced-long",
    "session.last-login-display/missing",
    "session.last-login-display/imprecise",
    "session.last-login-display/wrong",
    "session.error-closes/stays-open",
    "session.token-in-url/token",
    "session.token-in-url/session-parameter",
    "session.token-in-url/personal-data",
    "csrf/no-token",
)
CHECKS = tuple(dict.fromkeys(name.partition("/")[0] for name in WEAK))
SINGLE = "mode/single-session"
"""A right portal for who declares a single session."""


def options(mode: str, check: str, slug: str = "") -> dict[str, Any]:
    declared: dict[str, Any] = dict(DECLARED)
    if slug == "still-open":
        del declared["session.idle-minutes"]
        declared["session.idle-max-minutes"] = 120
    if slug == "announced-long":
        del declared["session.absolute-minutes"]
    elif check == "session.timeout-absolute" and slug:
        declared["session.absolute-minutes"] = 20  # what has no end is as well seen past a short one
    if mode in BY_API:
        declared["login.driver"] = "json"
    return {"declared": declared}


@pytest.mark.parametrize(
    ("check", "mode"),
    [(check, mode) for check in CHECKS for mode in (*COOKIES, *BY_API)],
)
async def test_a_right_portal_is_accused_of_nothing(check: str, mode: str, signed_in: SignedIn) -> None:
    right = {"session.concurrent": [SINGLE], "session.error-closes": ["mode/internal-error"]}.get(check, [])
    outcomes = await signed_in(check, mode, *right, **options(mode, check))
    assert outcomes
    assert [outcome.slug for outcome in outcomes if outcome.failed] == []
    said = {outcome.status for outcome in outcomes}
    if mode == APPLICATION:
        assert said == SAID_OF_AN_APPLICATION.get(check, {Status.PASS}), outcomes
    elif mode != HEADER:
        assert said == {Status.PASS}, outcomes


SAID_OF_AN_APPLICATION = {
    "session.concurrent": {Status.INCONCLUSIVE},  # data, which a script shows
    "session.error-closes": {Status.INCONCLUSIVE},  # no error is met by reading
    "csrf": {Status.INCONCLUSIVE},  # no form is read
}

BY_HEADER = {
    "session.fixation/kept": "no-cookie",
    "session.fixation/chosen-kept": "no-cookie",
    "csrf/no-token": "no-cookie",
    "session.timeout-absolute/announced-long": "inconclusive",  # the cookie is given to nobody
    "session.concurrent/closed-silently": "inconclusive",  # data, which a script shows
    "session.concurrent/locked-out": "inconclusive",  # a refusal by API says nothing of another session
    "session.error-closes/stays-open": "inconclusive",  # no link of the API leads to the page that fails
}
"""What is said of a weakness that a token in a header cannot show."""
BY_APPLICATION = {
    "session.concurrent/closed-silently": "inconclusive",
    "session.concurrent/locked-out": "inconclusive",
    "session.error-closes/stays-open": "inconclusive",
    "csrf/no-token": "inconclusive",
}
"""What is said of a weakness that nothing but the browser shows."""


@pytest.mark.parametrize("mode", COOKIES)
@pytest.mark.parametrize("weak", WEAK)
async def test_a_weakness_is_found_in_a_signed_cookie_and_in_a_jwt_cookie(
    weak: str, mode: str, signed_in: SignedIn
) -> None:
    assert weak in registered()
    check, _, slug = weak.partition("/")
    outcomes = await signed_in(check, mode, weak, **options(mode, check, slug))
    assert slug in {outcome.slug for outcome in outcomes if outcome.failed}, outcomes


@pytest.mark.parametrize("weak", WEAK)
async def test_a_weakness_is_found_in_an_application_or_said_not_to_be_seen(weak: str, signed_in: SignedIn) -> None:
    check, _, slug = weak.partition("/")
    outcomes = await signed_in(check, APPLICATION, weak, **options(APPLICATION, check, slug))
    failed = {outcome.slug for outcome in outcomes if outcome.failed}
    if weak in BY_APPLICATION:
        assert {outcome.slug for outcome in outcomes} == {BY_APPLICATION[weak]}
    else:
        assert failed == {slug}, outcomes


@pytest.mark.parametrize("weak", [*WEAK, "session.logout/refresh-still-valid"])
async def test_a_weakness_is_found_in_a_header_or_said_not_to_be_seen(weak: str, signed_in: SignedIn) -> None:
    check, _, slug = weak.partition("/")
    modes = [] if slug == "refresh-still-valid" else [HEADER]
    outcomes = await signed_in(check, *modes, weak, **options(HEADER, check, slug))
    failed = {outcome.slug for outcome in outcomes if outcome.failed}
    if weak in BY_HEADER:
        assert not failed
        assert {outcome.slug for outcome in outcomes} == {BY_HEADER[weak]}
    else:
        assert failed == {slug}, outcomes


async def test_a_refresh_token_is_replayed_after_sign_out(signed_in: SignedIn) -> None:
    outcomes = await signed_in("session.logout", HEADER, **options(HEADER, "session.logout"))
    (ended,) = (outcome for outcome in outcomes if outcome.slug == "ended")
    assert ended.facts["refresh"] is True
