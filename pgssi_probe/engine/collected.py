"""Shared collections: each gathered at most once a run, by whoever asks first, for all who ask."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import JsonValue

from pgssi_probe.check.context import Collector, CollectorContext, Network, Note, Target, nothing_noted
from pgssi_probe.clock import Clock
from pgssi_probe.model.account import Account
from pgssi_probe.model.outcome import Level


class Undeclared(Exception):
    """A check asks for a collection that its declaration does not name: the plan did not count what it sends."""


class Collections:
    """`networks` gives each collector its own counted access: its traffic is not charged to the check that asks.

    `planned` are the names of those that may send, as the checks of the run declare; None for all.
    """

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
        planned: frozenset[str] | None = None,
    ) -> None:
        self._target = target
        self._networks = networks
        self._clock = clock
        self._level = level
        self._declared = declared
        self._excluded = excluded
        self._accounts = accounts
        self._note = note
        self._planned = planned
        self._gathering: dict[str, asyncio.Task[Any]] = {}

    async def get(self, collector: Collector[Any]) -> Any:
        """The collection, gathered now or before. Its exception, if it raised, reaches everyone who asks; Undeclared.

        The gathering survives the cancellation of the check that asked first: others may be waiting for it.
        """
        task = self._gathering.get(collector.name)
        if task is None:
            if collector.sends and self._planned is not None and collector.family not in self._planned:
                raise Undeclared(collector.name)
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

    def gathered(self, name: str) -> Any:
        """The collection if it was made, None when nobody asked or its gathering failed. Nothing is sent."""
        task = self._gathering.get(name)
        if task is None or not task.done() or task.cancelled() or task.exception() is not None:
            return None
        return task.result()

    async def close(self) -> None:
        """Cancel what is still being gathered, wait for it to stop, and close what holds something open (a browser)."""
        for task in self._gathering.values():
            task.cancel()
        for gathered in await asyncio.gather(*self._gathering.values(), return_exceptions=True):
            aclose = getattr(gathered, "aclose", None)
            if aclose is not None:
                await aclose()
