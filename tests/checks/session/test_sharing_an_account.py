"""One account for many checks: brakes on right passwords are waited for, and single sessions taken in turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from pgssi_checks.session.lane import SINGLE
from pgssi_checks.session.patience import PAUSES, VAIN
from pgssi_probe.check import Request, Response
from pgssi_probe.check.harness import Script, page, scripted
from pgssi_probe.clock import VirtualClock
from pgssi_probe.lab import Lab
from pgssi_probe.model.account import Account, Secret
from pgssi_probe.model.outcome import Outcome, Reason
from pgssi_probe.registry import check

SignedIn = Callable[..., Coroutine[Any, Any, tuple[Outcome, ...]]]
SINGLES = "session.concurrent/closed-silently"


def at_most(sign_ins: int, status: int, headers: tuple[tuple[str, str], ...] = ()) -> Any:
    """Answers of the portal, which takes so many sign-ins a minute, right or wrong."""

    def limited(script: Script, clock: VirtualClock) -> Script:
        taken: list[float] = []

        def answer(request: Request) -> Response:
            if request.method == "POST" and request.parts.path == "/connexion":
                taken[:] = [moment for moment in taken if clock.monotonic() - moment < 60]
                if len(taken) >= sign_ins:
                    return page("<p>Non.</p>", status=status, headers=headers)
                taken.append(clock.monotonic())
            return script(request)  # type: ignore[operator,no-any-return]

        return answer

    return limited


@pytest.mark.parametrize("status", [403, 429, 500])
async def test_a_brake_on_every_sign_in_is_waited_for(signed_in: SignedIn, status: int) -> None:
    (outcome,) = await signed_in("session.fixation", answers=at_most(2, status))
    assert outcome.slug == "renewed"


async def test_an_announced_delay_is_kept(signed_in: SignedIn) -> None:
    (outcome,) = await signed_in("session.fixation", answers=at_most(2, 429, (("Retry-After", "30"),)))
    assert outcome.slug == "renewed"


async def test_waiting_in_vain_has_an_end(signed_in: SignedIn) -> None:
    clocks: list[VirtualClock] = []

    def shut(script: Script, clock: VirtualClock) -> Script:
        clocks.append(clock)
        return at_most(2, 403)(lambda r: script(r), _Still(clock))  # type: ignore[operator]

    (outcome,) = await signed_in("session.fixation", answers=shut)
    assert outcome.reason is Reason.BLOCKED
    assert sum(PAUSES) <= clocks[0].monotonic() <= VAIN + 60


class _Still:
    """A minute that never passes."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock

    def monotonic(self) -> float:
        return 0.0


@pytest.mark.parametrize(
    ("which", "slug"),
    [("session.fixation", "renewed"), ("session.token-integrity", "refused"), ("session.logout", "ended")],
)
async def test_an_application_that_keeps_one_session_is_judged(signed_in: SignedIn, which: str, slug: str) -> None:
    assert slug in {outcome.slug for outcome in await signed_in(which, SINGLES)}


async def test_checks_take_turns_where_a_sign_in_closes_the_session_before(lab_answers: Any) -> None:
    clock = VirtualClock()
    with closing(Lab([SINGLES], clock=clock)) as lab:
        own = lab.accounts["a"]
        accounts = {"a": Account("a", own.username, Secret(own.password))}
        names = ("session.logout", "session.fixation", "session.token-integrity", "session.token-in-url")
        run = scripted(
            check(names[0]).metadata, lab_answers(lab), url=lab.https_url + "/", accounts=accounts, clock=clock
        )
        ways = [check(name).observe()(replace(run.context, metadata=check(name).metadata)) for name in names]
        task = asyncio.gather(*ways)
        while not task.done():
            for _ in range(200):
                await asyncio.sleep(0)
            await clock.advance(1.0)
        assert await run.context.collect(SINGLE)
        slugs = [{one.slug for one in observed} for observed in await task]
    assert [bool(found & {"ended", "renewed", "refused", "clean"}) for found in slugs] == [True] * 4
