"""`session.timeout-absolute`: what tokens announce, and an active session followed past its declared end."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from pgssi_probe.check import Request, Response
from pgssi_probe.check.harness import Script, slugs
from pgssi_probe.clock import VirtualClock
from pgssi_probe.model.outcome import Outcome, Reason, Strength

SignedIn = Callable[..., Coroutine[Any, Any, tuple[Outcome, ...]]]
EIGHT_HOURS = {"session.absolute-minutes": 480, "session.absolute-max-minutes": 540}


async def test_an_active_session_ends_at_its_declared_maximum(signed_in: SignedIn) -> None:
    (outcome,) = await signed_in("session.timeout-absolute", declared=EIGHT_HOURS)
    assert (outcome.slug, outcome.facts["minutes"]) == ("as-declared", 478.0)


async def test_an_active_session_that_never_ends_is_proved(signed_in: SignedIn) -> None:
    (outcome,) = await signed_in("session.timeout-absolute", "session.timeout-absolute/too-long", declared=EIGHT_HOURS)
    assert (outcome.slug, outcome.strength) == ("too-long", Strength.PROOF)


async def test_nothing_declared_and_nothing_announced_is_undeclared(signed_in: SignedIn) -> None:
    (outcome,) = await signed_in("session.timeout-absolute")
    assert (outcome.reason, outcome.facts["announced_minutes"]) == (Reason.UNDECLARED, {})


async def test_a_cookie_kept_for_days_is_suspected(signed_in: SignedIn) -> None:
    (outcome,) = await signed_in("session.timeout-absolute", "session.timeout-absolute/announced-long")
    assert (outcome.slug, outcome.strength, outcome.facts["hours"]) == ("announced-long", Strength.HINT, 336.0)


async def test_a_maximum_beyond_the_agreed_wait_is_not_judged(signed_in: SignedIn) -> None:
    (outcome,) = await signed_in("session.timeout-absolute", declared={"session.absolute-minutes": 480})
    assert outcome.reason is Reason.SCAN_INCOMPLETE


async def test_a_restart_is_not_a_maximum_length(signed_in: SignedIn) -> None:
    def restarting(script: Script, clock: VirtualClock) -> Script:
        def answer(request: Request) -> Response:
            lost = clock.monotonic() > 40 * 60
            return script(Request(request.method, request.url) if lost else request)  # type: ignore[operator]

        return answer

    outcomes = await signed_in(
        "session.timeout-absolute", declared={"session.absolute-minutes": 50}, answers=restarting
    )
    assert slugs(outcomes) == {"inconclusive"}
    assert outcomes[0].reason is Reason.SESSION_LOST
