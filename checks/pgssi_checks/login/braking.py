"""What a series of attempts says of the brake. Pure: no clock, no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final, Literal

from pydantic import JsonValue

from pgssi_checks.login.attempts import Attempt

Scope = Literal["account", "address", "account-and-address"]
"""Whom a brake strikes: an account wherever from, an address whoever signs in, an account from one address."""
Bypass = Literal["bypass-forwarded-for", "bypass-case", "bypass-other-account"]
MAX_DELAYS: Final = 60
MAX_ROWS: Final = 200
LATE: Final = 20.0
"""Seconds by which the end of a brake may be seen late: it is asked for a little after, and answers take their time."""


@dataclass
class Trace:
    """What the protocol saw.

    `after` is the number of failures in a row after which the right password was refused; None when it never was.
    `in_a_row` is the longest series after which it was accepted. `blocked` and `free` bracket the recovery, in seconds
    since the last failure: the last probe that was refused, the first that was accepted (None when none was).
    """

    after: int | None = None
    in_a_row: int = 0
    how: str = ""
    announced: float | None = None
    blocked: float = 0.0
    free: float | None = None
    scope: Scope | None = None
    bypasses: dict[Bypass, str] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)
    left_free: bool | None = None
    """Whether the account could sign in again at the end; None when nothing braked it."""


def scope_of(other: bool | None, elsewhere: bool | None) -> Scope | None:
    """Whom the brake strikes. `other`: another account gets in from the same address; `elsewhere`: the same account
    gets in from another address; None for what is not known. None when the two do not say."""
    if other is None and elsewhere is None:
        return None
    if elsewhere is None:
        return "account" if other else "address"
    if other is None:
        return "address" if elsewhere else "account"
    if other is elsewhere:
        return "account-and-address" if other else None
    return "account" if other else "address"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Settings of the declaration: seconds, ratios, counts."""

    failures: int
    soon: float
    lock_out: float
    rising_ratio: float
    rising_seconds: float


def delays(attempts: Sequence[Attempt]) -> list[JsonValue]:
    """For the curve of the report: [number of the wrong attempt, seconds that its answer took], in order."""
    wrong = [attempt for attempt in attempts if not attempt.right]
    return [[number, round(attempt.seconds, 3)] for number, attempt in enumerate(wrong[:MAX_DELAYS], start=1)]


def rows(attempts: Sequence[Attempt]) -> list[JsonValue]:
    """Every attempt, for the evidence `attempts`: the shape is told in `pgssi_checks.login.throttling`."""
    began = attempts[0].at if attempts else 0.0
    return [
        {
            "n": number,
            "given": "right" if one.right else "wrong",
            "how": one.how,
            "status": one.status,
            "seconds": round(one.seconds, 3),
            "wait": one.wait,
            "at": round(one.at - began, 1),
            "by": one.by,
        }
        for number, one in enumerate(attempts[:MAX_ROWS], start=1)
    ]


def rising(attempts: Sequence[Attempt], ratio: float, seconds: float) -> bool:
    """Whether the answers to one series of failures grow slower: the last three against the first three, by their
    medians, and each of the last three slower than each of the first three."""
    times = [attempt.seconds for attempt in attempts if not attempt.right]
    if len(times) < 6:
        return False
    first, last = times[:3], times[-3:]
    return min(last) > max(first) and median(last) >= max(ratio * median(first), median(first) + seconds)


def slug_of(trace: Trace, series: Sequence[Attempt], thresholds: Thresholds) -> str | None:
    """The outcome on the brake itself; None when the trials stopped before anything could be said.

    `series` are the wrong attempts of the longest series. AA7 asks to slow down and forbids to lock out; five minutes
    is the longest delay of its example.
    """
    if trace.after is not None:
        if trace.free is None and trace.how == "captcha":
            return "captcha"
        if trace.free is None:
            return "lock-out" if trace.blocked >= thresholds.lock_out else "still-blocked"
        if trace.blocked >= thresholds.lock_out:
            return "lock-out"
        return "slowed" if trace.free <= thresholds.soon + LATE else "slowed-long"
    if rising(series, thresholds.rising_ratio, thresholds.rising_seconds):
        return "delayed"
    if trace.in_a_row < thresholds.failures:
        return None
    return "none-behind-refusals" if any(one.braked for one in series) else "none"


def facts_of(trace: Trace, attempts: Sequence[Attempt], failures: int) -> dict[str, JsonValue]:
    """What the report shows: figures only, no user name, no password."""
    waits: list[JsonValue] = [*trace.waits]
    return {
        "failures": failures,
        "after": trace.after,
        "in_a_row": trace.in_a_row,
        "how": trace.how or None,
        "announced_seconds": trace.announced,
        "blocked_seconds": round(trace.blocked, 1),
        "free_seconds": None if trace.free is None else round(trace.free, 1),
        "scope": trace.scope,
        "delays": delays(attempts),
        "waits": waits,
        "left_free": trace.left_free,
    }
