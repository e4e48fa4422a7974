"""Shared collections: each gathered at most once a run, by whoever asks first, for all who ask."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from pydantic import JsonValue

from pgssi_probe.check.context import Collector, CollectorContext, Network, Note, Target, nothing_noted
from pgssi_probe.clock import Clock
from pgssi_probe.model.account import Account
from pgssi_probe.model.outcome import Level

T = TypeVar("T")


class Collections:
    """`networks` gives each collector its own counted access: its traffic is not charged to the check that asks."""

    def __init__(
        self,
        target: Target,
        networks: Callable[[Collector[Any]], Network],
        clock: Clock,
        level: Level,
        declared: Mapping[str, JsonValue],
        excluded: Callable[[str], bool],
        accounts: Mapping[str, Account],
        note: Note = nothing_noted,
    ) -> None:
        self._target = target
        self._networks = networks
        self._clock = clock
        self._level = level
        self._declared = declared
        self._excluded = excluded
        self._accounts = accounts
        self._note = note
        self._gathering: dict[str, asyncio.Task[Any]] = {}

    async def get(self, collector: Collector[Any]) -> Any:
        """The collection, gathered now or before. Its exception, if it raised, reaches everyone who asks.

        The gathering survives the cancellation of the check that asked first: others may be waiting for it.
        """
        task = self._gathering.get(collector.name)
        if task is None:
            context = CollectorContext(
                target=self._target,
                network=self._networks(collector),
                clock=self._clock,
                level=self._level,
                declared=self._declared,
                excluded=self._excluded,
                collect=self.get,
                accounts=self._accounts,
                note=self._note,
            )
            task = asyncio.ensure_future(collector.gather(context))
            self._gathering[collector.name] = task
        return await asyncio.shield(task)

    def gathered(self, collector: Collector[T]) -> T | None:
        """The collection if it was made, None when nobody asked or its gathering failed. Nothing is sent."""
        task = self._gathering.get(collector.name)
        if task is None or not task.done() or task.cancelled() or task.exception() is not None:
            return None
        return cast("T", task.result())

    async def close(self) -> None:
        """Cancel what is still being gathered, wait for it to stop, and close what holds something open (a browser)."""
        for task in self._gathering.values():
            task.cancel()
        for gathered in await asyncio.gather(*self._gathering.values(), return_exceptions=True):
            aclose = getattr(gathered, "aclose", None)
            if aclose is not None:
                await aclose()
