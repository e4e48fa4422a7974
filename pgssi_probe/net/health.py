"""Is the target suffering? A rolling window of answers against those of the beginning of the run."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from pgssi_probe.net.exchange import Failure

CONNECTION_FAILURES = frozenset(
    {Failure.REFUSED, Failure.CONNECT_TIMEOUT, Failure.RESPONSE_TIMEOUT, Failure.RESET, Failure.DNS}
)


@dataclass(frozen=True, slots=True)
class HealthPolicy:
    """Thresholds, all ours: cautious with a production system, deaf to one slow page.

    The run pauses when, over the last `window` answers (at least `enough`; a full window for latency), the 95th
    percentile of latency exceeds `slow_factor` times that of the first `baseline` answers, and by more than
    `slow_margin` seconds; or the share of 5xx answers exceeds `error_share` and twice the baseline's share; or that
    of failed connections exceeds `failure_share` although the first answers had come. Three pauses (`pauses`, in
    seconds), then the run is aborted. `probation` good answers after a pause mean recovery, `forgiveness` in a row
    that the pauses are forgotten. `unstated_hold` is the wait, in seconds, after a 429 that names none.
    """

    baseline: int = 20
    window: int = 40
    enough: int = 10
    slow_factor: float = 5.0
    slow_margin: float = 2.0
    error_share: float = 0.4
    failure_share: float = 0.3
    pauses: tuple[float, ...] = (5.0, 15.0, 45.0)
    probation: int = 5
    forgiveness: int = 200
    unstated_hold: float = 5.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One answer. `latency` is in seconds, to the head of the response; `provoked` when its errors were asked for."""

    status: int | None
    failure: Failure | None
    latency: float
    bytes: int = 0
    provoked: bool = False

    @property
    def server_error(self) -> bool:
        return self.status is not None and self.status >= 500

    @property
    def unreachable(self) -> bool:
        return self.failure in CONNECTION_FAILURES


class HealthWatch:
    """State for one host. `add` returns what is wrong in a few words, None while all is well."""

    def __init__(self, policy: HealthPolicy) -> None:
        self._policy = policy
        self._first: list[Sample] = []
        self._recent: deque[Sample] = deque(maxlen=policy.window)
        self._good_in_a_row = 0
        self._baseline_p95: float | None = None
        self._baseline_errors = 0.0

    @property
    def recovered(self) -> bool:
        return self._good_in_a_row >= self._policy.probation

    @property
    def forgiven(self) -> bool:
        return self._good_in_a_row >= self._policy.forgiveness

    def restart(self) -> None:
        """Forget the recent answers: after a pause the host starts afresh, against the same baseline."""
        self._recent.clear()
        self._good_in_a_row = 0

    def add(self, sample: Sample) -> str | None:
        policy = self._policy
        bad = sample.server_error or sample.unreachable or self._slow(sample.latency)
        self._good_in_a_row = 0 if bad else self._good_in_a_row + 1
        self._recent.append(sample)
        if len(self._first) < policy.baseline:
            if sample.status is not None:
                self._first.append(sample)
                if len(self._first) == policy.baseline:
                    self._baseline_p95 = percentile_95([s.latency for s in self._first])
                    self._baseline_errors = _share(s.server_error for s in self._first)
            elif not self._first:
                return None  # never answered: being closed is not being ill
        count = len(self._recent)
        if count < policy.enough:
            return None
        if _share(s.unreachable for s in self._recent) > policy.failure_share:
            return "connections fail"
        if len(self._first) < policy.baseline:
            return None
        errors = _share(s.server_error for s in self._recent)
        if errors > policy.error_share and errors > self._baseline_errors * 2:
            return "server errors"
        if count < policy.window:
            return None  # of few values, the 95th percentile is the slowest one
        if self._slow(percentile_95([s.latency for s in self._recent if s.status is not None])):
            return "answers slow down"
        return None

    def _slow(self, latency: float) -> bool:
        base, policy = self._baseline_p95, self._policy
        if base is None:
            return False
        return latency > base * policy.slow_factor and latency > base + policy.slow_margin


def percentile_95(values: list[float]) -> float:
    """Nearest-rank 95th percentile; 0 of nothing."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * 95 // 100) - 1)] if ordered else 0.0


def _share(flags: Iterable[bool]) -> float:
    values = list(flags)
    return sum(values) / len(values) if values else 0.0
