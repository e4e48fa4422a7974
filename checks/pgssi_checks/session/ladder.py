"""The ladder of an idle delay: when each session is looked at, and what the looks say together. Pure.

Looking at a session starts its delay again, so that each rung is a session of its own, looked at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

SHARES: Final = (0.5, 0.9, 1.1, 1.5)
"""Rungs, as shares of a declared delay."""


@dataclass(frozen=True, slots=True)
class Rung:
    """A session left idle for `minutes`, then looked at: `alive` says whether it was still in."""

    minutes: float
    alive: bool


@dataclass(frozen=True, slots=True)
class Bracket:
    """The delay lies between `above` and `below` minutes; `below` is None when no session ended."""

    above: float
    below: float | None


class Contradiction(Exception):
    """A session idle for longer lived on while one idle for less had ended: something else ends sessions."""


def rungs(declared: float | None, undeclared: Iterable[float], longest: float) -> tuple[float, ...]:
    """Minutes of idleness to try, shortest first, none beyond `longest`; at least one."""
    wanted = [share * declared for share in SHARES] if declared else [*undeclared]
    return tuple(sorted(minutes for minutes in wanted if minutes <= longest)) or (longest,)


def bracket(looks: Sequence[Rung]) -> Bracket:
    """Raises Contradiction when the looks do not fit one delay."""
    alive = max((rung.minutes for rung in looks if rung.alive), default=0.0)
    ended = min((rung.minutes for rung in looks if not rung.alive), default=None)
    if ended is not None and ended < alive:
        raise Contradiction
    return Bracket(alive, ended)


def slug_of(found: Bracket, declared: float | None) -> str | None:
    """What the bracket says; None when it says nothing of a declared delay that the ladder did not reach.

    A session in at one and a half times the declared delay is proof; ended between 1.1 and 1.5 times it is late, which
    a clean-up task that passes now and then may explain.
    """
    if declared is None:
        return "measured" if found.below is not None else "still-open"
    if found.above >= SHARES[-1] * declared:
        return "too-long"
    if found.below is None:
        return None
    if found.above > declared:
        return "late"
    if found.below <= SHARES[0] * declared:
        return "shorter"
    return "as-declared"
