"""`session.timeout-idle`: an hour of waiting in well under a second, each session looked at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_checks.session.ladder import Bracket, Contradiction, Rung, bracket, rungs, slug_of
from pgssi_probe.check import Request, Response
from pgssi_probe.check.harness import Script
from pgssi_probe.clock import VirtualClock
from pgssi_probe.model.outcome import Outcome, Reason, Strength

SignedIn = Callable[..., Coroutine[Any, Any, tuple[Outcome, ...]]]
UNDECLARED = (5, 10, 15, 20, 30, 45, 60, 120)


async def test_without_a_declared_delay_the_bracket_is_reported(signed_in: SignedIn) -> None:
    (outcome,) = await signed_in("session.timeout-idle")
    assert (outcome.slug, outcome.facts["above"], outcome.facts["below"]) == ("measured", 10.0, 15.0)


@pytest.mark.parametrize(
    ("switch", "declared", "slug"),
    [
        ((), 15, "as-declared"),
        ((), 60, "shorter"),
        (("session.timeout-idle/late",), 15, "late"),
        (("session.timeout-idle/too-long",), 15, "too-long"),
        (("session.timeout-idle/still-open",), None, "still-open"),
    ],
)
async def test_measured_against_declared(
    signed_in: SignedIn, switch: tuple[str, ...], declared: int | None, slug: str
) -> None:
    told = {"session.idle-minutes": declared} if declared else {}
    (outcome,) = await signed_in("session.timeout-idle", *switch, declared=told)
    assert outcome.slug == slug
    if slug == "still-open":
        assert (outcome.strength, outcome.facts["above"]) == (Strength.HINT, 60.0)


async def test_the_two_hour_ladder_takes_a_moment(signed_in: SignedIn) -> None:
    began = time.process_time()
    (outcome,) = await signed_in(
        "session.timeout-idle", "session.timeout-idle/still-open", declared={"session.idle-max-minutes": 120}
    )
    assert outcome.facts["above"] == 120.0
    assert time.process_time() - began < 20  # mostly the portal answering; the waiting itself costs nothing


async def test_the_longest_wait_is_bounded_by_the_engagement(signed_in: SignedIn) -> None:
    (outcome,) = await signed_in("session.timeout-idle", declared={"session.idle-max-minutes": 10})
    assert (outcome.slug, outcome.facts["sessions"]) == ("still-open", 2)


async def test_a_restart_that_ends_every_session_is_not_idleness(signed_in: SignedIn) -> None:
    def restarting(script: Script, clock: VirtualClock) -> Script:
        def answer(request: Request) -> Response:
            lost = clock.monotonic() > 3 * 60
            return script(Request(request.method, request.url) if lost else request)  # type: ignore[operator]

        return answer

    (outcome,) = await signed_in("session.timeout-idle", answers=restarting)
    assert outcome.reason is Reason.SESSION_LOST


@given(st.floats(0.5, 1000), st.one_of(st.none(), st.floats(1, 1000)), st.floats(1, 500))
def test_a_single_delay_always_gives_a_bracket_around_it(delay: float, declared: float | None, longest: float) -> None:
    looks = [Rung(minutes, minutes < delay) for minutes in rungs(declared, UNDECLARED, longest)]
    found = bracket(looks)
    assert found.above < delay
    assert found.below is None or delay <= found.below
    if declared and delay <= declared:
        assert slug_of(found, declared) in {"as-declared", "shorter", None}


def test_the_rungs_stay_within_the_bound() -> None:
    assert rungs(20, UNDECLARED, 60) == (10.0, 18.0, 22.0, 30.0)
    assert rungs(None, UNDECLARED, 60) == (5, 10, 15, 20, 30, 45, 60)
    assert rungs(50, UNDECLARED, 60) == (25.0, 45.0, 55.00000000000001)
    assert rungs(200, UNDECLARED, 60) == (60,)


def test_what_does_not_fit_one_delay_is_a_contradiction() -> None:
    with pytest.raises(Contradiction):
        bracket([Rung(5, False), Rung(10, True)])


def test_a_declared_delay_beyond_the_bound_is_not_judged() -> None:
    assert slug_of(Bracket(60, None), 200) is None
    assert slug_of(Bracket(22, 30), 20) == "late"
