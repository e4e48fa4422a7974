"""The time of a check: its long waits are told, late ones counted, and what it waits for others is not its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final

from pgssi_probe.check.context import Collector
from pgssi_probe.clock import Clock

WORTH_TELLING: Final = 10.0
"""Seconds of a wait from which people are told of it."""
LATE_SHARE: Final = 0.10
"""Part of a wait by which it may end late and still be taken for what was asked."""
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


Collect = Callable[[Collector[Any]], Awaitable[Any]]


class OwnTime:
    """Stops the clock of a time-out while a check waits for a shared collection: a slow target makes it long, and who
    asks first would pay for all. The collection has bounds of its own."""

    def __init__(self, limit: asyncio.Timeout) -> None:
        self._limit = limit
        self._waiting = 0
        self._left = 0.0

    def without(self, collect: Collect) -> Collect:
        async def collected(collector: Collector[Any]) -> Any:
            self._stop()
            try:
                return await collect(collector)
            finally:
                self._go_on()

        return collected

    def _stop(self) -> None:
        self._waiting += 1
        when = self._limit.when()
        if self._waiting == 1 and when is not None and not self._limit.expired():
            self._left = when - asyncio.get_running_loop().time()
            self._limit.reschedule(None)

    def _go_on(self) -> None:
        self._waiting -= 1
        if self._waiting == 0 and not self._limit.expired():
            self._limit.reschedule(asyncio.get_running_loop().time() + self._left)
