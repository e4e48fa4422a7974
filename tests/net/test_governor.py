"""Rate, concurrency, budgets, Retry-After and health, all in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgssi_probe.clock import VirtualClock
from pgssi_probe.model.outcome import Reason
from pgssi_probe.net.exchange import Failure
from pgssi_probe.net.governor import GateEvent, Governor, Limits, Refused, TokenBucket, retry_after_seconds
from pgssi_probe.net.health import HealthPolicy, HealthWatch, Sample, percentile_95
from pgssi_probe.net.journal import Spent

HOST = "portal.example"


def ok(latency: float = 0.1, status: int = 200) -> Sample:
    return Sample(status, None, latency)


def error(status: int = 500) -> Sample:
    return Sample(status, None, 0.1)


def down(failure: Failure = Failure.RESET) -> Sample:
    return Sample(None, failure, 0.1)


class Run:
    """A governor under test, with the times at which requests were let out."""

    def __init__(self, **limits: float) -> None:
        self.clock = VirtualClock()
        self.events: list[GateEvent] = []
        self.governor = Governor(Limits(**limits), self.clock, self.events.append)  # type: ignore[arg-type]
        self.times: list[float] = []
        self.refusals: list[Refused] = []
        self.inside = 0
        self.most = 0

    async def request(self, host: str = HOST, lasts: float = 0.0, sample: Sample | None = None) -> None:
        try:
            async with self.governor.request(host):
                self.times.append(self.clock.monotonic())
                self.inside += 1
                self.most = max(self.most, self.inside)
                await self.clock.sleep(lasts)
                self.inside -= 1
                if sample is not None:
                    self.governor.observe(host, sample)
        except Refused as refused:
            self.refusals.append(refused)

    async def all(self, count: int, seconds: float, make: Callable[[int], dict[str, object]] = lambda _: {}) -> None:
        tasks = [asyncio.ensure_future(self.request(**make(i))) for i in range(count)]  # type: ignore[arg-type]
        await asyncio.sleep(0)
        await self.clock.advance(seconds)
        for task in tasks:
            if not task.done():
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def feed(self, samples: list[Sample]) -> None:
        for sample in samples:
            self.governor.observe(HOST, sample)

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]


async def test_the_rate_is_kept_after_the_burst() -> None:
    run = Run(rate_per_host=10, burst_per_host=5, concurrency_per_host=100)
    await run.all(25, 60)
    assert run.times[:5] == [0.0] * 5
    assert run.times[5:] == pytest.approx([0.1 * i for i in range(1, 21)])


async def test_a_pause_gives_back_the_burst_and_no_more() -> None:
    run = Run(rate_per_host=10, burst_per_host=5, concurrency_per_host=100)
    await run.all(5, 100)
    run.times.clear()
    await run.all(10, 100)
    start = run.times[0]
    assert [time - start for time in run.times] == pytest.approx([0] * 5 + [0.1, 0.2, 0.3, 0.4, 0.5])


@given(st.lists(st.floats(0, 3), min_size=1, max_size=40), st.integers(1, 8))
def test_no_window_ever_holds_more_than_burst_and_rate(gaps: list[float], burst: int) -> None:
    times: list[float] = []

    async def scenario() -> None:
        clock = VirtualClock()
        bucket = TokenBucket(4.0, burst, clock)

        async def one() -> None:
            await bucket.take()
            times.append(clock.monotonic())

        tasks = []
        for gap in gaps:
            tasks.append(asyncio.ensure_future(one()))
            await asyncio.sleep(0)
            await clock.advance(gap)
        await clock.advance(1000)
        await asyncio.gather(*tasks)

    asyncio.run(scenario())
    assert len(times) == len(gaps)
    for i, start in enumerate(times):
        for width in (0.5, 1.0, 2.0):
            assert sum(start <= time < start + width for time in times[i:]) <= burst + 4.0 * width + 1e-6


async def test_concurrency_is_bounded_per_host() -> None:
    run = Run(rate_per_host=1000, burst_per_host=1000, concurrency_per_host=3)
    await run.all(12, 100, lambda i: {"host": f"h{i % 2}.example", "lasts": 1.0})
    assert run.most == 6
    assert run.times == pytest.approx([0.0] * 6 + [1.0] * 6)


async def test_the_request_budget() -> None:
    run = Run(max_requests=3)
    await run.all(5, 10)
    assert len(run.times) == 3
    assert [refused.failure for refused in run.refusals] == [Failure.BUDGET] * 2
    assert run.governor.stopped is Reason.BUDGET_EXHAUSTED
    assert run.kinds == ["exhausted"]


async def test_the_budgets_are_those_of_the_whole_run() -> None:
    """What was sent before an interruption counts when the run is taken up again."""
    before = Spent(requests=3, connections=2, bytes=90)
    governor = Governor(Limits(max_requests=4, max_connections=2, max_bytes=1000), VirtualClock(), spent=before)
    assert (governor.requests, governor.connections, governor.bytes) == (3, 2, 90)
    async with governor.request(HOST):
        pass
    with pytest.raises(Refused):
        async with governor.request(HOST):
            pass
    with pytest.raises(Refused):
        await governor.connect(HOST)


async def test_the_time_budget() -> None:
    run = Run(max_seconds=60)
    await run.all(1, 61)
    await run.all(1, 1)
    assert [refused.failure for refused in run.refusals] == [Failure.BUDGET]
    assert run.governor.stopped is Reason.BUDGET_EXHAUSTED


async def test_the_byte_budget() -> None:
    run = Run(max_bytes=1000)
    run.feed([Sample(200, None, 0.1, bytes=600), Sample(200, None, 0.1, bytes=600)])
    await run.all(1, 1)
    assert run.refusals[0].failure is Failure.BUDGET
    assert run.governor.bytes == 1200


async def test_connections_have_their_own_rate_and_budget() -> None:
    run = Run(connect_rate=2, connect_burst=1, max_connections=4)
    for _ in range(4):
        task = asyncio.ensure_future(run.governor.connect(HOST))
        await asyncio.sleep(0)
        await run.clock.advance(0.5)
        assert task.done()
        await task
    with pytest.raises(Refused) as refused:
        await run.governor.connect(HOST)
    assert refused.value.failure is Failure.BUDGET
    assert run.governor.connections == 4
    assert run.governor.stopped is None  # requests may go on
    with pytest.raises(Refused):
        async with run.governor.reserve(HOST, 1):
            pass


async def test_a_reservation_holds_a_slot() -> None:
    run = Run(concurrency_per_host=1)
    async with run.governor.reserve(HOST, 100):
        await run.all(1, 10)
        assert run.times == []
    await run.all(1, 1)
    assert len(run.times) == 1
    assert run.governor.connections == 100


# Retry-After


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120.0), (" 5 ", 5.0), ("0", 0.0), ("soon", None), ("-5", None), ("1.5", None), ("٣", None), ("", None)],
)
def test_retry_after_numbers(value: str, seconds: float | None) -> None:
    assert retry_after_seconds(value, datetime(2026, 1, 1, tzinfo=UTC)) == seconds


def test_retry_after_dates() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert retry_after_seconds(format_datetime(now + timedelta(seconds=90), usegmt=True), now) == 90.0
    assert retry_after_seconds(format_datetime(now - timedelta(seconds=90), usegmt=True), now) == 0.0
    assert retry_after_seconds("Thu, 01 Jan 2026 00:00:30", now) == 30.0


@given(st.text(max_size=60))
def test_retry_after_never_raises(value: str) -> None:
    seconds = retry_after_seconds(value, datetime(2026, 1, 1, tzinfo=UTC))
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_obeyed_for_the_host(status: int) -> None:
    run = Run()
    run.governor.observe(HOST, Sample(status, None, 0.1), "30")
    await run.all(2, 29.9, lambda i: {"host": HOST if i else "other.example"})
    assert run.times == [0.0]
    await run.all(1, 1)
    assert run.times[1:] == pytest.approx([30.0], abs=0.1)
    assert [(event.kind, event.seconds) for event in run.events] == [("held", 30.0)]


async def test_too_long_a_retry_after_closes_the_host_only() -> None:
    run = Run()
    run.governor.observe(HOST, Sample(429, None, 0.1), "3600")
    await run.all(2, 1, lambda i: {"host": HOST if i else "other.example"})
    assert len(run.times) == 1
    assert run.refusals[0].failure is Failure.STOPPED
    assert "3600" in run.refusals[0].detail
    assert run.governor.closed(HOST)
    assert run.governor.stopped is None
    assert run.kinds == ["closed"]


async def test_a_429_without_a_delay_still_slows_us() -> None:
    run = Run()
    run.governor.observe(HOST, Sample(429, None, 0.1))
    await run.all(1, 10)
    assert run.times == [HealthPolicy().unstated_hold]


async def test_what_was_provoked_is_neither_obeyed_nor_ill_health() -> None:
    run = Run()
    run.feed([ok()] * 20)
    for _ in range(50):
        run.governor.observe(HOST, Sample(429, None, 0.1, provoked=True), "3600")
        run.governor.observe(HOST, Sample(500, None, 9.0, provoked=True))
    assert run.events == []
    assert run.governor.closed(HOST) is None


# health


async def test_a_run_of_server_errors_pauses_then_resumes() -> None:
    run = Run()
    run.feed([ok()] * 30)
    run.feed([error()] * 30)  # those after the pause began were under way
    assert run.kinds == ["paused"]
    assert run.events[0].reason is Reason.UNSTABLE_TARGET
    assert (run.events[0].seconds, run.events[0].detail) == (5.0, "server errors")
    await run.all(1, 4.9)
    assert run.times == []
    await run.all(1, 1)
    assert run.times == pytest.approx([5.0])
    run.feed([ok()] * 5)
    assert run.kinds == ["paused", "resumed"]


async def test_after_the_third_pause_the_run_is_aborted() -> None:
    run = Run()
    run.feed([ok()] * 20)
    for _ in range(4):
        run.feed([down()] * 15)
        await run.clock.advance(60)
    assert run.kinds == ["paused", "paused", "paused", "aborted"]
    assert [event.seconds for event in run.events[:3]] == [5.0, 15.0, 45.0]
    assert run.governor.stopped is Reason.UNSTABLE_TARGET
    await run.all(1, 100)
    assert run.refusals[0].failure is Failure.STOPPED


async def test_a_long_good_time_forgives_the_pauses() -> None:
    run = Run()
    run.feed([ok()] * 20)
    for _ in range(6):
        run.feed([down()] * 15)
        await run.clock.advance(60)
        run.feed([ok()] * 200)
    assert "aborted" not in run.kinds
    assert run.kinds.count("paused") == run.kinds.count("resumed")


async def test_rising_latency_pauses() -> None:
    run = Run()
    run.feed([ok(0.2)] * 60)
    run.feed([ok(4.0)] * 40)
    assert run.kinds == ["paused"]
    assert run.events[0].detail == "answers slow down"
    await run.clock.advance(60)
    run.feed([ok(4.0)] * 20)
    assert run.kinds == ["paused"]  # slow answers are no recovery
    run.feed([ok(0.2)] * 5)
    assert run.kinds == ["paused", "resumed"]


@pytest.mark.parametrize(
    "samples",
    [
        [ok()] * 40 + ([ok()] * 9 + [error()]) * 20,
        [ok()] * 40 + ([ok()] * 25 + [ok(20.0)]) * 10,
        [ok(0.01)] * 40 + [ok(0.5)] * 200,
        [ok(1.0)] * 40 + [ok(2.5)] * 200,
        [down(Failure.REFUSED)] * 200,
        [error()] * 200,
        [ok(), error()] * 200,
        [Sample(404, None, 0.1)] * 300,
        [ok()] * 40 + [Sample(None, Failure.PROTOCOL, 0.1)] * 100,
    ],
    ids=[
        "some errors",
        "one slow page",
        "fast made slower",
        "slow a little",
        "closed from the start",
        "always failing",
        "half failing from the start",
        "not found",
        "malformed",
    ],
)
async def test_what_is_not_our_doing_does_not_pause(samples: list[Sample]) -> None:
    run = Run()
    run.feed(samples)
    assert run.events == []


@given(st.lists(st.sampled_from([ok(), ok(5.0), error(), down(), down(Failure.TLS)]), max_size=300))
def test_health_never_raises(samples: list[Sample]) -> None:
    watch = HealthWatch(HealthPolicy())
    for sample in samples:
        watch.add(sample)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=50))
def test_the_percentile_is_one_of_the_values(values: list[float]) -> None:
    found = percentile_95(values)
    assert found in values
    assert sum(value <= found for value in values) >= 0.95 * len(values)


async def test_stop_wins_over_everything_and_keeps_the_first_reason() -> None:
    run = Run()
    run.governor.stop(Reason.INTERRUPTED)
    run.governor.stop(Reason.RUN_ABORTED)
    await run.all(1, 1)
    assert run.governor.stopped is Reason.INTERRUPTED
    assert run.kinds == ["stopped"]
    assert run.refusals[0].failure is Failure.STOPPED
