"""Applications that keep the last few sessions of an account: what ends because others were opened is no delay."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pgssi_probe.check import Request, Response
from pgssi_probe.check.harness import page, redirect, scripted
from pgssi_probe.clock import VirtualClock
from pgssi_probe.identity import sign_in
from pgssi_probe.model.account import Account, Secret
from pgssi_probe.registry import check


class Portal:
    """Keeps the last `kept` sessions of the account, the one used longest ago first to go where `by_use`; a session
    ends `idle` or `most` seconds after its last use or its opening."""

    def __init__(
        self, clock: VirtualClock, *, kept: int = 99, by_use: bool = False, idle: float = 1e9, most: float = 1e9
    ) -> None:
        self.clock, self.kept, self.by_use, self.idle, self.most = clock, kept, by_use, idle, most
        self.opened: dict[str, float] = {}
        self.used: dict[str, float] = {}
        self.given = 0

    def __call__(self, request: Request) -> Response:
        now = self.clock.monotonic()
        for sid in [s for s in self.opened if now - self.used[s] >= self.idle or now - self.opened[s] >= self.most]:
            del self.opened[sid]
        line = next((value for name, value in request.headers if name == "Cookie"), "")
        own = line.partition("sid=")[2].partition(";")[0]
        match request.parts.path, request.method:
            case "/login", "POST":
                self.given += 1
                sid = f"s{self.given}"
                self.opened[sid] = self.used[sid] = now
                while len(self.opened) > self.kept:
                    order = self.used if self.by_use else self.opened
                    del self.opened[min(self.opened, key=lambda one: order[one])]
                return redirect("/space", status=302, headers=(("Set-Cookie", f"sid={sid}; Path=/"),))
            case "/login", _:
                form = "<input name=login><input type=password name=password><button>Connexion</button>"
                return page(f"<!doctype html><form method=post action=/login>{form}</form>")
        if own not in self.opened:
            return redirect("/login", status=302)
        self.used[own] = now
        return page("<!doctype html><h1>Bonjour alice</h1><a href=/logout>Se déconnecter</a>")


async def outcome(
    which: str, clock: VirtualClock, portal: Portal, declared: dict[str, Any], at: float = 0.0, times: int = 10
) -> Any:
    """What the check says; `at`: seconds after which another check signs the account in, so many times."""
    run = scripted(
        check(which).metadata,
        portal,
        url="https://portal.example/",
        accounts={"a": Account("a", "alice", Secret("Right-1234"))},
        clock=clock,
        declared=declared,
    )

    async def others() -> None:
        await clock.sleep(at)
        for _ in range(times):
            await sign_in(run.context, "a")

    beside = asyncio.ensure_future(others()) if at else None
    task = asyncio.ensure_future(check(which).observe()(run.context))
    while not task.done():
        for _ in range(100):
            await asyncio.sleep(0)
        await clock.advance(5.0)
    if beside is not None:
        beside.cancel()
    (said,) = await task
    return said


TEN = {"session.absolute-minutes": 10}


@pytest.mark.parametrize("by_use", [False, True])
async def test_a_session_pushed_out_by_others_is_followed_again(by_use: bool) -> None:
    clock = VirtualClock()
    said = await outcome("session.timeout-absolute", clock, Portal(clock, kept=5, by_use=by_use), TEN, at=200)
    assert said.slug == "too-long"


async def test_without_time_to_follow_another_nothing_is_said_of_its_end() -> None:
    clock = VirtualClock()
    declared = {**TEN, "session.absolute-max-minutes": 11}
    said = await outcome("session.timeout-absolute", clock, Portal(clock, kept=5), declared, at=500, times=4)
    assert said.reason == "session_lost"


async def test_an_end_in_time_is_said_though_others_signed_in() -> None:
    clock = VirtualClock()
    declared = {**TEN, "session.absolute-max-minutes": 11}
    said = await outcome("session.timeout-absolute", clock, Portal(clock, most=590.0), declared, at=500)
    assert said.slug == "as-declared"


@pytest.mark.parametrize("by_use", [False, True])
async def test_idle_sessions_pushed_out_by_others_are_left_idle_again(by_use: bool) -> None:
    clock = VirtualClock()
    portal = Portal(clock, kept=11, by_use=by_use)
    said = await outcome("session.timeout-idle", clock, portal, {"session.idle-minutes": 20}, at=700)
    assert said.slug == "too-long"


@pytest.mark.parametrize("by_use", [False, True])
async def test_idle_sessions_pushed_out_too_late_are_no_delay(by_use: bool) -> None:
    clock = VirtualClock()
    portal = Portal(clock, kept=11, by_use=by_use)
    declared = {"session.idle-minutes": 20, "session.idle-max-minutes": 30}
    said = await outcome("session.timeout-idle", clock, portal, declared, at=1700)
    assert said.reason == "session_lost"


async def test_an_idle_delay_is_measured_though_others_signed_in() -> None:
    clock = VirtualClock()
    portal = Portal(clock, idle=19 * 60.0)
    said = await outcome("session.timeout-idle", clock, portal, {"session.idle-minutes": 20}, at=700)
    assert said.slug == "as-declared"


async def test_a_session_with_a_short_idle_delay_is_kept_busy_enough() -> None:
    clock = VirtualClock()
    declared = {**TEN, "session.idle-minutes": 2}
    said = await outcome("session.timeout-absolute", clock, Portal(clock, idle=110.0), declared)
    assert said.slug == "too-long"


async def test_a_short_length_is_measured_at_once() -> None:
    """The younger session is opened in the minutes in which the older one ends: it is no stranger's sign-in."""
    clock = VirtualClock()
    portal = Portal(clock, most=170.0)
    said = await outcome("session.timeout-absolute", clock, portal, {"session.absolute-minutes": 3})
    assert (said.slug, clock.monotonic() < 600) == ("as-declared", True)
