"""The slow lane: waits overlap, are told, are cut short without loss, and are measured again when they end late."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pgssi_probe.check import CheckContext, Observation, Subject, Target
from pgssi_probe.clock import VirtualClock
from pgssi_probe.engagement import Engagement
from pgssi_probe.engagement.model import Limits
from pgssi_probe.engine.bounds import with_time_to_wait
from pgssi_probe.engine.progress import Silent
from pgssi_probe.engine.scan import Scan, Scanned, resume, run_scan
from pgssi_probe.engine.signals import stop_on_signals
from pgssi_probe.engine.waiting import OwnTime, WatchedClock
from pgssi_probe.model.outcome import Reason
from pgssi_probe.model.result import RunResult
from pgssi_probe.net.governor import Limits as RunLimits
from pgssi_probe.net.journal import verify_chain
from tests.engine.conftest import fake, web  # type: ignore[import-not-found]

START = datetime(2026, 1, 1, tzinfo=UTC)


def said(n: float) -> list[Observation]:
    return [Observation(slug="fine", subject=Subject(kind="site", name="x"), facts={"n": n})]


async def drive(clock: VirtualClock, task: asyncio.Task[Any]) -> Any:
    """Move the clock to its next deadline whenever nothing else goes on."""
    quiet = 0
    while not task.done():
        await asyncio.sleep(0.001)
        quiet += 1
        if quiet >= 5 and clock.next_deadline is not None:
            await clock.advance(clock.next_deadline - clock.monotonic())
            quiet = 0
    return await task


async def ladder(ctx: CheckContext) -> list[Observation]:
    """Eight waits side by side, a request after each, as for an idle delay."""

    async def rung(minutes: float) -> float:
        await ctx.clock.sleep(60 * minutes)
        await ctx.get(ctx.target.url)
        return minutes

    done = await asyncio.gather(*(rung(minutes) for minutes in (5, 10, 15, 20, 30, 45, 60, 120)))
    return said(max(done))


async def brief(ctx: CheckContext) -> list[Observation]:
    await ctx.get(ctx.target.url)
    return said(0)


@dataclass
class Recorder(Silent):
    clock: VirtualClock

    def __post_init__(self) -> None:
        self.waits: list[tuple[str, datetime | None]] = []
        self.ended: dict[str, float] = {}

    def waiting(self, check: str, until: datetime | None) -> None:
        self.waits.append((check, until))

    def finished(self, run: Any, outcomes: Any) -> None:
        self.ended[run.id] = self.clock.monotonic()


async def scan(url: str, folder: Path, clock: Any, **options: Any) -> Scanned:
    return await run_scan(Scan(Target(url)), lambda _: folder, clock=clock, **options)


def state_of(result: RunResult, check: str) -> tuple[str, Reason | None]:
    run = next(run for run in result.checks if run.id == check)
    return run.state, run.reason


async def test_a_run_lasts_about_as_long_as_its_longest_wait(tmp_path: Path, install: Any) -> None:
    async def other(ctx: CheckContext) -> list[Observation]:
        for _ in range(6):
            await ctx.clock.sleep(600)
        return said(60)

    install(
        fake("a.ladder", ladder, needs=("time",), seconds=7200),
        fake("b.other", other, needs=("time",), seconds=3600),
        *(fake(f"c.brief{number}", brief) for number in range(4)),
    )
    clock = VirtualClock()
    watcher = Recorder(clock)
    began = time.perf_counter()
    async with web() as url:
        scanned = await drive(clock, asyncio.ensure_future(scan(url, tmp_path / "run", clock, progress=watcher)))
    assert time.perf_counter() - began < 1.5  # two hours
    assert {run.state for run in scanned.result.checks} == {"completed"}
    assert 7200 <= clock.monotonic() < 7260
    assert all(watcher.ended[f"c.brief{number}"] < 60 for number in range(4))


async def test_a_wait_is_told_once_with_its_end(tmp_path: Path, install: Any) -> None:
    install(fake("a.ladder", ladder, needs=("time",), seconds=7200))
    clock = VirtualClock()
    watcher = Recorder(clock)
    async with web() as url:
        await drive(clock, asyncio.ensure_future(scan(url, tmp_path / "run", clock, progress=watcher)))
    assert [check for check, _ in watcher.waits] == ["a.ladder"] * 2
    first, last = (until for _, until in watcher.waits)
    assert first is not None
    assert timedelta(hours=2) <= first - START < timedelta(hours=2, minutes=1)
    assert last is None


async def test_short_pauses_are_not_told() -> None:
    clock, heard = VirtualClock(), []
    task = asyncio.ensure_future(WatchedClock(clock, heard.append).sleep(9))
    await asyncio.sleep(0)
    await clock.advance(9)
    await task
    assert heard == []


async def test_interrupted_during_a_long_wait_the_folder_is_usable_and_the_wait_is_measured_again(
    tmp_path: Path, install: Any
) -> None:
    measured: list[float] = []

    async def long(ctx: CheckContext) -> list[Observation]:
        began = ctx.clock.monotonic()
        await ctx.clock.sleep(7200)
        measured.append(ctx.clock.monotonic() - began)
        return said(1)

    install(fake("a.long", long, needs=("time",), seconds=7200), fake("b.brief", brief))
    clock = VirtualClock()
    async with web() as url:
        task = asyncio.ensure_future(scan(url, tmp_path / "run", clock))
        while not (tmp_path / "run" / "outcomes.jsonl").exists():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await clock.advance(3600)
        os.kill(os.getpid(), signal.SIGINT)
        stopped = await asyncio.wait_for(task, 5)
        assert stopped.result.run.state == "interrupted"
        assert state_of(stopped.result, "a.long") == ("interrupted", Reason.INTERRUPTED)
        assert state_of(stopped.result, "b.brief") == ("completed", None)
        assert (tmp_path / "run" / "report.json").exists()
        assert verify_chain(tmp_path / "run" / "journal.jsonl") is None
        again = await drive(clock, asyncio.ensure_future(resume(tmp_path / "run", clock=clock)))
    assert again.result.run.state == "completed"
    assert measured == [7200]  # whole: half of it from before is no measure


class Sleepy(VirtualClock):
    """Jumps over every wait. The machine sleeps during the first `times` long ones: wall time passes, ours does not."""

    def __init__(self, times: int, share: float) -> None:
        super().__init__()
        self.times, self.share, self.lost = times, share, 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.lost)

    async def sleep(self, seconds: float) -> None:
        await self.advance(max(0.0, seconds))
        if seconds >= 60 and self.times:
            self.times -= 1
            self.lost += self.share * seconds


@pytest.mark.parametrize(
    ("times", "share", "begun", "state"),
    [(1, 0.5, 2, "completed"), (1, 0.08, 1, "completed"), (9, 0.5, 3, "error")],
)
async def test_a_wait_that_ends_late_is_measured_again(
    times: int, share: float, begun: int, state: str, tmp_path: Path, install: Any
) -> None:
    count = 0

    async def long(ctx: CheckContext) -> list[Observation]:
        nonlocal count
        count += 1
        await ctx.clock.sleep(1200)
        await ctx.get(ctx.target.url)
        return said(count)

    install(fake("a.long", long, needs=("time",), seconds=1200))
    async with web() as url:
        scanned = await scan(url, tmp_path / "run", Sleepy(times, share))
    assert count == begun
    assert state_of(scanned.result, "a.long") == (state, Reason.TIMEOUT if state == "error" else None)
    assert next(run for run in scanned.result.checks if run.id == "a.long").requests == begun
    assert [one.facts for one in scanned.result.outcomes] == ([{"n": begun}] if state == "completed" else [])
    told = [event for event in scanned.result.chronology if event.detail == "late_wait"]
    assert len(told) == (begun if state == "error" else begun - 1)


async def test_failures_on_the_sacrificed_account_are_never_measured_again(tmp_path: Path, install: Any) -> None:
    count = 0

    async def throttling(ctx: CheckContext) -> list[Observation]:
        nonlocal count
        count += 1
        await ctx.clock.sleep(1200)
        return said(count)

    check = fake("a.throttling", throttling, needs=("time",))
    object.__setattr__(check.metadata, "needs", ("time", "sacrifice"))
    from pgssi_probe.engine import plan as plan_module

    install(check)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan_module, "ACCOUNTS_NEEDED", {})
        async with web() as url:
            await scan(url, tmp_path / "run", Sleepy(1, 0.5))
    assert count == 1


def test_the_budget_of_time_leaves_room_for_the_waits_unless_the_engagement_says_otherwise() -> None:
    from pgssi_probe.model.result import Plan, PlanEntry

    timed = fake("a.long", brief, needs=("time",), seconds=4000)
    entry = PlanEntry(check="a.long", level="passive", runs=True, requests_max=1, seconds_max=4000)
    plan = Plan(entries=(entry,), requests_max=1, seconds_max=1)
    known: Any = {"a.long": timed}
    usual = RunLimits(max_seconds=3600)
    assert with_time_to_wait(usual, Engagement(), plan, known).max_seconds == 7600
    declared = Engagement(declared={"session.idle-minutes": 120, "session.single": True})
    assert with_time_to_wait(usual, declared, plan, known).max_seconds == 3600 + 1.6 * 7200
    bounded = Engagement(limits=Limits(max_seconds=3600))
    assert with_time_to_wait(usual, bounded, plan, known) == usual
    assert with_time_to_wait(usual, declared, Plan(entries=(), requests_max=0, seconds_max=0), known) == usual


def test_a_second_interruption_does_not_wait_for_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    class Conductor:
        stopped_because: Reason | None = None

        def stop(self, reason: Reason) -> None:
            self.stopped_because = reason

    left: list[int] = []
    monkeypatch.setattr(os, "_exit", left.append)
    conductor: Any = Conductor()
    signals = stop_on_signals(conductor)
    signals._heard()
    assert (conductor.stopped_because, left) == (Reason.INTERRUPTED, [])
    signals._heard()
    assert left == [130]


async def collected_then_busy(gather: Callable[[Any], Awaitable[Any]]) -> None:
    """A check with a tenth of a second of its own, which it exceeds after the collection."""
    async with asyncio.timeout(0.1) as limit:
        with suppress(LookupError):
            await OwnTime(limit).without(gather)(None)
        await asyncio.sleep(0.3)


async def test_what_a_check_waits_for_others_is_not_its_own_time() -> None:
    async def slow(_collector: Any) -> str:
        await asyncio.sleep(0.3)
        return "gathered"

    async with asyncio.timeout(0.1) as limit:
        collect = OwnTime(limit).without(slow)
        assert await asyncio.gather(collect(None), collect(None)) == ["gathered", "gathered"]
    with pytest.raises(TimeoutError):
        await collected_then_busy(slow)


async def test_a_collection_that_fails_gives_its_time_back_too() -> None:
    async def broken(_collector: Any) -> None:
        await asyncio.sleep(0.2)
        raise LookupError

    with pytest.raises(TimeoutError):
        await collected_then_busy(broken)


async def test_a_check_out_of_time_may_still_ask_on_its_way_out() -> None:
    async def quick(_collector: Any) -> str:
        return "gathered"

    async def check(limit: asyncio.Timeout) -> None:
        try:
            await asyncio.sleep(1)
        finally:
            assert await OwnTime(limit).without(quick)(None) == "gathered"

    async def bounded() -> None:
        async with asyncio.timeout(0.05) as limit:
            await check(limit)

    with pytest.raises(TimeoutError):
        await bounded()
