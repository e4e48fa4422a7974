"""The brake on repeated sign-in failures: the example of rule AA7, per user name, without any lock-out."""

from __future__ import annotations

from dataclasses import dataclass

from pgssi_probe.clock import Clock
from pgssi_probe.lab.blueprint import SignInPolicy


@dataclass
class _Failures:
    count: int = 0
    until: float = 0.0


class SignInBrake:
    """Seconds to wait before the next attempt; attempts made meanwhile are refused and not counted."""

    def __init__(self, policy: SignInPolicy, clock: Clock) -> None:
        self._policy = policy
        self._clock = clock
        self._failures: dict[str, _Failures] = {}

    def remaining(self, key: str) -> float:
        failures = self._failures.get(key)
        return max(0.0, failures.until - self._clock.monotonic()) if failures else 0.0

    def failed(self, key: str) -> None:
        failures = self._failures.setdefault(key, _Failures())
        failures.count += 1
        braked = failures.count - self._policy.free_failures
        if braked > 0:
            delay = min(self._policy.first_delay * 2 ** min(braked - 1, 30), self._policy.longest_delay)
            failures.until = self._clock.monotonic() + delay

    def succeeded(self, key: str) -> None:
        self._failures.pop(key, None)
