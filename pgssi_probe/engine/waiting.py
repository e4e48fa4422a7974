"""The clock that a check is given: the same time, but its long waits are told, and those that end late are counted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from pgssi_probe.clock import Clock

WORTH_TELLING: Final = 10.0
"""Seconds of a wait from which people are told of it."""
LATE_SHARE: Final = 0.10
"""Part of a wait by which it may end late and still be taken for what was asked (design §5)."""
LATE_FROM: Final = 60.0
"""Waits shorter than this, in seconds, are not judged: they only pace."""

Heard = Callable[[datetime | None], None]


class WatchedClock:
    """`heard` is told the moment until which the check waits at the latest, when it changes; None when it waits no
    more. Waits that begin together are told together.

    `late` says that a wait ended more than LATE_SHARE after its time, by the wall clock: the machine slept, or the
    process was stopped. What was to be measured then was not, and must be measured again.
    """

    def __init__(self, clock: Clock, heard: Heard, after: Callable[[], Awaitable[None]] | None = None) -> None:
        """`after` is awaited at the end of a wait worth telling, before the check goes on."""
        self._clock = clock
        self._after = after
        self._heard = heard
        self._ends: dict[int, datetime] = {}
        self._told: datetime | None = None
        self._numbers = 0
        self._due = False
        self.late = False

    def now(self) -> datetime:
        return self._clock.now()

    def monotonic(self) -> float:
        return self._clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        if seconds < WORTH_TELLING:
            await self._clock.sleep(seconds)
            return
        began = self._clock.now()
        self._numbers += 1
        number = self._numbers
        self._ends[number] = began + timedelta(seconds=seconds)
        self._tell_soon()
        try:
            await self._clock.sleep(seconds)
        finally:
            del self._ends[number]
            self._tell_soon()
        over = (self._clock.now() - began).total_seconds() - seconds
        self.late = self.late or (seconds >= LATE_FROM and over > LATE_SHARE * seconds)
        if self._after is not None:
            await self._after()

    def _tell_soon(self) -> None:
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._tell)

    def _tell(self) -> None:
        self._due = False
        end = max(self._ends.values(), default=None)
        if end != self._told:
            self._told = end
            self._heard(end)
