"""How hard the target is worked: rate and concurrency per host, budgets of the run, `Retry-After`, health.

Everything waits on the injected clock, so that the tests of an hour of throttling take milliseconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

from pgssi_probe.clock import Clock
from pgssi_probe.model.outcome import Reason
from pgssi_probe.net.exchange import Failure
from pgssi_probe.net.health import HealthPolicy, HealthWatch, Sample
from pgssi_probe.net.journal import Spent


@dataclass(frozen=True, slots=True)
class Limits:
    """How hard a run may work the target. Rates are per second and per host, sizes in bytes, times in seconds.

    `max_connections` counts raw and reserved connections; those of requests are bounded by `max_requests`.
    """

    rate_per_host: float = 10.0
    burst_per_host: int = 10
    concurrency_per_host: int = 4
    connect_rate: float = 25.0
    connect_burst: int = 25
    max_requests: int = 3000
    max_connections: int = 3000
    max_bytes: int = 1_000_000_000
    max_seconds: float = 3600.0
    max_body_wire: int = 1_000_000
    max_body_decoded: int = 2_000_000
    request_timeout: float = 30.0
    connect_timeout: float = 10.0
    max_retry_after: float = 120.0


@dataclass(frozen=True, slots=True)
class GateEvent:
    """Something of the run that people should see: a pause with its reason, a refusal of a host, the end."""

    kind: Literal["paused", "resumed", "aborted", "held", "closed", "exhausted", "stopped"]
    reason: Reason
    host: str = ""
    seconds: float = 0.0
    detail: str = ""


class Refused(Exception):
    """The governor will not let a request or connection out. `detail` is safe to show."""

    def __init__(self, failure: Failure, detail: str) -> None:
        super().__init__(detail)
        self.failure = failure
        self.detail = detail


class TokenBucket:
    """`rate` tokens a second, at most `burst` at once. Tokens are booked ahead, first come first served."""

    def __init__(self, rate: float, burst: int, clock: Clock) -> None:
        self._interval = 1.0 / rate
        self._allowance = (max(burst, 1) - 1) * self._interval
        self._clock = clock
        self._next = clock.monotonic() - self._allowance

    async def take(self, count: int = 1) -> None:
        """Wait until `count` tokens are there."""
        now = self._clock.monotonic()
        due = max(self._next, now - self._allowance)
        self._next = due + count * self._interval
        if due > now:
            await self._clock.sleep(due - now)


class Lane:
    """One host: its bucket, its slots, and whether it must be left alone for a while or for good."""

    def __init__(self, host: str, limits: Limits, policy: HealthPolicy, clock: Clock) -> None:
        self.host = host
        self.requests = TokenBucket(limits.rate_per_host, limits.burst_per_host, clock)
        self.connections = TokenBucket(limits.connect_rate, limits.connect_burst, clock)
        self.slots = asyncio.Semaphore(limits.concurrency_per_host)
        self.health = HealthWatch(policy)
        self.held_until = 0.0
        self.closed: str | None = None
        self.pauses = 0
        self.paused = False
        self.pause_ends = 0.0


NOTHING_SPENT = Spent()


class Governor:
    """Shared by all who send. `stopped` is None while the run may go on, else why it may not."""

    def __init__(
        self,
        limits: Limits,
        clock: Clock,
        on_event: Callable[[GateEvent], None] | None = None,
        policy: HealthPolicy | None = None,
        spent: Spent = NOTHING_SPENT,
    ) -> None:
        """`spent` is what the run sent before it was interrupted: the budgets are those of the whole run."""
        self.limits = limits
        self.stopped: Reason | None = None
        self.requests = spent.requests
        self.connections = spent.connections
        self.bytes = spent.bytes
        self._clock = clock
        self._started = clock.monotonic()
        self._policy = policy or HealthPolicy()
        self._lanes: dict[str, Lane] = {}
        self._on_event = on_event

    @asynccontextmanager
    async def request(self, host: str) -> AsyncIterator[None]:
        """Hold a slot of the host for one request. Raises `Refused`."""
        lane = self._lane(host)
        async with lane.slots:
            await self._wait_turn(lane, lane.requests)
            self._spend_request()
            yield

    async def connect(self, host: str) -> None:
        """Wait for the turn of one raw connection, and count it. Raises `Refused`."""
        lane = self._lane(host)
        await self._wait_turn(lane, lane.connections)
        self._spend_connections(1)

    @asynccontextmanager
    async def reserve(self, host: str, connections: int) -> AsyncIterator[None]:
        """Count connections that someone else opens, and hold a slot of the host meanwhile. Raises `Refused`."""
        lane = self._lane(host)
        async with lane.slots:
            await self._wait_turn(lane, None)
            self._spend_connections(connections)
            yield

    def observe(self, host: str, sample: Sample, retry_after: str | None = None) -> None:
        """Learn from an answer: obey `Retry-After`, watch the health of the host. Provoked errors are not illness."""
        self.bytes += sample.bytes
        if self.bytes > self.limits.max_bytes:
            self._exhaust("bytes")
        if sample.provoked:
            return
        lane = self._lane(host)
        if sample.status in {429, 503} and (sample.status == 429 or retry_after is not None):
            self._hold(lane, retry_after)
            if sample.status == 429:
                return  # asked to slow down, which is not ill health
        if lane.pause_ends > self._clock.monotonic():
            return  # it left before the pause
        trouble = lane.health.add(sample)
        if trouble is not None:
            self._pause(lane, trouble)
        elif lane.paused and lane.health.recovered:
            lane.paused = False
            self._emit(GateEvent("resumed", Reason.UNSTABLE_TARGET, lane.host))
        elif lane.pauses and lane.health.forgiven:
            lane.pauses = 0

    def stop(self, reason: Reason, detail: str = "") -> None:
        """No request leaves from now on. The first reason stays."""
        if self.stopped is None:
            self.stopped = reason
            kind: Literal["aborted", "stopped"] = "aborted" if reason is Reason.UNSTABLE_TARGET else "stopped"
            self._emit(GateEvent(kind, reason, detail=detail))

    def close(self, host: str, reason: Reason, detail: str, seconds: float = 0.0) -> None:
        """No request to this host from now on; the run goes on."""
        lane = self._lane(host)
        if lane.closed is None:
            lane.closed = detail
            self._emit(GateEvent("closed", reason, host, seconds, detail))

    def closed(self, host: str) -> str | None:
        """Why this host is not asked any more, None while it is."""
        return self._lane(host).closed

    def _lane(self, host: str) -> Lane:
        lane = self._lanes.get(host)
        if lane is None:
            lane = self._lanes[host] = Lane(host, self.limits, self._policy, self._clock)
        return lane

    async def _wait_turn(self, lane: Lane, bucket: TokenBucket | None) -> None:
        self._check(lane)
        if bucket is not None:
            await bucket.take()
        while (wait := lane.held_until - self._clock.monotonic()) > 0:
            self._check(lane)
            await self._clock.sleep(wait)
        self._check(lane)

    def _check(self, lane: Lane) -> None:
        if self.stopped is Reason.BUDGET_EXHAUSTED:
            raise Refused(Failure.BUDGET, "budget of the run is spent")
        if self.stopped is not None:
            raise Refused(Failure.STOPPED, f"run stopped: {self.stopped}")
        if lane.closed is not None:
            raise Refused(Failure.STOPPED, lane.closed)
        if self._clock.monotonic() - self._started > self.limits.max_seconds:
            self._exhaust("seconds")
            raise Refused(Failure.BUDGET, "time of the run is spent")

    def _spend_request(self) -> None:
        if self.requests >= self.limits.max_requests:
            self._exhaust("requests")
            raise Refused(Failure.BUDGET, "requests of the run are spent")
        self.requests += 1

    def _spend_connections(self, count: int) -> None:
        if self.connections + count > self.limits.max_connections:
            # smaller needs may still fit, and requests have their own budget: the run goes on
            raise Refused(Failure.BUDGET, "connections of the run are spent")
        self.connections += count

    def _exhaust(self, what: str) -> None:
        if self.stopped is None:
            self.stopped = Reason.BUDGET_EXHAUSTED
            self._emit(GateEvent("exhausted", Reason.BUDGET_EXHAUSTED, detail=what))

    def _hold(self, lane: Lane, retry_after: str | None) -> None:
        seconds = retry_after_seconds(retry_after, self._clock.now()) if retry_after else None
        if seconds is None:
            seconds = self._policy.unstated_hold
        if seconds > self.limits.max_retry_after:
            self.close(lane.host, Reason.RATE_LIMITED, f"host asked to be left alone for {seconds:.0f} s", seconds)
            return
        until = self._clock.monotonic() + seconds
        if until > lane.held_until:
            lane.held_until = until
            self._emit(GateEvent("held", Reason.RATE_LIMITED, lane.host, seconds))

    def _pause(self, lane: Lane, trouble: str) -> None:
        pauses = self._policy.pauses
        if lane.pauses >= len(pauses):
            self.stop(Reason.UNSTABLE_TARGET, f"{lane.host}: {trouble}")
            return
        seconds = pauses[lane.pauses]
        lane.pauses += 1
        lane.paused = True
        lane.pause_ends = self._clock.monotonic() + seconds
        lane.held_until = max(lane.held_until, lane.pause_ends)
        lane.health.restart()
        self._emit(GateEvent("paused", Reason.UNSTABLE_TARGET, lane.host, seconds, trouble))

    def _emit(self, event: GateEvent) -> None:
        if self._on_event is not None:
            self._on_event(event)


def retry_after_seconds(value: str, now: datetime) -> float | None:
    """Seconds asked for by a `Retry-After` header (RFC 9110 §10.2.3), a number or a date; None when it is neither."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        when = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - now).total_seconds())
