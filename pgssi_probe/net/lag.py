"""How long the event loop was held by our own work: time that is not the target's to answer for.

A check that judges a large page, or a parser, holds the loop for tens of milliseconds, and every answer under way seems
that much slower. Without this, a scan of heavy pages would take its own effort for the suffering of the target.
"""

from __future__ import annotations

import asyncio
from types import TracebackType

TICK = 0.01
"""Seconds between two looks: what a hold may be underrated by, each time."""
GRACE = 0.01
"""What a look may be late without anybody holding the loop."""


class LoopLag:
    """Counts the time during which the loop did not turn. Used as a context; asked before and after what is timed."""

    def __init__(self) -> None:
        self._held = 0.0
        self._due: float | None = None
        self._watching: asyncio.Task[None] | None = None

    @property
    def held(self) -> float:
        """Seconds held since the start, the hold that ends right now included: its look has not had its turn yet."""
        return self._held + self._late()

    def _late(self) -> float:
        if self._due is None:
            return 0.0
        late = asyncio.get_running_loop().time() - self._due
        return late if late > GRACE else 0.0

    async def __aenter__(self) -> LoopLag:
        self._watching = asyncio.ensure_future(self._watch())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._due = loop.time() + TICK
            await asyncio.sleep(TICK)
            self._held += self._late()
