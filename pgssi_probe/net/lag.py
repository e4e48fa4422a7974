"""How long the event loop was held by our own work: time that is not the target's to answer for.

A check that judges a large page, or a parser, holds the loop for tens of milliseconds, and every answer under way seems
that much slower. Without this, a scan of heavy pages would take its own effort for the suffering of the target.
"""

from __future__ import annotations

import asyncio
from types import TracebackType

TICK = 0.05
"""Seconds between two looks."""
GRACE = 0.01
"""What a look may be late without anybody holding the loop."""


class LoopLag:
    """`held` is the total of seconds, since the start, during which the loop did not turn. Used as a context."""

    def __init__(self) -> None:
        self.held = 0.0
        self._watching: asyncio.Task[None] | None = None

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
            before = loop.time()
            await asyncio.sleep(TICK)
            late = loop.time() - before - TICK
            if late > GRACE:
                self.held += late
