"""One account for many checks: brakes on right passwords are waited for, and single sessions taken in turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from pgssi_checks.session.sharing.lane import LANE, SINGLE, my_turn
from pgssi_checks.session.sharing.patience import PAUSES, VAIN
from pgssi_probe.check import Request, Response
from pgssi_probe.check.harness import Script, page, redirect, scripted
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


class Portal:
    """Any number of sessions; `ends_all` says whether signing out closes the others too."""

    def __init__(self, *, ends_all: bool) -> None:
        self.ends_all = ends_all
        self.live: set[str] = set()
        self.given = 0

    def __call__(self, request: Request) -> Response:
        line = next((value for name, value in request.headers if name == "Cookie"), "")
        own = line.partition("sid=")[2].partition(";")[0]
        match request.parts.path, request.method:
            case "/login", "POST":
                self.given += 1
                self.live.add(f"s{self.given}")
                return redirect("/space", status=302, headers=(("Set-Cookie", f"sid=s{self.given}; Path=/"),))
            case "/logout", _:
                self.live -= self.live if self.ends_all else {own}
                return redirect("/login", status=302)
            case "/login", _:
                form = "<input name=login><input type=password name=password><button>Connexion</button>"
                return page(f"<!doctype html><form method=post action=/login>{form}</form>")
        if own not in self.live:
            return redirect("/login", status=302)
        return page("<!doctype html><h1>Bonjour alice</h1><a href=/logout>Se déconnecter</a>")


@pytest.mark.parametrize("ends_all", [True, False])
async def test_turns_are_taken_where_a_sign_out_closes_every_session(ends_all: bool) -> None:
    accounts = {"a": Account("a", "alice", Secret("Right-1234"))}
    run = scripted(
        check("session.logout").metadata,
        Portal(ends_all=ends_all),
        url="https://portal.example/",
        accounts=accounts,
        clock=VirtualClock(),
    )
    ctx = run.context
    assert await ctx.collect(SINGLE) is False
    assert (await ctx.collect(LANE)).ends_all is ends_all
    inside: list[str] = []
    most: list[int] = []

    async def one(name: str) -> None:
        async with my_turn(ctx):
            inside.append(name)
            most.append(len(inside))
            await asyncio.sleep(0)
            inside.remove(name)

    await asyncio.gather(*(one(name) for name in ("x", "y", "z")))
    assert max(most) == (1 if ends_all else 3)
